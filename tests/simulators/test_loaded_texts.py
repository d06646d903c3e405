"""A lane's export with a text that is not what its column holds is refused, with the place and what it holds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from partnerlab.sandbox import Sandbox
from partnerlab.settings import SandboxSettings
from partnerlab.simulators.kit.world.lane_rows import LoadInvalid

Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxSettings(port=0), in_process=True) as sandbox:
        sandbox.lanes.get("a")
        yield sandbox


def edited(sandbox: Sandbox, table: str, **cells: Any) -> Rows:
    rows = dict(sandbox.lanes.export("a"))
    return {**rows, table: [{**rows[table][0], **cells}, *rows[table][1:]]}


@pytest.mark.parametrize(
    ("table", "column", "text", "words"),
    [
        ("ic_invoices", "invoice_date", "2026-13-45", "a date"),
        ("ic_invoices", "invoice_date", "", "a date"),
        ("ic_invoices", "asked_at", "yesterday", "a moment in UTC, as 2026-06-16T12:00:00+00:00, or empty"),
        ("ic_users", "created_at", "2026-06-16T12:00:00", "a moment in UTC"),
        ("ic_users", "created_at", "2026-06-16T12:00:00+05:00", "a moment in UTC"),
        ("inhance_accounts", "integration", "v3", "one of v1, v2"),
        ("ic_invoices", "fields", "[1]", "a JSON object"),
        ("ic_billers", "configuration", '{"a": NaN}', "a JSON object"),
        ("inhance_bills", "due_on", "12/31/2026", "a date"),
        ("inhance_events", "at", "now", "a moment in UTC"),
        ("tccs_charges", "billed_on", "9999-12-31", "a date"),
        ("watersmart_invoices", "due_on", "2026-02-30", "a date"),
        ("timed_jobs", "next_at", "", "a moment in UTC"),
    ],
)
def test_a_text_that_a_page_could_not_read_is_refused(
    sandbox: Sandbox, table: str, column: str, text: str, words: str
) -> None:
    with pytest.raises(LoadInvalid) as refused:
        sandbox.lanes.load("b", edited(sandbox, table, **{column: text}))
    assert refused.value.where == f"{table}[0].{column}"
    assert refused.value.rule.startswith(f"not {words}")


def test_what_may_be_empty_is_taken_empty(sandbox: Sandbox) -> None:
    sandbox.lanes.load("b", edited(sandbox, "ic_invoices", asked_at="", image_asked_at=""))


@pytest.mark.parametrize("text", ["\0", "\ud800"])
def test_a_text_that_no_database_takes_is_refused(sandbox: Sandbox, text: str) -> None:
    with pytest.raises(LoadInvalid, match=r"ic_customers.0..customer_name: has characters that no database takes"):
        sandbox.lanes.load("b", edited(sandbox, "ic_customers", customer_name=text))
