"""An export of a lane that somebody edited is refused with its place and rule, where a page would not read it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from partnerlab.soak.in_process import InProcessWorld

LANE = "imported"


@pytest.fixture(scope="module")
def world() -> Iterator[InProcessWorld]:
    with InProcessWorld(3, lambda _: None) as world:
        yield world


@pytest.mark.parametrize(
    ("table", "column", "text"),
    [
        ("ic_export_batches", "warnings", "x"),
        ("ic_export_batches", "warnings", "{}"),
        ("ic_uploads", "notes", "[NaN]"),
        ("faults", "params", "[]"),
        ("journal", "headers", '{"a": 1}'),
        ("journal", "findings", "[1]"),
        ("journal", "at", "2026-02-03"),
    ],
)
def test_a_text_that_a_page_reads_as_json_or_a_moment_is_refused_with_its_place(
    world: InProcessWorld, table: str, column: str, text: str
) -> None:
    client = httpx.Client(transport=world.browser, base_url="http://127.0.0.1:8700")
    answer = client.post(f"/_sandbox/lanes/{LANE}/import", json={"tables": {table: [{column: text}]}})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "import_invalid")
    assert answer.json()["error"]["field"].endswith(f"{table}[0].{column}")
    assert f"[0].{column}: not a" in answer.json()["error"]["message"]
