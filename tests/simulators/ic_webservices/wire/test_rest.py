"""The REST door: every operation, how requests are read, who is let in; each answer is held against the contract."""

from __future__ import annotations

import json
import logging
from typing import Any
from unittest.mock import patch

import pytest

from partnerlab.simulators.ic_webservices.settings import Settings
from tests.simulators.ic_webservices.harness import (
    ACCOUNT,
    PASSWORD,
    USER,
    UTILITY,
    Harness,
    bill_file,
    group,
    openapi,
)
from tests.simulators.ic_webservices.pages.visit import add_bill

REMOTE = "remoteauthentication"
ANN, SECRET, NEW = "ann@example.com", "Sandbox!6789", "20000001"


def ok(harness: Harness, operation: str, body: Any = None, **more: Any) -> Any:
    answer = harness.rest(operation, body, **more)
    assert answer.status == 200, answer
    assert (answer.json["Success"], answer.json["ErrorMessage"]) == (True, None), answer.json
    return answer.json


def no(harness: Harness, operation: str, body: Any = None, **more: Any) -> str:
    answer = harness.rest(operation, body, **more)
    assert answer.status == 200, answer
    assert answer.json["Success"] is False
    assert all(answer.json[name] in (None, [], False) for name in answer.json if name != "ErrorMessage")
    return str(answer.json["ErrorMessage"])


def strict(harness: Harness) -> None:
    harness.control("PATCH", f"billers/{UTILITY}", {"configuration": {"REST": {"Strict": True}}})


def test_the_contract_is_openapi_and_has_every_route_and_no_other(harness: Harness) -> None:
    from openapi_spec_validator import validate

    from partnerlab.simulators.ic_webservices.wire.rest_operations import operations

    validate(openapi())
    services = harness.sim.world.services
    declared = operations(services.ledger, services.authentication, services.user_accounts)
    served = {(one.path, one.method.lower(), one.name) for one in declared}
    documented = {
        (path, method, operation["operationId"])
        for path, item in openapi()["paths"].items()
        for method, operation in item.items()
        if path.startswith("/api/v1/")
    }
    assert served == documented


# --- the stories ---


def test_the_status_names_the_biller_of_the_key(harness: Harness) -> None:
    assert ok(harness, "biller/status")["BillerGUID"] == UTILITY
    seen = ok(harness, "biller/status", key="sandbox-api-key-watersmart")
    assert (seen["BillerGUID"], seen["BillerName"], seen["Active"]) == (
        Settings().watersmart_guid,
        "Sandbox Water",
        True,
    )


def test_an_unknown_account_is_created_registered_and_logged_in(harness: Harness) -> None:
    assert ok(harness, f"{REMOTE}/RetrieveUsers", {"AccountNumber": NEW})["Users"] == []
    created = ok(
        harness,
        "customer/CreateCustomerRecord",
        {"AccountNumber": NEW, "CustomerName": "Ann Example", "Address1": "1 Elm Street", "Zip": "01103", "City": None},
    )
    assert created["Created"] is True
    guid = created["CustomerGuid"]
    (found,) = ok(harness, f"{REMOTE}/RetrieveUsers", {"AccountNumber": NEW})["Users"]
    assert found == {
        "Username": "",
        "EmailAddress": "",
        "CustomerGuid": guid,
        "AccountNumber": NEW,
        "Registered": False,
    }
    (registered,) = ok(
        harness,
        f"{REMOTE}/RegisterAccounts",
        {"LoginTypeID": 1, "Username": ANN, "Password": SECRET, "Accounts": [{"AccountNumber": NEW}]},
    )["Accounts"]
    assert (registered["CustomerGuid"], registered["Registered"]) == (guid, True)
    login = ok(harness, f"{REMOTE}/RemoteAuthentication", {"Username": ANN, "Password": SECRET})
    assert login["CustomerGuid"] == guid
    token = login["RemoteAuthenticationToken"]
    (account,) = ok(harness, f"{REMOTE}/RetrieveUserAccounts", {"RemoteAuthenticationToken": token})["Accounts"]
    assert account == {
        "AccountNumber": NEW,
        "CustomerGuid": guid,
        "CustomerName": "Ann Example",
        "EmailAddress": "",
        "Address1": "1 Elm Street",
        "Address2": "",
        "City": "",
        "State": "",
        "Zip": "01103",
    }
    assert ok(harness, "customer/RetrieveCustomerGuid", {"AccountNumber": NEW})["CustomerGuid"] == guid
    seen = ok(harness, f"cp/{{{guid.upper()}}}/account")
    assert (seen["AccountNumber"], seen["Registered"], seen["BalanceDue"]) == (NEW, True, 0)


def test_a_known_account_is_registered_to_its_user(harness: Harness) -> None:
    (found,) = ok(harness, f"{REMOTE}/RetrieveUsers", {"AccountNumber": ACCOUNT, "EmailAddress": USER})["Users"]
    assert (found["Username"], found["EmailAddress"], found["Registered"]) == (USER, USER, True)


def test_an_account_shows_what_is_due_on_its_open_invoices_with_two_decimals(harness: Harness) -> None:
    today = harness.lane.now().date()
    dues = (("700001", ACCOUNT, "0.10"), ("700003", NEW, "9.00"))
    harness.upload(bill_file([group(*due, on=today) for due in dues]))  # it carries the older bill forward
    add_bill(harness, "700002", "0.20", invoice_date=today)
    guid = ok(harness, "customer/RetrieveCustomerGuid", {"AccountNumber": ACCOUNT})["CustomerGuid"]
    seen = ok(harness, f"cp/{guid}/account")
    assert seen["CustomerName"] == f"Customer {ACCOUNT}"
    assert (seen["Phone"], seen["AutoPay"], seen["PaperInvoices"]) == ("555-0101", False, True)
    request = harness.request("GET", f"/api/v1/cp/{guid}/account", b"", {"authorization": "Basic c2FuZGJveC1hcGkta2V5"})
    assert b'"BalanceDue":0.30}' in harness.sim.doors["/api/v1"](request).body


def test_a_registered_account_that_is_not_known_is_told_and_the_others_are_registered(harness: Harness) -> None:
    body = {"LoginTypeID": 1, "Username": ANN, "Password": SECRET, "Accounts": [ACCOUNT, "9"]}
    answer = harness.rest(f"{REMOTE}/RegisterAccounts", body)
    assert (answer.status, answer.json["Success"]) == (200, False)
    assert answer.json["ErrorMessage"] == "There is no customer '9'."
    assert [one["Registered"] for one in answer.json["Accounts"]] == [True, False]
    assert harness.get(f"users/{ANN}")["account_numbers"] == [ACCOUNT]


def test_a_customer_that_stands_is_not_made_again(harness: Harness) -> None:
    before = harness.get(f"customers/{ACCOUNT}")
    seen = ok(harness, "customer/CreateCustomerRecord", {"AccountNumber": ACCOUNT, "CustomerName": "Other"})
    assert seen["Created"] is False
    assert harness.get(f"customers/{ACCOUNT}") == before


def test_registering_again_sets_the_password_unless_the_biller_wants_the_right_one(harness: Harness) -> None:
    """[A-76]: as in "login failed, Register Account(s), Authenticate"."""
    body = {"Username": USER, "Password": "Sandbox!6789", "LoginTypeID": 1, "Accounts": [{"AccountNumber": ACCOUNT}]}
    login = {"Username": USER, "Password": "Sandbox!6789"}
    harness.control("PATCH", f"billers/{UTILITY}", {"configuration": {"Registration": {"RequirePassword": True}}})
    assert harness.rest("remoteauthentication/RegisterAccounts", body).json["Success"] is False
    assert harness.rest("remoteauthentication/RemoteAuthentication", login).json["Success"] is False
    harness.control("PATCH", f"billers/{UTILITY}", {"configuration": {"Registration": {"RequirePassword": False}}})
    assert harness.rest("remoteauthentication/RegisterAccounts", body).json["Success"] is True
    assert harness.rest("remoteauthentication/RemoteAuthentication", login).json["Success"] is True


def test_password_and_address_are_changed(harness: Harness) -> None:
    change = {"Username": USER, "NewPassword": SECRET}
    assert no(harness, f"{REMOTE}/UpdatePassword", {**change, "Password": "wrong"}).startswith("The Username or the")
    ok(harness, f"{REMOTE}/UpdatePassword", {**change, "Password": PASSWORD})
    ok(harness, f"{REMOTE}/UpdateEmailAddress", {"EmailAddress": USER, "NewEmailAddress": ANN})
    ok(harness, f"{REMOTE}/RemoteAuthentication", {"Username": ANN, "Password": SECRET})
    assert harness.get(f"customers/{ACCOUNT}")["email_address"] == ANN
    assert harness.raised == []


@pytest.mark.parametrize(
    ("operation", "body", "words"),
    [
        ("RemoteAuthentication", {"Username": USER, "Password": "x"}, "The Username or the Password is not valid."),
        ("RemoteAuthentication", {"Username": USER, "Password": PASSWORD, "AccountNumber": "9"}, "no customer '9'"),
        ("RetrieveUsers", {}, "AccountNumber: '': give at least one of"),
        ("RetrieveUserAccounts", {}, "Username: '': give Username or RemoteAuthenticationToken"),
        ("RetrieveUserAccounts", {"Username": "nobody"}, "There is no user 'nobody'."),
        ("RetrieveUserAccounts", {"RemoteAuthenticationToken": "x"}, "The RemoteAuthenticationToken is not known."),
        (
            "RegisterAccounts",
            {"LoginTypeID": 2, "Username": ANN, "Password": SECRET, "Accounts": [ACCOUNT]},
            "LoginTypeID: '2': must be 1",
        ),
        (
            "RegisterAccounts",
            {"LoginTypeID": 1, "Username": ANN, "Password": "short", "Accounts": [ACCOUNT]},
            "Password: '…': must have 8 to 128 characters",
        ),
        ("UpdatePassword", {"Username": USER, "NewPassword": "short"}, "NewPassword: '…': must have 8 to 128"),
        ("UpdatePassword", {"Username": "nobody", "NewPassword": SECRET}, "There is no user 'nobody'."),
        ("UpdateEmailAddress", {"NewEmailAddress": ANN}, "Username: '': give Username or EmailAddress"),
        ("UpdateEmailAddress", {"Username": USER, "NewEmailAddress": "x"}, "NewEmailAddress: 'x': must be an e-mail"),
        ("../customer/RetrieveCustomerGuid", {"AccountNumber": "9"}, "There is no customer '9'."),
        (
            "../customer/CreateCustomerRecord",
            {"AccountNumber": "9", "CustomerName": "x", "EmailAddress": "x"},
            "EmailAddress: 'x': must be an e-mail address",
        ),
        ("../customer/CreateCustomerRecord", {"AccountNumber": "9", "CustomerName": " "}, "CustomerName: ''"),
        ("../cp/none/account", None, "There is no customer 'none'."),
        ("../cp/{}/account", None, "There is no customer '{}'."),
    ],
)
def test_a_refusal_is_an_answer_that_says_why(harness: Harness, operation: str, body: Any, words: str) -> None:
    path = f"{REMOTE}/{operation}".replace(f"{REMOTE}/../", "")
    assert words in no(harness, path, body)


def test_a_token_is_the_users_it_was_given_to(harness: Harness) -> None:
    login = ok(harness, f"{REMOTE}/RemoteAuthentication", {"Username": USER, "Password": PASSWORD})
    token = login["RemoteAuthenticationToken"]
    both = {"Username": USER.upper(), "RemoteAuthenticationToken": token}
    assert len(ok(harness, f"{REMOTE}/RetrieveUserAccounts", both)["Accounts"]) == 1
    assert "is not the user" in no(harness, f"{REMOTE}/RetrieveUserAccounts", {**both, "Username": ANN})
    other = {"key": "sandbox-api-key-tccs"}
    assert "is not known" in no(
        harness, f"{REMOTE}/RetrieveUserAccounts", {"RemoteAuthenticationToken": token}, **other
    )


def test_what_is_one_billers_is_not_anothers(harness: Harness) -> None:
    guid = ok(harness, "customer/RetrieveCustomerGuid", {"AccountNumber": ACCOUNT})["CustomerGuid"]
    other = {"key": "sandbox-api-key-tccs"}
    assert "There is no customer" in no(harness, f"cp/{guid}/account", **other)
    assert ok(harness, f"{REMOTE}/RetrieveUsers", {"Username": USER}, **other)["Users"] == []
    assert "not valid" in no(
        harness, f"{REMOTE}/RemoteAuthentication", {"Username": USER, "Password": PASSWORD}, **other
    )


# --- reading ---


LENIENT = [
    b'{"accountnumber": "10000101"}',
    b'{"ACCOUNTNUMBER": 10000101}',
    b'\xef\xbb\xbf{"AccountNumber": "10000101", "Other": [1], "EmailAddress": null, "Username": ""}',
    b'{"AccountNumber": "9", "accountNumber": " 10000101 "}',
]


@pytest.mark.parametrize("body", LENIENT)
def test_requests_are_read_as_dotnet_reads_them(harness: Harness, body: bytes) -> None:
    ok(harness, "customer/RetrieveCustomerGuid", body, content_type="text/plain")


@pytest.mark.parametrize("body", LENIENT)
def test_a_strict_biller_takes_none_of_that(harness: Harness, body: bytes) -> None:
    strict(harness)
    found = harness.rest("customer/RetrieveCustomerGuid", body.replace(b'" 10000101 "', b"10000101"))
    assert found.status == 400
    assert harness.rest("customer/RetrieveCustomerGuid", b'{"AccountNumber": "10000101"}').status == 200


def test_a_strict_biller_takes_json_only(harness: Harness) -> None:
    strict(harness)
    body = {"AccountNumber": ACCOUNT}
    assert harness.rest("customer/RetrieveCustomerGuid", body, content_type="text/json").status == 415
    ok(harness, "customer/RetrieveCustomerGuid", body, content_type="Application/JSON; charset=utf-8")


@pytest.mark.parametrize("value", ["yes", {"Strict": "true"}, {"Strict": False}, None])
def test_only_true_makes_a_biller_strict(harness: Harness, value: Any) -> None:
    harness.control("PATCH", f"billers/{UTILITY}", {"configuration": {"REST": value}})
    ok(harness, "customer/RetrieveCustomerGuid", LENIENT[0])


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "body, line 1, column 1: is not JSON: Expecting value"),
        (b"[]", "body: must be a JSON object"),
        ({}, "LoginTypeID: is required"),
        ({"LoginTypeID": 1}, "Accounts: is required"),
        ({"LoginTypeID": 1, "Accounts": []}, "Accounts: must have 1 to 1000 items"),
        ({"LoginTypeID": 1, "Accounts": [ACCOUNT, {}]}, "Accounts[1].AccountNumber: is required"),
        ({"LoginTypeID": 1, "Accounts": [[]]}, "Accounts[0]: must be an object"),
        ({"LoginTypeID": 1, "Accounts": ACCOUNT}, "Accounts: must be a list"),
        ({"LoginTypeID": "x"}, "LoginTypeID: must be a whole number"),
        ({"LoginTypeID": 1, "Accounts": [ACCOUNT], "Username": ["x"]}, "Username: must be text"),
        ({"LoginTypeID": 1, "Accounts": [ACCOUNT], "Username": ""}, "Username: is required"),
    ],
)
def test_what_cannot_be_read_is_named_by_place_and_rule(harness: Harness, body: Any, words: str) -> None:
    answer = harness.rest(f"{REMOTE}/RegisterAccounts", body)
    assert (answer.status, answer.json) == (400, {"Success": False, "ErrorMessage": words})


def test_a_body_over_a_megabyte_is_not_read(harness: Harness) -> None:
    assert harness.rest("customer/RetrieveCustomerGuid", b" " * (1 << 20) + b"{}").status == 413


# --- who is let in ---


def test_without_a_good_key_nothing_is_answered(harness: Harness) -> None:
    for headers in ({"authorization": ""}, {"authorization": "Bearer x"}, {}):
        answer = harness.rest("biller/status", key="none", **headers)
        assert (answer.status, answer.json["Success"]) == (401, False)
        assert "header Authorization" in answer.json["ErrorMessage"]
    request = harness.request("GET", "/api/v1/biller/status")
    headers = dict(harness.sim.doors["/api/v1"](request).headers)
    assert headers == {"WWW-Authenticate": 'Basic realm="Invoice Cloud", charset="UTF-8"'}


def test_the_key_comes_before_the_body(harness: Harness) -> None:
    assert harness.rest(f"{REMOTE}/RetrieveUsers", b"not json", key="none").status == 401


def test_a_changed_key_is_the_one_that_counts(harness: Harness) -> None:
    ok(harness, "biller/status")
    harness.control("PATCH", f"billers/{UTILITY}", {"api_key": "another"})
    assert harness.rest("biller/status").status == 401
    ok(harness, "biller/status", key="another")
    harness.control("PATCH", f"billers/{Settings().insurance_guid}", {"api_key": "sandbox-api-key"})
    assert ok(harness, "biller/status")["BillerGUID"] == Settings().insurance_guid


# --- paths ---


@pytest.mark.parametrize("path", ["Biller/Status", "BILLER/STATUS", "biller/status/"])
def test_paths_match_without_regard_to_case(harness: Harness, path: str) -> None:
    ok(harness, path)


def test_an_unknown_path_and_a_wrong_method_are_refused(harness: Harness) -> None:
    answer = harness.rest("biller/state")
    assert (answer.status, answer.json["ErrorMessage"]) == (404, "There is no GET /api/v1/biller/state.")
    answer = harness.rest("biller/status", {})
    assert (answer.status, answer.json["ErrorMessage"]) == (405, "POST: the path takes GET only")
    request = harness.request("POST", "/api/v1/biller/status")
    assert dict(harness.sim.doors["/api/v1"](request).headers)["Allow"] == "GET"


def test_the_journal_names_the_operation(harness: Harness) -> None:
    door = harness.sim.doors["/api/v1"]
    guid = "9b65de4f-c61a-4f7a-9064-03443dd468df"
    assert door.operation(harness.request("GET", f"/api/v1/cp/{guid}/account")) == "RetrieveCustomerAccount"
    assert door.operation(harness.request("GET", "/api/v1/x")) == "/api/v1/x"


def test_a_bug_of_ours_is_an_answer_and_never_shows_its_text(
    harness: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    registrations = type(harness.sim.world.services.user_accounts)
    with (
        patch.object(registrations, "find", side_effect=RuntimeError("a secret")),
        caplog.at_level(logging.CRITICAL, "partnerlab.simulators.ic_webservices.wire.rest"),
    ):
        door = harness.sim.doors["/api/v1"]
        headers = {"authorization": "Basic c2FuZGJveC1hcGkta2V5"}
        body = json.dumps({"Username": USER}).encode()
        response = door(harness.request("POST", f"/api/v1/{REMOTE}/RetrieveUsers", body, headers))
    assert response.status == 500
    assert b"a secret" not in response.body
    assert json.loads(response.body)["Success"] is False


def test_the_contracts_verdict_tells_good_exchanges_from_those_that_lean_on_leniency(harness: Harness) -> None:
    from partnerlab.contracts.data import read_bytes
    from partnerlab.contracts.verification.rest import verdict

    check = verdict(read_bytes("ic_webservices/openapi.yaml"))
    door = harness.sim.doors["/api/v1"]
    headers = {"authorization": "Basic c2FuZGJveC1hcGkta2V5", "content-type": "application/json"}

    def found(method: str, path: str, body: str = "", **more: str) -> list[str]:
        request = harness.request(method, f"/api/v1/{path}", body.encode(), {**headers, **more} if body else headers)
        response = door(request)
        sent = {name: value for name, value in headers.items() if body or name != "content-type"}
        return [
            f"{one.side} {one.rule} {one.where}"
            for one in check(
                door.operation(request), request.body, sent, response.status, response.body, response.content_type
            )
        ]

    guid = ok(harness, "customer/RetrieveCustomerGuid", {"AccountNumber": ACCOUNT})["CustomerGuid"]
    assert found("GET", "biller/status") == []
    assert found("GET", f"cp/{guid}/account") == []
    assert found("POST", f"{REMOTE}/RemoteAuthentication", '{"Username": "x", "Password": "y"}') == []
    assert found("POST", f"{REMOTE}/RetrieveUsers", '{"AccountNumber": "10000101"}') == []
    assert found("POST", f"{REMOTE}/RetrieveUsers", '{"accountnumber": "10000101"}') == [
        "request spelling AccountNumber"
    ]
    assert len(found("POST", f"{REMOTE}/UpdatePassword", '{"Username": 5}')) == 2
