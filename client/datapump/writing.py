"""
How the pump's tables are written: what many threads want at one moment, in few statements and one commit.

A thread begins an attempt, ends one, moves a delivery or hands an event in, and goes on once that is committed; so an
attempt is on the disk before its call is made, and an event before it is acknowledged. What shares a commit is of any
accounts, lanes and partners. Where one of them fails or finds that another was first, nothing of the commit is kept and
each is written by itself (`together`), so that none takes another along.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from partnerlab.client.datapump.gate import LaneClosed, open_for_all
from partnerlab.client.datapump.states import FREE, State
from partnerlab.client.datapump.store import Begin, DeliveryStore, End, Handed, Move
from partnerlab.client.datapump.tables import Delivery
from partnerlab.client.datapump.together import Together

__all__ = ["Known", "Moved", "Writing"]

SURE = (State.DELIVERED, State.DEAD, State.NOT_UNDERSTOOD)


class Known(Exception):
    """The lane has, or had, an event of that id."""


class _Apart(Exception):
    """One of several was not first."""


class Moved(NamedTuple):
    """The state of a delivery; where that frees its account, with what is next in its line."""

    state: State
    following: Delivery | None = None


class Writing:
    """
    The writing of one process; may be shared by threads.

    *ring* is told, in the transaction, of accounts that have got an event.
    """

    def __init__(self, store: DeliveryStore, ring: Callable[[sa.Connection, list[int]], object]) -> None:
        self._store, self._ring = store, ring
        self._together: Together[Begin | End | Move | Handed] = Together(store.database, self._write)

    def accept(self, handed: Handed, still: Callable[[], bool] | None = None) -> None:
        """
        Write an event down and ring for its account.

        *still* is asked by this thread while no process can reset the lane. Raises `Known`; `LaneClosed` where its lane
        is closed, or *still* says no.
        """
        if still is None:
            self._together.run(handed)
            return
        with self._store.database.begin() as tx:
            self._enter([handed], tx)
            if not still():
                raise LaneClosed(handed.lane)
            self._accept(tx, [handed])

    def begin(self, wish: Begin) -> bool:
        """
        Write down that an attempt is made; whether it may be, because nobody else was first. Raises `LaneClosed`.
        """
        return bool(self._together.run(wish))

    def end(self, wish: End) -> Moved:
        """Write down how an attempt ended, and what follows for its delivery."""
        moved: Moved = self._together.run(wish)
        return moved

    def move(self, wish: Move) -> Moved:
        """Move a delivery that no attempt is made of; it is left WAITING where somebody else was first."""
        moved: Moved = self._together.run(wish)
        return moved

    def _write(self, tx: sa.Connection, wishes: Sequence[Begin | End | Move | Handed]) -> list[object]:
        handed = [wish for wish in wishes if isinstance(wish, Handed)]
        begins = [wish for wish in wishes if isinstance(wish, Begin)]
        moves = [wish for wish in wishes if isinstance(wish, End | Move)]
        self._enter([*handed, *begins], tx)
        moved = iter(self._move(tx, moves, alone=len(wishes) == 1))
        begun = not begins or self._store.begin_attempts(tx, begins)
        if not begun and len(wishes) > 1:
            raise _Apart
        self._accept(tx, handed)
        return [
            begun if isinstance(wish, Begin) else None if isinstance(wish, Handed) else next(moved) for wish in wishes
        ]

    def _enter(self, wishes: Sequence[Begin | Handed], tx: sa.Connection) -> None:
        for lane in sorted({wish.lane for wish in wishes}):
            if not open_for_all(self._store, tx, lane):
                raise LaneClosed(lane)

    def _accept(self, tx: sa.Connection, handed: Sequence[Handed]) -> None:
        if not handed:
            return
        accounts = self._store.accept(tx, handed)
        if accounts is None:
            raise Known
        self._ring(tx, accounts)

    def _move(self, tx: sa.Connection, wishes: Sequence[End | Move], *, alone: bool) -> list[Moved]:
        if not wishes:
            return []
        if ends := [wish for wish in wishes if isinstance(wish, End)]:
            self._store.end_attempts(tx, ends)
        states = [wish.move.target if isinstance(wish, End) else wish.target for wish in wishes]
        if not self._store.move(tx, [wish.move if isinstance(wish, End) else wish for wish in wishes]):
            if not alone:
                raise _Apart
            [wish] = wishes
            states = [self._late_answer(tx, wish) if isinstance(wish, End) else State.WAITING]
        accounts = [wish.account for wish, state in zip(wishes, states, strict=True) if state in FREE]
        following = self._store.first_in_lines(tx, accounts) if accounts else {}
        return [
            Moved(state, following.get(wish.account) if state in FREE else None)
            for wish, state in zip(wishes, states, strict=True)
        ]

    def _late_answer(self, tx: sa.Connection, wish: End) -> State:
        """
        Handle the answer to an attempt that was given up for lost: its process was slow, not dead.

        A sure answer settles an unknown delivery; a person who was quicker has the last word.
        """
        opened, target = wish.move.found, wish.answered
        row = self._store.by_number(opened.number, tx)
        if target in SURE and row is not None and row.state is State.UNKNOWN and row.attempts == opened.attempts:
            self._store.move(tx, [Move(row, target, wish.said)])
        return State.DISMISSED
