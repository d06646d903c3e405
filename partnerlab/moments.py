"""A moment as every command tells it: ISO 8601 in UTC, which the commands' options take too."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["moment"]


def moment(text: str, timespec: str = "seconds") -> str:
    """
    `2026-11-28T17:58:24Z`; with *timespec* `minutes` or `milliseconds` so much of it. What is finer is cut off.

    *text* is ISO 8601 with an offset. Raises `ValueError` where it is not.
    """
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text} has no offset from UTC")
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec=timespec)}Z"
