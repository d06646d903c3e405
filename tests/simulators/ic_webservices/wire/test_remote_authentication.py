"""RemoteAuthenticationWS: the six operations over SOAP 1.1, SOAP 1.2 and form POST."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from lxml import etree

from partnerlab.contracts.masking import mask_text
from partnerlab.simulators.ic_webservices.settings import Settings
from partnerlab.simulators.ic_webservices.wire.declarations.remote_authentication import RemoteAuthenticationWS
from partnerlab.simulators.kit.asmx.spyne_front import answer_with_spyne
from tests.simulators.ic_webservices.harness import (
    ACCOUNT,
    PASSWORD,
    REMOTE,
    USER,
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

ANN, SECRET, SECOND = "ann@example.com", "Sandbox!6789", "20000001"
WATERSMART = keyed(Settings().watersmart_guid, Settings().watersmart_web_service_key)
Caller = Callable[..., dict[str, Any]]


def by_soap(harness: Harness, version: int) -> Caller:
    def call(operation: str, **fields: Any) -> dict[str, Any]:
        values = {**keyed(), **fields}
        inner = elements({name: value for name, value in values.items() if isinstance(value, str)})
        if "Accounts" in fields:
            inner += f"<Accounts>{''.join(elements({'AccountNumber': one}) for one in fields['Accounts'])}</Accounts>"
        return texts(harness.soap(REMOTE, operation, inner, version=version))

    return call


def by_form(harness: Harness) -> Caller:
    names: Mapping[str, str] = {
        "RemoteAuthentication": "Username Password AccountNumber CustomerName EmailAddress",
        "RemoteRegistration": "LoginTypeID AccountNumber Username EmailAddress Password",
        "SetCustomerEmailAddress": "AccountNumber Username NewEmailAddress",
    }

    def call(operation: str, **fields: Any) -> dict[str, Any]:
        empty = dict.fromkeys(names.get(operation, "").split(), "")
        response = harness.form(REMOTE, operation, {**keyed(), **empty, **fields})
        assert (response.status, response.content_type) == (200, "text/xml; charset=utf-8"), response.body
        root = etree.fromstring(response.body)
        schema(REMOTE).assertValid(root)
        return texts(root)

    return call


@pytest.fixture(params=["soap11", "soap12", "form", "spyne"])
def call(harness: Harness, request: pytest.FixtureRequest) -> Caller:
    freeze(harness)
    harness.upload(bill_file([group("700001", SECOND)]))
    if request.param == "spyne":
        answer_with_spyne(harness.door(REMOTE), RemoteAuthenticationWS)
    callers = {one: partial(by_soap, harness, 2 if one == "soap12" else 1) for one in ("soap11", "soap12", "spyne")}
    return callers.get(request.param, lambda: by_form(harness))()


def guid(harness: Harness, account: str) -> str:
    return str(harness.get(f"customers/{account}")["customer_guid"])


def accounts(harness: Harness, username: str) -> Any:
    return harness.get(f"users/{username}")["account_numbers"]


def test_a_user_logs_in_and_keeps_the_session_alive(harness: Harness, call: Caller) -> None:
    found = call("RemoteAuthentication", Username=USER.upper(), Password=PASSWORD)
    assert found["Success"] == "true"
    assert found["CustomerGuid"] == guid(harness, ACCOUNT)
    token = found["RemoteAuthenticationToken"]
    advance(harness, timedelta(minutes=15))
    kept = call("KeepRemoteSessionAlive", RemoteAuthenticationToken=token)
    assert kept == {"Success": "true", "ExpirationDate": "2026-06-16T10:35:00"}, "in the biller's time zone"
    advance(harness, timedelta(minutes=20))
    told = call("KeepRemoteSessionAlive", RemoteAuthenticationToken=token)
    assert told == {
        "Success": "false",
        "ErrorMessage": "The RemoteAuthenticationToken has expired.",
        "ExpirationDate": "0001-01-01T00:00:00",
    }


def test_a_wrong_login_is_refused(call: Caller) -> None:
    for name, secret in ((USER, "wrong"), ("nobody@example.com", PASSWORD), ("", "")):
        told = call("RemoteAuthentication", Username=name, Password=secret)
        assert told == {"Success": "false", "ErrorMessage": "The Username or the Password is not valid."}


def test_a_user_registers_and_registers_again_with_a_new_password(harness: Harness, call: Caller) -> None:
    asked = {"LoginTypeID": "1", "AccountNumber": SECOND, "Username": ANN, "Password": SECRET}
    assert call("RemoteRegistration", **asked) == {"Success": "true", "CustomerGuid": guid(harness, SECOND)}
    assert call("RemoteRegistration", **{**asked, "Password": "Sandbox!0000"})["Success"] == "true"
    assert call("RemoteAuthentication", Username=ANN, Password=SECRET)["Success"] == "false"
    assert call("RemoteAuthentication", Username=ANN, Password="Sandbox!0000")["Success"] == "true"
    assert accounts(harness, ANN) == [SECOND]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"LoginTypeID": "2"}, "LoginTypeID: '2': must be 1"),
        ({"AccountNumber": "9"}, "There is no customer '9'."),
        ({"AccountNumber": ""}, "Accounts: '': must name at least one account"),
        ({"Username": ""}, "Username: '': must not be empty"),
        ({"Password": "short"}, "Password: '…': must have 8 to 128 characters"),
        ({"EmailAddress": "x"}, "EmailAddress: 'x': must be an e-mail address"),
    ],
)
def test_what_cannot_be_registered_is_told(call: Caller, change: dict[str, str], words: str) -> None:
    asked = {"LoginTypeID": "1", "AccountNumber": SECOND, "Username": ANN, "Password": SECRET, **change}
    assert call("RemoteRegistration", **asked) == {"Success": "false", "ErrorMessage": words}


def test_accounts_are_linked_and_taken_away(harness: Harness, call: Caller) -> None:
    assert call("LinkCustomerAccount", Username=USER, AccountNumber=SECOND) == {"Success": "true"}
    assert accounts(harness, USER) == [ACCOUNT, SECOND]
    assert call("UnregisterAccounts", Username=USER, Accounts=[ACCOUNT, SECOND]) == {"Success": "true"}
    assert accounts(harness, USER) == []
    assert harness.get(f"customers/{ACCOUNT}")["registered"] is False
    told = call("LinkCustomerAccount", Username="nobody", AccountNumber=SECOND)
    assert told == {"Success": "false", "ErrorMessage": "There is no user 'nobody'."}
    assert call("UnregisterAccounts", Username=USER, Accounts=[""])["Success"] == "false"


def test_a_customers_address_is_changed(harness: Harness, call: Caller) -> None:
    asked = {"AccountNumber": ACCOUNT, "Username": USER, "NewEmailAddress": "new@example.com"}
    assert call("SetCustomerEmailAddress", **asked) == {"Success": "true"}
    assert harness.get(f"customers/{ACCOUNT}")["email_address"] == "new@example.com"
    assert call("RemoteAuthentication", Username="new@example.com", Password=PASSWORD)["Success"] == "true"
    assert harness.raised == [], "a partner's own change is not sent back to it"


def test_an_unknown_account_is_created_where_setting_29_says_so(harness: Harness, call: Caller) -> None:
    asked = {"LoginTypeID": "1", "AccountNumber": SECOND, "Username": ANN, "Password": SECRET}
    call("RemoteRegistration", **asked)
    login = {"Username": ANN, "Password": SECRET, "AccountNumber": "9", "CustomerName": "Nine"}
    assert call("RemoteAuthentication", **login)["ErrorMessage"] == "There is no customer '9'."
    harness.control("PATCH", f"billers/{keyed()['BillerGUID']}", {"settings": {"29": "1"}})
    assert call("RemoteAuthentication", **login)["CustomerGuid"] == guid(harness, "9")
    assert accounts(harness, ANN) == [SECOND, "9"]
    new = call("RemoteAuthentication", Username="new@example.com", Password=SECRET, AccountNumber="10")
    assert new["CustomerGuid"] == guid(harness, "10")
    assert new["RemoteAuthenticationToken"]
    assert accounts(harness, "new@example.com") == ["10"]
    assert harness.get("customers/10")["customer_name"] == "10"


def test_every_operation_needs_the_billers_key(harness: Harness, call: Caller) -> None:
    wrong = {"WebServiceKey": "none"}
    calls: dict[str, dict[str, Any]] = {
        "RemoteAuthentication": {"Username": USER, "Password": PASSWORD},
        "KeepRemoteSessionAlive": {"RemoteAuthenticationToken": "x"},
        "RemoteRegistration": {"LoginTypeID": "1", "AccountNumber": SECOND, "Username": ANN, "Password": SECRET},
        "UnregisterAccounts": {"Username": USER, "Accounts": [ACCOUNT]},
        "LinkCustomerAccount": {"Username": USER, "AccountNumber": SECOND},
        "SetCustomerEmailAddress": {"AccountNumber": ACCOUNT, "NewEmailAddress": ANN},
    }
    for operation, fields in calls.items():
        told = call(operation, **fields, **wrong)
        assert told["ErrorMessage"] == "The BillerGUID or the WebServiceKey is not valid.", operation
    assert accounts(harness, USER) == [ACCOUNT]
    assert harness.get(f"customers/{ACCOUNT}")["email_address"] == USER


def test_a_token_of_another_biller_is_not_known(harness: Harness, call: Caller) -> None:
    token = call("RemoteAuthentication", Username=USER, Password=PASSWORD)["RemoteAuthenticationToken"]
    told = call("KeepRemoteSessionAlive", RemoteAuthenticationToken=token, **WATERSMART)
    assert told["ErrorMessage"] == "The RemoteAuthenticationToken is not known."


@pytest.mark.parametrize(
    "accounts",
    [
        {"AccountNumber": [ACCOUNT, SECOND]},
        {"AccountNumber": f"{ACCOUNT}, {SECOND}"},
        {"Accounts": [ACCOUNT, SECOND]},
        {"accounts": ACCOUNT, "ACCOUNTNUMBER": SECOND},
    ],
)
def test_a_forms_list_is_a_repeated_name_or_has_commas(harness: Harness, accounts: dict[str, Any]) -> None:
    harness.upload(bill_file([group("700001", SECOND)]))
    harness.sim.world.services.user_accounts.link(harness.lane, keyed()["BillerGUID"], USER, SECOND)
    response = harness.form(REMOTE, "UnregisterAccounts", {**keyed(), "Username": USER, **accounts})
    assert b"<Success>true</Success>" in response.body
    assert harness.get(f"users/{USER}")["account_numbers"] == []


def test_a_form_without_the_list_is_refused(harness: Harness) -> None:
    response = harness.form(REMOTE, "UnregisterAccounts", {**keyed(), "Username": USER})
    assert (response.status, response.body) == (500, b"Missing parameter: Accounts.\r\n")


def test_the_journal_would_mask_passwords_and_tokens(harness: Harness) -> None:
    inner = elements({**keyed(), "Username": USER, "Password": PASSWORD})
    response = harness.call(REMOTE, "RemoteAuthentication", inner)
    token = etree.fromstring(response.body).findtext(f".//{{{REMOTE}}}RemoteAuthenticationToken") or ""
    assert len(token) == 43
    assert token not in mask_text(response.body.decode())
    assert PASSWORD not in mask_text(inner)


def test_the_help_page_has_a_form_for_each_operation(harness: Harness) -> None:
    path = "/portal/webservices/RemoteAuthenticationWS.asmx"
    door = harness.sim.doors[path]
    page = door(harness.request("GET", path)).body.decode()
    assert "RemoteRegistration" in page
    page = door(harness.request("GET", path, query="op=UnregisterAccounts")).body.decode()
    assert 'action="RemoteAuthenticationWS.asmx/UnregisterAccounts"' in page
