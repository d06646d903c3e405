"""
SOAP calls as bytes, and answers read as far as they can be read.

Reading goes by local names alone: what is wrong with an answer's form is one check's word (`contract`), and must not
hide what it says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote_plus
from xml.sax.saxutils import escape

from lxml import etree

from partnerlab.contracts.verification.findings import not_xml
from partnerlab.contracts.verification.provider.exchange import Asked
from partnerlab.contracts.verification.provider.line import Reply

__all__ = ["Fields", "SoapAnswer", "envelope", "form_call", "read_answer", "soap_call"]

ENVELOPES = {
    "1.1": "http://schemas.xmlsoap.org/soap/envelope/",
    "1.2": "http://www.w3.org/2003/05/soap-envelope",
}
FORM = "application/x-www-form-urlencoded"
DECLARATION = '<?xml version="1.0" encoding="utf-8"?>\n'

Fields = Sequence[tuple[str, "str | Fields"]]
"""Elements in order: a text, or the elements within."""


@dataclass(frozen=True, slots=True)
class SoapAnswer:
    """
    An answer taken apart.

    `result` holds the result's members by local name, where it has any; `element` is the result. `fault` is the text
    of a fault, else empty; `problem` says why there is neither.
    """

    reply: Reply
    result: Mapping[str, str] = field(default_factory=dict)
    element: etree._Element | None = None
    fault: str = ""
    fault_code: str = ""
    problem: str = ""

    @property
    def number(self) -> int:
        """The number of the exchange."""
        return self.reply.number

    @property
    def success(self) -> bool:
        """Whether the result says so."""
        return self.result.get("Success", "").strip().lower() in ("true", "1")

    @property
    def refused(self) -> bool:
        """Whether the result says that it was refused; one that says neither is no refusal."""
        return self.result.get("Success", "").strip().lower() in ("false", "0")

    @property
    def said(self) -> str:
        """What came, in a line, for a reader."""
        status = self.reply.answer.status
        if self.problem:
            return f"status {status}, {self.problem}"
        if self.fault:
            return f"status {status}, fault {self.fault_code}: {self.fault}"
        success = self.result.get("Success")
        if success is None:
            return f"status {status}, no Success but {', '.join(self.result)}"
        message = self.result.get("ErrorMessage", "")
        return f"status {status}, Success {success}" + (f", ErrorMessage {message!r}" if message else "")


def envelope(namespace: str, operation: str, fields: Fields, version: str = "1.1") -> str:
    """The message of a call, as .NET's clients write it."""
    return (
        f'{DECLARATION}<soap:Envelope xmlns:soap="{ENVELOPES[version]}"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">'
        f'<soap:Body><{operation} xmlns="{escape(namespace)}">{elements(fields)}</{operation}></soap:Body>'
        "</soap:Envelope>"
    )


def elements(fields: Fields) -> str:
    """Elements in order."""
    return "".join(
        f"<{name}>{escape(value) if isinstance(value, str) else elements(value)}</{name}>" for name, value in fields
    )


def soap_call(
    url: str,
    namespace: str,
    operation: str,
    body: str | bytes,
    *,
    version: str = "1.1",
    action: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Asked:
    """A message on its way: content type and SOAPAction are those of its version. *action* is as it is sent."""
    plain = f"{namespace}{operation}"
    if version == "1.1":
        own = {"content-type": "text/xml; charset=utf-8", "soapaction": f'"{plain}"' if action is None else action}
    else:
        own = {"content-type": f'application/soap+xml; charset=utf-8; action="{plain if action is None else action}"'}
    return Asked(operation, "POST", url, {**own, **(headers or {})}, body.encode() if isinstance(body, str) else body)


def form_call(url: str, operation: str, fields: Fields) -> Asked:
    """A call of an operation by HTTP POST of a form."""
    pairs = [f"{name}={quote_plus(value)}" for name, value in fields if isinstance(value, str)]
    return Asked(operation, "POST", f"{url}/{operation}", {"content-type": FORM}, "&".join(pairs).encode())


def read_answer(reply: Reply) -> SoapAnswer:
    """Take an answer apart: of a SOAP envelope, or the bare result of a form POST."""
    body = reply.answer.body
    try:
        root = etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    except (etree.XMLSyntaxError, ValueError) as error:
        what = reply.answer.media_type or "no content type"
        return SoapAnswer(reply, problem=f"no XML but {len(body)} bytes of {what}: {not_xml(body, error)}")
    if _local(root).lower() == "html":
        return SoapAnswer(reply, problem="a page")
    if _local(root) != "Envelope":
        return _with_result(reply, root)
    bodies = [child for child in root if _local(child) == "Body"]
    content = [child for child in bodies[0] if isinstance(child.tag, str)] if bodies else []
    if not content:
        return SoapAnswer(reply, problem="an envelope with an empty Body")
    if _local(content[0]) == "Fault":
        code, text = _fault(content[0])
        return SoapAnswer(reply, fault=text or "without a text", fault_code=code)
    results = [child for child in content[0] if isinstance(child.tag, str)]
    return _with_result(reply, results[0] if results else content[0])


def _with_result(reply: Reply, element: etree._Element) -> SoapAnswer:
    members: dict[str, str] = {}
    for child in element:
        if isinstance(child.tag, str):
            members.setdefault(_local(child), child.text or "")
    problem = "" if members else f"an element {_local(element)} without members"
    return SoapAnswer(reply, members, element, problem=problem)


def _fault(fault: etree._Element) -> tuple[str, str]:
    texts = {_local(one): (one.text or "").strip() for one in fault.iter() if isinstance(one.tag, str)}
    code = texts.get("faultcode") or texts.get("Value", "")
    return code, texts.get("faultstring") or texts.get("Text", "")


def _local(element: etree._Element) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""
