"""What partners download: payments, and what payers changed."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from lxml import etree

from partnerlab.simulators.ic_webservices.services.exports import local_moment
from tests.simulators.ic_webservices.harness import (
    ACCOUNT,
    DECLINED,
    INVOICE,
    INVOICING,
    MANAGEMENT,
    RETURNS,
    UTILITY,
    Harness,
    advance,
    bill_file,
    elements,
    freeze,
    group,
    keyed,
    schema,
    texts,
)

EVER = "0001-01-01T00:00:00"
UNSET = EVER


def export(harness: Harness, since: str = EVER, *, version: int = 1, **keys: str) -> list[dict[str, Any]]:
    inner = elements({**keyed(**keys), "Since": since})
    result = harness.soap(INVOICING, "ExportPayments", f"<Req>{inner}</Req>", version=version)
    assert texts(result)["Success"] == "true", texts(result)
    return [texts(one) for one in result.iterfind(f"{{{INVOICING}}}Payments/*")]


def changes(harness: Harness, since: str = EVER, *, version: int = 1) -> list[dict[str, Any]]:
    inner = elements({**keyed(), "Since": since})
    result = harness.soap(MANAGEMENT, "ExportCustomerChanges", inner, version=version)
    assert texts(result)["Success"] == "true", texts(result)
    return [texts(one) for one in result.iterfind(f"{{{MANAGEMENT}}}Changes/*")]


# --- payments ---


@pytest.mark.parametrize("version", [1, 2], ids=["soap11", "soap12"])
def test_a_payment_has_every_column(harness: Harness, version: int) -> None:
    freeze(harness)
    paid = harness.pay(service_fee="2.95", biller_reference="Case 7").json
    (row,) = export(harness, version=version)
    guid = row.pop("InvoiceGUID")
    assert row == {
        "InvoiceNumber": INVOICE,
        "AccountNumber": ACCOUNT,
        "CustomerName": "Willows Laundry",
        "PaymentGUID": paid["payment_guid"],
        "PaymentDate": "2026-06-16T10:00:00",
        "PaymentTypeID": "1",
        "PaymentTypeDesc": "Credit Card",
        "PaymentAmount": "10.00",
        "ConvenienceFee": "2.95",
        "PaymentReference": paid["reference"],
        "PaymentMessage": "Approved",
        "Approved": "true",
        "BillerReference": "Case 7",
        "Offline": "false",
        "LocationReference": "",
        "WSReportID": "0",
        "CheckNumber": "",
    }
    harness.pay()
    assert {one["InvoiceGUID"] for one in export(harness)} == {guid}, "an invoice's is always the same"
    assert len(guid) == 36


@pytest.mark.parametrize(
    ("tender", "type_id", "words"),
    [
        ("credit_card", "1", "Credit Card"),
        ("debit_card", "1", "Debit Card"),
        ("paypal", "1", "PayPal"),
        ("ach", "2", "ACH"),
        ("online_bank_direct", "2", "Online Bank Direct"),
    ],
)
def test_each_tender_has_its_type(harness: Harness, tender: str, type_id: str, words: str) -> None:
    harness.pay(tender=tender)
    (row,) = export(harness)
    assert (row["PaymentTypeID"], row["PaymentTypeDesc"]) == (type_id, words)


def test_only_approved_payments_that_are_the_partners_are_exported(harness: Harness) -> None:
    harness.pay(card_number=DECLINED)
    harness.pay(donation="inline", amount="1.00")
    assert export(harness) == []
    given = harness.pay(donation="standalone", amount="2.00").json
    (row,) = export(harness)
    assert (row["PaymentReference"], row["InvoiceNumber"], row["InvoiceGUID"]) == (given["reference"], "", "")


def test_a_payment_that_came_back_stays_in_the_export(harness: Harness) -> None:
    freeze(harness)
    harness.pay(tender="ach", bank_account=RETURNS)
    assert len(advance(harness, timedelta(days=10))) == 1
    assert [row["Approved"] for row in export(harness)] == ["true"]


def test_since_is_the_billers_local_time_and_counts_itself(harness: Harness) -> None:
    freeze(harness)
    first = harness.pay().json["reference"]
    advance(harness, timedelta(seconds=1))
    second = harness.pay().json["reference"]

    def found(since: str) -> list[str]:
        return [row["PaymentReference"] for row in export(harness, since)]

    assert found("2026-06-16T10:00:00") == [first, second]
    assert found("2026-06-16T10:00:00.5") == [second]
    assert found("2026-06-16T10:00:01") == [second]
    assert found("2026-06-16T10:00:02") == []
    assert found("2026-06-16T14:00:01Z") == [second]
    assert found("2026-06-16T16:00:00+02:00") == [first, second]
    assert found("9999-12-31T23:59:59-14:00") == []
    assert found("0001-01-01T00:00:00+14:00") == [first, second]


def test_asking_again_from_the_last_date_misses_nothing(harness: Harness) -> None:
    freeze(harness)
    seen: set[str] = set()
    since = EVER
    for turn in range(3):
        for _ in range(turn):
            harness.pay(amount="1.00")
            advance(harness, timedelta(milliseconds=400))
        rows = export(harness, since)
        seen |= {row["PaymentGUID"] for row in rows}
        since = rows[-1]["PaymentDate"] if rows else since
    assert len(seen) == len(harness.get("payments")["payments"]) == 3


def test_another_billers_payments_are_not_exported(harness: Harness) -> None:
    settings = harness.settings
    harness.pay()
    assert export(harness, biller=settings.insurance_guid, key=settings.insurance_web_service_key) == []


def test_a_wrong_key_and_a_missing_req_are_refused(harness: Harness) -> None:
    inner = elements({**keyed(key="none"), "Since": EVER})
    told = texts(harness.soap(INVOICING, "ExportPayments", f"<Req>{inner}</Req>"))
    assert told == {"Success": "false", "ErrorMessage": "The BillerGUID or the WebServiceKey is not valid."}
    assert texts(harness.soap(INVOICING, "ExportPayments", ""))["ErrorMessage"].startswith("Req: ")
    assert texts(harness.soap(MANAGEMENT, "ExportCustomerChanges", inner))["Success"] == "false"


def test_an_export_without_since_is_everything(harness: Harness) -> None:
    harness.pay()
    result = harness.soap(INVOICING, "ExportPayments", f"<Req>{elements(keyed())}</Req>")
    assert len(result.findall(f"{{{INVOICING}}}Payments/*")) == 1


def test_every_store_exports_alike(shared: Harness) -> None:
    freeze(shared)
    shared.pay()
    shared.control("POST", f"customers/{ACCOUNT}/autopay", {"enrolled": True})
    assert [row["PaymentDate"] for row in export(shared, "2026-06-16T10:00:00")] == ["2026-06-16T10:00:00"]
    assert [row["AccountNumber"] for row in changes(shared, "2026-06-16T10:00:00")] == [ACCOUNT]


# --- changes ---


def test_each_change_has_its_date_in_the_billers_time(harness: Harness) -> None:
    freeze(harness)
    for path, body in (
        ("autopay", {"enrolled": True}),
        ("paperless", {"enrolled": True}),
        ("email", {"email_address": "new@example.com"}),
        ("phone", {"phone": "413-555-0199"}),
        ("autopay", {"enrolled": False}),
        ("paperless", {"enrolled": False}),
        ("paperless", {"enrolled": True}),
    ):
        assert harness.control("POST", f"customers/{ACCOUNT}/{path}", body).status == 200
        advance(harness, timedelta(hours=1))
    assert changes(harness) == [
        {
            "AccountNumber": ACCOUNT,
            "AutoPaySignUpDate": "2026-06-16T10:00:00",
            "AutoPayCancelDate": "2026-06-16T14:00:00",
            "EmailAddress": "new@example.com",
            "EmailAddressChangeDate": "2026-06-16T12:00:00",
            "PhoneNumber": "413-555-0199",
            "PhoneNumberChangeDate": "2026-06-16T13:00:00",
            "PaperlessSignUpDate": "2026-06-16T16:00:00",
            "PaperlessCancelDate": "2026-06-16T15:00:00",
        }
    ]
    (later,) = changes(harness, "2026-06-16T14:30:00", version=2)
    assert later["AutoPayCancelDate"] == later["EmailAddressChangeDate"] == UNSET
    assert later["PaperlessSignUpDate"] == "2026-06-16T16:00:00"
    assert later["EmailAddress"] == "new@example.com", "as it stands now"
    assert changes(harness, "2026-06-16T16:00:01") == []


def test_what_changes_nothing_is_no_change(harness: Harness) -> None:
    harness.control("POST", f"customers/{ACCOUNT}/paperless", {"enrolled": False})
    harness.control("POST", f"customers/{ACCOUNT}/email", {"email_address": "willows@example.com"})
    harness.control("POST", f"customers/{ACCOUNT}/phone", {"phone": "555-0101"})
    assert changes(harness) == []
    assert harness.get("changes")["changes"] == []


def test_what_a_partner_changed_is_not_sent_back(harness: Harness) -> None:
    inner = elements({**keyed(), "AccountNumber": ACCOUNT, "Phone": "1", "EmailAddress": "p@example.com"})
    assert texts(harness.soap(MANAGEMENT, "UpdateCustomerRecord", inner))["Success"] == "true"
    harness.upload(bill_file([group("700001", ACCOUNT, EmailAddress="bill@example.com")]))
    harness.sim.world.services.user_accounts.set_user_email(
        harness.lane, UTILITY, "portal@example.com", username="willows@example.com"
    )
    assert changes(harness) == []


def test_a_change_of_a_conveyed_account_bears_its_number(harness: Harness) -> None:
    harness.control("POST", f"customers/{ACCOUNT}/autopay", {"enrolled": True})
    number = harness.control("POST", f"customers/{ACCOUNT}/convey").json["account_number"]
    assert [row["AccountNumber"] for row in changes(harness)] == [number]


def test_the_control_api_lists_changes_in_order(harness: Harness) -> None:
    harness.control("POST", f"customers/{ACCOUNT}/autopay", {"enrolled": True})
    harness.control("POST", f"customers/{ACCOUNT}/email", {"email_address": "new@example.com"})
    found = harness.get("changes", biller_guid=UTILITY.upper())["changes"]
    assert [(one["seq"], one["kind"], one["value"]) for one in found] == [
        (1, "autopay", "on"),
        (2, "email", "new@example.com"),
    ]
    assert datetime.fromisoformat(found[0]["changed_at"]).utcoffset() == timedelta(0)
    assert [one["seq"] for one in harness.get("changes", after="1")["changes"]] == [2]


# --- as forms ---


def test_a_form_to_cloudinvoicing_holds_the_members_of_req(harness: Harness) -> None:
    def call(operation: str, **fields: str) -> etree._Element:
        response = harness.form(INVOICING, operation, {**keyed(), **fields})
        assert response.status == 200, response.body
        return etree.fromstring(response.body)

    harness.pay()
    invoice = call("ViewInvoiceByInvoiceNumber", InvoiceNumber=INVOICE)
    assert etree.QName(invoice).localname == "ViewInvoiceByInvoiceNumberResult"
    assert texts(invoice)["BalanceDue"] == "115.50"
    assert texts(call("SetInvoiceBalance", InvoiceNumber=INVOICE, BalanceDue="1,000.00"))["Success"] == "true"
    seen = texts(call("ViewInvoiceByInvoiceNumber", invoicenumber=INVOICE))
    assert (seen["BalanceDue"], seen["TotalAmountDue"]) == ("1000.00", "1000.00")
    assert len(call("ExportPayments", Since="01/01/2020").findall(f"{{{INVOICING}}}Payments/*")) == 1
    assert len(call("ExportPayments").findall(f"{{{INVOICING}}}Payments/*")) == 1
    content = bill_file([group("700001", "20000001")])
    sent = call("UploadInvoiceFile", FileName="a.bif", FileContent=base64.b64encode(content).decode())
    assert texts(sent)["InvoicesAccepted"] == "1"
    response = harness.form(INVOICING, "ExportPayments", {**keyed(), "Since": "soon"})
    assert response.status == 500
    assert b"String was not recognized as a valid DateTime." in response.body


def test_a_form_to_cloudmanagement_exports_changes(harness: Harness) -> None:
    harness.control("POST", f"customers/{ACCOUNT}/autopay", {"enrolled": True})
    response = harness.form(MANAGEMENT, "ExportCustomerChanges", {**keyed(), "Since": "2020-01-01"})
    root = etree.fromstring(response.body)
    schema(MANAGEMENT).assertValid(root)
    assert [texts(one)["AccountNumber"] for one in root.iterfind(f"{{{MANAGEMENT}}}Changes/*")] == [ACCOUNT]


def test_moments_go_out_to_the_second_and_are_kept_to_the_microsecond(harness: Harness) -> None:
    assert local_moment("2026-06-16T14:00:00.987654+00:00", ZoneInfo("America/New_York")) == datetime(2026, 6, 16, 10)
    freeze(harness, "2026-06-16T14:00:00.987654+00:00")
    harness.pay()
    (payment,) = harness.lanes.export("default")["ic_payments"]
    assert payment["recorded_at"] == "2026-06-16T14:00:00.987654+00:00"
