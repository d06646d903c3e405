"""
A layout from a TOML document: one beside this module, or one of the user's own.

    extends = "inhance_v2"                     # every field of that table …
    name = "inhance_v2_wide"
    [[record]]
    code = "IH"
    fields = [{ id = 14, name = "Filler14", kind = "filler" }]     # … and these, in their place by id

so a partner's true filler columns are added without code [A-14]. What a filler column holds is not read; it is
written empty.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from os import PathLike
from pathlib import Path
from typing import Any

from partnerlab.contracts.data import FOLDER, read_toml
from partnerlab.contracts.files.fields import KINDS, CellInvalid, Field, parse_cell
from partnerlab.contracts.files.layout import CODES, Layout, LayoutInvalid, Record, Totals, with_columns

__all__ = ["layouts", "load_layout", "parse_layout", "parse_record", "read_layout"]


def layouts() -> tuple[str, ...]:
    """The names of the layouts that come with the project."""
    names = (entry.name for entry in FOLDER.joinpath("files").iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


@cache
def load_layout(name: str) -> Layout:
    """A layout that comes with the project. Raises `LayoutInvalid` where there is none of that name."""
    if name not in layouts():
        raise LayoutInvalid(name, "name", f"there is no such layout; there are {', '.join(layouts())}")
    return parse_layout(read_toml(f"files/{name}.toml"))


def read_layout(path: str | PathLike[str]) -> Layout:
    """A layout of the user's own, from a TOML file. Raises `LayoutInvalid`, `OSError`."""
    try:
        document = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LayoutInvalid(str(path), "document", str(error)) from None
    return parse_layout(document)


def parse_layout(document: Mapping[str, Any]) -> Layout:
    """The layout of a TOML document's values. Raises `LayoutInvalid`."""
    name = str(document.get("name", "unnamed"))
    base = load_layout(document["extends"]) if "extends" in document else None
    own = {row.get("code", ""): row for row in document.get("record", ())}
    if unknown := own.keys() - set(CODES):
        raise LayoutInvalid(name, f"record {sorted(unknown)[0]!r}", f"records are {', '.join(CODES)}")
    records = tuple(parse_record(name, code, own.get(code), base.record(code) if base else None) for code in CODES)
    if base is not None:
        totals = base.totals
    else:
        _needs(name, "totals", document.get("totals", {}), {"count", "sum", "of", "key"})
        if unknown_keys := document["totals"].keys() - {"count", "sum", "of", "key", "or_of"}:
            raise LayoutInvalid(name, "totals", f"{sorted(unknown_keys)[0]!r} is not known")
        totals = Totals(**document["totals"])
    source = document.get("source", base.source if base else "")
    title = document.get("title", base.title if base else name)
    layout = Layout(name, title, source, records, totals)
    _check_totals(layout)
    return with_columns(layout, str(document.get("columns", "declared")))


_KEYS = {
    "id",
    "name",
    "kind",
    "required",
    "constant",
    "pattern",
    "shape",
    "provided",
    "displayed",
    "meters",
    "measure",
    "term",
    "description",
    "padded_id",
    "tolerant",
}


def parse_record(layout: str, code: str, row: Mapping[str, Any] | None, base: Record | None = None) -> Record:
    """A record of a TOML document's values, over those of *base* where there is one. Raises `LayoutInvalid`."""
    if row is None and base is None:
        raise LayoutInvalid(layout, f"record {code}", "is missing")
    rows = () if row is None else row.get("fields", ())
    columns = [_field(layout, code, entry) for entry in rows]
    if base is not None:
        changed = {field.spec_id for field in columns}
        columns += [field for field in base.fields if field.spec_id not in changed]
        columns.sort(key=lambda field: field.spec_id)
    row = row or {}
    record = Record(
        code,
        row.get("name", base.name if base else code),
        row.get("occurs", base.occurs if base else ""),
        tuple(columns),
        tuple((first, last) for first, last in row["ids"]) if "ids" in row else base.ids if base else (),
    )
    _check_record(layout, record)
    return record


def _field(layout: str, code: str, row: Mapping[str, Any]) -> Field:
    where = f"{code} field {row.get('id', '?')}"
    _needs(layout, where, row, {"id", "name", "kind"})
    if unknown := row.keys() - _KEYS:
        raise LayoutInvalid(layout, where, f"{sorted(unknown)[0]!r} is not known; {sorted(_KEYS)} are")
    if row["kind"] not in KINDS:
        raise LayoutInvalid(layout, where, f"kind {row['kind']!r} is not known; {sorted(KINDS)} are")
    first, last = row.get("meters", (0, 0))
    if "meters" in row and not (1 <= first < last and row.get("measure")):
        raise LayoutInvalid(layout, where, "meters is [first, last], at least two, with a measure")
    field = Field(
        spec_id=row["id"],
        name=row["name"],
        kind=row["kind"],
        required=row.get("required", False),
        constant=row.get("constant", ""),
        pattern=row.get("pattern", ""),
        shape=row.get("shape", ""),
        provided=row.get("provided", False),
        displayed=row.get("displayed", False),
        first_meter=first,
        last_meter=last,
        measure=row.get("measure", ""),
        term=row.get("term", ""),
        description=row.get("description", ""),
        padded_id=row.get("padded_id", 0),
        tolerant=row.get("tolerant", False),
    )
    if field.tolerant and (field.kind not in ("flag", "date") or field.required or field.constant):
        raise LayoutInvalid(layout, where, "tolerant is a flag or a date that is not required and no constant")
    if field.kind == "filler" and (field.required or field.constant or field.provided or field.many):
        raise LayoutInvalid(layout, where, "a filler is not required, constant, provided or of several meters")
    if field.pattern or field.shape:
        _check_shape(layout, where, field)
    if field.constant:
        try:
            parse_cell(field, field.constant)
        except CellInvalid as error:
            raise LayoutInvalid(layout, where, f"constant {field.constant!r} {error.message}") from None
    return field


def _check_shape(layout: str, where: str, field: Field) -> None:
    if not (field.pattern and field.shape) or field.kind != "text" or field.many or field.constant:
        raise LayoutInvalid(
            layout, where, "pattern and shape stand together, in a text of one value that is no constant"
        )
    try:
        re.compile(field.pattern)
    except re.error as error:
        raise LayoutInvalid(layout, where, f"pattern {field.pattern!r} is none: {error}") from None


def _check_record(layout: str, record: Record) -> None:
    where = f"record {record.code}"
    first = record.fields[0] if record.fields else None
    if first is None or (first.name, first.constant, first.required) != ("RowType", record.code, True):
        raise LayoutInvalid(layout, where, f"its first field is RowType, required, with the constant {record.code}")
    for before, after in pairwise(record.fields):
        if before.spec_id >= after.spec_id:
            raise LayoutInvalid(
                layout, f"{where} field {after.spec_id}", f"stands after {before.spec_id}: ids ascend [A-14]"
            )
    names = [field.name for field in record.named]
    for name in names:
        if not name.isidentifier() or name.startswith("_") or names.count(name) > 1:
            raise LayoutInvalid(layout, f"{where} field {name!r}", "a name is one word and stands once in its record")
    terms = [field.term for field in record.named if field.term]
    if len(set(terms)) < len(terms):
        raise LayoutInvalid(layout, where, "a term stands twice")
    reached: dict[str, int] = {}
    for field in record.fields:
        if field.many:
            if field.first_meter != reached.get(field.measure, 0) + 1:
                raise LayoutInvalid(
                    layout, f"{where} field {field.name!r}", f"the meters of {field.measure} have a gap"
                )
            reached[field.measure] = field.last_meter


def _check_totals(layout: Layout) -> None:
    totals = layout.totals
    for code, name, kind in (
        ("FH", totals.count, "integer"),
        ("FH", totals.sum, "amount"),
        ("IH", totals.of, "amount"),
        ("IH", totals.key, "text"),
    ):
        try:
            field = layout.record(code).field(name)
        except KeyError as error:
            raise LayoutInvalid(layout.name, "totals", str(error.args[0])) from None
        if field.kind != kind or not field.required or field.many or field.constant:
            raise LayoutInvalid(layout.name, f"totals {code}.{name}", f"is a required {kind} of one value")
    if totals.or_of:
        try:
            other = layout.record("IH").field(totals.or_of)
        except KeyError as error:
            raise LayoutInvalid(layout.name, "totals", str(error.args[0])) from None
        if other.kind != "amount" or other.many:
            raise LayoutInvalid(layout.name, f"totals IH.{totals.or_of}", "is an amount of one value")


def _needs(layout: str, where: str, row: Mapping[str, Any], keys: set[str]) -> None:
    if missing := keys - row.keys():
        raise LayoutInvalid(layout, where, f"{sorted(missing)[0]!r} is missing")
