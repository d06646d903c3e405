"""
What a text column holds beyond being text: a date, a moment, JSON, one of a few words.

A lane is loaded from a file that anybody may have edited. So what a page or a payment reads later is looked at when it
is loaded: by the type of the field that a dataclass has for the column (`Table`). Where that is plain text, the
column's name decides: `…_on` is a date and `…_at` a moment, or empty; `LISTS` are JSON lists. A table without a
dataclass says itself what its columns hold (`schema.Table.holds`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Literal, NamedTuple, get_args, get_origin

from partnerlab.simulators.kit.world import schema

__all__ = ["MOMENT", "OBJECT", "OBJECT_OF_TEXTS", "Rule", "one_of", "rule_of_name", "rule_of_type", "wrong"]

YEARS = range(1, 9000)
"""Beyond them a due date has no day a month later."""


class Rule(NamedTuple):
    """How the text of a column is read, which fails where it is none, and what it is in words."""

    read: Callable[[str], object]
    words: str


def _day(text: str) -> None:
    day = date.fromisoformat(text)
    if day.isoformat() != text or day.year not in YEARS:
        raise ValueError


def _moment(text: str) -> None:
    """In UTC, written as `utc_text` or `datetime.isoformat` do: text sorts as time does."""
    moment = datetime.fromisoformat(text)
    if (
        moment.utcoffset() != timedelta()
        or moment.year not in YEARS
        or not text.endswith("+00:00")
        or text[10:11] != "T"
    ):
        raise ValueError


def _local(text: str) -> None:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is not None or moment.year not in YEARS or text[10:11] != "T":
        raise ValueError


def _object(text: str) -> dict[str, Any]:
    found = json.loads(text, parse_constant=_no_number)
    if not isinstance(found, dict):
        raise TypeError
    return found


def _texts(text: str) -> None:
    if not all(isinstance(one, str) for one in _object(text).values()):
        raise TypeError


def _list(text: str) -> list[Any]:
    found = json.loads(text, parse_constant=_no_number)
    if not isinstance(found, list):
        raise TypeError
    return found


def _no_number(text: str) -> None:
    raise ValueError(text)


DAY = Rule(_day, "a date, as 2026-06-16")
MOMENT = Rule(_moment, "a moment in UTC, as 2026-06-16T12:00:00+00:00")
LOCAL = Rule(_local, "a date and time without an offset, as 2026-06-16T12:00:00")
OBJECT = Rule(_object, "a JSON object")
OBJECT_OF_TEXTS = Rule(_texts, "a JSON object of texts")
LIST = Rule(_list, "a JSON list")
LISTS = ("notes", "warnings")
"""Names of columns that hold a JSON list as text."""


_BY_TYPE: Mapping[Any, Rule] = {
    date: DAY,
    datetime: MOMENT,
    Mapping[str, str]: OBJECT_OF_TEXTS,
    Mapping[str, Any]: OBJECT,
    dict[str, Any]: OBJECT,
}


def rule_of_type(hint: Any, read: Callable[[Any], object] | None) -> Rule | None:
    """What a text column for a field of that type, which is *read* so, has to hold; None where any text will do."""
    if get_origin(hint) is Literal:
        return one_of(get_args(hint))
    return _BY_TYPE.get(hint) or (None if read is None else Rule(read, "what its column holds"))


def one_of(words: Collection[str]) -> Rule:
    """That a text is one of a few."""

    def read(text: str) -> None:
        if text not in words:
            raise ValueError

    return Rule(read, f"one of {', '.join(words)}")


def rule_of_name(column: schema.Column, *, may_be_empty: bool) -> Rule | None:
    """What a text column has to hold by its name; None where any text will do."""
    name, moment = column.name, LOCAL if column.local else MOMENT
    if name in LISTS:
        return LIST
    rule = moment if name == "at" or name.endswith("_at") else DAY if name.endswith("_on") else None
    if rule is None or not may_be_empty:
        return rule
    return Rule(lambda text: rule.read(text) if text else None, f"{rule.words}, or empty")


def wrong(rule: Rule, text: str) -> bool:
    """Whether a text is not what the rule says."""
    try:
        rule.read(text)
    except (ValueError, TypeError, LookupError, ArithmeticError, RecursionError):
        return True
    return False
