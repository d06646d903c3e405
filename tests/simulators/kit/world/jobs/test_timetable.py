"""Times that come again, through both changes of the clock."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from partnerlab.simulators.kit.world.jobs import Daily, Every, Timetable, Weekly

NEW_YORK = ZoneInfo("America/New_York")


def _times(timetable: Timetable, start: str, count: int) -> list[str]:
    at, found = datetime.fromisoformat(start), []
    for _ in range(count):
        at = timetable.after(at)
        found.append(at.astimezone(NEW_YORK).strftime("%a %m-%d %H:%M %z"))
    return found


def test_an_interval_is_at_each_quarter_of_an_hour() -> None:
    every = Every(timedelta(minutes=15))
    assert every.after(datetime(2026, 11, 27, 9, 44, 59, tzinfo=UTC)) == datetime(2026, 11, 27, 9, 45, tzinfo=UTC)
    assert every.after(datetime(2026, 11, 27, 9, 45, tzinfo=UTC)) == datetime(2026, 11, 27, 10, tzinfo=UTC)


@pytest.mark.parametrize("start", ["2026-03-08T06:00:00+00:00", "2026-11-01T04:00:00+00:00"])
def test_an_interval_follows_real_time_through_both_changes(start: str) -> None:
    every, at = Every(timedelta(minutes=30)), datetime.fromisoformat(start)
    for _ in range(8):
        assert every.after(at) - at == timedelta(minutes=30)
        at = every.after(at)


def test_a_time_of_day_comes_once_a_day_through_both_changes() -> None:
    assert _times(Daily(time(2, 30), NEW_YORK), "2026-03-07T00:00:00-05:00", 3) == [
        "Sat 03-07 02:30 -0500",
        "Sun 03-08 03:30 -0400",  # 02:30 does not exist that day
        "Mon 03-09 02:30 -0400",
    ]
    assert _times(Daily(time(1, 30), NEW_YORK), "2026-10-31T00:00:00-04:00", 3) == [
        "Sat 10-31 01:30 -0400",
        "Sun 11-01 01:30 -0400",  # and not again at 01:30 -0500
        "Mon 11-02 01:30 -0500",
    ]


def test_a_time_of_day_at_its_moment_is_tomorrows() -> None:
    at = datetime(2026, 11, 27, 6, tzinfo=NEW_YORK)
    assert Daily(time(6), NEW_YORK).after(at) == at + timedelta(days=1)
    assert Daily(time(6), NEW_YORK).after(at - timedelta(microseconds=1)) == at


def test_a_day_of_the_week() -> None:
    sunday = Weekly(6, time(3), NEW_YORK)
    assert _times(sunday, "2026-10-23T12:00:00-04:00", 3) == [
        "Sun 10-25 03:00 -0400",
        "Sun 11-01 03:00 -0500",
        "Sun 11-08 03:00 -0500",
    ]


def test_what_cannot_come_again_is_refused() -> None:
    with pytest.raises(ValueError, match="not more than zero"):
        Every(timedelta(0))
    with pytest.raises(ValueError, match="not between 0, Monday"):
        Weekly(7, time(3), NEW_YORK)
