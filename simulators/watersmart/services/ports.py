"""What WaterSmart needs of Invoice Cloud when its users do something: whoever makes the simulator gives it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from partnerlab.contracts.records import dataclass
from partnerlab.simulators.kit.world.lanes import Lane

__all__ = ["Call", "Told"]


@dataclass(frozen=True, slots=True)
class Told:
    """
    What became of calls to Invoice Cloud: a line for each that was made, and why it stopped, empty where all is done.

    `refused` says that Invoice Cloud said no, where it could as well have been out of reach. `token` is the session's
    of a sign-in, `url` the address of a page.
    """

    steps: tuple[str, ...]
    problem: str = ""
    token: str = ""
    url: str = ""
    refused: bool = False

    def __repr__(self) -> str:
        return f"Told(steps={self.steps!r}, problem={self.problem!r})"


Call = Callable[[Lane, str, Mapping[str, Any]], Told]
"""
`call(lane, story, values)` makes the calls of one of the portal's moments in the lane; a refusal is no error, but told.
Raises `LaneReplaced` once the lane is another.
"""
