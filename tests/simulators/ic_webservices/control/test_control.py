"""The control API is what its contract says, and nothing more."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from openapi_spec_validator import validate

from partnerlab.contracts.settings import settings as known_settings
from partnerlab.simulators.ic_webservices.control.faults import STATUSES
from partnerlab.simulators.ic_webservices.seeds import billers
from partnerlab.simulators.kit.control.operations import operations
from tests.simulators.ic_webservices.control_calls import (
    CONTRACT,
    Checked,
    check_clerk,
    check_cloud_payments,
    check_exports,
    check_settling,
    check_support,
    check_uploads,
    check_wallet,
)
from tests.simulators.ic_webservices.harness import (
    ACCOUNT,
    DECLINED,
    INVOICE,
    UTILITY,
    Answer,
    Harness,
    bill_file,
    group,
)


def test_the_contract_is_openapi() -> None:
    validate(CONTRACT)


def test_every_refusal_of_the_domain_has_a_status() -> None:
    from partnerlab.simulators.ic_webservices.domain import errors

    def leaves(kind: type) -> Iterator[type]:
        for child in kind.__subclasses__():
            yield child
            yield from leaves(child)

    assert set(leaves(errors.DomainError)) == set(STATUSES)


def test_every_answer_of_every_operation_is_as_the_contract_says(harness: Harness) -> None:
    call = Checked(harness)
    customer = "customers/{account_number}"
    call("get", "billers", "billers")
    call("get", "billers/{guid}", f"billers/{UTILITY}")
    call("get", "billers/{guid}", "billers/none")
    call("patch", "billers/{guid}", f"billers/{UTILITY}", {"settings": {"116": "PayPal"}, "name": "New"})
    call("patch", "billers/{guid}", f"billers/{UTILITY}", {"settings": {"999": "x"}})
    call("patch", "billers/{guid}", "billers/none", {})
    check_support(call)
    call("get", "customers", "customers")
    call("get", "customers", "customers", limit="0")
    call("get", customer, f"customers/{ACCOUNT}")
    call("get", customer, "customers/none")
    for kind in ("paperless", "autopay"):
        call("post", f"{customer}/{kind}", f"customers/{ACCOUNT}/{kind}", {"enrolled": True})
        call("post", f"{customer}/{kind}", f"customers/{ACCOUNT}/{kind}", {"enrolled": True})
        call("post", f"{customer}/{kind}", f"customers/{ACCOUNT}/{kind}", {"enrolled": 1})
        call("post", f"{customer}/{kind}", f"customers/none/{kind}", {"enrolled": True})
    call("post", f"{customer}/email", f"customers/{ACCOUNT}/email", {"email_address": "a@example.com"})
    call("post", f"{customer}/email", f"customers/{ACCOUNT}/email", {})
    call("post", f"{customer}/email", "customers/none/email", {"email_address": "a@example.com"})
    call("post", f"{customer}/phone", f"customers/{ACCOUNT}/phone", {"phone": "413-555-0199"})
    call("post", f"{customer}/phone", f"customers/{ACCOUNT}/phone", {"phone": 4})
    call("post", f"{customer}/phone", "customers/none/phone", {"phone": ""})
    call("get", "changes", "changes", after="1", account_number=ACCOUNT)
    call("get", "changes", "changes", after="x")
    user = {"username": "Ann@example.com", "password": "Sandbox!6789", "account_numbers": [ACCOUNT, "none"]}
    call("post", "users", "users", user)
    call("post", "users", "users", {**user, "password": "short"})
    call("post", "users", "users", {**user, "password": "Sandbox!0000"})
    call("post", "users", "users", {**user, "account_numbers": ["none"]})
    call("get", "users", "users")
    call("get", "users", "users", limit="0")
    call("get", "users/{username}", "users/ann@example.com")
    call("get", "users/{username}", "users/none")
    call("get", "users/{username}/tokens", "users/ann@example.com/tokens")
    call("get", "users/{username}/tokens", "users/none/tokens")
    check_wallet(call)
    check_cloud_payments(call)
    call("post", "users/{username}/tokens/expire", "users/ann@example.com/tokens/expire", {})
    call("post", "users/{username}/tokens/expire", "users/none/tokens/expire")
    call("post", "users/{username}/tokens/expire", "users/ann@example.com/tokens/expire", {"biller_guid": 4})
    check_uploads(call)
    call("get", "balance-questions", "balance-questions")
    call("get", "balance-questions", "balance-questions", limit="none")
    call("get", "balance-questions", "balance-questions", biller_guid="none")
    call("get", "invoices", "invoices")
    call("get", "invoices", "invoices", status="lost")
    call("get", "invoices/{invoice_number}", f"invoices/{INVOICE}")
    call("get", "invoices/{invoice_number}", "invoices/none")
    call("post", "invoices/{invoice_number}/open", f"invoices/{INVOICE}/open")
    image = "invoices/{invoice_number}/image"
    call("put", image, f"invoices/{INVOICE}/image", {"content": "JVBERi0xLjQgJSVFT0Y="})
    call("put", image, f"invoices/{INVOICE}/image", {"content": "PGh0bWw+"})
    call("put", image, "invoices/none/image", {"content": "JVBERi0xLjQgJSVFT0Y="})
    harness.balance = lambda *_: {"problem": "no answer"}
    call("post", "invoices/{invoice_number}/open", f"invoices/{INVOICE}/open", {"biller_guid": UTILITY})
    call("post", "invoices/{invoice_number}/open", "invoices/none/open")
    order = {"account_number": ACCOUNT, "amount": "1.00", "tender": "credit_card", "card_number": "4111111111111111"}
    for payment in (
        order,
        {**order, "payment_guid": "one"},
        {**order, "payment_guid": "one"},
        {**order, "card_number": DECLINED},
        {**order, "amount": "1000.00"},
        {**order, "amount": "many"},
        {**order, "account_number": "none"},
        {**order, "tender": "ach", "card_number": "", "bank_account": "000111111113"},
    ):
        call("post", "payments", "payments", payment)
    call("get", "payments", "payments")
    call("get", "payments", "payments", donation="lost")
    call("get", "payments/{payment_guid}", "payments/one")
    call("get", "payments/{payment_guid}", "payments/none")
    call("post", "payments/{payment_guid}/void", "payments/one/void")
    call("post", "payments/{payment_guid}/void", "payments/none/void")
    check_clerk(call)
    check_exports(call)
    harness.close()
    harness.refuse_events = True
    call("post", "payments", "payments", order)
    call("get", "events", "events")
    call("get", "events", "events", state="lost")
    call("post", "events/offer", "events/offer")
    check_settling(call)
    call("post", f"{customer}/convey", f"customers/{ACCOUNT}/convey")
    call("post", f"{customer}/convey", "customers/none/convey")
    marked = harness.invoice()["account_number"]
    call("post", f"{customer}/convey", f"customers/{marked}/convey")
    documented = set()
    for method, path, said, _ in operations(CONTRACT):
        template = path.removeprefix("/_sandbox/ic/")
        refused = call(method.lower(), template, re.sub(r"\{\w+\}", "1", template), surplus="1").json["error"]
        assert (refused["code"], refused["field"]) == ("field_invalid", "surplus")
        documented |= {(method.lower(), template, status) for status in said["responses"]}
    assert call.seen == documented


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        (
            "payments",
            {"account_number": ACCOUNT, "amount": "1.00", "tender": "paypal", "invoice_numer": "1"},
            "invoice_numer",
        ),
        (f"customers/{ACCOUNT}/email", {"email": "a@example.com"}, "email"),
        (f"customers/{ACCOUNT}/email", {"email_address": "a\ud800@example.com"}, "email_address"),
        (f"customers/{ACCOUNT}/autopay", {"enrolled": True, "biller_guid": 5}, "biller_guid"),
        ("payments", {"account_number": "1\u0000", "amount": "1.00", "tender": "paypal"}, "account_number"),
    ],
)
def test_a_member_that_is_not_known_or_not_text_is_named(
    harness: Harness, path: str, body: dict[str, Any], field: str
) -> None:
    answer = harness.control("POST", path, body)
    assert answer.status == 400
    assert answer.json["error"]["field"] == field
    assert harness.raised == []


def test_a_nul_in_a_key_is_refused(harness: Harness) -> None:
    for path in ("customers/%00", "invoices/1%00", "billers/a%00", "payments/%00", "uploads/%00"):
        request = harness.request("GET", f"/_sandbox/ic/{path.replace('%00', chr(0))}")
        assert harness._control(request).status == 400


# --- billers ---


def test_the_billers_are_the_sandboxes_constants(harness: Harness) -> None:
    found = {biller["partner"]: biller for biller in harness.get("billers")["billers"]}
    assert {partner: biller["guid"] for partner, biller in found.items()} == {
        "inhance_v2": "22222222-2222-4222-8222-222222222222",
        "tccs": "44444444-4444-4444-8444-444444444444",
        "watersmart": "66666666-6666-4666-8666-666666666666",
        "inhance_v1": "12121212-1212-4212-8212-121212121212",
    }
    utility = found["inhance_v2"]
    address = "http://127.0.0.1:9/iCloud/iCloud.asmx"
    key = "11111111-1111-4111-8111-111111111111"
    assert utility["settings"] == {
        "129": "1",
        **dict.fromkeys(("8", "11", "14", "17"), address),
        **dict.fromkeys(("13", "16", "19"), key),
    }
    assert utility["api_key"] == "sandbox-api-key"
    assert utility["web_service_key"] == "33333333-3333-4333-8333-333333333333"
    assert utility["configuration"] == {}
    assert found["watersmart"]["settings"] == {"29": "1"}
    assert found["tccs"]["settings"] == {
        "35": "2",
        **dict.fromkeys(("8", "11", "14", "17", "20", "101"), "http://127.0.0.1:9/invoicecloudapi"),
        **dict.fromkeys(("9", "12", "15", "18", "21", "102"), "IC-SANDBOX"),
        **dict.fromkeys(("10", "13", "16", "19", "22", "103"), "sandbox-entry-key"),
    }


def test_addresses_are_those_of_the_caller_and_its_lane(harness: Harness) -> None:
    harness.lane_name = "red"
    assert harness.get(f"billers/{UTILITY}")["settings"]["8"] == "http://127.0.0.1:9/lane/red/iCloud/iCloud.asmx"
    pumped = harness.sim.biller("red", UTILITY)
    assert pumped["settings"]["8"] == "http://127.0.0.1:8700/lane/red/iCloud/iCloud.asmx"


def test_every_seeded_setting_is_one_that_is_known(harness: Harness) -> None:
    for biller in (one.biller for one in billers(harness.settings)):
        for id in biller.settings:
            assert biller.partner in known_settings()[id].partners


def patch(harness: Harness, body: Mapping[str, Any]) -> Answer:
    return harness.control("PATCH", f"billers/{UTILITY}", body)


def test_settings_and_configuration_are_merged_and_null_removes(harness: Harness) -> None:
    patch(
        harness, {"settings": {"rtdr_version": "2", "116": "PayPal"}, "configuration": {"RTDR": {"UpdateEmail": True}}}
    )
    patch(
        harness,
        {"settings": {"116": None, "8": "https://partner.example.com/iCloud.asmx"}, "time_zone": "America/Denver"},
    )
    biller = harness.get(f"billers/{UTILITY}")
    assert biller["settings"]["rtdr_version"] == "2"
    assert "116" not in biller["settings"]
    assert biller["settings"]["8"] == "https://partner.example.com/iCloud.asmx"
    assert biller["settings"]["11"].endswith("/iCloud/iCloud.asmx")
    assert biller["configuration"] == {"RTDR": {"UpdateEmail": True}}
    patch(harness, {"configuration": {"RTDR": None}})
    assert harness.get(f"billers/{UTILITY}")["configuration"] == {}
    assert harness.pay().json["paid_at"].endswith("+00:00")
    assert harness.raised[0]["payment"]["paid_at"][-6:] in ("-07:00", "-06:00")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"guid": "x"}, "guid"),
        ({"settings": {"999": "x"}}, "settings.999"),
        ({"settings": {"8": 5}}, "settings.8"),
        ({"settings": []}, "settings"),
        ({"configuration": "{}"}, "configuration"),
        ({"configuration": {"x": "y" * 20_001}}, "configuration"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"time_zone": "../etc/passwd"}, "time_zone"),
        ({"name": ""}, "name"),
    ],
)
def test_a_change_of_a_biller_that_is_not_taken_is_named(harness: Harness, body: dict[str, Any], field: str) -> None:
    before = harness.get(f"billers/{UTILITY}")
    answer = patch(harness, body)
    assert answer.status == 400
    assert answer.json["error"]["field"] == field
    assert harness.get(f"billers/{UTILITY}") == before


def test_a_changed_key_is_the_one_that_counts(harness: Harness) -> None:
    patch(harness, {"web_service_key": "another-key"})
    content = bill_file([group("700001", "20000001")])
    assert harness.upload(content)["Success"] == "false"
    assert harness.upload(content, key="another-key")["Success"] == "true"
