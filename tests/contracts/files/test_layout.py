"""Layouts as data: what a document may say, and a partner's filler columns without code [A-14]."""

from __future__ import annotations

import copy
import io
import pickle
from pathlib import Path
from typing import Any

import pytest

from partnerlab.contracts.data import read_toml
from partnerlab.contracts.files import (
    LayoutInvalid,
    check,
    layouts,
    load_layout,
    parse_layout,
    read_bif,
    read_layout,
    write_bif,
)
from tests.bill_files import cells_of, change

WIDE = """
extends = "inhance_v2"
name = "inhance_v2_wide"
source = "Example City layout"

[[record]]
code = "IH"
fields = [
    { id = 14, name = "Unused14", kind = "filler" },
    { id = 15, name = "Unused15", kind = "filler" },
    { id = 43, name = "Custom6", kind = "text", description = "past due, in words" },
]

[[record]]
code = "ID"
fields = [
    { id = 71, name = "Quantity", kind = "number" },
    { id = 300, name = "Unused300", kind = "filler" },
]
"""


def test_filler_columns_are_added_without_code(make_group, header, tmp_path: Path) -> None:
    path = tmp_path / "wide.toml"
    path.write_text(WIDE)
    layout = read_layout(path)
    ids = [field.spec_id for field in layout.record("IH").fields]
    assert ids == sorted({*(field.spec_id for field in load_layout("inhance_v2").record("IH").fields), 14, 15})
    assert layout.record("CR") == load_layout("inhance_v2").record("CR")
    group = make_group(of=layout, invoice={"Custom6": "none"})
    stream = io.BytesIO()
    write_bif(stream, layout, header, [group])
    lines = stream.getvalue().decode().splitlines()
    cells = cells_of(layout, lines[1])
    assert (cells["TotalAmountDue"], cells["Unused14"], cells["AllowPartialPayments"]) == ("125.50", "", "1")
    assert [line.count("|") + 1 for line in lines] == [len(record.fields) for record in layout.records]
    assert list(read_bif(stream.getvalue(), layout)) == [group]
    assert "Unused14" not in layout.record("IH").row._fields


def test_what_a_filler_holds_is_not_read(make_group, header) -> None:
    import tomllib

    layout = parse_layout(tomllib.loads(WIDE))
    stream = io.BytesIO()
    group = make_group(of=layout)
    write_bif(stream, layout, header, [group])
    data = change(stream.getvalue(), layout, 2, Unused14="anything", Unused15="12,00")
    assert data != stream.getvalue()
    assert list(read_bif(data, layout)) == [group]


def test_errors_name_the_users_own_source(make_file) -> None:
    import tomllib

    layout = parse_layout(tomllib.loads(WIDE))
    (problem, *_) = check(make_file(), layout).problems
    assert str(problem).endswith("(Example City layout, field 13)")
    assert problem.rule == "unreadable-total"


def document() -> dict[str, Any]:
    return copy.deepcopy(read_toml("files/inhance_v2.toml"))


def fields(found: dict[str, Any], code: str) -> list[dict[str, Any]]:
    return next(record["fields"] for record in found["record"] if record["code"] == code)


def field(found: dict[str, Any], code: str, name: str) -> dict[str, Any]:
    return next(entry for entry in fields(found, code) if entry["name"] == name)


BROKEN = {
    "kind 'money' is not known": lambda d: field(d, "IH", "InvoiceNumber").update(kind="money"),
    "'colour' is not known": lambda d: field(d, "IH", "InvoiceNumber").update(colour="red"),
    "'kind' is missing": lambda d: field(d, "IH", "InvoiceNumber").pop("kind"),
    "stands after 10": lambda d: field(d, "IH", "InvoiceDate").update(id=10),
    "a name is one word": lambda d: field(d, "IH", "InvoiceNumber").update(name="Invoice Number"),
    "stands once in its record": lambda d: field(d, "CR", "CustomerName").update(name="AccountNumber"),
    "a term stands twice": lambda d: field(d, "CR", "CustomerName").update(term="account_number"),
    "its first field is RowType": lambda d: fields(d, "CR").pop(0),
    "record CR: is missing": lambda d: d["record"].pop(2),
    "records are FH, IH, CR, ID": lambda d: d["record"].append({"code": "AH", "fields": []}),
    "constant 'x' is not a flag": lambda d: field(d, "IH", "AllowPartialPayments").update(constant="x"),
    "at least two, with a measure": lambda d: field(d, "ID", "CustomField10").update(meters=[1, 1]),
    "the meters of reading have a gap": lambda d: fields(d, "ID").remove(field(d, "ID", "CustomField71")),
    "a filler is not required": lambda d: field(d, "IH", "InvoiceNumber").update(kind="filler"),
    "pattern and shape stand together": lambda d: field(d, "CR", "CustomerName").update(pattern="[A-Z]+"),
    "pattern and shape stand together, in a text": lambda d: field(d, "CR", "CustomerName").update(shape="capitals"),
    "in a text of one value that is no constant": lambda d: field(d, "IH", "AllowPartialPayments").update(
        pattern="1", shape="one"
    ),
    "pattern '[' is none": lambda d: field(d, "CR", "CustomerName").update(pattern="[", shape="a bracket"),
    "'key' is missing": lambda d: d["totals"].pop("key"),
    "FH has no field Count": lambda d: d["totals"].update(count="Count"),
    "is a required amount of one value": lambda d: d["totals"].update(of="Custom1"),
}


@pytest.mark.parametrize("rule", BROKEN)
def test_a_table_that_breaks_a_rule_is_refused_with_its_place(rule: str) -> None:
    found = document()
    BROKEN[rule](found)
    with pytest.raises(LayoutInvalid) as invalid:
        parse_layout(found)
    assert rule in str(invalid.value)
    assert str(invalid.value).startswith("layout inhance_v2, ")


def test_the_table_itself_breaks_none() -> None:
    assert parse_layout(document()) == load_layout("inhance_v2")


def test_an_unknown_layout_is_named_with_those_there_are() -> None:
    with pytest.raises(LayoutInvalid, match=r"there is no such layout; there are .*inhance_v2"):
        load_layout("tccs_v9")
    assert "inhance_v2" in layouts()


@pytest.mark.parametrize("text", ["name = ", "\xff"])
def test_a_file_that_is_no_toml_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(LayoutInvalid):
        read_layout(path)


def test_a_layout_survives_a_pickle_and_is_the_same_key(layout) -> None:
    again = pickle.loads(pickle.dumps(layout))
    assert again == layout
    assert hash(again) == hash(layout)
    assert again.record("ID").make(Description="x") == layout.record("ID").make(Description="x")
    mine = layout.for_biller(InvoiceTypeID="1")
    assert mine.record("CR") == layout.record("CR")
    assert mine.record("IH") != layout.record("IH")


def test_rows_of_equal_layouts_are_of_one_class(layout, make_file) -> None:
    """Whichever of them a file was read by first."""
    data, again = make_file(), pickle.loads(pickle.dumps(layout))
    for each in (layout, again):
        (first, *_) = read_bif(data, each)
        assert (type(first.invoice), type(first.details[0])) == (again.record("IH").row, layout.record("ID").row)


def test_a_layout_can_be_a_key_and_its_rows_a_copy(layout) -> None:
    assert hash(layout) == hash(load_layout("inhance_v2"))
    assert copy.copy(layout.record("IH").make(InvoiceNumber="1")).InvoiceNumber == "1"
    with pytest.raises(KeyError, match="IH has no field X"):
        layout.record("IH").field("X")
    with pytest.raises(KeyError, match="has no record AH"):
        layout.record("AH")
