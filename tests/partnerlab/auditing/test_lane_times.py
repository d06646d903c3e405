"""The data pump's times of a delivery, on the lane's clock."""

from __future__ import annotations

from typing import Any

from partnerlab.auditing.lane_times import lane_times

OCCURRED = "2026-12-01T07:00:00.500000+00:00"


def delivery(*attempts: str, accepted: str, notes: tuple[str, ...] = ()) -> dict[str, Any]:
    history = [
        {"attempt": number, "operation": "MakePayment", "started_at": at} for number, at in enumerate(attempts, 1)
    ]
    event = {"occurred_at": OCCURRED}
    return {"accepted_at": accepted, "event": event, "history": history, "notes": [{"at": at} for at in notes]}


def call(number: int, at: str, operation: str = "MakePayment") -> dict[str, Any]:
    return {"number": number, "operation": operation, "at": at, "duration_ms": 500}


def test_a_lane_ahead_takes_the_times_along() -> None:
    accepted, began = "2026-11-28T07:00:00.600+00:00", "2026-11-28T07:00:02.600+00:00"
    times = lane_times(delivery(began, accepted=accepted))
    assert times == {accepted: OCCURRED, began: "2026-12-01T07:00:02.500000+00:00"}


def test_the_journal_tells_of_a_clock_that_was_moved_between_two_attempts() -> None:
    accepted, *began = (f"2026-11-28T07:00:0{second}.000+00:00" for second in (1, 2, 3))
    decided = "2026-11-28T07:00:09.000+00:00"
    came = [
        call(12, "2026-12-04T09:00:00.500+00:00"),
        call(11, "2026-12-01T07:00:02.500+00:00"),
        call(10, "2026-12-01T06:59:00.000+00:00", "BalanceCheck"),
    ]
    times = lane_times(delivery(*began, accepted=accepted, notes=(decided,)), came)
    assert times[accepted] == "2026-12-01T07:00:01+00:00"
    assert times[began[0]] == "2026-12-01T07:00:02+00:00"
    assert times[began[1]] == "2026-12-04T09:00:00+00:00"
    assert times[decided] == "2026-12-04T09:00:06+00:00"


def test_nothing_stands_before_the_event_where_the_clock_was_stopped_or_put_back() -> None:
    accepted, began = "2026-11-28T07:00:01.000+00:00", "2026-11-28T07:00:02.000+00:00"
    stopped = lane_times(delivery(began, accepted=accepted), [call(1, "2026-12-01T07:00:00.500+00:00")])
    assert stopped == {accepted: OCCURRED, began: OCCURRED}


def test_a_call_that_is_forgotten_is_not_taken_for_another() -> None:
    accepted, *began = (f"2026-11-28T07:00:0{second}.000+00:00" for second in (1, 2, 3))
    times = lane_times(delivery(*began, accepted=accepted), [call(2, "2026-12-09T00:00:00.000+00:00")])
    assert [times[at] for at in began] == ["2026-12-01T07:00:01.500000+00:00", "2026-12-01T07:00:02.500000+00:00"]
