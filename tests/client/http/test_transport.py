"""What becomes of a request on a network that fails in every way: each failure against a real socket."""

from __future__ import annotations

import asyncio
import gzip
import logging
import socket
import ssl
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partnerlab.client.errors import ProtocolError, RequestInvalid, TransportError
from partnerlab.client.http import AsyncTransport, HttpRequest, Timeouts, Transport, attempt, check_url

CERTIFICATE = Path(__file__).resolve().parents[2] / "samples" / "client" / "tls" / "localhost.pem"
QUICK = Timeouts(connect_s=1, read_s=0.3, write_s=0.3, pool_s=0.3, total_s=1)

Serve = Callable[..., Any]


def request(url: str, content: bytes = b"<a/>", **headers: str) -> HttpRequest:
    return HttpRequest("BalanceCheck", url, {"Content-Type": "text/xml; charset=utf-8", **headers}, content)


def failure(flavour: Any, url: str, **options: Any) -> TransportError:
    with pytest.raises(TransportError) as caught:
        flavour.send(request(url), **options)
    assert caught.value.operation == "BalanceCheck"
    assert caught.value.retryable
    return caught.value


def test_an_answer_comes_back_whole_whatever_its_status(flavour: Any, serve: Serve) -> None:
    def once(connection: Any) -> None:
        connection.request()
        connection.answer(b"gone", 410, "X-Odd: Yes", "Content-Type: text/plain")

    (response,) = flavour.send(request(serve(once).url))
    assert (response.status, response.content) == (410, b"gone")
    assert response.headers["x-odd"] == "Yes"


def test_what_arrives_is_what_was_built(flavour: Any, serve: Serve) -> None:
    server = serve(b"<ok/>")
    flavour.send(request(server.url, b"<body/>", SOAPAction='"http://tempuri.org/BalanceCheck"'))
    (received,) = server.requests
    head, _, body = received.partition(b"\r\n\r\n")
    assert body == b"<body/>"
    assert head.startswith(b"POST /iCloud/iCloud.asmx HTTP/1.1\r\n")
    assert b'SOAPAction: "http://tempuri.org/BalanceCheck"' in head
    assert b"Content-Length: 7" in head
    assert f"Host: 127.0.0.1:{server.port}".encode() in head


def test_a_connection_is_used_again(flavour: Any, serve: Serve) -> None:
    server = serve(b"<ok/>")
    flavour.send(*[request(server.url)] * 5)
    assert (len(server.requests), server.connections) == (5, 1)


def test_a_connection_the_server_closed_is_not_used_again(flavour: Any, serve: Serve) -> None:
    def once(connection: Any) -> None:
        connection.request()
        connection.answer(b"<ok/>", 200, "Connection: close")

    server = serve(once)
    flavour.send(*[request(server.url)] * 3)
    assert server.connections == 3


def test_a_cookie_is_never_sent_back(flavour: Any, serve: Serve) -> None:
    def twice(connection: Any) -> None:
        while connection.request():
            connection.answer(b"<ok/>", 200, "Set-Cookie: ASP.NET_SessionId=x; path=/")

    server = serve(twice)
    flavour.send(*[request(server.url)] * 2)
    assert not any(b"cookie:" in received.lower() for received in server.requests)


@pytest.mark.parametrize("size", [attempt.PIECE, attempt.PIECE + 1, 20 << 20])
def test_a_large_body_arrives_whole_and_announced(flavour: Any, serve: Serve, size: int) -> None:
    server = serve(b"<ok/>")
    body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    flavour.send(request(server.url, body))
    head, _, received = server.requests[0].partition(b"\r\n\r\n")
    assert received == body
    assert f"Content-Length: {size}".encode() in head
    assert b"Transfer-Encoding" not in head


# --- nothing was sent ---------------------------------------------------------------------------------------------


def test_a_refused_connection_sent_nothing(flavour: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    error = failure(flavour, f"http://127.0.0.1:{port}/")
    assert not error.sent
    assert error.reason.startswith("no connection")


def test_a_host_that_does_not_exist_got_nothing(flavour: Any) -> None:
    assert not failure(flavour, "https://partner.invalid/iCloud.asmx").sent


def test_a_connection_that_is_not_accepted_in_time_sent_nothing(flavour: Any) -> None:
    # A full backlog: further connections are neither accepted nor refused.
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        waiting = [socket.socket() for _ in range(4)]
        try:
            for one in waiting:
                one.setblocking(False)
                one.connect_ex(listener.getsockname())
            url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
            error = failure(flavour, url, timeouts=Timeouts(connect_s=0.3))
        finally:
            for one in waiting:
                one.close()
    assert not error.sent
    assert error.reason.startswith("no connection in time")


def test_a_wait_for_a_free_connection_sent_nothing(serve: Serve) -> None:
    free = threading.Event()

    def held(connection: Any) -> None:
        connection.request()
        free.wait(10)
        connection.answer(b"<ok/>")

    server = serve(held)
    with Transport(timeouts=Timeouts(pool_s=0.2), connections=1) as shared:
        first = threading.Thread(target=shared.send, args=(request(server.url),))
        first.start()
        deadline = time.monotonic() + 5
        while not server.requests and time.monotonic() < deadline:
            time.sleep(0.01)
        with pytest.raises(TransportError) as caught:
            shared.send(request(server.url))
        free.set()
        first.join(10)
    assert (caught.value.sent, caught.value.local) == (False, True)
    assert caught.value.reason.startswith("no free connection in time")
    assert len(server.requests) == 1


# --- something may have been sent ---------------------------------------------------------------------------------


def reset(connection: Any) -> None:
    connection.request()
    connection.reset()


def empty(connection: Any) -> None:
    connection.request()


def truncated(connection: Any) -> None:
    connection.request()
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n<half")


def truncated_chunk(connection: Any) -> None:
    connection.request()
    connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<half\r\n")


def truncated_head(connection: Any) -> None:
    connection.request()
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Le")


def no_http(connection: Any) -> None:
    connection.request()
    connection.send(b"220 mail.example.com ESMTP\r\n\r\n")


def silent(connection: Any) -> None:
    connection.request()
    connection.stream.read(1)


def stuck_in_the_body(connection: Any) -> None:
    connection.request()
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n<half")
    connection.stream.read(1)


@pytest.mark.parametrize(
    "behaviour", [reset, empty, truncated, truncated_chunk, truncated_head, no_http, silent, stuck_in_the_body]
)
def test_after_the_request_left_the_outcome_is_unknown(flavour: Any, serve: Serve, behaviour: Any) -> None:
    server = serve(behaviour)
    started = time.monotonic()
    assert failure(flavour, server.url, timeouts=QUICK).sent
    assert time.monotonic() - started < 3
    assert len(server.requests) == 1, "a request must never be sent twice"


def test_an_answer_that_trickles_is_given_up(flavour: Any, serve: Serve) -> None:
    def dribble(connection: Any) -> None:
        connection.request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(100):
            connection.send(b"x")
            time.sleep(0.1)

    error = failure(flavour, serve(dribble).url, timeouts=QUICK)
    assert error.sent
    assert error.reason == "the answer was not complete after 1 s"


def test_a_request_nobody_reads_may_have_been_sent(flavour: Any, serve: Serve) -> None:
    def deaf(connection: Any) -> None:
        connection.server.ended.wait(5)

    server = serve(deaf)
    with pytest.raises(TransportError) as caught:
        flavour.send(request(server.url, b"x" * (64 << 20)), timeouts=QUICK)
    assert caught.value.sent


# --- answers that are too much ------------------------------------------------------------------------------------


def test_an_answer_larger_than_the_limit_is_refused(flavour: Any, serve: Serve) -> None:
    url = serve(b"x" * 1001).url
    with pytest.raises(ProtocolError, match="may have 1000 bytes at most") as caught:
        flavour.send(request(url), max_answer_bytes=1000)
    assert caught.value.status == 200
    assert len(flavour.send(request(url), max_answer_bytes=1001)[0].content) == 1001


def test_an_endless_answer_is_cut_off(flavour: Any, serve: Serve) -> None:
    def endless(connection: Any) -> None:
        connection.request()
        connection.send(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.send(b"x" * 65536)

    with pytest.raises(ProtocolError, match="bytes at most"):
        flavour.send(request(serve(endless).url))


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "deflate", "GZIP"])
def test_a_compressed_answer_is_read(flavour: Any, serve: Serve, encoding: str) -> None:
    packed = zlib.compress(b"<ok/>") if encoding == "deflate" else gzip.compress(b"<ok/>")

    def once(connection: Any) -> None:
        connection.request()
        connection.answer(packed, 200, f"Content-Encoding: {encoding}")

    assert flavour.send(request(serve(once).url))[0].content == b"<ok/>"


BOMB = gzip.compress(b"\0" * (64 << 20))


@pytest.mark.parametrize(
    ("encoding", "body", "rule"),
    [
        ("gzip", BOMB, "bytes at most"),
        ("gzip", b"not gzip", "is not valid gzip"),
        ("gzip", gzip.compress(b"<ok/>" * 100)[:-12], "the gzip data is cut off"),
        ("br", b"\x8b\x02\x80", "Content-Encoding 'br' was not asked for"),
    ],
    ids=["bomb", "not gzip", "cut off", "brotli"],
)
def test_a_compressed_answer_that_cannot_be_read_is_an_error(
    flavour: Any, serve: Serve, encoding: str, body: bytes, rule: str
) -> None:
    def once(connection: Any) -> None:
        connection.request()
        connection.answer(body, 200, f"Content-Encoding: {encoding}")

    with pytest.raises(ProtocolError, match=rule):
        flavour.send(request(serve(once).url))


def test_a_compression_bomb_is_never_unpacked_whole(serve: Serve) -> None:
    def once(connection: Any) -> None:
        connection.request()
        connection.answer(BOMB, 200, "Content-Encoding: gzip")

    server = serve(once)
    with Transport() as shared:
        tracemalloc.start()
        try:
            with pytest.raises(ProtocolError):
                shared.send(request(server.url))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 8 << 20


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(flavour: Any, serve: Serve, status: int) -> None:
    other = serve(b"<elsewhere/>")

    def moved(connection: Any) -> None:
        connection.request()
        connection.answer(b"", status, f"Location: {other.url}")

    assert flavour.send(request(serve(moved).url))[0].status == status
    assert other.connections == 0


# --- where a request may go ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "https://inhance.example.com/iCloud/iCloud.asmx",
        "http://127.0.0.1:8700/iCloud/iCloud.asmx",
        "http://localhost/x",
        "http://[::1]:8700/x",
        "https://inhance_1.example.com.:8443/x",
    ],
)
def test_https_and_this_machine_are_allowed(url: str) -> None:
    assert check_url(url) == url


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("http://inhance.example.com/iCloud.asmx", "must be https: plain http is for this machine only"),
        ("http://127.0.0.1.example.com/", "must be https: plain http is for this machine only"),
        ("https://user:secret@example.com/", "must not carry a user name or password"),
        ("https://", "must be https://host/path"),
        ("ftp://example.com/", "must be https://host/path"),
        ("example.com/iCloud.asmx", "must be https://host/path"),
        ("", "must be https://host/path"),
        ("https://example.com/a b", "must be https://host/path"),
        ("https://example.com/\r\nX: y", "must be https://host/path"),
        ("https://exämple.com/", "must be https://host/path"),
        ("https://a..example.com/", "must name a host of letters, digits, dots and hyphens"),
        (f"https://{'a' * 64}.example.com/", "must name a host of letters, digits, dots and hyphens"),
        (f"https://{'a.' * 127}example.com/", "must name a host of letters, digits, dots and hyphens"),
        ("https://example.com\\@127.0.0.1/", "must not carry a user name or password"),
        ("https://exa%6dple.com/", "must name a host of letters, digits, dots and hyphens"),
        ("https://example.com:port/", "is not a URL"),
        ("https://[::1/", "is not a URL"),
    ],
)
def test_any_other_place_is_refused_before_anything_is_sent(flavour: Any, url: str, rule: str) -> None:
    with pytest.raises(RequestInvalid) as caught:
        flavour.send(request(url))
    assert (caught.value.field, caught.value.rule) == ("url", rule)
    assert "secret" not in str(caught.value)


@given(st.text(max_size=40) | st.builds("https://{}".format, st.text(st.characters(codec="ascii"), max_size=40)))
def test_any_text_is_a_url_to_send_to_or_invalid(text: str) -> None:
    import httpx

    try:
        url = check_url(text)
    except RequestInvalid:
        return
    assert httpx.URL(url).host
    assert "@" not in httpx.URL(url).netloc.decode()


def test_plain_http_can_be_allowed() -> None:
    url = "http://inhance.example.com/iCloud.asmx"
    assert check_url(url, allow_http=True) == url


def test_the_proxies_of_the_environment_are_not_used(
    flavour: Any, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = serve(b"<proxy/>")
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    assert flavour.send(request(serve(b"<ok/>").url))[0].content == b"<ok/>"
    assert proxy.connections == 0


def test_a_proxy_that_was_named_is_used(flavour: Any, serve: Serve) -> None:
    proxy = serve(b"<proxy/>")
    url = "http://inhance.example.com/iCloud.asmx"
    (response,) = flavour.send(request(url), allow_http=True, proxy=f"http://127.0.0.1:{proxy.port}")
    assert response.content == b"<proxy/>"
    assert proxy.requests[0].startswith(b"POST http://inhance.example.com/iCloud.asmx HTTP/1.1")


# --- TLS ----------------------------------------------------------------------------------------------------------


def tls_server(serve: Serve) -> Any:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return serve(b"<ok/>", context)


def test_a_certificate_nobody_vouches_for_is_refused_and_nothing_sent(flavour: Any, serve: Serve) -> None:
    server = tls_server(serve)
    error = failure(flavour, server.url)
    assert not error.sent
    assert "CERTIFICATE_VERIFY_FAILED" in error.reason
    assert server.requests == []


def test_a_certificate_of_ones_own_authority_is_accepted(flavour: Any, serve: Serve) -> None:
    context = ssl.create_default_context(cafile=str(CERTIFICATE))
    assert flavour.send(request(tls_server(serve).url), ssl_context=context)[0].content == b"<ok/>"


@pytest.mark.parametrize("kind", [Transport, AsyncTransport])
def test_verification_cannot_be_switched_off(kind: Any) -> None:
    blind = ssl.create_default_context()
    blind.check_hostname = False
    with pytest.raises(RequestInvalid, match="must verify certificates and host names"):
        kind(ssl_context=blind)
    blind.verify_mode = ssl.CERT_NONE
    with pytest.raises(RequestInvalid, match="must verify certificates and host names"):
        kind(ssl_context=blind)


# --- the rest -----------------------------------------------------------------------------------------------------


def test_a_call_is_logged_without_its_query(flavour: Any, serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "partnerlab.client")
    flavour.send(request(serve(b"<ok/>").url + "?WebServiceKey=sesame"))
    (record,) = [record for record in caplog.records if record.name == "partnerlab.client"]
    assert "BalanceCheck: POST http://127.0.0.1" in record.getMessage()
    assert "status 200, text/xml; charset=utf-8, 5 bytes" in record.getMessage()
    assert "sesame" not in record.getMessage()


def test_one_transport_serves_many_threads(serve: Serve) -> None:
    server = serve(b"<ok/>")
    with Transport() as shared, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(shared.send, [request(server.url)] * 160))
    assert [answer.content for answer in answers] == [b"<ok/>"] * 160
    assert len(server.requests) == 160


def test_many_tasks_share_one_transport(serve: Serve) -> None:
    server = serve(b"<ok/>")

    async def run() -> list[bytes]:
        async with AsyncTransport() as shared:
            answers = await asyncio.gather(*[shared.send(request(server.url)) for _ in range(50)])
        return [answer.content for answer in answers]

    assert asyncio.run(run()) == [b"<ok/>"] * 50


def test_a_cancelled_call_leaves_the_transport_usable(serve: Serve) -> None:
    def slow_once(connection: Any) -> None:
        connection.request()
        if len(connection.server.requests) == 1:
            connection.stream.read(1)
        connection.answer(b"<ok/>")

    server = serve(slow_once)

    async def run() -> bytes:
        async with AsyncTransport() as shared:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(shared.send(request(server.url)), 0.3)
            return (await shared.send(request(server.url))).content

    assert asyncio.run(run()) == b"<ok/>"


def test_importing_the_client_does_not_import_httpx() -> None:
    import subprocess
    import sys

    code = "import sys\nfrom partnerlab.client import inhance, invoice_cloud, rtdr\nsys.exit('httpx' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
