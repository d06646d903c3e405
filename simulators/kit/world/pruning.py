"""
Forgets what was over long ago, in every lane: some rows at a time, so that whoever works meanwhile need not wait.

A simulator says with `Prunable` which of its rows nobody needs once they are old. Books (accounts, bills, payments) are
not among them: they are what a lane is, and go with it. Ages count on a lane's clock; whether a lane is used, by real
days.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from partnerlab.contracts.records import dataclass
from partnerlab.simulators.kit.world import schema
from partnerlab.simulators.kit.world.lanes import DEFAULT, Lane, LaneNotFound, Lanes
from partnerlab.simulators.kit.world.store import Statement, in_lane

__all__ = ["Prunable", "Pruner"]

BATCH = 500

_UNUSED = Statement("SELECT lane FROM lanes WHERE used_on < :before AND lane <> :kept ORDER BY lane")


@dataclass(frozen=True, slots=True)
class Prunable:
    """
    Rows of *table* that may go: *over* is the condition in SQL, in which `:before` is a moment on the lane's clock.

    `what` is the word for them. However short an age is asked for, they stay for `at_least`.
    """

    what: str
    table: schema.Table
    over: str
    at_least: timedelta = timedelta()


class Pruner:
    """Prunes the lanes of a store by *rules*, in their order, and what is attached to lanes elsewhere."""

    def __init__(self, lanes: Lanes, rules: Sequence[Prunable]) -> None:
        self._lanes = lanes
        self._rules = [(rule, _where(rule)) for rule in rules]

    def prune(self, age: timedelta, lane_age: timedelta, *, dry_run: bool = False) -> dict[str, int]:
        """
        Drop the lanes that nobody used for *lane_age*, and forget in the others what was over for *age*.

        How many of what; with *dry_run* only that.
        """
        for write in self._lanes.before_copy:  # a request that waits to be noted used its lane
            write()
        counts = {"lanes": self._unused(lane_age, dry_run=dry_run)}
        for rule, _ in self._rules:
            counts[rule.what] = 0
        for lane in self._lanes.all():
            for rule, where in self._rules:
                counts[rule.what] += self._forget(lane, rule.table, where, max(age, rule.at_least), dry_run=dry_run)
        for each in self._lanes.attached:
            counts |= each.prune(age, dry_run=dry_run)
        return counts

    def _unused(self, age: timedelta, *, dry_run: bool) -> int:
        before = (datetime.now(UTC) - age).date().isoformat()
        with self._lanes.store.read() as tx:
            names = [name for (name,) in tx.all(_UNUSED, before=before, kept=DEFAULT)]
        if dry_run:
            return len(names)
        count = 0
        for name in names:
            try:
                self._lanes.drop(name)
            except LaneNotFound:  # somebody else dropped it
                continue
            count += 1
        return count

    def _forget(self, lane: Lane, table: schema.Table, where: str, age: timedelta, *, dry_run: bool) -> int:
        values = {"lane": lane.name, "before": (lane.now() - age).astimezone(UTC).isoformat()}
        store = self._lanes.store
        if dry_run:
            with store.read() as tx:
                return int(tx.all(Statement(f"SELECT count(*) FROM {table.name} {where}"), values)[0][0])
        keys = ", ".join(column.name for column in table.primary_key if column.name != "lane")
        batch = f"SELECT {keys} FROM {table.name} {where} LIMIT {BATCH}"
        some = Statement(f"DELETE FROM {table.name} WHERE lane = :lane AND ({keys}) IN ({batch})")
        count = 0
        while True:
            with in_lane(lane.name), store.write() as tx:
                gone = tx.run(some, values)
            count += gone
            if gone < BATCH:
                return count


def _where(rule: Prunable) -> str:
    return f"WHERE lane = :lane AND ({rule.over})"
