"""A door that takes bill files lifts the parser's limits for large requests: nothing else may come in that way."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from partnerlab.simulators.kit.http.messages import Response
from tests.simulators.ic_webservices.harness import INVOICING, SOAP11, Harness

PATH = "/portal/webservices/CloudInvoicing.asmx"
LONG = b"A" * 10_500_000


def post(harness: Harness, body: bytes, content_type: str = "text/xml") -> Response:
    action = f'"{INVOICING}UploadInvoiceFile"'
    return harness.sim.doors[PATH](
        harness.request("POST", PATH, body, {"content-type": content_type, "soapaction": action})
    )


def envelope(inner: bytes, before: bytes = b"") -> bytes:
    return before + f'<s:Envelope xmlns:s="{SOAP11}"><s:Body>'.encode() + inner + b"</s:Body></s:Envelope>"


BOMB = b"<!DOCTYPE a [" + b"".join(
    b'<!ENTITY e%d "%s">' % (n, b"&e%d;" % (n - 1) * 10 if n else b"x" * 10) for n in range(10)
) + b"]>"  # fmt: skip
IN_UTF7 = BOMB.replace(b"+", b"+-").replace(b"<", b"+ADw-").replace(b"!", b"+ACE-").replace(b"&", b"+ACY-")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (lambda: envelope(b'<a b="&e9;">' + LONG + b"</a>", BOMB), 400),
        (lambda: envelope(b'<a b="&e9;">' + LONG + b"</a>", b'<?xml version="1.0" encoding="UTF-7"?>' + IN_UTF7), 400),
        (lambda: envelope(b'<a b="&e9;"/>', b'<?xml version="1.0" encoding="UTF-7"?>' + IN_UTF7), 400),
        (lambda: envelope(LONG + b"<a>" * 3_000 + b"</a>" * 3_000), 400),
        (lambda: envelope(b"<a " + b" ".join(b'a%d=""' % n for n in range(100_000)) + b">" + LONG + b"</a>"), 400),
        (lambda: envelope(b"<a/>" * 60_000 + LONG), 400),
        (lambda: envelope(b'<a b="&e9;">' + LONG[:6_000_000] + b"</a>", BOMB).decode().encode("utf-16"), 400),
        (lambda: envelope(LONG * 7), 413),
    ],
    ids=["DTD", "DTD in UTF-7", "small DTD in UTF-7", "depth", "attributes", "elements", "DTD in UTF-16", "size"],
)
def test_what_is_hostile_is_refused_before_it_costs_anything(
    harness: Harness, body: Callable[[], bytes], status: int
) -> None:
    sent = body()
    started = time.process_time()
    response = post(harness, sent)
    spent_s = time.process_time() - started
    assert response.status == status, response.body
    assert b"soap:Client" in response.body
    assert spent_s < 5, "a hundred thousand attributes used to cost 44 seconds"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_large_request_with_another_operation_is_read_like_any_other(harness: Harness, encoding: str) -> None:
    response = post(harness, envelope(b"<a>" + LONG + b"</a>").decode().encode(encoding))
    assert response.status == 200
    assert b"Req: " in response.body
