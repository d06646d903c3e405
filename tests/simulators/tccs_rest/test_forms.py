"""The form of a call: its fields, its encoding, its media type."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest

from tests.simulators.tccs_rest.insurer import BASE, FORM, Insurer, form


def refused(insurer: Insurer, body: bytes, status: int = 400, **how: str) -> str:
    """The message of a refusal, after which nothing has changed."""
    before = insurer.export()
    response = insurer.send(f"{BASE}/api/Pay_Input", body, **how)
    assert response.status == status, response.body
    assert insurer.export() == before
    answer = json.loads(response.body)
    assert list(answer) == ["Message"]
    return str(answer["Message"])


@pytest.mark.parametrize("name", form())
def test_a_missing_field_is_refused_by_its_name(insurer: Insurer, name: str) -> None:
    assert refused(insurer, urlencode(form(**{name: None})).encode()) == f"{name}: is missing"


@pytest.mark.parametrize("name", form())
def test_a_doubled_field_is_refused_by_its_name_even_where_both_say_the_same(insurer: Insurer, name: str) -> None:
    for again in (name, name.upper()):
        body = urlencode([*form().items(), (again, form()[name])]).encode()
        assert refused(insurer, body) == f"{name}: stands more than once"


@pytest.mark.parametrize(
    "name", ["extra", "contentinfo2", "consumer GUID", "", "Ünknown", "x" * 5000, "4111111111111111", b"\xff"]
)
def test_a_field_of_no_call_is_ignored(insurer: Insurer, name: str | bytes) -> None:
    for more in ((name, "x"), (name, "y")):
        body = urlencode([more, *form().items(), more]).encode()
        assert insurer.send(f"{BASE}/api/Pay_Input", body).status == 200
    assert insurer.balances() == ("72.00", "292.00")  # two payments of 24.00, one for each body


def test_a_field_of_no_call_stands_in_for_none(insurer: Insurer) -> None:
    body = urlencode([*form(contentInfo=None).items(), ("contentinfo2", form()["contentInfo"])]).encode()
    assert refused(insurer, body) == "contentInfo: is missing"


def test_field_names_match_without_regard_to_case_and_in_any_order(insurer: Insurer) -> None:
    body = urlencode({name.swapcase(): value for name, value in reversed(form().items())}).encode()
    assert insurer.send(f"{BASE}/api/Pay_Input", body).status == 200
    assert insurer.balances() == ("96.00", "316.00")


def test_a_form_may_be_encoded_in_every_way_that_html_allows(insurer: Insurer) -> None:
    content = "Q454100010-03%2f01%2F2019+%7c+Ren%C3%A9e+O%27Hara+|+24.00"
    body = f"consumerGUID=IC-SANDBOX&&entryKey=sandbox%2Dentry-key&contentInfo={content}&".encode()
    assert insurer.send(f"{BASE}/api/Pay_Input", body).status == 200
    assert insurer.quote()["payments"][0]["insured_name"] == "Renée O'Hara"


def test_bytes_that_are_not_utf_8_are_refused_by_their_field(insurer: Insurer) -> None:
    assert refused(insurer, urlencode(form()).encode() + b"%ff") == "contentInfo: is not UTF-8"


def test_an_empty_body_misses_its_first_field(insurer: Insurer) -> None:
    assert refused(insurer, b"") == "consumerGUID: is missing"
    assert refused(insurer, b"", content_type="") == "consumerGUID: is missing"


@pytest.mark.parametrize(
    "content_type",
    [
        FORM,
        f"{FORM};charset=UTF-8",
        f'{FORM.upper()} ; charset="utf-8"',
        f"{FORM}; charset=ISO-8859-1",  # Apache's form entity by default: Crim/pardot-java-client#35
        f"{FORM}; charset=windows-1252",
        f"{FORM}; charset=klingon",
    ],
)
def test_a_form_is_one_in_any_spelling(insurer: Insurer, content_type: str) -> None:
    assert insurer.send(f"{BASE}/api/Pay_Input", urlencode(form()).encode(), content_type=content_type).status == 200


@pytest.mark.parametrize(("charset", "raw"), [("ISO-8859-1", "Z%F6e"), ("utf-8", "Z%C3%B6e"), ("klingon", "Z%C3%B6e")])
def test_a_form_is_read_in_its_charset(insurer: Insurer, charset: str, raw: str) -> None:
    body = urlencode({**form(), "contentInfo": ""}) + f"Q454100010-03/01/2019|{raw}|24.00"
    path = f"{BASE}/api/Pay_Input"
    assert insurer.send(path, body.encode(), content_type=f"{FORM}; charset={charset}").status == 200
    assert "Zöe" in str(insurer.api("GET", "/payments"))


@pytest.mark.parametrize(
    ("content_type", "said"),
    [
        ("application/json", "application/json"),
        ("text/plain; charset=utf-8", "text/plain"),
        ("multipart/form-data; boundary=x", "multipart/form-data"),
        (f"{FORM}; charset=utf-16", f"{FORM}; charset=utf-16"),
    ],
)
def test_another_media_type_is_refused_in_asp_nets_words(insurer: Insurer, content_type: str, said: str) -> None:
    message = refused(insurer, urlencode(form()).encode(), 415, content_type=content_type)
    assert message == f"The request entity's media type '{said}' is not supported for this resource."


def test_a_body_without_a_media_type_is_refused_in_asp_nets_words(insurer: Insurer) -> None:
    message = refused(insurer, urlencode(form()).encode(), 415, content_type="")
    assert message == (
        "The request contains an entity body but no Content-Type header. The inferred media type"
        " 'application/octet-stream' is not supported for this resource."
    )
