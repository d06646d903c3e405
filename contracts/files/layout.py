"""
Field tables: which columns a partner's file has. `layout_toml.py` reads them from their documents.

Whether a partner's file has a blank column for each FileSpecID that it does not use, no source says [A-77]. A layout
stands for both: as it is (`declared`), its columns are its fields alone; `with_columns(layout, "by_file_spec_id")` has
the blank ones too. A reader tells which of the two a file has by the columns of FH; a writer writes what it is given.
"""

from __future__ import annotations

from dataclasses import fields, replace
from functools import cache, cached_property
from typing import Any

from partnerlab.contracts.files.fields import CellInvalid, Field, parse_cell
from partnerlab.contracts.files.problems import FileError
from partnerlab.contracts.files.row import Row, row_type
from partnerlab.contracts.records import dataclass

__all__ = ["CODES", "COLUMNS", "Layout", "LayoutInvalid", "Record", "Totals", "with_columns"]

CODES = ("FH", "IH", "CR", "ID")
COLUMNS = ("declared", "by_file_spec_id")
BLANK = "Blank_"  # the name of a column that stands for an id nobody uses, with the id behind


class LayoutInvalid(FileError):
    """A field table breaks a rule; `where` names the place in it."""

    def __init__(self, layout: str, where: str, rule: str) -> None:
        self.layout, self.where, self.rule = layout, where, rule
        super().__init__(f"layout {layout}, {where}: {rule}")


@dataclass(frozen=True)
class Record:
    """
    One row type: its code (`IH`), name, how often it occurs, and its columns in order.

    Equal records are equal keys; what is derived from one is kept with it, since `make` asks for it with every row.
    """

    code: str
    name: str
    occurs: str
    fields: tuple[Field, ...]
    ids: tuple[tuple[int, int], ...] = ()
    """The first and last of each run of FileSpecIDs that are this record type's, used or not."""

    def __hash__(self) -> int:
        return self._hash

    def __getstate__(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @cached_property
    def _hash(self) -> int:
        return hash((self.code, self.fields))

    @cached_property
    def named(self) -> tuple[Field, ...]:
        """The fields that carry values, all but the fillers, in the order of their ids whatever their columns."""
        return tuple(sorted((field for field in self.fields if field.kind != "filler"), key=lambda one: one.spec_id))

    @cached_property
    def row(self) -> type[Row]:
        """The class of this record's rows."""
        return row_type(self.code, tuple(field.name for field in self.named))

    @cached_property
    def _blank(self) -> dict[str, Any]:
        return {
            field.name: parse_cell(field, field.constant) if field.constant else field.empty for field in self.named
        }

    def field(self, name: str) -> Field:
        """The field of that name. Raises `KeyError`."""
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(f"{self.code} has no field {name}")

    def make(self, **values: Any) -> Row:
        """
        A row of these values; constants are filled in, what is not given is empty.

        Values are not checked here but where they are written. Raises `TypeError` for a name the table lacks.
        """
        row = {**self._blank, **values}
        if len(row) > len(self._blank):
            raise TypeError(f"{self.code} has no field {', '.join(sorted(values.keys() - self._blank.keys()))}")
        return self.row._make(row.values())


@dataclass(frozen=True, slots=True)
class Totals:
    """
    The rule over several fields: FH `count` and `sum` are the number of IH rows and the sum of their `of`.

    A file whose header sums `or_of` in its place is taken, and noted.
    """

    count: str
    sum: str
    of: str
    key: str
    or_of: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """A partner's file: its records FH, IH, CR and ID, and the rule of its totals. `source` stands in error texts."""

    name: str
    title: str
    source: str
    records: tuple[Record, ...]
    totals: Totals
    columns: str = "declared"

    def record(self, code: str) -> Record:
        """The record of that code. Raises `KeyError`."""
        for record in self.records:
            if record.code == code:
                return record
        raise KeyError(f"layout {self.name} has no record {code}")

    def for_biller(self, **values: str) -> Layout:
        """
        This layout for one biller: the fields that Invoice Cloud provides hold these values and no others.

        Names are those of the table (`BillerGuid`, `InvoiceFormatGuid`, `InvoiceTypeID`); those left out stay free.

        Raises:
            LayoutInvalid: A name is no provided field, or a value is not of its kind.
        """
        provided = {field.name: field for record in self.records for field in record.fields if field.provided}
        for name, value in values.items():
            if name not in provided:
                raise LayoutInvalid(self.name, name, f"is not provided by Invoice Cloud; {sorted(provided)} are")
            try:
                parse_cell(replace(provided[name], constant=""), value)
            except CellInvalid as error:
                raise LayoutInvalid(self.name, name, f"{value!r} {error.message}") from None
        records = tuple(
            replace(
                record,
                fields=tuple(
                    replace(field, constant=values[field.name]) if field.provided and field.name in values else field
                    for field in record.fields
                ),
            )
            for record in self.records
        )
        return replace(self, records=records)


@cache
def with_columns(layout: Layout, columns: str) -> Layout:
    """
    A layout with the fields of *layout*, and its columns as *columns* says: `declared` or `by_file_spec_id`.

    Raises:
        LayoutInvalid: There is no such way for columns to stand.
    """
    if columns not in COLUMNS:
        raise LayoutInvalid(layout.name, "columns", f"{columns!r} is none of {', '.join(COLUMNS)}")
    if columns == layout.columns:
        return layout
    change = _padded if columns == "by_file_spec_id" else _unpadded
    return replace(layout, columns=columns, records=tuple(map(change, layout.records)))


def _padded(record: Record) -> Record:
    """With a blank column for each id of the record that no field uses."""
    used = {field.column_id for field in record.fields}
    unused = (number for first, last in record.ids for number in range(first, last + 1) if number not in used)
    blank = [Field(number, f"{BLANK}{number}", "filler") for number in unused]
    return replace(record, fields=tuple(sorted([*record.fields, *blank], key=lambda field: field.column_id)))


def _unpadded(record: Record) -> Record:
    kept = (field for field in record.fields if not (field.kind == "filler" and field.name.startswith(BLANK)))
    return replace(record, fields=tuple(sorted(kept, key=lambda field: field.spec_id)))
