"""What a defective consumer is, and the ways to make one that are not the line's own."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from partnerlab.client.http import HttpRequest, HttpResponse
from partnerlab.contracts.files import load_layout
from tests.bill_files import change
from tests.contracts.verification.consumers.wire import Break, Line, on, rewrites

__all__ = [
    "KEY",
    "WRONG_KEY",
    "Defect",
    "cells",
    "kept_alive_once",
    "never_again",
    "of",
    "renamed",
    "swapped",
    "to",
    "token_for_each_page",
    "uploads",
]

SIGN_IN = ("RetrieveUsers", "RemoteAuthentication", "RetrieveCustomerGuid", "RetrieveUserAccounts")
KEY = "<Web[Ss]erviceKey>[^<]*</Web[Ss]erviceKey>"
WRONG_KEY = "<WebServiceKey>99999999-9999-4999-8999-999999999999</WebServiceKey>"


@dataclass(frozen=True)
class Defect:
    """One defective consumer; `receiver` is what it does wrong with postbacks."""

    role: str
    fails: frozenset[str]
    breaks: Break | None = None
    receiver: str = ""


def of(role: str, requirements: str, breaks: Break | None = None, *, receiver: str = "") -> Defect:
    return Defect(role, frozenset(requirements.split()), breaks, receiver)


def swapped(one: str, other: str) -> Callable[[re.Match[str]], str]:
    """The texts of two elements, each in the place of the other."""
    return lambda found: f"<{one}>{found[3]}</{one}>{found[2]}<{other}>{found[1]}</{other}>"


def uploads(edit: Callable[[bytes], bytes]) -> Break:
    """The uploaded file is another."""

    def changed(found: re.Match[str]) -> str:
        return f"<FileContent>{base64.b64encode(edit(base64.b64decode(found[1]))).decode()}</FileContent>"

    return rewrites(on("UploadInvoiceFile"), "<FileContent>([^<]*)</FileContent>", changed)


def cells(layout: str, line: int, **values: str) -> Break:
    """Cells of one line of the bill file are others."""
    return uploads(lambda data: change(data, load_layout(layout), line, **values))


def renamed(pattern: str, new: str) -> Callable[[HttpRequest], HttpRequest]:
    """The same call with something else in its body."""
    return lambda request: request._replace(content=re.sub(pattern, new, request.content.decode()).encode())


def to(operation: str, **body: object) -> Callable[[HttpRequest], HttpRequest]:
    """A call of another REST operation, with the credentials of the first."""

    def other(request: HttpRequest) -> HttpRequest:
        folder = "customer" if operation == "CreateCustomerRecord" else "remoteauthentication"
        url = re.sub(r"/api/v1/.*", f"/api/v1/{folder}/{operation}", request.url)
        return request._replace(operation=operation, url=url, content=json.dumps(body).encode())

    return other


def token_for_each_page(line: Line, request: HttpRequest) -> HttpResponse:
    """Every page begins with a sign-in of its own, as if the session's token were lost."""
    if request.operation != "CloudSSO":
        if len(line.held) < len(SIGN_IN) and request.operation == SIGN_IN[len(line.held)]:
            line.held.append(request)
        return line.really(request)
    answers = [json.loads(line.really(held).content) for held in line.held]
    body = re.sub(rb"Token=[^&]*", b"Token=" + answers[1]["RemoteAuthenticationToken"].encode(), request.content)
    return line.really(request._replace(content=body))


def kept_alive_once(line: Line, request: HttpRequest) -> HttpResponse:
    """The session is kept alive with the first page only."""
    if request.operation != "KeepRemoteSessionAlive":
        return line.really(request)
    if not line.answers:
        line.answers.append(line.really(request))
    return line.answers[0]


def never_again(line: Line, request: HttpRequest) -> HttpResponse:
    """A payment is sent once, whatever became of it."""
    if b"guid-4" in request.content:
        line.held.append(request)
        if len(line.held) > 1:
            return line.aside(request)
    return line.really(request)
