"""
The contract's verdict on one recorded exchange with a REST service: a form or JSON in, JSON, XML or PDF out.

    verdict(read_bytes("tccs_rest/openapi.yaml"))(operation, request, headers, status, response, content_type)

It knows the OpenAPI document and the rules of HTTP, and trusts neither side. The schema is applied strictly. Where the
document says that requests are read leniently, what is only spelt otherwise (a name in another case, a number in
quotes) is told under a rule of its own. What a record does not hold (path parameters, query) is not judged.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from lxml import etree

from partnerlab.contracts.masking import mask_text
from partnerlab.contracts.verification.findings import Finding, Verdict, what_it_is
from partnerlab.contracts.verification.lenient import as_it_is_read
from partnerlab.contracts.verification.near import nearest_path
from partnerlab.contracts.verification.openapi import Document, FormatCheck, Operation
from partnerlab.contracts.verification.schema import Side, findings

__all__ = ["RULES", "verdict"]

RULES = {
    "operation": "The call is one of the contract's operations.",
    "method": "A path is called by a method that the contract has for it.",
    "credential": "An operation that needs HTTP Basic credentials is given them.",
    "media-type": "The content type is one that the contract has for the message.",
    "body": "A body stands where the contract has one, and only there.",
    "form": "A form is URL-encoded UTF-8.",
    "form-fields": "A field stands in a form once.",
    "json": "JSON is well-formed UTF-8, and a name stands in an object once.",
    "xml": "XML is well-formed, without a document type declaration, and has the contract's element names.",
    "pdf": "A PDF begins as one.",
    "spelling": "Names of a JSON request are spelt as the contract spells them, booleans and numbers have no quotes.",
    "schema": "The message is valid against the contract's schema.",
    "format": "A value has the format that the contract names.",
    "status": "The status is one that the contract has for the operation.",
    "accept": "The answer is of a type that the caller accepts, where the contract has one.",
}

FORM = "application/x-www-form-urlencoded"
XML_TYPES = ("application/xml", "text/xml")
FEW = 6  # paths that a finding lists
DIGITS = 26  # of a number: what can be reckoned with exactly
INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
DECIMAL = re.compile(r"[+-]?[0-9]{1,16}(?:\.[0-9]{1,10})?")  # as xs:decimal
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


def verdict(openapi: bytes, *, formats: Mapping[str, FormatCheck] | None = None) -> Verdict:
    """
    The check of one service.

    The document is read at the first check, which raises `ValueError` where it is no OpenAPI 3.1 document.

    Args:
        formats: Checks by the name of a `format`, beside those of the `contentInfo` of TCCS, which are known. Each
            raises `ValueError`; with `column`, `expected` and `found` the finding says where.
    """
    document = Document(openapi, formats)

    def check(
        operation: str, request: bytes, headers: Mapping[str, str], status: int, response: bytes, response_type: str
    ) -> list[Finding]:
        content_type = headers.get("content-type", "")
        found = document.operation(operation)
        if found is None:
            if not request and not content_type and status < 400:
                return []  # a page was asked for
            return [_unknown(document, operation)]
        asked = _request(document, found, request, headers)
        answered = _response(document, found, headers, status, response, response_type) if status else ()
        return [*asked, *answered]

    return check


def _unknown(document: Document, path: str) -> Finding:
    """A path that is no operation's, with the one that it nearly is; or one that takes other methods."""
    if methods := document.methods(path):
        method, _, told = path.partition(" ")
        return Finding(
            "request", "method", "method", " or ".join(methods), mask_text(method) if told else "another one"
        )
    shown = mask_text(path)
    paths = list(dict.fromkeys(operation.path for operation in document.operations.values()))
    expected = " or ".join(paths) if len(paths) <= FEW else f"one of the contract's {len(paths)} paths"
    return Finding("request", "operation", "path", expected, shown or "nothing", nearest_path(shown, paths))


def _request(document: Document, operation: Operation, body: bytes, headers: Mapping[str, str]) -> Iterator[Finding]:
    if operation.basic and not headers.get("authorization", "").lower().startswith("basic "):
        found = "another scheme" if "authorization" in headers else "nothing"
        yield Finding("request", "credential", "header Authorization", "Basic credentials", found)
    if not operation.request:
        if body:
            yield Finding("request", "body", "body", "nothing", f"{len(body)} bytes")
        return
    if not body and not operation.request_required:
        return
    yield from _message(document, "request", operation.request, body, headers.get("content-type", ""))


def _response(
    document: Document,
    operation: Operation,
    headers: Mapping[str, str],
    status: int,
    body: bytes,
    content_type: str,
) -> Iterator[Finding]:
    bodies = operation.answers(status)
    if bodies is None:
        yield Finding("response", "status", "status", " or ".join(operation.responses), str(status))
        return
    if not bodies:
        if body:
            yield Finding("response", "body", "body", "nothing", f"{len(body)} bytes")
        return
    accept = headers.get("accept", "")
    welcome = [known for known in bodies if _accepts(accept, known)]
    if welcome and _media_type(content_type) in bodies and _media_type(content_type) not in welcome:
        yield Finding("response", "accept", "header Content-Type", " or ".join(welcome), _media_type(content_type))
    yield from _message(document, "response", bodies, body, content_type)


def _message(
    document: Document, side: Side, bodies: Mapping[str, str], body: bytes, content_type: str
) -> Iterator[Finding]:
    """What a body breaks; *bodies* are the schemas by the media types that it may have."""
    media_type = _media_type(content_type)
    if not body:
        yield Finding(side, "body", "body", " or ".join(bodies), "nothing")
        return
    if media_type not in bodies:
        yield Finding(side, "media-type", "header Content-Type", " or ".join(bodies), media_type or "nothing")
        return
    pointer = bodies[media_type]
    try:
        if media_type == "application/pdf":
            if not body.startswith(b"%PDF-"):
                raise Unreadable("pdf", "body", "%PDF- at its beginning", "something else")
            return
        value = _read(document, pointer, media_type, body)
    except Unreadable as error:
        yield Finding(side, error.rule, error.where, error.expected, error.found)
        return
    try:
        if side == "request" and document.reads_leniently and "json" in media_type:
            value, spelt = as_it_is_read(document, pointer, value)
            yield from spelt
        yield from list(findings(document.validator(pointer), side, value))
    except RecursionError:
        yield Finding(side, "json", "body", "values a few levels deep", "hundreds of levels")


class Unreadable(Exception):
    """A body cannot be taken apart; the fields are those of the finding."""

    def __init__(self, rule: str, where: str, expected: str, found: str) -> None:
        self.rule, self.where, self.expected, self.found = rule, where, expected, found
        super().__init__(f"{where}: expected {expected}, found {found}")


def _read(document: Document, pointer: str, media_type: str, body: bytes) -> Any:
    """The value in a body, as the schema is about it. Raises `Unreadable`."""
    if media_type == FORM:
        return _form(body)
    if media_type in XML_TYPES:
        return _xml(document, document.schema(pointer), body)
    if media_type == "application/json" or media_type.endswith("+json"):
        return _json(body)
    return body.decode("utf-8", "replace")


def _form(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            body.decode("utf-8"), keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=1_000
        )
    except ValueError as error:  # what it is about may be quoted in it
        found = "bytes that are not UTF-8" if isinstance(error, UnicodeDecodeError) else "something else"
        raise Unreadable("form", "body", "name=value pairs in UTF-8, URL-encoded", found) from None
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise Unreadable("form-fields", mask_text(name), "once", f"{names.count(name)} times")
    return dict(pairs)


def _json(body: bytes) -> Any:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        for name in names:
            if names.count(name) > 1:
                raise Unreadable("json", mask_text(name), "once", f"{names.count(name)} times")
        return dict(pairs)

    def refuse(word: str) -> NoReturn:
        raise Unreadable("json", "body", f"a number of at most {DIGITS} digits", word[:DIGITS])

    def number(text: str) -> Decimal:
        exact = Decimal(text)
        return exact if len(text) <= DIGITS and abs(exact.adjusted()) <= DIGITS else refuse(text)

    def whole(text: str) -> int:
        return int(text) if len(text) <= DIGITS else refuse(text)

    if body.startswith(b"\xef\xbb\xbf"):
        raise Unreadable("json", "body", "no byte order mark before JSON (RFC 8259, 8.1)", "a byte order mark")
    try:
        return json.loads(
            body.decode("utf-8"), object_pairs_hook=once, parse_float=number, parse_int=whole, parse_constant=refuse
        )
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Unreadable("json", where, "well-formed JSON", error.msg) from None
    except (UnicodeDecodeError, RecursionError, ValueError):
        raise Unreadable("json", "body", "well-formed JSON in UTF-8", what_it_is(body, "something else")) from None


def _xml(document: Document, schema: Mapping[str, Any], body: bytes) -> Any:
    try:
        parser = etree.XMLParser(
            resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
        )
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        line = error.lineno if isinstance(error, etree.XMLSyntaxError) else 1
        raise Unreadable("xml", f"line {line}", "well-formed XML", "something else") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise Unreadable("xml", "document", "no DOCTYPE", "a DOCTYPE")
    name = schema.get("xml", {}).get("name", "")
    if name and root.tag != name:
        raise Unreadable("xml", "document", name, str(root.tag))
    return _element_value(document, schema, root)


def _element_value(document: Document, schema: Mapping[str, Any], element: etree._Element) -> Any:
    """An element as the value that its schema is about. Text that is not of its type stays text. No lists."""
    if element.get(NIL) in ("true", "1"):
        return None
    if "properties" not in schema:
        return _text_value(schema, element.text or "")
    properties = {name: document.resolved(own) for name, own in schema["properties"].items()}
    by_element = {own.get("xml", {}).get("name", name): name for name, own in properties.items()}
    value: dict[str, Any] = {}
    for child in element:
        tag = str(child.tag)
        name = by_element.get(tag, tag)
        if name in value:
            raise Unreadable("xml", f"{tag}, line {child.sourceline}", "once", "again")
        value[name] = _element_value(document, properties.get(name, {}), child)
    return value


def _text_value(schema: Mapping[str, Any], text: str) -> Any:
    types = schema.get("type", [])
    stripped = text.strip()
    for type in [types] if isinstance(types, str) else types:
        if type == "boolean" and stripped in ("true", "false", "1", "0"):
            return stripped in ("true", "1")
        if type == "integer" and INTEGER.fullmatch(stripped):
            return int(stripped)
        if type == "number" and DECIMAL.fullmatch(stripped):
            return Decimal(stripped)
    return text


def _accepts(accept: str, media_type: str) -> bool:
    ranges = [part.partition(";")[0].strip().lower() for part in accept.split(",") if "q=0;" not in f"{part.strip()};"]
    kind = media_type.partition("/")[0]
    return not accept.strip() or any(one in (media_type, f"{kind}/*", "*/*") for one in ranges)


def _media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()
