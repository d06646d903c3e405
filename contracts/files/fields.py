"""
The kinds of value a field can hold, and the straightforward way to read and write one cell.

This is the plain interpretation of a field table. `compiled.py` makes a fast reader and writer of a whole row from
the same table; where that meets anything it does not expect, the row comes here to be judged, and a differential
test holds the two together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import Any

from partnerlab.contracts.first_use import pattern
from partnerlab.contracts.records import dataclass

__all__ = [
    "KINDS",
    "MAX_ROW",
    "SEPARATOR",
    "CellInvalid",
    "Field",
    "Kind",
    "clean",
    "is_plain",
    "parse_cell",
    "read_cell",
    "render_cell",
]

SEPARATOR = ";"  # between the values of several meters
MAX_ROW = 16_384  # characters of a row; the widest true one, 25 meters, has about 2,000

DIGITS: Mapping[str, tuple[int, int, int]] = {"amount": (15, 2, 2), "number": (15, 0, 6)}
"""Of a decimal: at most before the point, at least and at most behind it."""


def _decimal(whole: int, least: int, most: int) -> str:
    behind = rf"\.[0-9]{{{max(least, 1)},{most}}}"
    return rf"-?[0-9]{{1,{whole}}}" + (behind if least else f"(?:{behind})?")


AMOUNT = pattern(_decimal(*DIGITS["amount"]))
NUMBER = pattern(_decimal(*DIGITS["number"]))
INTEGER = pattern(r"[0-9]{1,9}")
DATE = pattern(r"([0-9]{2})/([0-9]{2})/([0-9]{4})")
OTHER_DATE = pattern(
    r"(?P<m>[0-9]{1,2})/(?P<d>[0-9]{1,2})/(?P<y>[0-9]{4}|[0-9]{2})"
    r"|(?P<iso_y>[0-9]{4})-(?P<iso_m>[0-9]{2})-(?P<iso_d>[0-9]{2})"
)
FLAG_WORDS = {"y": True, "yes": True, "t": True, "true": True, "n": False, "no": False, "f": False, "false": False}
GUID = pattern(r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}")

# What a value cannot hold: the delimiter, anything a reader may take for a line break, and control characters.
FORBIDDEN = pattern("[|\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")


CONTROLS = bytes(range(32)) + b"\x7f"
CONTROLS_AND_BAR = CONTROLS + b"|"


class CellInvalid(ValueError):
    """A cell or value breaks a rule: `rule` as in `problems.RULES`, `message` without its place."""

    def __init__(self, rule: str, message: str) -> None:
        self.rule, self.message = rule, message
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Kind:
    """
    A kind of value.

    `parse` takes text that is not empty and raises ValueError; `render` takes a value that is not None and raises
    ValueError where it is not of this kind. `rule` is what is broken then, `phrase` completes "'12,00' is not …".
    """

    name: str
    rule: str
    phrase: str
    parse: Callable[[str], Any]
    render: Callable[[Any], str]
    empty: Any = None


@dataclass(frozen=True, slots=True)
class Field:
    """
    One row of a field table.

    `first_meter` and `last_meter` are 0 for a field of one value; `measure` says what is measured;
    `term` is our own word for a field of one value. `constant` is the
    only text allowed, which for a `provided` field is the biller's own (see `Layout.for_biller`). `pattern` is a
    regular expression that the whole of a text matches, and `shape` completes "'12' is not …" in its place.
    `padded_id` is the column it stands in where columns stand by id, if that is not `spec_id` [A-77]. `tolerant` says
    that no source gives its format and no money hangs on it: other ways of writing it are taken and noted.
    """

    spec_id: int
    name: str
    kind: str
    required: bool = False
    constant: str = ""
    pattern: str = ""
    shape: str = ""
    provided: bool = False
    displayed: bool = False
    first_meter: int = 0
    last_meter: int = 0
    measure: str = ""
    term: str = ""
    description: str = ""
    padded_id: int = 0
    tolerant: bool = False

    @property
    def column_id(self) -> int:
        """The number of its column where the columns of a record stand by id."""
        return self.padded_id or self.spec_id

    @property
    def values(self) -> int:
        """How many values the field can hold."""
        return self.last_meter - self.first_meter + 1

    @property
    def many(self) -> bool:
        """Whether it holds a value for each of several meters."""
        return self.first_meter > 0

    @property
    def empty(self) -> Any:
        """The value of an empty cell."""
        return () if self.many else KINDS[self.kind].empty


def parse_cell(field: Field, text: str) -> Any:
    """The typed value of a cell as its table has it, without tolerance. Raises `CellInvalid`."""
    if field.required and (not text or text.isspace()):
        raise CellInvalid("required-empty", "is required and empty")
    if field.constant and text and not field.provided:
        _check_constant(field, text)
    if field.many:
        return _parse_many(field, text)
    value = _parse_one(field, text) if text else field.empty
    if field.pattern and text:
        _check_pattern(field, text)
    if field.constant and text and field.provided:  # a GUID that is none is told from one that is another biller's
        _check_constant(field, text)
    return value


def read_cell(field: Field, text: str) -> tuple[Any, str]:
    """
    The typed value of a cell, and what was tolerated in it, or "".

    Raises:
        CellInvalid: It is not what the table allows, and not what a tolerant field or a field of meters takes.
    """
    try:
        value = parse_cell(field, text)
    except CellInvalid:
        if not field.tolerant:
            raise
        value, note = _parse_tolerant(field, text)
        return value, note
    if field.many and 1 < len(value) < field.values:
        return value, f"holds fewer than {field.values} values; they are taken for the first meters"
    return value, ""


def _parse_tolerant(field: Field, text: str) -> tuple[Any, str]:
    if field.kind == "flag":
        value: Any = FLAG_WORDS.get(text.strip().lower(), text)
        note = "is a flag in words" if value is not text else "is neither 1 nor 0: kept as it stands"
        return value, note
    if not field.many:
        return _parse_any_date(text), "is a date in another form"
    parts = text.split(SEPARATOR)
    if len(parts) > field.values:
        raise CellInvalid("too-many-values", f"holds {len(parts)} values where {field.values} are allowed")
    return tuple(_parse_any_date(part) if part else None for part in parts), "holds dates in another form"


def _parse_any_date(text: str) -> date:
    """A date with a year of two digits, which is 20YY, with single digits, or as ISO has it. Raises `CellInvalid`."""
    if match := OTHER_DATE.fullmatch(text.strip()):
        year, month, day = match["y"] or match["iso_y"], match["m"] or match["iso_m"], match["d"] or match["iso_d"]
        with suppress(ValueError):
            return date(int(year) + (2000 if len(year) == 2 else 0), int(month), int(day))
    raise CellInvalid("not-a-date", "is not a date MM/DD/YYYY")


def render_cell(field: Field, value: Any) -> str:
    """The text of a value, its forbidden characters not yet replaced. Raises `CellInvalid`."""
    if field.many:
        text = _render_many(field, value)
    else:
        text = "" if value is None and field.empty is None else _render_one(field, value)
    if field.required and (not text or text.isspace()):
        raise CellInvalid("required-empty", "is required and empty")
    if field.constant and text:
        _check_constant(field, text)
    if field.pattern and text:
        _check_pattern(field, text)
    return text


def clean(text: str, *, many: bool = False) -> str:
    """*text* with a space for every character that a file cannot hold; with *many*, as one of several values."""
    text = FORBIDDEN.sub(" ", text)
    return text.replace(SEPARATOR, " ") if many else text


def is_plain(text: str, bars: int) -> bool:
    """Whether all of *text* is printable, with no `|` in it but *bars* of them, of which there are at least so many."""
    if not text.isascii() and not text.isprintable():
        return False
    data = text.encode()
    return len(data.translate(None, CONTROLS_AND_BAR)) == len(data) - bars


def _check_constant(field: Field, text: str) -> None:
    if field.provided:
        same = text.lower() == field.constant.lower() if field.kind == "guid" else text == field.constant
        if not same:
            raise CellInvalid("wrong-biller-value", f"is not {field.constant!r}, the value Invoice Cloud provided")
    elif text != field.constant:
        raise CellInvalid("wrong-constant", f"is not {field.constant!r}")


def _check_pattern(field: Field, text: str) -> None:
    if re.fullmatch(field.pattern, text) is None:
        raise CellInvalid("wrong-shape", f"is not {field.shape}")


def _parse_one(field: Field, text: str) -> Any:
    kind = KINDS[field.kind]
    try:
        return kind.parse(text)
    except ValueError:
        raise CellInvalid(kind.rule, f"is not {kind.phrase}") from None


def _parse_many(field: Field, text: str) -> tuple[Any, ...]:
    if not text:
        return ()
    parts = text.split(SEPARATOR)
    if len(parts) > field.values:
        raise CellInvalid("too-many-values", f"holds {len(parts)} values where {field.values} are allowed")
    empty = KINDS[field.kind].empty
    return tuple(_parse_one(field, part) if part else empty for part in parts)


def _render_one(field: Field, value: Any) -> str:
    kind = KINDS[field.kind]
    try:
        if field.tolerant and field.kind == "flag" and type(value) is str and value not in ("", "0", "1"):
            return render_text(value)  # as it was read
        return kind.render(value)
    except (ValueError, TypeError):
        rule = kind.rule if kind.name != "text" else "not-of-its-type"
        raise CellInvalid(rule, f"is not {kind.phrase}") from None


def _render_many(field: Field, value: Any) -> str:
    if type(value) is not tuple:
        raise CellInvalid("not-of-its-type", "is not a tuple of values")
    if len(value) > field.values:
        raise CellInvalid("too-many-values", f"holds {len(value)} values where {field.values} are allowed")
    empty = KINDS[field.kind].empty
    if value == (empty,):
        raise CellInvalid("not-of-its-type", "holds one empty value, which reads back as none: leave it out")
    texts = ("" if item is None and empty is None else _render_one(field, item) for item in value)
    return SEPARATOR.join(clean(text, many=True) for text in texts)


def parse_date(text: str) -> date:
    match = DATE.fullmatch(text)
    if match is None:
        raise ValueError(text)
    return date(int(match[3]), int(match[1]), int(match[2]))


def render_date(value: Any) -> str:
    if type(value) is not date:  # a datetime would lose its time
        raise ValueError(value)
    return f"{value.month:02}/{value.day:02}/{value.year:04}"


def parse_amount(text: str) -> Decimal:
    if AMOUNT.fullmatch(text) is None:
        raise ValueError(text)
    return Decimal(text)


def render_amount(value: Any) -> str:
    """Two decimals, exactly: an amount with more is refused, never rounded."""
    if type(value) is not Decimal or not value.is_finite():
        raise ValueError(value)
    text = f"{value:.2f}"
    if Decimal(text) != value or AMOUNT.fullmatch(text) is None:
        raise ValueError(value)
    return text


def parse_number(text: str) -> Decimal:
    if NUMBER.fullmatch(text) is None:
        raise ValueError(text)
    return Decimal(text)


def render_number(value: Any) -> str:
    if type(value) is not Decimal or not value.is_finite():
        raise ValueError(value)
    text = f"{value:f}"
    if NUMBER.fullmatch(text) is None:
        raise ValueError(value)
    return text


def parse_integer(text: str) -> int:
    if INTEGER.fullmatch(text) is None:
        raise ValueError(text)
    return int(text)


def render_integer(value: Any) -> str:
    if type(value) is not int or not 0 <= value < 10**9:
        raise ValueError(value)
    return str(value)


def parse_flag(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError(text)
    return text == "1"


def render_flag(value: Any) -> str:
    if type(value) is not bool:
        raise ValueError(value)
    return "1" if value else "0"


def parse_guid(text: str) -> str:
    if GUID.fullmatch(text) is None:
        raise ValueError(text)
    return text


def render_text(value: Any) -> str:
    if type(value) is not str:
        raise ValueError(value)
    value.encode()  # a lone surrogate is no character: UnicodeEncodeError is a ValueError
    return value


def render_guid(value: Any) -> str:
    if type(value) is not str:
        raise ValueError(value)
    return value and parse_guid(value)


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("text", "not-text", "text", str, render_text, empty=""),
        Kind("date", "not-a-date", "a date MM/DD/YYYY", parse_date, render_date),
        Kind("amount", "not-an-amount", "an amount with two decimals", parse_amount, render_amount),
        Kind("number", "not-a-number", "a number", parse_number, render_number),
        Kind("integer", "not-a-whole-number", "a whole number of 1 to 9 digits", parse_integer, render_integer),
        Kind("flag", "not-a-flag", "a flag, 1 or 0", parse_flag, render_flag),
        Kind("guid", "not-a-guid", "a GUID", parse_guid, render_guid, empty=""),
        Kind("filler", "not-of-its-type", "empty", str, str),
    )
}
