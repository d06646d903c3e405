"""Requirements that are made of tables: a row of a bill file, a CSV file or a table of capabilities is a rule each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from partnerlab.contracts.catalogue.requirement import Requirement
from partnerlab.contracts.first_use import importing

if TYPE_CHECKING:
    from partnerlab.contracts.files import Layout

__all__ = ["generated"]

FIELD_TABLES = {"INH2": "inhance_v2", "TCCS": "tccs", "WS": "watersmart"}
"""Layouts of bill files by the beginning of a requirement's id, as in `INH2-IH-13`."""
CSV_TABLES = {"IN": "invoices", "ADJ": "balances", "PAY": "payments", "LOG": "changes", "REJ": "rejects"}
"""WaterSmart's files by the middle of an id, as in `WS-IN-12`: the column of that position."""
KIND_WORDS = {
    "account": "a number of its own, as text",
    "amount": "an amount with two decimals",
    "boolean": "True or False",
    "date": "a date MM/DD/YYYY",
    "flag": "1 or 0",
    "guid": "a GUID",
    "integer": "a whole number",
    "moment": "a date-time MMDDYYYYHHMMSS",
    "number": "a number",
    "phone": "a phone number",
}


def generated() -> Iterator[Requirement]:
    """Every one of them."""
    with importing:
        from partnerlab.contracts.files import load_layout
        from partnerlab.contracts.files.adjustments import load_adjustments

    for prefix, name in FIELD_TABLES.items():
        yield from _fields(prefix, load_layout(name))
    yield from _fields("WS", load_adjustments("watersmart").layout)
    for part, name in CSV_TABLES.items():
        yield from _columns(part, name)
    yield from _capabilities()


def _fields(prefix: str, layout: Layout) -> Iterator[Requirement]:
    for record in layout.records:
        for field in record.fields:
            rules = [f"{field.name} of the {record.name} is {KIND_WORDS.get(field.kind, field.kind)}"]
            rules += ["required"] if field.required else []
            rules += [f"always {field.constant}"] if field.constant else []
            rules += [field.shape] if field.shape else []
            document = layout.source.partition(",")[0]
            yield Requirement(
                id=f"{prefix}-{record.code}-{field.spec_id}",
                text=", ".join(rules) + ".",
                source=f"{document} Technical Design",
                row=f"Field Mapping {field.spec_id}",
            )


def _columns(part: str, name: str) -> Iterator[Requirement]:
    with importing:
        from partnerlab.contracts.files.csv import load_table

    table = load_table(f"watersmart_{name}")
    document, _, place = table.source.partition(", ")
    for column in table.columns:
        rules = [f"Position {column.position} of the {table.title} is {column.name}"]
        rules += ["ignored"] if column.ignored else [KIND_WORDS.get(column.kind, column.kind)]
        rules += ["required"] if column.required and not column.defaults else []
        rules += [f"where empty {column.defaults}"] if column.defaults else []
        rules += [f"at most {column.most} characters"] if column.most else []
        yield Requirement(
            id=f"WS-{part}-{column.position}",
            text=", ".join(rules) + ".",
            source=f"{document} Technical Design",
            row=f"{place}, Field Mapping, {column.name}",
        )


def _capabilities() -> Iterator[Requirement]:
    """The requirements of the tables of features, with ids such as `CAP-INH1-VOID` and `CAP-WS-BIF-BALANCEFORWARD`."""
    with importing:
        from partnerlab.contracts.capabilities import capabilities, integrations

    for found in map(capabilities, integrations()):
        for feature in found.features:
            does = "supports" if feature.supported else "does not support"
            text = f"{found.title} {does} {feature.name}: {feature.text}"
            place = f"{feature.table}, {feature.row}" if feature.table and feature.table != feature.row else feature.row
            id = f"CAP-{found.code}-{_slug(feature.name)}"
            yield Requirement(id=id, text=_sentence(text), source=found.source, row=place)
        for row in found.bif_customizations:
            text = f"{row.feature} of a bill of {found.title}: {row.text}"
            id, place = f"CAP-{found.code}-BIF-{_slug(row.feature)}", f"BIF Customization's, {row.feature}"
            yield Requirement(id=id, text=_sentence(text), source=found.source, row=place)


def _slug(name: str) -> str:
    return re.sub(r"[^A-Z0-9]+", "-", name.upper()).strip("-")


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?")) else f"{text}."
