"""
Walks as files: one JSON object a line, the first with the seed, what was found and the world's setting where it is not
the usual one, then a step each; and how a walk that found something is made short.

The values of a walk are drawn from the contract, so another contract makes another walk of a seed. The steps themselves
stay what they were.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.partnerlab.walking.walk import USUAL, Setting, Step, Wrong, begun

__all__ = ["KeptWalk", "outcome", "read_walk", "shortened", "write_walk"]

MOST_S = 120
"""So many seconds of CPU are spent on making a walk shorter."""


@dataclass(frozen=True)
class KeptWalk:
    """The steps of a walk of a *seed* in a world of that *setting*; `found` is what was wrong in the end."""

    seed: int
    found: str
    steps: Sequence[Step]
    setting: Setting = USUAL


def read_walk(path: Path) -> KeptWalk:
    """The walk in a file."""
    head, *steps = map(json.loads, path.read_text("utf-8").splitlines())
    return KeptWalk(head["seed"], head["found"], steps, Setting(**head.get("setting", {})))


def write_walk(path: Path, walk: KeptWalk) -> None:
    """Write a walk to a file."""
    head: dict[str, Any] = {"seed": walk.seed, "found": walk.found}
    if walk.setting != USUAL:
        head["setting"] = asdict(walk.setting)
    lines = (head, *walk.steps)
    path.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in lines), "utf-8")


def outcome(seed: int, steps: Sequence[Step], setting: Setting = USUAL) -> Wrong | None:
    """What these steps end with, in a world of their own."""
    with begun(seed, setting) as walk:
        try:
            walk.replay(steps)
        except Wrong as wrong:
            return wrong
    return None


def shortened(steps: Sequence[Step], still: Callable[[Sequence[Step]], bool], most_s: float = MOST_S) -> Sequence[Step]:
    """
    As few of the steps as are found in *most_s* seconds of CPU to be `still` wrong, in their order.

    Halves are left out first, then ever smaller parts down to single steps, until no single one can go.
    """
    until = time.process_time() + most_s
    kept, size = list(steps), len(steps) // 2
    while size:
        before, at = len(kept), 0
        while at < len(kept):
            if time.process_time() > until:
                return kept
            fewer = [*kept[:at], *kept[at + size :]]
            if still(fewer):
                kept = fewer
            else:
                at += size
        size = size // 2 if size > 1 or len(kept) == before else size
    return kept
