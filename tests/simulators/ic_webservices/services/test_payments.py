"""Paying: the test numbers, the rules of invoice and customer, what is kept, and the clearing afterwards."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from partnerlab.contracts.data import read_bytes
from partnerlab.contracts.tccs_rest import ContentInfoInvalid, parse_content_info
from tests.simulators.ic_webservices.harness import (
    ACCOUNT,
    AMEX,
    DECLINED,
    FAILS,
    INVOICE,
    KEY,
    MANAGEMENT,
    RETURNS,
    SETTLES,
    UTILITY,
    VISA,
    Harness,
    advance,
    bill_file,
    elements,
    freeze,
    group,
    keyed,
)

SCHEMA = json.loads(read_bytes("datapump/event.schema.json"))


def check_event(event: Mapping[str, Any]) -> None:
    jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker()).validate(event)


def test_an_approved_payment_lowers_the_balance_and_raises_its_event(harness: Harness) -> None:
    freeze(harness)
    paid = harness.pay(
        amount="25.50", invoice_number=INVOICE, service_fee="2.95", payer_name="Ada Willow", payment_guid="a1-b2"
    )
    assert paid.status == 201
    assert paid.json["approved"] is True
    assert paid.json["brand"] == "Visa"
    assert paid.json["state"] == "accepted"
    assert harness.invoice()["balance_due"] == "100.00"
    assert harness.invoice()["status"] == "open"
    (event,) = harness.raised
    check_event(event)
    assert event == {
        "id": "a1-b2",
        "kind": "payment",
        "lane": "default",
        "biller_guid": UTILITY,
        "account_number": ACCOUNT,
        "occurred_at": "2026-06-16T14:00:00+00:00",
        "payment": {
            "invoice_number": INVOICE,
            "amount": "25.50",
            "service_fee": "2.95",
            "tender": "credit_card",
            "reference": paid.json["reference"],
            "donation": "none",
            "payer_name": "Ada Willow",
            "paid_at": "2026-06-16T10:00:00-04:00",
        },
    }


def test_paying_everything_makes_the_invoice_paid(harness: Harness) -> None:
    assert harness.pay(amount="125.50").json["invoice_number"] == INVOICE
    assert harness.invoice()["status"] == "paid"
    assert harness.invoice()["balance_due"] == "0.00"
    again = harness.pay(amount="1.00", invoice_number=INVOICE)
    assert again.status == 409
    assert again.json["error"]["code"] == "nothing_due"
    assert harness.pay(amount="1.00").json["error"]["code"] == "nothing_due"


@pytest.mark.parametrize(
    ("tender", "number", "brand"),
    [
        ("credit_card", VISA, "Visa"),
        ("debit_card", VISA, "Visa"),
        ("credit_card", AMEX, "Amex"),
        ("credit_card", "4111 1111-1111 1111", "Visa"),
        ("ach", SETTLES, ""),
        ("ach", RETURNS, ""),
        ("online_bank_direct", SETTLES, ""),
        ("paypal", "", "PayPal"),
    ],
)
def test_every_tender_is_taken(harness: Harness, tender: str, number: str, brand: str) -> None:
    field = "bank_account" if tender in ("ach", "online_bank_direct") else "card_number"
    paid = harness.pay(tender=tender, **{field: number or None})
    assert paid.status == 201, paid
    assert paid.json["brand"] == brand
    assert paid.json["last_four"] == number.replace(" ", "")[-4:]
    check_event(harness.raised[0])
    assert harness.raised[0]["payment"]["tender"] == tender


@pytest.mark.parametrize(("number", "state"), [(DECLINED, "declined"), (FAILS, "failed")])
def test_a_declined_or_failed_payment_is_kept_and_raises_nothing(harness: Harness, number: str, state: str) -> None:
    paid = harness.pay(card_number=number)
    assert paid.status == 201
    assert paid.json["approved"] is False
    assert paid.json["state"] == state
    assert paid.json["message"]
    assert paid.json["clears_at"] is None
    assert harness.get("payments")["payments"] == [paid.json]
    assert harness.invoice()["balance_due"] == "125.50"
    assert harness.raised == []
    assert harness.get("events")["events"] == []


@pytest.mark.parametrize(
    ("own", "field"),
    [
        ({"card_number": "4012888888881881"}, "card_number"),
        ({"card_number": "411111111111111"}, "card_number"),
        ({"card_number": SETTLES}, "card_number"),
        ({"card_number": None}, "card_number"),
        ({"card_number": 4111111111111111}, "card_number"),
        ({"tender": "ach", "bank_account": "123"}, "bank_account"),
        ({"tender": "ach", "bank_account": VISA}, "bank_account"),
        ({"tender": "ach", "card_number": VISA}, "card_number"),
        ({"tender": "paypal", "card_number": VISA}, "tender"),
        ({"tender": "cheque"}, "tender"),
        ({"amount": "0.00"}, "amount"),
        ({"amount": "-5.00"}, "amount"),
        ({"amount": "1.005"}, "amount"),
        ({"amount": "NaN"}, "amount"),
        ({"amount": 10}, "amount"),
        ({"amount": "ten"}, "amount"),
        ({"amount": "1e30"}, "amount"),
        ({"service_fee": "-1.00"}, "service_fee"),
        ({"donation": "perhaps"}, "donation"),
        ({"donation": "standalone", "invoice_number": INVOICE}, "invoice_number"),
        ({"donation": "inline"}, "invoice_number"),
        ({"account_number": ""}, "account_number"),
        ({"payment_guid": "not a guid"}, "payment_guid"),
        ({"payment_guid": "a" * 100}, "payment_guid"),
        ({"payer_name": "x" * 251}, "payer_name"),
    ],
)
def test_a_value_that_is_not_taken_is_named_and_nothing_is_kept(
    harness: Harness, own: dict[str, Any], field: str
) -> None:
    refused = harness.pay(**own)
    assert refused.status == 400, refused
    assert refused.json["error"]["field"] == field
    assert harness.get("payments")["payments"] == []
    assert harness.raised == []


def test_a_number_that_is_no_test_number_is_refused_and_never_shown(harness: Harness) -> None:
    message = harness.pay(card_number="4012888888881881").json["error"]["message"]
    assert "'…1881': is not a test number" in message
    assert "401288888888" not in message


def test_no_full_number_is_stored(filed: Harness, tmp_path: Path) -> None:
    filed.pay(card_number=VISA)
    filed.pay(card_number=DECLINED)
    filed.pay(card_number="4012888888881881")
    filed.pay(tender="ach", bank_account=RETURNS)
    filed.close()
    filed.store.close()
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for number in (VISA, DECLINED, "4012888888881881", RETURNS):
        assert number.encode() not in content
        assert number[:-4].encode() not in content
    assert b"1111" in content


def test_unknown_biller_account_and_invoice_are_not_found(harness: Harness) -> None:
    assert harness.pay(account_number="1").status == 404
    assert harness.pay(invoice_number="1").status == 404
    assert harness.pay(biller_guid="00000000-0000-4000-8000-000000000000").status == 404
    assert harness.pay(biller_guid=harness.settings.insurance_guid).status == 404


def test_more_than_the_balance_is_refused(harness: Harness) -> None:
    refused = harness.pay(amount="125.51")
    assert refused.json["error"]["code"] == "over_balance"
    assert "125.51" in refused.json["error"]["message"]
    assert harness.invoice()["balance_due"] == "125.50"


def test_a_payment_or_fee_that_no_partner_can_be_told_of_is_refused(harness: Harness) -> None:
    """One cent more and the data pump would not take the event, or TCCS its contentInfo [A-42]."""
    most = "999999999.99"
    harness.lanes.get("default")
    set_invoice(harness, balance_due_cents=10**13, total_amount_due_cents=10**13)
    for large in ({"amount": "1000000000.00"}, {"amount": "1.00", "service_fee": "1000000000.00"}):
        refused = harness.pay(**large).json["error"]
        assert refused["code"] == "too_large"
        assert refused["message"].endswith("can be, 999,999,999.99.")
    assert harness.pay(amount=most, service_fee=most).status == 201
    (event,) = harness.get("events")["events"]
    check_event(event["event"])
    said = parse_content_info("payment", f"1-01/01/2027|{most}:CC")
    assert (said.amount, event["event"]["payment"]["amount"]) == (Decimal(most), most)
    with pytest.raises(ContentInfoInvalid):
        parse_content_info("payment", "1-01/01/2027|1000000000.00:CC")


def test_an_invoice_of_another_account_is_refused(harness: Harness) -> None:
    harness.upload(bill_file([group("700001", "20000001")]))
    refused = harness.pay(invoice_number="700001")
    assert refused.json["error"]["code"] == "other_account"


def set_invoice(harness: Harness, **values: Any) -> None:
    """Write fields of the seeded invoice that no bill file of inHance carries."""
    from dataclasses import replace

    from partnerlab.simulators.ic_webservices.store import INVOICES

    with harness.store.write() as tx:
        invoice = INVOICES.get(tx, harness.lane.name, UTILITY, INVOICE)
        assert invoice is not None
        INVOICES.put(tx, harness.lane.name, replace(invoice, **values))


def test_without_partial_payments_only_the_whole_balance_is_taken(harness: Harness) -> None:
    harness.lanes.get("default")
    set_invoice(harness, allow_partial_payments=False)
    assert harness.pay(amount="125.49").json["error"]["code"] == "partial_not_allowed"
    assert harness.pay(amount="125.50").status == 201


def test_less_than_the_minimum_is_refused_but_never_more_than_is_due_is_asked(harness: Harness) -> None:
    harness.lanes.get("default")
    set_invoice(harness, minimum_amount_due_cents=5000)
    assert harness.pay(amount="49.99").json["error"]["code"] == "under_minimum"
    assert harness.pay(amount="50.00").status == 201
    assert harness.pay(amount="50.00").status == 201
    assert harness.invoice()["balance_due"] == "25.50"
    assert harness.pay(amount="25.49").json["error"]["code"] == "under_minimum"
    assert harness.pay(amount="25.50").status == 201


@pytest.mark.parametrize(
    ("flag", "code", "refused", "taken"),
    [
        ("BlockPaymentsCC", "card_blocked", ["credit_card", "debit_card", "paypal"], ["ach", "online_bank_direct"]),
        ("BlockPaymentsEFT", "bank_blocked", ["ach", "online_bank_direct"], ["credit_card", "debit_card", "paypal"]),
    ],
)
def test_blocked_tenders_are_refused(
    harness: Harness, flag: str, code: str, refused: list[str], taken: list[str]
) -> None:
    flags = {"BlockPaymentsCC": "false", "BlockPaymentsEFT": "false", flag: "true"}
    harness.soap(MANAGEMENT, "UpdateCustomerRecord", elements({**keyed(), "AccountNumber": ACCOUNT, **flags}))
    for tender in refused:
        assert harness.pay(tender=tender).json["error"]["code"] == code
    for tender in taken:
        assert harness.pay(tender=tender).status == 201


def test_a_standalone_donation_has_no_invoice_and_lowers_none(harness: Harness) -> None:
    paid = harness.pay(donation="standalone", amount="500.00")
    assert paid.status == 201
    assert paid.json["invoice_number"] == ""
    assert harness.invoice()["balance_due"] == "125.50"
    check_event(harness.raised[0])
    assert harness.raised[0]["payment"]["donation"] == "standalone"
    assert harness.get("payments", donation="standalone")["payments"] == [paid.json]
    assert harness.get("payments", donation="inline")["payments"] == []


def test_an_inline_donation_names_its_invoice_and_lowers_nothing(harness: Harness) -> None:
    paid = harness.pay(donation="inline", invoice_number=INVOICE, amount="500.00")
    assert paid.status == 201
    assert harness.invoice()["balance_due"] == "125.50"
    assert harness.raised[0]["payment"]["donation"] == "inline"
    assert harness.raised[0]["payment"]["invoice_number"] == INVOICE


def test_the_same_payment_guid_pays_once(harness: Harness) -> None:
    first = harness.pay(payment_guid="one-payment")
    second = harness.pay(payment_guid="one-payment")
    assert (first.status, second.status) == (201, 200)
    assert first.json == second.json
    assert harness.invoice()["balance_due"] == "115.50"
    assert len(harness.raised) == 1
    other = harness.pay(payment_guid="one-payment", amount="11.00")
    assert other.status == 409
    assert other.json["error"]["code"] == "conflict"


def test_references_count_up_within_a_lane(harness: Harness) -> None:
    assert [harness.pay().json["reference"] for _ in range(3)] == ["IC0000000001", "IC0000000002", "IC0000000003"]
    harness.lane_name = "other"
    assert harness.pay().json["reference"] == "IC0000000001"


def test_a_returned_bank_payment_reopens_the_invoice_and_is_told(harness: Harness) -> None:
    freeze(harness)
    paid = harness.pay(tender="ach", bank_account=RETURNS, amount="125.50").json
    assert harness.invoice()["status"] == "paid"
    # Tuesday the 16th; Friday the 19th is a holiday: the third banking day is Monday the 22nd.
    assert paid["clears_at"] == "2026-06-22T13:00:00+00:00"
    assert advance(harness, timedelta(days=5)) == []
    (happened,) = advance(harness, timedelta(days=1))
    assert paid["reference"] in happened
    assert advance(harness, timedelta(days=30)) == [], "once done it is no longer due"
    assert harness.invoice()["status"] == "open"
    assert harness.invoice()["balance_due"] == "125.50"
    returned = harness.get(f"payments/{paid['payment_guid']}")
    assert (returned["state"], returned["return_code"]) == ("returned", "R01")
    event = harness.raised[1]
    check_event(event)
    assert event["kind"] == "ach_reject"
    assert event["occurred_at"] == "2026-06-22T13:00:00+00:00"
    assert event["ach_reject"] == {
        "payment_guid": paid["payment_guid"],
        "invoice_number": INVOICE,
        "amount": "125.50",
        "paid_on": "2026-06-16",
        "code": "R01",
        "donation": "none",
    }


def test_what_clears_goes_in_order(harness: Harness) -> None:
    freeze(harness)
    card = harness.pay(amount="1.00").json
    bank = harness.pay(amount="1.00", tender="ach").json
    assert (card["clears_at"], bank["clears_at"]) == ("2026-06-17T13:00:00+00:00", "2026-06-18T13:00:00+00:00")
    harness.pay(amount="1.00")
    harness.pay(amount="1.00", tender="ach", bank_account=RETURNS)
    harness.pay(card_number=DECLINED)
    assert advance(harness, timedelta(days=10)) == [
        "2 payments settled",
        "1 payment settled",
        f"1 payment returned (IC0000000004 of account {ACCOUNT})",
    ]
    states = [payment["state"] for payment in harness.get("payments")["payments"]]
    assert states == ["settled", "settled", "settled", "returned", "declined"]


@pytest.mark.parametrize("donation", [{"donation": "standalone"}, {"donation": "inline", "invoice_number": INVOICE}])
def test_a_returned_donation_reopens_nothing(harness: Harness, donation: dict[str, str]) -> None:
    freeze(harness)
    harness.pay(tender="ach", bank_account=RETURNS, amount="20.00", **donation)
    advance(harness, timedelta(days=10))
    assert harness.invoice()["balance_due"] == "125.50"
    assert [event["kind"] for event in harness.raised] == ["payment", "ach_reject"]


def test_payments_are_listed_by_page_and_filter(harness: Harness) -> None:
    for cents in range(5):
        harness.pay(amount=f"1.0{cents}")
    first = harness.get("payments", limit="2")["payments"]
    rest = harness.get("payments", after=first[-1]["reference"])["payments"]
    assert [payment["amount"] for payment in first + rest] == ["1.00", "1.01", "1.02", "1.03", "1.04"]
    assert harness.get("payments", account_number="1")["payments"] == []
    assert len(harness.get("payments", biller_guid=UTILITY.upper())["payments"]) == 5
    assert harness.control("GET", "payments", limit="0").status == 400
    assert harness.control("GET", "payments", state="lost").status == 400
    assert harness.control("GET", "payments/none").status == 404


def test_the_key_is_not_in_a_payment(harness: Harness) -> None:
    assert KEY not in json.dumps(harness.pay().json)
