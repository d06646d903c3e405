"""
What a browser gets from an ASMX service: the list of operations, a page per operation, the WSDL.

The samples on an operation's page are made from its codec, so they cannot disagree with what is served.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Mapping
from html import escape
from ipaddress import ip_address
from urllib.parse import urlsplit

from partnerlab.contracts.first_use import pattern
from partnerlab.simulators.kit.asmx.codec import Field, OperationCodec
from partnerlab.simulators.kit.asmx.faults import SOAP11, SOAP12, Version

__all__ = ["Wsdl", "disco", "help_page", "is_local", "operation_page"]

_ADDRESS = pattern(r'(<(?:\w+:)?address\s[^>]*?location=")[^"]*(")')
_SERVICE = pattern(r'<(?:\w+:)?service\s[^>]*?name="([^"]*)"')

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;color:#1c2733;background:#f5f7f9;margin:0}
header{background:#1f4e79;color:#fff;padding:1rem 2rem}header h1{margin:0;font-size:1.4rem}
main{max-width:60rem;margin:0 auto;padding:1rem 2rem 3rem;overflow-wrap:anywhere}a{color:#1f4e79}header a{color:#fff}
h3{margin-top:2rem}li{margin:.4rem 0}.doc{color:#57677a;margin-left:.5rem}
pre{background:#fff;border:1px solid #d5dde5;border-radius:4px;padding:.8rem;overflow-x:auto;font-size:13px}
b{color:#a8431c;font-weight:600}
label{display:grid;grid-template-columns:minmax(0,14rem) minmax(0,1fr);gap:.2rem 1rem;margin:.4rem 0}
input{font:inherit;padding:.2rem .4rem;border:1px solid #b9c4cf;border-radius:3px;width:100%;box-sizing:border-box}
button{font:inherit;padding:.3rem 1rem;background:#1f4e79;color:#fff;border:0;border-radius:3px;cursor:pointer}
@media (max-width:40rem){header,main{padding-left:1rem;padding-right:1rem}label{grid-template-columns:minmax(0,1fr)}
input,button{min-height:44px}}
"""


_SAMPLES = {"boolean": "true", "int": "1", "long": "1", "decimal": "1.00", "dateTime": "2026-06-16T10:00:00"}
"""What the test form begins with where a service has no sample of its own for a parameter, by type."""


class Wsdl:
    """A WSDL file whose addresses are written anew for each place it is asked on."""

    def __init__(self, document: bytes) -> None:
        text = document.decode("utf-8-sig")
        self.name = (_SERVICE.search(text) or ["", "Service"])[1]
        """Name of the service."""
        self._parts = _ADDRESS.split(text)

    def at(self, address: str) -> bytes:
        """The document with *address* at every port."""
        # split() with two groups gives text, start, end, text, …: the address goes between start and end.
        quoted = escape(address)
        parts = (part + quoted if at % 3 == 1 else part for at, part in enumerate(self._parts))
        return "".join(parts).encode("utf-8")


def disco(name: str, namespace: str, address: str) -> bytes:
    """The discovery document, from which .NET's tools find the WSDL and the SOAP ports."""
    at, target = escape(address), escape(namespace)
    ports = "".join(
        f'  <soap address="{at}" xmlns:q{number}="{target}" binding="q{number}:{name}{port}"'
        ' xmlns="http://schemas.xmlsoap.org/disco/soap/" />\r\n'
        for number, port in enumerate(("Soap", "Soap12"), 1)
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\r\n<discovery xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        ' xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns="http://schemas.xmlsoap.org/disco/">\r\n'
        f'  <contractRef ref="{at}?wsdl" docRef="{at}" xmlns="http://schemas.xmlsoap.org/disco/scl/" />\r\n'
        f"{ports}</discovery>"
    ).encode()


def is_local(base_url: str) -> bool:
    """Whether the caller reached the service on a loopback address."""
    host = urlsplit(base_url).hostname or ""
    with contextlib.suppress(ValueError):
        return ip_address(host).is_loopback
    return host == "localhost"


def help_page(name: str, file: str, operations: Iterable[OperationCodec]) -> bytes:
    """The list of operations; *file* is the last segment of the path, as the links need it."""
    items = "".join(
        f'<li><a href="{escape(file)}?op={one.name}">{one.name}</a><span class="doc">{escape(one.doc)}</span></li>'
        for one in operations
    )
    return _page(
        name,
        file,
        f"<h1>{escape(name)}</h1>",
        "<p>The following operations are supported. For a formal definition, please review the"
        f' <a href="{escape(file)}?WSDL">Service Description</a>.</p><ul>{items}</ul>',
    )


def operation_page(
    name: str, file: str, address: str, operation: OperationCodec, *, local: bool, samples: Mapping[str, str]
) -> bytes:
    """
    One operation: the test form on loopback, and samples for SOAP 1.1, SOAP 1.2 and HTTP POST.

    *samples* are values that the form begins with, by a parameter's name in lower case.
    """
    url = urlsplit(address)
    shown = [_soap_sample(version, operation, url.path, url.netloc) for version in (SOAP11, SOAP12)]
    if operation.form_fields is not None:
        shown.append(_post_sample(operation, url.path, url.netloc))
    return _page(
        name,
        file,
        f'<h1>{escape(name)}</h1>Click <a href="{escape(file)}">here</a> for a complete list of operations.',
        f"<h2>{operation.name}</h2><p>{escape(operation.doc)}</p><h3>Test</h3>"
        + _form(operation, file, local=local, samples=samples)
        + "".join(shown),
    )


def _page(title: str, file: str, header: str, body: str) -> bytes:
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)} Web Service</title>"
        f'<link rel="alternate" type="text/xml" href="{escape(file)}?disco">'
        f"<style>{_STYLE}</style></head><body><header>{header}</header><main>{body}</main></body></html>"
    ).encode()


def _form(operation: OperationCodec, file: str, *, local: bool, samples: Mapping[str, str]) -> str:
    if operation.form_fields is None:
        return "<p>No test form is available because the operation takes complex parameters.</p>"
    if not local:
        return "<p>The test form is only available for requests from the local machine.</p>"
    fields = "".join(
        f'<label><span>{one.name} <small>({one.type_name})</small></span><input name="{one.name}"'
        f' value="{escape(samples.get(one.name.lower(), _SAMPLES.get(one.type_name, "")))}" autocomplete="off"></label>'
        for one in operation.form_fields
    )
    return (
        "<p>To test the operation using the HTTP POST protocol, click the 'Invoke' button.</p>"
        f'<form method="post" action="{escape(file)}/{operation.name}" target="_blank">{fields}'
        '<button type="submit">Invoke</button></form>'
    )


def _soap_sample(version: Version, operation: OperationCodec, path: str, host: str) -> str:
    action = f'SOAPAction: "{operation.action}"\n' if version is SOAP11 else ""
    result = () if operation.result is None else (operation.result,)
    return (
        f"<h3>SOAP {version.name}</h3><p>The following is a sample SOAP {version.name} request and response."
        " The <b>placeholders</b> shown need to be replaced with actual values.</p>"
        + _pre(
            f"POST {path} HTTP/1.1\nHost: {host}\nContent-Type: {version.content_type}\n"
            f"Content-Length: {{length}}\n{action}\n"
            + _envelope(version, operation, operation.name, operation.parameters)
        )
        + _pre(
            f"HTTP/1.1 200 OK\nContent-Type: {version.content_type}\nContent-Length: {{length}}\n\n"
            + _envelope(version, operation, operation.name + "Response", result)
        )
    )


def _post_sample(operation: OperationCodec, path: str, host: str) -> str:
    form = "&".join(f"{one.name}={{string}}" for one in operation.form_fields or ())
    answer = ""
    if operation.result is not None:
        name = operation.result.type_name
        answer = (
            '<?xml version="1.0" encoding="utf-8"?>\n'
            f'<{name} xmlns="{operation.namespace}">' + _content(operation.result, 0) + f"</{name}>"
        )
    return (
        "<h3>HTTP POST</h3><p>The following is a sample HTTP POST request and response."
        " The <b>placeholders</b> shown need to be replaced with actual values.</p>"
        + _pre(
            f"POST {path}/{operation.name} HTTP/1.1\nHost: {host}\n"
            f"Content-Type: application/x-www-form-urlencoded\nContent-Length: {{length}}\n\n{form}"
        )
        + _pre(f"HTTP/1.1 200 OK\nContent-Type: text/xml; charset=utf-8\nContent-Length: {{length}}\n\n{answer}")
    )


def _envelope(version: Version, operation: OperationCodec, element: str, fields: tuple[Field, ...]) -> str:
    inner = "".join(_element(one, 3) for one in fields)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<soap:Envelope xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        f' xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:soap="{version.namespace}">\n'
        f'  <soap:Body>\n    <{element} xmlns="{operation.namespace}">\n{inner}    </{element}>\n'
        "  </soap:Body>\n</soap:Envelope>"
    )


def _element(field: Field, depth: int) -> str:
    return f"{'  ' * depth}<{field.name}>{_content(field, depth)}</{field.name}>\n"


def _content(field: Field, depth: int) -> str:
    if field.scalar is not None:
        return f"{{{field.type_name}}}"
    return "\n" + "".join(_element(one, depth + 1) for one in field.members) + "  " * depth


def _pre(text: str) -> str:
    """Preformatted text with `{placeholders}` set off."""
    return "<pre>" + re.sub(r"\{(\w+)\}", r"<b>\1</b>", escape(text, quote=False)) + "</pre>"
