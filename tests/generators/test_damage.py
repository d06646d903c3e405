"""Every named damage causes exactly the error that the catalogue pairs it with."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from partnerlab.contracts.catalogue import damages
from partnerlab.contracts.files import RULES, Layout, check, load_layout, parse_layout
from partnerlab.generators import bif, tccs_bif
from partnerlab.generators.damage import DAMAGED, DamageUnknown, damage, damage_lines, damages_of

BIF = {name: row for name, row in damages().items() if row.format == "bif"}
BILLERS = {"inhance_v2": bif.BILLER_GUID, "tccs": tccs_bif.BILLER_GUID}
CASES = [(partner, name) for partner in BILLERS for name in sorted(damages_of(partner))]


@pytest.fixture
def whole(partner: str, make_file, make_tccs_file) -> Callable[[int], bytes]:
    return {"inhance_v2": make_file, "tccs": make_tccs_file}[partner]


@pytest.fixture
def mine(partner: str) -> Layout:
    return load_layout(partner).for_biller(
        BillerGuid=BILLERS[partner], InvoiceFormatGuid=bif.FORMAT_GUID, InvoiceTypeID="1"
    )


def test_what_can_be_done_is_what_the_catalogue_lists() -> None:
    assert set(BIF) == DAMAGED
    for partner in BILLERS:
        listed = {name for name, row in BIF.items() if not row.partners or partner in row.partners}
        assert listed == damages_of(partner)
        assert len(listed) >= 20


@pytest.mark.parametrize("at", [2, 3, 20])
@pytest.mark.parametrize(("partner", "name"), CASES)
def test_a_damage_causes_exactly_its_error(whole, mine: Layout, name: str, at: int) -> None:
    data = whole(20)
    assert check(data, mine, strict=True).loaded == 20
    report = check(damage(data, name, at=at, layout=mine), mine)
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


@pytest.mark.parametrize(("partner", "name"), [case for case in CASES if case[1] != "duplicate-invoice"])
def test_the_first_invoice_can_be_damaged_too(whole, mine: Layout, name: str) -> None:
    report = check(damage(whole(3), name, at=1, layout=mine), mine)
    assert BIF[name].error in {problem.rule for problem in report.problems}


@pytest.mark.parametrize(("partner", "name"), CASES)
def test_strict_mode_rejects_every_damaged_file(whole, mine: Layout, name: str) -> None:
    report = check(damage(whole(5), name, layout=mine), mine, strict=True)
    assert report.rejection is not None
    assert report.loaded == 0
    if name != "missing-invoice":  # here the rows that lost their IH row are met before the count is compared
        assert report.rejection.rule == BIF[name].error


@pytest.mark.parametrize(("partner", "name"), CASES)
def test_a_stream_is_damaged_like_bytes_and_nothing_else_changes(whole, mine: Layout, name: str) -> None:
    data = whole(10)
    broken = damage(data, name, layout=mine)
    assert b"".join(damage_lines(iter(data.splitlines(keepends=True)), name, layout=mine)) == broken
    assert broken != data
    assert damage(data, name, layout=mine) == broken
    if BIF[name].scope == "invoice":
        assert broken.splitlines()[-1] == data.splitlines()[-1]
        assert broken.splitlines()[0] == data.splitlines()[0]


@pytest.mark.parametrize("partner", BILLERS)
def test_a_layout_of_the_users_own_can_be_damaged_like_the_one_it_extends(whole, partner: str) -> None:
    own = parse_layout({"extends": partner, "name": "own"})
    assert damage(whole(3), "one-decimal", layout=own) == damage(whole(3), "one-decimal", layout=load_layout(partner))


def test_every_error_of_the_catalogue_is_a_rule_and_every_rule_of_a_reader_has_its_damage() -> None:
    # What only a writer can break, and what is no rule of a file that was ever whole.
    writers = {"not-of-its-type", "replaced-character"}
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
