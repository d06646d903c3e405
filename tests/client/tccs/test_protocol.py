"""Requests byte by byte, what is never sent, and the contract's own parser as a second opinion."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partnerlab.client.errors import RequestInvalid
from partnerlab.client.http import HttpRequest
from partnerlab.client.tccs import Endpoint, insured_name
from partnerlab.client.tccs import operations as p
from partnerlab.contracts.tccs_rest import format_of, parse_content_info
from tests.client.tccs.conftest import GUID, KEY

URL = "https://tccs.example.com/invoicecloudapi"
ENDPOINT = Endpoint(URL, GUID, KEY)
INVOICE, QUOTE = "454100010-03/01/2019", "Q454100010-03/01/2019"
MARK = "e99fc166-9d990-4a99-bb16-99fe155ebf99"

# The source's examples, without the spaces it shows around separators.
CALLS: list[tuple[HttpRequest, str, str]] = [
    (p.balance(ENDPOINT, "454100010-06/16/2020").request, "/api/ARState_Output", "454100010-06/16/2020"),
    (p.pay(ENDPOINT, INVOICE, Decimal("24"), "CC").request, "/api/Pay_Input", f"{INVOICE}|24.00:CC"),
    (
        p.pay(ENDPOINT, "306-12/11/2019", Decimal("24.00"), "CC", payment_guid=MARK).request,
        "/api/Pay_Input",
        f"306-12/11/2019|24.00:CC@{MARK}",
    ),
    (p.pay(ENDPOINT, INVOICE, Decimal("0.05"), "ACH").request, "/api/Pay_Input", f"{INVOICE}|0.05:ACH"),
    (
        p.deposit(ENDPOINT, QUOTE, "Test Name", Decimal("24.00")).request,
        "/api/Pay_Input",
        f"{QUOTE}|Test Name|24.00",
    ),
    (
        p.deposit(ENDPOINT, "Q3272-12/11/2019", "Test Name", Decimal("24.00"), payment_guid=MARK).request,
        "/api/Pay_Input",
        f"Q3272-12/11/2019|Test Name|24.00@{MARK}",
    ),
    (
        p.report_insufficient_funds(ENDPOINT, INVOICE, date(2020, 6, 22), Decimal("25.00")).request,
        "/api/Insufficient_Pay_Report",
        f"{INVOICE}:06/22/2020|25.00|IFR",
    ),
    (p.set_paperless(ENDPOINT, INVOICE, True).request, "/api/Paperless_Bill", f"{INVOICE}:Y|PB"),
    (p.set_paperless(ENDPOINT, INVOICE, False).request, "/api/Paperless_Bill", f"{INVOICE}:N|PB"),
    (p.set_recurring(ENDPOINT, INVOICE, True).request, "/api/Recurring_Pay", f"{INVOICE}:Y|R"),
    (p.set_recurring(ENDPOINT, INVOICE, False).request, "/api/Recurring_Pay", f"{INVOICE}:N|R"),
    (p.bill_image(ENDPOINT, INVOICE).request, "/Retrieve_Bill_Image", INVOICE),
]


def form(request: HttpRequest) -> list[tuple[str, str]]:
    return parse_qsl(request.content.decode("ascii"), keep_blank_values=True, strict_parsing=True)


@pytest.mark.parametrize(("request_", "path", "content_info"), CALLS, ids=[content for _, _, content in CALLS])
def test_a_request_is_the_source_s(request_: HttpRequest, path: str, content_info: str) -> None:
    assert form(request_) == [("consumerGUID", GUID), ("entryKey", KEY), ("contentInfo", content_info)]
    assert request_.url == URL + path
    assert request_.method == "POST"
    assert request_.operation == path.rpartition("/")[2]
    assert request_.headers["Content-Type"] == "application/x-www-form-urlencoded"


@pytest.mark.parametrize(("request_", "path", "content_info"), CALLS, ids=[content for _, _, content in CALLS])
def test_the_contract_s_parser_reads_what_was_meant(request_: HttpRequest, path: str, content_info: str) -> None:
    sent = dict(form(request_))["contentInfo"]
    read = parse_content_info(format_of(path, sent), sent)
    assert read.invoice_number in content_info
    if read.amount is not None:
        assert f"{read.amount:.2f}" in content_info
    assert read.payment_guid in ("", MARK)


def test_the_body_is_encoded_as_a_form() -> None:
    assert CALLS[2][0].content == (
        b"consumerGUID=IC-SANDBOX&entryKey=sandbox-entry-key"
        b"&contentInfo=306-12%2F11%2F2019%7C24.00%3ACC%40e99fc166-9d990-4a99-bb16-99fe155ebf99"
    )


def test_json_is_asked_for_and_a_pdf_for_a_bill() -> None:
    assert CALLS[0][0].headers["Accept"] == "application/json"
    assert CALLS[-1][0].headers["Accept"].startswith("application/pdf")


def test_no_request_takes_a_fee() -> None:
    """An amount never includes the service fee: there is nowhere to put one."""
    import inspect

    for build in (p.pay, p.deposit, p.report_insufficient_funds):
        assert not [name for name in inspect.signature(build).parameters if "fee" in name]


names = st.text(min_size=1, max_size=150)
amounts = st.integers(1, 99_999_999_999).map(lambda cents: Decimal(cents).scaleb(-2))
guids = st.none() | st.from_regex(r"[A-Za-z0-9]{1,20}(-[A-Za-z0-9]{1,20}){0,3}", fullmatch=True)
policies = st.from_regex(r"[A-PR-Za-z0-9][A-Za-z0-9]{0,20}", fullmatch=True)
days = st.dates(date(1900, 1, 1), date(2999, 12, 31))


@given(policies, days, names, amounts, guids)
def test_every_deposit_reads_back_as_it_was_meant(
    policy: str, expires_on: date, entered: str, amount: Decimal, guid: str | None
) -> None:
    number, (name, _) = f"Q{policy}-{expires_on:%m/%d/%Y}", insured_name(entered)
    sent = dict(form(p.deposit(ENDPOINT, number, name, amount, payment_guid=guid).request))["contentInfo"]
    read = parse_content_info(format_of("Pay_Input", sent), sent)
    assert (read.invoice_number, read.insured_name, read.amount) == (number, name, amount)
    assert read.payment_guid == (guid or "")


@given(policies, days, amounts, st.sampled_from(["CC", "ACH"]), guids)
def test_every_payment_reads_back_as_it_was_meant(
    policy: str, expires_on: date, amount: Decimal, type_: str, guid: str | None
) -> None:
    number = f"{policy}-{expires_on:%m/%d/%Y}"
    sent = dict(form(p.pay(ENDPOINT, number, amount, type_, payment_guid=guid).request))["contentInfo"]
    read = parse_content_info(format_of("Pay_Input", sent), sent)
    assert (read.invoice_number, read.amount, read.payment_type) == (number, amount, type_)
    assert read.payment_guid == (guid or "")


@given(policies, days, days, amounts)
def test_every_returned_payment_reads_back_as_it_was_meant(
    policy: str, expires_on: date, paid_on: date, amount: Decimal
) -> None:
    number = f"{policy}-{expires_on:%m/%d/%Y}"
    sent = dict(form(p.report_insufficient_funds(ENDPOINT, number, paid_on, amount).request))["contentInfo"]
    read = parse_content_info(format_of("Insufficient_Pay_Report", sent), sent)
    assert (read.invoice_number, read.on, read.amount) == (number, paid_on, amount)


BAD_NUMBERS = ["", " ", "1|2", "1:2", "1@2", "1\n2", "1\r", "1\x00", "1\ud800", " 1", "1 ", "x" * 256, None, 7]
WITH_A_NUMBER: list[Callable[[Any], HttpRequest]] = [
    lambda number: p.balance(ENDPOINT, number).request,
    lambda number: p.pay(ENDPOINT, number, Decimal(1), "CC").request,
    lambda number: p.deposit(ENDPOINT, number, "Ada", Decimal(1)).request,
    lambda number: p.report_insufficient_funds(ENDPOINT, number, date(2026, 6, 16), Decimal(1)).request,
    lambda number: p.set_paperless(ENDPOINT, number, True).request,
    lambda number: p.set_recurring(ENDPOINT, number, True).request,
    lambda number: p.bill_image(ENDPOINT, number).request,
]


@pytest.mark.parametrize("number", BAD_NUMBERS)
@pytest.mark.parametrize("build", WITH_A_NUMBER)
def test_an_invoice_number_that_could_be_misread_is_refused(build: Callable[[Any], HttpRequest], number: Any) -> None:
    with pytest.raises(RequestInvalid) as caught:
        build(number)
    assert caught.value.field == "InvoiceNumber"
    assert caught.value.rule


@pytest.mark.parametrize("amount", ["0", "-1", "1.001", "NaN", "Infinity", "1E+40", 1, 1.5, "1.00", None])
@pytest.mark.parametrize(
    "build",
    [
        lambda amount: p.pay(ENDPOINT, INVOICE, amount, "CC").request,
        lambda amount: p.deposit(ENDPOINT, QUOTE, "Ada", amount).request,
        lambda amount: p.report_insufficient_funds(ENDPOINT, INVOICE, date(2026, 6, 16), amount).request,
    ],
)
def test_an_amount_is_a_positive_decimal_in_whole_cents(build: Callable[[Any], HttpRequest], amount: Any) -> None:
    value = Decimal(amount) if isinstance(amount, str) and amount != "1.00" else amount
    with pytest.raises(RequestInvalid) as caught:
        build(value)
    assert caught.value.field == "Amount"


@pytest.mark.parametrize("type_", ["", "cc", "EFT", "Credit Card", "CC "])
def test_a_payment_type_is_cc_or_ach(type_: str) -> None:
    with pytest.raises(RequestInvalid, match="must be CC or ACH"):
        p.pay(ENDPOINT, INVOICE, Decimal(1), type_)


@pytest.mark.parametrize(
    "name", ["", " ", "a|b", "a@b", "a:b", "a\nb", "a\u2028b", "a\x7f", " a", "a ", "x" * 101, "\ud800", None]
)
def test_the_client_refuses_a_name_that_could_be_misread(name: Any) -> None:
    with pytest.raises(RequestInvalid) as caught:
        p.deposit(ENDPOINT, QUOTE, name, Decimal(1))
    assert caught.value.field == "InsuredName"


def test_a_quote_takes_a_deposit_and_nothing_else_does() -> None:
    with pytest.raises(RequestInvalid, match="a quote takes a deposit"):
        p.pay(ENDPOINT, QUOTE, Decimal(1), "CC")
    with pytest.raises(RequestInvalid, match="only a quote"):
        p.deposit(ENDPOINT, INVOICE, "Ada", Decimal(1))


@pytest.mark.parametrize("guid", ["", "a b", "a_b", "x" * 100])
def test_a_wrong_payment_guid_is_refused_and_never_left_out(guid: str) -> None:
    with pytest.raises(RequestInvalid, match="PaymentGUID"):
        p.pay(ENDPOINT, INVOICE, Decimal(1), "CC", payment_guid=guid)
    with pytest.raises(RequestInvalid, match="PaymentGUID"):
        p.deposit(ENDPOINT, QUOTE, "Ada", Decimal(1), payment_guid=guid)


@pytest.mark.parametrize("day", [datetime(2026, 6, 16, tzinfo=UTC), "06/16/2026", None])
def test_a_date_of_transaction_is_a_date(day: Any) -> None:
    with pytest.raises(RequestInvalid, match="DateOfTransaction"):
        p.report_insufficient_funds(ENDPOINT, INVOICE, day, Decimal(1))


def test_an_early_year_has_four_digits() -> None:
    request = p.report_insufficient_funds(ENDPOINT, INVOICE, date(1, 2, 3), Decimal(1)).request
    assert dict(form(request))["contentInfo"] == f"{INVOICE}:02/03/0001|1.00|IFR"


@pytest.mark.parametrize("value", ["", "  ", "a\nb", "a\ud800", "x" * 256, None])
def test_a_credential_is_printable_text(value: Any) -> None:
    with pytest.raises(RequestInvalid, match="consumerGUID"):
        Endpoint(URL, value, KEY)
    with pytest.raises(RequestInvalid) as caught:
        Endpoint(URL, GUID, value)
    assert (caught.value.field, caught.value.value) == ("entryKey", "•••")


def test_an_endpoint_shows_its_key_masked() -> None:
    assert repr(ENDPOINT) == f"Endpoint('{URL}', consumer_guid='IC-SANDBOX', entry_key='•••-key')"
