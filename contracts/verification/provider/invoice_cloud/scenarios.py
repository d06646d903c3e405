"""
Does the platform do what it says: read before, write, read after. Everything here changes the biller's data.

The customer's record and the invoice are put back as they were; pages of Cloud Payments expire by themselves.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from partnerlab.contracts.verification.provider.invoice_cloud.platform import (
    CREATE,
    CUSTOMER_GUID,
    INVOICING,
    MANAGEMENT,
    PAYMENTS,
    REGISTER,
    SUITE,
    UNKNOWN,
    WRONG,
    Platform,
)
from partnerlab.contracts.verification.provider.probe import money
from partnerlab.contracts.verification.provider.soap import Fields

PHONE = "5550100199"


def record(platform: Platform) -> dict[str, str]:
    """The customer's record. Raises `Failed`."""
    answer = platform.customer()
    platform.expect_done(answer, "ViewCustomerRecord")
    return dict(answer.result)


def amounts(platform: Platform) -> tuple[Decimal, Decimal]:
    """BalanceDue and TotalAmountDue of the invoice. Raises `Failed`."""
    answer = platform.invoice()
    due, total = money(answer.result.get("BalanceDue")), money(answer.result.get("TotalAmountDue"))
    if not answer.success or due is None or total is None:
        platform.fail("ViewInvoiceByInvoiceNumber", "BalanceDue and TotalAmountDue", answer.said, answer.number)
    return due, total


def account_due(platform: Platform) -> Decimal:
    """What is due on the open invoices of the account, as RetrieveCustomerAccount tells. Raises `Failed`."""
    guid = customer_guid(platform)
    answer = platform.rest(f"/api/v1/cp/{guid}/account")
    due = money(str(answer.members.get("BalanceDue", "")))
    if due is None:
        platform.fail("RetrieveCustomerAccount", "BalanceDue", answer.said, answer.number)
    return due


def customer_guid(platform: Platform) -> str:
    """The CustomerGuid of the account."""
    return str(platform.rest(CUSTOMER_GUID, {"AccountNumber": platform.target.account}).members.get("CustomerGuid"))


def update(platform: Platform, phone: str, **keys: str) -> Any:
    fields = [("AccountNumber", platform.target.account), ("Phone", phone)]
    return platform.soap(MANAGEMENT, "UpdateCustomerRecord", fields, **keys)


def set_balance(platform: Platform, due: Decimal, total: Decimal, **keys: str) -> Any:
    fields: Fields = [
        ("InvoiceNumber", platform.target.invoice),
        ("BalanceDue", str(due)),
        ("TotalAmountDue", str(total)),
    ]
    return platform.soap(INVOICING, "SetInvoiceBalance", fields, **keys)


@SUITE.check("invoice-cloud/update", "ICWS-SOAP-5", kind="scenario", writes=True)
def update_changes_what_is_sent(platform: Platform) -> None:
    """UpdateCustomerRecord changes the phone that is sent and leaves everything else; then it is put back."""
    before = record(platform)
    try:
        platform.expect_done(update(platform, PHONE), "UpdateCustomerRecord")
        after = record(platform)
        changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
        received = ", ".join(f"{name} {after.get(name)}" for name in sorted(changed)) or "nothing"
        platform.expect(changed == {"Phone"}, "what changed", f"Phone {PHONE}", received, len(platform.line.exchanges))
    finally:
        update(platform, before.get("Phone", ""))
    again = record(platform)
    platform.expect(again == before, "ViewCustomerRecord", "the record as it was", str(again))


@SUITE.check("invoice-cloud/update-wrong-key", "ICWS-KEY-2", kind="scenario", writes=True)
def wrong_key_updates_nothing(platform: Platform) -> None:
    """UpdateCustomerRecord and SetInvoiceBalance with a wrong key are refused and change nothing."""
    before, (due, total) = record(platform), amounts(platform)
    more = Decimal("1.37")
    platform.expect_refused(update(platform, PHONE, WebServiceKey=WRONG), "an update with a wrong key")
    answer = set_balance(platform, due + more, total + more, WebServiceKey=WRONG)
    platform.expect_refused(answer, "a balance with a wrong key")
    platform.expect(record(platform) == before, "ViewCustomerRecord", "the record as it was", "another")
    platform.expect(amounts(platform) == (due, total), "BalanceDue", str(due), str(amounts(platform)[0]))


@SUITE.check("invoice-cloud/nobody", "ICWS-SOAP-5", "ICWS-BAL-1", kind="scenario", writes=True)
def changes_of_nobody_are_refused(platform: Platform) -> None:
    """UpdateCustomerRecord of an unknown account, and SetInvoiceBalance of an unknown invoice, are refused."""
    fields = [("AccountNumber", UNKNOWN), ("Phone", PHONE)]
    platform.expect_refused(platform.soap(MANAGEMENT, "UpdateCustomerRecord", fields), "an unknown account")
    due: Fields = [("InvoiceNumber", UNKNOWN), ("BalanceDue", "1.37"), ("TotalAmountDue", "1.37")]
    platform.expect_refused(platform.soap(INVOICING, "SetInvoiceBalance", due), "an unknown invoice")


@SUITE.check("invoice-cloud/set-balance", "ICWS-BAL-1", "ICWS-GUID-2", kind="scenario", writes=True)
def balance_is_set(platform: Platform) -> None:
    """SetInvoiceBalance sets what is due, to the cent, of the account too, and back again."""
    due, total = amounts(platform)
    more, owed = Decimal("1.37"), account_due(platform)
    try:
        platform.expect_done(set_balance(platform, due + more, total + more), "SetInvoiceBalance")
        now = account_due(platform)
        platform.expect(now == owed + more, "BalanceDue of the account", str(owed + more), str(now))
        after = amounts(platform)
        expected, received = f"{due + more} and {total + more}", f"{after[0]} and {after[1]}"
        same = after == (due + more, total + more)
        platform.expect(same, "BalanceDue, TotalAmountDue", expected, received, len(platform.line.exchanges))
    finally:
        set_balance(platform, due, total)
    platform.expect(amounts(platform) == (due, total), "BalanceDue", f"{due}, as before", "another")


@SUITE.check("invoice-cloud/login-type", "ICWS-USERS-8", kind="scenario", writes=True)
def another_login_type_is_refused(platform: Platform) -> None:
    """RegisterAccounts with a LoginTypeID that is not 1 is refused."""
    user = {"Username": "verify.nobody@example.com", "Password": "Verify!2345-x", "Accounts": [platform.target.account]}
    platform.expect_refused(platform.rest(REGISTER, {"LoginTypeID": 2, **user}), "LoginTypeID 2")


@SUITE.check("invoice-cloud/create-known", "ICWS-CUST-2", kind="scenario", writes=True)
def creating_a_known_customer_changes_nothing(platform: Platform) -> None:
    """CreateCustomerRecord of an account that stands changes nothing of it, and tells its CustomerGuid."""
    before = record(platform)
    answer = platform.rest(CREATE, {"AccountNumber": platform.target.account, "CustomerName": "Verify Another"})
    platform.expect_done(answer, "CreateCustomerRecord of a known account")
    guid, told = customer_guid(platform), str(answer.members.get("CustomerGuid"))
    platform.expect(told == guid, "CustomerGuid", guid, told, answer.number)
    platform.expect(answer.members.get("Created") is not True, "Created", "false", "true", answer.number)
    after = record(platform)
    platform.expect(after == before, "ViewCustomerRecord", "the record as it was", str(after), answer.number)


@SUITE.check("invoice-cloud/cloud-payments", "CPV2-ANS-1", "CPV2-REQ-6", "CPV2-CUS-9", kind="scenario", writes=True)
def cloud_payments_gives_a_page(platform: Platform) -> None:
    """Cloud Payments for the account, its invoices null, answers the address of a page."""
    customers = [{"AccountNumber": platform.target.account, "Invoices": None}]
    answer = platform.rest(PAYMENTS, {"ViewMode": 1, "Customers": customers})
    platform.expect_done(answer, "CloudPaymentsV2")
    url = str((answer.members.get("Data") or {}).get("CloudPaymentURL", ""))
    parts = urlsplit(url)
    whole = parts.scheme in ("http", "https") and bool(parts.netloc)
    platform.expect(whole, "Data, CloudPaymentURL", "a whole address", url or "nothing", answer.number)


@SUITE.check("invoice-cloud/cloud-payments-named", "CPV2-CUS-9", kind="scenario", writes=True)
def cloud_payments_takes_a_named_invoice(platform: Platform) -> None:
    """Cloud Payments takes an invoice that is named."""
    target = platform.target
    customers = [{"AccountNumber": target.account, "Invoices": [{"InvoiceNumber": target.invoice}]}]
    answer = platform.rest(PAYMENTS, {"ViewMode": 1, "Customers": customers})
    platform.expect_done(answer, "CloudPaymentsV2 with an invoice named")


@SUITE.check("invoice-cloud/changes-wrong-api-key", "ICWS-KEY-1", kind="scenario", writes=True)
def pages_need_the_key(platform: Platform) -> None:
    """Cloud Payments, RegisterAccounts and CreateCustomerRecord with a wrong API key are answered 401."""
    account = platform.target.account
    user = {"Username": "verify.nobody@example.com", "Password": "Verify!2345-x", "Accounts": [account]}
    for path, body in (
        (PAYMENTS, {"ViewMode": 1, "Customers": [{"AccountNumber": account}]}),
        (REGISTER, {"LoginTypeID": 1, **user}),
        (CREATE, {"AccountNumber": account, "CustomerName": "Verify Another"}),
    ):
        answer = platform.rest(path, body, credential=platform.basic(WRONG))
        platform.expect(answer.status == 401, f"{path} with a wrong API key", "status 401", answer.said, answer.number)


@SUITE.check("invoice-cloud/cloud-payments-case", "CPV2-ANS-2", kind="scenario", writes=True)
def cloud_payments_reads_leniently(platform: Platform) -> None:
    """Cloud Payments takes property names in another case, and booleans and numbers as text."""
    customers = [{"ACCOUNTNUMBER": platform.target.account, "invoices": None}]
    answer = platform.rest(PAYMENTS, {"viewmode": "1", "allowCCpayment": "true", "customers": customers})
    platform.expect(answer.success, "names in another case", "Success true", answer.said, answer.number)


@SUITE.check("invoice-cloud/cloud-payments-required", "CPV2-REQ-4", "CPV2-REQ-6", kind="scenario", writes=True)
def cloud_payments_needs_what_is_required(platform: Platform) -> None:
    """Cloud Payments without ViewMode, and without a customer, is refused."""
    customers = [{"AccountNumber": platform.target.account}]
    platform.expect_refused(platform.rest(PAYMENTS, {"Customers": customers}), "no ViewMode")
    platform.expect_refused(platform.rest(PAYMENTS, {"ViewMode": 1, "Customers": []}), "no customer")


@SUITE.check("invoice-cloud/cloud-payments-unknown", "CPV2-CUS-1", kind="scenario", writes=True)
def cloud_payments_refuses_an_unknown_account(platform: Platform) -> None:
    """Cloud Payments for an unknown account that may not be created is refused, and names it."""
    answer = platform.rest(PAYMENTS, {"ViewMode": 1, "Customers": [{"AccountNumber": UNKNOWN}]})
    platform.expect_refused(answer, "an unknown account")
    words = str(answer.members.get("ErrorMessage"))
    platform.expect(UNKNOWN in words, "ErrorMessage", f"a text that names {UNKNOWN}", words, answer.number)
