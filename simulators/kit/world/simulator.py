"""What a simulator is to the rest of the sandbox: its doors, its seed, its control routes and what falls due in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from typing import TYPE_CHECKING

from partnerlab.contracts.records import dataclass

if TYPE_CHECKING:
    from partnerlab.simulators.kit.control.controls import Controls
    from partnerlab.simulators.kit.http.messages import App
    from partnerlab.simulators.kit.world.due import Due
    from partnerlab.simulators.kit.world.jobs.timed import TimedJobs
    from partnerlab.simulators.kit.world.lanes import Lane
    from partnerlab.simulators.kit.world.pruning import Prunable
    from partnerlab.simulators.kit.world.store import Tx

__all__ = ["Simulator"]


@dataclass(frozen=True, slots=True)
class Simulator:
    """
    One simulated partner.

    `doors` maps paths (`/iCloud/iCloud.asmx`) to apps; `seed` writes a new lane's rows; `control` gives what its routes
    below `/_sandbox/<name>/` do, called once, at the first request, because what they need is slow to import;
    `control_contract` is their OpenAPI 3.1 document, a path below `contracts/` whose paths are complete
    (`/_sandbox/inhance/accounts`); `due` gives what falls due at or before a time; `jobs` are those of it that run by a
    timetable, for the control API; `prunes` are the rows that go once they are old.
    """

    name: str
    doors: Mapping[str, App]
    seed: Callable[[Tx, Lane], None]
    control: Callable[[], Controls]
    control_contract: str
    due: Callable[[Lane, datetime], Iterable[Due]]
    jobs: Sequence[TimedJobs] = field(default=(), kw_only=True)
    prunes: Sequence[Prunable] = field(default=(), kw_only=True)
