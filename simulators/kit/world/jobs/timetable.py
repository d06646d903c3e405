"""
Times that come again: every 15 minutes, daily at a time, weekly on a day.

An interval follows real time, counted from midnight UTC of 1 January 1970, through both changes of the clock. A time of
day is the zone's and comes once a day: one that the change to summer time skips comes as much later, one that comes
twice in autumn counts the first time [A-92].
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from partnerlab.contracts.jobs import WEEKDAYS, Job
from partnerlab.contracts.records import dataclass

__all__ = ["Daily", "Every", "Timetable", "Weekly", "timetable_of"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Timetable(Protocol):
    """When something comes again."""

    def after(self, moment: datetime) -> datetime:
        """The first time later than an aware *moment*, in UTC."""


@dataclass(frozen=True, slots=True)
class Every:
    """Every so often: `Every(timedelta(minutes=15))` is at each quarter of an hour."""

    interval: timedelta

    def __post_init__(self) -> None:
        if self.interval <= timedelta(0):
            raise ValueError(f"interval: {self.interval} is not more than zero")

    def after(self, moment: datetime) -> datetime:
        """The first time later than *moment*."""
        return _EPOCH + self.interval * ((moment - _EPOCH) // self.interval + 1)


@dataclass(frozen=True, slots=True)
class Daily:
    """Each day at a time of the zone."""

    at: time
    zone: ZoneInfo

    def after(self, moment: datetime) -> datetime:
        """The first time later than *moment*."""
        day = moment.astimezone(self.zone).date()
        times = (_moment(day + timedelta(days=ahead), self.at, self.zone) for ahead in range(-1, 3))
        return next(one for one in times if one > moment)


@dataclass(frozen=True, slots=True)
class Weekly:
    """Each week on a day (0 is Monday, 6 Sunday) at a time of the zone."""

    weekday: int
    at: time
    zone: ZoneInfo

    def __post_init__(self) -> None:
        if self.weekday not in range(7):
            raise ValueError(f"weekday: {self.weekday} is not between 0, Monday, and 6, Sunday")

    def after(self, moment: datetime) -> datetime:
        """The first time later than *moment*."""
        daily = Daily(self.at, self.zone)
        found = daily.after(moment)
        while found.astimezone(self.zone).weekday() != self.weekday:
            found = daily.after(found)
        return found


def timetable_of(job: Job, zone: ZoneInfo) -> Timetable:
    """When a job of the contract runs; its time of day is the *zone*'s."""
    if job.every_minutes:
        return Every(timedelta(minutes=job.every_minutes))
    at = time.fromisoformat(job.at)
    return Weekly(WEEKDAYS.index(job.weekday), at, zone) if job.weekday else Daily(at, zone)


def _moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    # fold=0: of a time that comes twice the first; one that is skipped is read with the offset before the change.
    return datetime.combine(day, at.replace(fold=0), zone).astimezone(UTC)
