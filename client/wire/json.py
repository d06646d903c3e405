"""
JSON as Invoice Cloud's REST services speak it: requests as text, answers as typed fields.

Amounts are written as numbers with two decimals (`75.10`), from `Decimal`, never by way of a float; numbers of an
answer are read as `Decimal`. Whatever comes back, a reader gives a result or raises a `ClientError`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

from partnerlab.client.errors import PartnerFault, ProtocolError, RequestInvalid, TransportError, redact
from partnerlab.client.http import HttpResponse
from partnerlab.client.wire.values import CENT

__all__ = ["Json", "JsonAnswer", "JsonObject", "read_json", "read_outcome", "render_json"]

Json: TypeAlias = "bool | int | str | Decimal | Sequence[Json] | Mapping[str, Json] | None"

MAX_MESSAGE = 2000
MAX_SHOWN = 1 << 16


def render_json(value: Json) -> bytes:
    """
    *value* as UTF-8 JSON without white space; a `Decimal` is a number with two decimals.

    Raises `RequestInvalid` for a `Decimal` that is not whole cents (a bug of the caller: values are checked before) and
    for text that is no Unicode.
    """
    try:
        return _rendered(value).encode()
    except UnicodeEncodeError:
        raise RequestInvalid("JSON", "…", "holds half of a character (a lone surrogate)") from None


def _rendered(value: Json) -> str:
    match value:
        case Decimal():
            if not value.is_finite() or value != value.quantize(CENT):
                raise RequestInvalid("JSON", value, "must be a finite amount in whole cents")
            return format(value.quantize(CENT) + 0, "f")
        case None | bool() | int() | str():
            return json.dumps(value, ensure_ascii=False)
        case Mapping():
            members = (f"{json.dumps(name)}:{_rendered(member)}" for name, member in value.items())
            return "{" + ",".join(members) + "}"
        case _:
            return "[" + ",".join(map(_rendered, value)) + "]"


def read_json(
    operation: str, response: HttpResponse, *, secrets: tuple[str, ...] = (), show_body: bool = True
) -> JsonObject:
    """
    The answer of a call that says `Success` true.

    Args:
        show_body: Whether an error may quote the answer (secrets blotted out); not where the answer itself is a secret.
    Raises:
        PartnerFault: `Success` false, or a 4xx, with Invoice Cloud's words.
        TransportError: a 5xx, 408 or 429: nothing usable came back.
        ProtocolError: everything else that is not the answer the contract promises.
    """
    result = read_outcome(operation, response, secrets=secrets, show_body=show_body)
    if not result.boolean("Success"):
        raise result.refused()
    return result


def read_outcome(
    operation: str, response: HttpResponse, *, secrets: tuple[str, ...] = (), show_body: bool = True
) -> JsonObject:
    """`read_json` whatever `Success` says: for an answer that may be a yes and a no in one."""
    answer = JsonAnswer(operation, response, secrets, show_body)
    if response.status != 200:
        raise answer.refusal()
    return answer.root()


class JsonObject:
    """
    The members of an object, by the contract's names. Unknown members are ignored; one that is missing or of another
    type raises `ProtocolError` with its place and rule.
    """

    __slots__ = ("_answer", "_fields", "_place")

    def __init__(self, answer: JsonAnswer, fields: dict[str, Any], place: str) -> None:
        self._answer, self._fields, self._place = answer, fields, place

    def text(self, name: str) -> str:
        """A string; empty where it is absent or null."""
        value = self._fields.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise self._wrong(name, value, "is not a string")
        return value

    def present(self, name: str) -> str:
        """A string that must be there and not blank."""
        value = self.text(name)
        if not value.strip():
            raise self._answer.broken(f"{self._at(name)} is missing or blank")
        return value

    def boolean(self, name: str) -> bool:
        """`true` or `false`, nothing that looks like it."""
        value = self._required(name)
        if not isinstance(value, bool):
            raise self._wrong(name, value, "is not true or false")
        return value

    def cents(self, name: str) -> Decimal:
        """A number in whole cents, two decimals."""
        value = self._required(name)
        if not isinstance(value, Decimal):
            raise self._wrong(name, value, "is not a number")
        try:
            cents = value.quantize(CENT)
        except InvalidOperation:
            raise self._wrong(name, value, "has too many digits") from None
        if cents != value:
            raise self._wrong(name, value, "is not in whole cents")
        return abs(cents) if cents == 0 else cents

    def has(self, name: str) -> bool:
        """Whether it is there and not null."""
        return self._fields.get(name) is not None

    def member(self, name: str) -> JsonObject:
        """An object within."""
        value = self._required(name)
        if not isinstance(value, dict):
            raise self._wrong(name, value, "is not an object")
        return JsonObject(self._answer, value, self._at(name))

    def objects(self, name: str) -> Iterator[JsonObject]:
        """The objects of an array, which must be there (it may be empty)."""
        value = self._required(name)
        if not isinstance(value, list):
            raise self._wrong(name, value, "is not an array")
        for index, row in enumerate(value):
            place = f"{self._at(name)}[{index}]"
            if not isinstance(row, dict):
                raise self._answer.broken(f"{place} is not an object")
            yield JsonObject(self._answer, row, place)

    def refused(self) -> PartnerFault:
        """What an answer that says `Success` false means, in Invoice Cloud's words."""
        words = self._answer.quoted(self.text("ErrorMessage").strip(), MAX_MESSAGE)
        return PartnerFault(self._answer.operation, code="Success=false", message=words or "the partner gave no reason")

    def _required(self, name: str) -> Any:
        if self._fields.get(name) is None:
            raise self._answer.broken(f"{self._at(name)} is missing")
        return self._fields[name]

    def _wrong(self, name: str, value: object, rule: str) -> ProtocolError:
        shown = f": {self._answer.quoted(repr(value), 40)}" if self._answer.show_body else ""
        return self._answer.broken(f"{self._at(name)} {rule}{shown}")

    def _at(self, name: str) -> str:
        return f"{self._place}.{name}" if self._place else name


class JsonAnswer:
    """One answer being read: what is known of it for errors."""

    __slots__ = ("operation", "response", "secrets", "show_body")

    def __init__(self, operation: str, response: HttpResponse, secrets: tuple[str, ...], show_body: bool) -> None:
        self.operation, self.response, self.secrets, self.show_body = operation, response, secrets, show_body

    def root(self) -> JsonObject:
        """The object that the answer is. Raises `ProtocolError`."""
        try:
            found = json.loads(
                self.response.content.decode("utf-8-sig"),
                parse_float=Decimal,
                parse_int=Decimal,
                parse_constant=_refuse_constant,
                object_pairs_hook=_unique,
            )
        except RecursionError:
            raise self.broken("is nested too deeply") from None
        except (ValueError, InvalidOperation) as error:
            rule = "holds the same name twice" if isinstance(error, _Twice) else "is not JSON"
            raise self.broken(rule) from None
        if not isinstance(found, dict):
            raise self.broken("is not a JSON object")
        return JsonObject(self, found, "")

    def refusal(self) -> PartnerFault | TransportError | ProtocolError:
        """What an answer with a status other than 200 means; a 5xx does not say how far the request came."""
        status = self.response.status
        if 300 <= status < 400:
            return self.broken("redirects are not followed")
        if status < 400:
            return self.broken("must have status 200")
        words = self.words()
        if status >= 500 or status in (408, 429):
            delay = self.response.headers.get("retry-after", "").strip()
            wait = float(delay) if re.fullmatch("[0-9]{1,6}", delay) else None
            return TransportError(
                self.operation, f"status {status}{words and ': ' + words}", sent=status != 429, retry_after_s=wait
            )
        return PartnerFault(self.operation, code=str(status), message=words or f"status {status}")

    def words(self) -> str:
        """What an error answer says, where it says it in JSON."""
        try:
            return self.quoted(self.root().text("ErrorMessage").strip(), MAX_MESSAGE)
        except ProtocolError:
            return ""

    def broken(self, rule: str) -> ProtocolError:
        body = self.quoted(self.response.content[:MAX_SHOWN].decode("utf-8", "replace"), MAX_SHOWN)
        rule = redact(rule, self.secrets)
        return ProtocolError(
            self.operation, status=self.response.status, rule=rule, body=body if self.show_body else ""
        )

    def quoted(self, text: str, limit: int) -> str:
        """Words that are not ours, as an error may show them: secrets blotted out first, and only then cut."""
        return redact(text, self.secrets)[:limit]


class _Twice(ValueError):
    """A name stands twice in one object: which of the two is meant, nobody can say."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Twice
    return found


def _refuse_constant(name: str) -> None:
    raise ValueError(name)
