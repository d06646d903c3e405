"""
Which day it is: a date without a time is of the biller's calendar, whoever writes it [A-122].

Moments are kept in UTC, where a US evening is tomorrow already.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

__all__ = ["Days"]


class Days:
    """The days of a zone, by its name: which one an aware moment is of, and when one begins."""

    __slots__ = ("zone",)

    def __init__(self, zone: str) -> None:
        self.zone = ZoneInfo(zone)

    def of(self, moment: datetime) -> date:
        """The day of an aware *moment*."""
        return moment.astimezone(self.zone).date()

    def begin(self, day: date) -> datetime:
        """The first moment of a day, in UTC; where the clock goes on at midnight, the moment at which it does."""
        return datetime.combine(day, time(), self.zone).astimezone(UTC)
