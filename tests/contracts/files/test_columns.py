"""Where the columns of a file stand [A-77]: as the table declares them, or a blank one for each FileSpecID not used."""

from __future__ import annotations

from decimal import Decimal

import pytest

from partnerlab.contracts.files import (
    Layout,
    LayoutInvalid,
    check,
    load_layout,
    parse_layout,
    read_bif,
    with_columns,
)
from tests.bill_files import cells_of, change

PADDED = "by_file_spec_id"
METERS = {"CustomField11": (Decimal(1), Decimal(2), Decimal(3), Decimal(4), Decimal(5)), "CustomField83": ("M25",)}


@pytest.fixture
def padded(layout: Layout) -> Layout:
    return with_columns(layout, PADDED)


@pytest.mark.parametrize("name", ["inhance_v2", "tccs"])
def test_every_id_of_a_record_has_its_column(name: str) -> None:
    layout = with_columns(load_layout(name), PADDED)
    for record in layout.records:
        ids = [number for first, last in record.ids for number in range(first, last + 1)]
        assert [field.column_id for field in record.fields] == ids
    assert with_columns(layout, "declared") == load_layout(name)
    assert with_columns(layout, PADDED) is layout


def test_field_93_of_the_detail_stands_at_208(layout: Layout, padded: Layout) -> None:
    """By its neighbours, between CustomField10 and CustomField20: 93 is BalanceDue's."""
    detail = padded.record("ID")
    place = [field.name for field in detail.fields].index("CustomField11")
    assert [field.column_id for field in detail.fields[place - 1 : place + 2]] == [92, 208, 209]
    assert padded.record("IH").field("BalanceDue").column_id == 93
    assert detail.row._fields == layout.record("ID").row._fields, "a row is the same whatever the columns"


def test_both_are_read_by_either_layout_and_mean_the_same(
    layout: Layout, padded: Layout, make_file, make_group
) -> None:
    groups = [make_group(600001, details=[METERS]), make_group(600002)]
    files = {columns: make_file(groups, of=with_columns(layout, columns)) for columns in ("declared", PADDED)}
    assert files["declared"] != files[PADDED]
    assert [len(line.split("|")) for line in files[PADDED].decode().splitlines()[:4]] == [6, 167, 12, 91]
    for given in (layout, padded):
        for columns, data in files.items():
            reading = read_bif(data, given, strict=True)
            assert list(reading) == groups
            assert [note.kind for note in reading.report.notes] == ([] if given.columns == columns else ["columns"])


def test_a_value_stands_in_the_column_of_its_id(padded: Layout, make_file, make_group) -> None:
    data = make_file([make_group(600001, invoice={"BalanceDue": Decimal("9.00")})], of=padded)
    row = data.decode().splitlines()[1].split("|")
    assert row[57 - 7 + 1] == "9.00", "IH has 7 to 57, then 93"
    assert cells_of(padded, data.decode().splitlines()[1])["BalanceDue"] == "9.00"


def test_an_error_shows_both_numbers(layout: Layout, make_file) -> None:
    data = change(make_file(), layout, 4, CustomField11="12k")
    assert str(check(data, layout).problems[0]) == (
        "line 4, ID.CustomField11 (93/208): '12k' is not a number (Harris inHance v2, field 93/208)"
    )


def test_a_header_with_a_column_too_many_is_not_taken_for_padded(layout: Layout, make_file) -> None:
    lines = make_file().decode().splitlines()
    lines[0] += "|"
    report = check("\n".join([*lines, ""]).encode(), layout)
    assert report.rejection is not None
    assert report.rejection.rule == "too-many-columns"


def test_a_layout_of_the_users_own_may_be_padded_and_keeps_its_fillers() -> None:
    own = {
        "extends": "inhance_v2",
        "name": "own",
        "columns": PADDED,
        "record": [{"code": "IH", "fields": [{"id": 14, "name": "Theirs", "kind": "text"}]}],
    }
    layout = parse_layout(own)
    assert layout.columns == PADDED
    assert layout.record("IH").field("Theirs").column_id == 14
    assert [field.column_id for field in layout.record("IH").fields[:9]] == list(range(7, 16))
    with pytest.raises(LayoutInvalid, match="layout own, columns: 'wide' is none of declared, by_file_spec_id"):
        parse_layout({**own, "columns": "wide"})
