"""
The table of a CSV file: its columns by position, as data.

A table is a TOML document beside this module. `direction` is `in` for a file that Invoice Cloud reads and `out` for one
that it writes; the kinds of a cell are those of `cells.py` (in) and `render.py` (out).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, fields, replace
from functools import cache, cached_property
from typing import Any

from partnerlab.contracts.data import FOLDER, read_toml
from partnerlab.contracts.files.csv.cells import IN_KINDS
from partnerlab.contracts.files.csv.render import OUT_KINDS
from partnerlab.contracts.files.layout import LayoutInvalid
from partnerlab.contracts.files.row import Row, row_type
from partnerlab.contracts.records import dataclass

__all__ = ["Column", "CsvTable", "load_table", "parse_table", "tables"]

KINDS = {"in": IN_KINDS, "out": OUT_KINDS}


@dataclass(frozen=True, slots=True)
class Column:
    """
    One column, `position` counted from 1.

    An empty required cell takes the value that `defaults` names: another column's, or two columns' joined by a hyphen,
    as in `AccountNumber-InvoiceDate`. A `unique` value stands once in a file. `constant` is the only value of a
    `provided` column (see `CsvTable.for_biller`). An `ignored` cell is never judged. Where there are `values`, a cell
    holds one of them; each is mapped to what it means. `most` is the greatest number of characters written, 0 for any;
    a longer value is cut, or left out where it is `whole`, with the moment that `dates` it [A-90].
    """

    position: int
    name: str
    kind: str
    id: int = 0
    required: bool = False
    defaults: str = ""
    unique: bool = False
    provided: bool = False
    constant: str = ""
    ignored: bool = False
    most: int = 0
    whole: bool = False
    dates: str = ""
    values: Mapping[str, str] = field(default_factory=dict, hash=False)
    term: str = ""
    description: str = ""


@dataclass(frozen=True)
class CsvTable:
    """A file's columns in order. `source` stands in error texts; `split` maps a part's name to its file name."""

    name: str
    title: str
    source: str
    direction: str
    columns: tuple[Column, ...]
    header: str = ""
    file_name: str = ""
    split: Mapping[str, str] = field(default_factory=dict, hash=False)

    @cached_property
    def row(self) -> type[Row]:
        """The class of this table's rows: one value a column that is not ignored."""
        return row_type(self.name, tuple(column.name for column in self.columns if not column.ignored))

    def make(self, **values: Any) -> Row:
        """A row of these values, by column name; None where left out. Raises `TypeError` for a name the table lacks."""
        row = self.row._make([None] * len(self.row._fields))
        if unknown := sorted(values.keys() - set(row._fields)):
            raise TypeError(f"{self.name} has no column {', '.join(unknown)}")
        return row._replace(**values)

    def column(self, name: str) -> Column:
        """The column of that name. Raises `KeyError`."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name} has no column {name}")

    def with_values(self, name: str, values: Mapping[str, str]) -> CsvTable:
        """This table with a biller's own values of a column, such as the AdjustmentTypeIDs. Raises `KeyError`."""
        chosen = self.column(name)
        columns = (replace(column, values=values) if column is chosen else column for column in self.columns)
        return replace(self, columns=tuple(columns))

    def for_biller(self, **values: str) -> CsvTable:
        """
        This table for one biller: a provided column (`InvoiceTypeID`) holds this value and no other.

        Raises:
            LayoutInvalid: A name is no provided column.
        """
        provided = {column.name for column in self.columns if column.provided}
        if unknown := sorted(values.keys() - provided):
            raise LayoutInvalid(self.name, unknown[0], f"is not provided by Invoice Cloud; {sorted(provided)} are")
        return replace(
            self,
            columns=tuple(
                replace(column, constant=values.get(column.name, column.constant)) for column in self.columns
            ),
        )


def tables() -> tuple[str, ...]:
    """The names of the tables that come with the project."""
    names = (entry.name for entry in FOLDER.joinpath("files", "csv").iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


@cache
def load_table(name: str) -> CsvTable:
    """A table that comes with the project. Raises `LayoutInvalid` where there is none of that name."""
    if name not in tables():
        raise LayoutInvalid(name, "name", f"there is no such table; there are {', '.join(tables())}")
    return parse_table(read_toml(f"files/csv/{name}.toml"))


def parse_table(document: Mapping[str, Any]) -> CsvTable:
    """The table of a TOML document's values. Raises `LayoutInvalid`."""
    name = str(document.get("name", "unnamed"))
    known = {entry.name for entry in fields(CsvTable)} - {"columns"} | {"column"}
    if unknown := sorted(document.keys() - known):
        raise LayoutInvalid(name, unknown[0], f"is not known; {sorted(known)} are")
    if document.get("direction") not in KINDS:
        raise LayoutInvalid(name, "direction", f"is one of {', '.join(KINDS)}")
    columns = tuple(_column(name, document["direction"], row) for row in document.get("column", ()))
    if [column.position for column in columns] != list(range(1, len(columns) + 1)) or not columns:
        raise LayoutInvalid(name, "column", "positions count from 1 without a gap")
    names = [column.name for column in columns]
    for column in columns:
        if not column.name.isidentifier() or names.count(column.name) > 1:
            raise LayoutInvalid(name, f"column {column.name!r}", "a name is one word and stands once")
        if column.defaults and not set(column.defaults.split("-")) <= set(names):
            raise LayoutInvalid(name, f"column {column.name}", f"defaults to {column.defaults!r}, which is no column")
        if column.dates and column.dates not in names:
            raise LayoutInvalid(name, f"column {column.name}", f"dates {column.dates!r}, which is no column")
    return CsvTable(
        name=name,
        title=str(document["title"]),
        source=str(document["source"]),
        direction=document["direction"],
        columns=columns,
        header=document.get("header", ""),
        file_name=document.get("file_name", ""),
        split=document.get("split", {}),
    )


def _column(table: str, direction: str, row: Mapping[str, Any]) -> Column:
    where = f"column {row.get('position', '?')}"
    if missing := sorted({"position", "name", "kind"} - row.keys()):
        raise LayoutInvalid(table, where, f"{missing[0]!r} is missing")
    known = {entry.name for entry in fields(Column)}
    if unknown := sorted(row.keys() - known):
        raise LayoutInvalid(table, where, f"{unknown[0]!r} is not known; {sorted(known)} are")
    if row["kind"] not in KINDS[direction]:
        raise LayoutInvalid(table, where, f"kind {row['kind']!r} is not known; {sorted(KINDS[direction])} are")
    return Column(**row)
