"""RemoteAuthenticationWS and the exports over a real socket; the stub holds both sides to the WSDLs."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from partnerlab.client.errors import PartnerFault, ProtocolError, RequestInvalid
from partnerlab.client.invoice_cloud import (
    Account,
    AsyncInvoiceCloudClient,
    CustomerChange,
    ExportedPayment,
    InvoiceCloudClient,
    RemoteSession,
)
from partnerlab.client.invoice_cloud.operations import remote_authentication
from tests.client.invoice_cloud.stub import BILLER, GUID, TOKEN, WEB_SERVICE_KEY, Stub, good, raw, refuse

USER = "willows@example.com"
PASSWORD = "Sandbox!2345"
ACCESS = {"BillerGUID": BILLER, "WebServiceKey": WEB_SERVICE_KEY}
PAYMENT = {
    "InvoiceNumber": "500001",
    "AccountNumber": "10000101",
    "PaymentGUID": "p-1",
    "PaymentDate": "2026-06-16T10:30:00",
    "PaymentTypeID": 1,
    "PaymentTypeDesc": "Visa",
    "PaymentAmount": "40.0000",
    "ConvenienceFee": "1.95",
    "PaymentReference": "IC1",
    "Approved": True,
    "BillerReference": "r-1",
    "Offline": False,
    "WSReportID": 0,
}


def call(flavour: Any, stub: Stub, name: str, *args: Any, **kw: Any) -> Any:
    where = (stub.url, BILLER, WEB_SERVICE_KEY)
    return flavour._run(InvoiceCloudClient, AsyncInvoiceCloudClient, where, {}, name, args, kw)


def test_a_log_in_gives_a_session(flavour: Any, invoice_cloud: Any) -> None:
    stub = invoice_cloud(RemoteAuthentication=good(RemoteAuthenticationToken=TOKEN, CustomerGuid=GUID))
    assert call(flavour, stub, "remote_authentication", USER, PASSWORD) == RemoteSession(TOKEN, GUID)
    call(flavour, stub, "remote_authentication", USER, PASSWORD, "10000101", "Willows & Sons", USER)
    plain, whole = stub.seen
    assert plain.members == {**ACCESS, "Username": USER, "Password": PASSWORD}
    assert whole.members == {
        **plain.members,
        "AccountNumber": "10000101",
        "CustomerName": "Willows & Sons",
        "EmailAddress": USER,
    }
    assert plain.path == "/portal/webservices/RemoteAuthenticationWS.asmx"


def test_a_log_in_without_a_token_breaks_the_contract(flavour: Any, invoice_cloud: Any) -> None:
    with pytest.raises(ProtocolError, match="RemoteAuthenticationToken is missing or blank"):
        call(flavour, invoice_cloud(RemoteAuthentication=good()), "remote_authentication", USER, PASSWORD)


def test_a_refused_log_in_repeats_no_password(flavour: Any, invoice_cloud: Any) -> None:
    stub = invoice_cloud(RemoteAuthentication=refuse(f"{PASSWORD} is wrong"))
    with pytest.raises(PartnerFault, match="••• is wrong"):
        call(flavour, stub, "remote_authentication", USER, PASSWORD)


def test_a_session_is_kept_alive_until_the_time_told(flavour: Any, invoice_cloud: Any) -> None:
    stub = invoice_cloud(KeepRemoteSessionAlive=good(ExpirationDate="2026-06-16T10:50:00"))
    assert call(flavour, stub, "keep_remote_session_alive", TOKEN) == datetime(2026, 6, 16, 10, 50)
    assert stub.seen[0].members == {**ACCESS, "RemoteAuthenticationToken": TOKEN}


def test_a_session_without_an_end_breaks_the_contract(flavour: Any, invoice_cloud: Any) -> None:
    stub = invoice_cloud(KeepRemoteSessionAlive=good(ExpirationDate="0001-01-01T00:00:00"))
    with pytest.raises(ProtocolError, match="has no ExpirationDate"):
        call(flavour, stub, "keep_remote_session_alive", TOKEN)


def test_a_registration_says_login_type_1(flavour: Any, invoice_cloud: Any) -> None:
    stub = invoice_cloud(RemoteRegistration=good(CustomerGuid=GUID))
    assert call(flavour, stub, "remote_registration", "10000101", "willows", USER, PASSWORD) == GUID
    assert stub.seen[0].members == {
        **ACCESS,
        "LoginTypeID": "1",
        "AccountNumber": "10000101",
        "Username": "willows",
        "EmailAddress": USER,
        "Password": PASSWORD,
    }


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("remote_registration", ["10000101", "willows", "no address", PASSWORD]),
        ("set_customer_email_address", ["10000101", "willows", "no address"]),
    ],
)
def test_what_is_no_e_mail_address_is_not_sent(flavour: Any, invoice_cloud: Any, name: str, args: Any) -> None:
    stub = invoice_cloud()
    with pytest.raises(RequestInvalid, match="must be an e-mail address"):
        call(flavour, stub, name, *args)
    assert stub.server.connections == 0


def test_several_accounts_are_taken_from_a_user_in_one_call(flavour: Any, invoice_cloud: Any) -> None:
    stub = invoice_cloud(UnregisterAccounts=good())
    numbers = ["10000101", "<&>", "]]></UnregisterAccounts>"]
    assert call(flavour, stub, "unregister_accounts", USER, numbers) is None
    assert stub.seen[0].members == {**ACCESS, "Username": USER, "Accounts": numbers}


@pytest.mark.parametrize("numbers", [[], "10000101", [""], ["\x00"]])
def test_accounts_to_take_are_a_list_of_numbers(flavour: Any, invoice_cloud: Any, numbers: Any) -> None:
    with pytest.raises(RequestInvalid, match="Account"):
        call(flavour, invoice_cloud(), "unregister_accounts", USER, numbers)


def test_an_account_is_linked_and_an_address_changed(flavour: Any, invoice_cloud: Any) -> None:
    stub = invoice_cloud(LinkCustomerAccount=good(), SetCustomerEmailAddress=good())
    assert call(flavour, stub, "link_customer_account", USER, "10000102") is None
    assert call(flavour, stub, "set_customer_email_address", "10000101", USER, "new@example.com") is None
    assert [seen.members for seen in stub.seen] == [
        {**ACCESS, "Username": USER, "AccountNumber": "10000102"},
        {**ACCESS, "AccountNumber": "10000101", "Username": USER, "NewEmailAddress": "new@example.com"},
    ]


def test_payments_are_fetched_with_their_types(flavour: Any, invoice_cloud: Any) -> None:
    stub = invoice_cloud(ExportPayments=good(Payments=("ExportedPayment", [PAYMENT])))
    (payment,) = call(flavour, stub, "export_payments", datetime(2026, 6, 16, 9, tzinfo=UTC))
    assert payment == ExportedPayment(
        "500001", "", "10000101", "", "p-1", datetime(2026, 6, 16, 10, 30), 1, "Visa", Decimal("40.00"),
        Decimal("1.95"), "IC1", "", True, "r-1", False, "", 0, "",
    )  # fmt: skip
    assert stub.seen[0].path == "/portal/webservices/CloudInvoicing.asmx"
    assert stub.seen[0].members == {**ACCESS, "Since": "2026-06-16T09:00:00+00:00"}


def test_a_naive_time_goes_out_as_the_biller_s_local_time(flavour: Any, invoice_cloud: Any) -> None:
    stub = invoice_cloud(ExportPayments=good())
    assert call(flavour, stub, "export_payments", datetime(2026, 6, 16, 9, 0, 0, 999)) == ()
    assert stub.seen[0].members["Since"] == "2026-06-16T09:00:00"


@pytest.mark.parametrize(
    ("own", "rule"),
    [
        ({"PaymentGUID": " "}, "PaymentGUID is missing or blank"),
        ({"PaymentDate": "0001-01-01T00:00:00"}, "has no PaymentDate"),
    ],
)
def test_a_payment_without_name_or_date_is_not_taken(flavour: Any, invoice_cloud: Any, own: Any, rule: str) -> None:
    stub = invoice_cloud(ExportPayments=good(Payments=("ExportedPayment", [PAYMENT | own])))
    with pytest.raises(ProtocolError, match=rule):
        call(flavour, stub, "export_payments", datetime(2026, 6, 16))


def test_changes_are_fetched_and_unset_dates_are_none(flavour: Any, invoice_cloud: Any) -> None:
    unset, when = "0001-01-01T00:00:00", "2026-06-16T10:30:00"
    row = {
        "AccountNumber": "10000101",
        "AutoPaySignUpDate": when,
        "AutoPayCancelDate": unset,
        "EmailAddress": USER,
        "EmailAddressChangeDate": unset,
        "PhoneNumber": "555-0100",
        "PhoneNumberChangeDate": when,
        "PaperlessSignUpDate": unset,
        "PaperlessCancelDate": unset,
    }
    stub = invoice_cloud(ExportCustomerChanges=good(Changes=("CustomerChange", [row])))
    moment = datetime(2026, 6, 16, 10, 30)
    assert call(flavour, stub, "export_customer_changes", moment) == (
        CustomerChange("10000101", moment, None, USER, None, "555-0100", moment, None, None),
    )
    assert stub.seen[0].path == "/portal/webservices/CloudManagement.asmx"


def test_a_page_of_the_web_server_is_told_with_its_status(flavour: Any, invoice_cloud: Any) -> None:
    stub = invoice_cloud(LinkCustomerAccount=raw(404, b"<html><title>Not found</title></html>"))
    with pytest.raises(PartnerFault) as caught:
        call(flavour, stub, "link_customer_account", USER, "1")
    assert caught.value.code == "404"


def test_nothing_shows_a_password_or_token() -> None:
    access = Account("https://ic.example.com", BILLER, WEB_SERVICE_KEY)
    for call in (
        remote_authentication.remote_authentication(access, USER, PASSWORD),
        remote_authentication.remote_registration(access, "1", USER, USER, PASSWORD),
        remote_authentication.keep_remote_session_alive(access, TOKEN),
    ):
        assert PASSWORD not in repr(call)
        assert TOKEN not in repr(call)
        assert {PASSWORD, TOKEN} & set(call.request.secrets)
