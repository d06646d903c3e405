"""A bill's whole life on each kind of store: sent, shown, paid, cleared, over every door at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.simulators.ic_webservices.harness import (
    INVOICING,
    RETURNS,
    Harness,
    advance,
    bill_file,
    elements,
    freeze,
    group,
    keyed,
    texts,
)
from tests.simulators.ic_webservices.test_payments import check_event


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


def test_a_world_survives_its_process(shared: Harness) -> None:
    shared.upload(bill_file([group("700001", "20000001", "50.00")]))
    shared.pay(account_number="20000001", amount="20.00")
    from simulators.kit.lanes import Lanes

    again = Harness(shared.store, Lanes(shared.store))
    assert again.invoice("700001")["balance_due"] == "30.00"
    again.close()
    exported = shared.lanes.export("default")
    shared.lanes.load("copy", exported)
    shared.lane_name = "copy"
    assert shared.invoice("700001")["balance_due"] == "30.00"
    assert shared.pay(account_number="20000001", amount="30.00").json["reference"] == "IC0000000002"
