"""Lanes on the console: an export is taken back, into a lane of its own or in the place of one."""

from __future__ import annotations

import json

import pytest

from tests.partnerlab.console.conftest import Reader

PAYMENT = {
    "biller_guid": "22222222-2222-4222-8222-222222222222",
    "account_number": "10000101",
    "amount": "40.00",
    "tender": "credit_card",
    "card_number": "4111111111111111",
}
IMPORT = "/console/lanes/import"


@pytest.fixture
def export(reader: Reader) -> bytes:
    """Of a lane in which 40.00 of 125.50 was paid, and which is gone."""
    for name in ("paid", "again"):
        if name in lanes(reader):
            reader.post(f"/console/lanes/{name}/drop")
    reader.send("/_sandbox/lanes", {"name": "paid"})
    reader.send("/lane/paid/_sandbox/ic/payments", PAYMENT)
    assert reader.sandbox.settle("paid")
    held = json.dumps(reader.api("/_sandbox/lanes/paid/export"), ensure_ascii=False).encode()
    reader.post("/console/lanes/paid/drop")
    return held


def lanes(reader: Reader) -> list[str]:
    return [lane["name"] for lane in reader.api("/_sandbox/lanes")["lanes"]]


def balance(reader: Reader, lane: str) -> str:
    found: str = reader.api(f"/lane/{lane}/_sandbox/inhance/accounts/10000101")["balance"]
    return found


def test_an_export_is_taken_back_and_its_lane_opens(reader: Reader, export: bytes) -> None:
    page = reader.post_file(IMPORT, "paid.json", export, name=" again ")
    assert page.path.startswith("/lane/again/console/lanes")
    assert "This is again, as paid.json holds it." in page.text
    assert balance(reader, "again") == "85.50"


def test_a_lane_is_replaced_only_where_the_reader_says_so(reader: Reader, export: bytes) -> None:
    page = reader.post_file(IMPORT, "paid.json", export, name="default")
    assert "There is a lane default: say that it is to be replaced, or give another name." in page.text
    assert (balance(reader, "default"), 'value="default"' in page.raw) == ("125.50", True)
    page = reader.post_file(IMPORT, "paid.json", export, name="default", replace="yes")
    assert "This is default, as paid.json holds it." in page.text
    assert balance(reader, "default") == "85.50"


@pytest.mark.parametrize(
    ("name", "file", "content", "told"),
    [
        ("", "paid.json", b"{}", "Give the lane a name."),
        ("nowhere", "", b"", "Choose the file of an export."),
        ("nowhere", "odd.json", b"\xff{", "odd.json: body: the body is not JSON"),
        ("nowhere", "empty.json", b"", "empty.json: tables"),
        ("nowhere", "list.json", b"[1]", "list.json: body: the body must be a JSON object"),
        ("nowhere", "other.json", b'{"tables": {"nothing": []}}', "other.json: tables.nothing: no such table"),
        ("no such", "paid.json", b'{"tables": {}}', "paid.json: name"),
        ("a/b", "paid.json", b'{"tables": {}}', "a/b: a lane's name has no slash."),
    ],
)
def test_what_is_no_export_is_refused_in_words_and_makes_no_lane(
    reader: Reader, name: str, file: str, content: bytes, told: str
) -> None:
    before = lanes(reader)
    page = reader.post_file(IMPORT, file, content, name=name)
    assert f"That did not work. {told}" in page.text
    assert lanes(reader) == before


def test_a_form_of_another_kind_or_too_many_fields_is_refused(reader: Reader) -> None:
    assert "Choose the file of an export." in reader.post(IMPORT, name="again").text
    many = {f"n{number}": "x" for number in range(100)}
    assert "Give the lane a name." in reader.post_file(IMPORT, "paid.json", b"{}", name="again", **many).text


def test_the_form_says_how_much_it_takes(reader: Reader) -> None:
    most = reader.sandbox.server.limits.body_bytes
    assert f'data-most="{most}"' in reader.get("/console/lanes").raw
