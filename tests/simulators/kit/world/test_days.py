"""A date without a time is of the biller's calendar, through both changes of the clock."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from partnerlab.simulators.kit.world.days import Days

NEW_YORK = Days("America/New_York")


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2026-06-16T20:00:00-04:00", "2026-06-16"),
        ("2026-06-16T23:59:59-04:00", "2026-06-16"),
        ("2026-06-17T00:00:00-04:00", "2026-06-17"),
        ("2026-12-31T23:59:59-05:00", "2026-12-31"),
        ("2026-03-08T23:59:59-04:00", "2026-03-08"),  # the day that is an hour shorter
        ("2026-11-01T23:59:59-05:00", "2026-11-01"),  # and the one that is an hour longer
    ],
)
def test_an_evening_is_of_its_own_day_and_not_of_that_in_utc(moment: str, day: str) -> None:
    assert NEW_YORK.of(datetime.fromisoformat(moment).astimezone(UTC)) == date.fromisoformat(day)


@pytest.mark.parametrize("zone", ["America/New_York", "UTC", "Pacific/Kiritimati", "America/Havana", "Africa/Cairo"])
def test_a_day_begins_where_the_one_before_it_ends(zone: str) -> None:
    """In Havana and Cairo the clock goes on at midnight, so that a day of spring begins at one o'clock."""
    days = Days(zone)
    for number in range(366):
        day = date(2026, 1, 1) + timedelta(days=number)
        begin = days.begin(day)
        assert begin.tzinfo is UTC
        assert days.of(begin) == day
        assert days.of(begin - timedelta(microseconds=1)) == day - timedelta(days=1)


@pytest.mark.parametrize("zone", ["America/New_York", "UTC", "Pacific/Kiritimati", "America/Havana", "Asia/Kathmandu"])
def test_whatever_day_was_asked_for_last_the_next_one_is_right(zone: str) -> None:
    days, drawn = Days(zone), random.Random(7)
    ends = [datetime.min.replace(tzinfo=UTC) + timedelta(days=1), datetime.max.replace(tzinfo=UTC) - timedelta(days=1)]
    near = [days.begin(date(2026, 1, 1) + timedelta(days=drawn.randrange(400))) for _ in range(40)]
    for _ in range(5000):
        moment = drawn.choice(near) + timedelta(microseconds=drawn.randrange(-2, 3))
        moment = drawn.choice([moment, moment + timedelta(hours=drawn.randrange(-30, 31)), *ends])
        assert days.of(moment) == moment.astimezone(ZoneInfo(zone)).date()


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "UTC", "America/New_York"])
def test_the_first_day_that_there_is_begins_with_the_first_moment(zone: str) -> None:
    """Else what such a day's bill does to a clock that moves is an error of the server's."""
    assert Days(zone).begin(date.min) == datetime.min.replace(tzinfo=UTC)
    assert Days(zone).begin(date(1, 1, 2)) > Days(zone).begin(date.min)
