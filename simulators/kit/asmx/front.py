"""
The front of an ASP.NET web service (ASMX): SOAP 1.1, SOAP 1.2, form POST, help pages and WSDL on one address.

A service is declared once, in Spyne, and its messages are generated from that; `AsmxService` compiles a codec per
operation and behaves as the ASMX runtime does, down to its routing and the words of its faults. It knows nothing of
what the operations do.

It departs from .NET in three ways. A request that cannot be parsed is answered 400 *with* a fault that says why; .NET
sends an empty 400. mustUnderstand is checked before the operation runs, not after. A bug of ours never shows its text.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from html import escape
from typing import Any
from urllib.parse import parse_qs, quote, unquote_plus

from lxml import etree

from partnerlab.contracts.first_use import pattern
from partnerlab.simulators.kit.asmx import faults
from partnerlab.simulators.kit.asmx.codec import (
    FormValueInvalid,
    OperationCodec,
    ParameterMissing,
    ValueUnreadable,
    compile_service,
)
from partnerlab.simulators.kit.asmx.faults import SOAP11, SOAP12, SoapFault, Version
from partnerlab.simulators.kit.asmx.forms import FormUnreadable, read_fields, write_answer
from partnerlab.simulators.kit.asmx.message import Handlers, Service
from partnerlab.simulators.kit.asmx.pages import Wsdl, disco, help_page, is_local, operation_page
from partnerlab.simulators.kit.asmx.shapes import Seen, Shapes
from partnerlab.simulators.kit.asmx.templates import Writer, template
from partnerlab.simulators.kit.asmx.xml import MAX_BYTES, XmlRefused, parse, place_after
from partnerlab.simulators.kit.http.charsets import US_ASCII, known
from partnerlab.simulators.kit.http.messages import Ready, Request, Response
from partnerlab.simulators.kit.journal.recording import record_line

__all__ = ["AsmxService", "SoapFault"]

_log = logging.getLogger(__name__)

_FORM = "application/x-www-form-urlencoded"
_ASMX = pattern(r"\.asmx(?=/|\Z)", re.IGNORECASE)
_PARAMETER = pattern(r';\s*([\w-]+)\s*=\s*("[^"]*"|[^;]*)')
# A glance for the journal and the faults; routing itself reads the parsed document.
_FIRST_IN_BODY = pattern(rb"<(?:[\w.-]+:)?Body\b[^<>]*>\s*<(?:[\w.-]+:)?([A-Za-z_][\w.-]*)")
_GLANCE = 4096
Handler = Callable[[Request, Any], Any]
Answerer = Callable[[Request, OperationCodec, Version, etree._Element, etree._Element | None], Response]
"""Of the whole envelope and its operation's element."""
_ENVELOPES = {f"{{{version.namespace}}}Envelope": version for version in (SOAP11, SOAP12)}


class AsmxService:
    """
    An ASMX service as an `App`.

    Args:
        name: What faults and the journal call it.
        service: The operations and their messages.
        handlers: Has a method for each operation, `(request, sent)`, that gives the result.
        namespace: Target namespace where it is not the declared one.
        wsdl: The document handed out on `?WSDL`, its addresses rewritten.
        inline: Whether a call is short enough for the server's event loop.
        group_commit: Whether all a call does is in the store, as `App` says.
        max_body: Bytes a request may have.
        flat_forms: Whether a form POST may carry the members of a single complex parameter, which .NET does not offer.
        samples: What the test form of an operation's page begins with, by a parameter's name.
        shapes: Whether bodies that differ only in their values from one before are read without the parser.
    """

    def __init__(
        self,
        *,
        name: str,
        service: Service[Handlers],
        handlers: Handlers,
        wsdl: bytes,
        namespace: str | None = None,
        inline: bool = True,
        group_commit: bool = False,
        max_body: int = MAX_BYTES,
        flat_forms: bool = False,
        samples: Mapping[str, str] | None = None,
        shapes: bool = True,
    ) -> None:
        self.name = name
        self._samples = {parameter.lower(): value for parameter, value in (samples or {}).items()}
        self.inline, self.group_commit = inline, group_commit
        self.namespace = service.namespace if namespace is None else namespace
        self.max_body = max_body
        self.operations = compile_service(service, namespace=namespace, flat_forms=flat_forms)
        self.handlers: dict[str, Handler] = {name: getattr(handlers, name) for name in self.operations}
        self.answer: Answerer = self._answer
        """Answers a message that passed every check of its envelope: reads it, calls the handler, writes."""
        self._shapes = Shapes(max_body) if shapes else None
        self._make_writer = template
        self._writers: dict[tuple[str, str], Writer] = {}
        self._wsdl = Wsdl(wsdl)
        self._by_action = {one.action: one for one in self.operations.values()}
        self._by_header = {f'"{one.action}"': one for one in self.operations.values()} | self._by_action
        self._by_tag = {one.tag: one for one in self.operations.values()}
        self._by_bytes = {one.name.encode(): one.name for one in self.operations.values()}

    def operation(self, request: Request) -> str:
        """What is asked for: from path, action, or a glance at the body; else `help`, `wsdl`, `disco` or the path."""
        _, method = _split(request.path)
        if method:
            return method
        if request.method != "POST":
            asked = request.query[:5].lower()
            return "wsdl" if asked[:4] == "wsdl" else "disco" if asked == "disco" else "help"
        found = self._by_header.get(request.headers.get("soapaction", ""))
        if found is None:
            action = _media_type(request.headers.get("content-type", ""))[2]
            found = self._by_action.get(action)
        if found is not None:
            return found.name
        match = _FIRST_IN_BODY.search(request.body, 0, _GLANCE)
        return self._by_bytes.get(match[1], request.path) if match else request.path

    def __call__(self, request: Request) -> Response:
        """Answer a request; never raises for anything a caller sent."""
        path, method = _split(request.path)
        if request.method == "POST":
            return self._form(request, method) if method else self._soap(request)
        if request.method not in ("GET", "HEAD"):
            return Response(405, b"", headers=(("Allow", "GET, HEAD, POST"),))
        if method:
            return _html(500, f"Request format is unrecognized for URL unexpectedly ending in '/{method}'.")
        return self._page(request, path)

    def ready(self, request: Request) -> Ready | None:
        """Answers a message that comes again, where its shape is known (`kit/http/asked_again`)."""
        if self._shapes is None or request.method != "POST" or _split(request.path)[1]:
            return None
        seen = self._shapes.read(request.headers, request.body)
        return None if seen is None else partial(self._soap, seen=seen)

    # SOAP

    def _soap(self, request: Request, seen: Seen | None = None) -> Response:
        version, encoding = SOAP11, None
        try:
            if seen is None and self._shapes is not None:
                seen = self._shapes.read(request.headers, request.body)
            if seen is not None:
                version = seen.version
                return self._reply(request, seen)
            media_type, charset, action = _media_type(request.headers.get("content-type", ""))
            version = SOAP12 if media_type == SOAP12.media_type else SOAP11
            encoding = _encoding(media_type, charset)
            if media_type not in (SOAP11.media_type, SOAP12.media_type):
                raise faults.content_type_unexpected(_content_type(request), SOAP11.media_type)
            root = parse(request.body, charset=encoding, max_bytes=self.max_body)
            version = _version(root)
            if version is SOAP11 and media_type != SOAP11.media_type:
                raise faults.content_type_unexpected(_content_type(request), SOAP11.media_type)
            header, body = _parts(root, version)
            element = next(iter(body), None)
            operation = self._route(request, media_type, action, element)
            if header is not None:
                _check_headers(header, version)
            return self.answer(request, operation, version, root, element)
        except SoapFault as fault:
            return Response(fault.status, version.fault(fault), version.content_type)
        except XmlRefused as error:
            status = 413 if error.rule == "size" else 400
            return self._fault(version, faults.unable_to_read(str(error), status=status))
        except ValueUnreadable as error:
            line, column = place_after(error.element, request.body, encoding)
            reason = f"There is an error in XML document ({line}, {column}). ---> {error}"
            return self._fault(version, faults.unable_to_read(reason))
        except Exception:  # noqa: BLE001 - a bug of ours is a fault, never a traceback
            _log.exception("%s: %s failed (request %s)", self.name, record_line(self.operation(request)), request.id)
            return self._fault(version, faults.unable_to_process())

    def _answer(
        self,
        request: Request,
        operation: OperationCodec,
        version: Version,
        root: etree._Element,
        element: etree._Element | None,
    ) -> Response:
        seen = Seen(operation, version, operation.read(element))
        response = self._reply(request, seen)
        if self._shapes is not None:
            media_type, charset, _ = _media_type(request.headers.get("content-type", ""))
            self._shapes.learn(request.headers, request.body, _encoding(media_type, charset), element, seen)
        return response

    def _reply(self, request: Request, seen: Seen) -> Response:
        operation, version, sent = seen
        result = self.handlers[operation.name](request, sent)
        write = self._writers.get((operation.name, version.name))
        if write is None:
            write = self._writers[operation.name, version.name] = self._make_writer(operation, version)
        return Response(200, write(result), version.content_type)

    @staticmethod
    def _fault(version: Version, fault: SoapFault) -> Response:
        return Response(fault.status, version.fault(fault), version.content_type)

    def _route(self, request: Request, media_type: str, action: str, element: etree._Element | None) -> OperationCodec:
        """
        The operation of a request.

        With a SOAPAction header it alone decides. Without one, and always in SOAP 1.2, the content type's action
        comes first and the body's element second.
        """
        header = request.headers.get("soapaction")
        if header is not None and media_type == SOAP11.media_type:
            found = self._by_header.get(header)
            if found is None:
                value = header.strip()
                value = unquote_plus(value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value)
                found = self._by_action.get(value)
                if found is None:
                    raise faults.soap_action_not_recognised(value)
            return found
        found = self._by_action.get(action) if action else None
        if found is None and element is not None:
            found = self._by_tag.get(element.tag)
        if found is None:
            raise faults.action_not_recognised(action) if action else faults.action_required()
        return found

    # Form POST

    def _form(self, request: Request, method: str) -> Response:
        operation = self.operations.get(method)
        if operation is None or operation.form_fields is None:
            return _text(500, f"{method} Web Service method name is not valid.")
        media_type, charset, _ = _media_type(request.headers.get("content-type", ""))
        if media_type != _FORM:
            return _text(500, f"Request format is invalid: {_content_type(request)}.")
        if len(request.body) > self.max_body:
            return _text(413, f"Maximum request length exceeded: the limit is {self.max_body} bytes.")
        try:
            result = self.handlers[method](request, operation.read_form(read_fields(request.body, charset)))
            return Response(200, write_answer(operation, result), "text/xml; charset=utf-8")
        except (ParameterMissing, FormValueInvalid, FormUnreadable) as error:
            return _text(500, str(error))
        except SoapFault as fault:
            return _text(fault.status, fault.message)
        except Exception:  # noqa: BLE001 - a bug of ours is a fault, never a traceback
            _log.exception("%s: %s failed (request %s)", self.name, record_line(method), request.id)
            return _text(500, faults.unable_to_process().message)

    # Pages

    def _page(self, request: Request, path: str) -> Response:
        address = request.base_url + quote(path)
        query = request.query
        file = path.rpartition("/")[2]
        document = query[:5].lower()
        if document[:4] == "wsdl":
            return Response(200, self._wsdl.at(address), "text/xml; charset=utf-8")
        if document == "disco":
            return Response(200, disco(self._wsdl.name, self.namespace, address), "text/xml; charset=utf-8")
        asked = {name.lower(): values[-1] for name, values in parse_qs(query[:1000]).items()}.get("op", "").lower()
        operation = next((one for one in self.operations.values() if one.name.lower() == asked), None)
        if operation is None:
            page = help_page(self._wsdl.name, file, self.operations.values())
        else:
            local = is_local(request.base_url)
            page = operation_page(self._wsdl.name, file, address, operation, local=local, samples=self._samples)
        return Response(200, page, "text/html; charset=utf-8")


@lru_cache(maxsize=1024)
def _split(path: str) -> tuple[str, str]:
    """A path as the service's own part, to `.asmx`, and the operation after it."""
    match = _ASMX.search(path)
    return (path, "") if match is None else (path[: match.end()], path[match.end() :].strip("/"))


@lru_cache(maxsize=1024)
def _media_type(header: str) -> tuple[str, str | None, str]:
    """Media type, charset and SOAP 1.2 action of a Content-Type header."""
    media_type, _, rest = header[:2000].partition(";")
    values = {name.lower(): value.strip().strip("\"'") for name, value in _PARAMETER.findall(";" + rest)}
    return media_type.strip().lower(), values.get("charset") or None, unquote_plus(values.get("action", ""))


@lru_cache(maxsize=1024)
def _encoding(media_type: str, charset: str | None) -> str | None:
    """The encoding of a SOAP message as .NET chooses it; None leaves it to the document's declaration."""
    if charset is not None and known(charset):
        return charset
    return US_ASCII if media_type == SOAP11.media_type else None


def _content_type(request: Request) -> str:
    """The whole Content-Type, as .NET's messages have it; no longer than a line or two."""
    return request.headers.get("content-type", "")[:200]


def _version(root: etree._Element) -> Version:
    version = _ENVELOPES.get(root.tag)
    if version is None:
        name = etree.QName(root)
        if name.localname != "Envelope":
            raise faults.unable_to_read("Root element is not a SOAP Envelope.")
        raise faults.version_mismatch(name.namespace or "")
    return version


def _parts(root: etree._Element, version: Version) -> tuple[etree._Element | None, etree._Element]:
    header = None
    for child in root:
        tag = child.tag
        if tag == version.body_tag:
            return header, child
        if tag == version.header_tag:
            header = child
    raise faults.unable_to_read("The SOAP Body element is missing.")


def _check_headers(header: etree._Element, version: Version) -> None:
    # No operation here understands any header.
    for entry in header:
        must = entry.get(f"{{{version.namespace}}}mustUnderstand", "")
        target = entry.get(f"{{{version.namespace}}}{version.actor}", "")
        for_us = target in ("", version.next_actor) or target.endswith("/role/ultimateReceiver")
        if must.strip() in ("1", "true") and for_us:
            raise faults.header_not_understood(etree.QName(entry).localname)


def _text(status: int, message: str) -> Response:
    return Response(status, f"{message}\r\n".encode(), "text/plain; charset=utf-8")


def _html(status: int, message: str) -> Response:
    text = escape(message)
    page = f"<!DOCTYPE html><html><head><title>{text}</title></head><body><h1>Server Error</h1>{text}</body></html>"
    return Response(status, page.encode(), "text/html; charset=utf-8")
