"""The gate of a process's lanes: closed, nothing begins, and who closes it knows when all has ended."""

from __future__ import annotations

import threading

from partnerlab.client.datapump.gate import LaneGate


def test_a_closed_lane_lets_nobody_in_until_all_who_closed_it_have_opened_it() -> None:
    gate = LaneGate()
    assert gate.close("a", 0.0)
    assert gate.close("a", 0.0)
    assert not gate.enter("a")
    assert gate.enter("b"), "another lane goes on"
    gate.open("a")
    assert not gate.enter("a")
    gate.open("a")
    assert gate.enter("a")


def test_who_closes_a_lane_is_told_whether_all_that_was_under_way_ended_in_time() -> None:
    gate = LaneGate()
    assert gate.enter("a")
    assert gate.enter("a")
    assert not gate.close("a", 0.01)
    gate.leave("a")
    assert not gate.close("a", 0.01), "one is still under way"
    gate.leave("a")
    assert gate.close("a", 0.0)


def test_the_last_to_leave_wakes_who_waits() -> None:
    gate = LaneGate()
    assert gate.enter("a")
    told: list[bool] = []
    waiter = threading.Thread(target=lambda: told.append(gate.close("a", 30.0)))
    waiter.start()
    while gate.enter("a"):  # not closed yet
        gate.leave("a")
    assert told == []
    gate.leave("a")
    waiter.join(30.0)
    assert told == [True]
