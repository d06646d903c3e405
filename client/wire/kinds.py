"""
The kinds of a parameter or field: how its value is checked and written into a request, and read from an answer.

A kind stands in an `Annotated` type, where an operation or a model is declared, with the field's name on the wire:
`account_number: Annotated[str, Text("AccountNumber")]`.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar, TypeAlias

from partnerlab.client.errors import RequestInvalid
from partnerlab.client.wire.fields import Fields
from partnerlab.client.wire.soap import Elements
from partnerlab.client.wire.values import (
    MAX_TEXT,
    render_amount,
    render_boolean,
    render_date_time,
    render_email,
    render_integer,
    render_line,
    render_secret,
    render_text,
)
from partnerlab.contracts.records import dataclass

__all__ = [
    "Amount",
    "Array",
    "Base64",
    "Checked",
    "DateTime",
    "Day",
    "Email",
    "Flag",
    "Integer",
    "Kind",
    "Line",
    "Masked",
    "Members",
    "Message",
    "Moment",
    "OnOff",
    "Present",
    "RequiredTime",
    "Secret",
    "Sent",
    "Text",
]


Sent: TypeAlias = "str | int | Elements | Mapping[str, Sent] | None"
"""What is put into a request."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A field by its name on the wire."""

    name: str
    secret: ClassVar[bool] = False
    """Whether no text may show the value."""

    def render(self, value: Any) -> Sent:
        """The value as it is sent; `None` leaves the field out. Raises `RequestInvalid` with the wire's name."""
        raise NotImplementedError(type(self).__name__)

    def renderer(self) -> Callable[[Any], Sent]:
        """What renders this kind's values; faster than `render` where a kind has a shorter way."""
        return self.render

    def read(self, fields: Fields) -> Any:
        """The value of an answer. Raises `ProtocolError`."""
        raise NotImplementedError(type(self).__name__)


@dataclass(frozen=True, slots=True)
class Text(Kind):
    """
    A text. An empty one is left out where it may be `omitted`; else it must not be blank where `required`.

    Read, it is empty where the answer has none.
    """

    required: bool = True
    omitted: bool = False
    max_length: int = MAX_TEXT

    def render(self, value: str) -> str | None:
        return None if self.omitted and value == "" else self.check(value)

    def renderer(self) -> Callable[[str], str | None]:
        return self.render if self.omitted else self.check

    def check(self, value: str) -> str:
        """The value, if it may be sent."""
        return render_text(self.name, value, required=self.required, max_length=self.max_length)

    def read(self, fields: Fields) -> str:
        return fields.text(self.name)


@dataclass(frozen=True, slots=True)
class Line(Text):
    """A text without control characters. Read, it has no blanks around it."""

    def check(self, value: str) -> str:
        return render_line(self.name, value, required=self.required, max_length=self.max_length)

    def read(self, fields: Fields) -> str:
        return fields.text(self.name).strip()


@dataclass(frozen=True, slots=True)
class Email(Text):
    """One e-mail address."""

    def check(self, value: str) -> str:
        return render_email(self.name, value)


@dataclass(frozen=True, slots=True)
class Secret(Text):
    """A password or token: neither an error nor a log shows it."""

    secret: ClassVar[bool] = True

    def check(self, value: str) -> str:
        return render_secret(self.name, value, self.max_length)


@dataclass(frozen=True, slots=True)
class Masked(Text):
    """A text that no error or log of ours may show, although an answer may repeat it; with the rules of `Text`."""

    secret: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Present(Text):
    """A text that an answer must have."""

    def read(self, fields: Fields) -> str:
        return fields.present(self.name)


@dataclass(frozen=True, slots=True)
class Message(Kind):
    """The partner's own words in an answer, secrets blotted out; empty where there are none."""

    def read(self, fields: Fields) -> str:
        return fields.message(self.name)


@dataclass(frozen=True, slots=True)
class Checked(Kind):
    """A text by a rule of its partner: `check` gives it as it is sent, or raises `RequestInvalid`."""

    check: Callable[[str], str] = str

    def render(self, value: str) -> str:
        return self.check(value)


@dataclass(frozen=True, slots=True)
class Amount(Kind):
    """US dollars in whole cents, above zero unless `zero` or `negative` allow."""

    zero: bool = False
    negative: bool = False

    def render(self, value: Decimal) -> str:
        return render_amount(self.name, value, zero=self.zero, negative=self.negative)

    def read(self, fields: Fields) -> Decimal:
        return fields.cents(self.name)


@dataclass(frozen=True, slots=True)
class Integer(Kind):
    """A whole number of 32 bits."""

    def render(self, value: int) -> str:
        return render_integer(self.name, value)

    def read(self, fields: Fields) -> int:
        return fields.integer(self.name)


def _bool(name: str, value: bool) -> bool:
    """A switch: the text "Off" would count as true."""
    if not isinstance(value, bool):
        raise RequestInvalid(name, value, "must be True or False")
    return value


@dataclass(frozen=True, slots=True)
class Flag(Kind):
    """True or false."""

    def render(self, value: bool) -> str:
        return render_boolean(_bool(self.name, value))

    def read(self, fields: Fields) -> bool:
        return fields.boolean(self.name)


@dataclass(frozen=True, slots=True)
class OnOff(Kind):
    """A switch in the partner's words."""

    words: tuple[str, str] = ("On", "Off")

    def render(self, value: bool) -> str:
        return self.words[0] if _bool(self.name, value) else self.words[1]


@dataclass(frozen=True, slots=True)
class DateTime(Kind):
    """A biller's wall-clock time, see `values.render_date_time`. Read, `None` where it is unset."""

    def render(self, value: datetime) -> str:
        return render_date_time(self.name, value)

    def read(self, fields: Fields) -> datetime | None:
        return fields.date_time(self.name)


@dataclass(frozen=True, slots=True)
class Moment(Kind):
    """A time in whole seconds, with its offset where it has one."""

    def render(self, value: datetime) -> str:
        if not isinstance(value, datetime):
            raise RequestInvalid(self.name, value, "must be a datetime")
        return value.isoformat(timespec="seconds")


@dataclass(frozen=True, slots=True)
class Day(Kind):
    """A day of an answer; `None` where it is unset."""

    def read(self, fields: Fields) -> date | None:
        return fields.date(self.name)


@dataclass(frozen=True, slots=True)
class RequiredTime(Kind):
    """A time that an answer must have."""

    def read(self, fields: Fields) -> datetime:
        moment = fields.date_time(self.name)
        if moment is None:
            raise fields.missing(self.name)
        return moment


@dataclass(frozen=True, slots=True)
class Base64(Kind):
    """Bytes, which must not be empty."""

    def render(self, value: bytes) -> str:
        if not value:
            raise RequestInvalid(self.name, "", "must not be empty")
        return base64.b64encode(value).decode("ascii")


@dataclass(frozen=True, slots=True)
class Array(Kind):
    """A list of at least one text, none twice, each of the kind `item`."""

    item: Text = Text("item")

    def render(self, value: Sequence[str]) -> Elements:
        if isinstance(value, str) or not value:
            raise RequestInvalid(self.name, value, "must be a list with at least one account number")
        if len(set(value)) != len(value):
            raise RequestInvalid(self.name, ", ".join(value)[:100], "must not name an account twice")
        return Elements(self.item.name, [self.item.check(text) for text in value])


@dataclass(frozen=True, slots=True)
class Members(Kind):
    """An object whose members are sent among the parameters: `render_members` gives them by name."""

    render_members: Callable[[Any], Mapping[str, Sent]] = dict

    def render(self, value: Any) -> Mapping[str, Sent]:
        return self.render_members(value)
