"""Every named damage causes exactly the error that the catalogue pairs it with."""

from __future__ import annotations

from decimal import Decimal

import pytest

from partnerlab.contracts.catalogue import damages
from partnerlab.contracts.files import RULES, Layout, check, load_layout, parse_layout
from partnerlab.generators import bif, tccs_bif
from partnerlab.generators.damage import CELLS, DAMAGED, OWN_CELLS, DamageUnknown, damage, damage_lines, damages_of

BIF = {name: row for name, row in damages().items() if row.format == "bif"}
BILLERS = {"inhance_v2": bif.BILLER_GUID, "tccs": tccs_bif.BILLER_GUID}
# Rules that are about a row before it is cut into columns.
WHOLE_ROW = ("unknown-row-type", "control-character", "not-text", "too-many-columns", "row-too-long")
CASES = [(partner, name) for partner in BILLERS for name in sorted(damages_of(partner))]


@pytest.fixture(scope="module")
def whole(make_file, make_tccs_file) -> dict[str, list[bytes]]:
    """The lines of a good file of each partner, of five invoices."""
    make = {"inhance_v2": make_file, "tccs": make_tccs_file}
    return {partner: make[partner](5).splitlines(keepends=True) for partner in BILLERS}


def mine(partner: str) -> Layout:
    """The partner's layout for the sandbox's biller."""
    return load_layout(partner).for_biller(
        BillerGuid=BILLERS[partner], InvoiceFormatGuid=bif.FORMAT_GUID, InvoiceTypeID="1"
    )


def test_what_can_be_done_is_what_the_catalogue_lists() -> None:
    assert set(BIF) == DAMAGED
    for partner in BILLERS:
        listed = {name for name, row in BIF.items() if not row.partners or partner in row.partners}
        assert listed == damages_of(partner)
        assert len(listed) >= 20


@pytest.mark.parametrize("partner", BILLERS)
def test_the_files_that_are_damaged_are_whole(whole, partner: str) -> None:
    report = check(whole[partner], mine(partner), strict=True)
    assert (report.loaded, report.notes) == (5, ())


@pytest.mark.parametrize(("partner", "name"), CASES)
def test_a_damage_causes_exactly_its_error_and_changes_nothing_else(whole, partner: str, name: str) -> None:
    layout, lines, row = mine(partner), whole[partner], BIF[name]
    broken = list(damage_lines(iter(lines), name, at=3, layout=layout))
    report = check(broken, layout)
    strict = check(broken, layout, strict=True)
    assert strict.rejection is not None
    assert strict.loaded == 0
    if row.scope == "file":
        assert report.rejection is not None
        assert report.rejection.rule == row.error
        assert report.loaded == 0
    else:
        assert report.accepted
        assert report.quarantined == 1
        (problem,) = report.problems
        assert problem.rule == row.error
        code, field, _ = {**CELLS, **OWN_CELLS[partner]}.get(name, ("", "", b""))
        if code and row.error not in WHOLE_ROW:
            assert (problem.record, problem.field) == (code, field)
            assert broken[problem.line - 1].startswith(code.encode())
            assert problem.spec_id == layout.record(code).field(field).spec_id
        assert report.loaded == (5 if name == "detail-outside-invoice" else 4)
        assert report.invoices == 5
        assert (broken[0], broken[-1]) == (lines[0], lines[-1])
    if name != "missing-invoice":  # here the rows that lost their IH row are met before the count is compared
        assert strict.rejection.rule == row.error


def changed_cells(before: list[bytes], after: list[bytes]) -> list[tuple[int, int, bytes, bytes]]:
    """Line, column (both from 1), what stood and what stands there, of files of as many lines and columns."""
    return [
        (line, column, was, now)
        for line, rows in enumerate(zip(before, after, strict=True), 1)
        for column, (was, now) in enumerate(zip(*(row.split(b"|") for row in rows), strict=True), 1)
        if was != now
    ]


@pytest.mark.parametrize("partner", BILLERS)
def test_a_damage_of_a_cell_changes_that_cell_of_that_invoice(whole, partner: str) -> None:
    layout, lines = mine(partner), whole[partner]
    begins = [number for number, line in enumerate(lines, 1) if line.startswith(b"IH|")]
    for name, (code, field, text) in {**CELLS, **OWN_CELLS[partner]}.items():
        if b"|" in text or name == "wrong-record-type":
            continue  # there are more columns, or no longer a row of that type
        ((line, column, _, now),) = changed_cells(lines, list(damage_lines(lines, name, at=3, layout=layout)))
        assert lines[line - 1].startswith(code.encode()), name
        assert (line == 1) if code == "FH" else (begins[2] <= line < begins[3]), name
        assert (layout.record(code).fields[column - 1].name, now.strip(b"\n")) == (field, text), name


@pytest.mark.parametrize("partner", BILLERS)
def test_a_count_and_a_total_are_wrong_by_the_least_there_is(whole, partner: str) -> None:
    layout, lines = mine(partner), whole[partner]
    for name, field, step in (("wrong-count", layout.totals.count, "1"), ("wrong-total", layout.totals.sum, "0.01")):
        ((line, column, was, now),) = changed_cells(lines, list(damage_lines(lines, name, layout=layout)))
        assert (line, layout.record("FH").fields[column - 1].name) == (1, field)
        assert Decimal(now.decode()) - Decimal(was.decode()) == Decimal(step)


@pytest.mark.parametrize("partner", BILLERS)
def test_a_row_that_is_added_is_one_of_its_type(whole, partner: str) -> None:
    """What is wrong is where it stands, or that it stands there: not how many columns it has."""
    layout, lines = mine(partner), whole[partner]
    (stray,) = [line for line in damage_lines(lines, "detail-outside-invoice", layout=layout) if line not in lines]
    assert (stray[:3], stray.count(b"|") + 1) == (b"ID|", len(layout.record("ID").fields))
    many = list(damage_lines(lines, "too-many-details", at=3, layout=layout))
    assert len(many) - len(lines) == 1_000
    assert set(many) == set(lines)


@pytest.mark.parametrize("at", [1, 2, 5])
@pytest.mark.parametrize(
    "name", ["unreadable-total", "required-empty", "missing-customer", "truncated", "missing-invoice"]
)
def test_any_invoice_can_be_damaged(whole, name: str, at: int) -> None:
    """A cell, a row, an end: one damage for each way of doing it, at both ends of the file."""
    layout = mine("inhance_v2")
    report = check(list(damage_lines(whole["inhance_v2"], name, at=at, layout=layout)), layout)
    assert BIF[name].error in {problem.rule for problem in report.problems}
    broken = [problem.invoice_number for problem in report.problems if problem.invoice_number]
    assert not broken or broken[0] == str(1_000_000 + at) or name == "missing-invoice"


def test_bytes_are_damaged_like_a_stream_and_alike_each_time(whole) -> None:
    lines = whole["inhance_v2"]
    broken = damage(b"".join(lines), "bad-amount")
    assert broken == damage(b"".join(lines), "bad-amount") == b"".join(damage_lines(iter(lines), "bad-amount"))


@pytest.mark.parametrize("partner", BILLERS)
def test_a_layout_of_the_users_own_can_be_damaged_like_the_one_it_extends(whole, partner: str) -> None:
    own, data = parse_layout({"extends": partner, "name": "own"}), b"".join(whole[partner])
    assert damage(data, "one-decimal", layout=own) == damage(data, "one-decimal", layout=load_layout(partner))


def test_every_error_of_the_catalogue_is_a_rule_and_every_rule_of_a_reader_has_its_damage() -> None:
    # What only a writer can break, and what is no rule of a file that was ever whole.
    writers = {"not-of-its-type", "replaced-character"}
    writers |= {"not-a-flag"}  # every flag of a partner's table is tolerant or a constant
    writers |= {"hopeless"}  # takes ten thousand rows: tests/contracts/files/test_hostile.py
    assert {row.error for row in BIF.values()} == set(RULES) - writers
    header = ("header-", "other-biller")
    for name, row in BIF.items():
        if not name.startswith(header):
            assert RULES[row.error][0] == row.scope, name


def test_what_cannot_be_done_is_refused(make_file) -> None:
    with pytest.raises(DamageUnknown, match="there is no damage 'rust' for the Harris inHance v2 invoice file"):
        damage(make_file(2), "rust")
    with pytest.raises(DamageUnknown, match="there is no damage 'six-meters' for the TCCS invoice file"):
        damage(make_file(2), "six-meters", layout=load_layout("tccs"))
    with pytest.raises(DamageUnknown, match="ended before invoice 3"):
        damage(make_file(2), "bad-amount", at=3)
    with pytest.raises(DamageUnknown, match="no invoice 1"):
        damage(make_file(2), "duplicate-invoice", at=1)
    with pytest.raises(DamageUnknown, match="no invoice 0"):
        damage_lines([], "bad-amount", at=0)
