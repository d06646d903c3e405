"""Invoices by SOAP, and opened by a payer: the partner is asked, and never fails the payer."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.simulators.ic_webservices.harness import (
    ACCOUNT,
    INVOICE,
    INVOICING,
    UTILITY,
    Harness,
    bill_file,
    elements,
    freeze,
    group,
    keyed,
    texts,
)

VERSIONS = pytest.mark.parametrize("version", [1, 2], ids=["soap11", "soap12"])


def view(harness: Harness, number: str = INVOICE, *, version: int = 1, **keys: str) -> dict[str, str]:
    inner = elements({**keyed(**keys), "InvoiceNumber": number})
    return texts(harness.soap(INVOICING, "ViewInvoiceByInvoiceNumber", f"<Req>{inner}</Req>", version=version))


def set_balance(harness: Harness, *, version: int = 1, **values: str) -> dict[str, str]:
    inner = elements({**keyed(), "InvoiceNumber": INVOICE, **values})
    return texts(harness.soap(INVOICING, "SetInvoiceBalance", f"<Req>{inner}</Req>", version=version))


def open_invoice(harness: Harness, number: str = INVOICE) -> dict[str, object]:
    answer = harness.control("POST", f"invoices/{number}/open")
    assert answer.status == 200, answer
    opened: dict[str, object] = answer.json
    return opened


@VERSIONS
def test_an_invoice_is_seen_with_every_field(harness: Harness, version: int) -> None:
    today = date.fromisoformat(harness.invoice()["invoice_date"]) + timedelta(days=10)
    assert view(harness, version=version) == {
        "Success": "true",
        "InvoiceNumber": INVOICE,
        "InvoiceDate": f"{today - timedelta(days=10)}T00:00:00",
        "InvoiceDueDate": f"{today + timedelta(days=20)}T00:00:00",
        "AutoPayCollectionDate": "0001-01-01T00:00:00",
        "TotalAmountDue": "125.50",
        "BalanceDue": "125.50",
        "MinimumAmountDue": "0.00",
        "AllowPartialPayments": "true",
        "FirstNotifyRequestedDate": "0001-01-01T00:00:00",
        "SecondNotifyRequestedDate": "0001-01-01T00:00:00",
        "ThirdNotifyRequestedDate": "0001-01-01T00:00:00",
    }


def test_an_unknown_invoice_another_biller_and_a_wrong_key_are_refused(harness: Harness) -> None:
    assert "'1'" in view(harness, "1")["ErrorMessage"]
    other = {"biller": harness.settings.insurance_guid, "key": harness.settings.insurance_web_service_key}
    for answer in (view(harness, "1"), view(harness, **other), view(harness, key="wrong")):
        assert answer["Success"] == "false"
        assert answer["BalanceDue"] == "0.00"
        assert "InvoiceNumber" not in answer


def test_arguments_that_are_not_wrapped_are_not_found(harness: Harness) -> None:
    inner = elements({**keyed(), "InvoiceNumber": INVOICE})
    for operation in ("ViewInvoiceByInvoiceNumber", "SetInvoiceBalance", "UploadInvoiceFile"):
        answer = texts(harness.soap(INVOICING, operation, inner))
        assert answer["Success"] == "false"
        assert answer["ErrorMessage"].startswith("Req: ")


def test_an_invoice_number_with_slashes_is_seen(harness: Harness) -> None:
    keys = {"biller": harness.settings.insurance_guid, "key": harness.settings.insurance_web_service_key}
    answer = view(harness, "454100010-06/16/2020", **keys)
    assert (answer["BalanceDue"], answer["TotalAmountDue"]) == ("120.00", "340.00")
    seen = harness.get("invoices/454100010-06/16/2020", biller_guid=harness.settings.insurance_guid)
    assert seen["balance_due"] == "120.00"


@VERSIONS
def test_the_partner_sets_a_balance(harness: Harness, version: int) -> None:
    assert set_balance(harness, BalanceDue="0", version=version) == {"Success": "true"}
    assert harness.invoice()["status"] == "paid"
    assert set_balance(harness, BalanceDue="-5.25", version=version) == {"Success": "true"}
    assert (harness.invoice()["status"], harness.invoice()["balance_due"]) == ("paid", "-5.25")
    assert set_balance(harness, BalanceDue="80", TotalAmountDue="90.5", version=version) == {"Success": "true"}
    invoice = harness.invoice()
    assert (invoice["status"], invoice["balance_due"], invoice["total_amount_due"]) == ("open", "80.00", "90.50")
    set_balance(harness, BalanceDue="70")
    assert harness.invoice()["total_amount_due"] == "80.50", "without a total, all that is owed moves with what is due"
    assert harness.raised == []


@pytest.mark.parametrize(
    "values",
    [
        {"BalanceDue": "1.005"},
        {"BalanceDue": "1", "TotalAmountDue": "0.001"},
        {"BalanceDue": "1", "InvoiceNumber": "1"},
    ],
)
def test_a_balance_that_is_not_taken_changes_nothing(harness: Harness, values: dict[str, str]) -> None:
    assert set_balance(harness, **values)["Success"] == "false"
    assert harness.invoice()["balance_due"] == "125.50"


def test_a_balance_that_is_no_number_is_a_fault_of_the_sender(harness: Harness) -> None:
    inner = elements({**keyed(), "InvoiceNumber": INVOICE, "BalanceDue": "much"})
    response = harness.call(INVOICING, "SetInvoiceBalance", f"<Req>{inner}</Req>")
    assert response.status == 500
    assert b"Client" in response.body
    assert harness.invoice()["balance_due"] == "125.50"


# --- opening: real-time data retrieval ---


def test_opening_asks_the_partner_and_takes_what_comes_back(harness: Harness) -> None:
    freeze(harness)
    harness.balance = lambda *_: {
        "balance_due": "100.00",
        "total_amount_due": "182.75",
        "email_address": "new@example.com",
        "problem": None,
    }
    opened = open_invoice(harness)
    assert harness.asked == [("default", UTILITY, ACCOUNT, INVOICE)]
    assert opened["asked"] is True
    assert opened["changed"] == ["balance_due", "total_amount_due", "email_address"]
    assert opened["problem"] is None
    invoice = harness.invoice()
    assert (invoice["balance_due"], invoice["total_amount_due"]) == ("100.00", "182.75")
    assert invoice["asked_at"] == "2026-06-16T14:00:00+00:00"
    assert harness.get(f"customers/{ACCOUNT}")["email_address"] == "new@example.com"
    assert harness.raised == [], "what the partner said is not told to the partner"


def test_opening_leaves_what_the_answer_leaves_out(harness: Harness) -> None:
    harness.balance = lambda *_: {"balance_due": "0.00", "total_amount_due": None, "email_address": None}
    assert open_invoice(harness)["changed"] == ["balance_due", "total_amount_due"]
    assert harness.invoice()["status"] == "paid"
    assert harness.invoice()["total_amount_due"] == "0.00", "nothing of it is owed any more"
    assert harness.pay(amount="0.01").json["error"]["code"] == "nothing_due"
    harness.balance = lambda *_: {"balance_due": "12.00"}
    open_invoice(harness)
    assert harness.invoice()["status"] == "open"
    assert open_invoice(harness)["changed"] == []


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ({"problem": "BalanceCheck: no answer within 10 s"}, "BalanceCheck: no answer within 10 s"),
        ({"balance_due": "lots"}, "the amounts were dropped: balance_due"),
        ({"balance_due": "1.005"}, "the amounts were dropped: balance_due"),
        ({"balance_due": "NaN"}, "the amounts were dropped: balance_due"),
        ({"balance_due": "Infinity"}, "the amounts were dropped: balance_due"),
        ({"balance_due": "1.00", "total_amount_due": "?"}, "the amounts were dropped: total_amount_due"),
        ({"email_address": "nobody"}, "the address was dropped: email_address"),
    ],
)
def test_a_bad_answer_never_fails_the_payer(harness: Harness, answer: dict[str, str], problem: str) -> None:
    harness.balance = lambda *_: answer
    opened = open_invoice(harness)
    assert str(opened["problem"]).startswith(problem)
    assert opened["changed"] == []
    assert harness.invoice()["balance_due"] == "125.50"
    assert harness.invoice()["asked_problem"].startswith(problem)
    harness.balance = lambda *_: {"balance_due": "125.50"}
    open_invoice(harness)
    assert harness.invoice()["asked_problem"] is None, "the next good answer clears it"


def test_a_bad_address_does_not_cost_a_good_balance(harness: Harness) -> None:
    harness.balance = lambda *_: {"balance_due": "99.00", "email_address": "nobody"}
    assert open_invoice(harness)["changed"] == ["balance_due", "total_amount_due"]
    assert harness.invoice()["balance_due"] == "99.00"


def test_a_port_that_raises_never_fails_the_payer_and_its_words_are_masked(harness: Harness) -> None:
    def broken(*_: str) -> dict[str, str]:
        raise RuntimeError("<WebServiceKey>11111111-1111-4111-8111-111111111111</WebServiceKey>")

    harness.balance = broken
    problem = str(open_invoice(harness)["problem"])
    assert problem.startswith("RuntimeError")
    assert "11111111-1111" not in problem


def test_a_payment_while_the_partner_is_asked_is_not_lost(harness: Harness) -> None:
    def pays_meanwhile(*_: str) -> dict[str, str]:
        assert harness.pay(amount="25.50").status == 201
        return {"balance_due": "125.50", "email_address": "new@example.com"}

    harness.balance = pays_meanwhile
    opened = open_invoice(harness)
    assert "changed while the partner was asked" in str(opened["problem"])
    assert opened["changed"] == ["email_address"]
    assert harness.invoice()["balance_due"] == "100.00"


def test_a_biller_without_setting_8_is_not_asked(harness: Harness) -> None:
    harness.control("PATCH", f"billers/{UTILITY}", {"settings": {"8": None}})
    assert open_invoice(harness)["asked"] is False
    assert harness.asked == []


def test_a_closed_invoice_is_shown_without_asking(harness: Harness) -> None:
    later = date.fromisoformat(harness.invoice()["invoice_date"]) + timedelta(days=1)
    harness.upload(bill_file([group("500002", ACCOUNT, on=later)]))
    assert harness.invoice()["status"] == "closed"
    assert open_invoice(harness)["asked"] is False
    assert harness.asked == []


def test_opening_an_unknown_invoice_is_not_found(harness: Harness) -> None:
    assert harness.control("POST", "invoices/1/open").status == 404
    assert harness.asked == []


def test_invoices_are_listed_by_account_and_status(harness: Harness) -> None:
    harness.upload(bill_file([group(str(number), "20000001", "0.00") for number in range(600001, 600004)]))
    everything = harness.own_invoices()
    assert [invoice["invoice_number"] for invoice in everything] == [INVOICE, "600001", "600002", "600003"]
    paid = harness.get("invoices", status="paid", account_number="20000001", limit="2")["invoices"]
    assert [invoice["invoice_number"] for invoice in paid] == ["600001", "600002"]
    assert harness.get("invoices", account_number=ACCOUNT, status="paid")["invoices"] == []
    assert harness.control("GET", "invoices", status="lost").status == 400
