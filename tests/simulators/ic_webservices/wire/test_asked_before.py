"""A request for a payment page is read alike whether others of its shape came before or not."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partnerlab.simulators.ic_webservices.domain.errors import DomainError
from partnerlab.simulators.ic_webservices.wire.asked_before import HOLES, SHAPES, AskedBefore, Page
from partnerlab.simulators.ic_webservices.wire.cloud_payments import created, read_page
from partnerlab.simulators.ic_webservices.wire.json_body import JsonRefused
from partnerlab.simulators.ic_webservices.wire.rest import answer

USUAL: dict[str, Any] = {
    "ReturnURL": "http://127.0.0.1/back?a=1",
    "PostBackURL": "http://127.0.0.1/post",
    "CSSUrl": "",
    "BillerReference": "REF-7",
    "ViewMode": 1,
    "RemoteAuthenticationToken": "secret-token",
    "Customers": [{"AccountNumber": "A1", "Name": "Ada", "Zip": None, "EmailAddress": "a@example.com"}],
    "PageResultOptions": {"AllowRegisterAccount": True},
}
WHOLE: dict[str, Any] = {
    **USUAL,
    "CssUrl": "http://127.0.0.1/own.css",
    "CashierName": "Grace",
    "AllowSwipe": True,
    "Customers": [
        {
            "AccountNumber": "A1",
            "DisplayAccountNumber": "A-1",
            "Name": "Ada",
            "Address": "1 Main Street",
            "City": "Springfield",
            "Invoices": [
                {"InvoiceNumber": "N1", "TypeID": "1", "DueDate": "11/21/2026", "BalanceDue": 5, "Name": "of none"}
            ],
        },
        {"AccountNumber": "10000101", "Invoices": None},
    ],
}
BODIES = [USUAL, WHOLE, {**USUAL, "name": "other case"}, {**USUAL, "Name": "of none", "Extra": {"Zip": "ignored"}}]
TEXTS = [
    "10000102",
    "x",
    "a b",
    " a",
    "a ",
    "",
    " ",
    "4111111111111111",
    "4111 1111 1111 1111",
    "ä",
    'a"b',
    "a\\b",
    "\t",
]
TEXTS += [
    "n" * 200,
    "n" * 201,
    "n" * 251,
    "n" * 4_001,
    "holeaholehole",
    "\x7f",
    "\u2028",
    "]}",
    "http://127.0.0.1/x?y=%20",
]


def outcome(read: Any, body: bytes, strict: bool) -> Page | str:
    try:
        page: Page = read(body, strict)
    except (JsonRefused, DomainError) as error:
        return f"{type(error).__name__}: {error}"
    return page


def taught() -> AskedBefore:
    """A reader that knows the shape of each body."""
    reader = AskedBefore(read_page)
    for strict in (False, True):
        for body in BODIES:
            outcome(reader, json.dumps(body).encode(), strict)
    assert len(reader._known[False]) == len(BODIES)
    return reader


READER = taught()


def texts(value: Any) -> list[tuple[Any, str]]:
    """Where the texts stand in a body: the object, and the member's name."""
    found = []
    for name, inner in value.items():
        for one in inner if isinstance(inner, list) else [inner]:
            if isinstance(one, dict):
                found += texts(one)
        if isinstance(inner, str):
            found.append((value, name))
    return found


@settings(max_examples=400, deadline=None, derandomize=True, database=None)
@given(data=st.data())
def test_other_texts_are_read_alike(data: st.DataObject) -> None:
    body = deepcopy(data.draw(st.sampled_from(BODIES)))
    for inner, name in data.draw(st.lists(st.sampled_from(texts(body)), max_size=4)):
        inner[name] = data.draw(st.sampled_from(TEXTS) | st.text(max_size=20))
    sent = json.dumps(body, ensure_ascii=data.draw(st.booleans())).encode("utf-8", "surrogatepass")
    for strict in (False, True):
        assert outcome(READER, sent, strict) == outcome(read_page, sent, strict), sent


@pytest.mark.parametrize("body", BODIES)
def test_a_body_that_differs_by_one_byte_is_read_alike(body: dict[str, Any]) -> None:
    reader, sent = taught(), json.dumps(body).encode()
    for at in range(len(sent) + 1):
        for byte in (b'"', b"\\", b"0", b" ", b":", b"}", b"\n", b"\0", b"\xff", b""):
            for changed in (sent[:at] + byte + sent[at + 1 :], sent[:at] + byte + sent[at:]):
                assert outcome(reader, changed, False) == outcome(read_page, changed, False), changed


def test_a_shape_reads_each_text_into_its_place_without_the_parser() -> None:
    read: list[bytes] = []

    def plain(body: bytes, strict: bool) -> Page:
        read.append(body)
        return read_page(body, strict)

    reader = AskedBefore(plain)
    reader(json.dumps(WHOLE).encode(), False)
    read.clear()
    other = deepcopy(WHOLE)
    for count, (inner, name) in enumerate(texts(other)):
        if name in HOLES and inner[name]:
            inner[name] = f"other {count}"
    sent = json.dumps(other).encode()
    page = reader(sent, False)
    assert read == []
    assert page == read_page(sent, False)


def test_there_are_no_more_shapes_than_may_be_and_no_token_is_kept_in_one() -> None:
    reader = AskedBefore(read_page)
    for count in range(3 * SHAPES):
        body = {**USUAL, "EmailAddress": str(count), "RemoteAuthenticationToken": f"secret-{count}"}
        assert outcome(reader, json.dumps(body).encode(), False)
    assert len(reader._known[False]) == SHAPES
    lower = {**USUAL, "remoteauthenticationtoken": "secret-lower"}
    AskedBefore(read_page)(json.dumps(lower).encode(), False)
    for shape in reader._known[False]:
        assert "secret" not in repr((shape.before, shape.holes))
    other = AskedBefore(read_page)
    other(json.dumps(lower).encode(), False)
    assert other._known == {}


@given(st.text())
def test_a_page_is_answered_as_any_success_is(url: str) -> None:
    assert created(url) == answer({"Data": {"CloudPaymentURL": url}})
