"""What goes on beside the deliveries, where the database fails in the middle of it."""

from __future__ import annotations

import threading
from itertools import pairwise
from typing import Any

import pytest
import sqlalchemy as sa

from partnerlab.client.datapump.slots import BLIP_S
from partnerlab.client.datapump.upkeep import Upkeep

LOOKS = 6


class Waits(threading.Event):
    """Notes how long it is waited for, and waits for nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.waited_s = 0.0

    def wait(self, timeout: float | None = None) -> bool:
        self.waited_s += timeout or 0.0
        return self.is_set()


@pytest.mark.parametrize("fails", [{"take_over"}, {"on_its_way"}, {"take_over", "on_its_way", "keep"}])
def test_a_process_looks_at_its_locks_before_others_take_it_for_dead_whatever_fails(fails: set[str]) -> None:
    """All connections are ended at once where a server starts anew, and each may be noticed by another statement."""

    class Failing:
        def __getattr__(self, name: str) -> Any:
            def do(*_: object) -> bool:
                if name == "keep":
                    kept_at.append(stopping.waited_s)
                    if len(kept_at) == LOOKS:
                        stopping.set()
                if name in fails:
                    raise sa.exc.OperationalError("SELECT 1", None, Exception("terminating connection"))
                return False

            return do

    kept_at: list[float] = []
    stopping = Waits()
    upkeep = Upkeep(Failing(), Failing())  # type: ignore[arg-type]
    upkeep._stopping = stopping
    upkeep._sweep()
    assert len(kept_at) == LOOKS
    assert max(later - before for before, later in pairwise(kept_at)) < BLIP_S
