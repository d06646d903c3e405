"""The good consumer of each role: the production client, going through what its role is asked for."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from partnerlab.client.errors import TransportError
from partnerlab.client.flows import cloud_payments, sso, watersmart
from partnerlab.client.flows.watersmart import Occasion
from partnerlab.client.http import HttpRequest
from partnerlab.client.inhance import InHanceClient
from partnerlab.client.invoice_cloud import CloudSso, InvoiceCloudClient, Redirect, RestClient
from partnerlab.client.invoice_cloud.models import NewCustomer
from partnerlab.client.invoice_cloud.operations.cloud_payments import CloudCustomer, CloudInvoice, CloudPaymentRequest
from partnerlab.client.tccs import TccsClient
from partnerlab.contracts.files import InvoiceGroup, load_layout, write_bif
from partnerlab.testing.books import InvoiceCloudBooks, partner_books
from tests.contracts.verification.consumers.wire import Line

__all__ = ["GOOD", "PAGES", "SECRET", "Side"]

WILLOWS, PASSWORD = "willows@example.com", "Sandbox!2345"
PAGES = "http://127.0.0.1:9/portal"
SECRET = "partner-secret-4711"
"""What stands in a postback address so that nobody guesses it."""


@dataclass
class Side:
    """A consumer at the end of its line."""

    line: Line
    partner: str

    @cached_property
    def books(self) -> InvoiceCloudBooks:
        return InvoiceCloudBooks(self.line.lane, self.partner)

    @property
    def url(self) -> str:
        return self.line.lane.url

    @cached_property
    def rest(self) -> RestClient:
        return RestClient(self.url, self.books.biller["api_key"], allow_http=True, transport=self.line)

    @cached_property
    def soap(self) -> InvoiceCloudClient:
        biller = self.books.biller
        return InvoiceCloudClient(
            self.url, biller["guid"], biller["web_service_key"], allow_http=True, transport=self.line
        )

    @contextmanager
    def losing(self, operation: str) -> Iterator[None]:
        """In the block the answer to the next call of an operation is lost, and the caller bears it."""
        self.line.lane.control.post(
            "/_sandbox/faults", {"name": "commit-then-drop", "operation": operation, "count": 1}
        )
        with suppress(TransportError):
            yield

    def open_page(self, sso_: CloudSso, token: str, redirect: Redirect, **more: str) -> None:
        """What the browser does with the form."""
        form = sso_.form(token, redirect)
        body = urlencode({**form.fields, **more}).encode()
        self.line.send(
            HttpRequest("CloudSSO", form.action, {"content-type": "application/x-www-form-urlencoded"}, body)
        )


def inhance_v2(side: Side) -> None:
    """Balance, payments of both kinds, enrolments, e-mail address, a lost answer, a bill file."""
    books = partner_books(side.line.lane, "inhance_v2")
    client = InHanceClient(books.url, books.key, allow_http=True, transport=side.line)
    client.balance_check("10000101", 500001)
    client.balance_check("10000102", 0)

    def pay(reference: str, amount: str, kind: str = "Credit Card") -> None:
        client.make_payment(
            account_number="10000101",
            payment_date=datetime(2026, 6, 1, 8, 30, 0),
            payment_reference=reference,
            document_number="500001",
            payment_type_desc=kind,
            amount=Decimal(amount),
            convenience_fee=Decimal("0.50"),
        )

    pay("IC-1", "10.25")
    pay("IC-2", "7.00", "ACH")
    for on in (True, False):
        client.set_paperless("10000101CV-20260101", on)
        client.set_autopay("10000101", on)
    client.set_email("10000101", "laundry@example.com")
    with side.losing("MakePaymentExtended"):
        pay("IC-3", "3.75")
    upload_bills(side, "inhance_v2")


def tccs(side: Side) -> None:
    """Balance, payments, a quote's deposit, a return, enrolments, the bill's PDF, a lost answer, a bill file."""
    books = partner_books(side.line.lane, "tccs")
    client = TccsClient(books.url, books.consumer_guid, books.entry_key, allow_http=True, transport=side.line)
    policy = "454100010-06/16/2020"
    client.balance(policy)
    client.pay(policy, Decimal("24.10"), "CC", payment_guid="guid-1")
    client.pay(policy, Decimal("5.00"), "ACH", payment_guid="guid-2")
    client.deposit("Q454100010-03/01/2019", "Harbor Street Bakery", Decimal("24.00"), payment_guid="guid-3")
    today = datetime.fromisoformat(side.line.lane.control.get("/_sandbox/clock")["now"]).date()
    client.report_insufficient_funds(policy, today, Decimal("5.00"))
    client.pay(policy, Decimal("2.50"), "ACH", payment_guid="guid-5")
    with side.losing("Insufficient_Pay_Report"):
        client.report_insufficient_funds(policy, today, Decimal("2.50"))
    for on in (True, False):
        client.set_paperless(policy, on)
        client.set_recurring(policy, on)
    client.bill_image(policy)
    with side.losing("Pay_Input"):
        client.pay(policy, Decimal("3.75"), "CC", payment_guid="guid-4")
    client.pay(policy, Decimal("3.75"), "CC", payment_guid="guid-4")
    upload_bills(side, "tccs")


def inhance_v1(side: Side) -> None:
    """A bill file, a balance, payments and changes downloaded twice, each from where the last run stopped."""
    upload_bills(side, "inhance_v1")
    invoice = side.line.lane.control.get("/_sandbox/ic/invoices", biller_guid=side.books.biller["guid"])["invoices"][0]
    side.soap.set_invoice_balance(invoice["invoice_number"], Decimal("12.34"))
    since = datetime(2026, 1, 1)
    side.books.pay(invoice["account_number"], "1.00")
    side.books.switch("paperless", invoice["account_number"], enrolled=True)
    rows = side.soap.export_payments(since)
    side.soap.export_payments(max((row.payment_date for row in rows), default=since))
    side.soap.export_customer_changes(since)
    side.soap.export_customer_changes(since)


def inhance_portal(side: Side) -> None:
    """The stories of single sign-on, each page, a guest's payment, a password that changes."""
    rest = side.rest
    first = sso.user_access(rest, username=WILLOWS, password=PASSWORD, account_numbers=["10000101"])
    rest.retrieve_customer_account(first.customer_guid)
    pages = CloudSso(side.url, allow_http=True)
    for redirect in (1, 2, 3, 5, 9, 11):
        side.open_page(pages, first.session.token, Redirect(redirect))
    named = CloudSso(
        side.url,
        css_url=f"{PAGES}/site.css",
        return_url=PAGES,
        custom_return_site_name="Portal",
        allow_http=True,
    )
    side.open_page(named, first.session.token, Redirect(1))
    sso.user_access(rest, username="cedar@example.com", password=PASSWORD, account_numbers=["10000102"])
    for account, user in (("19990001", "new@example.com"), ("10000103", "harbour@example.com")):
        customer = NewCustomer(account, "New Customer", email_address=user)
        sso.user_registration(rest, customer=customer, username=user, password=PASSWORD)
    known = NewCustomer("10000101", "Willows Laundry", email_address=WILLOWS)
    sso.user_registration(rest, customer=known, username=WILLOWS, password=PASSWORD)
    guest = CloudPaymentRequest(customers=(CloudCustomer("10000104", name="Maple Street Dental"),))
    cloud_payments.unregistered_user_payment(rest, guest)
    sso.update_email_and_password(
        rest,
        username=WILLOWS,
        email_address=WILLOWS,
        password=PASSWORD,
        new_password="Other!2345",
        new_email_address="laundry@example.com",
    )


def watersmart_portal(side: Side) -> None:
    """Sign-in, a sign-in that registers, pages, accounts added and removed, address and password, both files."""
    brook = {"username": "brook@example.com", "account_number": "20000201"}
    signed = watersmart.sign_in(side.soap, password=PASSWORD, email_address=brook["username"], **brook)
    watersmart.find_account(side.rest, session=signed.session, **brook)
    pages = CloudSso(side.url, allow_http=True)
    for redirect in (2, 3, 8):
        watersmart.keep_alive(side.soap, signed.session.token)
        side.open_page(pages, signed.session.token, Redirect(redirect))
    pond = {"username": "pond@example.com", "account_number": "20000202"}
    again = watersmart.sign_in(side.soap, password=PASSWORD, email_address=pond["username"], **pond)
    watersmart.find_account(side.rest, session=again.session, **pond)
    watersmart.link_account(side.soap, username=brook["username"], account_number="20000202")
    watersmart.unregister(
        side.soap, username=brook["username"], account_numbers=["20000202"], occasion=Occasion.CUSTOMER
    )
    watersmart.change_password(side.soap, email_address=brook["username"], new_password="Other!2345", **brook)
    watersmart.set_email(side.soap, new_email_address="river@example.com", occasion=Occasion.CUSTOMER, **brook)
    invoice = side.line.lane.control.get("/_sandbox/ic/invoices", biller_guid=side.books.biller["guid"])["invoices"][0]
    watersmart.renew_demo_user(side.soap, invoice_number=invoice["invoice_number"], balance_due=Decimal("12.34"))
    bills = b"20000201,Brook Street Laundromat,22 Brook Street,,Northfield,MN,55057,06/01/2026,06/21/2026,31.20,,W-1,1,0,0,\n"  # noqa: E501
    with side.losing("UploadInvoiceFile"):
        side.soap.upload_invoice_file("bills.csv", bills)
    side.soap.upload_invoice_file("bills.csv", bills)
    side.soap.upload_invoice_file("balances.csv", b"20000201,Brook,31.20,1,\n")


def cloud_payment_pages(side: Side) -> None:
    """Pages for a guest, for a user who is signed in, for a quote."""
    token = sso.user_access(side.rest, username=WILLOWS, password=PASSWORD, account_numbers=["10000101"]).session.token
    for number in range(4):
        cloud_payments.unregistered_user_payment(side.rest, page_request(f"ref-{number}"))
    cloud_payments.registered_user_quick_payment(side.rest, page_request("ref-user", post_back=False), token)
    quote = CloudInvoice("Q1-03/01/2029", balance_due=Decimal("24.00"), invoice_date=date(2026, 6, 1))
    cloud_payments.unregistered_user_payment(
        side.rest, CloudPaymentRequest(customers=(CloudCustomer("Q1", name="Harbor", invoices=(quote,)),))
    )


def page_request(reference: str, *, post_back: bool = True) -> CloudPaymentRequest:
    """A page for 1.00 of Willows Laundry's bill."""
    invoice = CloudInvoice(
        "500001",
        balance_due=Decimal("1.00"),
        due_date=date(2026, 7, 1),
        cc_service_fee=Decimal("0.50"),
        ach_service_fee=Decimal(0),
        minimum_amount_due=Decimal("1.00"),
        allow_partial_payments=False,
    )
    return CloudPaymentRequest(
        customers=(CloudCustomer("10000101", name="Willows Laundry", invoices=(invoice,)),),
        biller_reference=reference,
        return_url=f"{PAGES}/receipt",
        post_back_url=f"{PAGES}/postback?token={SECRET}" if post_back else None,
    )


def upload_bills(side: Side, layout_name: str, change: Callable[[bytes], bytes] = lambda data: data) -> None:
    """Upload one new bill as a BIF."""
    biller: Mapping[str, Any] = side.books.biller
    layout = load_layout(layout_name).for_biller(
        BillerGuid=biller["guid"],
        InvoiceFormatGuid=biller["invoice_format_guid"],
        InvoiceTypeID=biller["invoice_type_id"],
    )
    day = date(2026, 6, 1)
    values = {
        "InvoiceNumber": "N-1" if layout_name != "tccs" else "777100010-06/16/2027",
        "InvoiceDate": day,
        "InvoiceDueDate": date(2026, 6, 21),
        "TotalAmountDue": Decimal("10.00"),
        "BalanceDue": Decimal("10.00"),
        "MinimumAmountDue": Decimal("10.00"),
        "AccountNumber": "90000001",
        "CustomerName": "New Customer",
        "Description": "Water",
        "Address1": "1 New Street",
        "City": "Springfield",
        "State": "MA",
        "Zip": "01101",
    }
    rows = {}
    for code in ("IH", "CR", "ID"):
        record = layout.record(code)
        names = {one.name for one in record.named}
        rows[code] = record.make(**{name: value for name, value in values.items() if name in names})
    group = InvoiceGroup(rows["IH"], rows["CR"], (rows["ID"],))
    stream = io.BytesIO()
    write_bif(stream, layout, layout.record("FH").make(FileCreationDate=day), [group])
    side.soap.upload_invoice_file("bills.bif", change(stream.getvalue()))


GOOD: Mapping[str, tuple[str, Callable[[Side], None]]] = {
    "inhance-v2": ("inhance_v2", inhance_v2),
    "tccs": ("tccs", tccs),
    "inhance-v1": ("inhance_v1", inhance_v1),
    "inhance-portal": ("inhance_v2", inhance_portal),
    "watersmart": ("watersmart", watersmart_portal),
    "cloud-payments": ("inhance_v2", cloud_payment_pages),
}
"""The biller's partner of each role, and what its good consumer does."""
