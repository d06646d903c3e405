"""
SQLite connections as the pump needs them: write-ahead log, full synchronisation, and a clock in milliseconds.

The engine asks SQLite for the time as `unixepoch('subsec')`, which SQLite before 3.42 does not know, or as
`strftime('%s', 'now')`, which has whole seconds only. For an older library, both functions are defined here.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import suppress
from typing import Any

from partnerlab.contracts.checkpoints import leave_checkpoints
from partnerlab.contracts.sqlite_files import InItsPlace

__all__ = ["Connection"]

KNOWS_SUBSECONDS = sqlite3.sqlite_version_info >= (3, 42)
BUSY_TIMEOUT_MS = 30_000


class Connection(InItsPlace):
    """A connection whose commits survive a power failure; writers wait for each other instead of failing."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.isolation_level = "IMMEDIATE"
        for pragma in (f"busy_timeout={BUSY_TIMEOUT_MS}", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            self.execute(f"PRAGMA {pragma}").close()
        leave_checkpoints(self, str(args[0]))
        if not KNOWS_SUBSECONDS:
            self.create_function("unixepoch", 1, _unixepoch)
            self.create_function("strftime", 2, _strftime)

    def __del__(self) -> None:
        """A thread of the engine may end after the pool was disposed of; what it held is closed with it."""
        with suppress(sqlite3.Error):  # never opened
            self.close()


def _unixepoch(modifier: str) -> float | int:
    if modifier == "subsec":
        return time.time()
    return int(_plain("SELECT unixepoch(?)", modifier))


def _strftime(format: str, when: str) -> Any:
    if (format, when) == ("%s", "now"):
        return f"{time.time():.3f}"
    return _plain("SELECT strftime(?, ?)", format, when)


def _plain(sql: str, *values: str) -> Any:
    """What SQLite's own function gives."""
    connection = sqlite3.connect(":memory:")
    try:
        return connection.execute(sql, values).fetchone()[0]
    finally:
        connection.close()
