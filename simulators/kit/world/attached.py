"""What belongs to a lane and is kept outside the store, as the data pump's deliveries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any, Protocol

__all__ = ["Attached"]


class Attached(Protocol):
    """
    What belongs to a lane and is kept outside the store: it is reset, forked, dropped, exported and loaded with it.

    `names` are the tables under which it stands in an export.
    """

    names: frozenset[str]

    def paused(self, *lanes: str) -> AbstractContextManager[object]:
        """Within the block nothing of these lanes is under way there."""

    def drop(self, lane: str) -> None:
        """Forget the lane. Like the others called at the end of the store's transaction, so that both are one step."""

    def fork(self, lane: str, copy: str) -> None:
        """Replace what *copy* has by what *lane* has."""

    def exporting(self, lane: str) -> AbstractContextManager[Iterator[tuple[str, Iterable[dict[str, Any]]]]]:
        """The lane as rows by table, of which few are held; each table is to be read to its end before the next one."""

    def load(self, lane: str, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        """Replace what the lane has by an export. Raises `LoadInvalid`."""

    def prune(self, age: timedelta, *, dry_run: bool) -> Mapping[str, int]:
        """Forget in every lane what was over for *age*, or only count it: how many of what."""
