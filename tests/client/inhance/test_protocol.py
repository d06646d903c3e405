"""Requests as the partner gets them, and every sample answer with what it must mean."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from partnerlab.client import errors
from partnerlab.client.errors import RequestInvalid, TransportError
from partnerlab.client.http import HttpRequest, HttpResponse
from partnerlab.client.inhance import Acknowledgement, Balance, Endpoint, operations

FOLDER = Path(__file__).resolve().parents[2] / "samples" / "client" / "inhance"
INDEX: list[dict[str, Any]] = tomllib.loads((FOLDER / "samples.toml").read_text("utf-8"))["sample"]
KEY = "0f0e0d0c-aaaa-bbbb-cccc-&<secret"
URL = "https://inhance.example.com/iCloud/iCloud.asmx"
ENDPOINT = Endpoint(URL, KEY)
READERS: dict[str, Callable[[Endpoint, HttpResponse], Balance | Acknowledgement]] = {
    "BalanceCheck": operations.balance_check.read,
    "MakePaymentExtended": operations.make_payment.read,
}


def arguments(request: HttpRequest) -> dict[str, str]:
    (operation,) = etree.fromstring(request.content)[0]
    assert etree.QName(operation).localname == request.operation
    return {etree.QName(child).localname: child.text or "" for child in operation}


def response(file: str) -> HttpResponse:
    name, _, kind = file.rpartition(".")
    content_type = {"xml": "text/xml; charset=utf-8", "html": "text/html", "txt": "text/plain"}[kind]
    content = (FOLDER / file).read_bytes()
    return HttpResponse(int(name.rpartition("-")[2]), {"content-type": content_type}, content)


def read(sample: dict[str, Any]) -> Balance | Acknowledgement:
    return READERS[sample.get("operation", "BalanceCheck")](ENDPOINT, response(sample["file"]))


def test_every_sample_is_in_the_index() -> None:
    assert sorted(path.name for path in FOLDER.iterdir()) == sorted([*(s["file"] for s in INDEX), "samples.toml"])


@pytest.mark.parametrize("sample", [s for s in INDEX if "error" in s], ids=lambda s: s["file"])
def test_an_answer_that_is_none_raises_what_the_index_says(sample: dict[str, Any]) -> None:
    with pytest.raises(errors.ClientError) as caught:
        read(sample)
    assert type(caught.value).__name__ == sample["error"]
    assert sample["says"] in str(caught.value)
    for name, value in sample.get("fields", {}).items():
        assert getattr(caught.value, name) == value, name


@pytest.mark.parametrize("sample", [s for s in INDEX if "error" not in s], ids=lambda s: s["file"])
def test_a_good_answer_raises_nothing(sample: dict[str, Any]) -> None:
    assert isinstance(read(sample), Balance | Acknowledgement)


@pytest.mark.parametrize("file", ["balance-200.xml", "balance_soap12-200.xml", "balance_other_prefixes-200.xml"])
def test_one_balance_in_three_dialects(file: str) -> None:
    assert operations.balance_check.read(ENDPOINT, response(file)) == Balance(
        balance=Decimal("125.50"), future_balance=Decimal("182.75"), phone="555-0100", email="willows@example.com"
    )


def test_a_balance_keeps_two_decimals() -> None:
    balance = operations.balance_check.read(ENDPOINT, response("balance_other_prefixes-200.xml"))
    assert (str(balance.balance), str(balance.future_balance)) == ("125.50", "182.75")


@pytest.mark.parametrize("file", ["balance_without_email-200.xml", "balance_nil_email-200.xml"])
def test_a_missing_string_is_empty(file: str) -> None:
    balance = operations.balance_check.read(ENDPOINT, response(file))
    assert (balance.phone, balance.email) == ("", "")


def test_a_credit_balance_is_negative() -> None:
    balance = operations.balance_check.read(ENDPOINT, response("balance_without_email-200.xml"))
    assert str(balance.balance) == "-12.30"


def test_a_remark_on_a_posted_payment_is_kept() -> None:
    assert operations.make_payment.read(ENDPOINT, response("payment_with_remark-200.xml")).message == (
        "PaymentReference P-1 was posted before"
    )


@pytest.mark.parametrize(
    ("value", "seconds"), [("7", 7.0), ("", None), ("Wed, 21 Oct 2020 07:28:00 GMT", 0.0), ("soon", None)]
)
def test_how_long_a_busy_server_asks_to_wait_is_kept(value: str, seconds: float | None) -> None:
    with pytest.raises(TransportError) as caught:
        operations.balance_check.read(ENDPOINT, HttpResponse(503, {"retry-after": value}, b""))
    assert caught.value.retry_after_s == seconds


def test_a_namespace_of_the_biller_s_own() -> None:
    endpoint = Endpoint(URL, KEY, namespace="http://inhance.example.com/ws/")
    request = operations.set_email(endpoint, "1", "a@example.com").request
    assert b'<SetEmail xmlns="http://inhance.example.com/ws/">' in request.content
    assert request.headers["SOAPAction"] == '"http://inhance.example.com/ws/SetEmail"'
    answer = b"http://inhance.example.com/ws/".join(
        (FOLDER / "balance-200.xml").read_bytes().split(b"http://tempuri.org/")
    )
    balance = operations.balance_check.read(endpoint, HttpResponse(200, {}, answer))
    assert balance.balance == Decimal("125.50")


# --- requests -----------------------------------------------------------------------------------------------------


def test_a_balance_check() -> None:
    request = operations.balance_check(ENDPOINT, "10000101", 500001).request
    assert arguments(request) == {"AccountNumber": "10000101", "LastInvoiceNumber": "500001", "WebServiceKey": KEY}
    assert request.url == URL


def payment(**changes: Any) -> HttpRequest:
    values: dict[str, Any] = {
        "account_number": "10000101",
        "payment_date": datetime(2026, 6, 16, 23, 30, 5, tzinfo=timezone(timedelta(hours=-5))),
        "payment_reference": "P-1",
        "document_number": "500001",
        "payment_type_desc": "Credit Card",
        "amount": Decimal("125.5"),
        "convenience_fee": Decimal("2.95"),
    }
    return operations.make_payment(ENDPOINT, **{**values, **changes}).request


def test_a_payment() -> None:
    assert arguments(payment()) == {
        "AccountNumber": "10000101",
        "PaymentDate": "2026-06-16T23:30:05",
        "PaymentReference": "P-1",
        "DocumentNumber": "500001",
        "PaymentTypeDesc": "Credit Card",
        "PaymentAmount": "125.50",
        "ConvenienceFee": "2.95",
        "WebserviceKey": KEY,
    }


def test_a_payment_of_a_conveyed_account_goes_out_unchanged() -> None:
    assert arguments(payment(account_number="10000101CV-20260616"))["AccountNumber"] == "10000101CV-20260616"


def test_the_day_of_a_payment_is_the_biller_s_not_utc() -> None:
    late = datetime(2026, 6, 16, 23, 30, tzinfo=timezone(timedelta(hours=-5)))
    assert late.astimezone(UTC).day == 17
    assert arguments(payment(payment_date=late))["PaymentDate"].startswith("2026-06-16T")


def test_a_payment_without_document_or_fee() -> None:
    found = arguments(payment(document_number="", convenience_fee=Decimal(0)))
    assert (found["DocumentNumber"], found["ConvenienceFee"]) == ("", "0.00")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"account_number": ""}, "AccountNumber"),
        ({"account_number": "1\x00"}, "AccountNumber"),
        ({"account_number": "1" * 256}, "AccountNumber"),
        ({"payment_reference": " "}, "PaymentReference"),
        ({"payment_type_desc": ""}, "PaymentTypeDesc"),
        ({"amount": Decimal("0")}, "PaymentAmount"),
        ({"amount": Decimal("-5.00")}, "PaymentAmount"),
        ({"amount": Decimal("1.005")}, "PaymentAmount"),
        ({"amount": 12.5}, "PaymentAmount"),
        ({"convenience_fee": Decimal("-0.01")}, "ConvenienceFee"),
        ({"convenience_fee": Decimal("NaN")}, "ConvenienceFee"),
        ({"payment_date": "2026-06-16"}, "PaymentDate"),
    ],
)
def test_a_payment_that_breaks_a_rule_is_not_built(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(RequestInvalid) as caught:
        payment(**changes)
    assert caught.value.field == field


@pytest.mark.parametrize(("on", "word"), [(True, "On"), (False, "Off")])
def test_enrolments_say_on_or_off_and_drop_a_conveyance(on: bool, word: str) -> None:
    paperless = operations.set_paperless(ENDPOINT, "10000101-CV-20260616", on).request
    assert arguments(paperless) == {"Accountnumber": "10000101", "PaperlessOnOff": word, "WebserviceKey": KEY}
    autopay = operations.set_autopay(ENDPOINT, "10000101-CV-20260616", on).request
    assert arguments(autopay) == {"Accountnumber": "10000101", "AutoPayOnOff": word, "WebserviceKey": KEY}


def test_an_email_of_a_conveyed_account_goes_out_unchanged() -> None:
    request = operations.set_email(ENDPOINT, "10000101CV-20260616", "a@example.com").request
    assert arguments(request) == {
        "Accountnumber": "10000101CV-20260616",
        "NewEmail": "a@example.com",
        "WebserviceKey": KEY,
    }


@pytest.mark.parametrize("key", ["", "  ", "k" * 256])
def test_an_endpoint_must_have_a_key(key: str) -> None:
    with pytest.raises(RequestInvalid, match="WebServiceKey"):
        Endpoint(URL, key)
