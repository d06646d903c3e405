"""
Cells of a bill file to values and back, for the good case: what came before is one look-up in a dictionary.

What is not right raises `ValueError`; the plain interpretation (`fields`) says what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Context, Decimal
from functools import cache, partial
from typing import Any

from partnerlab.contracts.files import fields as plain
from partnerlab.contracts.files.fields import SEPARATOR

__all__ = ["NAMES", "Parsed", "Rendered", "many_date_texts", "many_dates"]

HELD = 16_384  # values a table of parsed texts keeps
HELD_AMOUNTS = 65_536  # of amounts, which are found a third quicker than made: at most 14 MB


class Parsed(dict[str, Any]):
    """Text to value, parsed where it was not seen before; unlike `lru_cache`, a hit is one dictionary look-up."""

    def __init__(self, parse: Callable[[str], Any], known: dict[str, Any] | None = None, most: int = HELD) -> None:
        super().__init__(known or {})
        self._parse, self._most = parse, most

    def __missing__(self, text: str) -> Any:
        value = self._parse(text)
        if len(self) < self._most:
            self[text] = value
        return value


class Rendered(dict[Any, str]):
    """Value to text, likewise; only for types that equal no value of another type."""

    def __init__(self, render: Callable[[Any], str], known: dict[Any, str] | None = None) -> None:
        super().__init__(known or {})
        self._render = render

    def __missing__(self, value: Any) -> str:
        text = self._render(value)
        if len(self) < HELD:
            self[value] = text
        return text


def _parse_number(text: str) -> Decimal:
    if text.isdecimal() and text.isascii() and len(text) < 16:
        return Decimal(text)
    return plain.parse_number(text)


def _split_dates(most: int, text: str) -> tuple[date | None, ...]:
    values = tuple([_optional_dates[part] for part in text.split(SEPARATOR)])
    if len(values) != most and len(values) != 1:
        raise ValueError(text)
    return values


@cache
def many_dates(most: int) -> Parsed:
    """The dates of so many meters: a file has few different ones, as meters are read in rounds."""
    return Parsed(partial(_split_dates, most), {"": ()})


def _parse_dates(text: str, most: int) -> tuple[date | None, ...]:
    values: tuple[date | None, ...] = many_dates(most)[text]
    return values


def _parse_numbers(text: str, most: int) -> tuple[Decimal | None, ...]:
    if SEPARATOR not in text:
        return (_parse_number(text),)
    values = tuple([_parse_number(part) if part else None for part in text.split(SEPARATOR)])
    if len(values) != most:  # fewer are taken too, by the plain reading, which notes them
        raise ValueError(text)
    return values


def _parse_texts(text: str, most: int) -> tuple[str, ...]:
    values = tuple(text.split(SEPARATOR))
    if len(values) != most and len(values) != 1:
        raise ValueError(text)
    return values


def _render_amount(value: Any) -> str:
    text = str(value)
    if value.__class__ is Decimal and text[-3:-2] == "." and len(text) < 19:
        return text
    return plain.render_amount(value)


def _render_number(value: Any) -> str:
    text = str(value)
    if value.__class__ is Decimal and text.isdecimal() and len(text) < 16:
        return text
    return plain.render_number(value)


def _render_dates(values: Any, most: int) -> str:
    if values.__class__ is not tuple or len(values) > most or values == (None,):
        raise ValueError(values)
    return SEPARATOR.join([_optional_date_texts[value] for value in values])


def _render_numbers(values: Any, most: int) -> str:
    if values.__class__ is not tuple or len(values) > most:
        raise ValueError(values)
    if len(values) == 1:
        return _render_number(values[0])
    return SEPARATOR.join(["" if value is None else _render_number(value) for value in values])


def _render_texts(values: Any, most: int) -> str:
    if values.__class__ is not tuple or len(values) > most or values == ("",):
        raise ValueError(values)
    text = SEPARATOR.join(values)
    if values and text.count(SEPARATOR) != len(values) - 1:
        raise ValueError(values)
    return text


@cache
def many_date_texts(most: int) -> Rendered:
    """The cells of the dates of so many meters, likewise. For tuples alone: a row of the same dates equals one."""
    return Rendered(partial(_render_dates, most=most), {(): ""})


_dates = Parsed(plain.parse_date)
_optional_dates = Parsed(plain.parse_date, {"": None})
_date_texts = Rendered(plain.render_date)
_optional_date_texts = Rendered(plain.render_date, {None: ""})
_optional_integer_texts = Rendered(plain.render_integer, {None: ""})

NAMES: dict[str, Any] = {
    "new": tuple.__new__,
    "dates": _dates,
    "optional_dates": _optional_dates,
    "amounts": Parsed(plain.parse_amount, {"": None}, HELD_AMOUNTS),
    "guids": Parsed(plain.parse_guid),
    "optional_guids": Parsed(plain.parse_guid, {"": ""}),
    "integers": Parsed(plain.parse_integer),
    "optional_integers": Parsed(plain.parse_integer, {"": None}),
    "flags": {"0": False, "1": True},
    "optional_flags": {"": None, "0": False, "1": True},
    "number": _parse_number,
    "decimal": Context(prec=16).create_decimal,
    "none": (),
    "separator": SEPARATOR,
    "many_dates": _parse_dates,
    "many_numbers": _parse_numbers,
    "many_texts": _parse_texts,
    "date_texts": _date_texts,
    "optional_date_texts": _optional_date_texts,
    "optional_integer_texts": _optional_integer_texts,
    "amount_text": _render_amount,
    "number_text": _render_number,
    "integer_text": plain.render_integer,
    "flag_text": plain.render_flag,
    "guid_text": plain.render_guid,
    "date_many_text": _render_dates,
    "number_many_text": _render_numbers,
    "text_many_text": _render_texts,
    "Decimal": Decimal,
}
"""What the functions that are made of a table (`compiled`, `columns`, `rendered`) know by name."""
