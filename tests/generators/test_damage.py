"""Every named damage causes exactly the error that the catalogue pairs it with."""

from __future__ import annotations

import pytest

from contracts.catalogue import damages
from contracts.files import RULES, Layout, check
from generators.bif import BILLER_GUID, FORMAT_GUID
from generators.damage import DAMAGED, DamageUnknown, damage, damage_lines

BIF = {name: row for name, row in damages().items() if row.format == "bif"}


@pytest.fixture(scope="module")
def mine(layout: Layout) -> Layout:
    return layout.for_biller(BillerGuid=BILLER_GUID, InvoiceFormatGuid=FORMAT_GUID, InvoiceTypeID="1")


def test_what_can_be_done_is_what_the_catalogue_lists() -> None:
    assert set(BIF) == DAMAGED
    assert len(BIF) >= 20


@pytest.mark.parametrize("at", [2, 3, 20])
@pytest.mark.parametrize("name", BIF)
def test_a_damage_causes_exactly_its_error(make_file, mine: Layout, name: str, at: int) -> None:
    whole = make_file(20)
    assert check(whole, mine, strict=True).loaded == 20
    report = check(damage(whole, name, at=at), mine)
    if BIF[name].scope == "file":
        assert report.rejection is not None
        assert report.rejection.rule == BIF[name].error
        assert report.loaded == 0
    else:
        assert report.accepted
        assert report.quarantined == 1
        assert [problem.rule for problem in report.problems] == [BIF[name].error]
        assert report.loaded == (20 if name == "detail-outside-invoice" else 19)
        assert report.invoices == 20


@pytest.mark.parametrize("name", [name for name in BIF if name != "duplicate-invoice"])
def test_the_first_invoice_can_be_damaged_too(make_file, mine: Layout, name: str) -> None:
    report = check(damage(make_file(3), name, at=1), mine)
    assert BIF[name].error in {problem.rule for problem in report.problems}


@pytest.mark.parametrize("name", BIF)
def test_strict_mode_rejects_every_damaged_file(make_file, mine: Layout, name: str) -> None:
    report = check(damage(make_file(5), name), mine, strict=True)
    assert report.rejection is not None
    assert report.loaded == 0
    if name != "missing-invoice":  # here the rows that lost their IH row are met before the count is compared
        assert report.rejection.rule == BIF[name].error


@pytest.mark.parametrize("name", BIF)
def test_a_stream_is_damaged_like_bytes_and_nothing_else_changes(make_file, name: str) -> None:
    whole = make_file(10)
    broken = damage(whole, name)
    assert b"".join(damage_lines(iter(whole.splitlines(keepends=True)), name)) == broken
    assert broken != whole
    assert damage(whole, name) == broken
    if BIF[name].scope == "invoice":
        assert broken.splitlines()[-1] == whole.splitlines()[-1]
        assert broken.splitlines()[0] == whole.splitlines()[0]


def test_every_error_of_the_catalogue_is_a_rule_and_every_rule_of_a_reader_has_its_damage() -> None:
    # What only a writer can break, and what is no rule of a file that was ever whole.
    writers = {"not-of-its-type", "replaced-character"}
    assert {row.error for row in BIF.values()} == set(RULES) - writers
    header = ("header-", "other-biller")
    for name, row in BIF.items():
        if not name.startswith(header):
            assert RULES[row.error][0] == row.scope, name


def test_what_cannot_be_done_is_refused(make_file) -> None:
    with pytest.raises(DamageUnknown, match="there is no damage 'rust'"):
        damage(make_file(2), "rust")
    with pytest.raises(DamageUnknown, match="ended before invoice 3"):
        damage(make_file(2), "bad-amount", at=3)
    with pytest.raises(DamageUnknown, match="no invoice 1"):
        damage(make_file(2), "duplicate-invoice", at=1)
    with pytest.raises(DamageUnknown, match="no invoice 0"):
        damage_lines([], "bad-amount", at=0)
