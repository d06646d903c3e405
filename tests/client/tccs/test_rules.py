"""The integration's rules on values."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partnerlab.client.errors import RequestInvalid
from partnerlab.client.tccs import insured_name, is_quote, operations, payment_type
from partnerlab.client.tccs.rules import NO_NAME, endpoint_url, render_insured_name, render_payment_guid


@pytest.mark.parametrize(
    ("tender", "type_"),
    [
        ("credit_card", "CC"),
        ("debit_card", "CC"),
        ("ach", "ACH"),
        ("online_bank_direct", "ACH"),
        ("paypal", "ACH"),
        ("anything else", "ACH"),
    ],
)
def test_cards_are_cc_and_all_else_is_ach(tender: str, type_: str) -> None:
    assert payment_type(tender) == type_


@pytest.mark.parametrize(
    ("number", "quote"),
    [("Q454100010-03/01/2019", True), ("454100010-03/01/2019", False), ("q1-03/01/2019", False), ("AQ1", False)],
)
def test_a_quote_is_told_by_its_first_letter(number: str, quote: bool) -> None:
    assert is_quote(number) is quote


@pytest.mark.parametrize(
    "guid",
    [
        "e99fc166-9d990-4a99-bb16-99fe155ebf99",  # the source's own, which is no UUID
        "0",
        "abc",
        "A-1",
        "x" * 99,
        "44444444-4444-4444-8444-444444444444",
    ],
)
def test_a_payment_guid_is_groups_of_letters_and_digits(guid: str) -> None:
    assert render_payment_guid(guid) == guid


@pytest.mark.parametrize(
    "guid",
    ["", "-", "a-", "-a", "a--b", "a b", " a", "a\n", "a_b", "{a}", "a@b", "é", "a|b", "x" * 100, "٣", "ａ", None, 7],
)
def test_any_other_payment_guid_is_refused(guid: str) -> None:
    with pytest.raises(RequestInvalid) as caught:
        render_payment_guid(guid)
    assert caught.value.field == "PaymentGUID"
    assert caught.value.rule


@pytest.mark.parametrize(
    ("entered", "sent", "changed"),
    [
        ("Ada Willow", "Ada Willow", False),
        ("José Ñandú 李", "José Ñandú 李", False),
        ("O'Brien & Sons, Inc.", "O'Brien & Sons, Inc.", False),
        ("\u0645\u06cc\u200c\u0631\u0648\u062f", "\u0645\u06cc\u200c\u0631\u0648\u062f", False),
        ("Ada \U0001f468\u200d\U0001f469 \u2764\ufe0f", "Ada \U0001f468\u200d\U0001f469 \u2764\ufe0f", False),
        ("Ada\u2028Willow", "Ada Willow", True),
        ("Ada|Willow", "Ada Willow", True),
        ("ada@example.com", "ada example.com", True),
        ("Willow: Ada", "Willow Ada", True),
        ("Ada\r\nWillow\x00", "Ada Willow", True),
        ("x" * 101, "x" * 100, True),
        ("x" * 99 + " y", "x" * 99, True),
        ("", NO_NAME, True),
        (" \t", NO_NAME, True),
        ("|", NO_NAME, True),
    ],
)
def test_a_name_never_holds_a_payment_up_and_what_is_changed_is_said(entered: str, sent: str, changed: bool) -> None:
    name, words = insured_name(entered)
    assert name == sent
    assert bool(words) is changed


@given(st.text(max_size=300))
def test_every_name_becomes_one_that_can_be_sent(entered: str) -> None:
    name, _ = insured_name(entered)
    assert render_insured_name(name) == name
    assert insured_name(name) == (name, "")
    assert not any(unicodedata.category(c) == "Cs" for c in name)


BASE = "https://host.example.com/invoicecloudapi"
NAMES = [operation.name for operation in operations.OPERATIONS]


@pytest.mark.parametrize(
    ("setting", "called"),
    [
        (BASE, f"{BASE}/api/Pay_Input"),
        (f"{BASE}/", f"{BASE}/api/Pay_Input"),
        (f"{BASE}/api", f"{BASE}/api/Pay_Input"),
        (f"{BASE}/API/", f"{BASE}/API/Pay_Input"),
        (f"{BASE}/api/Pay_input", f"{BASE}/api/Pay_input"),
        (f"{BASE}/Pay_input", f"{BASE}/Pay_input"),
        (f"{BASE}/api/PAY_INPUT/", f"{BASE}/api/PAY_INPUT"),
        ("https://host.example.com", "https://host.example.com/api/Pay_Input"),
        ("https://api", "https://api/api/Pay_Input"),
        (f"{BASE}?site=1", f"{BASE}/api/Pay_Input?site=1"),
    ],
)
def test_the_address_is_the_service_s_or_the_endpoint_s(setting: str, called: str) -> None:
    assert endpoint_url(setting, "Pay_Input", NAMES) == called


@pytest.mark.parametrize(
    ("setting", "called"),
    [
        (BASE, f"{BASE}/Retrieve_Bill_Image"),
        (f"{BASE}/api", f"{BASE}/Retrieve_Bill_Image"),
        (f"{BASE}/retrieve_bill_image", f"{BASE}/retrieve_bill_image"),
        (f"{BASE}/api/Retrieve_Bill_Image", f"{BASE}/api/Retrieve_Bill_Image"),
    ],
)
def test_the_bill_image_stands_beside_the_api(setting: str, called: str) -> None:
    assert endpoint_url(setting, "Retrieve_Bill_Image", NAMES, folder="") == called


def test_the_address_of_another_endpoint_is_refused() -> None:
    with pytest.raises(RequestInvalid, match="another operation than Paperless_Bill"):
        endpoint_url(f"{BASE}/api/pay_input", "Paperless_Bill", NAMES)
