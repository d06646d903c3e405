"""The biller questionnaire: what bills have by its answers, with its effect, and what is not on it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from partnerlab.contracts.capabilities import capabilities, integrations
from partnerlab.simulators.ic_webservices.domain.questionnaire import ANSWERS
from tests.simulators.ic_webservices.harness import (
    INVOICING,
    SETTLES,
    UTILITY,
    WATERSMART,
    WATERSMART_KEY,
    Answer,
    Harness,
    advance,
    begin,
    bill_file,
    elements,
    group,
    keyed,
)

BROOK, USER = "20000201", "brook@example.com"
OWN = {"biller_guid": WATERSMART}
ALL = {
    "AllowPartialPayments": True,
    "BalanceForward": True,
    "MinimumAmountDue": "10%",
    "AutoPayCollectionDate": -2,
    "FirstNotifyRequestedDate": -14,
    "SecondNotifyRequestedDate": -7,
    "ThirdNotifyRequestedDate": 1,
    "PaymentExpirationDate": 10,
    "PaymentExpirationMessage": "Call the office",
}


def answer(harness: Harness, answers: Any, biller: str = WATERSMART) -> Answer:
    return harness.control("PATCH", f"billers/{biller}", {"configuration": {"Questionnaire": answers}})


def load(harness: Harness, number: str, day: str, amount: str) -> dict[str, Any]:
    row = f"{BROOK},Brook,,,,,,{day},12/20/2026,{amount},0.00,{number},1,0,0,\n"
    assert harness.send("uploads", row.encode(), file_name="a.csv", **OWN).json["state"] == "loaded"
    found: dict[str, Any] = harness.get(f"invoices/{number}", **OWN)
    return found


def test_every_row_that_is_on_a_questionnaire_can_be_answered() -> None:
    on_it = {
        row.feature
        for name in integrations()
        for row in capabilities(name).bif_customizations
        if "questionnaire" in row.given
    }
    assert on_it == set(ANSWERS)


def test_an_invoice_has_what_the_questionnaire_says_and_payers_are_held_to_it(harness: Harness) -> None:
    begin(harness, "2026-12-01T14:00:00+00:00")
    before = load(harness, "W-0", "11/20/2026", "60.05")
    assert (before["allow_partial_payments"], before["balance_forward"]) == (False, False), "nothing is answered yet"
    assert answer(harness, ALL).status == 200
    made = load(harness, "W-1", "12/01/2026", "60.05")
    assert made == made | {
        "allow_partial_payments": True,
        "balance_forward": True,
        "minimum_amount_due": "6.01",
        "autopay_collection_date": "2026-12-18",
        "first_notify_requested_date": "2026-12-06",
        "second_notify_requested_date": "2026-12-13",
        "third_notify_requested_date": "2026-12-21",
        "payment_expiration_date": "2026-12-30",
        "payment_expiration_message": "Call the office",
    }
    assert harness.get("invoices/W-0", **OWN)["status"] == "closed", "the balance is carried forward"
    asked = elements({**keyed(WATERSMART, WATERSMART_KEY), "InvoiceNumber": "W-1"})
    told = harness.soap(INVOICING, "ViewInvoiceByInvoiceNumber", f"<Req>{asked}</Req>")
    assert told.findtext(f"{{{INVOICING}}}FirstNotifyRequestedDate") == "2026-12-06T00:00:00"
    pay = {"account_number": BROOK, "invoice_number": "W-1", **OWN}
    assert harness.pay(**pay, amount="6.00").json["error"]["code"] == "under_minimum"
    assert harness.pay(**pay, amount="6.05").status == 201
    bank = harness.control("POST", f"users/{USER}/methods", {"holder": "B", "bank_account": SETTLES, **OWN}).json
    harness.control("POST", f"users/{USER}/autopay", {"account_number": BROOK, "method_id": bank["method_id"], **OWN})
    done = [line for line in advance(harness, timedelta(days=18)) if "W-1" in line]
    assert len(done) == 1
    assert "AutoPay of 54.00" in done[0], "on December 18, two days before it is due"


def test_an_expired_bill_is_not_paid_by_payers_but_by_a_clerk(harness: Harness) -> None:
    begin(harness, "2026-12-01T14:00:00+00:00")
    answer(harness, {"PaymentExpirationDate": 10, "PaymentExpirationMessage": "Call the office"})
    load(harness, "W-1", "12/01/2026", "60.00")
    pay = {"account_number": BROOK, "invoice_number": "W-1", "amount": "60.00", **OWN}
    bank = harness.control("POST", f"users/{USER}/methods", {"holder": "B", "bank_account": SETTLES, **OWN}).json
    late = {"invoice_number": "W-1", "amount": "60.00", "method_id": bank["method_id"], "day": "2026-12-31", **OWN}
    refused = harness.control("POST", f"users/{USER}/schedules", late).json["error"]
    assert (refused["code"], refused["message"]) == ("payment_expired", "Invoice W-1: Call the office.")
    advance(harness, timedelta(days=29))
    assert harness.pay(**{**pay, "payment_guid": "declined", "card_number": "4000000000000002"}).status == 201
    advance(harness, timedelta(days=1))
    assert harness.pay(**pay).json["error"]["code"] == "payment_expired"
    assert harness.control("POST", "clerk/payments", pay).status == 201


def test_a_bill_file_keeps_what_it_says_itself(harness: Harness) -> None:
    assert answer(harness, {"AutoPayCollectionDate": -3, "FirstNotifyRequestedDate": -5}, UTILITY).status == 200
    harness.upload(bill_file([group("700001", "20000001")]))
    made = harness.invoice("700001")
    assert (made["autopay_collection_date"], made["first_notify_requested_date"]) == ("2026-06-28", "2026-06-26")
    assert (made["allow_partial_payments"], made["balance_forward"]) == (True, True), "in BIF"


@pytest.mark.parametrize(
    ("answers", "field", "words"),
    [
        ({"InvoiceDate": 3}, "Questionnaire.InvoiceDate", "is no question"),
        ({"AutoPayCollectionDate": "-3"}, "Questionnaire.AutoPayCollectionDate", "whole number of days"),
        ({"AutoPayCollectionDate": 366}, "Questionnaire.AutoPayCollectionDate", "365 at most"),
        ({"BalanceForward": 1}, "Questionnaire.BalanceForward", "must be true or false"),
        ({"MinimumAmountDue": "101%"}, "Questionnaire.MinimumAmountDue", "must be an amount"),
        ({"MinimumAmountDue": "-1.00"}, "Questionnaire.MinimumAmountDue", "must not be negative"),
        ("yes", "Questionnaire", "must map"),
    ],
)
def test_an_answer_that_is_none_is_refused(harness: Harness, answers: Any, field: str, words: str) -> None:
    refused = answer(harness, answers)
    assert (refused.status, refused.json["error"]["field"]) == (400, field)
    assert words in refused.json["error"]["message"]


def test_what_the_bill_file_brings_is_on_no_questionnaire(harness: Harness) -> None:
    refused = answer(harness, {"AllowPartialPayments": True}, UTILITY).json["error"]["message"]
    assert "is not on Harris inHance v2's questionnaire" in refused
    assert "BIF Customizations, AllowPartialPayments: in BIF" in refused
