"""The pool of connections that engine and pump share."""

from __future__ import annotations

import selectors
import time
from typing import Any

import sqlalchemy as sa

from partnerlab.client.datapump import sqlite
from partnerlab.contracts.database_errors import is_locked, said_by_database
from partnerlab.contracts.sqlite_files import prepare

__all__ = ["DatabaseLocked", "create_database", "explained"]

POOL = 20
IDLE_S = 1.0
"""
A connection that was idle for so long is tested before it is used. Not each time: a test is a way to the server and
back. That the server closed it is seen without.
"""


class DatabaseLocked(sa.exc.OperationalError):
    """
    Somebody else is writing in the SQLite *file* and did not end while this was waited for; nothing was written here.

    The same may be asked again: an event that was handed in was not taken.
    """

    def __init__(self, file: str, error: BaseException) -> None:
        super().__init__(None, None, error, hide_parameters=True)
        self.file = file

    def __str__(self) -> str:
        assert self.orig is not None
        return f"{self.file}: {said_by_database(self.orig)}"


def explained(error: BaseException, database: sa.URL) -> sa.exc.OperationalError | None:
    """A driver's *error* in words that say what to do, where it is one that a person can do something about."""
    return DatabaseLocked(database.database or "", error) if is_locked(error) else None


def create_database(url: str, *, memory: bool = False) -> sa.Engine:
    """
    A pool on `sqlite:///file.db` or `postgresql://…`; with *memory* also on `sqlite://`, gone when it is disposed of.

    Raises `ValueError` for anything else.
    """
    parsed = sa.make_url(url)
    size = POOL
    match parsed.get_backend_name():
        case "sqlite":
            if parsed.database not in (None, "", ":memory:"):
                prepare(parsed.database)
            elif memory:
                size = 1  # there is one connection: who needs it waits for it
            else:
                raise ValueError(f"{url}: the data pump keeps what it accepts; give it a file or PostgreSQL")
            options: dict[str, Any] = {
                "connect_args": {"factory": sqlite.Connection, "check_same_thread": False},
                "poolclass": sa.QueuePool,
            }
        case "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
            options = {}
        case other:
            raise ValueError(f"{other}: the data pump keeps its deliveries in SQLite or PostgreSQL")
    # The connection used last is used next: SQLite's has most pages in its cache, a server's the statements prepared.
    database = sa.create_engine(
        parsed, pool_size=size, pool_use_lifo=True, max_overflow=0, pool_timeout=60, hide_parameters=True, **options
    )
    if parsed.get_backend_name() == "postgresql":
        _test_idle(database)

    @sa.event.listens_for(database, "handle_error")
    def explain(context: sa.engine.ExceptionContext) -> None:
        if (clear := explained(context.original_exception, parsed)) is not None:
            raise clear from context.original_exception

    return database


def _test_idle(database: sa.Engine) -> None:
    """Replace a connection that was closed, or was idle and gets no answer, before anybody is given it."""

    @sa.event.listens_for(database, "checkin")
    def note(_: Any, record: Any) -> None:
        record.info["used_at"] = time.monotonic()

    @sa.event.listens_for(database, "checkout")
    def test(connection: Any, record: Any, _: Any) -> None:
        if connection.closed:
            raise sa.exc.DisconnectionError
        if time.monotonic() - record.info.get("used_at", 0) > IDLE_S or _was_told_something(connection):
            try:
                database.dialect.do_ping(connection)
            except database.dialect.loaded_dbapi.Error:
                raise sa.exc.DisconnectionError from None


def _was_told_something(connection: Any) -> bool:
    """Whether the server said something that was not asked for: mostly that it is going down."""
    with selectors.DefaultSelector() as selector:
        selector.register(connection.fileno(), selectors.EVENT_READ)
        return bool(selector.select(0))
