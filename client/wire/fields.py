"""
The fields of an answer by the contract's names, whether it came as XML or as JSON, and the other shapes it may have.

The known shape is tried first. What else a partner's answer may look like is data of the biller, `AnswerShapes`,
tried in order [A-78]; an answer that none of them fits is `AnswerNotUnderstood`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar, cast

from partnerlab.client.errors import ProtocolError, RequestInvalid
from partnerlab.client.wire.answer import MAX_MESSAGE, Answer
from partnerlab.client.wire.values import (
    parse_amount,
    parse_boolean,
    parse_date,
    parse_date_time,
    parse_integer,
)
from partnerlab.contracts.records import dataclass

__all__ = ["KNOWN_SHAPES", "AnswerShapes", "Fields", "JsonObject", "Number", "kind_of"]

T = TypeVar("T")

MAX_NAMES = 20


class Number(str):
    """A number of JSON as it is written: an amount is never a float."""

    __slots__ = ()


class JsonObject(dict[str, Any]):
    """An object of JSON: `pairs` is all that stands in it, `twice` the names that stand in it more than once."""

    __slots__ = ("pairs", "twice")

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.pairs = pairs
        self.twice: frozenset[str] = frozenset()
        if len(self) != len(pairs):
            names = [name for name, _ in pairs]
            self.twice = frozenset(name for name, count in Counter(names).items() if count > 1)


@dataclass(frozen=True, slots=True)
class AnswerShapes:
    """
    What a partner's answer may look like beside the shape that its documents show: data of a biller (assumed [A-78]).

    Args:
        names: Other names of a field, tried in order where the contract's own is absent.
        yes: Texts that mean `Success` true, in any case; also as the whole answer.
        no: Texts that mean `Success` false, in any case; also as the whole answer.
        separator: What may stand between groups of three digits of an amount; empty for nothing.
    """

    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    yes: tuple[str, ...] = ("true",)
    no: tuple[str, ...] = ("false",)
    separator: str = ","
    _means: Mapping[str, bool] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        yes, no = ((word.lower() for word in words) for words in (self.yes, self.no))
        object.__setattr__(self, "_means", {**dict.fromkeys(no, False), **dict.fromkeys(yes, True)})

    @classmethod
    def of(cls, configuration: Mapping[str, Any], known: AnswerShapes | None = None) -> AnswerShapes:
        """
        The shapes of a biller, by `{"Answers": {"Names": {"Success": ["Status"]}, "Yes": ["true", "OK"]}}`.

        What the configuration leaves out is as in *known*. Raises `RequestInvalid` with the place and the rule.
        """
        known = known or KNOWN_SHAPES
        given = configuration.get("Answers", {})
        place = "configuration.Answers"
        if not isinstance(given, Mapping):
            raise RequestInvalid(place, given, "must be an object")
        if unknown := sorted(set(given) - {"Names", "Yes", "No", "Separator"}):
            raise RequestInvalid(f"{place}.{unknown[0]}", "", "must be Names, Yes, No or Separator")
        names = given.get("Names", {})
        if not isinstance(names, Mapping):
            raise RequestInvalid(f"{place}.Names", names, "must be an object")
        separator = given.get("Separator", known.separator)
        if not isinstance(separator, str) or len(separator) > 1 or (separator in ".-+" and separator):
            raise RequestInvalid(f"{place}.Separator", separator, "must be one character, not . + or -, or empty")
        return cls(
            names={**known.names, **{name: _texts(f"{place}.Names.{name}", texts) for name, texts in names.items()}},
            yes=_texts(f"{place}.Yes", given["Yes"]) if "Yes" in given else known.yes,
            no=_texts(f"{place}.No", given["No"]) if "No" in given else known.no,
            separator=separator,
        )

    def success(self, text: str) -> bool:
        """Whether a text says that the call succeeded. Raises `ValueError` where it says neither."""
        means = self._means.get(text.strip().lower())
        return parse_boolean(text) if means is None else means


KNOWN_SHAPES = AnswerShapes()


class Fields:
    """
    The fields of an answer or of an object within it. Unknown ones are ignored; one that is missing, there twice or
    unreadable raises `ProtocolError` with its place and rule.

    *values* are texts, `Number`s, booleans, `None`, or what a reader holds for a part (`list`, `dict`, an element).
    """

    __slots__ = ("_place", "_twice", "_values", "answer", "shapes")

    def __init__(
        self,
        answer: Answer,
        values: dict[str, Any],
        *,
        twice: frozenset[str] | set[str] = frozenset(),
        place: str = "",
        shapes: AnswerShapes = KNOWN_SHAPES,
    ) -> None:
        self.answer, self.shapes = answer, shapes
        self._values, self._twice, self._place = values, twice, place

    def has(self, name: str) -> bool:
        """Whether it is there and not null."""
        return self.raw(name) is not None

    def text(self, name: str) -> str:
        """A string; empty where it is absent or null, as a service of .NET leaves out a missing string."""
        value = self.raw(name)
        if value is None:
            return ""
        if type(value) is not str:
            raise self._wrong(name, value, "is not a text")
        return value

    def present(self, name: str) -> str:
        """A string that must be there and not blank."""
        value = self.text(name)
        if not value.strip():
            raise self.answer.broken(f"{self._at(name)} is missing or blank")
        return value

    def message(self, name: str) -> str:
        """A text of the partner's own, on one line, its secrets blotted out; empty where there is none."""
        value = self.raw(name)
        return self.answer.quoted(value, MAX_MESSAGE).strip() if isinstance(value, str) else ""

    def success(self, name: str = "Success") -> bool:
        """Whether the partner did as asked, by the biller's words for yes and no."""
        return self._parsed(name, self.shapes.success)

    def boolean(self, name: str) -> bool:
        """True or false, in whatever case."""
        return self._parsed(name, parse_boolean)

    def integer(self, name: str) -> int:
        """A whole number of 32 bits."""
        return self._parsed(name, parse_integer)

    def cents(self, name: str) -> Decimal:
        """An amount in whole cents, two decimals."""
        return self._parsed(name, self._amount)

    def date(self, name: str) -> date | None:
        """A day; `None` where it is absent, null or .NET's unset date."""
        return self._parsed(name, parse_date) if self.has(name) else None

    def date_time(self, name: str) -> datetime | None:
        """A time; `None` where it is absent, null or .NET's unset time."""
        return self._parsed(name, parse_date_time) if self.has(name) else None

    def member(self, name: str) -> Fields:
        """An object within."""
        value = self.required(name)
        if not isinstance(value, JsonObject):
            raise self._wrong(name, value, "is not an object")
        return self._part(value, self._at(name))

    def rows(self, name: str, item: str = "") -> Iterator[Fields]:
        """The objects of an array, which must be there (it may be empty)."""
        value = self.required(name)
        if not isinstance(value, list):
            raise self._wrong(name, value, "is not an array")
        for index, row in enumerate(value):
            place = f"{self._at(name)}[{index}]"
            if not isinstance(row, JsonObject):
                raise self.answer.broken(f"{place} is not an object")
            yield self._part(row, place)

    def raw(self, name: str) -> Any:
        """The value by the contract's name, or else by another one; `None` where it is absent."""
        value = self._one(name)
        if value is None:
            for other in self.shapes.names.get(name, ()):
                if (value := self._one(other)) is not None:
                    return value
        return value

    def required(self, name: str) -> Any:
        """`raw`, which must be there."""
        value = self.raw(name)
        if value is None:
            raise self.missing(name)
        return value

    def missing(self, name: str) -> ProtocolError:
        """The error for an absent field."""
        return self.answer.broken(f"{self._at(name)} is missing")

    def _one(self, name: str) -> Any:
        if name in self._twice:
            raise self._stands_twice(name)
        return self._values.get(name)

    def _stands_twice(self, name: str) -> ProtocolError:
        return self.answer.broken(f"{self._at(name)} stands twice")

    def _amount(self, text: str) -> Decimal:
        return parse_amount(text, separator=self.shapes.separator)

    def _parsed(self, name: str, parse: Callable[[str], T]) -> T:
        value = self.raw(name)
        if value is None:
            raise self.missing(name)
        if not isinstance(value, str):
            if not isinstance(value, bool):
                raise self.answer.broken(f"{self._at(name)} must be a value, not {kind_of(value)}")
            value = "true" if value else "false"
        try:
            return parse(value)
        except ValueError as error:
            raise self._wrong(name, value, str(error)) from None

    def _part(self, values: JsonObject, place: str) -> Fields:
        return Fields(self.answer, values, twice=values.twice, place=place, shapes=self.shapes)

    def _wrong(self, name: str, value: object, rule: str) -> ProtocolError:
        shown = f": {self.answer.quoted(value, 40)!r}" if isinstance(value, str) and self.answer.show_body else ""
        return self.answer.broken(f"{self._at(name)}{shown} {rule}")

    def _at(self, name: str) -> str:
        return f"{self._place}.{name}" if self._place else name


def kind_of(value: object) -> str:
    """What a value is, for an error."""
    match value:
        case dict():
            return "an object"
        case list():
            return "a list"
        case Number():
            return "a number"
        case str():
            return "a text"
        case bool():
            return "true or false"
        case None:
            return "null"
    return "elements"


def _texts(place: str, texts: object) -> tuple[str, ...]:
    if (
        not isinstance(texts, list | tuple)
        or len(texts) > MAX_NAMES
        or not all(isinstance(t, str) and t for t in texts)
    ):
        raise RequestInvalid(place, texts, f"must be a list of texts, {MAX_NAMES} at most")
    return tuple(cast("list[str]", texts))
