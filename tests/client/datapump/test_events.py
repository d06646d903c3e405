"""The events of the code and of the schema are the same."""

from __future__ import annotations

import copy
import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from partnerlab.client.datapump.events import AchReject, AutoPay, Email, Paperless, Payment, parse_event, render_event
from partnerlab.client.errors import RequestInvalid
from tests.client.datapump.conftest import make_event

SCHEMA = json.loads(files("partnerlab.contracts").joinpath("datapump/event.schema.json").read_bytes())
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=FormatChecker())
KINDS = ("payment", "paperless", "autopay", "email", "ach_reject")


def accepted(document: Any) -> bool:
    try:
        parse_event(document)
    except RequestInvalid:
        return False
    return True


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_event_is_accepted_by_both(kind: str) -> None:
    assert VALIDATOR.is_valid(make_event(kind))
    assert parse_event(make_event(kind)).kind == kind


def test_a_payment_has_decimals_and_aware_times() -> None:
    event = parse_event(make_event(amount="1234567.05", service_fee="0.00", paid_at="2026-06-16T23:59:59.5-04:00"))
    assert isinstance(event, Payment)
    assert (event.amount, event.service_fee) == (Decimal("1234567.05"), Decimal("0.00"))
    assert event.paid_at == datetime(2026, 6, 16, 23, 59, 59, 500_000, timezone(timedelta(hours=-4)))
    assert parse_event(make_event(occurred_at="2026-06-16t10:00:00z")).occurred_at == datetime(
        2026, 6, 16, 10, tzinfo=UTC
    )


def test_the_other_kinds_have_their_values() -> None:
    assert isinstance(found := parse_event(make_event("paperless", enrolled=False)), Paperless)
    assert found.enrolled is False
    assert isinstance(parse_event(make_event("autopay")), AutoPay)
    assert isinstance(email := parse_event(make_event("email")), Email)
    assert email.email_address == "willows@example.com"
    assert isinstance(reject := parse_event(make_event("ach_reject")), AchReject)
    assert (reject.paid_on, reject.code, reject.amount) == (date(2026, 6, 16), "R01", Decimal("125.50"))


def test_defaults_are_the_schemas() -> None:
    event = make_event()
    payment = event["payment"]
    for name in ("service_fee", "donation", "payer_name"):
        del payment[name]
    del event["lane"]
    found = render_event(parse_event(event))
    schema = SCHEMA["oneOf"][0]["properties"]["payment"]["properties"]
    assert {name: found["payment"][name] for name in ("service_fee", "donation", "payer_name")} == {
        name: schema[name]["default"] for name in ("service_fee", "donation", "payer_name")
    }
    assert found["lane"] == SCHEMA["properties"]["lane"]["default"]


def test_what_only_tccs_needs_may_be_left_out() -> None:
    """An event raised before these fields came into use says nothing of them."""
    for kind in ("paperless", "autopay"):
        event = make_event(kind)
        schema = SCHEMA["oneOf"][1]["properties"]["invoice_number"]
        del event["invoice_number"]
        assert VALIDATOR.is_valid(event)
        assert render_event(parse_event(event))["invoice_number"] == schema["default"] == ""
    event = make_event("ach_reject")
    schema = SCHEMA["oneOf"][3]["properties"]["ach_reject"]["properties"]["donation"]
    del event["ach_reject"]["donation"]
    assert VALIDATOR.is_valid(event)
    assert render_event(parse_event(event))["ach_reject"]["donation"] == schema["default"] == "none"


@pytest.mark.parametrize("kind", KINDS)
def test_rendering_gives_what_was_parsed(kind: str) -> None:
    event = make_event(kind)
    assert render_event(parse_event(event)) == event


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("id", "a b", "id"),
        ("id", "x" * 100, "id"),
        ("lane", "-lane", "lane"),
        ("biller_guid", "", "biller_guid"),
        ("occurred_at", "2026-06-16T10:00:00", "occurred_at"),
        ("occurred_at", "2026-02-30T10:00:00Z", "occurred_at"),
        ("kind", "refund", "kind"),
        ("amount", "125.5", "payment.amount"),
        ("amount", 125.5, "payment.amount"),
        ("amount", "-1.00", "payment.amount"),
        ("amount", "0.00", "payment.amount"),
        ("amount", "000.00", "payment.amount"),
        ("amount", "1_0.00", "payment.amount"),
        ("amount", "9" * 30 + ".00", "payment.amount"),
        ("service_fee", "1_0.00", "payment.service_fee"),
        ("service_fee", "9" * 30 + ".00", "payment.service_fee"),
        ("amount", "١٢٥.٥٠", "payment.amount"),
        ("tender", "cash", "payment.tender"),
        ("reference", "", "payment.reference"),
        ("paid_at", None, "payment.paid_at"),
    ],
)
def test_what_is_wrong_is_named(field: str, value: Any, named: str) -> None:
    event = make_event(**{field: value})
    assert not VALIDATOR.is_valid(event)
    with pytest.raises(RequestInvalid) as error:
        parse_event(event)
    assert error.value.field == named
    assert error.value.rule


@pytest.mark.parametrize("document", [None, [], "event", {}, {"kind": ["payment"]}, {"kind": {}}])
def test_what_is_no_event_at_all_is_refused(document: Any) -> None:
    assert not VALIDATOR.is_valid(document)
    assert not accepted(document)


def test_a_field_of_another_kind_is_refused() -> None:
    event = make_event("email", enrolled=True)
    assert not VALIDATOR.is_valid(event)
    with pytest.raises(RequestInvalid, match=r"enrolled.*is not a field"):
        parse_event(event)


TEXTS = [
    *("", "a", "ab", "abc", "a b", "a-b", "a.b", "-a", "..", "a" * 64, "a" * 65, "a" * 99, "a" * 100, "é", "\u0000"),
    *("0.00", "1.0", "12.345", "1e3", "125.50", "-1.00", "+1.00", ".50", "1,000.00", " 1.00", "٣.٥٠"),
    *("payment", "email", "ach_reject", "credit_card", "Credit_Card", "cash", "inline", "none", "true"),
    *("2026-06-16", "2026-13-01", "2026-6-16", "20260616", "2026-02-29", "2028-02-29", "0000-01-01"),
    *("2026-06-16T10:00:00Z", "2026-06-16 10:00:00Z", "2026-06-16T10:00:00", "2026-06-16T10:00:00+05:30"),
    *("20260616T100000Z", "2026-06-16T25:00:00Z", "2026-06-16T10:00:00.123456789Z", "2026-06-16T10:00:00.Z"),
    *("2026-06-16t10:00:00z", "2026-06-16T10:00Z", "2026-W25-2", "2026-06-16T10:00:00+0530"),
]
PLAIN = [None, True, False, 0, 1, -1, 1.5, 125.50, [], ["a"], {}, {"a": 1}, *TEXTS]


def places(event: dict[str, Any]) -> list[tuple[dict[str, Any], str]]:
    """Every field of an event, with the object it stands in."""
    inner = event.get(event["kind"])
    return [(event, name) for name in event] + [(inner, name) for name in inner or {}]


@pytest.mark.parametrize("kind", KINDS)
def test_code_and_schema_agree_on_every_field(kind: str) -> None:
    """Each field, set to each value and left out."""
    for number in range(len(places(make_event(kind)))):
        for value in PLAIN:
            event = make_event(kind)
            table, name = places(event)[number]
            table[name] = value
            assert accepted(event) == VALIDATOR.is_valid(event), (name, value)
        event = make_event(kind)
        table, name = places(event)[number]
        del table[name]
        assert accepted(event) == VALIDATOR.is_valid(event), name


VALUES = st.one_of(
    st.sampled_from(PLAIN),
    # A trailing line break is where Python's `$`, which jsonschema uses, and the schema language's part ways.
    st.text(max_size=120).filter(lambda text: not text.endswith("\n")),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """An event with nothing to three things done to it."""
    document = copy.deepcopy(make_event(draw(st.sampled_from(KINDS))))
    for _ in range(draw(st.integers(0, 3))):
        inner = document.get(document["kind"]) if isinstance(document.get("kind"), str) else None
        table = inner if isinstance(inner, dict) and draw(st.booleans()) else document
        match draw(st.sampled_from(["drop", "set", "set", "set", "add"])):
            case "drop" if table:
                del table[draw(st.sampled_from(sorted(table)))]
            case "set" if table:
                table[draw(st.sampled_from(sorted(table)))] = draw(VALUES)
            case _:
                names = ["enrolled", "email_address", "payment", "ach_reject", "extra", "amount", "lane"]
                table[draw(st.sampled_from(names))] = draw(VALUES)
        if not isinstance(document.get("kind"), str):
            break
    return document


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(documents())
def test_code_and_schema_accept_the_same_documents(document: dict[str, Any]) -> None:
    assert accepted(document) == VALIDATOR.is_valid(document), document
