"""
How a cell of a CSV file is read [A-86].

The canonical form of a value is read in silence. A form that means the same without doubt is read and noted, as in
`$1,250.00`; one that could mean two things is refused, as in `1.000`. A cell is text: leading zeros stay, spaces around
it are dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from partnerlab.contracts.files.fields import CellInvalid
from partnerlab.contracts.first_use import pattern
from partnerlab.contracts.one_line import number_problem
from partnerlab.contracts.records import dataclass

__all__ = ["IN_KINDS", "InKind", "read_amount", "read_date"]

MAX_DIGITS = 15
PLAIN_AMOUNT = pattern(r"[+-]?[0-9]{1,15}(?:\.[0-9]{1,2})?")
GROUPED = pattern(r"[0-9]{1,3}(?:,[0-9]{3}){1,4}(?:\.[0-9]{1,2})?")
WRAPPED = pattern(
    r"(?:\$(?=[(+-]))?(?P<open>\()?(?P<sign>[+-])?\$?(?P<digits>[0-9][0-9,]{0,24}(?:\.[0-9]{1,2})?)(?P<end>\)|-)?"
)
DATE = pattern(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4}|[0-9]{2})(?P<time>[ T][0-9:. APMapm]{1,20})?")
ISO_DATE = pattern(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?P<time>[ T][0-9:.+Z-]{1,30})?")
EXPONENT = pattern(r"[0-9]+(?:[.,][0-9]+)?[eE][+-]?[0-9]+")
INTEGER = pattern(r"[0-9]{1,9}")

Read = tuple[Any, str]
"""A value, and what was unusual about its text: the kind of a note, or empty."""

NOTES: Mapping[str, str] = {
    "written-amount": "an amount with a $, thousands separators, parentheses or a trailing minus is read as written",
    "two-digit-year": "a year of two digits is read as 20YY",
    "time-behind-date": "a time behind a date is dropped",
    "iso-date": "a date YYYY-MM-DD is read as written",
    "trailing-comma": "a comma behind the last column is passed over",
    "header-line": "the first line is a header and is skipped",
    "default-value": "an empty cell takes its default",
    "empty-rows": "rows of commas and spaces only are passed over",
}


@dataclass(frozen=True, slots=True)
class InKind:
    """
    A kind of cell. `read` takes text that is not empty, without spaces around it, and raises ValueError.

    `rule` is what is broken then (`report.RULES`); `phrase` completes "'1.000' is not …".
    """

    name: str
    rule: str
    phrase: str
    read: Callable[[str], Read]
    empty: Any = None

    def parse(self, text: str) -> Read:
        """The value of a cell's text and the kind of a note. Raises `CellInvalid`."""
        try:
            return self.read(text)
        except CellInvalid:
            raise
        except ValueError:
            raise CellInvalid(self.rule, f"is not {self.phrase}") from None


def read_amount(text: str) -> Read:
    """Dollars and cents, exactly; a sign in any of the four ways that accounting programs write it."""
    if PLAIN_AMOUNT.fullmatch(text):
        return Decimal(text), ""
    match = WRAPPED.fullmatch(text)
    if match is None:
        raise ValueError(text)
    digits = match["digits"]
    if "," in digits and GROUPED.fullmatch(digits) is None:
        raise ValueError(text)
    if len(digits.partition(".")[0].replace(",", "")) > MAX_DIGITS:
        raise ValueError(text)
    signs = [match["sign"] == "-", match["end"] == "-", match["open"] is not None]
    if sum(signs) > 1 or (match["open"] is None) != (match["end"] != ")") or (match["sign"] and match["end"]):
        raise ValueError(text)
    value = Decimal(digits.replace(",", ""))
    return -value if any(signs) else value, "written-amount"


def read_date(text: str) -> Read:
    """A day, the month first; a time behind it is dropped."""
    match = DATE.fullmatch(text)
    if match is not None:
        year = match[3]
        day = date(int(year) if len(year) == 4 else 2000 + int(year), int(match[1]), int(match[2]))
        return day, "two-digit-year" if len(year) == 2 else "time-behind-date" if match["time"] else ""
    match = ISO_DATE.fullmatch(text)
    if match is None:
        raise ValueError(text)
    return date(int(match[1]), int(match[2]), int(match[3])), "iso-date"


def read_account(text: str) -> Read:
    """A number that names somebody: text that is what it looks like, and not what a spreadsheet makes of a long one."""
    rule, wrong = number_problem(text)
    if rule:
        raise CellInvalid(rule, wrong)
    if EXPONENT.fullmatch(text):
        raise ValueError(text)
    return text, ""


def read_integer(text: str) -> Read:
    if INTEGER.fullmatch(text) is None:
        raise ValueError(text)
    return int(text), ""


def read_flag(text: str) -> Read:
    if text not in ("0", "1"):
        raise ValueError(text)
    return text == "1", ""


IN_KINDS: Mapping[str, InKind] = {
    kind.name: kind
    for kind in (
        InKind("text", "not-text", "text", lambda text: (text, ""), empty=""),
        InKind("account", "not-a-number-of-its-own", "a number without an exponent", read_account, empty=""),
        InKind("amount", "not-an-amount", "an amount with at most two decimals", read_amount),
        InKind("date", "not-a-date", "a date MM/DD/YYYY that exists", read_date),
        InKind("integer", "not-a-whole-number", "a whole number of 1 to 9 digits", read_integer),
        InKind("flag", "not-a-flag", "a flag, 1 or 0", read_flag, empty=False),
    )
}
