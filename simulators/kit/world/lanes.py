"""
Lanes: isolated worlds in one server, each with its own state, clock, faults, journal and random stream.

A lane comes to be when it is first named; every simulator then seeds its part. A lane's state is the rows that carry
its name, so to fork, reset or export one is plain SQL over the tables that have a `lane` column (`lane_rows`). Columns
that the database numbers (`autoincrement=True`) are numbered anew in a copy; nothing may refer to them.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

from partnerlab.simulators.kit.world.attached import Attached
from partnerlab.simulators.kit.world.lane import DEFAULT, TABLES, Lane, in_world, stands
from partnerlab.simulators.kit.world.lane_errors import (
    MAX_LANES,
    ForkOntoItself,
    LaneExists,
    LaneNameInvalid,
    LaneNotFound,
    TooManyLanes,
)
from partnerlab.simulators.kit.world.lane_rows import (
    LoadInvalid,
    check_rows,
    copy_rows,
    delete_rows,
    export_rows,
    load_rows,
)
from partnerlab.simulators.kit.world.locks import Locks, clock_lock
from partnerlab.simulators.kit.world.searching import has_text, text_pattern
from partnerlab.simulators.kit.world.store import Statement, Store, Tx, in_lane

__all__ = [
    "DEFAULT",
    "ForkOntoItself",
    "Lane",
    "LaneExists",
    "LaneNameInvalid",
    "LaneNotFound",
    "Lanes",
    "TooManyLanes",
    "in_world",
    "stands",
]

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

_COLUMNS = "lane, offset_us, frozen_at, seed, faults, created_at"
_GET = Statement(f"SELECT {_COLUMNS} FROM lanes WHERE lane = :lane")
_ALL = Statement(f"SELECT {_COLUMNS} FROM lanes ORDER BY lane")
_FIND = Statement(
    f"SELECT {_COLUMNS} FROM lanes WHERE ({has_text(('lane',))}) AND lane > :after ORDER BY lane LIMIT :limit"
)
_COUNT = Statement("SELECT count(*) FROM lanes")
_MADE = Statement("UPDATE lanes SET created_at = :now WHERE lane = :lane")
_ADD = Statement(
    "INSERT INTO lanes (lane, offset_us, frozen_at, seed, faults, created_at, used_on)"
    " VALUES (:lane, :offset_us, :frozen_at, :seed, :faults, :created_at, :used_on) ON CONFLICT DO NOTHING"
)
_SET_CLOCK = Statement("UPDATE lanes SET offset_us = :offset_us, frozen_at = :frozen_at WHERE lane = :lane")
_USED = Statement("UPDATE lanes SET used_on = :today WHERE lane = :lane AND (used_on IS NULL OR used_on < :today)")


def _now_text() -> str:
    return datetime.now(UTC).isoformat()


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


class Lanes:
    """
    The lanes of one store, and what is `attached` to them elsewhere.

    *seeders* are called in the transaction that makes a lane: `seed(tx, lane)`; `loaded` in the one that loads it, to
    raise `LoadInvalid`, after those of `came_since` whose column (table and name) an older export lacks; `before_copy`
    before a lane is reset, dropped, forked, exported or loaded: whoever holds rows back writes them then;
    `after_change` when a lane's clock or rows were replaced: whoever waits for a time looks again. `moving` are the
    lanes whose clock this process advances, `locks` those between the processes of a store.
    """

    def __init__(self, store: Store, seeders: Iterable[Callable[[Tx, Lane], None]] = ()) -> None:
        self.store = store
        self.locks = Locks(store)
        store.add(TABLES)
        self.seeders = list(seeders)
        self.before_copy: list[Callable[[], None]] = []
        self.after_change: list[Callable[[], None]] = []
        self.loaded: list[Callable[[Tx, str], None]] = []
        self.came_since: list[tuple[str, str, Callable[[Tx, str], None]]] = []
        self.moving: set[str] = set()
        self.attached: list[Attached] = []
        self._cache: dict[str, Lane] = {}
        self._lock = threading.RLock()

    def cached(self, name: str) -> Lane | None:
        """The lane if it is known without asking the database, which on PostgreSQL it never is."""
        return self._cache.get(name)

    def get(self, name: str) -> Lane:
        """The lane of that name, made and seeded on first use. Raises `LaneNameInvalid`, `TooManyLanes`."""
        if (lane := self._cache.get(name)) is not None:
            return lane
        self._check(name)
        try:
            return self.refresh(name)
        except LaneNotFound:
            return self._make(Lane(name))

    def existing(self, name: str) -> Lane:
        """The lane of that name, which is not made where there is none. Raises `LaneNotFound`."""
        return self._cache.get(name) or self.refresh(name)

    def create(self, name: str, *, seed: int = 0, frozen_at: datetime | None = None) -> Lane:
        """
        A new lane with its own random stream; *frozen_at* is the moment, aware, at which its clock stands.

        Raises `LaneNameInvalid`, `LaneExists`, `TooManyLanes`.
        """
        self._check(name)
        at = None if frozen_at is None else frozen_at.astimezone(UTC).isoformat()
        return self._make(Lane(name, frozen_at=at, seed=seed), new=True)

    def all(self) -> list[Lane]:
        """Every lane, by name."""
        with self.store.read() as tx:
            return [Lane(*row) for row in tx.all(_ALL)]

    def find(self, text: str = "", *, after: str = "", limit: int = MAX_LANES) -> list[Lane]:
        """At most *limit* lanes after the name *after*, by name, of those with *text* in it in any case."""
        with self.store.read() as tx:
            return [Lane(*row) for row in tx.all(_FIND, text=text_pattern(text), after=after, limit=limit)]

    def set_clock(self, name: str, *, offset: timedelta, frozen_at: datetime | None) -> Lane:
        """Set a lane's offset from real time, or freeze it at a moment."""
        self.get(name)
        frozen = None if frozen_at is None else frozen_at.astimezone(UTC).isoformat()
        with self.store.write() as tx:
            tx.run(_SET_CLOCK, lane=name, offset_us=offset // timedelta(microseconds=1), frozen_at=frozen)
            self.used(tx, name)
        return self._changed(name)

    def used(self, tx: Tx, name: str) -> None:
        """Write down that a lane is used today, in real time: what nobody uses any more can be pruned."""
        tx.run(_USED, lane=name, today=_today())

    def reset(self, name: str) -> Lane:
        """Drop everything a lane holds, its journal and faults too, and seed it anew with the seed it had."""
        self._check(name)
        with self._still(name), self.store.write() as tx:
            tx.whole_lanes(name)
            row = tx.one(_GET, lane=name)
            if row is None:
                self._room(tx)
            delete_rows(self.store, tx, name)
            self._insert(tx, Lane(name) if row is None else Lane(name, seed=row[3]))
            for each in self.attached:
                each.drop(name)
        return self._changed(name)

    def drop(self, name: str) -> None:
        """Remove a lane. Raises `LaneNotFound`."""
        with self._still(name), self.store.write() as tx:
            tx.whole_lanes(name)
            if tx.one(_GET, lane=name) is None:
                raise LaneNotFound(name)
            delete_rows(self.store, tx, name)
            for each in self.attached:
                each.drop(name)
        with self._lock:
            self._cache.pop(name, None)

    def fork(self, name: str, copy: str) -> Lane:
        """
        Copy everything lane *name* holds to lane *copy*, replacing what is there.

        Raises `LaneNameInvalid`, `LaneNotFound`, `ForkOntoItself`, `TooManyLanes`.
        """
        self._check(copy)
        if name == copy:
            raise ForkOntoItself(name)
        with self._still(name, copy), self.store.write() as tx:
            tx.whole_lanes(name, copy)
            if tx.one(_GET, lane=name) is None:
                raise LaneNotFound(name)
            if tx.one(_GET, lane=copy) is None:
                self._room(tx)
            delete_rows(self.store, tx, copy)
            copy_rows(self.store, tx, name, copy)
            tx.run(_MADE, lane=copy, now=_now_text())
            self.used(tx, copy)
            for each in self.attached:
                each.fork(name, copy)
        return self._changed(copy)

    def export(self, name: str) -> dict[str, list[dict[str, Any]]]:
        """Everything a lane holds, as rows by table; what `load` takes. Raises `LaneNotFound`."""
        with self.exporting(name) as tables:
            return {table: [*rows] for table, rows in tables}

    @contextmanager
    def exporting(self, name: str) -> Iterator[Iterator[tuple[str, Iterable[dict[str, Any]]]]]:
        """
        Everything of a lane, of which few rows are held at a time; within the block nothing is under way in the lane.

        Each table is to be read to its end before the next one. Raises `LaneNotFound`.
        """
        with self._still(name), self.store.read() as tx, ExitStack() as opened:
            if tx.one(_GET, lane=name) is None:
                raise LaneNotFound(name)
            elsewhere = (opened.enter_context(each.exporting(name)) for each in self.attached)
            yield chain(export_rows(self.store, tx, name), chain.from_iterable(elsewhere))

    def load(self, name: str, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> Lane:
        """Replace what a lane holds by an export. Raises `LaneNameInvalid`, `LoadInvalid`, `TooManyLanes`."""
        self._check(name)
        elsewhere = frozenset().union(*(each.names for each in self.attached))
        check_rows(self.store, {table: rows[table] for table in rows if table not in elsewhere})
        self._check_clocks(rows.get("lanes", ()))
        with self._still(name), self.store.write() as tx:
            tx.whole_lanes(name)
            if tx.one(_GET, lane=name) is None:
                self._room(tx)
            delete_rows(self.store, tx, name)
            load_rows(self.store, tx, name, rows, self.came_since, self.loaded)
            if not rows.get("lanes"):
                self._insert(tx, Lane(name), seed=False)
            tx.run(_MADE, lane=name, now=_now_text())
            self.used(tx, name)
            for each in self.attached:
                each.load(name, {table: rows[table] for table in rows if table in each.names})
        return self._changed(name)

    def refresh(self, name: str) -> Lane:
        """Read a lane again after its row was changed. Raises `LaneNotFound`."""
        # Read and cache under one lock, so that a slower reader cannot replace a newer row by an older one.
        with self._lock:
            with self.store.read() as tx:
                row = tx.one(_GET, lane=name)
            if row is None:
                self._cache.pop(name, None)
                raise LaneNotFound(name)
            lane = Lane(*row)
            if self.store.sqlite:  # one process; replicas on PostgreSQL read the row each time
                self._cache[name] = lane
            return lane

    @contextmanager
    def advancing(self, name: str) -> Iterator[None]:
        """Within the block a lane's clock is advanced: only the caller does what falls due."""
        self.moving.add(name)
        try:
            yield
        finally:
            self.moving.discard(name)
            self._look_again()

    def _changed(self, name: str) -> Lane:
        lane = self.refresh(name)
        self._look_again()
        return lane

    def _look_again(self) -> None:
        for look in self.after_change:
            look()

    def _make(self, lane: Lane, *, new: bool = False) -> Lane:
        with in_lane(""), self.store.write() as tx:
            tx.whole_lanes(lane.name)
            if tx.one(_GET, lane=lane.name) is None:
                self._room(tx)
                delete_rows(self.store, tx, lane.name)  # what was written late, after such a lane was dropped
                self._insert(tx, lane)
            elif new:
                raise LaneExists(lane.name)
        return self.refresh(lane.name)

    def _room(self, tx: Tx) -> None:
        count = tx.one(_COUNT)
        if count is not None and count[0] >= MAX_LANES:
            raise TooManyLanes

    @contextmanager
    def _still(self, *names: str) -> Iterator[None]:
        """Within the block nothing is buffered or under way for these lanes, and nobody moves their clocks."""
        with ExitStack() as stack:
            for name in sorted(names):
                stack.enter_context(self.locks.hold(clock_lock(name)))
            for each in self.attached:
                stack.enter_context(each.paused(*sorted(names)))
            for write in self.before_copy:
                write()
            stack.enter_context(in_lane(""))
            yield

    @staticmethod
    def _check_clocks(rows: Sequence[Mapping[str, Any]]) -> None:
        """The row of a lane itself. Raises `LoadInvalid`."""
        if len(rows) > 1:
            raise LoadInvalid("lanes", "more than one row")
        for row in rows:
            try:
                Lane("x", row.get("offset_us") or 0, row.get("frozen_at")).now().astimezone(UTC)
            except (ValueError, OverflowError) as error:
                raise LoadInvalid("lanes[0]", f"not a clock: {error}") from error

    def _insert(self, tx: Tx, lane: Lane, *, seed: bool = True) -> None:
        added = tx.run(
            _ADD,
            lane=lane.name,
            offset_us=lane.offset_us,
            frozen_at=lane.frozen_at,
            seed=lane.seed,
            faults=0,
            created_at=_now_text(),
            used_on=_today(),
        )
        if seed and added:
            for seeder in self.seeders:
                seeder(tx, lane)

    @staticmethod
    def _check(name: str) -> None:
        if not NAME.fullmatch(name):
            raise LaneNameInvalid(name)
