"""The postback reader: what is believed, and everything that is not."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partnerlab.client.errors import RequestInvalid
from partnerlab.client.invoice_cloud import (
    CloudCustomer,
    CloudInvoice,
    CloudPaymentRequest,
    Expected,
    Postback,
    PostbackRefused,
    postback,
    read_postback,
)
from tests.client.invoice_cloud.stub import openapi, problems_of

BILLER = "22222222-2222-4222-8222-222222222222"
FORM = "application/x-www-form-urlencoded"
GOOD = {
    "BillerGUID": BILLER.upper(),
    "PaymentDate": "2026-06-16T10:30:00",
    "InvoiceNumber": "500001",
    "Approved": "True",
    "CustomerName": "Willows & Sons é",
    "CustomerAddress": "1 Main St",
    "CustomerCity": "Springfield",
    "CustomerState": "MA",
    "CustomerZip": "01101",
    "PaymentGUID": "e99fc166-9d99-4a99-bb16-99fe155ebf99",
    "PaymentAmount": "40.00",
    "PaymentDescription": "Invoice 500001",
    "PaymentTypeID": "1",
    "CardType": "Visa",
    "PaymentMessage": "",
    "BillerReference": "r-1",
    "ConvenienceFee": "1.95",
    "RemoteIP": "127.0.0.1",
}
EXPECT = Expected(BILLER, {"500001": Decimal("40.00")}, "r-1")


def read(fields: Any = None, expect: Expected = EXPECT, **own: str | None) -> Postback:
    pairs = {name: value for name, value in {**(fields or GOOD), **own}.items() if value is not None}
    return read_postback(urlencode(pairs).encode(), FORM, expect=expect)


def refused(**own: str | None) -> PostbackRefused:
    with pytest.raises(PostbackRefused) as caught:
        read(**own)
    return caught.value


def test_all_eighteen_fields_are_read_with_their_types() -> None:
    assert set(GOOD) == set(postback.FIELDS)
    assert len(postback.FIELDS) == 18
    assert list(postback.FIELDS) == openapi()["components"]["schemas"]["Postback"]["required"]
    assert read() == Postback(
        BILLER.upper(), datetime(2026, 6, 16, 10, 30), "500001", True, "Willows & Sons é", "1 Main St", "Springfield",
        "MA", "01101", GOOD["PaymentGUID"], Decimal("40.00"), "Invoice 500001", 1, "Visa", "", "r-1", Decimal("1.95"),
        "127.0.0.1",
    )  # fmt: skip


def test_the_form_of_the_contract_is_read() -> None:
    form = GOOD | {"PaymentDate": "6/16/2026 10:30:00 AM"}
    assert list(problems_of({"$ref": "#/components/schemas/Postback"}, form, "postback")) == []
    assert read(form) == read()


def test_a_declined_payment_is_read_and_says_so() -> None:
    found = read(Approved="False", PaymentMessage="Insufficient funds")
    assert (found.approved, found.payment_message) == (False, "Insufficient funds")


@pytest.mark.parametrize("name", postback.FIELDS)
def test_a_missing_field_is_refused(name: str) -> None:
    error = refused(**{name: None})
    assert (error.field, error.rule) == (name, "is missing")


@pytest.mark.parametrize("name", postback.FIELDS)
@pytest.mark.parametrize("case", [str, str.upper, str.lower])
def test_a_field_that_is_there_twice_is_refused_in_any_casing(name: str, case: Any) -> None:
    body = urlencode([*GOOD.items(), (case(name), GOOD[name])]).encode()
    with pytest.raises(PostbackRefused, match="must not be there twice") as caught:
        read_postback(body, FORM, expect=EXPECT)
    assert caught.value.field == name


def test_fields_that_are_not_of_the_form_are_ignored() -> None:
    assert read(Extra="1", Another="2").payment_amount == Decimal("40.00")


@pytest.mark.parametrize(
    ("own", "field", "rule"),
    [
        ({"BillerGUID": "44444444-4444-4444-8444-444444444444"}, "BillerGUID", "is not the biller"),
        ({"BillerGUID": " "}, "BillerGUID", "must not be blank"),
        ({"BillerReference": "R-1"}, "BillerReference", "is not the reference"),
        ({"BillerReference": ""}, "BillerReference", "is not the reference"),
        ({"InvoiceNumber": "500002"}, "InvoiceNumber", "is not an invoice that was to be paid"),
        ({"InvoiceNumber": ""}, "InvoiceNumber", "must not be blank"),
        ({"PaymentGUID": ""}, "PaymentGUID", "must not be blank"),
        ({"PaymentAmount": "40.01"}, "PaymentAmount", "is more than what was to be paid, 40.00"),
        ({"PaymentAmount": "39.99"}, "PaymentAmount", "is less than what was to be paid, 40.00"),
        ({"PaymentAmount": "0.00"}, "PaymentAmount", "must be above zero"),
        ({"PaymentAmount": "-40.00"}, "PaymentAmount", "must not be negative"),
        ({"PaymentAmount": "40.001"}, "PaymentAmount", "is not in whole cents"),
        ({"PaymentAmount": "4e1"}, "PaymentAmount", "is not a decimal number"),
        ({"PaymentAmount": "$40.00"}, "PaymentAmount", "is not a decimal number"),
        ({"PaymentAmount": "4\u0660.00"}, "PaymentAmount", "is not a decimal number"),
        ({"ConvenienceFee": "-1"}, "ConvenienceFee", "must not be negative"),
        ({"ConvenienceFee": ""}, "ConvenienceFee", "is not a decimal number"),
        ({"Approved": "true"}, "Approved", "must be True or False"),
        ({"Approved": "1"}, "Approved", "must be True or False"),
        ({"PaymentTypeID": "CC"}, "PaymentTypeID", "is not an integer"),
        ({"PaymentDate": "yesterday"}, "PaymentDate", "is not a date and time"),
        ({"PaymentDate": "0001-01-01T00:00:00"}, "PaymentDate", "is not a date and time"),
        ({"PaymentDate": "1/1/0001 12:00:00 AM"}, "PaymentDate", "is not a date and time"),
        ({"PaymentDate": "13/40/2026 10:30:00 AM"}, "PaymentDate", "is not a date and time"),
        ({"PaymentDate": "6/16/2026 13:30:00 PM"}, "PaymentDate", "is not a date and time"),
    ],
)
def test_what_is_not_as_expected_is_refused_by_field_and_rule(own: Any, field: str, rule: str) -> None:
    error = refused(**own)
    assert error.field == field
    assert rule in error.rule


def test_a_declined_payment_is_checked_like_any_other() -> None:
    assert refused(Approved="False", PaymentAmount="1.00").field == "PaymentAmount"


def test_a_part_may_be_paid_where_that_is_allowed_but_never_more() -> None:
    part = Expected(BILLER, {"500001": Decimal("40.00")}, "r-1", partial_payments=True)
    assert read(expect=part, PaymentAmount="0.01").payment_amount == Decimal("0.01")
    with pytest.raises(PostbackRefused, match="is more than"):
        read(expect=part, PaymentAmount="40.01")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-06-16T22:30:00Z", datetime(2026, 6, 16, 22, 30, tzinfo=UTC)),
        ("2026-06-16T22:30:00.1234567", datetime(2026, 6, 16, 22, 30, 0, 123456)),
        ("6/16/2026 10:30:05 PM", datetime(2026, 6, 16, 22, 30, 5)),
        ("06/16/2026 12:00:00 AM", datetime(2026, 6, 16)),
        ("06/16/2026 12:00:00 PM", datetime(2026, 6, 16, 12)),
        ("06/16/2026 22:30", datetime(2026, 6, 16, 22, 30)),
    ],
)
def test_a_date_is_read_in_iso_and_as_dot_net_writes_it_for_the_us(text: str, moment: datetime) -> None:
    assert read(PaymentDate=text).payment_date == moment


@pytest.mark.parametrize(
    "content_type", ["", "application/json", "text/plain", "multipart/form-data", FORM + "; charset=klingon"]
)
def test_anything_but_a_form_in_a_known_character_set_is_refused(content_type: str) -> None:
    with pytest.raises(PostbackRefused) as caught:
        read_postback(urlencode(GOOD).encode(), content_type, expect=EXPECT)
    assert caught.value.field == "Content-Type"


@pytest.mark.parametrize("content_type", [FORM, FORM.upper(), FORM + "; charset=UTF-8", FORM + ';charset="utf-8"'])
def test_a_form_may_say_its_charset(content_type: str) -> None:
    assert read_postback(urlencode(GOOD).encode(), content_type, expect=EXPECT).approved


@pytest.mark.parametrize(
    "damage",
    [
        lambda body: body + "&",
        lambda body: body.replace("&", "&&", 1),
        lambda body: body.replace("CustomerCity=&", "CustomerCity&"),
        lambda body: "&" + body,
    ],
)
def test_a_form_is_read_as_every_server_reads_one(damage: Any) -> None:
    body = damage(urlencode({**GOOD, "CustomerCity": ""}))
    assert read_postback(body.encode(), FORM, expect=EXPECT).approved


def test_a_form_is_in_the_character_set_that_it_names() -> None:
    body = urlencode({**GOOD, "CustomerName": "José"}, encoding="latin-1").encode()
    assert read_postback(body, FORM + "; charset=ISO-8859-1", expect=EXPECT).customer_name == "José"
    with pytest.raises(PostbackRefused, match="utf-8"):
        read_postback(body, FORM, expect=EXPECT)


@pytest.mark.parametrize("body", [b"\xff=1", b"a=%ff", b"a=" + b"x" * 70_000, b"&".join([b"a=1"] * 200)])
def test_a_body_that_is_no_form_is_refused(body: bytes) -> None:
    with pytest.raises(PostbackRefused) as caught:
        read_postback(body, FORM, expect=EXPECT)
    assert caught.value.field == "body"


@given(
    st.binary(max_size=400)
    | st.dictionaries(st.sampled_from(postback.FIELDS), st.text()).map(urlencode).map(str.encode)
)
def test_nothing_else_than_a_refusal_is_ever_raised(body: bytes) -> None:
    with pytest.raises(PostbackRefused):
        read_postback(body, FORM, expect=EXPECT)


@given(st.fixed_dictionaries({name: st.just(value) | st.text(max_size=20) for name, value in GOOD.items()}))
def test_whatever_is_believed_is_what_was_expected(fields: dict[str, str]) -> None:
    try:
        found = read(fields)
    except PostbackRefused:
        return
    assert (found.biller_guid.lower(), found.invoice_number, found.biller_reference) == (BILLER, "500001", "r-1")
    assert found.payment_amount == Decimal("40.00")


def test_expectations_are_made_from_the_request() -> None:
    listed = (CloudInvoice("1", balance_due=Decimal("5.00")), CloudInvoice("2"))
    request = CloudPaymentRequest(
        (CloudCustomer("a", invoices=listed), CloudCustomer("b")), biller_reference="unguessable"
    )
    expect = Expected.of(request, BILLER, {"2": Decimal("7.00"), "3": Decimal("9.00")})
    assert dict(expect.invoices) == {"1": Decimal("5.00"), "2": Decimal("7.00"), "3": Decimal("9.00")}
    assert (expect.biller_reference, expect.partial_payments) == ("unguessable", frozenset())
    assert dict(Expected.of(request, BILLER).invoices) == {"1": Decimal("5.00")}
    assert "unguessable" not in repr(expect) + repr(request)


def test_a_part_is_expected_of_an_invoice_that_allows_it_and_of_no_other() -> None:
    listed = tuple(
        CloudInvoice(number, balance_due=Decimal("40.00"), allow_partial_payments=allowed)
        for number, allowed in (("part", True), ("whole", False), ("silent", None))
    )
    request = CloudPaymentRequest((CloudCustomer("a", invoices=listed), CloudCustomer("b")), biller_reference="r-1")
    due = {"500001": Decimal("40.00")}

    def parts(expect: Expected) -> set[str]:
        return {number for number in expect.invoices if expect.may_be_part(number)}

    assert parts(Expected.of(request, BILLER, due)) == {"part"}
    assert parts(Expected.of(request, BILLER, due, partial_payments=True)) == {"part", "silent", "500001"}
    with pytest.raises(PostbackRefused, match="is less than"):
        read(expect=Expected.of(request, BILLER, due), PaymentAmount="1.00")
    assert read(expect=Expected.of(request, BILLER, due), InvoiceNumber="part", PaymentAmount="1.00").approved


@pytest.mark.parametrize("amount", [40.0, Decimal("NaN"), Decimal("Infinity"), Decimal("40.001"), "40.00"])
def test_what_is_expected_must_be_an_amount(amount: Any) -> None:
    """Compared with one that is none, a postback would end in an error that nobody expects, or pass."""
    with pytest.raises(RequestInvalid) as caught:
        Expected(BILLER, {"500001": amount}, "r-1")
    assert caught.value.field == "invoices[500001]"


def test_nothing_is_paid_on_a_credit() -> None:
    with pytest.raises(PostbackRefused, match="is more than"):
        read(expect=Expected(BILLER, {"500001": Decimal("-5.00")}, "r-1", partial_payments=True), PaymentAmount="0.01")


def test_a_postback_s_reference_is_not_shown_since_a_second_try_has_the_same() -> None:
    assert "r-1" not in repr(read())


def test_expectations_cannot_be_changed_from_outside() -> None:
    mine = {"500001": Decimal("40.00")}
    expect = Expected(BILLER, mine, "r-1")
    mine["500002"] = Decimal("1.00")
    assert "500002" not in expect.invoices


def test_a_refusal_shows_no_card_number_and_crosses_processes() -> None:
    error = refused(InvoiceNumber="4111111111111111")
    assert "411111111111" not in str(error)
    copy = pickle.loads(pickle.dumps(error))
    assert (copy.field, copy.rule, str(copy)) == (error.field, error.rule, str(error))
