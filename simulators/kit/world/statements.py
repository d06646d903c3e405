"""Statements: SQL that SQLite and PostgreSQL read alike, and SQL for many rows at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any

from partnerlab.simulators.kit.world.searching import in_postgresql

__all__ = ["TOGETHER", "ManyRows", "Row", "Statement"]

Row = tuple[Any, ...]

_PARAMETER = re.compile(r"(?<![:\w]):(\w+)")


class Statement:
    """
    SQL that both databases read alike, with its parameters as `:name`.

    *locking* is for a SELECT whose rows nobody else shall change before the transaction ends: PostgreSQL is asked to
    lock them, SQLite has one writer at a time.
    """

    __slots__ = ("_locking", "_order", "_postgresql", "_sqlite", "text")

    def __init__(self, text: str, *, locking: bool = False) -> None:
        self.text, self._locking = text, locking
        self._sqlite = self._postgresql = ""
        self._order: Callable[[Mapping[str, Any]], Row]

    def bind(self, values: Mapping[str, Any] | Row, *, sqlite: bool) -> tuple[str, Row]:
        """SQL and parameters as the driver takes them. *values* are by name, or a tuple in the order of the text."""
        sql = (self._sqlite if sqlite else self._postgresql) or self._read(sqlite=sqlite)
        return sql, values if type(values) is tuple else self._order(values)  # type: ignore[arg-type]

    def _read(self, *, sqlite: bool) -> str:
        """Made at the first use: most statements of a process are never run."""
        names = _PARAMETER.findall(self.text)
        one = names[0] if len(names) == 1 else ""
        if len(names) > 1:
            self._order = itemgetter(*names)
        else:
            self._order = (lambda values: (values[one],)) if one else _no_values
        if sqlite:
            self._sqlite = _PARAMETER.sub("?", self.text) if names else self.text
            return self._sqlite
        self._postgresql = _PARAMETER.sub("%s", in_postgresql(self.text).replace("%", "%%")) + (
            " FOR UPDATE" if self._locking else ""
        )
        return self._postgresql


def _no_values(_: Mapping[str, Any]) -> Row:
    return ()


TOGETHER = 1_000
"""Rows of one `ManyRows`."""


class ManyRows:
    """
    SQL of SQLite's alone that does the same for many rows at once: `{rows}` stands for them, of *width* cells each.

    While it runs other threads have the interpreter; row by row they would take turns for each, and whoever waits for
    a turn slows down the one that has it.
    """

    __slots__ = ("_row", "_text", "_whole")

    def __init__(self, text: str, width: int) -> None:
        self._text, self._row = text, f"({', '.join('?' * width)})"
        self._whole = self._of(TOGETHER)

    def bind(self, rows: Sequence[Row]) -> tuple[str, Row]:
        """SQL and parameters as the driver takes them."""
        sql = self._whole if len(rows) == TOGETHER else self._of(len(rows))
        return sql, tuple(chain.from_iterable(rows))

    def _of(self, count: int) -> str:
        return self._text.format(rows=", ".join([self._row] * count))
