"""A file gives a bill of a former owner's to the new one: what was paid on it under the `CV-` number counts [A-128]."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from partnerlab.simulators.ic_webservices.services.wallet import NewMethod
from partnerlab.simulators.kit.world.store import Statement
from tests.simulators.ic_webservices.harness import ACCOUNT, UTILITY, VISA, Harness, advance, bill_file, freeze, group
from tests.simulators.ic_webservices.policies import INSURER, NUMBER, POLICY, policy_file, send
from tests.simulators.ic_webservices.services.test_balances import answers, open_bill
from tests.simulators.ic_webservices.services.test_conveyed_balances import NUMBER as WATER
from tests.simulators.ic_webservices.services.test_conveyed_balances import conveyed, dues
from tests.simulators.ic_webservices.water_files import fetched, pay, row
from tests.simulators.ic_webservices.water_files import send as send_water

USER = "new-owner@example.com"
_STATED_SINCE = Statement(
    "UPDATE ic_invoices SET stated_after = 'IC9999999999', balance_due_cents = 12000, status = 'open'"
    " WHERE invoice_number = :number"
)
_ASKED_NO_MORE = Statement("DELETE FROM ic_balance_questions")


@pytest.fixture
def moved(harness: Harness) -> Harness:
    """A policy whose former owner's payment of 130.00 waits in the outbox, and whose bill is the new owner's by now."""
    freeze(harness)
    send(harness, policy_file())
    former = conveyed(harness, INSURER, POLICY)
    harness.refuse_events = True
    order = {"biller_guid": INSURER, "account_number": former, "invoice_number": NUMBER, "amount": "130.00"}
    assert harness.pay(**order).status == 201
    send(harness, policy_file(TotalAmountDue=Decimal("341.00")))
    bill = harness.get(f"invoices/{NUMBER}", biller_guid=INSURER)
    assert (bill["account_number"], bill["balance_due"], bill["total_amount_due"]) == (POLICY, "0.00", "211.00")
    return harness


def test_until_the_partner_has_a_former_owners_payment_its_answer_about_the_bill_changes_nothing(
    moved: Harness,
) -> None:
    answers(moved, "120.00", "341.00")
    opened = open_bill(moved, NUMBER, biller_guid=INSURER)
    assert "of 130.00 has no certain outcome yet" in opened["problem"]
    assert moved.get(f"invoices/{NUMBER}", biller_guid=INSURER)["balance_due"] == "0.00"
    moved.refuse_events = False
    assert moved.control("POST", "events/offer").status == 200
    answers(moved, "0.00", "211.00")
    assert open_bill(moved, NUMBER, biller_guid=INSURER)["problem"] is None


def test_a_former_owners_payment_of_another_bill_is_no_doubt_about_this_one(moved: Harness) -> None:
    other = f"{POLICY}-01/01/2028"
    send(moved, policy_file(number=other))
    answers(moved, "99.00", "99.00")
    assert open_bill(moved, other, biller_guid=INSURER)["problem"] is None


def test_autopay_takes_nothing_that_a_former_owners_payment_may_have_covered(moved: Harness) -> None:
    services = moved.sim.world.services
    services.user_accounts.register(moved.lane, INSURER, USER, "Harbor!2345", (POLICY,))
    card = NewMethod(kind="card", number=VISA, holder="Harbor Bakery", expires_on=date(2049, 9, 30))
    method = services.wallet.add(moved.lane, INSURER, USER, card)
    services.schedules.enrol(moved.lane, INSURER, USER, POLICY, method.method_id, cause="test")
    with moved.store.write() as tx:  # as if the partner had stated 120.00 since
        tx.run(_STATED_SINCE, number=NUMBER)
        tx.run(_ASKED_NO_MORE)
    told = advance(moved, timedelta(days=10))
    assert [one for one in told if "may be paid already: payment IC" in one], told
    found = moved.get("payments", biller_guid=INSURER)["payments"]
    assert [one["amount"] for one in found if one["invoice_number"] == NUMBER] == ["130.00"]


def test_a_second_file_asks_nobody_again_for_what_the_former_owner_paid_just_before(harness: Harness) -> None:
    """The second may be older than the payment, as any may where the partner can be asked [A-117]."""
    freeze(harness)
    send(harness, policy_file())
    order = {"biller_guid": INSURER, "account_number": POLICY, "invoice_number": NUMBER, "amount": "130.00"}
    assert harness.pay(**order).status == 201
    conveyed(harness, INSURER, POLICY)
    for total, left in (("341.00", "211.00"), ("342.00", "212.00")):
        send(harness, policy_file(TotalAmountDue=Decimal(total)))
        bill = harness.get(f"invoices/{NUMBER}", biller_guid=INSURER)
        assert (bill["account_number"], bill["total_amount_due"]) == (POLICY, left)


def test_inhance_v2_is_asked_about_a_new_owners_bill_where_a_former_owner_paid_all_just_before(
    harness: Harness,
) -> None:
    """The bill may be older than the payment, and have it in its balance."""
    assert harness.pay(amount="125.50").status == 201
    conveyed(harness, UTILITY, ACCOUNT)
    answers(harness, "10.00")
    harness.upload(bill_file([group("539002", ACCOUNT, "135.50")]))
    advance(harness, timedelta(minutes=1))
    assert dues(harness, UTILITY, ACCOUNT)["539002"] == "10.00"


def test_what_a_former_owner_paid_by_a_file_is_off_a_bill_that_is_the_new_owners_since(harness: Harness) -> None:
    send_water(harness, row(WATER, "64.20", number="A1"))
    former = conveyed(harness)
    pay(harness, former, "64.20")
    for amount, left in (("65.20", "1.00"), ("66.20", "2.00")):
        send_water(harness, row(WATER, amount, number="A1"))
        assert dues(harness) == {"A1": left}, "WaterSmart did not fetch the payment yet"
    fetched(harness)
    advance(harness, timedelta(days=4))
    send_water(harness, row(WATER, "7.20", number="A1"))
    assert dues(harness) == {"A1": "7.20"}
