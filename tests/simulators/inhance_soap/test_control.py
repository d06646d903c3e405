"""The control routes, and that their contract says what they do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from partnerlab.simulators.inhance_soap.control.faults import STATUSES
from partnerlab.simulators.inhance_soap.domain import errors
from partnerlab.simulators.inhance_soap.seeds import SEEDS
from tests.simulators.control_answers import Answers
from tests.simulators.inhance_soap.utility import Utility

ANSWERS = Answers("inhance_soap/control.yaml")
CONTRACT, conforms, refused = ANSWERS.contract, ANSWERS.conforms, ANSWERS.refused
PREFIX = "/_sandbox/inhance"


def bif(*rows: str, count: int, total: str) -> str:
    guid = "22222222-2222-4222-8222-222222222222"
    return "\n".join([f"FH|{guid}|11/21/2026|{count}|{total}", *rows]) + "\n"


def invoice(number: str, account: str, amount: str, *, billed: str = "11/01/2026", draft: str = "0") -> list[str]:
    form = "88888888-8888-4888-8888-888888888888"
    head = ["IH", "R", form, number, billed, "12/21/2026", amount, "1", "", "", "", "", draft, "", "", ""]
    customer = [
        "CR",
        account,
        "Test Customer",
        "1 Main St",
        "",
        "Springfield",
        "IL",
        "62701",
        "555-9",
        "t@example.com",
        "",
    ]
    detail = ["ID", "Water", amount] + [""] * (DETAIL_COLUMNS - 3)
    return ["|".join([*head, amount, "", "1", "1"]), "|".join(customer), "|".join(detail)]


def _detail_columns() -> int:
    from partnerlab.contracts.files import load_layout

    return len(load_layout("inhance_v2").record("ID").fields)


DETAIL_COLUMNS = _detail_columns()


def test_accounts_are_listed_in_pages(utility: Utility) -> None:
    status, first = utility.api("GET", "/accounts", query="limit=5")
    assert status == 200
    numbers = [account["account_number"] for account in first["accounts"]]
    assert (len(numbers), first["next"]) == (5, numbers[-1])
    _, rest = utility.api("GET", "/accounts", query=f"after={first['next']}")
    assert rest["next"] is None
    numbers += [account["account_number"] for account in rest["accounts"]]
    assert numbers == sorted(set(numbers))
    assert len(numbers) == len(SEEDS)
    for account in rest["accounts"]:
        conforms("Account", account)


def test_an_account_is_shown_with_bills_payments_and_events(utility: Utility) -> None:
    utility.pay("200.00")
    utility.call("SetEmail", Accountnumber="10000101", NewEmail="new@example.com")
    account = utility.account()
    conforms("AccountDetail", account)
    assert (account["balance"], account["future_balance"], account["credit"]) == ("-74.50", "-17.25", "74.50")
    assert [event["kind"] for event in account["events"]] == ["account_opened", "payment_posted", "email_changed"]
    assert account["events"][-1]["detail"] == {"from": "willows@example.com", "to": "new@example.com"}


def test_an_unknown_account_is_not_found(utility: Utility) -> None:
    refused(utility.api("GET", "/accounts/99999999"), 404, "account_unknown")
    body = {"invoice_number": "1", "amount": "1.00"}
    refused(utility.api("POST", "/accounts/99999999/bills", body=body), 404, "account_unknown")


def test_an_account_can_be_opened_and_changed(utility: Utility) -> None:
    status, account = utility.api("PUT", "/accounts/20000001", body={"customer_name": "New One", "paperless": True})
    assert (status, account["customer_name"], account["balance"]) == (201, "New One", "0.00")
    status, account = utility.api("PUT", "/accounts/20000001", body={"email": "one@example.com", "autopay": True})
    assert (status, account["customer_name"], account["paperless"]) == (200, "New One", True)
    assert (account["email"], account["autopay"]) == ("one@example.com", True)
    assert account["events"][-1]["kind"] == "account_changed"
    assert account["events"][-1]["detail"] == {"email": "one@example.com", "autopay": True}
    for nothing in (None, ""):
        status, account = utility.api("PUT", "/accounts/20000001", body={"email": nothing})
        assert (status, account["email"]) == (200, None)
        utility.api("PUT", "/accounts/20000001", body={"email": "one@example.com"})
    assert utility.call("BalanceCheck", AccountNumber="20000001")["Success"] == "true"
    conforms("AccountDetail", account)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"email": "nope"}, "email"),
        ({"email": 5}, "email"),
        ({"customer_name": None}, "customer_name"),
        ({"customer_name": "a\nb"}, "customer_name"),
        ({"phone": "x" * 300}, "phone"),
        ({"paperless": "yes"}, "paperless"),
        ({"balance": "1.00"}, "balance"),
        ([], "body"),
        (None, "body"),
    ],
)
def test_a_change_that_breaks_a_rule_is_refused_with_its_field(utility: Utility, body: Any, field: str) -> None:
    before = utility.account()
    code = "not_json" if field == "body" else "field_invalid"
    refused(utility.api("PUT", "/accounts/10000101", body=body), 400, code, field)
    assert utility.account() == before


def test_an_account_number_has_a_length(utility: Utility) -> None:
    refused(utility.api("PUT", f"/accounts/{'x' * 51}", body={}), 400, "field_invalid", "account_number")
    refused(utility.api("GET", "/accounts/a\x00"), 400, "field_invalid", "account_number")


def test_an_account_can_be_billed(utility: Utility) -> None:
    status, account = utility.api(
        "POST", "/accounts/10000101/bills", body={"invoice_number": "700001", "amount": "48.2"}
    )
    assert (status, account["balance"], account["future_balance"]) == (201, "173.70", "230.95")
    conforms("AccountDetail", account)
    bill = next(one for one in account["bills"] if one["invoice_number"] == "700001")
    today = utility.today()
    assert (bill["billed_on"], bill["due_on"]) == (today.isoformat(), (today + timedelta(days=30)).isoformat())


def test_a_bill_dated_ahead_counts_in_the_future_balance(utility: Utility) -> None:
    day = (utility.today() + timedelta(days=3)).isoformat()
    body = {"invoice_number": "700001", "amount": "10.00", "billed_on": day, "due_on": day}
    _, account = utility.api("POST", "/accounts/10000101/bills", body=body)
    assert (account["balance"], account["future_balance"]) == ("125.50", "192.75")
    utility.advance(timedelta(days=3))
    assert utility.balance() == ("135.50", "192.75")


def test_a_bill_sent_again_replaces_the_first_and_what_was_paid_stays_paid(utility: Utility) -> None:
    utility.pay("100.00")
    for amount, balance in (("90.00", "-10.00"), ("130.00", "30.00"), ("-5.00", "-105.00"), ("125.50", "25.50")):
        utility.api("POST", "/accounts/10000101/bills", body={"invoice_number": "500001", "amount": amount})
        assert utility.balance()[0] == balance
    assert utility.account()["events"][-1]["kind"] == "bill_replaced"


def test_credit_is_taken_by_a_new_bill(utility: Utility) -> None:
    body = {"invoice_number": "700001", "amount": "50.00"}
    _, account = utility.api("POST", "/accounts/10000104/bills", body=body)
    assert (account["balance"], account["credit"]) == ("20.00", "0.00")
    assert account["events"][-1]["detail"]["applied"] == {"700001": "30.00"}


def test_an_invoice_of_another_account_is_a_conflict(utility: Utility) -> None:
    before = utility.account("10000102")
    body = {"invoice_number": "500001", "amount": "1.00"}
    refused(utility.api("POST", "/accounts/10000102/bills", body=body), 409, "invoice_taken")
    assert utility.account("10000102") == before


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"amount": 5}, "amount"),
        ({"amount": 5.5}, "amount"),
        ({"amount": "1e3"}, "amount"),
        ({"amount": "NaN"}, "amount"),
        ({"amount": "1.005"}, "amount"),
        ({"amount": " 1"}, "amount"),
        ({"amount": "99999999999"}, "amount"),
        ({"invoice_number": ""}, "invoice_number"),
        ({"invoice_number": "x" * 51}, "invoice_number"),
        ({"invoice_number": 7}, "invoice_number"),
        ({"billed_on": "11/21/2026"}, "billed_on"),
        ({"billed_on": "20261121"}, "billed_on"),
        ({"billed_on": "2026-02-30"}, "billed_on"),
        ({"billed_on": "9999-12-31"}, "billed_on"),
        ({"due_on": 5}, "due_on"),
        ({"open": "1.00"}, "open"),
    ],
)
def test_a_bill_that_breaks_a_rule_is_refused_with_its_field(
    utility: Utility, change: dict[str, Any], field: str
) -> None:
    body = {"invoice_number": "700001", "amount": "1.00", **change}
    refused(utility.api("POST", "/accounts/10000101/bills", body=body), 400, "field_invalid", field)
    assert utility.balance() == ("125.50", "182.75")


@pytest.mark.parametrize("missing", ["invoice_number", "amount"])
def test_a_bill_needs_number_and_amount(utility: Utility, missing: str) -> None:
    body = {"invoice_number": "700001", "amount": "1.00"}
    del body[missing]
    refused(utility.api("POST", "/accounts/10000101/bills", body=body), 400, "field_invalid", missing)


def test_payments_are_listed_in_order_by_account_and_in_pages(utility: Utility) -> None:
    for number, account in enumerate(["10000101", "10000102", "10000101"]):
        utility.pay("1.00", account, reference=f"IC-{number}")
    _, found = utility.api("GET", "/payments")
    assert [one["reference"] for one in found["payments"]] == ["IC-0", "IC-1", "IC-2"]
    for payment in found["payments"]:
        conforms("Payment", payment)
    _, found = utility.api("GET", "/payments", query="account_number=10000101")
    assert [one["reference"] for one in found["payments"]] == ["IC-0", "IC-2"]
    _, found = utility.api("GET", "/payments", query="limit=1&offset=1")
    assert [one["reference"] for one in found["payments"]] == ["IC-1"]
    assert utility.api("GET", "/payments", query="duplicates=true")[1] == {"payments": []}


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("/accounts", "limit=0", "limit"),
        ("/accounts", "limit=1001", "limit"),
        ("/accounts", "limit=x", "limit"),
        ("/accounts", "limit=%C2%B2", "limit"),
        ("/accounts", "after=%00", "after"),
        ("/payments", "account_number=%00", "account_number"),
        ("/payments", "offset=-1", "offset"),
        ("/payments", "duplicates=1", "duplicates"),
    ],
)
def test_a_query_that_breaks_a_rule_is_refused(utility: Utility, path: str, query: str, field: str) -> None:
    refused(utility.api("GET", path, query=query), 400, "field_invalid", field)


def test_a_bill_file_loads_accounts_and_bills(utility: Utility) -> None:
    rows = [*invoice("900001", "30000001", "75.25", draft="1"), *invoice("900002", "10000101", "10.00")]
    status, report = utility.api("POST", "/load", text=bif(*rows, count=2, total="85.25"))
    assert (status, report) == (200, {"loaded": 2, "quarantined": 0, "problems": []})
    account = utility.account("30000001")
    assert (account["balance"], account["customer_name"], account["autopay"]) == ("75.25", "Test Customer", True)
    assert (account["email"], account["phone"]) == ("t@example.com", "555-9")
    assert utility.balance() == ("135.50", "192.75")
    assert utility.account()["autopay"] is False


def test_a_file_loaded_twice_owes_once_and_what_was_paid_stays_paid(utility: Utility) -> None:
    text = bif(*invoice("900001", "30000001", "75.25"), count=1, total="75.25")
    utility.api("POST", "/load", text=text)
    utility.pay("25.25", "30000001")
    utility.call("SetPaperless", Accountnumber="30000001", PaperlessOnOff="On")
    utility.api("POST", "/load", text=text)
    assert utility.balance("30000001") == ("50.00", "50.00")
    assert utility.account("30000001")["paperless"] is True


def test_a_file_whose_count_is_wrong_changes_nothing(utility: Utility) -> None:
    text = bif(*invoice("900001", "30000001", "75.25"), count=2, total="75.25")
    message = refused(utility.api("POST", "/load", text=text), 400, "file_rejected")
    assert "InvoiceCount" in message
    refused(utility.api("GET", "/accounts/30000001"), 404, "account_unknown")


def test_a_broken_invoice_is_named_and_the_good_ones_load(utility: Utility) -> None:
    rows = [*invoice("900001", "30000001", "75.25"), *invoice("900002", "30000002", "10.00", billed="soon")]
    text = bif(*rows, count=2, total="85.25")
    status, report = utility.api("POST", "/load", text=text)
    assert (status, report["loaded"], report["quarantined"]) == (200, 1, 1)
    (problem,) = report["problems"]
    assert (problem["line"], problem["invoice_number"], problem["rule"]) == (5, "900002", "not-a-date")
    refused(utility.api("POST", "/load", query="strict=true", text=text), 400, "file_rejected")


def test_a_file_with_an_invoice_of_another_account_changes_nothing(utility: Utility) -> None:
    rows = [*invoice("900001", "30000001", "75.25"), *invoice("500001", "30000002", "10.00")]
    refused(utility.api("POST", "/load", text=bif(*rows, count=2, total="85.25")), 409, "invoice_taken")
    refused(utility.api("GET", "/accounts/30000001"), 404, "account_unknown")


def test_every_refusal_of_a_route_has_a_status() -> None:
    classes = {one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.DomainError)}
    # Keys and references are matters of the SOAP service.
    assert set(STATUSES) == classes - {errors.DomainError, errors.KeyWrong, errors.PaymentDuplicate}
