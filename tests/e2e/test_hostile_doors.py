"""64 KB of anything, at every door: the event loop handles it, so it may cost no more than hundredths of a second."""

from __future__ import annotations

import json
import time
from base64 import b64encode
from collections.abc import Iterator

import pytest

from partnerlab.sandbox import Sandbox
from partnerlab.settings import SandboxSettings

SIZE = 64 * 1024
CPU_S = 0.05
BUSY_MACHINE = 8
"""Processor time of one and the same call was seen to vary as much while other programs shared the caches."""

KEY = "Basic " + b64encode(b"sandbox-api-key").decode()
DOORS = {
    "inHance": ("/iCloud/iCloud.asmx", {"content-type": "text/xml", "soapaction": '"http://tempuri.org/BalanceCheck"'}),
    "inHance 1.2": ("/iCloud/iCloud.asmx", {"content-type": "application/soap+xml"}),
    "inHance form": ("/iCloud/iCloud.asmx/BalanceCheck", {"content-type": "application/x-www-form-urlencoded"}),
    "TCCS": ("/invoicecloudapi/api/Pay_Input", {"content-type": "application/x-www-form-urlencoded"}),
    "REST": ("/api/v1/customer/RetrieveCustomerGuid", {"content-type": "application/json", "authorization": KEY}),
    "Cloud Payments": ("/cloudpaymentsapi/v2", {"content-type": "application/json", "authorization": KEY}),
    "CloudManagement": ("/portal/webservices/CloudManagement.asmx", {"content-type": "text/xml"}),
    "RemoteAuthenticationWS": ("/portal/webservices/RemoteAuthenticationWS.asmx", {"content-type": "text/xml"}),
    "connect": ("/cloudsso/connect", {"content-type": "application/x-www-form-urlencoded"}),
    "control": ("/_sandbox/lanes", {"content-type": "application/json"}),
    "control load": ("/_sandbox/lanes/hostile/load", {"content-type": "application/json"}),
}
SOAP = b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>%b</s:Body></s:Envelope>'
CHECK = SOAP % b'<BalanceCheck xmlns="http://tempuri.org/"><AccountNumber>%b</AccountNumber></BalanceCheck>'
PIECES = [
    *(b"0", b"9", b"a", b" ", b"\n", b"\x00", b"\xff", b"\xc3\xa9", b"%", b"%41", b"+", b"&", b"=", b"a=1&", b"&a"),
    *(b"<", b"<a>", b"<a/>", b"</a>", b"<a b='c'/>", b"<!--", b"<![CDATA[", b"&lt;", b"&#1;", b"<?a?>", b"<a:b>"),
    *(b"[", b"{", b'"', b'{"a":', b"[1,", b'"\\u0041', b"1e", b"-", b'\\ud800"', b'{"a":1},', b"|", b":", b"@", b","),
    *(b"<Password>", b'"Password":"', b"4111 ", b"authorization:", b"2026-", b"1.", b"AccountNumber="),
]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxSettings(port=0)) as running:
        running.lanes.get("hostile")
        running._control.warm()
        yield running


def cost_s(sandbox: Sandbox, door: str, body: bytes) -> tuple[float, int]:
    """Processor time of this thread for one call, the least of two, and the status."""
    path, headers = DOORS[door]
    headers = {"host": "127.0.0.1", "x-sandbox-lane": "hostile"} | headers
    best, status = 99.0, 0
    for _ in range(2):
        exchange = sandbox.server.site.accept("POST", path.encode(), headers, body, sandbox.url)
        started = time.thread_time()
        response, _plan = exchange.run()
        best = min(best, time.thread_time() - started)
        assert response is not None
        status = response.status
        if best < CPU_S:
            break
    return best, status


def wrapped(content_type: str, whole: bytes) -> list[bytes]:
    """As values in a body of that type, so that it is read as far as them."""
    if content_type == "application/json":
        return [b'{"AccountNumber": "' + whole[: SIZE - 30] + b'"}', b'{"Amount": ' + whole[: SIZE - 20] + b"}"]
    return [CHECK % whole[: SIZE - 300] if "xml" in content_type else b"contentInfo=" + whole[: SIZE - 20]]


@pytest.mark.parametrize("door", DOORS)
def test_64_kb_of_anything_cost_a_door_little_and_get_an_answer(sandbox: Sandbox, door: str) -> None:
    slowest = (0.0, b"")
    for piece in PIECES:
        whole = (piece * SIZE)[:SIZE]
        for body in (whole, *wrapped(DOORS[door][1]["content-type"], whole)):
            spent, status = cost_s(sandbox, door, body)
            # ASP.NET answers with 500 whatever a service cannot read.
            assert status != 500 or "asmx" in DOORS[door][0], (piece, body[:60])
            slowest = max(slowest, (spent, piece))
    print(f"{door}: at most {slowest[0] * 1000:.0f} ms, for {slowest[1]!r}")  # noqa: T201 - what was measured
    assert slowest[0] < CPU_S * BUSY_MACHINE, slowest


ODD = {
    "lone surrogate": "\ud800",
    "surrogate inside": "a\udfffb",
    "nul": "\x00",
    "lists": [[]] * 3,
    "deep": json.loads("[" * 200 + "]" * 200),
    "400 digits": 10**400,
    "nan": float("nan"),
    "true": True,
}


@pytest.mark.parametrize("door", ["REST", "Cloud Payments", "control", "control load"])
@pytest.mark.parametrize("value", ODD.values(), ids=ODD)
def test_odd_json_is_refused_and_no_error_of_ours(sandbox: Sandbox, door: str, value: object) -> None:
    for name in ("name", "AccountNumber", "lanes", "EmailAddress", "Username", "Password", "Amount", "CustomerName"):
        _, status = cost_s(sandbox, door, json.dumps({name: value}).encode())
        assert status < 500, (name, status)
        if door == "control load":
            _, status = cost_s(sandbox, door, json.dumps({"tables": {"ic_customers": [{name: value}]}}).encode())
            assert 400 <= status < 500, (name, status)


@pytest.mark.parametrize(
    "host",
    ["a:99999", "a:0x1", "[::1", "::1", "a b", "[::1]:x", "\u00e9", "127.0.0.1:", "a..b", "%31", "a@b", "[v1.a]", ""],
)
def test_an_odd_host_is_refused_at_every_door(sandbox: Sandbox, host: str) -> None:
    for path in (b"/iCloud/iCloud.asmx", b"/_sandbox/lanes", b"/portal/site.css", b"/_pump/deliveries", b"/nowhere"):
        response, _ = sandbox.server.site.accept("GET", path, {"host": host}, b"", sandbox.url).run()
        assert response is not None
        assert response.status in (400, 403, 404), (path, response.status)
