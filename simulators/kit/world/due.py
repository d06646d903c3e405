"""Something that falls due on a lane's clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from partnerlab.contracts.records import dataclass

__all__ = ["Due"]


@dataclass(frozen=True, slots=True)
class Due:
    """
    Something that falls due on a lane's clock.

    `at` is aware; `label` says what it is, for the timeline; `run` does it and returns what happened. Once run it is
    no longer due: `Simulator.due` does not give it again.
    """

    at: datetime
    label: str
    run: Callable[[], str]
