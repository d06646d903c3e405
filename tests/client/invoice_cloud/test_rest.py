"""The REST clients over a real socket, sync and async with one body; the stub holds both sides to openapi.yaml."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from partnerlab.client.errors import PartnerFault, ProtocolError, RequestInvalid, TransportError
from partnerlab.client.http import HttpResponse
from partnerlab.client.http.connected import Method
from partnerlab.client.invoice_cloud import (
    AccountRegistration,
    AsyncRestClient,
    BillerStatus,
    CustomerAccount,
    CustomerCreated,
    NewCustomer,
    PortalUser,
    RemoteSession,
    RestAccount,
    RestClient,
    UserAccount,
)
from partnerlab.client.invoice_cloud.operations import rest
from tests.client.invoice_cloud.stub import API_KEY, BILLER, GUID, LOST, TOKEN, Stub, good, operations, raw, refuse

USER = "willows@example.com"
PASSWORD = "Sandbox!2345"
ADDRESS = {"Address1": "1 Main St", "Address2": "", "City": "Springfield", "State": "MA", "Zip": "01101"}
ACCOUNT = {
    "AccountNumber": "10000101",
    "CustomerGuid": GUID,
    "CustomerID": "1",
    "CustomerName": "Willows Laundry",
    **ADDRESS,
    "Phone": "555-0100",
    "EmailAddress": USER,
    "AutoPay": False,
    "PaperInvoices": True,
    "Registered": True,
    "BalanceDue": 125.5,
}


def call(flavour: Any, stub: Stub, name: str, *args: Any, **kw: Any) -> Any:
    return flavour._run(RestClient, AsyncRestClient, (stub.url, API_KEY), {}, name, args, kw)


def test_every_operation_of_the_contract_has_a_method_and_the_key_in_basic(flavour: Any, invoice_cloud: Any) -> None:
    stub = invoice_cloud(BillerStatus=good(BillerGUID=BILLER, BillerName="Utility", Active=True))
    assert call(flavour, stub, "biller_status") == BillerStatus(BILLER, "Utility", True)
    (seen,) = stub.seen
    assert (seen.method, seen.path, seen.body) == ("GET", "/api/v1/biller/status", b"")
    assert base64.b64decode(seen.headers["authorization"].removeprefix("Basic ")) == f"{API_KEY}:".encode()
    snake = {"".join("_" + c.lower() if c.isupper() else c for c in name).lstrip("_") for name in operations()}
    for name in snake - {"cloud_payments_v2"}:
        assert isinstance(getattr(RestClient, name), Method), name
        assert isinstance(getattr(AsyncRestClient, name), Method), name


def test_users_are_found_by_account(flavour: Any, invoice_cloud: Any) -> None:
    row = {"Username": USER, "EmailAddress": USER, "CustomerGuid": GUID, "AccountNumber": "1", "Registered": True}
    stub = invoice_cloud(RetrieveUsers=good(Users=[row]))
    assert call(flavour, stub, "retrieve_users", account_number="1") == (PortalUser(USER, USER, GUID, "1", True),)
    assert stub.seen[0].members == {"AccountNumber": "1"}


def test_an_account_that_nobody_knows_is_an_empty_answer_not_an_error(flavour: Any, invoice_cloud: Any) -> None:
    assert call(flavour, invoice_cloud(RetrieveUsers=good(Users=[])), "retrieve_users", username="x") == ()


def test_looking_for_users_needs_something_to_look_for(flavour: Any, invoice_cloud: Any) -> None:
    stub = invoice_cloud()
    with pytest.raises(RequestInvalid, match="one of AccountNumber, EmailAddress and Username"):
        call(flavour, stub, "retrieve_users")
    assert stub.server.connections == 0


def test_a_log_in_gives_a_token_that_nothing_shows(flavour: Any, invoice_cloud: Any) -> None:
    stub = invoice_cloud(RemoteAuthentication=good(RemoteAuthenticationToken=TOKEN, CustomerGuid=GUID))
    session = call(flavour, stub, "remote_authentication", USER, PASSWORD, "10000101")
    assert session == RemoteSession(TOKEN, GUID)
    assert TOKEN[:-4] not in repr(session)
    assert stub.seen[0].members == {"Username": USER, "Password": PASSWORD, "AccountNumber": "10000101"}


def test_a_user_without_an_account_has_a_session_without_a_customer(flavour: Any, invoice_cloud: Any) -> None:
    stub = invoice_cloud(RemoteAuthentication=good(RemoteAuthenticationToken=TOKEN, CustomerGuid=None))
    assert call(flavour, stub, "remote_authentication", USER, PASSWORD).customer_guid == ""


def test_a_refused_log_in_is_told_in_invoice_cloud_s_words(flavour: Any, invoice_cloud: Any) -> None:
    stub = invoice_cloud(RemoteAuthentication=refuse(f"No user with {PASSWORD.lower()}"))
    with pytest.raises(PartnerFault) as caught:
        call(flavour, stub, "remote_authentication", USER, PASSWORD)
    assert (caught.value.code, caught.value.refused) == ("Success=false", True)
    assert caught.value.message == "No user with •••"


def test_a_registration_says_login_type_1_and_tells_each_account_s_fate(flavour: Any, invoice_cloud: Any) -> None:
    rows = [
        {"AccountNumber": "1", "CustomerGuid": GUID, "Registered": True, "Message": ""},
        {"AccountNumber": "2", "CustomerGuid": None, "Registered": False, "Message": "unknown"},
    ]
    stub = invoice_cloud(RegisterAccounts=refuse("not all", Accounts=rows))
    assert call(flavour, stub, "register_accounts", USER, PASSWORD, ["1", "2"]) == (
        AccountRegistration("1", GUID, True, ""),
        AccountRegistration("2", "", False, "unknown"),
    )
    members = {"LoginTypeID": 1, "Username": USER, "Password": PASSWORD, "Accounts": ["1", "2"]}
    assert stub.seen[0].members == members


def test_a_registration_of_no_account_at_all_is_a_refusal(flavour: Any, invoice_cloud: Any) -> None:
    rows = [{"AccountNumber": "2", "CustomerGuid": None, "Registered": False, "Message": "unknown"}]
    for answer in (refuse("no such account", Accounts=rows), refuse("no such account")):
        with pytest.raises(PartnerFault, match="no such account"):
            call(flavour, invoice_cloud(RegisterAccounts=answer), "register_accounts", USER, PASSWORD, ["2"])


@pytest.mark.parametrize("numbers", [[], "10000101", ["1", "1"], ["1", " "]])
def test_a_registration_names_accounts_once_each(flavour: Any, invoice_cloud: Any, numbers: Any) -> None:
    with pytest.raises(RequestInvalid, match="Account"):
        call(flavour, invoice_cloud(), "register_accounts", USER, PASSWORD, numbers)


@pytest.mark.parametrize("by", [{"username": USER}, {"token": TOKEN}])
def test_a_user_s_accounts_are_read_in_their_order(flavour: Any, invoice_cloud: Any, by: Any) -> None:
    row = {"CustomerGuid": GUID, "CustomerName": "W", "EmailAddress": USER, **ADDRESS}
    stub = invoice_cloud(
        RetrieveUserAccounts=good(Accounts=[{"AccountNumber": "2", **row}, {"AccountNumber": "1", **row}])
    )
    found = call(flavour, stub, "retrieve_user_accounts", **by)
    assert found[0] == UserAccount("2", GUID, "W", USER, "1 Main St", "", "Springfield", "MA", "01101")
    assert [account.account_number for account in found] == ["2", "1"]
    wire = {"username": "Username", "token": "RemoteAuthenticationToken"}
    assert stub.seen[0].members == {wire[name]: value for name, value in by.items()}


def test_a_password_is_set_with_and_without_a_check_of_the_old_one(flavour: Any, invoice_cloud: Any) -> None:
    stub = invoice_cloud(UpdatePassword=good())
    assert call(flavour, stub, "update_password", USER, "new-password") is None
    assert call(flavour, stub, "update_password", USER, "new-password", PASSWORD) is None
    new = {"Username": USER, "NewPassword": "new-password"}
    assert [seen.members for seen in stub.seen] == [new, new | {"Password": PASSWORD}]


def test_an_address_is_changed_by_username_or_old_address(flavour: Any, invoice_cloud: Any) -> None:
    stub = invoice_cloud(UpdateEmailAddress=good())
    call(flavour, stub, "update_email_address", "new@example.com", username=USER)
    call(flavour, stub, "update_email_address", "new@example.com", email_address=USER)
    new = {"NewEmailAddress": "new@example.com"}
    assert [seen.members for seen in stub.seen] == [new | {"Username": USER}, new | {"EmailAddress": USER}]


@pytest.mark.parametrize("address", ["willows", "a@b.example;c@d.example", "W <w@example.com>", "w@example.com\n", "@"])
@pytest.mark.parametrize(
    ("name", "args", "kw"),
    [
        ("update_email_address", ["ADDRESS"], {"username": USER}),
        ("register_accounts", [USER, PASSWORD, ["1"], "ADDRESS"], {}),
        ("create_customer_record", [NewCustomer("1", "W", email_address="ADDRESS")], {}),
    ],
)
def test_what_is_no_e_mail_address_is_not_sent(
    flavour: Any, invoice_cloud: Any, name: str, args: Any, kw: Any, address: str
) -> None:
    """It would stand in the customer's record, and no bill would ever reach anybody."""
    args = [replace(arg, email_address=address) if isinstance(arg, NewCustomer) else arg for arg in args]
    args = [address if arg == "ADDRESS" else arg for arg in args]
    stub = invoice_cloud()
    with pytest.raises(RequestInvalid) as caught:
        call(flavour, stub, name, *args, **kw)
    assert caught.value.field in ("EmailAddress", "NewEmailAddress")
    assert stub.server.connections == 0


@pytest.mark.parametrize(
    ("name", "args", "kw"),
    [
        ("update_email_address", ["new@example.com"], {}),
        ("update_email_address", ["new@example.com"], {"username": USER, "email_address": USER}),
        ("retrieve_user_accounts", [], {}),
        ("retrieve_user_accounts", [], {"username": USER, "token": TOKEN}),
    ],
)
def test_a_user_is_named_in_exactly_one_way(flavour: Any, invoice_cloud: Any, name: str, args: Any, kw: Any) -> None:
    with pytest.raises(RequestInvalid, match="exactly one of"):
        call(flavour, invoice_cloud(), name, *args, **kw)


def test_a_customer_s_guid_leads_to_the_account_with_its_balance(flavour: Any, invoice_cloud: Any) -> None:
    stub = invoice_cloud(RetrieveCustomerGuid=good(CustomerGuid=GUID), RetrieveCustomerAccount=good(**ACCOUNT))
    assert call(flavour, stub, "retrieve_customer_guid", "10000101", USER, USER) == GUID
    found = call(flavour, stub, "retrieve_customer_account", GUID)
    assert found == CustomerAccount(
        "1", "10000101", "Willows Laundry", "1 Main St", "", "Springfield", "MA", "01101", "555-0100", USER,
        False, True, True, customer_guid=GUID, balance_due=Decimal("125.50"),
    )  # fmt: skip
    assert str(found.balance_due) == "125.50"
    assert stub.seen[0].members == {"AccountNumber": "10000101", "EmailAddress": USER, "Username": USER}
    assert (stub.seen[1].method, stub.seen[1].path) == ("GET", f"/api/v1/cp/{GUID}/account")


def test_a_guid_cannot_leave_its_place_in_the_path() -> None:
    request = rest.retrieve_customer_account(RestAccount("https://ic.example.com", "k"), "../x?y#z").request
    assert request.url == "https://ic.example.com/api/v1/cp/..%2Fx%3Fy%23z/account"


def test_a_customer_is_created_with_what_is_given_and_nothing_else(flavour: Any, invoice_cloud: Any) -> None:
    stub = invoice_cloud(CreateCustomerRecord=good(CustomerGuid=GUID, Created=True))
    new = NewCustomer("20000001", "Ann Example", "c/o Bob", "1 Elm", "Apt 2", "Town", "MA", "01103", "555", USER)
    assert call(flavour, stub, "create_customer_record", new) == CustomerCreated(GUID, True)
    call(flavour, stub, "create_customer_record", NewCustomer("20000001", "Ann Example"))
    assert [seen.members for seen in stub.seen] == [
        {
            "AccountNumber": "20000001",
            "CustomerName": "Ann Example",
            "CustomerName2": "c/o Bob",
            "Address1": "1 Elm",
            "Address2": "Apt 2",
            "City": "Town",
            "State": "MA",
            "Zip": "01103",
            "Phone": "555",
            "EmailAddress": USER,
        },
        {"AccountNumber": "20000001", "CustomerName": "Ann Example"},
    ]


def test_a_wrong_key_is_a_refusal_with_the_status(flavour: Any, invoice_cloud: Any) -> None:
    body = json.dumps({"Success": False, "ErrorMessage": f"Nobody's key: {API_KEY}"}).encode()
    with pytest.raises(PartnerFault) as caught:
        call(flavour, invoice_cloud(BillerStatus=raw(401, body)), "biller_status")
    assert (caught.value.code, caught.value.refused, caught.value.message) == ("401", True, "Nobody's key: •••")


def test_a_call_without_an_answer_is_sent_once_and_may_have_been_carried_out(flavour: Any, invoice_cloud: Any) -> None:
    stub = invoice_cloud(UpdatePassword=LOST)
    with pytest.raises(TransportError) as caught:
        call(flavour, stub, "update_password", USER, "new-password")
    assert caught.value.sent
    assert stub.operations == ["UpdatePassword"]


@pytest.mark.parametrize(
    ("status", "body", "rule"),
    [
        (200, b"", "is not valid JSON"),
        (200, b"<html>", "is not valid JSON"),
        (200, b"[]", "expected a JSON object, found a list"),
        (200, b'{"Success":true,"Success":false}', "Success stands twice"),
        (200, b'{"Success":"yes"}', "Success: 'yes' is not true or false"),
        (200, b'{"ErrorMessage":null}', "Success is missing"),
        (200, b'{"Success":true}', "BillerGUID is missing or blank"),
        (200, b'{"Success":true,"BillerGUID":7}', "BillerGUID: '7' is not a text"),
        (200, b'{"Success":NaN}', "NaN is no number"),
        (200, b"\xff", "is not valid JSON"),
        (200, b'{"Success":' + b"[" * 100_000, "nested too deeply"),
        (204, b"", "must have status 200"),
        (302, b"", "redirects are not followed"),
    ],
)
def test_an_answer_that_breaks_the_contract_is_told_with_its_rule(status: int, body: bytes, rule: str) -> None:
    account = RestAccount("https://ic.example.com", API_KEY)
    with pytest.raises(ProtocolError) as caught:
        rest.biller_status(account).read(HttpResponse(status, {}, body))
    assert rule in caught.value.rule
    assert caught.value.status == status


@pytest.mark.parametrize(
    ("number", "rule"),
    [
        ("1.005", "not in whole cents"),
        ('"$1.00"', "not a decimal number"),
        ("1e400", "not a decimal number"),
        ("1e18", "too many digits"),
        ("true", "not a decimal number"),
    ],
)
def test_a_balance_is_a_number_in_whole_cents(number: str, rule: str) -> None:
    body = json.dumps({**ACCOUNT, "Success": True, "ErrorMessage": None}).replace("125.5", number)
    call = rest.retrieve_customer_account(RestAccount("https://ic.example.com", API_KEY), GUID)
    with pytest.raises(ProtocolError, match=f"BalanceDue: .*{rule}"):
        call.read(HttpResponse(200, {}, body.encode()))


def test_a_row_that_breaks_the_contract_is_named_by_its_place() -> None:
    call = rest.retrieve_users(RestAccount("https://ic.example.com", API_KEY), username="x")
    row = b'{"CustomerGuid":"g","AccountNumber":"1","Registered":false}'
    for rows, rule in (
        (b"[%s,{}]" % row, "Users[1].CustomerGuid is missing or blank"),
        (b"[7]", "Users[0] is not an object"),
        (b"{}", "Users is not an array"),
    ):
        with pytest.raises(ProtocolError) as caught:
            call.read(HttpResponse(200, {}, b'{"Success":true,"Users":%s}' % rows))
        assert caught.value.rule.startswith(rule)


def test_a_5xx_says_nothing_of_how_far_the_request_came_and_429_that_it_was_turned_away() -> None:
    call = rest.update_password(RestAccount("https://ic.example.com", API_KEY), USER, "new-password")
    for status, sent in ((502, True), (503, True), (408, True), (429, False)):
        with pytest.raises(TransportError) as caught:
            call.read(HttpResponse(status, {"retry-after": "7"}, b'{"Success":false,"ErrorMessage":"busy"}'))
        assert (caught.value.sent, caught.value.retry_after_s) == (sent, 7.0)
        assert "busy" in str(caught.value)
    with pytest.raises(PartnerFault, match="busy") as broke:
        call.read(HttpResponse(500, {}, b'{"Success":false,"ErrorMessage":"busy"}'))
    assert not broke.value.refused, "it broke at its work: how far it came is unknown"


@pytest.mark.parametrize("key", ["", " ", "a:b", "k\n", "ключ", "k" * 256])
def test_a_key_that_http_basic_cannot_carry_is_refused_and_not_shown(key: str) -> None:
    with pytest.raises(RequestInvalid) as caught:
        RestAccount("https://ic.example.com", key)
    assert caught.value.value == "•••"


@pytest.mark.parametrize("kind", [RestClient, AsyncRestClient])
def test_a_client_shows_its_key_masked_and_keeps_to_https(kind: Any) -> None:
    assert repr(kind("https://ic.example.com", "sandbox-api-key")) == (
        f"{kind.__name__}(RestAccount('https://ic.example.com', api_key='•••-key'))"
    )
    with pytest.raises(RequestInvalid, match="must be https"):
        kind("http://ic.example.com", API_KEY)


@pytest.mark.parametrize("bad", ["", " ", "\x00secret-word", "secret\ud800word", "s" * 256])
def test_a_password_that_cannot_be_sent_is_not_shown(bad: str) -> None:
    account = RestAccount("https://ic.example.com", API_KEY)
    with pytest.raises(RequestInvalid) as caught:
        rest.remote_authentication(account, USER, bad)
    assert "secret" not in str(caught.value)
    assert caught.value.field == "Password"


def test_no_error_repeats_a_password_or_token_that_an_answer_echoes() -> None:
    account = RestAccount("https://ic.example.com", API_KEY)
    calls = [
        rest.remote_authentication(account, USER, PASSWORD),
        rest.update_password(account, USER, PASSWORD, "old-" + PASSWORD),
        rest.retrieve_user_accounts(account, token=PASSWORD),
    ]
    for call in calls:
        for status in (200, 400, 500):
            for body in (f'{{"Success":"{PASSWORD}"}}', f"<p>{PASSWORD}</p>", f'{{"ErrorMessage":"{PASSWORD}"}}'):
                with pytest.raises((PartnerFault, ProtocolError, TransportError)) as caught:
                    call.read(HttpResponse(status, {}, body.encode()))
                assert PASSWORD not in str(caught.value) + repr(vars(caught.value))
        assert PASSWORD not in repr(call)
