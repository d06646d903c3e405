"""
Short transactions of several threads, in one commit.

Who comes first leads: it runs what waits at that moment, its own included, in one transaction, and lets the others go
once that is committed. Nobody waits for company: alone, a transaction is what it would be without this.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar, cast

import sqlalchemy as sa

__all__ = ["Together"]

T = TypeVar("T")
MOST = 64
"""So many share a commit."""


class _Wish(Generic[T]):
    """What one thread wants done, and what became of it; `called` when it is over, or when its thread is to lead."""

    def __init__(self, do: Callable[[sa.Connection], T]) -> None:
        self.do = do
        self.called = threading.Event()
        self.over = False
        self.result: T | None = None
        self.error: BaseException | None = None


class Together:
    """The transactions of one process on one database; may be shared by threads."""

    def __init__(self, database: sa.Engine) -> None:
        self._database = database
        self._waiting: list[_Wish[Any]] = []
        self._led = False
        self._lock = threading.Lock()

    def run(self, do: Callable[[sa.Connection], T]) -> T:
        """
        What *do* returns, once what it wrote is committed; it raises what *do* raises, or what the commit does.

        *do* may be called twice: where one of those that share a commit fails, each is done again by itself.
        """
        wish = _Wish(do)
        with self._lock:
            self._waiting.append(wish)
            leads, self._led = not self._led, True
        if not leads:
            wish.called.wait()
        if not wish.over:
            self._lead()
        if wish.error is not None:
            raise wish.error
        return cast(T, wish.result)

    def _lead(self) -> None:
        """Do what waits, ours first; then let the next one lead."""
        with self._lock:
            shared, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
        try:
            self._do(shared)
        except BaseException as error:  # noqa: BLE001  none of them was done: raised by each one's thread
            for each in shared:
                each.error = error
        finally:
            with self._lock:
                for each in shared:
                    each.over = True
                    each.called.set()
                self._led = bool(self._waiting)
                if self._waiting:
                    self._waiting[0].called.set()

    def _do(self, wishes: Sequence[_Wish[Any]]) -> None:
        if len(wishes) > 1:
            with self._database.connect() as connection:  # where there is none, there is none for each by itself
                try:
                    with connection.begin():
                        results = [wish.do(connection) for wish in wishes]
                except Exception:  # noqa: BLE001, S110  whose failure it is shows when each is done by itself
                    pass
                else:
                    for wish, result in zip(wishes, results, strict=True):
                        wish.result = result
                    return
        for wish in wishes:
            try:
                with self._database.begin() as tx:
                    wish.result = wish.do(tx)
            except BaseException as error:  # noqa: BLE001  raised by its own thread
                wish.error = error
