"""Due work that a rule finds in other tables' rows; it has no rows of its own."""

from __future__ import annotations

from partnerlab.simulators.kit.world.jobs.queue import RowState, Taken
from partnerlab.simulators.kit.world.store import Tx

__all__ = ["RuleSource"]

Key = tuple[str | int, ...]


class RuleSource:
    """
    A `Source` whose work is done `within` one transaction, so no claim outlives it, and what it changed says that it
    was done. `due`, `next` and `claim` are the rule's own.
    """

    waiting = "waiting"

    def held_until(self, tx: Tx, real: str) -> str | None:
        """No claim outlives its transaction."""
        return None

    def claim_any(self, tx: Tx, lane: str, key: Key, claim: str, *, real: str, until: str) -> Taken | None:
        """Nothing is done out of turn."""
        return None

    def hold(self, tx: Tx, taken: Taken, until: str) -> None:
        """No claim outlives its transaction."""

    def finish(self, tx: Tx, taken: Taken, state: str | None, due: str | None) -> bool:
        """What was changed says it."""
        return True

    def row_state(self, tx: Tx, lane: str, key: Key) -> RowState | None:
        """There is no row."""
        return None

    def disown(self, tx: Tx, mine: str) -> None:
        """There is nothing to disown."""

    def claims(self, tx: Tx, real: str) -> list[str]:
        """No claim outlives its transaction."""
        return []

    def end_claim(self, tx: Tx, claim: str) -> None:
        """There is nothing to end."""
