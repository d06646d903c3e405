"""The Invoice Cloud clients over a real socket, sync and async with one body, on hand-written answers."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from lxml import etree

from partnerlab.client.errors import PartnerFault, RequestInvalid
from partnerlab.client.invoice_cloud import (
    Account,
    AsyncInvoiceCloudClient,
    CustomerView,
    InvoiceCloudClient,
    InvoiceView,
    UploadProblem,
    UploadReceipt,
)

GUID = "22222222-2222-4222-8222-222222222222"
KEY = "33333333-3333-4333-8333-333333333333"
INVOICING = "https://www.invoicecloud.com/portal/webservices/CloudInvoicing/"
MANAGEMENT = "https://www.invoicecloud.com/portal/webservices/CloudManagement/"

Sample = Callable[[str], bytes]
Serve = Callable[..., Any]


class Exchange:
    """One call to a server that gives one sample, and what the server got."""

    def __init__(self, flavour: Any, serve: Serve, answer: bytes) -> None:
        self.flavour, self.server = flavour, serve(answer)

    def call(self, name: str, *args: Any, **kw: Any) -> Any:
        origin = f"http://127.0.0.1:{self.server.port}/"
        return self.flavour.invoice_cloud(name, origin, GUID, KEY, *args, **kw)

    def sent(self) -> tuple[str, dict[str, str]]:
        """The request line's path, and the arguments by their path in the body."""
        (received,) = self.server.requests
        head, _, body = received.partition(b"\r\n\r\n")
        (operation,) = etree.fromstring(body)[0]
        wrapped = len(operation) == 1 and etree.QName(operation[0]).localname == "Req"
        fields = operation[0] if wrapped else operation
        prefix = "Req/" if wrapped else ""
        found = {prefix + etree.QName(field).localname: field.text or "" for field in fields}
        return head.split()[1].decode(), {"": str(operation.tag), **found}


@pytest.fixture
def exchange(flavour: Any, serve: Serve, sample: Sample) -> Callable[[str], Exchange]:
    return lambda file: Exchange(flavour, serve, sample(f"invoice_cloud/{file}"))


def test_a_bill_file_is_handed_in_as_it_is(exchange: Any) -> None:
    exchange = exchange("upload-200.xml")
    content = b"FH|\xff\x00\r\n" * 10
    assert exchange.call("upload_invoice_file", "bills.bif", content) == UploadReceipt(
        "U-1",
        999,
        1,
        (UploadProblem(14, "500014", "TotalAmountDue", 13, "12,50", "is not an amount"),),
    )
    path, fields = exchange.sent()
    assert path == "/portal/webservices/CloudInvoicing.asmx"
    assert base64.b64decode(fields.pop("Req/FileContent"), validate=True) == content
    assert fields == {
        "": f"{{{INVOICING}}}UploadInvoiceFile",
        "Req/BillerGUID": GUID,
        "Req/WebServiceKey": KEY,
        "Req/FileName": "bills.bif",
    }


def test_a_clean_upload_has_no_problems(exchange: Any) -> None:
    assert exchange("upload_clean-200.xml").call("upload_invoice_file", "b.bif", b"FH") == UploadReceipt(
        "U-2", 3, 0, ()
    )


def test_a_file_that_is_rejected_whole_is_a_refusal(exchange: Any) -> None:
    with pytest.raises(PartnerFault, match="InvoiceCount is 1000, the file has 999"):
        exchange("upload_refused-200.xml").call("upload_invoice_file", "b.bif", b"FH")


@pytest.mark.parametrize("name", ["", "a/b.bif", "a\\b.bif", "C:b.bif", "a\nb.bif", "x" * 256])
def test_a_file_name_is_no_path(exchange: Any, name: str) -> None:
    exchange = exchange("upload-200.xml")
    with pytest.raises(RequestInvalid, match="FileName"):
        exchange.call("upload_invoice_file", name, b"FH")
    assert exchange.server.connections == 0


def test_an_empty_file_is_not_sent(exchange: Any) -> None:
    with pytest.raises(RequestInvalid, match="FileContent"):
        exchange("upload-200.xml").call("upload_invoice_file", "b.bif", b"")


def test_an_invoice_is_read_with_its_types(exchange: Any) -> None:
    exchange = exchange("invoice-200.xml")
    view = exchange.call("view_invoice", "500001")
    assert view == InvoiceView(
        invoice_number="500001",
        invoice_date=date(2026, 6, 1),
        invoice_due_date=date(2026, 6, 21),
        autopay_collection_date=None,
        total_amount_due=Decimal("182.75"),
        balance_due=Decimal("125.50"),
        minimum_amount_due=Decimal("0.00"),
        allow_partial_payments=True,
        first_notify_requested_date=None,
        second_notify_requested_date=None,
        third_notify_requested_date=date(2026, 6, 20),
    )
    assert str(view.balance_due) == "125.50"
    path, fields = exchange.sent()
    assert path == "/portal/webservices/CloudInvoicing.asmx"
    assert fields == {
        "": f"{{{INVOICING}}}ViewInvoiceByInvoiceNumber",
        "Req/BillerGUID": GUID,
        "Req/WebServiceKey": KEY,
        "Req/InvoiceNumber": "500001",
    }


def test_a_balance_is_set_and_the_total_left_alone(exchange: Any) -> None:
    exchange = exchange("balance_set-200.xml")
    assert exchange.call("set_invoice_balance", "500001", Decimal("-3.5")) is None
    assert exchange.sent()[1] == {
        "": f"{{{INVOICING}}}SetInvoiceBalance",
        "Req/BillerGUID": GUID,
        "Req/WebServiceKey": KEY,
        "Req/InvoiceNumber": "500001",
        "Req/BalanceDue": "-3.50",
    }


def test_a_balance_is_set_with_its_total(exchange: Any) -> None:
    exchange = exchange("balance_set-200.xml")
    exchange.call("set_invoice_balance", "500001", Decimal(0), Decimal("10"))
    fields = exchange.sent()[1]
    assert (fields["Req/BalanceDue"], fields["Req/TotalAmountDue"]) == ("0.00", "10.00")


def test_a_customer_is_read_with_its_types(exchange: Any) -> None:
    exchange = exchange("customer-200.xml")
    assert exchange.call("view_customer_record", "10000101") == CustomerView(
        customer_id="1",
        account_number="10000101",
        customer_name="Willows & Sons",
        address1="1 Main St",
        address2="",
        city="Springfield",
        state="MA",
        zip="01101",
        phone="555-0100",
        email_address="willows@example.com",
        autopay=False,
        paper_invoices=True,
        registered=True,
        registration_date=datetime(2025, 1, 2, 3, 4, 5),
        login_name="willows@example.com",
    )
    path, fields = exchange.sent()
    assert path == "/portal/webservices/CloudManagement.asmx"
    assert fields == {
        "": f"{{{MANAGEMENT}}}ViewCustomerRecord",
        "BillerGUID": GUID,
        "WebServiceKey": KEY,
        "AccountNumber": "10000101",
    }


def test_only_what_changes_of_a_customer_is_sent(exchange: Any) -> None:
    exchange = exchange("customer_updated-200.xml")
    exchange.call(
        "update_customer_record",
        "10000101",
        block_payments_cc=True,
        block_payments_eft=False,
        email_address="new@example.com",
        phone="",
    )
    assert exchange.sent()[1] == {
        "": f"{{{MANAGEMENT}}}UpdateCustomerRecord",
        "BillerGUID": GUID,
        "WebServiceKey": KEY,
        "AccountNumber": "10000101",
        "Phone": "",
        "EmailAddress": "new@example.com",
        "BlockPaymentsCC": "true",
        "BlockPaymentsEFT": "false",
    }


def test_every_text_of_a_customer_reaches_its_own_element(exchange: Any) -> None:
    exchange = exchange("customer_updated-200.xml")
    texts = {
        "customer_name": "CustomerName",
        "customer_name2": "CustomerName2",
        "address1": "Address1",
        "address2": "Address2",
        "city": "City",
        "state": "State",
        "zip": "Zip",
        "phone": "Phone",
        "email_address": "EmailAddress",
        "email_address_cc": "EmailAddressCC",
        "customer_vat_number": "CustomerVATNumber",
        "registration_value": "RegistrationValue",
        "pin": "PIN",
    }
    values = {name: f"value of {name}" for name in texts}
    exchange.call("update_customer_record", "1", block_payments_cc=False, block_payments_eft=True, **values)
    fields = exchange.sent()[1]
    assert {name: fields[element] for name, element in texts.items()} == values
    assert (fields["BlockPaymentsCC"], fields["BlockPaymentsEFT"]) == ("false", "true")


@pytest.mark.parametrize("kind", [InvoiceCloudClient, AsyncInvoiceCloudClient])
def test_a_client_shows_its_key_masked(kind: Any) -> None:
    assert repr(kind("https://ic.example.com", GUID, KEY)) == (
        f"{kind.__name__}(Account('https://ic.example.com', '{GUID}', web_service_key='•••3333', soap='1.1'))"
    )


@pytest.mark.parametrize(("guid", "key", "field"), [("", KEY, "BillerGUID"), (GUID, " ", "WebServiceKey")])
def test_an_account_must_have_its_credentials(guid: str, key: str, field: str) -> None:
    with pytest.raises(RequestInvalid, match=field):
        Account("https://ic.example.com", guid, key)


@pytest.mark.parametrize("kind", [InvoiceCloudClient, AsyncInvoiceCloudClient])
def test_a_client_for_plain_http_elsewhere_is_not_made(kind: Any) -> None:
    with pytest.raises(RequestInvalid, match="must be https"):
        kind("http://ic.example.com", GUID, KEY)
