"""A bill's whole life on each kind of store: sent, shown, paid, cleared, over every door at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.simulators.ic_webservices.checkouts import Checkout, Receiver, request
from tests.simulators.ic_webservices.harness import (
    INVOICE,
    INVOICING,
    RETURNS,
    UTILITY,
    Harness,
    advance,
    begin,
    bill_file,
    elements,
    freeze,
    group,
    keyed,
    texts,
)
from tests.simulators.ic_webservices.pages.visit import BANK, CARD, USER, Visit
from tests.simulators.ic_webservices.services.test_payments import check_event


def test_a_bill_is_sent_shown_paid_returned_and_paid_again(shared: Harness) -> None:
    freeze(shared)
    told = shared.upload(
        bill_file([group("700001", "20000001", "50.00"), group("700002", "20000002", InvoiceTypeID=3)])
    )
    assert (told["InvoicesAccepted"], told["InvoicesRejected"]) == ("1", "1")
    shared.balance = lambda *_: {"balance_due": "55.00", "total_amount_due": "80.00", "email_address": "a@example.com"}
    assert shared.control("POST", "invoices/700001/open").json["invoice"]["balance_due"] == "55.00"

    def pay(**how: Any) -> None:
        paid = shared.pay(account_number="20000001", invoice_number="700001", amount="55.00", **how)
        assert paid.status == 201

    def seen() -> str:
        inner = elements({**keyed(), "InvoiceNumber": "700001"})
        result = shared.soap(INVOICING, "ViewInvoiceByInvoiceNumber", f"<Req>{inner}</Req>", version=2)
        return str(texts(result)["BalanceDue"])

    pay(tender="ach", bank_account=RETURNS)
    assert seen() == "0.00"
    advance(shared, timedelta(days=14))
    assert seen() == "55.00"
    pay(tender="credit_card")
    assert seen() == "0.00"
    shared.control("POST", "customers/20000001/paperless", {"enrolled": True})
    advance(shared, timedelta(days=14))
    assert [payment["state"] for payment in shared.get("payments")["payments"]] == ["returned", "settled"]
    assert [event["kind"] for event in shared.raised] == ["payment", "ach_reject", "payment", "paperless"]
    for event in shared.raised:
        check_event(event)
    assert shared.get("events", state="waiting")["events"] == []


def test_a_payers_visit_is_the_same_on_every_store(shared: Harness) -> None:
    """Sign in, save a card, schedule, enrol in AutoPay, sign out; then a guest, whose postback fails at first."""
    begin(shared)
    visit = Visit(shared)
    page = visit.connect("5")
    visit.submit(visit.page(page, "payment-options/new/card"), "Save", **CARD)
    (method,) = shared.sim.world.services.wallet.methods(shared.lane, UTILITY, USER)
    scheduled = {"Method": method.method_id, "Amount": "25.50", "When": "later", "Day": "2026-06-20"}
    visit.submit(visit.page(page, f"pay/{INVOICE}"), "Pay", **scheduled)
    visit.submit(visit.page(page, "autopay"), "Switch AutoPay on", Method=method.method_id)
    visit.submit(visit.page(page, "pay-by-text"), "Send me a message", Phone="413 555 0101")
    assert visit.submit(visit.page(page, "pay-by-text"), "Send the answer", Reply="Y").words.startswith(
        "Pay by text is"
    )
    assert visit.submit(visit.page(page, "paperless"), "Sign out").status == 410
    advance(shared, timedelta(days=365))
    assert shared.invoice()["balance_due"] == "0.00"
    paid = [(one["amount"], one["state"]) for one in shared.get("payments")["payments"]]
    assert paid == [("25.50", "settled"), ("100.00", "settled")]

    checkout = Checkout(shared)
    customer = {"AccountNumber": "99-1", "Name": "A guest", "Invoices": [{"InvoiceNumber": "G-1", "BalanceDue": "30"}]}
    with Receiver(500, 204) as receiver:
        body = request(Customers=[customer], CreateCustomerRecord=True, PostBackURL=receiver.url)
        bank = {**BANK, "BankAccountNumber": RETURNS}
        assert checkout.pay(checkout.page(body), **bank).heading.startswith("Thank you")
        assert checkout.postbacks()[0]["state"] == "waiting"
        assert advance(shared, timedelta(seconds=10)) == ["taken with 204, attempt 2"]
    assert [got["InvoiceNumber"] for got in receiver.got] == ["G-1", "G-1"]
    advance(shared, timedelta(days=14))
    assert shared.invoice("G-1")["balance_due"] == "30.00"
    kinds = [event["kind"] for event in shared.raised]
    assert kinds == ["autopay", "payment", "payment", "payment", "ach_reject"]


def test_a_world_survives_its_process(shared: Harness) -> None:
    shared.upload(bill_file([group("700001", "20000001", "50.00")]))
    shared.pay(account_number="20000001", amount="20.00")
    from partnerlab.simulators.kit.world.lanes import Lanes

    again = Harness(shared.store, Lanes(shared.store))
    assert again.invoice("700001")["balance_due"] == "30.00"
    again.close()
    exported = shared.lanes.export("default")
    shared.lanes.load("copy", exported)
    shared.lane_name = "copy"
    assert shared.invoice("700001")["balance_due"] == "30.00"
    assert shared.pay(account_number="20000001", amount="30.00").json["reference"] == "IC0000000002"
