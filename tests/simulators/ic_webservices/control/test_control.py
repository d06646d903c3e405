"""The control API is what its contract says, and nothing more."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import jsonschema
import pytest
import yaml
from openapi_spec_validator import validate

from partnerlab.contracts.data import read_bytes
from partnerlab.contracts.settings import settings as known_settings
from partnerlab.simulators.ic_webservices import Settings
from partnerlab.simulators.ic_webservices.control.faults import STATUSES
from partnerlab.simulators.ic_webservices.seeds import billers
from partnerlab.simulators.ic_webservices.store import BILLERS
from partnerlab.simulators.kit.control.operations import operations
from tests.simulators.ic_webservices.checkouts import Checkout, Receiver
from tests.simulators.ic_webservices.checkouts import request as asked
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

CONTRACT: dict[str, Any] = yaml.safe_load(read_bytes("ic_webservices/control.yaml"))


def test_the_contract_is_openapi() -> None:
    validate(CONTRACT)


def test_every_refusal_of_the_domain_has_a_status() -> None:
    from partnerlab.simulators.ic_webservices.domain import errors

    def leaves(kind: type) -> Iterator[type]:
        for child in kind.__subclasses__():
            yield child
            yield from leaves(child)

    assert set(leaves(errors.DomainError)) == set(STATUSES)


class Checked:
    """Calls, each answer held against the contract."""

    def __init__(self, harness: Harness) -> None:
        self.harness = harness
        self.seen: set[tuple[str, str, str]] = set()

    def __call__(self, method: str, template: str, path: str, body: Any = None, **query: str) -> Answer:
        answer = self.harness.control(method.upper(), path, body, **query)
        operation = CONTRACT["paths"][f"/_sandbox/ic/{template}"][method]
        response = operation["responses"].get(str(answer.status))
        assert response is not None, f"{method} {template}: {answer} is not in the contract"
        if reference := response.get("$ref"):
            response = CONTRACT["components"]["responses"][reference.rpartition("/")[2]]
        schema = {**response["content"]["application/json"]["schema"], "components": CONTRACT["components"]}
        validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
        validator.validate(answer.json)
        self.seen.add((method, template, str(answer.status)))
        return answer


def check_wallet(call: Checked) -> None:
    methods, autopay, schedules = (f"users/{{username}}/{name}" for name in ("methods", "autopay", "schedules"))
    ann, nobody = "users/ann@example.com", "users/none"
    card = {"card_number": DECLINED, "holder": "Ann", "expires_on": "2049-09-30"}
    made = call("post", methods, f"{ann}/methods", card).json
    expired = call("post", methods, f"{ann}/methods", {**card, "expires_on": "2001-01-31"}).json
    for _ in range(18):
        call("post", methods, f"{ann}/methods", {"bank_account": "000123456789", "holder": "Ann"})
    call("post", methods, f"{ann}/methods", card)  # one too many
    call("post", methods, f"{ann}/methods", {**card, "card_number": "4242424242424242"})
    call("post", methods, f"{nobody}/methods", card)
    assert len(call("get", methods, f"{ann}/methods").json["methods"]) == 20
    call("get", methods, f"{nobody}/methods")
    enrolment = {"account_number": ACCOUNT, "method_id": made["method_id"]}
    call("post", autopay, f"{ann}/autopay", enrolment)
    call("post", autopay, f"{ann}/autopay", {**enrolment, "method_id": 4})
    call("post", autopay, f"{ann}/autopay", {**enrolment, "method_id": "none"})
    call("post", autopay, f"{ann}/autopay", {**enrolment, "method_id": expired["method_id"]})
    day = (datetime.now(UTC) + timedelta(days=9)).date().isoformat()
    order = {"invoice_number": INVOICE, "amount": "1.00", "method_id": made["method_id"], "day": day}
    call("post", schedules, f"{ann}/schedules", order)
    call("post", schedules, f"{ann}/schedules", {**order, "day": "2001-01-01"})
    call("post", schedules, f"{ann}/schedules", {**order, "amount": "9999.00"})
    call("post", schedules, f"{nobody}/schedules", order)
    assert call("get", "schedules", "schedules", state="scheduled", account_number=ACCOUNT).json["schedules"]
    call("get", "schedules", "schedules", state="lost")


def check_cloud_payments(call: Checked) -> None:
    with Receiver(500, 204) as receiver:
        checkout = Checkout(call.harness)
        invoice = {"InvoiceNumber": "CPV2-1", "BalanceDue": 5}
        customers = [{"AccountNumber": ACCOUNT, "Invoices": [invoice]}]
        remind = {"InvoiceOptions": {"AllowRemindMe": True}}
        page = checkout.page(asked(PostBackURL=receiver.url, Customers=customers, PageResultOptions=remind))
        checkout.visit.submit(page, "Remind me", Do="remind:0", EmailAddress="me@example.com")
        checkout.pay(page)
        (found,) = call("get", "cloud-payments", "cloud-payments").json["cloud_payments"]
        assert found["state"] == "paid"
        call("get", "cloud-payments", "cloud-payments", limit="0")
        call("get", "cloud-payments/{id}", f"cloud-payments/{found['id']}")
        call("get", "cloud-payments/{id}", "cloud-payments/none")
        (one,) = call("get", "postbacks", "postbacks", state="waiting").json["postbacks"]
        call("get", "postbacks", "postbacks", state="lost")
        call("get", "postbacks/{postback_id}", f"postbacks/{one['id']}")
        call("get", "postbacks/{postback_id}", "postbacks/none")
        sent = call("post", "postbacks/{postback_id}/send", f"postbacks/{one['id']}/send")
        assert sent.json["state"] == "delivered"
        call("post", "postbacks/{postback_id}/send", f"postbacks/{one['id']}/send", {"unknown": 1})
        call("post", "postbacks/{postback_id}/send", "postbacks/none/send")
    (reminder,) = call("get", "reminders", "reminders", account_number=ACCOUNT).json["reminders"]
    assert reminder["email_address"] == "me@example.com"
    call("get", "reminders", "reminders", limit="0")


def check_uploads(call: Checked) -> None:
    harness = call.harness
    content = bill_file([group("700001", "20000001", Custom1=None), group("700002", "20000002", InvoiceTypeID=2)])
    harness.upload(content)
    harness.upload(content[:-20])
    call("get", "uploads", "uploads")
    call("get", "uploads", "uploads", limit="1001")
    of_one = "uploads/{upload_id}"
    call("get", of_one, "uploads/U00000001")
    call("get", of_one, "uploads/none")
    for name in ("problems", "quarantine", "adjustments"):
        call("get", f"{of_one}/{name}", f"uploads/U00000001/{name}")
        call("get", f"{of_one}/{name}", f"uploads/none/{name}")
    watersmart = Settings().watersmart_guid

    def send(amount: str) -> None:
        harness.send("uploads", f"20000201,Ann,{amount},2,\n".encode(), file_name="a.csv", biller_guid=watersmart)

    send("5.00")
    send("6.00")
    call("get", f"{of_one}/adjustments", "uploads/U00000003/adjustments")
    # The rows of the file before the latest come again and wait for a person.
    for verb, amount, waiting in (("accept", "5.00", "U00000005"), ("dismiss", "6.00", "U00000006")):
        send(amount)
        call("post", f"{of_one}/{verb}", f"uploads/{waiting}/{verb}")
        call("post", f"{of_one}/{verb}", f"uploads/{waiting}/{verb}")
        call("post", f"{of_one}/{verb}", f"uploads/none/{verb}")
    for biller, status in ((watersmart, "201"), ("99999999-9999-4999-8999-999999999999", "404")):
        sent = harness.send("uploads", b"20000201,Ann,5.00,2,\n", file_name="a.csv", biller_guid=biller)
        assert sent.status == int(status)
        call.seen.add(("post", "uploads", status))


def check_support(call: Checked) -> None:
    """What an integration does not do, of a biller on inHance v1."""
    other = "99999999-9999-4999-8999-999999999998"
    with call.harness.store.write() as tx:
        (biller,) = BILLERS.find(tx, call.harness.lane_name, {"guid": UTILITY}, order="guid")
        BILLERS.put(tx, call.harness.lane_name, replace(biller, guid=other, api_key="v1", partner="inhance_v1"))
    support = "billers/{guid}/support"
    call("get", support, f"billers/{other}/support", feature="Conveyance")
    call("get", support, f"billers/{other}/support", feature="Void")
    call("get", support, f"billers/{other}/support", feature="Teleport")
    call("patch", "billers/{guid}", f"billers/{other}", {"settings": {"101": "/rejects"}})
    call("post", "exports", "exports", {"kind": "rejects", "biller_guid": other})


def check_clerk(call: Checked) -> None:
    entry = {"account_number": ACCOUNT, "amount": "1.00", "check_number": "1042", "payment_guid": "counter-1"}
    call("post", "clerk/payments", "clerk/payments", entry)
    call("post", "clerk/payments", "clerk/payments", entry)
    call("post", "clerk/payments", "clerk/payments", {**entry, "amount": "2.00"})
    call("post", "clerk/payments", "clerk/payments", {"account_number": "none", "amount": "1.00"})
    blocks = "clerk/blocks/{account_number}"
    call("post", blocks, f"clerk/blocks/{ACCOUNT}", {"bank": True, "cards": False})
    call("post", blocks, f"clerk/blocks/{ACCOUNT}", {"bank": False})
    call("post", blocks, "clerk/blocks/none", {"bank": True})


def check_exports(call: Checked) -> None:
    """After at least one payment and with a change that waits."""
    made = call("post", "exports", "exports", {"kind": "payments"}).json["export"]
    call("post", "exports", "exports", {"kind": "payments"})
    call("post", "exports", "exports", {"kind": "letters"})
    call("post", "exports", "exports", {"kind": "payments", "biller_guid": "99999999-9999-4999-8999-999999999999"})
    call("get", "exports", "exports", waiting="true")
    call("get", "exports", "exports", kind="letters")
    call("get", "exports", "exports", biller_guid="99999999-9999-4999-8999-999999999999")
    call("get", "exports/{report_id}", f"exports/{made['report_id']}")
    call("get", "exports/{report_id}", "exports/999")
    call("get", "exports/{report_id}/files/{name}", f"exports/1/files/{made['files'][0]['name']}")
    call("get", "exports/{report_id}/files/{name}", "exports/1/files/none.csv")
    call("post", "exports/{report_id}/delivered", "exports/1/delivered")
    call("post", "exports/{report_id}/delivered", "exports/999/delivered")


def check_settling(call: Checked) -> None:
    waiting = call.harness.get("events", state="waiting")["events"][-1]["seq"]
    call.harness.reject_events = True
    offer, dismiss = "events/{seq}/offer", "events/{seq}/dismiss"
    assert call("post", offer, f"events/{waiting}/offer").json["state"] == "refused"
    call("post", dismiss, f"events/{waiting}/dismiss", {"reason": "posted by hand"})
    call("post", dismiss, f"events/{waiting}/dismiss", {"reason": "again"})
    call("post", offer, f"events/{waiting}/offer")
    call("post", offer, "events/999/offer")
    call("post", dismiss, "events/999/dismiss", {"reason": "none"})


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
    address = "http://127.0.0.1:8700/iCloud/iCloud.asmx"
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
        **dict.fromkeys(("8", "11", "14", "17", "20", "101"), "http://127.0.0.1:8700/invoicecloudapi"),
        **dict.fromkeys(("9", "12", "15", "18", "21", "102"), "IC-SANDBOX"),
        **dict.fromkeys(("10", "13", "16", "19", "22", "103"), "sandbox-entry-key"),
    }


def test_addresses_are_those_of_the_lane_however_it_was_chosen(harness: Harness) -> None:
    harness.lane_name = "red"
    assert harness.get(f"billers/{UTILITY}")["settings"]["8"] == "http://127.0.0.1:8700/lane/red/iCloud/iCloud.asmx"


def test_without_a_base_url_addresses_are_where_the_request_came_to(harness: Harness) -> None:
    from dataclasses import replace

    from partnerlab.simulators.ic_webservices.control import create_controls

    services = replace(harness.sim.world.services, base_url=None)
    object.__setattr__(harness.sim, "control", lambda: create_controls(services))

    harness.lane_name = "red"
    assert harness.get(f"billers/{UTILITY}")["settings"]["8"] == "http://127.0.0.1:9/lane/red/iCloud/iCloud.asmx"


def test_every_seeded_setting_is_one_that_is_known(harness: Harness) -> None:
    for biller in billers(harness.settings):
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
