"""Texts as the simulators' books keep them: as long as may be, and one character more."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from partnerlab.simulators.ic_webservices.domain.billers import normal_guid
from partnerlab.simulators.ic_webservices.domain.users import username_key
from partnerlab.simulators.inhance_soap.domain import accounts as inhance_accounts
from partnerlab.simulators.inhance_soap.domain import text as inhance
from partnerlab.simulators.inhance_soap.domain.errors import ValueInvalid as InHanceInvalid
from partnerlab.simulators.tccs_rest.domain import text as tccs
from partnerlab.simulators.tccs_rest.domain.errors import ValueInvalid as TccsInvalid
from partnerlab.simulators.watersmart.domain import text as watersmart
from partnerlab.simulators.watersmart.domain.errors import ValueInvalid as WaterInvalid
from partnerlab.simulators.watersmart.domain.users import username_key as watersmart_key

LINES = {inhance.read_line: InHanceInvalid, tccs.read_line: TccsInvalid, watersmart.read_line: WaterInvalid}
each = pytest.mark.parametrize(("read", "refused"), LINES.items(), ids=["inhance", "tccs", "watersmart"])


@pytest.mark.parametrize(
    ("read", "longest", "refused"),
    [
        (inhance.read_line, 200, InHanceInvalid),
        (partial(inhance.read_line, longest=7), 7, InHanceInvalid),
        (inhance_accounts.read_account_number, 50, InHanceInvalid),
        (tccs.read_line, 100, TccsInvalid),
        (partial(tccs.read_line, longest=7), 7, TccsInvalid),
        (watersmart.read_line, 200, WaterInvalid),
        (partial(watersmart.read_line, longest=7), 7, WaterInvalid),
        (watersmart.read_account_number, 30, WaterInvalid),
    ],
)
def test_a_text_may_be_as_long_as_that_without_its_blanks(
    read: Callable[[str, str], str], longest: int, refused: type[Exception]
) -> None:
    whole = "x" * longest
    assert read("name", f" {whole} ") == whole
    with pytest.raises(refused, match=rf"name: 'x+' is longer than {longest} characters"):
        read("name", f"{whole}x")


def test_an_address_may_be_as_long_as_its_column() -> None:
    whole = f"{'a' * 88}@example.com"
    assert watersmart.read_email("email", f" {whole} ") == whole
    with pytest.raises(WaterInvalid, match="at most 100 characters"):
        watersmart.read_email("email", f"a{whole}")


@each
def test_a_text_that_is_missing_is_empty_or_refused(read: Callable[..., str], refused: type[Exception]) -> None:
    assert read("name", "  ") == ""
    with pytest.raises(refused, match="name: '' is missing"):
        read("name", "  ", required=True)


@each
@pytest.mark.parametrize("text", ["a\nb", "a\x00b", "a\x85b", "a\u2028b"])
def test_a_text_holds_no_line_break_or_control_character(
    read: Callable[..., str], refused: type[Exception], text: str
) -> None:
    with pytest.raises(refused, match="holds a control character"):
        read("name", text)


REAL = {
    "persian": "علی‌رضا نیک‌نام",
    "sinhala": "ශ්‍රී",
    "emoji": "Zoë \U0001f469\U0001f3fd\u200d\U0001f692",
    "flag": "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
    "hebrew": "יעל (2)\u200f",
    "japanese": "山田\u3000太郎",
    "no-break": "Zoë\u00a0B.",
}


@each
@pytest.mark.parametrize("name", REAL.values(), ids=REAL)
def test_a_name_holds_what_real_ones_have_though_nobody_sees_it(
    read: Callable[..., str], refused: type[Exception], name: str
) -> None:
    assert read("name", name) == name


@pytest.mark.parametrize(
    ("read", "refused"),
    [
        (inhance_accounts.read_account_number, InHanceInvalid),
        (partial(inhance.read_line, number=True), InHanceInvalid),
        (watersmart.read_account_number, WaterInvalid),
        (partial(watersmart.read_line, number=True), WaterInvalid),
    ],
)
@pytest.mark.parametrize("hidden", ["\u200b", "\u200d", "\u202e", "\u00ad", "\ufeff"])
def test_a_number_is_what_it_looks_like(read: Callable[[str, str], str], refused: type[Exception], hidden: str) -> None:
    with pytest.raises(refused, match="holds a character that nobody sees"):
        read("account_number", f"1000{hidden}0101")
    assert read("account_number", "Zoë-10000101") == "Zoë-10000101"


@pytest.mark.parametrize("key", [username_key, watersmart_key])
def test_a_username_is_found_with_blanks_and_in_any_case(key: Callable[[str], str]) -> None:
    assert key(" Ann@Example.COM ") == "ann@example.com"


@pytest.mark.parametrize("given", [None, "", "  ", "\0"])
def test_no_username_is_nobodys(given: str | None) -> None:
    assert username_key(given) == ""


@pytest.mark.parametrize("given", [None, "", " {} ", "\0"])
def test_no_guid_is_nobodys(given: str | None) -> None:
    assert normal_guid(given) == ""


def test_a_guid_is_found_with_blanks_and_braces_and_in_any_case() -> None:
    assert normal_guid(" {ABCD-0001} ") == "abcd-0001"
