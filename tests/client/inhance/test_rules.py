from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partnerlab.client.errors import RequestInvalid
from partnerlab.client.inhance.rules import (
    PAYMENT_TYPES,
    Conventions,
    last_invoice_number,
    payment_type_desc,
    plain_account_number,
)
from partnerlab.contracts.data import read_bytes


@pytest.mark.parametrize(
    ("invoice_number", "number"),
    [
        ("500001", 500001),
        (" 500001 ", 500001),
        ("000123", 123),
        ("-5", -5),
        ("2147483647", 2147483647),
        ("2147483648", 0),
        ("9" * 30, 0),
        ("500001-A", 0),
        ("12.0", 0),
        ("+5", 0),
        ("٥٠٠", 0),
        ("", 0),
    ],
)
def test_last_invoice_number_is_the_number_where_it_is_an_integer(invoice_number: str, number: int) -> None:
    assert last_invoice_number(invoice_number) == number


@given(st.text())
def test_last_invoice_number_always_fits_its_parameter(invoice_number: str) -> None:
    assert -(2**31) <= last_invoice_number(invoice_number) < 2**31


@pytest.mark.parametrize(
    ("account_number", "plain"),
    [
        ("10000101CV-20260616", "10000101"),
        ("10000101-CV-20260616", "10000101"),
        ("10000101CV-20260616103000", "10000101"),
        ("A-1-CV-2026061610", "A-1"),
        ("10000101CV-20250101CV-20260616", "10000101"),
        ("10000101CV-2026061", "10000101CV-2026061"),
        ("10000101CV-202606161030001", "10000101CV-202606161030001"),
        ("10000101cv-20260616", "10000101cv-20260616"),
        ("10000101CV-20260616X", "10000101CV-20260616X"),
        ("CV-20260616", "CV-20260616"),
        ("10000101", "10000101"),
        ("", ""),
    ],
)
def test_a_conveyance_is_dropped_from_the_account_number(account_number: str, plain: str) -> None:
    assert plain_account_number(account_number) == plain


@given(st.text(), st.from_regex(r"-?CV-[0-9]{8,14}", fullmatch=True))
def test_dropping_a_conveyance_twice_changes_nothing_more(account: str, mark: str) -> None:
    once = plain_account_number(account + mark)
    assert plain_account_number(once) == once


@pytest.mark.parametrize(
    ("tender", "paypal_code", "desc"),
    [
        ("credit_card", "", "Credit Card"),
        ("debit_card", "PayPal", "Credit Card"),
        ("ach", "PayPal", "ACH"),
        ("eft", "", "ACH"),
        ("online_bank_direct", "", "ACH"),
        ("paypal", "", "Credit Card"),
        ("paypal", "  ", "Credit Card"),
        ("paypal", "PayPal", "PayPal"),
    ],
)
def test_payment_type(tender: str, paypal_code: str, desc: str) -> None:
    assert payment_type_desc(tender, paypal_code) == desc


def test_every_tender_of_an_event_has_a_payment_type() -> None:
    schema = json.loads(read_bytes("datapump/event.schema.json"))
    tenders = schema["oneOf"][0]["properties"]["payment"]["properties"]["tender"]["enum"]
    assert "paypal" in tenders
    assert all(payment_type_desc(tender) in {"Credit Card", "ACH"} for tender in tenders)


def test_an_unknown_tender_is_refused() -> None:
    with pytest.raises(RequestInvalid, match=f"tender: 'cash': must be one of {', '.join(PAYMENT_TYPES)}, paypal"):
        payment_type_desc("cash")


def test_a_biller_says_how_its_conveyed_accounts_and_payment_types_are_written() -> None:
    own = {"ConveyedMark": "XF.", "ConveyedDigits": [6, 6], "PaymentTypes": {"ach": "ECheck"}}
    conventions = Conventions.of({"InHance": own})
    assert plain_account_number("10000101XF.260616", conventions) == "10000101"
    assert plain_account_number("10000101CV-20260616", conventions) == "10000101CV-20260616"
    assert [payment_type_desc(tender, "", conventions) for tender in ("ach", "eft", "paypal")] == [
        "ECheck",
        "ACH",
        "Credit Card",
    ]
    assert [conventions.is_doubtful(n) for n in ("10000101XF.26", "10000101xf.260616", "10000101XF.260616", "1")] == [
        True,
        True,
        False,
        False,
    ]
    assert Conventions.of({}) == Conventions()


@pytest.mark.parametrize(
    ("own", "place"),
    [
        ([], "configuration.InHance"),
        ({"Mark": "CV-"}, "configuration.InHance.Mark"),
        ({"ConveyedMark": ""}, "configuration.InHance.ConveyedMark"),
        ({"ConveyedMark": "C\n"}, "configuration.InHance.ConveyedMark"),
        ({"ConveyedDigits": [8]}, "configuration.InHance.ConveyedDigits"),
        ({"ConveyedDigits": [9, 8]}, "configuration.InHance.ConveyedDigits"),
        ({"ConveyedDigits": [0, 8]}, "configuration.InHance.ConveyedDigits"),
        ({"ConveyedDigits": [8, 21]}, "configuration.InHance.ConveyedDigits"),
        ({"ConveyedDigits": [True, 8]}, "configuration.InHance.ConveyedDigits"),
        ({"PaymentTypes": ["ACH"]}, "configuration.InHance.PaymentTypes"),
        ({"PaymentTypes": {"cash": "Cash"}}, "configuration.InHance.PaymentTypes"),
        ({"PaymentTypes": {"ach": 1}}, "configuration.InHance.PaymentTypes.ach"),
        ({"PaymentTypes": {"ach": "x" * 51}}, "configuration.InHance.PaymentTypes.ach"),
    ],
)
def test_conventions_that_cannot_be_read_are_named(own: object, place: str) -> None:
    with pytest.raises(RequestInvalid) as refused:
        Conventions.of({"InHance": own})
    assert refused.value.field == place
