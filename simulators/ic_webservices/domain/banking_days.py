"""Banking days: Monday to Friday without the holidays of the Federal Reserve (assumed for every biller [A-39])."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

__all__ = ["after", "holidays", "is_banking_day"]

MONDAY, THURSDAY, SATURDAY, SUNDAY = 0, 3, 5, 6
DAY = timedelta(days=1)


def _nth(year: int, month: int, weekday: int, n: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (n - 1))


def _last(year: int, month: int, weekday: int) -> date:
    last = date(year + month // 12, month % 12 + 1, 1) - DAY
    return last - timedelta(days=(last.weekday() - weekday) % 7)


@cache
def holidays(year: int) -> frozenset[date]:
    """The year's holidays as they are kept: one on a Sunday is kept on Monday, one on a Saturday not at all."""
    fixed = (date(year, 1, 1), date(year, 6, 19), date(year, 7, 4), date(year, 11, 11), date(year, 12, 25))
    moving = (
        _nth(year, 1, MONDAY, 3),
        _nth(year, 2, MONDAY, 3),
        _last(year, 5, MONDAY),
        _nth(year, 9, MONDAY, 1),
        _nth(year, 10, MONDAY, 2),
        _nth(year, 11, THURSDAY, 4),
    )
    return frozenset((*(day + DAY if day.weekday() == SUNDAY else day for day in fixed), *moving))


def is_banking_day(day: date) -> bool:
    """Whether banks settle on that day."""
    return day.weekday() < SATURDAY and day not in holidays(day.year)


def after(day: date, count: int) -> date:
    """The *count*-th banking day after *day*."""
    while count:
        day += DAY
        count -= is_banking_day(day)
    return day
