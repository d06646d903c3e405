"""
Worker slots: each worker process holds one, and a slot that can be locked by another belongs to a dead process.

Beside it a process locks each shard of the accounts that it works on, for as long as a call of it may be under way.

With PostgreSQL a slot is an advisory lock, which the server drops with the connection; with SQLite it is a locked file
beside the database, which the operating system drops with the process. So no time-out has to guess whether a worker is
dead. With PostgreSQL a live one can lose its connection for a moment. So no other worker gets its number then: each
start takes a new one.
"""

from __future__ import annotations

import re
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa

from partnerlab.client.datapump.database import KEEPALIVES
from partnerlab.contracts.database_errors import DatabaseUnusable, is_locked
from partnerlab.contracts.sqlite_files import prepare

__all__ = [
    "MAX_SLOTS",
    "FileSlots",
    "NoSlot",
    "PostgresSlots",
    "Slots",
    "StartingTakesLong",
    "slot_name",
    "slot_of",
    "slots_of",
]

MAX_SLOTS = 64
"""How many workers a SQLite file can have, and the numbers of their slots."""
STARTING_S = 60
_STARTING = 0
"""No slot has this number: it is locked by who makes the engine's tables, or brings them up to date."""
BLIP_S = 0.8
"""A live process that lost the connection which holds its locks has made another by then: it looks twice a second."""
SERVER_KEEPALIVES = {"tcp_keepalives_idle": 10, "tcp_keepalives_interval": 5, "tcp_keepalives_count": 3}
_LOCK_CLASS = 0x70756D70  # "pump", in a name space of numbers that a database shares
_SHARD_CLASS = _LOCK_CLASS + 1
_NUMBERS = 2**31
_NAMED = re.compile(r"slot-([1-9]\d{0,9})")


class NoSlot(DatabaseUnusable):
    """Every slot is taken."""

    def __init__(self) -> None:
        super().__init__(f"{MAX_SLOTS} workers run on this database already")


class StartingTakesLong(DatabaseUnusable):
    """Another process makes the tables of the database, and does not come to an end."""

    def __init__(self) -> None:
        super().__init__(f"another process has been making the tables of this database for {STARTING_S} s")


class Slots(Protocol):
    """The slots of one database. Who has left one free for `patience_s` is dead."""

    patience_s: float

    def take(self) -> int:
        """Lock a slot that no live worker has, for the life of this process or until `release`. Raises `NoSlot`."""

    def take_first(self) -> int:
        """Lock the first free slot, so that a process that is started again gets the one it had. Raises `NoSlot`."""

    def held(self) -> bool:
        """Whether the slot taken is still ours; it and the shards are locked again if their connection was lost."""

    @contextmanager
    def borrow(self, slot: int) -> Iterator[bool]:
        """Whether another slot could be locked, so that its process may be dead; it is locked within the block."""
        yield False

    @contextmanager
    def shard(self, number: int) -> Iterator[bool]:
        """Whether a shard could be locked, so that no other process has a call of it under way; locked in the block."""
        yield False

    def starting(self) -> AbstractContextManager[None]:
        """Within the block no other process of this database is in one. Raises `StartingTakesLong`."""

    def release(self) -> None:
        """Give the slot back."""


def slots_of(database: sa.Engine) -> Slots:
    """The slots of the worker processes on a database."""
    if database.dialect.name == "sqlite":
        assert database.url.database is not None
        return FileSlots(str(Path(database.url.database).resolve()))
    return PostgresSlots(database.url)


def slot_name(slot: int) -> str:
    """A slot as the engine's executor id."""
    return f"slot-{slot}"


def slot_of(name: str) -> int | None:
    """The slot of an executor id; None where it is another program's."""
    found = _NAMED.fullmatch(name)
    return int(found[1]) if found is not None and int(found[1]) < _NUMBERS else None


class FileSlots:
    """Slots as files beside a SQLite database, each an exclusively locked database of its own: portable everywhere."""

    patience_s = 0.0

    def __init__(self, database: str) -> None:
        self._database = database
        self._mine: sqlite3.Connection | None = None

    def take(self) -> int:
        return self.take_first()

    def take_first(self) -> int:
        for slot in range(1, MAX_SLOTS + 1):
            if (lock := self._lock(slot_name(slot), at_start=True)) is not None:
                self._mine = lock
                return slot
        raise NoSlot

    def held(self) -> bool:
        return self._mine is not None

    @contextmanager
    def borrow(self, slot: int) -> Iterator[bool]:
        with self._locked(slot_name(slot)) as lock:
            yield lock

    @contextmanager
    def shard(self, number: int) -> Iterator[bool]:
        with self._locked(f"shard-{number}") as lock:
            yield lock

    @contextmanager
    def _locked(self, name: str) -> Iterator[bool]:
        lock = self._lock(name)
        try:
            yield lock is not None
        finally:
            if lock is not None:
                lock.close()

    @contextmanager
    def starting(self) -> Iterator[None]:
        connection = self._lock(slot_name(_STARTING), wait_s=STARTING_S, at_start=True)
        if connection is None:
            raise StartingTakesLong
        try:
            yield
        finally:
            connection.close()

    def release(self) -> None:
        if self._mine is not None:
            self._mine.close()
            self._mine = None

    def _lock(self, name: str, *, wait_s: float = 0, at_start: bool = False) -> sqlite3.Connection | None:
        """None where another process has it, or, later than *at_start*, where the disk fails: that may pass."""
        path = f"{self._database}.{name}"
        prepare(path)
        connection = sqlite3.connect(path, timeout=wait_s, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            connection.close()
            if at_start and not is_locked(error):
                raise
            return None
        return connection


class PostgresSlots:
    """
    Slots as advisory locks on a connection of their own.

    Either side notices in half a minute that the other one's machine is gone: the server would keep the lock of one
    without power for hours.
    """

    patience_s = BLIP_S

    def __init__(self, url: sa.URL) -> None:
        self._engine = sa.create_engine(
            url,
            poolclass=sa.NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args=KEEPALIVES,
        )
        self._mine: sa.Connection | None = None
        self._slot = 0
        self._shards: set[int] = set()
        self._using = threading.Lock()

    def take(self) -> int:
        # No number that another had: a free one may be of a live process that lost its connection a moment ago.
        while not self._take(number := 1 + secrets.randbelow(_NUMBERS - 1)):
            pass
        return number

    def take_first(self) -> int:
        for slot in range(1, MAX_SLOTS + 1):
            if self._take(slot):
                return slot
        raise NoSlot

    def _take(self, slot: int) -> bool:
        if (connection := self._lock(slot, at_start=True)) is None:
            return False
        self._mine, self._slot = connection, slot
        return True

    def held(self) -> bool:
        with self._using:
            if self._mine is not None:
                try:
                    self._mine.exec_driver_sql("SELECT 1")
                except sa.exc.DBAPIError:
                    self._mine.close()
                    self._mine = None
            if self._mine is None and self._slot and (again := self._lock(self._slot)) is not None:
                self._mine = again
                for number in sorted(self._shards):
                    self._ask(again, "pg_try_advisory_lock", number)
            return self._mine is not None

    @contextmanager
    def shard(self, number: int) -> Iterator[bool]:
        with self._using:
            locked = self._mine is not None and self._ask(self._mine, "pg_try_advisory_lock", number)
            if locked:
                self._shards.add(number)
        try:
            yield locked
        finally:
            with self._using:
                if locked:
                    self._shards.discard(number)
                    if self._mine is not None:
                        self._ask(self._mine, "pg_advisory_unlock", number)

    def _ask(self, connection: sa.Connection, function: str, shard: int) -> bool:
        """False, too, where the connection is lost: the server dropped its locks then, and `held` makes another."""
        try:
            return bool(connection.exec_driver_sql(f"SELECT {function}({_SHARD_CLASS}, {shard})").scalar_one())
        except sa.exc.SQLAlchemyError:
            connection.close()
            if self._mine is connection:
                self._mine = None
            return False

    @contextmanager
    def borrow(self, slot: int) -> Iterator[bool]:
        connection = self._lock(slot)
        try:
            yield connection is not None
        finally:
            if connection is not None:
                self._unlock(connection, slot)

    @contextmanager
    def starting(self) -> Iterator[None]:
        # Asked again and again: who waits in a statement keeps the indexes from being made that it waits for.
        ends = time.monotonic() + STARTING_S
        while (connection := self._lock(_STARTING, at_start=True)) is None:
            if time.monotonic() > ends:
                raise StartingTakesLong
            time.sleep(0.05)
        try:
            yield
        finally:
            self._unlock(connection, _STARTING)

    def release(self) -> None:
        if self._mine is not None:
            self._unlock(self._mine, self._slot)
        self._mine, self._slot = None, 0
        self._engine.dispose()

    def _lock(self, slot: int, *, at_start: bool = False) -> sa.Connection | None:
        """None where another process has it, or, later than *at_start*, where there is no connection: that may pass."""
        try:
            connection = self._engine.connect()
        except sa.exc.OperationalError:
            if at_start:
                raise
            return None
        locked = connection.execute(
            sa.text("SELECT pg_try_advisory_lock(:kind, :slot)"), {"kind": _LOCK_CLASS, "slot": slot}
        ).scalar_one()
        if locked:
            for name, value in SERVER_KEEPALIVES.items():  # a socket on this machine needs none, and takes them
                connection.exec_driver_sql(f"SET {name} = {value}")
            return connection
        connection.close()
        return None

    @staticmethod
    def _unlock(connection: sa.Connection, slot: int) -> None:
        """Unlock explicitly; the server may notice a closed connection late."""
        with suppress(sa.exc.DBAPIError):
            connection.execute(sa.text("SELECT pg_advisory_unlock(:kind, :slot)"), {"kind": _LOCK_CLASS, "slot": slot})
        connection.close()
