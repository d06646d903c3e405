"""The standard tests of a field table, made from the table: every field of every layout of the project."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from partnerlab.contracts.files import (
    Field,
    InvoiceGroup,
    Layout,
    Row,
    check,
    layouts,
    load_layout,
    read_bif,
    write_bif,
)

EXAMPLES: dict[str, Any] = {
    "text": "some text",
    "date": date(2026, 2, 28),
    "amount": Decimal("-1234567.89"),
    "number": Decimal("12.5"),
    "integer": 7,
    "flag": True,
    "guid": "0a1b2c3d-0000-4000-8000-00000000000F",
}
WRONG = {
    "date": ("2026-02-28", "02/29/2026", "2/28/2026", "00/00/0000", " 02/28/2026", "02/28/26"),
    "amount": (
        "1",
        "1.0",
        "1.000",
        "1,000.00",
        "1.00 ",
        "+1.00",
        "$1.00",
        "1.00-",
        "(1.00)",
        ".50",
        "NaN",
        "1e2",
        "١.٠٠",
    ),
    "number": ("x", "1,5", "1.", ".5", "+1", "1e3", " 1", "1.1234567", "1234567890123456", "٣"),
    "integer": ("x", "-1", "1.0", "1234567890", " 1"),
    "flag": ("Y", "N", "true", "2", " ", "01"),
    "guid": ("x", "0a1b2c3d00004000800000000000000f", "{0a1b2c3d-0000-4000-8000-00000000000f}"),
}
FIELDS = [
    pytest.param(name, record.code, field, id=f"{name}-{record.code}.{field.name}")
    for name in layouts()
    for record in load_layout(name).records
    for field in record.named
]


SHAPED = {"InvoiceNumber": "HO-1042-03/01/2027"}  # by field: an example of its pattern


def example(field: Field) -> Any:
    if field.pattern:
        return SHAPED[field.name]
    if field.constant:
        return {"flag": field.constant == "1"}.get(field.kind, field.constant)
    if field.many:
        return tuple(EXAMPLES[field.kind] for _ in range(field.values))
    return EXAMPLES[field.kind]


def group_of(layout: Layout, *, full: bool) -> InvoiceGroup:
    """An invoice with every field filled, or only those that must be."""

    def row(code: str) -> Row:
        record = layout.record(code)
        return record.make(**{f.name: example(f) for f in record.named if full or f.required})

    return InvoiceGroup(row("IH"), row("CR"), (row("ID"),))


def file_of(layout: Layout, *, full: bool = True) -> bytes:
    header = layout.record("FH").make(BillerGuid=EXAMPLES["guid"], FileCreationDate=EXAMPLES["date"])
    stream = io.BytesIO()
    write_bif(stream, layout, header, [group_of(layout, full=full)])
    return stream.getvalue()


def with_cell(layout: Layout, data: bytes, code: str, field: Field, text: str) -> bytes:
    rows = data.decode().splitlines()
    at = next(at for at, row in enumerate(rows) if row.startswith(code))
    cells = rows[at].split("|")
    cells[[f.spec_id for f in layout.record(code).fields].index(field.spec_id)] = text
    rows[at] = "|".join(cells)
    return ("\n".join(rows) + "\n").encode()


def only_problem(layout: Layout, data: bytes) -> tuple[str, str, int]:
    problems = [p for p in check(data, layout).problems if p.rule != "unreadable-total"]
    assert len(problems) == 1, [str(p) for p in problems]
    return problems[0].rule, problems[0].field, problems[0].spec_id


@pytest.mark.parametrize("name", layouts())
def test_columns_stand_in_order_without_gaps_between_meters(name: str) -> None:
    for record in load_layout(name).records:
        assert record.fields[0].constant == record.code
        for before, after in pairwise(record.fields):
            assert before.spec_id < after.spec_id
        for measure in {field.measure for field in record.fields if field.many}:
            own = sorted((f for f in record.fields if f.measure == measure), key=lambda f: f.first_meter)
            assert [f.first_meter for f in own] == [1, *(f.last_meter + 1 for f in own[:-1])]


@pytest.mark.parametrize("name", layouts())
@pytest.mark.parametrize("full", [True, False])
def test_a_full_row_and_a_bare_one_make_the_round_trip(name: str, full: bool) -> None:
    layout = load_layout(name)
    (group,) = read_bif(file_of(layout, full=full), layout)
    assert group == group_of(layout, full=full)
    for code, row in (("IH", group.invoice), ("CR", group.customer), ("ID", group.details[0])):
        for field, value in zip(layout.record(code).named, row, strict=True):
            expected = example(field)
            if full or field.required or field.constant:
                assert value == expected
                assert type(value) is type(expected)
            else:
                assert value == field.empty


@pytest.mark.parametrize(("name", "code", "field"), FIELDS)
def test_an_empty_cell_is_a_problem_where_it_is_required_and_only_there(name: str, code: str, field: Field) -> None:
    layout = load_layout(name)
    data = with_cell(layout, file_of(layout), code, field, "")
    if field.name == "RowType":
        report = check(data, layout)
        assert report.loaded == 0
        assert {problem.rule for problem in report.problems} & {"unknown-row-type", "missing-header", "missing-detail"}
    elif field.required:
        assert only_problem(layout, data) == ("required-empty", field.name, field.spec_id)
    else:
        assert check(data, layout).loaded == 1


STRICT = [p for p in FIELDS if p.values[2].kind in WRONG and not p.values[2].tolerant]


@pytest.mark.parametrize(("name", "code", "field"), STRICT)
def test_a_value_of_another_form_is_a_problem_of_its_field(name: str, code: str, field: Field) -> None:
    layout = load_layout(name)
    for text in WRONG[field.kind]:
        rule, where, spec_id = only_problem(layout, with_cell(layout, file_of(layout), code, field, text))
        assert (where, spec_id) == (field.name, field.spec_id), text
        if field.required and text.isspace():
            assert rule == "required-empty"
        elif field.constant:
            assert rule == "wrong-constant"
        else:
            assert rule.startswith("not-a"), (text, rule)


@pytest.mark.parametrize(("name", "code", "field"), [p for p in FIELDS if p.values[2].pattern])
def test_a_field_of_a_given_shape_has_it(name: str, code: str, field: Field) -> None:
    layout = load_layout(name)
    for text in ("x", "HO-1042", f" {SHAPED[field.name]}", f"{SHAPED[field.name]}x", f"{SHAPED[field.name]}\t"):
        data = with_cell(layout, file_of(layout), code, field, text)
        assert only_problem(layout, data) == ("wrong-shape", field.name, field.spec_id), text
        assert field.shape in str(check(data, layout).problems[0])


@pytest.mark.parametrize(("name", "code", "field"), [p for p in FIELDS if p.values[2].many])
def test_a_field_of_several_meters_holds_its_number_and_no_more(name: str, code: str, field: Field) -> None:
    layout = load_layout(name)
    one = with_cell(layout, file_of(layout), code, field, ";" * (field.values - 1))
    (group,) = read_bif(one, layout)
    assert len(group.details[0][field.name]) == field.values
    assert not any(group.details[0][field.name])
    assert only_problem(layout, with_cell(layout, one, code, field, ";" * field.values))[0] == "too-many-values"


@pytest.mark.parametrize(("name", "code", "field"), [p for p in FIELDS if p.values[2].constant])
def test_a_constant_holds_nothing_else(name: str, code: str, field: Field) -> None:
    if field.name == "RowType":
        return
    layout = load_layout(name)
    other = "1" if field.constant == "0" else "0"
    assert only_problem(layout, with_cell(layout, file_of(layout), code, field, other))[0] == "wrong-constant"


@pytest.mark.parametrize("name", layouts())
@pytest.mark.parametrize("code", ["FH", "IH", "CR", "ID"])
@pytest.mark.parametrize(("change", "rule"), [("|", "too-many-columns"), ("", "too-few-columns")])
def test_a_row_has_the_columns_of_its_table(name: str, code: str, change: str, rule: str) -> None:
    layout = load_layout(name)
    rows = file_of(layout).decode().splitlines()
    at = next(at for at, row in enumerate(rows) if row.startswith(code))
    if not change and "|" not in rows[at]:
        rule = "missing-detail"  # a record of one column: without it the row is blank
    rows[at] = rows[at] + change if change else rows[at].rpartition("|")[0]
    assert only_problem(layout, ("\n".join(rows) + "\n").encode())[0] == rule
