"""
TCCS's answers: pure functions from an HTTP answer to its values or an error.

JSON is asked for; a server that is set to XML answers so whatever it is asked, and both are read, as they are written
and not as they are labelled (the shapes are assumed [A-12]). What breaks the contract is a `ProtocolError` with the
rule, and nothing else than a `ClientError` is ever raised for an answer.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, TypeVar

from lxml import etree

from partnerlab.client.errors import ClientError, PartnerFault, ProtocolError, TransportError, redact
from partnerlab.client.http import HttpResponse
from partnerlab.client.wire.values import parse_boolean, parse_cents

__all__ = ["Answer", "read", "refusal"]

T = TypeVar("T")

MAX_MESSAGE = 2000
MAX_SHOWN = 1 << 16  # far more than an error shows: a key that is cut in two here is never seen
XSI_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"

_XML_NAME = re.compile(r"_x([0-9A-Fa-f]{4})_")


def read(operation: str, response: HttpResponse, *, secrets: tuple[str, ...] = ()) -> Answer:
    """
    The values of an answer with status 200 that does not say `Success` false.

    Raises:
        PartnerFault: Success false, a 4xx, or a 500 with a message, with the partner's words.
        TransportError: any other 5xx, 408 or 429: nothing usable came back.
        ProtocolError: everything else that is not the answer the contract promises.
    """
    answer = Answer(operation, response, secrets)
    if response.status != 200:
        raise answer.failure()
    answer.parse()
    if answer.has("Success") and not answer.boolean("Success"):
        raise answer.refused()
    return answer


def refusal(operation: str, response: HttpResponse, *, secrets: tuple[str, ...] = ()) -> ClientError:
    """What an answer means that stands in place of a bill: the partner's refusal, or what else went wrong."""
    try:
        read(operation, response, secrets=secrets)
    except ProtocolError as error:
        if response.status != 200:
            return error
    except ClientError as error:
        return error
    answer = Answer(operation, response, secrets)
    return answer.broken(f"is not a PDF, and says {response.headers.get('content-type', 'nothing')[:100]!r} of itself")


class Answer:
    """
    The values of an answer by the contract's names, in which case does not matter. Unknown names are ignored; a value
    that is missing or unreadable raises `ProtocolError` with its name and rule.
    """

    __slots__ = ("_operation", "_response", "_secrets", "_twice", "_values")

    def __init__(self, operation: str, response: HttpResponse, secrets: tuple[str, ...]) -> None:
        self._operation, self._response, self._secrets = operation, response, secrets
        self._values: dict[str, str | _Unreadable | None] = {}
        self._twice: set[str] = set()

    # -- values -------------------------------------------------------------------------------------------------

    def has(self, name: str) -> bool:
        """Whether there is a value of that name, and not null."""
        return self._values.get(name.lower()) is not None

    def words(self, name: str) -> str:
        """A message of the partner's own, on one line; empty where there is none. A key it quotes is blotted out."""
        return self._quoted(self._value(name) or "", MAX_MESSAGE).strip()

    def boolean(self, name: str) -> bool:
        """True or false, as .NET writes them in JSON, XML or a text."""
        return self._parsed(name, lambda text: parse_boolean(text.lower()))

    def cents(self, name: str) -> Decimal:
        """An amount in whole cents, two decimals, from a number or a text without thousands separators."""
        return self._parsed(name, parse_cents)

    def _value(self, name: str) -> str | None:
        if name.lower() in self._twice:
            raise self.broken(f"{name} stands twice")
        value = self._values.get(name.lower())
        if isinstance(value, _Unreadable):
            raise self.broken(f"{name} must be a value, not {value}")
        return value

    def _parsed(self, name: str, parse: Callable[[str], T]) -> T:
        text = self._value(name)
        if text is None:
            raise self.broken(f"has no {name}")
        try:
            return parse(text)
        except ValueError as error:
            raise self.broken(f"{name}: {self._quoted(text, 40)!r} {error}") from None

    # -- parsing ------------------------------------------------------------------------------------------------

    def parse(self) -> None:
        """Read the body. Raises `ProtocolError`."""
        content = self._response.content
        if not content or content.isspace():
            raise self.broken("the answer is empty")
        if self._is_html():
            raise self.broken(f"is an HTML page in place of JSON{self._title()}")
        if content.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").startswith(b"<"):
            self._take(self._xml(content))
        else:
            self._take(self._json(content))

    def _take(self, pairs: Iterable[tuple[str, str | _Unreadable | None]]) -> None:
        for name, value in pairs:
            key = name.lower()
            if key in self._values:
                self._twice.add(key)
            self._values[key] = value

    def _json(self, content: bytes) -> Iterable[tuple[str, str | _Unreadable | None]]:
        try:
            document = json.loads(
                content,
                object_pairs_hook=_Object,
                parse_int=_Number,
                parse_float=_Number,
                parse_constant=_no_constant,
            )
        except RecursionError:
            raise self.broken("is not valid JSON: too deep") from None
        except ValueError as error:
            raise self.broken(f"is not valid JSON: {self._quoted(str(error), 200)}") from None
        if not isinstance(document, _Object):
            raise self.broken(f"expected a JSON object, found {_kind(document)}")
        return [(name, _plain(value)) for name, value in document]

    def _xml(self, content: bytes) -> Iterable[tuple[str, str | _Unreadable | None]]:
        """The children of the root, as .NET's DataContract serializer writes an object (`Record_x0020_bal`)."""
        try:
            root = etree.fromstring(content, _parser())
        except (etree.XMLSyntaxError, ValueError) as error:
            raise self.broken(f"is not well-formed XML: {self._quoted(str(error), 200)}") from None
        if root.getroottree().docinfo.internalDTD is not None:
            raise self.broken("a DTD is not accepted")
        return [(_decoded(child.tag), _text(child)) for child in root]

    # -- errors -------------------------------------------------------------------------------------------------

    def refused(self) -> PartnerFault:
        """The refusal of an answer that says Success false."""
        words = self.words("Message") or "the partner gave no reason"
        return PartnerFault(self._operation, code="Success=false", message=words)

    def failure(self) -> PartnerFault | TransportError | ProtocolError:
        """
        What an answer with a status other than 200 means.

        A 5xx does not say how far the request came, so it counts as sent; 429 says that it was turned away.
        """
        status = self._response.status
        if 300 <= status < 400:
            return self.broken("redirects are not followed")
        if status < 400:
            return self.broken("must have status 200")
        words = self._message()
        reason = f"status {status}" + (f": {words}" if words else self._title())
        if status in (408, 429) or status > 500 or (status == 500 and not words):
            delay = self._response.headers.get("retry-after", "").strip()
            wait = float(delay) if re.fullmatch("[0-9]{1,6}", delay) else None
            return TransportError(self._operation, reason, sent=status != 429, retry_after_s=wait)
        return PartnerFault(self._operation, code=str(status), message=words or reason, refused=status != 500)

    def broken(self, rule: str) -> ProtocolError:
        """That the answer breaks *rule*."""
        body = self._quoted(self._response.content[:MAX_SHOWN].decode("utf-8", "replace"), MAX_SHOWN)
        rule = redact(rule, self._secrets)
        return ProtocolError(self._operation, status=self._response.status, rule=rule, body=body)

    def _message(self) -> str:
        """The message of ASP.NET's error object; empty where the answer is none."""
        try:
            self.parse()
            return self.words("Message")
        except ProtocolError:
            return ""

    def _is_html(self) -> bool:
        start = self._response.content[:200].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
        return start.startswith((b"<!doctype html", b"<html"))

    def _title(self) -> str:
        """What a page says, as `: Title`: its title, or the first line of a plain text; else nothing."""
        page = html.unescape(self._response.content[:MAX_SHOWN].decode("utf-8", "replace"))
        found = re.search("<title[^>]*>([^<]+)", page, re.IGNORECASE)
        if not found and self._response.headers.get("content-type", "").startswith("text/plain"):
            found = re.match(r"\s*([^\r\n]+)", page)
        return ": " + self._quoted(found[1].strip(), 200) if found else ""

    def _quoted(self, text: str, limit: int) -> str:
        """
        Words that are not ours, as an error may show them: secrets blotted out first, and only then cut.

        JSON can spell what no database takes (NUL, half a surrogate pair), so what cannot be printed becomes a space.
        """
        plain = "".join(c if c.isprintable() else " " for c in text)
        return redact(plain, self._secrets)[:limit]


class _Number(str):
    """A JSON number as it is written: an amount is never a float."""

    __slots__ = ()


class _Object(list[tuple[str, Any]]):
    """A JSON object with all that stands in it, a name that stands twice too."""


class _Unreadable(str):
    """What a value is, where it is none."""

    __slots__ = ()


def _no_constant(text: str) -> None:
    raise ValueError(f"{text} is no number")


def _kind(value: Any) -> str:
    match value:
        case _Object():
            return "an object"
        case list():
            return "a list"
        case _Number():
            return "a number"
        case str():
            return "a text"
        case bool():
            return "true or false"
    return "null"


def _plain(value: Any) -> str | _Unreadable | None:
    match value:
        case None | str():
            return value
        case bool():
            return "true" if value else "false"
    return _Unreadable(_kind(value))


def _decoded(tag: object) -> str:
    """An element's name as it was before XML needed it otherwise: `Record_x0020_bal` is `Record bal`."""
    return _XML_NAME.sub(lambda m: chr(int(m[1], 16)), str(tag).rpartition("}")[2])


def _text(element: etree._Element) -> str | _Unreadable | None:
    if element.get(XSI_NIL) in ("true", "1"):
        return None
    return _Unreadable("elements") if len(element) else element.text or ""


def _parser() -> etree.XMLParser:
    """A parser of its own for each answer: a shared one would make threads wait for each other."""
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
