"""The factory: joins settings, store and lanes with the services and the doors in front of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Protocol

from partnerlab.contracts.first_use import importing
from partnerlab.contracts.records import dataclass
from partnerlab.simulators.kit.world.due import Due
from partnerlab.simulators.kit.world.jobs import Runner, TimedJobs, jobs_of
from partnerlab.simulators.kit.world.lanes import Lane, Lanes
from partnerlab.simulators.kit.world.simulator import Simulator
from partnerlab.simulators.kit.world.store import Store, Tx
from partnerlab.simulators.tccs_rest.domain.events import Cause
from partnerlab.simulators.tccs_rest.domain.policies import Charge
from partnerlab.simulators.tccs_rest.seeds import QUOTES, seed_policies
from partnerlab.simulators.tccs_rest.settings import Settings
from partnerlab.simulators.tccs_rest.wire.doors import create_doors
from partnerlab.simulators.tccs_rest.world import World, create_world

if TYPE_CHECKING:
    from partnerlab.simulators.kit.control.controls import Controls

__all__ = ["JobPort", "Tccs", "create_simulator"]

# LateFeeDate is InvoiceDueDate (field mapping, 187), and the due date itself is still in time.
LATE_AFTER = timedelta(days=1)


class JobPort(Protocol):
    """What the insurer's own program does on a timer, over its books: whoever joins the simulator gives it."""

    def run(self, world: World, lane: Lane, name: str) -> str:
        """Do one run of a job, and say what came of it."""

    def idle(self, world: World, lane: Lane, name: str) -> bool:
        """Whether a run would find nothing to do."""


@dataclass(frozen=True, slots=True)
class Tccs(Simulator):
    """The simulator of the insurer."""

    world: World


def create_simulator(
    settings: Settings, store: Store, lanes: Lanes, *, runner: Runner | None = None, jobs: JobPort | None = None
) -> Tccs:
    """
    The insurer over *store*; nothing is shared with another one over another store.

    With *jobs* its timed jobs run on *runner*.
    """
    world = create_world(settings, store, lanes)
    policies = world.policies
    timed = None
    if runner is not None and jobs is not None:
        run, idle = partial(jobs.run, world), partial(jobs.idle, world)
        timed = TimedJobs(store, runner, "tccs", jobs_of("tccs", world.days.zone, run, idle))

    def seed(tx: Tx, lane: Lane) -> None:
        cause = world.cause("seed", lane)
        policies.seed(tx, lane, seed_policies(cause.day), QUOTES, cause)
        if timed is not None:
            timed.seed(tx, lane)

    def control() -> Controls:
        with importing:
            from partnerlab.simulators.tccs_rest.control import create_controls

        return create_controls(world)

    def due(lane: Lane, until: datetime) -> Iterable[Due]:
        for number, charge in ((one.invoice_number, one.charge) for one in policies.unbilled(lane, until)):
            label = f"TCCS bills an instalment of {number}"
            yield _due(world, lane, charge.billed_on, label, policies.bill, number, charge)
        for number, charge in ((one.invoice_number, one.charge) for one in policies.late(lane, until)):
            at = charge.due_on + LATE_AFTER
            label = f"TCCS charges a late fee on {number}"
            yield _due(world, lane, at, label, policies.charge_late_fee, number, charge)
        if timed is not None:
            yield from timed.due(lane, until)

    return Tccs(
        name="tccs",
        doors=create_doors(world),
        seed=seed,
        control=control,
        control_contract="tccs_rest/control.yaml",
        due=due,
        jobs=() if timed is None else (timed,),
        world=world,
    )


def _due(
    world: World,
    lane: Lane,
    day: date,
    label: str,
    act: Callable[[Lane, Cause, str, Charge], str],
    number: str,
    charge: Charge,
) -> Due:
    at = world.days.begin(day)
    # What became due in the past, as by a returned payment, happens now.
    now = max(at, lane.now())
    cause = Cause("clock", now, world.days.of(now))
    return Due(at, label, lambda: act(lane, cause, number, charge))
