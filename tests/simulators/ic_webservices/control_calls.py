"""Calls of every part of the control API, each answer held against the contract."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import jsonschema

from partnerlab.contracts.data import read_yaml
from partnerlab.simulators.ic_webservices import Settings
from partnerlab.simulators.ic_webservices.store import BILLERS
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

CONTRACT: dict[str, Any] = read_yaml("ic_webservices/control.yaml")


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
    newest = call("get", "mailbox", "mailbox", kind="receipt").json["messages"][0]
    call("get", "mailbox/{number}", f"mailbox/{newest['number']}")
    call("get", "mailbox/{number}", "mailbox/999999")
    assert call("delete", "mailbox", "mailbox").json["dropped"]


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
    whose = {"biller_guid": made["biller_guid"], "world": made["world"]}
    call("post", "exports/{report_id}/delivered", "exports/1/delivered", whose)
    call("post", "exports/{report_id}/delivered", "exports/999/delivered", whose)
    call("post", "exports/{report_id}/delivered", "exports/1/delivered", whose | {"world": "another"})


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
