"""
TCCS's answers: pure functions from an HTTP answer to its values or an error.

JSON is asked for, but a server that is set to XML answers in XML. Both are read, by what they are and not by their
label (the shapes are assumed [A-12] [A-78]). What breaks the contract is a `ProtocolError` with
the rule, and nothing else than a `ClientError` is ever raised for an answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from partnerlab.client.errors import ClientError, ProtocolError
from partnerlab.client.http.request import HttpResponse
from partnerlab.client.wire.answer import Answer
from partnerlab.client.wire.fields import AnswerShapes, Fields, JsonObject, kind_of
from partnerlab.client.wire.json import load_json
from partnerlab.client.wire.xml import local_name, parse_xml, value_of

__all__ = ["TCCS_SHAPES", "TccsFields", "read", "refusal"]

TCCS_SHAPES = AnswerShapes(
    names={
        "Record bal": ("RecordBal", "Record_bal", "RecordBalance", "Record Balance"),
        "Total Balance": ("TotalBalance", "Total_Balance", "Total bal", "TotalBal"),
    }
)
"""What TCCS's answers may look like where a biller says nothing else (assumed [A-78]). Case does not matter."""

_XML_NAME = re.compile(r"_x([0-9A-Fa-f]{4})_")


def read(
    operation: str, response: HttpResponse, *, secrets: tuple[str, ...] = (), shapes: AnswerShapes = TCCS_SHAPES
) -> TccsFields:
    """
    The values of an answer with status 200 that does not say `Success` false.

    Raises:
        PartnerFault: Success false, a 4xx, or a 500 with a message, with the partner's words.
        TransportError: any other 5xx, 408 or 429: nothing usable came back.
        AnswerNotUnderstood: a 200 that is not the answer the contract promises, nor of one of *shapes*.
        ProtocolError: any other status.
    """
    answer = Answer(operation, response, secrets)
    if response.status != 200:
        raise answer.failure(_message(answer, shapes) if response.status >= 400 else "")
    fields = _fields(answer, shapes)
    if fields.has("Success") and not fields.success():
        raise answer.refused(fields.message("Message"))
    return fields


def refusal(operation: str, response: HttpResponse, *, secrets: tuple[str, ...] = ()) -> ClientError:
    """What an answer means that stands in place of a bill: the partner's refusal, or what else went wrong."""
    try:
        read(operation, response, secrets=secrets)
    except ProtocolError as error:
        if response.status != 200:
            return error
    except ClientError as error:
        return error
    said = response.headers.get("content-type", "nothing")[:100]
    return Answer(operation, response, secrets).broken(f"is not a PDF, and says {said!r} of itself")


class TccsFields(Fields):
    """The values of an answer by the contract's names, in which case does not matter."""

    __slots__ = ()

    def _one(self, name: str) -> Any:
        key = name.lower()
        if key in self._twice:
            raise self._stands_twice(name)
        return self._values.get(key)


def _fields(answer: Answer, shapes: AnswerShapes) -> TccsFields:
    """The values of the body: of an object, of an object in a text, or of a bare yes or no. Raises `ProtocolError`."""
    if answer.is_blank():
        raise answer.broken("the answer is empty")
    if answer.is_html():
        raise answer.broken(f"is an HTML page in place of JSON{answer.title()}")
    pairs: Iterable[tuple[str, Any]]
    if answer.response.content.lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n").startswith(b"<"):
        root = parse_xml(answer)
        if not len(root) and (root.text or "").strip():  # .NET's <string>, <boolean> [A-78]
            return _unwrapped(answer, root.text or "", local_name(root.tag), shapes)
        # As .NET's DataContract serializer writes an object: `Record_x0020_bal`.
        pairs = [(_decoded(child.tag), value_of(child)) for child in root]
    else:
        document = load_json(answer)
        if isinstance(document, bool):
            document = "true" if document else "false"
        if type(document) is str:
            return _unwrapped(answer, document, "a text", shapes)
        if not isinstance(document, JsonObject):
            raise answer.broken(f"expected a JSON object, found {kind_of(document)}")
        pairs = document.pairs
    return _named(answer, pairs, shapes)


def _unwrapped(answer: Answer, text: str, place: str, shapes: AnswerShapes) -> TccsFields:
    """A text that is the whole answer: JSON once more, or a yes or a no."""
    if text.lstrip().startswith("{"):
        document: JsonObject = load_json(answer, text)
        return _named(answer, document.pairs, shapes)
    try:
        shapes.success(text)
    except ValueError:
        raise answer.broken(f"{place} holds {answer.quoted(text, 100)!r}, not an answer") from None
    return _named(answer, [("Success", text)], shapes)


def _named(answer: Answer, pairs: Iterable[tuple[str, Any]], shapes: AnswerShapes) -> TccsFields:
    values: dict[str, Any] = {}
    twice: set[str] = set()
    for name, value in pairs:
        key = name.lower()
        if key in values:
            twice.add(key)
        values[key] = value
    return TccsFields(answer, values, twice=twice, shapes=shapes)


def _message(answer: Answer, shapes: AnswerShapes) -> str:
    """The message of ASP.NET's error object; empty where the answer is none."""
    try:
        return _fields(answer, shapes).message("Message")
    except ProtocolError:
        return ""


def _decoded(tag: object) -> str:
    """An element's name as it was before XML needed it otherwise: `Record_x0020_bal` is `Record bal`."""
    return _XML_NAME.sub(lambda m: chr(int(m[1], 16)), str(tag).rpartition("}")[2])
