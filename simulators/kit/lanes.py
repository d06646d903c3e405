"""
Lanes: isolated worlds in one server, each with its own state, clock, faults, journal and random stream.

A lane comes to be when it is first named; every simulator then seeds its part. A lane's state is the rows that carry
its name, so to fork, reset or export one is plain SQL over the tables that have a `lane` column.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from simulators.kit.store import METADATA, Statement, Store, Tx

__all__ = ["DEFAULT", "Lane", "LaneNameInvalid", "LaneNotFound", "Lanes", "TooManyLanes"]

DEFAULT = "default"
MAX_LANES = 10_000
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

LANES = sa.Table(
    "lanes",
    METADATA,
    sa.Column("lane", sa.Text, primary_key=True),
    sa.Column("offset_us", sa.BigInteger, nullable=False),
    sa.Column("frozen_at", sa.Text),
    sa.Column("seed", sa.BigInteger, nullable=False),
    sa.Column("faults", sa.Integer, nullable=False),
    sa.Column("created_at", sa.Text, nullable=False),
)

_COLUMNS = "lane, offset_us, frozen_at, seed, faults"
_GET = Statement(f"SELECT {_COLUMNS} FROM lanes WHERE lane = :lane")  # noqa: S608 - constants
_ALL = Statement(f"SELECT {_COLUMNS} FROM lanes ORDER BY lane")  # noqa: S608 - constants
_COUNT = Statement("SELECT count(*) FROM lanes")
_ADD = Statement(
    "INSERT INTO lanes (lane, offset_us, frozen_at, seed, faults, created_at)"
    " VALUES (:lane, :offset_us, :frozen_at, :seed, :faults, :created_at) ON CONFLICT DO NOTHING"
)
_SET_CLOCK = Statement("UPDATE lanes SET offset_us = :offset_us, frozen_at = :frozen_at WHERE lane = :lane")


class LaneNameInvalid(ValueError):
    """A lane's name breaks the rule: 1 to 64 letters, digits, `.`, `_` or `-`, a letter or digit first."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"lane {name[:80]!r}: a name is 1 to 64 letters, digits, '.', '_' or '-', a letter or digit first"
        )


class LaneNotFound(KeyError):
    """No lane of that name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no lane {name!r}")


class TooManyLanes(RuntimeError):
    """The server holds as many lanes as it may."""

    def __init__(self) -> None:
        super().__init__(f"there are {MAX_LANES} lanes already; drop some")


@dataclass(frozen=True, slots=True)
class Lane:
    """A lane as it stood when a request came: its name, clock and number of active faults."""

    name: str
    offset_us: int = 0
    frozen_at: str | None = None
    seed: int = 0
    faults: int = 0

    def now(self) -> datetime:
        """The lane's time, aware, in UTC."""
        if self.frozen_at is not None:
            return datetime.fromisoformat(self.frozen_at)
        return datetime.now(UTC) + timedelta(microseconds=self.offset_us)


class Lanes:
    """
    The lanes of one store.

    *seeders* are called in the transaction that makes a lane: `seed(tx, lane)`.
    """

    def __init__(self, store: Store, seeders: Iterable[Callable[[Tx, Lane], None]] = ()) -> None:
        self.store = store
        self.seeders = list(seeders)
        self._cache: dict[str, Lane] = {}
        self._lock = threading.RLock()

    def get(self, name: str) -> Lane:
        """The lane of that name, made and seeded on first use. Raises `LaneNameInvalid`, `TooManyLanes`."""
        lane = self._cache.get(name)
        if lane is not None:
            return lane
        with self.store.read() as tx:
            row = tx.one(_GET, lane=name)
        if row is None:
            return self._make(name)
        return self._remember(Lane(*row))

    def all(self) -> list[Lane]:
        """Every lane, by name."""
        with self.store.read() as tx:
            return [Lane(*row) for row in tx.all(_ALL)]

    def set_clock(self, name: str, *, offset: timedelta, frozen_at: datetime | None) -> Lane:
        """Set a lane's offset from real time, or freeze it at a moment."""
        self.get(name)
        frozen = None if frozen_at is None else frozen_at.astimezone(UTC).isoformat()
        with self.store.write() as tx:
            tx.run(_SET_CLOCK, lane=name, offset_us=offset // timedelta(microseconds=1), frozen_at=frozen)
        return self.refresh(name)

    def reset(self, name: str) -> Lane:
        """Drop everything a lane holds, its journal and faults too, and seed it anew."""
        self._check(name)
        with self.store.write() as tx:
            self._delete(tx, name)
            self._insert(tx, Lane(name))
        return self.refresh(name)

    def drop(self, name: str) -> None:
        """Remove a lane. Raises `LaneNotFound`."""
        self._existing(name)
        with self.store.write() as tx:
            self._delete(tx, name)
        self._cache.pop(name, None)

    def fork(self, name: str, copy: str) -> Lane:
        """Copy everything lane *name* holds to lane *copy*, replacing what is there."""
        self._check(copy)
        self._existing(name)
        with self.store.write() as tx:
            self._delete(tx, copy)
            for table in self._tables():
                columns = ", ".join(c.name for c in table.columns if c.name != "lane" and not _generated(c))
                tx.run(
                    Statement(
                        f"INSERT INTO {table.name} (lane, {columns})"  # noqa: S608 - names of our own tables
                        f" SELECT :copy, {columns} FROM {table.name} WHERE lane = :lane"
                    ),
                    lane=name,
                    copy=copy,
                )
        return self.refresh(copy)

    def export(self, name: str) -> dict[str, list[dict[str, Any]]]:
        """Everything a lane holds, as rows by table; what `load` takes."""
        self._existing(name)
        with self.store.read() as tx:
            return {
                table.name: [
                    dict(zip((c.name for c in table.columns), row, strict=True))
                    for row in tx.all(Statement(sa.select(table).where(table.c.lane == name)))
                ]
                for table in self._tables()
            }

    def load(self, name: str, rows: dict[str, list[dict[str, Any]]]) -> Lane:
        """Replace what a lane holds by an export. Raises `ValueError` for a table or column that is unknown."""
        self._check(name)
        tables = {table.name: table for table in self._tables()}
        for table_name, table_rows in rows.items():
            if table_name not in tables:
                raise ValueError(f"{table_name}: no such table")
            known = set(tables[table_name].columns.keys())
            for number, row in enumerate(table_rows):
                if unknown := set(row) - known:
                    raise ValueError(f"{table_name}[{number}]: no such column: {', '.join(sorted(unknown))}")
        with self.store.write() as tx:
            self._delete(tx, name)
            for table_name, table_rows in rows.items():
                table = tables[table_name]
                keep = [c.name for c in table.columns if not _generated(c)]
                tx.run_many(
                    Statement(sa.insert(table).values({c: sa.bindparam(c) for c in keep})),
                    [{**{c: row.get(c) for c in keep}, "lane": name} for row in table_rows],
                )
            if not rows.get("lanes"):
                self._insert(tx, Lane(name), seed=False)
        return self.refresh(name)

    def refresh(self, name: str) -> Lane:
        """Read a lane again after its row was changed. Raises `LaneNotFound`."""
        with self.store.read() as tx:
            row = tx.one(_GET, lane=name)
        if row is None:
            self._cache.pop(name, None)
            raise LaneNotFound(name)
        return self._remember(Lane(*row))

    def _remember(self, lane: Lane) -> Lane:
        if self.store.sqlite:  # one process; replicas on PostgreSQL read the row each time
            self._cache[lane.name] = lane
        return lane

    def _make(self, name: str) -> Lane:
        self._check(name)
        with self._lock:
            with self.store.write() as tx:
                count = tx.one(_COUNT)
                if count is not None and count[0] >= MAX_LANES:
                    raise TooManyLanes
                if tx.one(_GET, lane=name) is None:
                    self._insert(tx, Lane(name))
            return self.refresh(name)

    def _insert(self, tx: Tx, lane: Lane, *, seed: bool = True) -> None:
        added = tx.run(
            _ADD,
            lane=lane.name,
            offset_us=lane.offset_us,
            frozen_at=lane.frozen_at,
            seed=lane.seed,
            faults=0,
            created_at=datetime.now(UTC).isoformat(),
        )
        if seed and added:
            for seeder in self.seeders:
                seeder(tx, lane)

    def _delete(self, tx: Tx, name: str) -> None:
        for table in self._tables():
            tx.run(Statement(sa.delete(table).where(table.c.lane == sa.bindparam("lane"))), lane=name)

    def _tables(self) -> list[sa.Table]:
        return [table for table in self.store.metadata.sorted_tables if "lane" in table.c]

    def _existing(self, name: str) -> None:
        with self.store.read() as tx:
            if tx.one(_GET, lane=name) is None:
                raise LaneNotFound(name)

    @staticmethod
    def _check(name: str) -> None:
        if not NAME.fullmatch(name):
            raise LaneNameInvalid(name)


def _generated(column: sa.Column[Any]) -> bool:
    return column.autoincrement is True
