"""The tables say what the source says, and a table that breaks a rule is refused with the place."""

from __future__ import annotations

from typing import Any

import pytest

from partnerlab.contracts.files.csv import load_table, parse_table, tables
from partnerlab.contracts.files.layout import LayoutInvalid

BROKEN: list[tuple[dict[str, Any], str]] = [
    ({"direction": "sideways"}, "direction: is one of in, out"),
    ({"surprise": 1}, "surprise: is not known"),
    ({"column": []}, "column: positions count from 1 without a gap"),
    ({"column": [{"position": 2, "name": "A", "kind": "text"}]}, "column: positions count from 1"),
    ({"column": [{"position": 1, "name": "A"}]}, "column 1: 'kind' is missing"),
    ({"column": [{"position": 1, "name": "A", "kind": "moment"}]}, "column 1: kind 'moment' is not known"),
    ({"column": [{"position": 1, "name": "A b", "kind": "text"}]}, "column 'A b': a name is one word"),
    ({"column": [{"position": 1, "name": "A", "kind": "text", "size": 3}]}, "column 1: 'size' is not known"),
    ({"column": [{"position": 1, "name": "A", "kind": "text", "defaults": "B"}]}, "column A: defaults to 'B'"),
]


def test_there_are_the_five_files_of_the_source() -> None:
    kinds = ("balances", "changes", "invoices", "payments", "rejects")
    assert tables() == tuple(f"watersmart_{kind}" for kind in kinds)
    assert [len(load_table(name).columns) for name in tables()] == [5, 9, 16, 18, 11]


def test_the_invoice_file_has_the_sources_positions_and_ids() -> None:
    ids = [59, 60, 61, 62, 63, 64, 65, 11, 12, 13, 407, 10, 252, 356, 357, 373]
    assert [column.id for column in load_table("watersmart_invoices").columns] == ids
    assert [column.id for column in load_table("watersmart_balances").columns] == [313, 0, 314, 316, 0]


def test_the_change_log_has_the_sources_lengths() -> None:
    most = {column.name: column.most for column in load_table("watersmart_changes").columns if column.most}
    assert most == {"AccountNumber": 30, "EmailAddress": 100, "PhoneNumber": 15}


def test_a_table_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(LayoutInvalid, match="there is no such table; there are watersmart_balances"):
        load_table("nobody")


@pytest.mark.parametrize(("change", "message"), BROKEN, ids=[message for _, message in BROKEN])
def test_a_table_that_breaks_a_rule_is_refused_with_the_place(change: dict[str, Any], message: str) -> None:
    document = {
        "name": "mine",
        "title": "Mine",
        "source": "Me",
        "direction": "in",
        "column": [{"position": 1, "name": "A", "kind": "text"}],
    }
    assert parse_table(document).name == "mine"
    with pytest.raises(LayoutInvalid, match=message):
        parse_table({**document, **change})


def test_only_what_invoice_cloud_provides_is_set_for_a_biller() -> None:
    with pytest.raises(LayoutInvalid, match="is not provided by Invoice Cloud"):
        load_table("watersmart_invoices").for_biller(CustomerName="x")
