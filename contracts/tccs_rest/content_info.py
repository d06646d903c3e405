"""
The parser of `contentInfo`: it executes the grammar that stands in content_info.toml and says where a text breaks it.

    parse_content_info("payment", "306-12/11/2019|24.00:CC").amount     # Decimal("24.00")
    parse_content_info("payment", "306-12/11/2019|24.00|CC")            # ContentInfoInvalid: column 21: expected ':' …
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache, cached_property
from types import MappingProxyType
from typing import Any

from partnerlab.contracts.data import read_toml
from partnerlab.contracts.first_use import pattern
from partnerlab.contracts.masking import mask_text
from partnerlab.contracts.records import dataclass

__all__ = [
    "CONTENT_INFO",
    "SEPARATORS",
    "ContentInfo",
    "ContentInfoInvalid",
    "content_info_pattern",
    "format_of",
    "parse_content_info",
]

GRAMMAR = read_toml("tccs_rest/content_info.toml")
ESCAPED = {"|": r"\|"}  # in a pattern
SHOWN = 40  # characters of a text that an error quotes

SEPARATORS: str = GRAMMAR["separators"]
"""The characters that no field holds. Who sends a name with one of them puts a space in its place."""


class Field:
    """A field of the grammar, ready to be executed."""

    def __init__(self, row: Mapping[str, Any]) -> None:
        words = " or ".join(row.get("words", ()))
        self.what: str = row["what"]
        self.expected = f"{self.what}, {words}" if words else self.what
        self.kind: str = row["kind"]
        self.named = self.expected if self.kind == "word" else self.what
        self.value: str = row.get("value", "")
        self.longest: int = row.get("longest", sys.maxsize)
        self._row = row

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What a whole value matches."""
        return re.compile(self._row["pattern"])

    @cached_property
    def allowed(self) -> re.Pattern[str] | None:
        """One character of it; None where any may stand."""
        return re.compile(self._row["allowed"]) if "allowed" in self._row else None


FIELDS = {name: Field(row) for name, row in GRAMMAR["field"].items()}
FORMATS: Mapping[str, Mapping[str, Any]] = {row["name"]: row for row in GRAMMAR["format"]}
_SEPARATOR = pattern(f"[{re.escape(SEPARATORS)}]")

CONTENT_INFO: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        endpoint: tuple(name for name, row in FORMATS.items() if endpoint in row["endpoints"])
        for endpoint in dict.fromkeys(endpoint for row in FORMATS.values() for endpoint in row["endpoints"])
    }
)
"""The names of the formats by endpoint, as in `Pay_Input`: `payment`, `quote-deposit`."""


@dataclass(frozen=True, slots=True)
class ContentInfo:
    """
    What a `contentInfo` says; what its format does not have is None or empty.

    `policy_number` is that of the quote in a quote deposit; `amount` has two decimals and is above zero; `on` is the
    day of the payment that came back.
    """

    format: str
    policy_number: str
    expires_on: date
    amount: Decimal | None = None
    payment_type: str = ""
    insured_name: str = ""
    payment_guid: str = ""
    on: date | None = None
    enrolled: bool | None = None

    @property
    def invoice_number(self) -> str:
        """Policy number and expiration date, as the BIF has them: `454100010-03/01/2019`, without spaces around."""
        day = self.expires_on
        return f"{self.policy_number}-{day.month:02}/{day.day:02}/{day.year:04}"


class ContentInfoInvalid(ValueError):
    """
    A `contentInfo` that breaks its format.

    `column` counts the characters of the text as received, from 1; `expected` and `found` are for a reader.
    """

    def __init__(self, column: int, expected: str, found: str) -> None:
        self.column, self.expected, self.found = column, expected, found
        super().__init__(f"column {column}: expected {expected}, found {found}")

    def __reduce__(self) -> tuple[type[ContentInfoInvalid], tuple[int, str, str]]:
        return type(self), (self.column, self.expected, self.found)


def format_of(endpoint: str, text: str) -> str:
    """
    The name of the format that *text* must have at *endpoint*.

    Args:
        endpoint: `Pay_Input`, or a path that ends in it, in any case.
        text: A number that begins with `Q` makes a payment a quote deposit.
    Raises:
        KeyError: There is no such endpoint.
    Source: TCCS, Details, Data Pump: Payment.
    """
    names = _by_lower_case()[endpoint.rpartition("/")[2].lower()]
    if names == ("payment", "quote-deposit"):
        return names[text.lstrip(" ").startswith("Q")]
    return names[0]


def parse_content_info(format: str, text: str) -> ContentInfo:
    """
    What *text* says by that format, spaces around its separators or not.

    Raises:
        ContentInfoInvalid: The text breaks the format; the first place where it does.
        KeyError: There is no such format.
    Source: TCCS, Details; assumed [A-41], [A-42].
    """
    grammar = FORMATS[format]
    values: dict[str, Any] = {}
    parts, optional = grammar["parts"], grammar.get("optional", [])
    at = _read_field(text, 0, parts, 0, values)
    sequence = parts + optional
    for index in range(1, len(sequence), 2):
        at = _skip_spaces(text, at)
        if at == len(text) and index == len(parts):
            break
        separator = sequence[index]
        if text[at : at + 1] != separator:
            or_end = " or the end" if index == len(parts) else ""
            expected = f"'{separator}' and {FIELDS[sequence[index + 1]].named}{or_end}"
            raise ContentInfoInvalid(at + 1, expected, _found(text, at))
        at = _read_field(text, at + 1, sequence, index + 1, values)
    at = _skip_spaces(text, at)
    if at < len(text):
        raise ContentInfoInvalid(at + 1, "the end", _found(text, at))
    return ContentInfo(format, **values)


@cache
def content_info_pattern(format: str) -> str:
    """
    The format as one regular expression, for OpenAPI: what the parser accepts, but for days no month has.

    Raises:
        KeyError: There is no such format.
    """
    grammar = FORMATS[format]
    parts, optional = (_pattern(grammar.get(name, ())) for name in ("parts", "optional"))
    return f"^ *{parts}{f'(?:{optional})?' if optional else ''} *$"


def _read_field(text: str, at: int, sequence: list[str], index: int, values: dict[str, Any]) -> int:
    """Reads the field that begins at *at* into *values*; where it ends."""
    field = FIELDS[sequence[index]]
    start = _skip_spaces(text, at)
    end = _next_separator(text, start)
    if sequence[index + 1 : index + 2] == ["-"]:
        hyphen = text.rfind("-", start, end)
        end = end if hyphen < 0 else hyphen
    value = text[start:end].rstrip(" ")
    if not value:
        raise ContentInfoInvalid(start + 1, field.expected, _found(text, start))
    read = _value(field.kind, value) if len(value) <= field.longest and field.pattern.fullmatch(value) else None
    if read is None:
        raise _invalid(field, value, start)
    if field.value:
        values[field.value] = read
    return end


def _invalid(field: Field, value: str, start: int) -> ContentInfoInvalid:
    """What is wrong with the text of a field that begins at *start*: a character, its length or the whole."""
    if field.allowed is not None:
        for place, character in enumerate(value, start):
            if not field.allowed.fullmatch(character):
                return ContentInfoInvalid(place + 1, field.expected, _quoted(character))
    if len(value) > field.longest:
        expected = f"{field.expected}, of at most {field.longest} characters"
        return ContentInfoInvalid(start + 1, expected, f"{len(value)} characters")
    return ContentInfoInvalid(start + 1, field.expected, _quoted(value))


def _value(kind: str, text: str) -> date | Decimal | bool | str | None:
    """The value in a text that has its field's pattern; None for a day that does not exist."""
    match kind:
        case "date":
            try:
                return date(int(text[6:]), int(text[:2]), int(text[3:5]))
            except ValueError:
                return None
        case "amount":
            return Decimal(text)
        case "flag":
            return text == "Y"
    return text


def _found(text: str, at: int) -> str:
    """What stands there: a separator, the word up to the next one, or the end."""
    if at >= len(text):
        return "the end"
    return _quoted(text[at : max(_next_separator(text, at), at + 1)].rstrip(" "))


def _quoted(value: str) -> str:
    shown = mask_text(value)
    shown = shown if len(shown) <= SHOWN else shown[: SHOWN - 1] + "…"
    return f"'{shown}'" if shown.isprintable() else repr(shown)


def _pattern(sequence: tuple[str, ...]) -> str:
    return "".join(
        FIELDS[part].pattern.pattern if part in FIELDS else f" *{ESCAPED.get(part, part)} *" for part in sequence
    )


def _next_separator(text: str, at: int) -> int:
    found = _SEPARATOR.search(text, at)
    return found.start() if found else len(text)


def _skip_spaces(text: str, at: int) -> int:
    while at < len(text) and text[at] == " ":
        at += 1
    return at


@cache
def _by_lower_case() -> dict[str, tuple[str, ...]]:
    return {endpoint.lower(): names for endpoint, names in CONTENT_INFO.items()}
