"""
Rows that wait for their time, in a table of the simulator's own.

A row that waits is claimed before anything is done for it, in a transaction of its own: its attempts are counted on,
and it is the claimer's until `claimed_until`, in real time. A claim that is older belongs to a process that was killed,
and the next one takes the row. The outcome is written only where the claim still stands, so what comes late changes
nothing of a newer attempt.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from partnerlab.simulators.kit.world import schema
from partnerlab.simulators.kit.world.store import Statement, Tx

__all__ = ["Queue", "RowState", "Source", "Taken", "queue_columns"]


def queue_columns() -> list[schema.Column]:
    """The columns of a queue that belong to the runner; whoever adds a row need not know them."""
    return [
        schema.Column("attempts", schema.BigInteger, nullable=False, server_default="0"),
        schema.Column("claim", schema.Text, nullable=False, server_default="", held=True),
        schema.Column("claimed_until", schema.Text, nullable=False, server_default="", held=True),
    ]


class Taken(NamedTuple):
    """A claimed row: its key, which attempt this is (counted from 1), and the claim under which it is made."""

    lane: str
    key: tuple[str | int, ...]
    attempt: int
    claim: str


class RowState(NamedTuple):
    """The state of a row: `due` on the queue's clock, `claimed_until` in real time."""

    state: str
    due: str
    claimed_until: str


class Source(Protocol):
    """Where a runner finds what is due: a `Queue`, or what falls due by a rule over other rows."""

    name: str
    waiting: str

    def due(self, tx: Tx, lane: str, until: str, limit: int) -> list[tuple[str, tuple[str | int, ...]]]:
        """The first that are due at or before *until*: when, and their keys."""

    def next(self, tx: Tx, real: str) -> list[tuple[str, str]]:
        """By lane, when the first is due that nobody holds."""

    def held_until(self, tx: Tx, real: str) -> str | None:
        """When the first of the claims that stand ends, in real time."""

    def claim(
        self, tx: Tx, lane: str, key: tuple[str | int, ...], claim: str, *, now: str, real: str, until: str
    ) -> Taken | None:
        """Take one that is due at *now*."""

    def claim_any(
        self, tx: Tx, lane: str, key: tuple[str | int, ...], claim: str, *, real: str, until: str
    ) -> Taken | None:
        """Take one in whatever state it is, due or not."""

    def hold(self, tx: Tx, taken: Taken, until: str) -> None:
        """Let the claim stand until then, if it is still ours."""

    def finish(self, tx: Tx, taken: Taken, state: str | None, due: str | None) -> bool:
        """End the claim; False where it is no longer ours."""

    def row_state(self, tx: Tx, lane: str, key: tuple[str | int, ...]) -> RowState | None:
        """The state of a row; None where there is none."""

    def disown(self, tx: Tx, mine: str) -> None:
        """End the claims that do not begin with *mine*."""

    def claims(self, tx: Tx, real: str) -> list[str]:
        """The claims that stand."""

    def end_claim(self, tx: Tx, claim: str) -> None:
        """End that claim."""


class Queue:
    """
    The waiting rows of *table*, which has `queue_columns` beside its own.

    Args:
        due: The column with the moment from which a row is due, as `utc_text` writes it.
        state: The column that holds *waiting* while a row waits.
        group, number: Where given, a row waits for those of its group with a smaller number.
        where: A condition in SQL: the other rows of the table are somebody else's.
    """

    def __init__(
        self,
        table: schema.Table,
        *,
        due: str = "next_at",
        state: str = "state",
        waiting: str = "waiting",
        group: Iterable[str] = (),
        number: str = "",
        where: str = "",
    ) -> None:
        self.name, self.waiting = table.name, waiting
        self.key = tuple(column.name for column in table.primary_key if column.name != "lane")
        self.group = tuple(group)
        name, listed = table.name, ", ".join(self.key)
        own = f" AND ({where})" if where else ""
        waits = f"{name}.{state} = '{waiting}'{own}"
        if self.group:
            same = "".join(f" AND o.{column} = {name}.{column}" for column in self.group)
            waits += (
                f" AND NOT EXISTS (SELECT 1 FROM {name} o WHERE o.lane = {name}.lane{same}"
                f" AND o.{state} = '{waiting}' AND o.{number} < {name}.{number})"
            )
        mine = "lane = :lane" + "".join(f" AND {column} = :{column}" for column in self.key)
        self._due = Statement(
            f"SELECT {due}, {listed} FROM {name} WHERE lane = :lane AND {waits} AND {due} <= :until"
            f" ORDER BY {due}, {listed} LIMIT :limit"
        )
        self._next = Statement(
            f"SELECT lane, MIN({due}) FROM {name} WHERE {waits} AND claimed_until <= :real GROUP BY lane"
        )
        self._held = Statement(f"SELECT MIN(claimed_until) FROM {name} WHERE {waits} AND claimed_until > :real")
        self._head = Statement(
            f"SELECT {listed} FROM {name} WHERE lane = :lane AND {waits}"
            + "".join(f" AND {column} = :{column}" for column in self.group)
            + " LIMIT 1"
        )
        claim = f"UPDATE {name} SET attempts = attempts + 1, claim = :claim, claimed_until = :until WHERE {mine}"
        self._claim = Statement(f"{claim} AND {waits} AND claimed_until <= :real AND {due} <= :now RETURNING attempts")
        self._claim_any = Statement(f"{claim} AND claimed_until <= :real RETURNING attempts")
        self._finish = Statement(
            f"UPDATE {name} SET {state} = COALESCE(:state, {state}), {due} = COALESCE(:due, {due}),"
            f" claim = '', claimed_until = '' WHERE {mine} AND claim = :claim"
        )
        self._hold = Statement(f"UPDATE {name} SET claimed_until = :until WHERE {mine} AND claim = :claim")
        self._row_state = Statement(f"SELECT {state}, {due}, claimed_until FROM {name} WHERE {mine}")
        self._claims = Statement(f"SELECT claim FROM {name} WHERE {waits} AND claimed_until > :real")
        self._end_claim = Statement(f"UPDATE {name} SET claim = '', claimed_until = '' WHERE claim = :claim{own}")
        self._disown = Statement(
            f"UPDATE {name} SET claim = '', claimed_until = '' WHERE claim <> '' AND claim NOT LIKE :mine{own}"
        )

    def due(self, tx: Tx, lane: str, until: str, limit: int) -> list[tuple[str, tuple[str | int, ...]]]:
        """The first rows that are due at or before *until*, claimed or not: when, and their keys."""
        return [(row[0], row[1:]) for row in tx.all(self._due, lane=lane, until=until, limit=limit)]

    def next(self, tx: Tx, real: str) -> list[tuple[str, str]]:
        """By lane, when the first row is due that nobody holds."""
        return [(lane, due) for lane, due in tx.all(self._next, real=real)]

    def held_until(self, tx: Tx, real: str) -> str | None:
        """When the first of the claims that stand ends, in real time."""
        row = tx.one(self._held, real=real)
        return None if row is None else row[0]

    def head(self, tx: Tx, lane: str, *group: str) -> tuple[str | int, ...] | None:
        """The key of the row of a group that is next, due or not."""
        return tx.one(self._head, lane=lane, **dict(zip(self.group, group, strict=True)))

    def claim(
        self, tx: Tx, lane: str, key: tuple[str | int, ...], claim: str, *, now: str, real: str, until: str
    ) -> Taken | None:
        """Take a row that waits and is due at *now*, until *until*; None where it does not, or somebody has it."""
        return self._taken(tx, self._claim, lane, key, claim, now=now, real=real, until=until)

    def claim_any(
        self, tx: Tx, lane: str, key: tuple[str | int, ...], claim: str, *, real: str, until: str
    ) -> Taken | None:
        """Take a row in whatever state it is, due or not; None where somebody has it."""
        return self._taken(tx, self._claim_any, lane, key, claim, real=real, until=until)

    def hold(self, tx: Tx, taken: Taken, until: str) -> None:
        """Let a claim stand until then, if it is still ours."""
        tx.run(self._hold, **self._row(taken.lane, taken.key), claim=taken.claim, until=until)

    def finish(self, tx: Tx, taken: Taken, state: str | None, due: str | None) -> bool:
        """End a claim, with a new state and moment where given; False where the claim is no longer ours."""
        return tx.run(self._finish, **self._row(taken.lane, taken.key), claim=taken.claim, state=state, due=due) > 0

    def row_state(self, tx: Tx, lane: str, key: tuple[str | int, ...]) -> RowState | None:
        """A row as it stands."""
        row = tx.one(self._row_state, **self._row(lane, key))
        return None if row is None else RowState(*row)

    def disown(self, tx: Tx, mine: str) -> None:
        """End the claims that do not begin with *mine*."""
        tx.run(self._disown, mine=f"{mine}%")

    def claims(self, tx: Tx, real: str) -> list[str]:
        """The claims that stand."""
        return [claim for (claim,) in tx.all(self._claims, real=real)]

    def end_claim(self, tx: Tx, claim: str) -> None:
        """End that claim, if it stands."""
        tx.run(self._end_claim, claim=claim)

    def _taken(
        self, tx: Tx, statement: Statement, lane: str, key: tuple[str | int, ...], claim: str, **moments: str
    ) -> Taken | None:
        rows = tx.all(statement, **self._row(lane, key), claim=claim, **moments)
        return Taken(lane, key, rows[0][0], claim) if rows else None

    def _row(self, lane: str, key: tuple[str | int, ...]) -> dict[str, str | int]:
        return {"lane": lane, **dict(zip(self.key, key, strict=True))}
