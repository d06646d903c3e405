"""
SOAP answers: pure functions from an HTTP answer to a result or an error.

Answers may use any prefixes, in SOAP 1.1 or 1.2, whatever Content-Type they are labelled with; what breaks the
contract is a `ProtocolError` with the rule, and nothing else than a `ClientError` is ever raised for an answer.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from lxml import etree

from partnerlab.client.errors import PartnerFault, ProtocolError, TransportError
from partnerlab.client.http.request import HttpResponse
from partnerlab.client.wire.answer import MAX_MESSAGE, Answer
from partnerlab.client.wire.fields import KNOWN_SHAPES, AnswerShapes, Fields
from partnerlab.client.wire.soap import ENVELOPES, Service
from partnerlab.client.wire.xml import local_name, parse_xml, value_of

__all__ = ["Result", "read"]

REFUSALS = frozenset({"Client", "Sender", "MustUnderstand", "VersionMismatch", "DataEncodingUnknown"})
BARE = frozenset({"string", "boolean"})
"""Roots of an answer by ASMX's HTTP POST binding, which holds a bare value (assumed [A-78])."""

_BODY_TAGS = {f"{{{uri}}}Envelope": f"{{{uri}}}Body" for uri in ENVELOPES.values()}
"""The tag of the Body in each Envelope."""
_FAULT_TAGS = {f"{{{uri}}}Fault" for uri in ENVELOPES.values()}


def read(
    service: Service,
    operation: str,
    response: HttpResponse,
    *,
    secrets: tuple[str, ...] = (),
    shapes: AnswerShapes = KNOWN_SHAPES,
    show_body: bool = True,
) -> Result:
    """
    The result of a call whose answer says `Success` true.

    Raises:
        PartnerFault: a SOAP fault, a 4xx, or Success false, with the partner's words.
        TransportError: a 5xx that carries no fault, or 429: nothing usable came back.
        AnswerNotUnderstood: a 200 that is not the answer the contract promises, nor of one of *shapes*.
        ProtocolError: any other status.
    """
    answer = Answer(operation, response, secrets, show_body=show_body)
    if response.status != 200:
        raise _failure(answer)
    result = _result(answer, service.namespace, operation, shapes)
    if not result.success():
        raise answer.refused(result.message("ErrorMessage"))
    return result


class Result(Fields):
    """The fields of an element, by the contract's names."""

    __slots__ = ("_element", "_prefix")

    def __init__(
        self, answer: Answer, element: etree._Element, prefix: str, shapes: AnswerShapes = KNOWN_SHAPES
    ) -> None:
        values: dict[str, Any] = {}
        twice: set[str] = set()
        start = len(prefix)
        for child in element:
            tag = child.tag
            if tag.startswith(prefix):
                name = tag[start:]
                if name in values:
                    twice.add(name)
                values[name] = value_of(child)
        super().__init__(answer, values, twice=twice, shapes=shapes)
        self._element, self._prefix = element, prefix

    def rows(self, name: str, item: str = "") -> Iterator[Fields]:
        """The *item* elements of the array *name*; none where the array is absent."""
        array = self.raw(name)
        if array is None or array == "":
            return
        if isinstance(array, str):
            raise self._wrong(name, array, "must hold elements")
        for child in array:
            if child.tag == self._prefix + item and value_of(child) is not None:
                yield Result(self.answer, child, self._prefix, self.shapes)

    def missing(self, name: str) -> ProtocolError:
        """The error for an absent element; it names one of that name in a wrong namespace, if there is one."""
        rule = f"{local_name(self._element.tag)} has no {name}"
        stray = next((child.tag for child in self._element if local_name(child.tag) == name), None)
        if stray is not None:
            rule += f" in the namespace {self._prefix[1:-1]}, but {stray}"
        return self.answer.broken(rule)


def _result(answer: Answer, namespace: str, operation: str, shapes: AnswerShapes) -> Result:
    """The result of an answer with status 200: as the contract has it, else of a shape that is known elsewhere."""
    prefix = f"{{{namespace}}}"
    root = _document(answer)
    if root.tag not in _BODY_TAGS and local_name(root.tag) in BARE and not len(root):
        return _bare(answer, root, prefix, shapes)
    content = _content(answer, root)
    if content.tag in _FAULT_TAGS:
        code, message = _fault(answer, content)
        raise answer.broken(f"a SOAP fault must not come with status 200: {code}: {message}")
    if content.tag != f"{prefix}{operation}Response":
        raise answer.broken(f"expected {prefix}{operation}Response, found {str(content.tag)[:300]}")
    result_tag = f"{prefix}{operation}Result"
    results = [child for child in content if child.tag == result_tag]
    held = value_of(results[0]) if len(results) == 1 else None
    if held is None:
        found = ", ".join(str(child.tag)[:100] for child in itertools.islice(content, 20)) or "nothing"
        raise answer.broken(f"expected one {result_tag}, found {found}")
    if isinstance(held, str) and held.strip():
        return _bare(answer, results[0], prefix, shapes)
    return Result(answer, results[0], prefix, shapes)


def _bare(answer: Answer, element: etree._Element, prefix: str, shapes: AnswerShapes) -> Result:
    """`<MakePaymentExtendedResult>true</…>` or `<string>true</string>`: the whole answer is a yes or a no [A-78]."""
    said = element.text or ""
    try:
        shapes.success(said)
    except ValueError:
        raise answer.broken(f"{local_name(element.tag)} holds {answer.quoted(said, 100)!r}, not an answer") from None
    whole = etree.Element(element.tag)
    etree.SubElement(whole, f"{prefix}Success").text = said
    return Result(answer, whole, prefix, shapes)


def _document(answer: Answer) -> etree._Element:
    """The document's root. Raises `ProtocolError`."""
    if answer.is_blank():
        raise answer.broken("the answer is empty")
    if answer.is_html():
        raise answer.broken(f"is an HTML page in place of XML{answer.title()}")
    return parse_xml(answer)


def _content(answer: Answer, root: etree._Element) -> etree._Element:
    """The one element of the envelope's Body. Raises `ProtocolError`."""
    body_tag = _BODY_TAGS.get(str(root.tag))
    if body_tag is None:
        raise answer.broken(f"expected a SOAP envelope, found {str(root.tag)[:300]}")
    bodies = [child for child in root if child.tag == body_tag]
    if len(bodies) != 1 or len(bodies[0]) != 1:
        raise answer.broken("expected one Body with one element in it")
    return bodies[0][0]


def _failure(answer: Answer) -> PartnerFault | TransportError | ProtocolError:
    """What an answer with a status other than 200 means: a fault counts before its status."""
    if answer.response.status < 400:
        return answer.failure()
    try:
        content = _content(answer, _document(answer))
    except ProtocolError:
        return answer.failure()
    if content.tag not in _FAULT_TAGS:
        return answer.failure()
    code, message = _fault(answer, content)
    refused = code.removeprefix("soap:").partition(".")[0] in REFUSALS
    return PartnerFault(answer.operation, code=code, message=message, refused=refused)


def _fault(answer: Answer, element: etree._Element) -> tuple[str, str]:
    """The code, as `soap:Server` whatever the partner's prefix, and the words of a SOAP 1.1 or 1.2 fault."""
    if element.tag == f"{{{ENVELOPES['1.2']}}}Fault":
        names = {"soap": ENVELOPES["1.2"]}
        code = element.findtext("soap:Code/soap:Value", "", names)
        message = element.findtext("soap:Reason/soap:Text", "", names)
    else:
        code, message = element.findtext("faultcode", ""), element.findtext("faultstring", "")
    local = answer.quoted(code.strip().rpartition(":")[2], 100) or "unknown"
    return f"soap:{local}", answer.quoted(message.strip(), MAX_MESSAGE) or "the partner gave no reason"
