"""A list draws a page of what there is, however much that is, and any of it is found by a search."""

from __future__ import annotations

import re

import pytest

from tests.partnerlab.console.conftest import Reader
from tests.partnerlab.console.test_pages import ACCOUNT

LANES = 140


@pytest.fixture
def many(reader: Reader) -> Reader:
    """More lanes than a page draws."""
    for number in range(LANES):
        reader.site.lanes.get(f"many-{number:03}")
    return reader


def rows(reader: Reader, path: str) -> int:
    return len(re.findall(r"<(?:tr|li) data-row", reader.get(f"/console/{path}").raw))


def test_lanes_are_drawn_a_page_at_a_time_and_found_by_name(many: Reader) -> None:
    first = many.get("/console/lanes")
    assert rows(many, "lanes") == 100
    assert first.raw.count("<details") == 1
    assert len(re.findall(r"<li><a href=", first.raw.partition("</details>")[0])) == 30
    (further,) = [link.replace("&amp;", "&") for link in first.links("/console/lanes?after=")]
    assert 40 <= rows(many, further.removeprefix("/console/")) <= 60
    assert rows(many, "lanes?find=MANY-07") == 10
    assert rows(many, "lanes?find=many_07") == 0
    assert "No lane has that name." in many.get("/console/lanes?find=none").text
    assert "many-139" in many.get("/lane/many-139/console/").raw


def test_the_control_api_gives_lanes_by_page_and_text(many: Reader) -> None:
    def named(query: str) -> list[str]:
        return [lane["name"] for lane in many.api(f"/_sandbox/lanes?{query}")["lanes"]]

    assert named("text=many-00&limit=2") == ["many-000", "many-001"]
    assert named("text=many-00&limit=2&after=many-001") == ["many-002", "many-003"]
    assert len(named("text=many")) == LANES
    assert len(named("")) >= LANES


def test_deliveries_files_letters_and_the_audit_are_searched(reader: Reader) -> None:
    reader.post("/console/try/pay")
    reader.settle()
    reader.post("/console/try/days")
    reader.settle()
    assert rows(reader, f"deliveries?account={ACCOUNT}") == 1
    assert "Nothing of account 1000" in reader.get("/console/deliveries?account=1000").text
    names = re.findall(r"/console/files/in/[^>]+><bdi>([^<]+)</bdi>", reader.get("/console/files").raw)
    assert rows(reader, f"files?find={names[0].upper()}") >= 1
    assert rows(reader, "files?find=none") == 0
    assert "No file that came in matches." in reader.get("/console/files?find=%25").text
    letters = rows(reader, "mailbox")
    assert 0 < rows(reader, "mailbox?find=WILLOWS@example") < letters or letters == 1
    assert "No message matches." in reader.get("/console/mailbox?find=nobody").text
    assert rows(reader, "mailbox?find=W%C3%8DLLOWS") == rows(reader, "mailbox?find=willows")
    assert rows(reader, f"audit?every=1&find={ACCOUNT}") >= 1
    assert "No payment and no difference matches." in reader.get("/console/audit?every=1&find=nothing").text


def test_an_audit_draws_what_is_to_be_mended_first_and_says_how_much_more_there_is(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    for what in ("pay", "lost", "pay"):
        reader.post(f"/console/try/{what}")
        reader.settle()
    monkeypatch.setattr("partnerlab.console.audit.MOST", 1)
    page = reader.get("/console/audit?every=1")
    assert "2 more: search for any" in page.text
    assert "✗" in page.raw[page.raw.index("<tr data-row") :].partition("</tr>")[0]
