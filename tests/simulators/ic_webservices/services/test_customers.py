"""Customers: what the partner sees and changes by SOAP, what the payer switches, and conveyed accounts."""

from __future__ import annotations

import pytest

from partnerlab.contracts.seeds import policies, utility_accounts
from tests.simulators.ic_webservices.harness import (
    ACCOUNT,
    INVOICE,
    KEY,
    MANAGEMENT,
    UTILITY,
    Harness,
    elements,
    freeze,
    keyed,
    texts,
)
from tests.simulators.ic_webservices.services.test_payments import check_event

VERSIONS = pytest.mark.parametrize("version", [1, 2], ids=["soap11", "soap12"])


def view(harness: Harness, account: str = ACCOUNT, *, version: int = 1) -> dict[str, str]:
    inner = elements({**keyed(), "AccountNumber": account})
    return texts(harness.soap(MANAGEMENT, "ViewCustomerRecord", inner, version=version))


def update(harness: Harness, *, version: int = 1, **changes: str) -> dict[str, str]:
    inner = elements({**keyed(), "AccountNumber": ACCOUNT, **changes})
    return texts(harness.soap(MANAGEMENT, "UpdateCustomerRecord", inner, version=version))


@VERSIONS
def test_a_customer_record_is_seen_with_every_field(harness: Harness, version: int) -> None:
    freeze(harness)
    harness.lanes.reset("default")
    assert view(harness, version=version) == {
        "Success": "true",
        "CustomerID": "1000001",
        "AccountNumber": ACCOUNT,
        "CustomerName": "Willows Laundry",
        "Address1": "12 Mill Lane",
        "Address2": "",
        "City": "Springfield",
        "State": "MA",
        "Zip": "01103",
        "Phone": "555-0101",
        "EmailAddress": "willows@example.com",
        "AutoPay": "false",
        "PaperInvoices": "true",
        "Registered": "true",
        "RegistrationDate": view(harness)["RegistrationDate"],
        "LoginName": "willows@example.com",
    }


def test_an_unknown_customer_is_an_answer_without_record(harness: Harness) -> None:
    """A consumer in the field tells it by the missing CustomerID."""
    answer = view(harness, "999")
    assert answer["Success"] == "false"
    assert "999" in answer["ErrorMessage"]
    assert "CustomerID" not in answer
    assert "AccountNumber" not in answer


def test_a_customer_that_is_not_registered_has_the_unset_date_of_dot_net(harness: Harness) -> None:
    inner = elements(
        {
            **keyed(harness.settings.insurance_guid, harness.settings.insurance_web_service_key),
            "AccountNumber": harness.settings.policy_number,
        }
    )
    answer = texts(harness.soap(MANAGEMENT, "ViewCustomerRecord", inner))
    assert answer["Registered"] == "false"
    assert answer["RegistrationDate"] == "0001-01-01T00:00:00"


@pytest.mark.parametrize(
    "keys",
    [
        {"BillerGUID": UTILITY, "WebServiceKey": "wrong"},
        {"BillerGUID": UTILITY},
        {"WebServiceKey": KEY},
        {"BillerGUID": "66666666-6666-4666-8666-666666666666", "WebServiceKey": KEY},
        {},
    ],
)
def test_a_wrong_key_is_refused_by_every_operation_in_the_same_words(harness: Harness, keys: dict[str, str]) -> None:
    for operation in ("ViewCustomerRecord", "UpdateCustomerRecord"):
        inner = elements({**keys, "AccountNumber": ACCOUNT, "City": "Elsewhere"})
        answer = texts(harness.soap(MANAGEMENT, operation, inner))
        assert answer["Success"] == "false"
        assert answer["ErrorMessage"] == "The BillerGUID or the WebServiceKey is not valid."
    assert view(harness)["City"] == "Springfield"


def test_keys_are_compared_without_regard_to_case_and_braces(harness: Harness) -> None:
    inner = elements({"BillerGUID": f"{{{UTILITY.upper()}}}", "WebServiceKey": KEY.upper(), "AccountNumber": ACCOUNT})
    assert texts(harness.soap(MANAGEMENT, "ViewCustomerRecord", inner))["Success"] == "true"


@VERSIONS
def test_the_partner_changes_every_field_and_no_event_is_raised(harness: Harness, version: int) -> None:
    changes = {
        "CustomerName": "Willows & Sons",
        "CustomerName2": "Second",
        "Address1": "1 New Street",
        "Address2": "Suite 5",
        "City": "Lee",
        "State": "NH",
        "Zip": "03861",
        "Phone": "603-555-0100",
        "EmailAddress": "new@example.com",
        "EmailAddressCC": "copy@example.com",
        "CustomerVATNumber": "VAT1",
        "RegistrationValue": "REG1",
        "PIN": "4711",
        "BlockPaymentsCC": "true",
        "BlockPaymentsEFT": "true",
    }
    assert update(harness, version=version, **changes) == {"Success": "true"}
    seen = view(harness)
    assert {name: seen[name] for name in changes if name in seen} == {
        name: value for name, value in changes.items() if name in seen
    }
    kept = harness.get(f"customers/{ACCOUNT}")
    assert kept["customer_name2"] == "Second"
    assert kept["email_address_cc"] == "copy@example.com"
    assert (kept["customer_vat_number"], kept["registration_value"]) == ("VAT1", "REG1")
    assert kept["block_payments_cc"] is True
    assert kept["block_payments_eft"] is True
    assert kept["pin"] == "•••"
    assert harness.raised == []


def test_an_absent_text_stays_and_an_empty_one_clears(harness: Harness) -> None:
    update(harness, Address2="Floor 2")
    update(harness, City="Lee")
    assert view(harness)["Address2"] == "Floor 2"
    update(harness, Address2="", EmailAddress="")
    assert view(harness)["Address2"] == ""
    assert view(harness)["EmailAddress"] == ""


@pytest.mark.parametrize(
    ("changes", "start"),
    [
        ({"CustomerName": ""}, "CustomerName: "),
        ({"EmailAddress": "nobody"}, "EmailAddress: 'nobody'"),
        ({"EmailAddressCC": "a b@example.com"}, "EmailAddressCC: "),
        ({"Address1": "x" * 251}, "Address1: "),
        ({"City": "two\nlines"}, "City: "),
    ],
)
def test_a_value_that_is_not_taken_is_named_as_the_wire_names_it(
    harness: Harness, changes: dict[str, str], start: str
) -> None:
    answer = update(harness, **{"Zip": "99999", **changes})
    assert answer["Success"] == "false"
    assert answer["ErrorMessage"].startswith(start)
    assert view(harness)["Zip"] == "01103", "nothing of it is kept"


def test_an_unknown_account_is_not_made(harness: Harness) -> None:
    inner = elements({**keyed(), "AccountNumber": "999", "CustomerName": "New"})
    assert texts(harness.soap(MANAGEMENT, "UpdateCustomerRecord", inner))["Success"] == "false"
    assert harness.control("GET", "customers/999").status == 404


def test_a_form_post_changes_a_customer_as_integrations_in_the_field_do_it(harness: Harness) -> None:
    from urllib.parse import urlencode

    form = {
        **keyed(),
        "AccountNumber": ACCOUNT,
        "CustomerName": "Willows Laundry",
        **dict.fromkeys(
            ("CustomerName2", "Address1", "Address2", "City", "State", "Zip", "Phone", "EmailAddress"), "a@example.com"
        ),
        **dict.fromkeys(("EmailAddressCC", "CustomerVATNumber", "RegistrationValue", "PIN"), ""),
        "BlockPaymentsCC": "false",
        "BlockPaymentsEFT": "true",
    }
    path = "/portal/webservices/CloudManagement.asmx"
    headers = {"content-type": "application/x-www-form-urlencoded"}
    request = harness.request("POST", f"{path}/UpdateCustomerRecord", urlencode(form).encode(), headers)
    response = harness.sim.doors[path](request)
    assert response.status == 200
    assert b"<Success>true</Success>" in response.body
    assert harness.get(f"customers/{ACCOUNT}")["email_address"] == "a@example.com"


@pytest.mark.parametrize(
    ("kind", "field", "on"), [("paperless", "paper_invoices", False), ("autopay", "autopay", True)]
)
def test_switching_raises_an_event_only_where_it_changes_something(
    harness: Harness, kind: str, field: str, on: bool
) -> None:
    answers = [
        harness.control("POST", f"customers/{ACCOUNT}/{kind}", {"enrolled": enrolled})
        for enrolled in (True, True, False, False)
    ]
    assert [answer.status for answer in answers] == [200] * 4
    assert [answer.json["customer"][field] for answer in answers] == [on, on, not on, not on]
    assert [bool(answer.json["event_id"]) for answer in answers] == [True, False, True, False]
    assert [(event["kind"], event["enrolled"]) for event in harness.raised] == [(kind, True), (kind, False)]
    assert [event["id"] for event in harness.raised] == [answers[0].json["event_id"], answers[2].json["event_id"]]
    for event in harness.raised:
        check_event(event)


def test_changing_the_address_raises_an_event_only_where_it_changes_something(harness: Harness) -> None:
    for address in ("new@example.com", " new@example.com ", "willows@example.com"):
        assert harness.control("POST", f"customers/{ACCOUNT}/email", {"email_address": address}).status == 200
    assert [event["email_address"] for event in harness.raised] == ["new@example.com", "willows@example.com"]
    for event in harness.raised:
        check_event(event)
        assert (event["kind"], event["biller_guid"], event["account_number"]) == ("email", UTILITY, ACCOUNT)


@pytest.mark.parametrize("address", ["", "nobody", "a@b", None, 5, "a@example.com\nBcc: x@example.com"])
def test_an_address_that_is_none_is_refused(harness: Harness, address: object) -> None:
    answer = harness.control("POST", f"customers/{ACCOUNT}/email", {"email_address": address})
    assert answer.status == 400
    assert answer.json["error"]["field"] == "email_address"
    assert harness.raised == []


@pytest.mark.parametrize("body", [{}, {"enrolled": "yes"}, {"enrolled": 1}, []])
def test_a_switch_needs_true_or_false(harness: Harness, body: object) -> None:
    assert harness.control("POST", f"customers/{ACCOUNT}/autopay", body).status == 400
    assert harness.control("POST", "customers/1/autopay", {"enrolled": True}).status == 404


def test_a_conveyed_account_carries_its_mark_everywhere(harness: Harness) -> None:
    freeze(harness)
    harness.pay(amount="1.00")
    conveyed = harness.control("POST", f"customers/{ACCOUNT}/convey").json
    number = f"{ACCOUNT}CV-20260616140000"
    assert conveyed["account_number"] == number
    assert conveyed["conveyed"] is True
    assert harness.control("GET", f"customers/{ACCOUNT}").status == 404
    assert harness.invoice(INVOICE)["account_number"] == number
    assert harness.get("payments")["payments"][0]["account_number"] == number
    harness.control("POST", f"customers/{number}/paperless", {"enrolled": True})
    assert harness.raised[-1]["account_number"] == number
    again = harness.control("POST", f"customers/{number}/convey")
    assert (again.status, again.json["error"]["code"]) == (409, "conflict")


def test_customers_of_other_billers_are_listed_apart(harness: Harness) -> None:
    own = harness.get("customers")["customers"]
    insured = harness.get("customers", biller_guid=harness.settings.insurance_guid)["customers"]
    assert {customer["account_number"] for customer in own} == {seed.account for seed in utility_accounts()}
    assert {customer["account_number"] for customer in insured} == {seed.policy_number for seed in policies()}
