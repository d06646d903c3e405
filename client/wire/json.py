"""
JSON as Invoice Cloud's REST services speak it: requests as text, answers as typed fields.

Amounts are written as numbers with two decimals (`75.10`), from `Decimal`, never by way of a float; numbers of an
answer are read as `Decimal`. Whatever comes back, a reader gives a result or raises a `ClientError`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

from partnerlab.client.errors import ProtocolError, RequestInvalid
from partnerlab.client.http.request import HttpResponse
from partnerlab.client.wire.answer import Answer
from partnerlab.client.wire.fields import Fields, JsonObject, Number, kind_of
from partnerlab.client.wire.values import CENT

__all__ = ["Json", "load_json", "read_json", "read_outcome", "render_json"]

Json: TypeAlias = "bool | int | str | Decimal | Sequence[Json] | Mapping[str, Json] | None"


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
) -> Fields:
    """
    The answer of a call that says `Success` true.

    Args:
        show_body: Whether an error may quote the answer (secrets blotted out); not where the answer itself is a secret.
    Raises:
        PartnerFault: `Success` false, a 4xx, or a 500 with a message, with Invoice Cloud's words.
        TransportError: any other 5xx, 408 or 429: nothing usable came back.
        AnswerNotUnderstood: a 200 that is not the answer the contract promises.
        ProtocolError: any other status.
    """
    fields = read_outcome(operation, response, secrets=secrets, show_body=show_body)
    if not fields.success():
        raise fields.answer.refused(fields.message("ErrorMessage"))
    return fields


def read_outcome(
    operation: str, response: HttpResponse, *, secrets: tuple[str, ...] = (), show_body: bool = True
) -> Fields:
    """`read_json` whatever `Success` says: for an answer that may be a yes and a no in one."""
    answer = Answer(operation, response, secrets, show_body=show_body)
    if response.status != 200:
        raise answer.failure(_message(answer) if response.status >= 400 else "")
    return _fields(answer)


def load_json(answer: Answer, text: str | None = None) -> Any:
    """
    The document of an answer, or of a *text* within it. Objects are `JsonObject`, numbers `Number`s.

    Raises `ProtocolError`.
    """
    try:
        return json.loads(
            _text(answer) if text is None else text,
            parse_float=Number,
            parse_int=Number,
            parse_constant=_refuse_constant,
            object_pairs_hook=JsonObject,
        )
    except RecursionError:
        raise answer.broken("is not valid JSON: nested too deeply") from None
    except ValueError as error:
        shown = f": {answer.quoted(str(error), 200)}" if answer.show_body else ""
        raise answer.broken(f"is not valid JSON{shown}") from None


def _fields(answer: Answer) -> Fields:
    """The object that the answer is. Raises `ProtocolError`."""
    found = load_json(answer)
    if not isinstance(found, JsonObject):
        raise answer.broken(f"expected a JSON object, found {kind_of(found)}")
    return Fields(answer, found, twice=found.twice)


def _message(answer: Answer) -> str:
    """What an error answer says, where it says it in JSON."""
    try:
        return _fields(answer).message("ErrorMessage")
    except ProtocolError:
        return ""


def _text(answer: Answer) -> str:
    """The body as text: in the character set that its Content-Type names, else in the Unicode that it is written in."""
    content = answer.response.content
    return content.decode(answer.charset() or json.detect_encoding(content)).removeprefix("\ufeff")


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")
