"""The late fee of a bill file (TCCS, field mapping 186, 187 and 191): charged when its day is over, once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from partnerlab.simulators.ic_webservices import Settings
from partnerlab.simulators.ic_webservices.domain.late_fees import charges_at
from partnerlab.simulators.ic_webservices.services.invoice_days import InvoiceDays
from partnerlab.simulators.ic_webservices.store import INVOICES, LATE_FEE_WAITS
from partnerlab.simulators.kit.world.table import utc_text
from tests.simulators.ic_webservices.harness import (
    ACCOUNT,
    DECLINED,
    INVOICE,
    INVOICING,
    RETURNS,
    UTILITY,
    Harness,
    advance,
    elements,
    freeze,
    keyed,
    texts,
)
from tests.simulators.ic_webservices.policies import DUE, INSURER, KEY, NUMBER, POLICY, policy_file, send

DAY = timedelta(days=1)
OTHER = "701-01/01/2027"
ZONE = ZoneInfo(Settings().time_zone)


@pytest.fixture
def world(harness: Harness) -> Harness:
    """June 16, with a policy of which 340.00 are owed, and 120.00, the billed part, are due on June 20."""
    freeze(harness)
    send(harness, policy_file())
    return harness


def bill(harness: Harness, number: str = NUMBER) -> Any:
    return harness.get(f"invoices/{number}", biller_guid=INSURER)


def due(harness: Harness, number: str = NUMBER) -> tuple[str, str]:
    shown = bill(harness, number)
    return shown["balance_due"], shown["total_amount_due"]


def pay(harness: Harness, amount: str, **order: Any) -> None:
    answer = harness.pay(account_number=POLICY, invoice_number=NUMBER, amount=amount, biller_guid=INSURER, **order)
    assert answer.status == 201, answer


def set_if_unpaid(harness: Harness) -> None:
    with harness.store.write() as tx:
        invoice = INVOICES.get(tx, harness.lane.name, INSURER, NUMBER)
        assert invoice is not None
        INVOICES.put(tx, harness.lane.name, replace(invoice, late_fee_if_unpaid=True))


def test_a_fee_is_due_when_its_day_is_over_in_the_billers_zone_and_every_view_has_it(world: Harness) -> None:
    assert advance(world, 4 * DAY) == []
    assert due(world) == ("120.00", "340.00")
    told = advance(world, DAY)
    assert told == [f"1 late fee charged ({NUMBER}: 15.00, now due 135.00)"]
    assert due(world) == ("135.00", "355.00")
    inner = elements({**keyed(INSURER, KEY), "InvoiceNumber": NUMBER})
    seen = texts(world.soap(INVOICING, "ViewInvoiceByInvoiceNumber", f"<Req>{inner}</Req>"))
    assert (seen["BalanceDue"], seen["TotalAmountDue"], seen["MinimumAmountDue"]) == ("135.00", "355.00", "120.00")
    assert advance(world, 30 * DAY) == [], "never twice"
    pay(world, "135.00")
    assert due(world) == ("0.00", "220.00")
    assert world.raised[-1]["payment"]["amount"] == "135.00"


def test_a_fee_is_charged_at_midnight_of_the_biller(world: Harness) -> None:
    assert charges_at(DUE, ZONE).isoformat() == "2026-06-21T04:00:00+00:00"
    advance(world, timedelta(days=4, hours=13, minutes=59))
    assert due(world) == ("120.00", "340.00")
    advance(world, timedelta(minutes=1))
    assert due(world) == ("135.00", "355.00")


def test_of_two_billers_days_the_first_comes_first(world: Harness) -> None:
    """Whichever of the billers the store names first."""
    days = InvoiceDays("test", "late_fee_on", LATE_FEE_WAITS, charges_at)
    until = utc_text(world.lane.now() + 90 * DAY)
    for earlier, later in ((UTILITY, INSURER), (INSURER, UTILITY)):
        with world.store.write() as tx:
            for biller, on in ((earlier, DUE), (later, DUE + DAY)):
                invoice = INVOICES.get(tx, world.lane.name, biller, INVOICE if biller == UTILITY else NUMBER)
                assert invoice is not None
                INVOICES.put(tx, world.lane.name, replace(invoice, late_fee_on=on, late_fee_cents=1))
        with world.store.read() as tx:
            found = [key for _, key in days.due(tx, world.lane.name, until, 100)]
            assert found == [(earlier, DUE.isoformat()), (later, (DUE + DAY).isoformat())]
            assert [key for _, key in days.due(tx, world.lane.name, until, 1)] == found[:1]


@pytest.mark.parametrize(
    ("own", "paid", "left"),
    [
        ({}, "340.00", "0.00"),  # paid in time, all of it
        ({}, "120.00", "220.00"),  # paid in time, what was billed of it
        ({"MinimumAmountDue": Decimal("100.00")}, "120.00", "220.00"),
        ({"MinimumAmountDue": None}, "120.00", "235.00"),  # nothing is said of a billed part: all of it was due
        ({"MinimumAmountDue": Decimal("130.00")}, "130.00", "210.00"),
        ({"MinimumAmountDue": Decimal("340.00")}, "340.00", "0.00"),
        ({"MinimumAmountDue": None, "LateFeeAmount": Decimal("0.00")}, "120.00", "220.00"),
        ({"MinimumAmountDue": None, "LateFeeAmount": None}, "120.00", "220.00"),
        ({"MinimumAmountDue": None, "LateFeeDate": None}, "120.00", "220.00"),
        ({"MinimumAmountDue": None, "LateFeeDate": DUE + 9 * DAY}, "120.00", "220.00"),
    ],
)
def test_what_is_owed_ten_days_later(harness: Harness, own: dict[str, Any], paid: str, left: str) -> None:
    freeze(harness)
    send(harness, policy_file(**own))
    pay(harness, paid)
    advance(harness, 10 * DAY)
    assert due(harness)[1] == left


@pytest.mark.parametrize(
    ("order", "charged"),
    [
        ({"invoice_number": NUMBER}, False),
        ({"invoice_number": OTHER}, True),
        ({"invoice_number": NUMBER, "donation": "inline"}, True),
        ({"invoice_number": "", "donation": "standalone"}, True),
        ({"invoice_number": NUMBER, "card_number": DECLINED}, True),
        ({"invoice_number": INVOICE, "account_number": ACCOUNT, "biller_guid": UTILITY}, True),
    ],
)
def test_with_field_191_a_payment_of_that_bill_saves_the_fee_and_no_other(
    harness: Harness, order: dict[str, str], charged: bool
) -> None:
    freeze(harness)
    send(harness, policy_file(MinimumAmountDue=None))
    send(harness, policy_file(number=OTHER, LateFeeDate=None))
    set_if_unpaid(harness)
    harness.pay(**{"amount": "20.00", "account_number": POLICY, "biller_guid": INSURER, **order})
    assert any("late fee charged" in what for what in advance(harness, 7 * DAY)) is charged


def test_with_field_191_a_payment_saves_the_fee_and_its_return_brings_it_back(world: Harness) -> None:
    """TCCS never sets it; a biller's own layout may."""
    set_if_unpaid(world)
    pay(world, "120.00", tender="ach", bank_account=RETURNS)
    told = advance(world, 7 * DAY)
    happened = [what.partition(" (")[0] for what in told if not what.startswith(NUMBER)]  # TCCS is asked besides
    assert happened == ["1 payment returned", "1 late fee charged"]
    assert due(world) == ("135.00", "355.00")


def test_a_file_that_comes_again_or_corrected_charges_no_fee_again_and_a_new_day_one_more(world: Harness) -> None:
    advance(world, 5 * DAY)
    send(world, policy_file())
    assert due(world)[0] == "135.00"
    send(world, policy_file(InvoiceDate=date(2026, 6, 2)))
    assert due(world)[0] == "120.00", "the partner's word, made after its own late fee day"
    assert advance(world, 5 * DAY) == []
    send(world, policy_file(LateFeeDate=date(2026, 6, 30)))
    advance(world, 5 * DAY)
    assert due(world)[0] == "135.00"
    assert bill(world)["late_fee_charged_for"] == "2026-06-30"


def test_a_partners_word_from_after_the_day_has_the_fee_in_it(world: Harness) -> None:
    """Seven minutes past midnight in UTC, and still the day itself at the biller's: no fee is on top of the answer."""
    world.control("PATCH", f"billers/{INSURER}", {"settings": {"8": "/invoicecloudapi"}})
    world.balance = lambda *_: {"balance_due": "135.00", "total_amount_due": "355.00"}
    advance(world, timedelta(days=4, hours=10, minutes=7))
    path = f"invoices/{NUMBER}/open"
    assert world.control("POST", path, {"biller_guid": INSURER}).json["problem"] is None
    assert advance(world, DAY) == []
    assert due(world) == ("135.00", "355.00")


def test_fees_of_one_day_are_charged_together_and_no_others(shared: Harness) -> None:
    """On SQLite and on PostgreSQL."""
    world = shared
    freeze(world)
    send(world, policy_file())
    send(world, policy_file(number="701-01/01/2027"))
    send(world, policy_file(number="702-01/01/2027", due=DUE + DAY))
    told = advance(world, 5 * DAY)
    assert [what.partition(" (")[0] for what in told] == ["2 late fees charged"]
    assert due(world, "702-01/01/2027")[0] == "120.00"
    assert [what.partition(" (")[0] for what in advance(world, DAY)] == ["1 late fee charged"]
