"""Which rows are in doubt, or may be missing in a bill: each condition is met by one row and by another is not."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from partnerlab.simulators.ic_webservices.services.ledger import biller_of, invoice_of
from partnerlab.simulators.ic_webservices.services.taken import may_hold_money_taken, taken_since_file
from tests.simulators.ic_webservices.harness import (
    ACCOUNT,
    INVOICE,
    RETURNS,
    UTILITY,
    Harness,
    advance,
    begin,
    bill_file,
    group,
)
from tests.simulators.ic_webservices.services.test_conveyed_balances import V1, V1_KEY

NEIGHBOUR, OTHER = "10000102", "other"


def paid(harness: Harness, amount: str, account: str = ACCOUNT, biller: str = UTILITY, **order: Any) -> None:
    assert harness.pay(account_number=account, biller_guid=biller, amount=amount, **order).status == 201


def v1_bills(harness: Harness) -> None:
    """The same account and the same bill at another biller."""
    content = bill_file([group(INVOICE, ACCOUNT, "50.00", on=date(2026, 5, 20))], biller=V1)
    assert harness.upload(content, biller=V1, key=V1_KEY)["Success"] == "true"


def doubt(harness: Harness, lane: str = "default") -> tuple[list[int], tuple[str, ...]]:
    harness.lane_name = lane
    with harness.store.read() as tx:
        found = harness.sim.world.services.presentment.unsettled.doubt(tx, harness.lane, UTILITY, ACCOUNT)
    return [one.amount_cents for one in found.payments], found.unknown


def test_in_doubt_is_what_of_an_account_waits_in_the_outbox_or_was_refused_there(harness: Harness) -> None:
    begin(harness)
    v1_bills(harness)
    paid(harness, "1.00")
    paid(harness, "2.00", tender="ach", bank_account=RETURNS)
    harness.reject_events = True
    advance(harness, timedelta(days=7))
    paid(harness, "4.00")
    paid(harness, "8.00", NEIGHBOUR)
    paid(harness, "16.00", biller=V1)
    switched = harness.control("POST", f"customers/{ACCOUNT}/paperless", {"biller_guid": UTILITY, "enrolled": True})
    assert switched.status == 200, switched
    harness.reject_events, harness.refuse_events = False, True
    paid(harness, "32.00")
    harness.lanes.fork("default", OTHER)
    harness.lane_name = OTHER
    paid(harness, "0.50")
    assert doubt(harness) == ([2_00, 4_00, 32_00], ())
    assert doubt(harness, OTHER) == ([2_00, 4_00, 32_00, 50], ())


def since(harness: Harness, lane: str = "default", number: str = ACCOUNT) -> tuple[int, int, bool]:
    harness.lane_name = lane
    with harness.store.read() as tx:
        biller = biller_of(tx, harness.lane, UTILITY)
        unsettled = harness.sim.world.services.presentment.unsettled
        bill = invoice_of(tx, harness.lane, biller, INVOICE)
        taken, moved, _ = taken_since_file(tx, harness.lane, biller, [number], bill, unsettled)
    return taken.perhaps_cents, taken.doubted_cents, moved


def held(harness: Harness, lane: str = "default") -> bool:
    harness.lane_name = lane
    with harness.store.read() as tx:
        unsettled = harness.sim.world.services.presentment.unsettled
        return may_hold_money_taken(tx, harness.lane, biller_of(tx, harness.lane, UTILITY), [ACCOUNT], unsettled)


def test_a_changed_bill_may_lack_what_was_paid_on_it_alone(harness: Harness) -> None:
    begin(harness)
    v1_bills(harness)
    harness.lanes.fork("default", OTHER)
    paid(harness, "1.00", invoice_number=INVOICE)
    assert (since(harness), since(harness, OTHER)) == ((1_00, 0, True), (0, 0, False))
    harness.lane_name = "default"
    paid(harness, "4.00", NEIGHBOUR)
    paid(harness, "8.00", biller=V1, invoice_number=INVOICE)
    paid(harness, "0.50", invoice_number=INVOICE, donation="inline")
    declined = {"account_number": ACCOUNT, "invoice_number": INVOICE, "amount": "16.00", "biller_guid": UTILITY}
    assert harness.pay(**declined, card_number="4000000000000002").json["approved"] is False
    harness.upload(bill_file([group("500201", ACCOUNT, "64.00", on=date(2030, 1, 1))]))
    paid(harness, "2.00", invoice_number="500201")
    assert (since(harness), since(harness, number=NEIGHBOUR)) == ((1_00, 0, True), (0, 0, False))
    advance(harness, timedelta(days=4))
    assert since(harness) == (1_00, 0, True), "no file came since"
    harness.upload(bill_file([group(INVOICE, ACCOUNT, "120.00")]))
    assert since(harness) == (0, 0, False)


def test_a_changed_bill_may_lack_what_was_paid_lately_though_a_file_came_since(harness: Harness) -> None:
    begin(harness)
    paid(harness, "1.00", invoice_number=INVOICE)
    harness.upload(bill_file([group(INVOICE, ACCOUNT, "120.00")]))
    assert since(harness) == (1_00, 0, True)
    advance(harness, timedelta(days=4))
    assert since(harness) == (0, 0, False)


def test_a_new_bill_may_hold_what_was_paid_lately_on_its_account_alone(harness: Harness) -> None:
    begin(harness)
    v1_bills(harness)
    harness.lanes.fork("default", OTHER)
    paid(harness, "2.00", tender="ach", bank_account=RETURNS)
    advance(harness, timedelta(days=7))
    assert not held(harness), "it came back"
    paid(harness, "4.00", NEIGHBOUR)
    paid(harness, "8.00", biller=V1)
    harness.refuse_events = True
    paid(harness, "0.50", donation="standalone")
    declined = {"account_number": ACCOUNT, "amount": "16.00", "biller_guid": UTILITY}
    assert harness.pay(**declined, card_number="4000000000000002").json["approved"] is False
    assert not held(harness)
    harness.refuse_events = False
    paid(harness, "1.00")
    assert (held(harness), held(harness, OTHER)) == (True, False)
    harness.lane_name = "default"
    advance(harness, timedelta(days=4))
    assert not held(harness)
