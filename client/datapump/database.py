"""The pool of connections that engine and pump share."""

from __future__ import annotations

import select
import time
from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from partnerlab.client.datapump import sqlite
from partnerlab.contracts.database_errors import is_locked, said_by_database
from partnerlab.contracts.sqlite_files import prepare

__all__ = ["KEEPALIVES", "DatabaseLocked", "asking", "create_database", "explained"]

POOL = 20
ASKING = 4
"""Of a server's connections so many are for questions that stand alone."""
KEEPALIVES = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 25_000}
"""
When a server that says nothing any more is given up, where the URL does not say. The last, in milliseconds, is for a
question on its way: while there is one, the system asks for no sign of life.
"""
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
        case "postgresql" | "postgres":
            parsed = parsed.set(drivername="postgresql+psycopg")
            options = {"connect_args": {name: value for name, value in KEEPALIVES.items() if name not in parsed.query}}
        case other:
            raise ValueError(f"{other}: the data pump keeps its deliveries in SQLite or PostgreSQL")
    # The connection used last is used next: SQLite's has most pages in its cache, a server's the statements prepared.
    options |= {"pool_use_lifo": True, "max_overflow": 0, "pool_timeout": 60, "hide_parameters": True}
    if parsed.get_backend_name() == "postgresql":
        database = sa.create_engine(parsed, pool_size=POOL - ASKING, **options)
        # A transaction around a question would be two more ways to the server and back, and to switch it off for each
        # question costs a third of it.
        _asking[database] = sa.create_engine(parsed, pool_size=ASKING, isolation_level="AUTOCOMMIT", **options)
        sa.event.listen(database, "engine_disposed", lambda _: _asking[database].dispose())
        for each in (database, _asking[database]):
            _test_idle(each)
    else:
        database = sa.create_engine(parsed, pool_size=size, **options)

    @sa.event.listens_for(database, "handle_error")
    def explain(context: sa.engine.ExceptionContext) -> None:
        if (clear := explained(context.original_exception, parsed)) is not None:
            raise clear from context.original_exception

    return database


_asking: WeakKeyDictionary[sa.Engine, sa.Engine] = WeakKeyDictionary()


def asking(database: sa.Engine) -> sa.Engine:
    """The engine for questions that stand alone: each sees what is committed when it is asked."""
    return _asking.get(database, database)


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
    if hasattr(select, "poll"):  # not on Windows; a selector of its own would be four calls of the system for one
        waiting = select.poll()
        waiting.register(connection.fileno(), select.POLLIN)
        return bool(waiting.poll(0))
    return bool(select.select([connection.fileno()], (), (), 0)[0])
