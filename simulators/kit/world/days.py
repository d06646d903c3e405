"""
Which day it is: a date without a time is of the biller's calendar, whoever writes it [A-122].

Moments are kept in UTC, where a US evening is tomorrow already.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

__all__ = ["Days"]


class Days:
    """The days of a zone, by its name: which one an aware moment is of, and when one begins."""

    __slots__ = ("_last", "zone")

    def __init__(self, zone: str) -> None:
        self.zone = ZoneInfo(zone)
        self._last = datetime.max.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC), date.max

    def of(self, moment: datetime) -> date:
        """The day of an aware *moment*. Each request asks, mostly for one of the day that was asked for last."""
        begin, end, day = self._last
        if begin <= moment < end:
            return day
        day = moment.astimezone(self.zone).date()
        if date.min < day < date.max:  # else it has no end or no beginning
            self._last = self.begin(day), self.begin(day + timedelta(days=1)), day
        return day

    def begin(self, day: date) -> datetime:
        """
        The first moment of a day, in UTC; where the clock goes on at midnight, the moment at which it does.

        The first day that there is begins with the first moment: east of Greenwich it would begin before that.
        """
        if day == date.min:
            return datetime.min.replace(tzinfo=UTC)
        return datetime.combine(day, time(), self.zone).astimezone(UTC)
