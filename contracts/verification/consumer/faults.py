"""Faults around the commit, one after the other, so that it shows what a consumer does when an answer is lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from partnerlab.contracts.paths import at
from partnerlab.contracts.verification.consumer.control import Control, Refused

__all__ = ["LostAnswers"]

DELAY_S = 30
NAMES = ("commit-then-drop", "commit-then-timeout")


class LostAnswers:
    """
    Loses the answers to two calls of each operation: the connection is dropped, then nothing is answered for 30 s.

    Only the faults that were added here are taken off.
    """

    def __init__(self, control: Control, operations: Sequence[str]) -> None:
        self._control = control
        self._left = {operation: list(NAMES) for operation in operations}
        self._standing: dict[str, int] = {}

    def advance(self) -> None:
        """Set the next fault of each operation whose last one struck. Raises as `Control`."""
        fired = {row["number"]: row["fired"] for row in self._control.get("/_sandbox/faults")["faults"]}
        for operation, names in self._left.items():
            number = self._standing.get(operation)
            if number is not None and not fired.get(number, 1):
                continue
            self._standing.pop(operation, None)
            if number is not None:
                self._drop(number)
            if names:
                fault: dict[str, Any] = {"name": names.pop(0), "operation": operation, "count": 1}
                if fault["name"] == "commit-then-timeout":
                    fault["params"] = {"delay_s": DELAY_S}
                self._standing[operation] = self._control.post("/_sandbox/faults", fault)["number"]

    @property
    def done(self) -> bool:
        """Whether every fault struck."""
        return not self._standing and not any(self._left.values())

    def stop(self) -> None:
        """Take off what stands."""
        for number in self._standing.values():
            self._drop(number)
        self._standing.clear()

    def _drop(self, number: int) -> None:
        try:
            self._control.delete(at("/_sandbox/faults/{}", number))
        except Refused:
            return  # somebody cleared the lane's faults
