"""What a database's error says, the same for every driver."""

from __future__ import annotations

import sqlite3
import sys

__all__ = ["DatabaseUnusable", "is_locked", "not_reached", "said_by_database", "what_failed"]

LOCKED = (
    "somebody else is writing in the file and does not come to an end; nothing was written here. Try again. If that"
    " does not help, see which process has the file open (lsof, fuser): let it go on where it is stopped (kill -CONT),"
    " or end it, which loses nothing"
)


class DatabaseUnusable(RuntimeError):
    """
    A database that this release, or this process now, cannot work with; nothing was changed.

    Each kind says in its words why, and what to do. How commands end with one: `partnerlab/databases.py`.
    """


def said_by_database(error: BaseException) -> str | None:
    """
    The first line of what a database or its driver complains of; None for any other error.

    With what to do where a SQLite file is locked.
    """
    if is_locked(error):
        return f"{_first_line(getattr(error, 'orig', None) or error)}: {LOCKED}"
    if isinstance(error, sqlite3.Error):
        return _first_line(error)
    # A driver that raised the error is imported already: none is imported here to compare with it.
    for name in ("psycopg", "sqlalchemy.exc"):
        module = sys.modules.get(name)
        kinds = [getattr(module, kind) for kind in ("Error", "DBAPIError", "ArgumentError") if hasattr(module, kind)]
        if isinstance(error, tuple(kinds)):
            return _first_line(getattr(error, "orig", None) or error)
    return None


def is_locked(error: BaseException) -> bool:
    """Whether somebody else kept a SQLite file locked for longer than was waited."""
    cause = getattr(error, "orig", None) or error
    code = getattr(cause, "sqlite_errorcode", 0) if isinstance(cause, sqlite3.OperationalError) else 0
    return code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def not_reached(error: BaseException) -> bool:
    """Whether there was no connection for a statement to fail on: what is said of that names server, port and user."""
    cause = getattr(error, "orig", None) or error
    failed = getattr(sys.modules.get("psycopg"), "OperationalError", ())
    misnamed = getattr(sys.modules.get("sqlalchemy.exc"), "ArgumentError", ())
    return isinstance(cause, misnamed) or (isinstance(cause, failed) and not getattr(cause, "sqlstate", None))


def what_failed(error: BaseException) -> str:
    """An error's kind and words, for records that are shown; where a database is that was not reached stays out."""
    return "there is no connection to the database" if not_reached(error) else f"{type(error).__name__}: {error}"


def _first_line(error: BaseException) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
