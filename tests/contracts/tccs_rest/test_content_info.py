"""The grammar of `contentInfo`: what the source shows is taken, what breaks it is shown its place."""

from __future__ import annotations

import pickle
import re
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import partnerlab.contracts.tccs_rest.content_info as content_info_module
from partnerlab.contracts import tccs_rest
from partnerlab.contracts.data import read_toml
from partnerlab.contracts.tccs_rest import (
    CONTENT_INFO,
    SEPARATORS,
    ContentInfo,
    ContentInfoInvalid,
    content_info_pattern,
    format_of,
    parse_content_info,
)
from partnerlab.contracts.verification.strategies import content_info
from tests.contracts.tccs_rest.malformed import GUID, MALFORMED, N

FORMATS = [name for names in CONTENT_INFO.values() for name in names if name != "invoice-number"] + ["invoice-number"]

# Every example of the source, as it stands there, by endpoint; those that it gives in parts are put together as its
# service specification says.
EXAMPLES = [
    ("ARState_Output", "454100010-06/16/2020"),
    ("Pay_Input", "454100010-03/01/2019 | 24.00 : CC"),
    ("Pay_Input", "454100010-03/01/2019|24.00:ACH"),
    ("Pay_Input", "Q454100010-03/01/2019 | Test Name | 24.00"),
    ("Pay_Input", f"306-12/11/2019|24.00:CC@{GUID}"),
    ("Pay_Input", f"Q3272-12/11/2019|Test Name|24.00@{GUID}"),
    ("Insufficient_Pay_Report", "454100010 -03/01/2019 : 06/22/2020 | 25.00 | IFR"),
    ("Paperless_Bill", "454100010-03/01/2019:Y|PB"),
    ("Paperless_Bill", "454100010-03/01/2019:N|PB"),
    ("Recurring_Pay", "454100010-03/01/2019:Y|R"),
    ("Recurring_Pay", "454100010-03/01/2019:N|R"),
    ("Retrieve_Bill_Image", "454100010-03/01/2019"),
]


def spaced(text: str) -> str:
    return re.sub(r"([|:@])", r"  \1 ", f" {text}  ")


@pytest.mark.parametrize(("endpoint", "text"), EXAMPLES)
def test_every_example_of_the_source_is_taken_with_its_spaces_and_without(endpoint: str, text: str) -> None:
    format = format_of(endpoint, text)
    found = parse_content_info(format, text)
    close = re.sub(r" *([|:@]) *", r"\1", text).replace(" -", "-")
    assert " " not in close.replace("Test Name", "")
    assert parse_content_info(format, close) == found == parse_content_info(format, spaced(text))
    assert found.invoice_number == re.sub(r"[|:].*", "", close)


def test_a_payment_says_what_is_paid_how_and_by_which_guid() -> None:
    assert parse_content_info("payment", f"306-12/11/2019|24.00:CC@{GUID}") == ContentInfo(
        "payment", "306", date(2019, 12, 11), Decimal("24.00"), payment_type="CC", payment_guid=GUID
    )


def test_a_quote_deposit_has_the_insureds_name_and_no_type() -> None:
    found = parse_content_info("quote-deposit", "Q3272-12/11/2019|O'Brien, Zoë & Søn – Farm #2|24.00")
    assert found.insured_name == "O'Brien, Zoë & Søn – Farm #2"
    assert (found.policy_number, found.payment_type, found.payment_guid) == ("Q3272", "", "")


def test_an_ach_reject_has_the_day_of_the_payment() -> None:
    found = parse_content_info("insufficient-funds", "454100010 -03/01/2019 : 06/22/2020 | 25.00 | IFR")
    assert (found.on, found.amount) == (date(2020, 6, 22), Decimal("25.00"))
    assert found.invoice_number == "454100010-03/01/2019"


def test_switches_are_on_or_off() -> None:
    assert parse_content_info("paperless", "306-12/11/2019:Y|PB").enrolled is True
    assert parse_content_info("recurring", "306-12/11/2019:N|R").enrolled is False
    assert parse_content_info("invoice-number", "306-12/11/2019").enrolled is None


def test_a_policy_number_may_hold_hyphens_and_spaces_and_its_last_hyphen_is_before_the_date() -> None:
    for text in ("HO-454-100 010-03/01/2019", "HO-454-100 010 - 03/01/2019", " HO-454-100 010- 03/01/2019 "):
        found = parse_content_info("invoice-number", text)
        assert (found.policy_number, found.invoice_number) == ("HO-454-100 010", "HO-454-100 010-03/01/2019")


def test_a_guid_has_99_characters_at_most_and_may_be_one_group() -> None:
    long = "a1-" * 33
    assert parse_content_info("payment", f"306-12/11/2019|24.00:CC@{long[:-1]}x").payment_guid == f"{long[:-1]}x"
    assert parse_content_info("payment", "306-12/11/2019|24.00:CC@7").payment_guid == "7"


def test_what_is_read_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        parse_content_info("invoice-number", "306-12/11/2019").policy_number = "307"  # type: ignore[misc]


# --- What breaks a format ---------------------------------------------------------------------------------------


def test_the_table_of_what_breaks_a_format_has_at_least_60_rows_and_every_format() -> None:
    assert len({(format, text) for format, text, *_ in MALFORMED}) == len(MALFORMED) >= 60
    assert {format for format, *_ in MALFORMED} == set(FORMATS)


@pytest.mark.parametrize(("format", "text", "column", "expected", "found"), MALFORMED)
def test_what_breaks_a_format_is_shown_where(format: str, text: str, column: int, expected: str, found: str) -> None:
    with pytest.raises(ContentInfoInvalid) as invalid:
        parse_content_info(format, text)
    assert (invalid.value.column, invalid.value.expected, invalid.value.found) == (column, expected, found)
    assert str(invalid.value) == f"column {column}: expected {expected}, found {found}"
    assert 1 <= column <= len(text) + 1


def test_the_error_reads_as_it_is_meant_to() -> None:
    with pytest.raises(ContentInfoInvalid, match=r"^column 18: expected ':' and a payment type, found '\|'$"):
        parse_content_info("payment", "1-12/11/2019|9.00|CC")


def test_an_error_is_short_and_shows_no_card_number() -> None:
    with pytest.raises(ContentInfoInvalid) as invalid:
        parse_content_info("payment", f"{N}|24.00:4111111111111111")
    assert "411111" not in str(invalid.value)
    with pytest.raises(ContentInfoInvalid) as invalid:
        parse_content_info("payment", f"{N}|24.00:{'x' * 500}")
    assert len(str(invalid.value)) < 120


def test_an_error_survives_a_pickle() -> None:
    error = pickle.loads(pickle.dumps(ContentInfoInvalid(18, "':'", "'|'")))
    assert (error.column, error.expected, error.found) == (18, "':'", "'|'")


# --- The formats and their data ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("endpoint", "text", "format"),
    [
        ("Pay_Input", "306-12/11/2019|24.00:CC", "payment"),
        ("Pay_Input", "Q3272-12/11/2019|Test Name|24.00", "quote-deposit"),
        ("Pay_Input", "  Q3272", "quote-deposit"),
        ("Pay_Input", "q3272", "payment"),
        ("Pay_Input", "", "payment"),
        ("/InvCloudAPI_PROD/Pay_input", "306", "payment"),
        ("https://insurer.example.com/invoicecloudapi/API/PAPERLESS_BILL", "Q1", "paperless"),
        ("recurring_pay", "Q1", "recurring"),
    ],
)
def test_the_format_follows_from_the_endpoint_and_the_q(endpoint: str, text: str, format: str) -> None:
    assert format_of(endpoint, text) == format


def test_what_is_unknown_is_refused() -> None:
    with pytest.raises(KeyError):
        format_of("/api/Void", "306")
    with pytest.raises(KeyError):
        parse_content_info("void", "306")
    with pytest.raises(KeyError):
        content_info_pattern("void")


def test_the_example_of_each_format_is_one() -> None:
    for row in read_toml("tccs_rest/content_info.toml")["format"]:
        assert parse_content_info(row["name"], row["example"]).format == row["name"]
        assert any(text == row["example"] for _, text in EXAMPLES)


def test_no_field_can_hold_a_separator() -> None:
    for name, field in read_toml("tccs_rest/content_info.toml")["field"].items():
        for separator in SEPARATORS:
            for text in (separator, f"a{separator}b", f"Q1{separator}"):
                assert not re.fullmatch(field["pattern"], text), (name, text)


def test_every_field_is_used_and_every_part_is_known() -> None:
    grammar = read_toml("tccs_rest/content_info.toml")
    parts = {part for row in grammar["format"] for part in row["parts"] + row.get("optional", [])}
    assert parts - set(SEPARATORS) - {"-"} == set(grammar["field"])
    for row in grammar["format"]:
        sequence = row["parts"] + row.get("optional", [])
        assert all(part in grammar["field"] for part in sequence[::2])
        assert all(part in SEPARATORS + "-" for part in sequence[1::2])


@pytest.mark.parametrize("format", FORMATS)
def test_what_the_grammar_makes_is_taken_by_parser_and_pattern(format: str) -> None:
    @settings(deadline=None)
    @given(content_info(format, spaced=True))
    def taken(text: str) -> None:
        found = parse_content_info(format, text)
        assert re.fullmatch(content_info_pattern(format), text)
        assert found == parse_content_info(format, spaced(text))

    taken()


def broken_rule(format: str, text: str) -> str:
    try:
        parse_content_info(format, text)
    except ContentInfoInvalid as invalid:
        return invalid.expected
    return ""


@pytest.mark.parametrize("format", FORMATS)
def test_parser_and_pattern_refuse_the_same_but_for_days_that_no_month_has(format: str) -> None:
    characters = st.sampled_from([*"|:@-/ .,0129QACYNPBRIFx", "é", "\n", "\x00"])

    @settings(deadline=None)
    @given(content_info(format), st.integers(0, 60), st.integers(0, 3), st.text(characters, max_size=3))
    def agree(text: str, at: int, cut: int, put: str) -> None:
        text = text[:at] + put + text[at + cut :]
        matches = re.fullmatch(content_info_pattern(format), text) is not None
        expected = broken_rule(format, text)
        assert matches == (not expected) or (matches and " date " in expected), text

    agree()


@settings(deadline=None)
@given(st.text(max_size=60), st.sampled_from(FORMATS))
def test_any_text_is_read_or_refused_with_a_column_in_it(text: str, format: str) -> None:
    column = 1
    try:
        parse_content_info(format, text)
    except ContentInfoInvalid as invalid:
        column = invalid.column
    assert 1 <= column <= len(text) + 1


def test_what_is_exported() -> None:
    assert tccs_rest.__all__ == content_info_module.__all__
    assert all(hasattr(tccs_rest, name) for name in tccs_rest.__all__)


@pytest.mark.parametrize(
    ("call", "content", "longest"),
    [
        ("payment", "{}-12/11/2019|24.00:CC", 50),  # a policy number
        ("quote-deposit", "Q{}-12/11/2019|Ann|24.00", 49),  # a quote number, its Q apart
        ("quote-deposit", "Q306-12/11/2019|{}|24.00", 100),  # the insured's name
        ("payment", "306-12/11/2019|24.00:CC@{}", 99),  # a PaymentGUID
    ],
)
def test_a_field_may_be_as_long_as_its_limit_and_no_longer(call: str, content: str, longest: int) -> None:
    parse_content_info(call, content.format("x" * longest))
    with pytest.raises(ContentInfoInvalid, match="characters"):
        parse_content_info(call, content.format("x" * (longest + 1)))
