"""A call over a kept connection without httpx gives what one over httpx gives, whatever the server answers."""

from __future__ import annotations

import random
import ssl
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import httpcore
import httpx
import pytest
from httpcore._backends.sync import SyncStream

from partnerlab.client.errors import ProtocolError, RequestInvalid, TransportError
from partnerlab.client.http import HttpRequest, Timeouts, Transport, connections
from partnerlab.client.http.connections import AsyncConnections, Connections
from partnerlab.client.http.direct import request_head
from tests.client.http.support import PATIENT, QUICK, Waited, ends_in_time, request
from tests.client.http.test_addresses import CERTIFICATE

Serve = Callable[..., Any]
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n<ok/>"

ANSWERS: dict[str, tuple[bytes, ...]] = {
    "plain": (PLAIN,),
    "no reason": (b"HTTP/1.1 200\r\nContent-Length: 5\r\n\r\n<ok/>",),
    "a fault": (b"HTTP/1.1 500 No\r\nContent-Type: text/xml\r\ncontent-length:  5 \r\n\r\n<ok/>",),
    "no body": (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",),
    "in pieces": (b"HTTP/1.1 200 OK\r\nContent-", b"Length: 5\r\n\r", b"\n<o", b"k/>"),
    "body after the head": (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", b"<", b"ok/>"),
    "chunked": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<ok/>\r\n0\r\n\r\n",),
    "chunked and a length": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<ok/>\r\n0\r\n\r\n",
    ),
    "until the end": (b"HTTP/1.1 200 OK\r\n\r\n<ok/>", b""),
    "closes": (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\n<ok/>", b""),
    "keeps": (b"HTTP/1.1 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 5\r\n\r\n<ok/>",),
    "HTTP/1.0": (b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n<ok/>", b""),
    "HTTP/2.0": (b"HTTP/2.0 200 OK\r\nContent-Length: 5\r\n\r\n<ok/>",),
    "100 first": (b"HTTP/1.1 100 Continue\r\n\r\n" + PLAIN,),
    "103 first, apart": (b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n", PLAIN),
    "204": (b"HTTP/1.1 204 None\r\nContent-Length: 5\r\n\r\n",),
    "304": (b"HTTP/1.1 304 Same\r\nContent-Length: 5\r\n\r\n",),
    "two equal lengths": (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n<ok/>",),
    "two lengths": (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n<ok/>x",),
    "a list of lengths": (b"HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n<ok/>",),
    "a signed length": (b"HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\n<ok/>",),
    "a huge length": (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n<ok/>", b""),
    "two of a header": (b"HTTP/1.1 200 OK\r\nX: 1\r\nx: 2\r\nContent-Length: 5\r\n\r\n<ok/>",),
    "a folded header": (b"HTTP/1.1 200 OK\r\nX: 1\r\n 2\r\nContent-Length: 5\r\n\r\n<ok/>",),
    "a space before the colon": (b"HTTP/1.1 200 OK\r\nX : 1\r\nContent-Length: 5\r\n\r\n<ok/>",),
    "no name": (b"HTTP/1.1 200 OK\r\n: 1\r\nContent-Length: 5\r\n\r\n<ok/>",),
    "an empty header": (b"HTTP/1.1 200 OK\r\nX:\r\nContent-Length: 5\r\n\r\n<ok/>",),
    "a header in Latin": (b"HTTP/1.1 200 OK\r\nX: \xe4\r\nContent-Length: 5\r\n\r\n<ok/>",),
    "a header in UTF-8": (b"HTTP/1.1 200 OK\r\nX: \xc3\xa4\r\nContent-Length: 5\r\n\r\n<ok/>",),
    "a control character": (b"HTTP/1.1 200 OK\r\nX: \x01\r\nContent-Length: 5\r\n\r\n<ok/>",),
    "bare line feeds": (b"HTTP/1.1 200 OK\nContent-Length: 5\n\n<ok/>",),
    "compressed": (b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 5\r\n\r\n<ok/>",),
    "too large": (b"HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n" + b"x" * 3000,),
    "too large, chunked": (
        b"HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\n\r\nbb8\r\n" + b"x" * 3000 + b"\r\n0\r\n\r\n",
    ),
    "a head too large": (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000 + b"\r\n\r\n",),
    "cut off": (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n<ok", b""),
    "cut off in the head": (b"HTTP/1.1 200 OK\r\nContent-Le", b""),
    "closed at once": (b"",),
    "no HTTP": (b"220 smtp.example ESMTP\r\n", b""),
    "a status of two digits": (b"HTTP/1.1 20 OK\r\nContent-Length: 5\r\n\r\n<ok/>",),
    "late": (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n<o",),
    "silent": (),
    "an upgrade": (b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",),
}


def second(pieces: tuple[bytes, ...]) -> Callable[[Any], None]:
    """Answers plainly at first, then in these pieces; an empty one closes the connection."""

    def handler(connection: Any) -> None:
        connection.request()
        connection.send(PLAIN)
        connection.request()
        for piece in pieces:
            if not piece:
                return
            connection.send(piece)
            connection.server.ended.wait(0.02)
        connection.request()

    return handler


@pytest.fixture
def over_httpx(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The URLs that httpx was asked for."""
    asked: list[str] = []
    plain = httpx.HTTPTransport.handle_request

    def counted(self: httpx.HTTPTransport, sent: httpx.Request) -> httpx.Response:
        asked.append(str(sent.url))
        return plain(self, sent)

    waited = httpx.AsyncHTTPTransport.handle_async_request

    async def counted_too(self: httpx.AsyncHTTPTransport, sent: httpx.Request) -> httpx.Response:
        asked.append(str(sent.url))
        return await waited(self, sent)

    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", counted)
    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", counted_too)
    return asked


Kind = type[Transport] | type[Waited]


def transports(kind: Kind = Transport, *, timeouts: Timeouts = PATIENT, **options: Any) -> Iterator[Transport | Waited]:
    """One that uses connections directly, and one that does not."""
    for direct in (True, False):
        with kind(timeouts=timeouts, **options) as transport:
            assert isinstance(transport.http, Connections | AsyncConnections)
            transport.http._direct = direct
            yield transport


def outcome(transport: Transport | Waited, to_send: HttpRequest) -> tuple[object, ...]:
    try:
        response = transport.send(to_send)
    except TransportError as error:
        return "failed", str(error), error.sent, error.local
    except ProtocolError as error:
        return "broken", str(error), error.status
    return response.status, dict(response.headers), response.content


@pytest.mark.parametrize("kind", [Transport, Waited])
@pytest.mark.parametrize("name", ANSWERS)
def test_every_answer_means_the_same(serve: Serve, over_httpx: list[str], name: str, kind: Kind) -> None:
    outcomes, sent = [], []
    for transport in transports(kind, max_answer_bytes=2000):
        over_httpx.clear()
        server = serve(second(ANSWERS[name]))
        assert transport.send(request(server.url)).status == 200
        if name in ("late", "silent"):
            transport.rules = replace(transport.rules, timeouts=QUICK)
        outcomes.append(outcome(transport, request(server.url, b"<second/>")))
        sent.append([each.replace(str(server.port).encode(), b"port") for each in server.requests[:2]])
        assert len(over_httpx) == (1 if transport.http._direct else 2)  # type: ignore[attr-defined]
    assert outcomes[0] == outcomes[1]
    assert sent[0] == sent[1], "the same bytes go out"


@pytest.mark.parametrize("kind", [Transport, Waited])
def test_over_tls_too(serve: Serve, over_httpx: list[str], kind: Kind) -> None:
    ours, theirs = ssl.create_default_context(cafile=str(CERTIFICATE)), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.load_cert_chain(CERTIFICATE)
    sent = []
    for transport in transports(kind, ssl_context=ours):
        over_httpx.clear()
        server = serve(b"<ok/>", theirs)
        assert [transport.send(request(server.url)).content for _ in range(3)] == [b"<ok/>"] * 3
        assert server.connections == 1
        assert len(over_httpx) == (1 if transport.http._direct else 3)  # type: ignore[attr-defined]
        sent.append([each.replace(str(server.port).encode(), b"port") for each in server.requests])
    assert sent[0] == sent[1]


def test_an_answer_before_the_request_was_read_counts(serve: Serve) -> None:
    def refuses(connection: Any) -> None:
        connection.request()
        connection.send(PLAIN)
        connection.socket.recv(10)
        connection.send(b"HTTP/1.1 413 Too large\r\nContent-Length: 2\r\n\r\nno")
        connection.server.ended.wait(0.1)

    for transport in transports():
        server = serve(refuses)
        transport.send(request(server.url))
        assert outcome(transport, request(server.url, b"x" * 200_000))[0] == 413


@pytest.mark.parametrize("trailing", [b"HTTP/1.1 500 Forged\r\nContent-Length: 6\r\n\r\nforged", b"x"])
@pytest.mark.parametrize("apart", [True, False])
@pytest.mark.parametrize("kind", [Transport, Waited])
def test_what_comes_after_an_answer_is_nobodys(serve: Serve, trailing: bytes, apart: bool, kind: Kind) -> None:
    head, body = PLAIN[:-5], PLAIN[-5:] + trailing

    def handler(connection: Any) -> None:
        connection.request()
        connection.send(PLAIN)
        if connection.request():
            for piece in (head, body) if apart else (head + body,):
                connection.send(piece)
                connection.server.ended.wait(0.02)
        connection.request()

    server = serve(handler)
    with kind(timeouts=PATIENT) as transport:
        contents = [transport.send(request(server.url)).content for _ in range(3)]
    assert contents == [b"<ok/>"] * 3
    assert server.connections == 2


def test_a_connection_that_the_server_closed_is_not_used(serve: Serve, over_httpx: list[str]) -> None:
    def once(connection: Any) -> None:
        connection.request()
        connection.send(PLAIN)

    server = serve(once)
    with Transport(timeouts=PATIENT) as transport:
        for number in range(1, 4):
            assert transport.send(request(server.url)).status == 200
            while server.closed < number:
                server.ended.wait(0.01)
        assert isinstance(transport.http, Connections)
        assert len(transport.http._kept.everyone) == 1, "none is left open"
    assert (server.connections, len(over_httpx)) == (3, 3)


def test_one_that_was_idle_for_long_is_left_to_httpx(
    serve: Serve, over_httpx: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr(connections, "time", SimpleNamespace(monotonic=lambda: now[0]))
    server = serve(b"<ok/>")
    with Transport(timeouts=PATIENT) as transport:
        for waited, sent in ((0.0, 1), (3_600.0, 1), (3_600.1, 2), (0.0, 2)):
            now[0] += waited
            assert transport.send(request(server.url)).status == 200
            assert len(over_httpx) == sent


@pytest.mark.parametrize("name", ["chunked", "chunked and a length", "closes", "HTTP/1.0"])
def test_an_answer_of_another_form_keeps_its_server_with_httpx(serve: Serve, over_httpx: list[str], name: str) -> None:
    def answers(connection: Any) -> None:
        while connection.request():
            connection.send(ANSWERS[name][0])

    server = serve(answers)
    with Transport(timeouts=PATIENT) as transport:
        for _ in range(4):
            assert transport.send(request(server.url)).content == b"<ok/>"
    assert (server.connections, len(over_httpx)) == (1 if name.startswith("chunked") else 4, 4)


def test_an_answer_counts_though_not_all_of_the_request_could_be_written(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = SyncStream.write

    def breaks_off(stream: SyncStream, buffer: bytes, timeout: float | None = None) -> None:
        write(stream, buffer, timeout)
        if b"<second/>" in buffer:
            raise httpcore.WriteError("Broken pipe")

    monkeypatch.setattr(SyncStream, "write", breaks_off)
    for transport in transports():
        server = serve(b"<ok/>")
        for content in (b"<first/>", b"<second/>", b"<third/>"):
            assert outcome(transport, request(server.url, content))[0] == 200
        assert server.connections == 2, "nobody knows what of the request its first one still waits for"


@pytest.mark.parametrize(
    ("said", "connections"),
    [("Keep-Alive: timeout=0", 2), ("Connection: close", 2), ("Connection: Keep-Alive", 1), ("X: close", 1)],
)
def test_whether_a_server_keeps_a_connection_is_heeded_in_each_answer(
    serve: Serve, said: str, connections: int
) -> None:
    """It stays open here: a server closes it a moment later, when the next request may be on its way."""

    def says(connection: Any) -> None:
        connection.request()
        connection.send(PLAIN)
        while connection.request():
            connection.answer(b"<ok/>", 200, said)

    for transport in transports():
        server = serve(says)
        for _ in range(3):
            assert transport.send(request(server.url)).status == 200
        assert (server.connections, len(server.requests)) == (connections, 3)


def test_a_connection_that_breaks_is_an_error_of_the_clients_own(serve: Serve) -> None:
    def breaks(connection: Any) -> None:
        connection.request()
        connection.send(PLAIN)
        connection.request()
        connection.reset()

    outcomes = []
    for transport in transports():
        server = serve(breaks)
        transport.send(request(server.url))
        outcomes.append(outcome(transport, request(server.url)))
    assert outcomes[0] == outcomes[1]
    assert outcomes[0][2:] == (True, False), "it may have been carried out"
    assert "the connection broke before the answer" in str(outcomes[0][1])


def test_one_that_failed_is_closed(serve: Serve) -> None:
    server = serve(second(ANSWERS["late"]))
    with Transport(timeouts=PATIENT) as transport:
        transport.send(request(server.url))
        transport.rules = replace(transport.rules, timeouts=QUICK)
        assert outcome(transport, request(server.url))[0] == "failed"
        assert isinstance(transport.http, Connections)
        assert not transport.http._kept.everyone


def test_the_whole_time_of_a_call_is_limited(serve: Serve) -> None:
    def trickles(connection: Any) -> None:
        connection.request()
        connection.send(PLAIN)
        connection.request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n")
        while not connection.server.ended.wait(0.1):
            connection.send(b"x")

    server = serve(trickles)

    def twice(timeouts: Timeouts) -> None:
        with Transport(timeouts=timeouts) as transport:
            transport.send(request(server.url))
            transport.send(request(server.url))

    ends_in_time(twice, total_s=0.4)


def test_many_requests_have_the_bytes_of_httpx(serve: Serve) -> None:
    """Random methods, paths, headers and bodies."""
    dice = random.Random(13)
    server = serve(b"<ok/>")
    base = server.url.partition("/iCloud")[0]

    def made() -> HttpRequest:
        names = dice.sample(["SOAPAction", "x-a", "Authorization", "Content-Type", "Accept", "X_b"], dice.randrange(5))
        headers = {name: dice.choice(['"a b"', "text/xml; charset=utf-8", "", "Basic eDp5", "~!#"]) for name in names}
        path = dice.choice(["/", "", "/a b", "/a?b=c&d=%20", "/%zz", "/a#b", "/ä".encode("ascii", "replace").decode()])
        body = bytes(dice.randrange(256) for _ in range(dice.randrange(40)))
        return HttpRequest("Any", base + path, headers, body, dice.choice(["GET", "POST", "PUT", "PATCH", "DELETE"]))

    requests = [made() for _ in range(300)]
    outcomes = []
    for transport in transports():
        server.requests.clear()
        found = []
        for each in requests:
            try:
                transport.send(each)
            except RequestInvalid as error:
                found.append(str(error))
        outcomes.append((found, [*server.requests]))
    assert outcomes[0] == outcomes[1]
    assert len(outcomes[0][1]) > 200


@pytest.mark.parametrize(
    "headers",
    [
        {"X": "a\r\nY: b"},
        {"X": "a\nY: b"},
        {"X": " a"},
        {"X": "ä"},
        {"X y": "a"},
        {"": "a"},
        {"Host": "b.example"},
        {"content-length": "1"},
        {"Transfer-Encoding": "chunked"},
        {"Connection": "close"},
        {"Accept-Encoding": "gzip"},
        {"Expect": "100-continue"},
    ],
    ids=str,
)
def test_a_request_of_another_form_is_left_to_httpx(headers: dict[str, str]) -> None:
    assert request_head(HttpRequest("Any", "http://127.0.0.1/", headers, b""), allow_http=False) is None


@pytest.mark.parametrize(("method", "size"), [("HEAD", 0), ("CONNECT", 0), ("OPTIONS", 0), ("POST", 1 << 19)])
def test_so_are_other_methods_and_large_bodies(method: str, size: int) -> None:
    large = HttpRequest("Any", "http://127.0.0.1/", {}, b"x" * size, method)
    assert request_head(large, allow_http=False) is None


def test_through_a_proxy_all_is_httpxs() -> None:
    with Transport(proxy="http://127.0.0.1:9") as transport:
        assert isinstance(transport.http, Connections)
        assert not transport.http._direct
