"""
Locks between the processes that share a store, each known by a text.

PostgreSQL keeps them, and drops those of a process that was killed with its connection, so nobody has to guess whether
another is dead. A SQLite store is one process's: its locks are between threads, and no other process holds any.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from partnerlab.simulators.kit.world.store import Statement, Store, Tx

__all__ = ["Locks", "clock_lock"]

_CLASS = 0x6C61_6273
"""Ours, in a name space of numbers that all users of a PostgreSQL database share."""
_KEY = f"{_CLASS}, hashtext(%s)"
_ASK = Statement(f"SELECT pg_try_advisory_xact_lock({_CLASS}, hashtext(:name))")
_ASK_SHARED = Statement(f"SELECT pg_try_advisory_xact_lock_shared({_CLASS}, hashtext(:name))")


def clock_lock(lane: str) -> str:
    """The name of the lock that whoever moves a lane's clock holds."""
    return f"clock {lane}"


class Locks:
    """The locks of one store. `close` lets go of those that are kept."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._threads: dict[str, threading.Lock] = {}
        self._keeping = threading.Lock()
        self._kept: set[str] = set()
        self._keeper: Any = None

    @contextmanager
    def hold(self, name: str) -> Iterator[None]:
        """Within the block no other thread or process is in one of that name; who comes later waits."""
        with self._threads.setdefault(name, threading.Lock()):
            if self._store.sqlite:
                yield
                return
            connection = self._store.connect()
            try:
                connection.execute(f"SELECT pg_advisory_lock({_KEY})", (name,))
                yield
            finally:
                with suppress(self._store.Error):  # said explicitly: the server may notice a closed connection late
                    connection.execute(f"SELECT pg_advisory_unlock({_KEY})", (name,))
                connection.close()

    def keep(self, name: str) -> None:
        """
        Hold a lock that no other process wants, until `close` or the end of this one; again where it was lost with its
        connection.
        """
        if self._store.sqlite:
            return
        with self._keeping:
            if self._keeper is not None:
                try:
                    self._keeper.execute("SELECT 1")
                except self._store.Error:
                    self._let_go()
            names = self._kept | {name}
            if self._keeper is None:
                self._keeper, self._kept = self._store.connect(), set()
            for each in names - self._kept:
                self._keeper.execute(f"SELECT pg_advisory_lock_shared({_KEY})", (each,))
                self._kept.add(each)

    def held_elsewhere(self, tx: Tx, name: str) -> bool:
        """Whether another connection is in `hold`; where none is, none can begin before the transaction ends."""
        return not self._store.sqlite and not tx.all(_ASK_SHARED, name=name)[0][0]

    def kept_elsewhere(self, tx: Tx, name: str) -> bool:
        """Whether a process keeps that lock: it lives."""
        return not self._store.sqlite and not tx.all(_ASK, name=name)[0][0]

    def close(self) -> None:
        """Let go of what is kept."""
        with self._keeping:
            self._let_go()
            self._kept = set()

    def _let_go(self) -> None:
        if self._keeper is not None:
            self._keeper.close()
            self._keeper = None
