"""
The contract's verdict on one recorded SOAP or form-POST exchange with an ASMX service.

    verdict(read_bytes("inhance_soap/iCloud.wsdl"))(operation, request, headers, status, response, content_type)

It knows the WSDL and the rules of SOAP over HTTP and trusts neither side: nothing of a simulator is used here. The
schema is applied strictly; that a .NET service would have shrugged at an element in the wrong place is no excuse.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, cast
from urllib.parse import parse_qsl

from lxml import etree

from partnerlab.contracts.verification.findings import Finding, Verdict, not_xml
from partnerlab.contracts.verification.near import nearest
from partnerlab.contracts.verification.wsdl import Contract, Operation, read_wsdl

__all__ = ["RULES", "verdict"]

RULES = {
    "method": "A call is a POST with a body; a GET asks for a page or the WSDL.",
    "media-type": "The content type is that of the message: text/xml (SOAP 1.1), application/soap+xml (1.2) or a form.",
    "charset": "text/xml without a charset is US-ASCII (RFC 3023), as a .NET service reads it: other bytes are lost.",
    "well-formed": "The message is well-formed XML in the encoding it claims.",
    "no-dtd": "A SOAP message has no document type declaration.",
    "envelope": "The message is a SOAP envelope with one Body.",
    "version": "Envelope and content type are of one SOAP version, and the answer's is the request's.",
    "soap-action": "The SOAPAction header (SOAP 1.1), or an action parameter (SOAP 1.2), is the operation's.",
    "must-understand": "No header must be understood: the service knows none, and refuses the call (SOAP 1.1, 4.2.3).",
    "operation": "The Body holds one element, which is the operation's.",
    "schema": "The Body's element is valid against the WSDL's schema.",
    "form-fields": "The form has the operation's fields and no other.",
    "fault-status": "Status 200 carries no fault, and a fault carries no status 200.",
    "fault-shape": "A fault has a code and a text.",
    "unprefixed": "The answer's elements have no prefix: consumers match them as text.",
}

MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")  # byte order marks, which decide where they stand
LONG_TEXT = 9_000_000  # libxml2 refuses longer ones unless told otherwise
FORM = "application/x-www-form-urlencoded"
VERSIONS = {
    "http://schemas.xmlsoap.org/soap/envelope/": ("1.1", "text/xml"),
    "http://www.w3.org/2003/05/soap-envelope": ("1.2", "application/soap+xml"),
}
_EXPECTED = re.compile(r"\s*Expected is (?:one of )?\( (.*) \)\.\Z")
_UNEXPECTED = re.compile(r"^Element '([^']*)': This element is not expected\.")
_NAMESPACE = re.compile(r"\{[^}]*\}")
_FACET = re.compile(r"'[^']*' is not a valid value of the atomic type '(?:xs:)?([\w.]+)'")

Side = Literal["request", "response"]


def verdict(wsdl: bytes) -> Verdict:
    """The check of one service; the WSDL is read once. Raises `ValueError` where it is none."""
    contract = read_wsdl(wsdl)

    def check(
        operation: str, request: bytes, headers: Mapping[str, str], status: int, response: bytes, response_type: str
    ) -> list[Finding]:
        content_type = headers.get("content-type", "")
        if not request and not content_type:
            # Without an operation a page or the WSDL was asked for.
            meant = operation in contract.operations and status >= 400
            return [Finding("request", "method", "method", "POST with a body", "no body")] if meant else []
        if _media_type(content_type) == FORM:
            return [
                *_form_request(contract, operation, request),
                *_form_response(contract, operation, status, response, response_type),
            ]
        asked = _Message("request", request, content_type)
        answered = _Message("response", response, response_type)
        return [
            *asked.findings,
            *_soap_request(contract, operation, asked, headers),
            *_soap_response(contract, operation, asked, answered, status, response),
        ]

    return check


class _Message:
    """A SOAP message taken apart as far as it goes; `findings` says where it ends."""

    def __init__(self, side: Side, body: bytes, content_type: str) -> None:
        self.side = side
        self.media_type = _media_type(content_type)
        self.findings: list[Finding] = []
        self.version = ""
        self.content: list[etree._Element] = []
        self.is_fault = False
        if side == "request" or body:
            self._read(body, _parameter(content_type, "charset"))

    def _read(self, body: bytes, charset: str) -> None:
        known = [media_type for _, media_type in VERSIONS.values()]
        if self.media_type not in known:
            self._add("media-type", "header Content-Type", " or ".join(known), self.media_type or "nothing")
            if self.side == "response":
                return
        if self.media_type == "text/xml" and not charset and not body.isascii() and not body.startswith(MARKS):
            self._add("charset", "header Content-Type", "text/xml; charset=utf-8", "text/xml and bytes beyond ASCII")
        root = self._parse(body, charset)
        if root is None:
            return
        if root.getroottree().docinfo.internalDTD is not None:
            self._add("no-dtd", "document", "no DOCTYPE", "a DOCTYPE")
            return  # SOAP forbids it, and what stands in its entities cannot be judged
        name = etree.QName(root)
        if name.localname != "Envelope" or name.namespace not in VERSIONS:
            self._add("envelope", _at(root), f"Envelope in {' or '.join(VERSIONS)}", root.tag)
            return
        self.version, media_type = VERSIONS[name.namespace]
        if self.media_type in known and self.media_type != media_type:
            self._add("version", "header Content-Type", f"{media_type} (SOAP {self.version})", self.media_type)
        if self.side == "request":
            self._check_headers(root, name.namespace)
        bodies = root.findall(f"{{{name.namespace}}}Body")
        if len(bodies) != 1:
            self._add("envelope", _at(root), "one Body", f"{len(bodies)}")
            return
        self.content = [child for child in bodies[0] if isinstance(child.tag, str)]
        self.is_fault = any(child.tag == f"{{{name.namespace}}}Fault" for child in self.content)

    def _check_headers(self, root: etree._Element, namespace: str) -> None:
        """No contract has a header, and one that must be understood is refused by whoever does not know it."""
        for entry in root.iterfind(f"{{{namespace}}}Header/*"):
            must, actor, role = (
                entry.get(f"{{{namespace}}}{name}", "") for name in ("mustUnderstand", "actor", "role")
            )
            if must.strip() in ("1", "true") and not actor and not role:
                expected = "no header that must be understood"
                self._add("must-understand", _at(entry), expected, f'mustUnderstand="{must}"')

    def _parse(self, body: bytes, charset: str) -> etree._Element | None:
        try:
            parser = etree.XMLParser(
                encoding=charset or None,
                resolve_entities=False,
                no_network=True,
                load_dtd=False,
                # An uploaded file is one text of many megabytes; without declarations nothing in it can grow.
                huge_tree=len(body) > LONG_TEXT and b"<!" not in body,
            )
            return etree.fromstring(body, parser)
        except (etree.XMLSyntaxError, LookupError, ValueError) as error:
            self._add("well-formed", "document", "well-formed XML", not_xml(body, error))
            return None

    def _add(self, rule: str, where: str, expected: str, found: str) -> None:
        self.findings.append(Finding(self.side, rule, where, expected, found))


def _soap_request(contract: Contract, name: str, asked: _Message, headers: Mapping[str, str]) -> Iterator[Finding]:
    if not asked.version:
        return
    elements = [child.tag for child in asked.content]
    operation = contract.by_input(elements[0]) if elements else None
    if len(elements) != 1 or operation is None:
        wanted = contract.operations.get(name)
        expected = wanted.input if wanted else " or ".join(contract.operations)
        hint = _operation_meant(contract, elements[0]) if elements and operation is None else ""
        found = ", ".join(elements) or "nothing"
        yield Finding("request", "operation", "Body", f"one element, {expected}", found, hint)
    yield from _soap_action(contract, operation or contract.operations.get(name), asked.version, headers)
    if operation is not None:
        yield from _schema(contract, "request", asked.content[0])


def _soap_action(
    contract: Contract, operation: Operation | None, version: str, headers: Mapping[str, str]
) -> Iterator[Finding]:
    if version == "1.1":
        where, sent = "header SOAPAction", headers.get("soapaction")
        found = None if sent is None else sent.strip().strip('"')
    else:
        where, found = "header Content-Type, action", _parameter(headers.get("content-type", ""), "action") or None
    expected = operation.soap_action if operation else "the action of an operation"
    if found is None:
        if version == "1.1":
            yield Finding("request", "soap-action", where, f'"{expected}"', "nothing")
    elif operation is None or found != operation.soap_action:
        known = [one.soap_action for one in contract.operations.values()]
        yield Finding("request", "soap-action", where, f'"{expected}"', f'"{found}"', _other(found, known))


def _soap_response(
    contract: Contract, name: str, asked: _Message, answered: _Message, status: int, response: bytes
) -> Iterator[Finding]:
    if status not in (200, 500) and (not response or answered.media_type not in _soap_types()):
        return  # HTTP's own refusal: no SOAP message is promised
    yield from answered.findings
    if not response:
        yield Finding("response", "envelope", "document", "a SOAP envelope", "nothing")
    if not answered.version:
        return
    if asked.version and asked.version != answered.version:
        yield Finding("response", "version", "Envelope", f"SOAP {asked.version}", f"SOAP {answered.version}")
    if answered.is_fault == (status == 200):
        expected = "no Fault" if status == 200 else "a Fault"
        yield Finding(
            "response", "fault-status", f"status {status}", expected, "a Fault" if answered.is_fault else "no Fault"
        )
    if answered.is_fault:
        yield from _fault_shape(answered)
        return
    operation = contract.operations.get(name)
    elements = [child.tag for child in answered.content]
    if operation is not None and elements != [operation.output]:
        yield Finding("response", "operation", "Body", operation.output, ", ".join(elements) or "nothing")
    for element in answered.content:
        yield from _schema(contract, "response", element)
        yield from _unprefixed(element)


def _fault_shape(answered: _Message) -> Iterator[Finding]:
    fault = next(child for child in answered.content if etree.QName(child).localname == "Fault")
    namespace = f"{{{etree.QName(fault).namespace}}}"
    code, text = (
        ("faultcode", "faultstring")
        if answered.version == "1.1"
        else (f"{namespace}Code/{namespace}Value", f"{namespace}Reason/{namespace}Text")
    )
    for path in (code, text):
        if not (fault.findtext(path) or "").strip():
            yield Finding("response", "fault-shape", "Body/Fault", _NAMESPACE.sub("", path), "nothing")
    if len(answered.content) != 1:
        yield Finding("response", "fault-shape", "Body", "the Fault alone", f"{len(answered.content)} elements")


def _schema(contract: Contract, side: Side, element: etree._Element) -> Iterator[Finding]:
    schema = contract.schema_of(element)
    if schema is None:
        yield Finding(
            side, "schema", _at(element), f"a namespace of the WSDL: {', '.join(contract.schemas)}", element.tag
        )
        return
    # Validated as a document of its own, so that paths begin at the element; lines are those of the message.
    if schema.validate(element):
        return
    for error in cast(Iterable[Any], schema.error_log):
        message = error.message
        expected = _EXPECTED.search(message)
        facet = _FACET.search(message)
        unexpected = _UNEXPECTED.search(message)
        nil = message.endswith("The element is not 'nillable'.")
        yield Finding(
            side,
            "schema",
            f"Body/{_path(element, error.path)}, line {error.line}",
            _NAMESPACE.sub("", expected[1])
            if expected
            else f"a value of {facet[1]}"
            if facet
            else "no element where there is no value: none is nillable"
            if nil
            else "what the schema says",
            _NAMESPACE.sub("", _EXPECTED.sub("", message)),
            _meant(unexpected[1], expected[1], contract.members.get(element.tag, ()))
            if unexpected and expected
            else "",
        )


def _operation_meant(contract: Contract, tag: str) -> str:
    """Which operation an element was meant for: by its name, or by that name in the service's namespace."""
    local = _local(tag)
    return contract.operations[local].input if local in contract.operations else nearest(local, contract.operations)


def _meant(found: str, expected: str, members: Sequence[str]) -> str:
    """
    Which element was meant: by its name, or that name in the service's namespace.

    *expected* is libxml2's list of what may stand there; *members* are all that the operation has, since the one that
    was meant may stand elsewhere.
    """
    names = [name.strip() for name in expected.split(",")]
    plain = [_NAMESPACE.sub("", name) for name in names]
    local = _NAMESPACE.sub("", found)
    if local in plain:  # the name is right, so its namespace is not
        return "" if found in names else names[plain.index(local)]
    return nearest(local, plain) or ("" if local in members else nearest(local, members))


def _unprefixed(element: etree._Element) -> Iterator[Finding]:
    for one in element.iter():
        if isinstance(one.tag, str) and one.prefix is not None:
            yield Finding(
                "response",
                "unprefixed",
                _at(one),
                etree.QName(one).localname,
                f"{one.prefix}:{etree.QName(one).localname}",
            )
            return


def _form_request(contract: Contract, name: str, request: bytes) -> Iterator[Finding]:
    operation = contract.operations.get(name)
    if operation is None or operation.form is None:
        hint = nearest(name.rpartition("/")[2], contract.operations)
        yield Finding("request", "operation", "path", " or ".join(contract.operations), name, hint)
        return
    sent = [key.lower() for key, _ in parse_qsl(request.decode("utf-8", "replace"), keep_blank_values=True)]
    known = {field.lower(): field for field in operation.form}
    missing = [field for lower, field in known.items() if lower not in sent]
    for lower, field in known.items():
        if sent.count(lower) != 1:
            yield Finding("request", "form-fields", field, "once", f"{sent.count(lower)} times")
    for lower in sorted(set(sent) - set(known)):
        hint = nearest(lower, missing)
        yield Finding("request", "form-fields", lower, " or ".join(operation.form), "an unknown field", hint)


def _form_response(contract: Contract, name: str, status: int, response: bytes, content_type: str) -> Iterator[Finding]:
    operation = contract.operations.get(name)
    if operation is None or status != 200:
        return
    if _media_type(content_type) != "text/xml":
        yield Finding("response", "media-type", "header Content-Type", "text/xml", content_type or "nothing")
        return
    try:
        root = etree.fromstring(response, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    except etree.XMLSyntaxError as error:
        yield Finding("response", "well-formed", "document", "well-formed XML", not_xml(response, error))
        return
    if root.tag != operation.form_output:
        yield Finding("response", "operation", "document", operation.form_output, root.tag)
    yield from _schema(contract, "response", root)


def _other(found: str, known: list[str]) -> str:
    """The known text that *found* nearly is and is not; empty where it is one."""
    return "" if found in known else nearest(found, known)


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _soap_types() -> list[str]:
    return [media_type for _, media_type in VERSIONS.values()]


def _media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _parameter(content_type: str, name: str) -> str:
    for part in content_type.split(";")[1:]:
        key, _, value = part.partition("=")
        if key.strip().lower() == name:
            return value.strip().strip("\"'")
    return ""


def _at(element: etree._Element) -> str:
    names = [etree.QName(one).localname for one in [*reversed(list(element.iterancestors())), element]]
    return f"{'/'.join(names)}, line {element.sourceline}"


def _path(element: etree._Element, path: str | None) -> str:
    """A readable path from libxml2's (`/*/*[2]`), in local names."""
    here, names = element, [etree.QName(element).localname]
    for step in (path or "").split("/")[2:]:
        position = int(step[step.index("[") + 1 : -1]) - 1 if "[" in step else 0
        name = step.partition("[")[0].rpartition(":")[2]
        matching = [child for child in here if name == "*" or etree.QName(child).localname == name]
        if position >= len(matching):
            break
        here = matching[position]
        names.append(etree.QName(here).localname)
    return "/".join(names)
