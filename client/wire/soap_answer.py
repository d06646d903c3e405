"""
SOAP answers: pure functions from an HTTP answer to a result or an error.

Answers may use any prefixes, in SOAP 1.1 or 1.2, whatever Content-Type they are labelled with; what breaks the
contract is a `ProtocolError` with the rule, and nothing else than a `ClientError` is ever raised for an answer.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar

from lxml import etree

from partnerlab.client.errors import PartnerFault, ProtocolError, TransportError, redact
from partnerlab.client.http import HttpResponse
from partnerlab.client.wire.soap import ENVELOPES, Operation, Service
from partnerlab.client.wire.values import parse_boolean, parse_cents, parse_date, parse_date_time, parse_integer

__all__ = ["Result", "read"]

T = TypeVar("T")

XSI_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
REFUSALS = frozenset({"Client", "Sender", "MustUnderstand", "VersionMismatch", "DataEncodingUnknown"})
MAX_MESSAGE = 2000
MAX_SHOWN = 1 << 16  # far more than an error shows: a key that is cut in two here is never seen

_ENVELOPE_TAGS = {f"{{{uri}}}Envelope" for uri in ENVELOPES.values()}
_FAULT_TAGS = {f"{{{uri}}}Fault" for uri in ENVELOPES.values()}


def read(service: Service, operation: Operation, response: HttpResponse, *, secrets: tuple[str, ...] = ()) -> Result:
    """
    The result of a call whose answer says `Success` true.

    Raises:
        PartnerFault: a SOAP fault, a 4xx, or Success false, with the partner's words.
        TransportError: a 5xx that carries no fault, or 429: nothing usable came back.
        ProtocolError: everything else that is not the answer the contract promises.
    """
    answer = _Answer(operation, response, secrets)
    if response.status != 200:
        raise answer.refusal()
    result = answer.result(service.namespace)
    if not result.boolean("Success"):
        words = result.words("ErrorMessage").strip() or "the partner gave no reason"
        raise PartnerFault(operation.name, code="Success=false", message=words)
    return result


class Result:
    """
    The fields of a result element, by the contract's names. Unknown elements are ignored; a field that is missing
    or unreadable raises `ProtocolError` with its name and rule.
    """

    __slots__ = ("_answer", "_children", "_element", "_prefix", "_twice")

    def __init__(self, answer: _Answer, element: etree._Element, prefix: str) -> None:
        self._answer, self._element, self._prefix = answer, element, prefix
        self._children: dict[str, etree._Element] = {}
        self._twice: set[str] = set()
        for child in element:
            if child.tag in self._children:
                self._twice.add(child.tag)
            self._children[child.tag] = child

    def text(self, name: str) -> str:
        """A string; empty where the element is absent or nil, as a service of .NET leaves out a missing string."""
        return self._value(name) or ""

    def words(self, name: str) -> str:
        """`text` for a message of the partner's own, which may quote a key: the key is blotted out."""
        return self._answer.quoted(self.text(name), MAX_MESSAGE)

    def boolean(self, name: str) -> bool:
        return self._parsed(name, parse_boolean)

    def integer(self, name: str) -> int:
        return self._parsed(name, parse_integer)

    def cents(self, name: str) -> Decimal:
        """An amount in whole cents, two decimals."""
        return self._parsed(name, parse_cents)

    def date(self, name: str) -> date | None:
        """A day; `None` where it is absent, nil or .NET's unset date."""
        return None if self._value(name) is None else self._parsed(name, parse_date)

    def date_time(self, name: str) -> datetime | None:
        """A time; `None` where it is absent, nil or .NET's unset time."""
        return None if self._value(name) is None else self._parsed(name, parse_date_time)

    def rows(self, name: str, item: str) -> Iterator[Result]:
        """The *item* elements of the array *name*; none where the array is absent."""
        array = self._child(name)
        for child in array if array is not None else ():
            if child.tag == self._prefix + item and not _is_nil(child):
                yield Result(self._answer, child, self._prefix)

    def _child(self, name: str) -> etree._Element | None:
        tag = self._prefix + name
        if tag in self._twice:
            raise self._answer.broken(f"{name} stands twice in {_local(self._element.tag)}")
        return self._children.get(tag)

    def _value(self, name: str) -> str | None:
        element = self._child(name)
        if element is None or _is_nil(element):
            return None
        if len(element):
            raise self._answer.broken(f"{name} must hold text, not elements")
        return element.text or ""

    def _parsed(self, name: str, parse: Callable[[str], T]) -> T:
        text = self._value(name)
        if text is None:
            raise self._answer.broken(f"{_local(self._element.tag)} has no {name}{self._elsewhere(name)}")
        try:
            return parse(text)
        except ValueError as error:
            raise self._answer.broken(f"{name}: {self._answer.quoted(text, 40)!r} {error}") from None

    def _elsewhere(self, name: str) -> str:
        """Where an element of that name stands in a wrong namespace."""
        strays = [tag for tag in self._children if _local(tag) == name and not tag.startswith(self._prefix)]
        return f" in the namespace {self._prefix[1:-1]}, but {strays[0]}" if strays else ""


class _Answer:
    """One answer being read: what is known of it for errors."""

    __slots__ = ("operation", "response", "secrets")

    def __init__(self, operation: Operation, response: HttpResponse, secrets: tuple[str, ...]) -> None:
        self.operation, self.response, self.secrets = operation, response, secrets

    def result(self, namespace: str) -> Result:
        """The result element of an answer with status 200."""
        prefix = f"{{{namespace}}}"
        content = self.content()
        if _is_fault(content):
            code, words = self.fault(content)
            raise self.broken(f"a SOAP fault must not come with status 200: {code}: {words}")
        self.expect(content, f"{prefix}{self.operation.name}Response")
        results = [child for child in content if child.tag == f"{prefix}{self.operation.name}Result"]
        if len(results) != 1 or _is_nil(results[0]):
            found = self.quoted(", ".join(str(child.tag) for child in content), 200) or "nothing"
            raise self.broken(f"expected one {prefix}{self.operation.name}Result, found {found}")
        return Result(self, results[0], prefix)

    def content(self) -> etree._Element:
        """The one element of the envelope's Body. Raises `ProtocolError`."""
        root = self.root()
        if root.tag not in _ENVELOPE_TAGS:
            raise self.broken(f"expected a SOAP envelope, found {root.tag}")
        body_tag = str(root.tag).removesuffix("Envelope") + "Body"
        bodies = [child for child in root if child.tag == body_tag]
        if len(bodies) != 1 or len(bodies[0]) != 1:
            raise self.broken("expected one Body with one element in it")
        return bodies[0][0]

    def root(self) -> etree._Element:
        """The document's root, parsed without DTD, entities or network. Raises `ProtocolError`."""
        content = self.response.content
        if not content or content.isspace():
            raise self.broken("the answer is empty")
        if self.is_html():
            raise self.broken(f"is an HTML page in place of XML{self.title()}")
        try:
            root = etree.fromstring(content, _parser())
        except (etree.XMLSyntaxError, ValueError) as error:
            raise self.broken(f"is not well-formed XML: {self.quoted(str(error), 200)}") from None
        if root.getroottree().docinfo.internalDTD is not None:
            raise self.broken("SOAP forbids a DTD")
        return root

    def expect(self, element: etree._Element, tag: str) -> None:
        if element.tag != tag:
            raise self.broken(f"expected {tag}, found {element.tag}")

    def refusal(self) -> PartnerFault | TransportError | ProtocolError:
        """What an answer with a status other than 200 means."""
        name, status = self.operation.name, self.response.status
        if 300 <= status < 400:
            return self.broken("redirects are not followed")
        if status < 400:
            return self.broken("must have status 200")
        try:
            content = self.content()
        except ProtocolError:
            return self.without_fault(status)
        if not _is_fault(content):
            return self.without_fault(status)
        code, words = self.fault(content)
        refused = code.removeprefix("soap:").partition(".")[0] in REFUSALS
        return PartnerFault(name, code=code, message=words, refused=refused)

    def without_fault(self, status: int) -> PartnerFault | TransportError:
        """
        A 4xx or 5xx of a web server or gateway.

        A 5xx does not say how far the request came, so it counts as sent; 429 says that it was turned away.
        """
        reason = f"status {status}{self.title()}"
        if status >= 500 or status in (408, 429):
            delay = self.response.headers.get("retry-after", "").strip()
            wait = float(delay) if re.fullmatch("[0-9]{1,6}", delay) else None
            return TransportError(self.operation.name, reason, sent=status != 429, retry_after_s=wait)
        return PartnerFault(self.operation.name, code=str(status), message=reason)

    def is_html(self) -> bool:
        start = self.response.content[:200].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
        return start.startswith((b"<!doctype html", b"<html"))

    def title(self) -> str:
        """What a page says, as `: Title`: its title, or the first line of a plain text; else nothing."""
        page = html.unescape(self.body())
        found = re.search("<title[^>]*>([^<]+)", page, re.IGNORECASE)
        if not found and self.response.headers.get("content-type", "").startswith("text/plain"):
            found = re.match(r"\s*([^\r\n]+)", page)
        return ": " + self.quoted(found[1].strip(), 200) if found else ""

    def fault(self, element: etree._Element) -> tuple[str, str]:
        """The code, as `soap:Server` whatever the partner's prefix, and the words of a SOAP 1.1 or 1.2 fault."""
        if element.tag == f"{{{ENVELOPES['1.2']}}}Fault":
            names = {"soap": ENVELOPES["1.2"]}
            code = element.findtext("soap:Code/soap:Value", "", names)
            words = element.findtext("soap:Reason/soap:Text", "", names)
        else:
            code, words = element.findtext("faultcode", ""), element.findtext("faultstring", "")
        local = self.quoted(code.strip().rpartition(":")[2], 100) or "unknown"
        return f"soap:{local}", self.quoted(words.strip(), MAX_MESSAGE) or "the partner gave no reason"

    def broken(self, rule: str) -> ProtocolError:
        rule = redact(rule, self.secrets)
        return ProtocolError(self.operation.name, status=self.response.status, rule=rule, body=self.body())

    def body(self) -> str:
        """The beginning of the answer as text, without the secrets."""
        return self.quoted(self.response.content[:MAX_SHOWN].decode("utf-8", "replace"), MAX_SHOWN)

    def quoted(self, text: str, limit: int) -> str:
        """Words that are not ours, as an error may show them: secrets blotted out first, and only then cut."""
        return redact(text, self.secrets)[:limit]


def _is_fault(element: etree._Element) -> bool:
    return element.tag in _FAULT_TAGS


def _is_nil(element: etree._Element) -> bool:
    return element.get(XSI_NIL) in ("true", "1")


def _local(tag: object) -> str:
    return str(tag).rpartition("}")[2]


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
