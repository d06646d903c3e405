"""The server as a socket sees it: HTTP/1.1 kept, limits held, nothing lost at the end."""

from __future__ import annotations

import logging
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from partnerlab.simulators.kit.http.messages import Response
from partnerlab.simulators.kit.http.server import Limits, Server
from partnerlab.simulators.kit.world.store import Store
from tests.simulators.kit.conftest import Kit, Wire, make_kit

LIMITS = Limits(
    header_bytes=2_000, headers=20, body_bytes=10_000, connections=8, header_s=0.3, body_s=0.3, idle_s=0.5, linger_s=0.3
)


@pytest.fixture
def tight(memory: Store) -> Iterator[Kit]:
    """A kit whose server has small limits."""
    made = make_kit(memory, limits=LIMITS)
    with made.server:
        yield made
    made.journal.close()


@pytest.fixture(params=["inline", "threaded"])
def each(request: pytest.FixtureRequest, kit: Kit) -> Kit:
    """A kit whose door runs in the loop, then one on worker threads."""
    kit.door.inline = request.param == "inline"
    return kit


# HTTP.


def test_an_answer_has_date_server_length_and_the_requests_id(each: Kit) -> None:
    with each.connect() as wire:
        wire.send("POST", "/door/Echo", body=b"hello")
        status, headers, body = wire.answer()
    assert (status, body) == (200, b"<ok/>")
    assert headers["content-type"] == "text/xml; charset=utf-8"
    assert headers["server"] == "partnerlab"
    assert headers["date"].endswith(" GMT")
    request = each.door.asked[0]
    assert headers["x-sandbox-request"] == request.id
    assert (request.method, request.path, request.query, request.body) == ("POST", "/door/Echo", "", b"hello")
    assert request.headers["content-length"] == "5"
    assert request.base_url == "http://127.0.0.1"
    assert request.remote == "127.0.0.1"


def test_a_connection_serves_many_requests(each: Kit) -> None:
    with each.connect() as wire:
        for n in range(20):
            wire.send("POST", f"/door/{n}", body=b"x" * n)
            assert wire.answer()[0] == 200
    assert [request.path for request in each.door.asked] == [f"/door/{n}" for n in range(20)]
    assert [len(request.body) for request in each.door.asked] == list(range(20))


def test_pipelined_requests_are_answered_in_order(kit: Kit) -> None:
    class Mixed:
        name, inline = "mixed", False

        def operation(self, request: object) -> str:
            return ""

        def __call__(self, request: object) -> Response:
            time.sleep(0.02)
            return Response(200, b"slow door")

    kit.site.mount("/mixed", Mixed())
    with kit.connect() as wire:
        wire.write(b"".join(b"GET /%b HTTP/1.1\r\nHost: a\r\n\r\n" % path for path in [b"mixed", b"door"] * 20))
        assert [wire.answer()[2] for _ in range(40)] == [b"slow door", b"<ok/>"] * 20


def test_bytes_may_come_one_by_one(kit: Kit) -> None:
    with kit.connect() as wire:
        wire.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in b"POST /door/Echo?q=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc":
            wire.write(bytes([byte]))
        assert wire.answer()[0] == 200
    assert (kit.door.asked[0].path, kit.door.asked[0].query, kit.door.asked[0].body) == ("/door/Echo", "q=1", b"abc")


def test_a_folded_header_is_one_header(kit: Kit) -> None:
    with kit.connect() as wire:
        wire.write(b"GET /door/Echo HTTP/1.1\r\nHost: a\r\nAuthorization: Basic YWJj\r\n ZGVm\r\n\tZ2hp\r\n\r\n")
        assert wire.answer()[0] == 200
    assert "".join(kit.door.asked[0].headers["authorization"].split()) == "BasicYWJjZGVmZ2hp"


def test_a_chunked_body_is_put_together_and_its_trailers_are_not_headers(each: Kit) -> None:
    with each.connect() as wire:
        wire.send("POST", "/door/Echo", "Transfer-Encoding: chunked")
        wire.write(b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-Late: 1\r\n\r\n")
        assert wire.answer()[0] == 200
        wire.send("POST", "/door/Echo", body=b"next")
        assert wire.answer()[0] == 200
    assert [request.body for request in each.door.asked] == [b"abcde", b"next"]
    assert "x-late" not in each.door.asked[0].headers


def test_expect_100_continue_is_answered_before_the_body(each: Kit) -> None:
    with each.connect() as wire:
        wire.send("POST", "/door/Echo", "Expect: 100-continue", "Content-Length: 3")
        assert wire.head() == b"HTTP/1.1 100 Continue\r\n\r\n"
        wire.write(b"abc")
        assert wire.answer()[0] == 200


def test_100_continue_waits_for_the_answer_before_it(kit: Kit) -> None:
    release = threading.Event()
    kit.door.inline, kit.door.wait = False, release.wait
    with kit.connect() as wire:
        wire.send("POST", "/door/first", body=b"x")
        wire.send("POST", "/door/second", "Expect: 100-continue", "Content-Length: 3")
        time.sleep(0.05)
        release.set()
        assert wire.answer()[0] == 200
        assert wire.head() == b"HTTP/1.1 100 Continue\r\n\r\n"
        wire.write(b"abc")
        assert wire.answer()[0] == 200


def test_another_expectation_is_refused(kit: Kit) -> None:
    assert b"417 Expectation Failed" in kit.ask("/door/Echo", "Expect: tea")
    assert kit.door.asked == []


def test_head_is_get_without_the_body(each: Kit) -> None:
    with each.connect() as wire:
        wire.send("HEAD", "/door/Echo")
        head = wire.head()
        assert b"Content-Length: 5\r\n" in head
        wire.send("GET", "/door/Echo")
        assert wire.answer()[2] == b"<ok/>"
    assert [request.method for request in each.door.asked] == ["GET", "GET"]
    assert [entry.method for entry in each.journal.find("default")] == ["HEAD", "GET"]


@pytest.mark.parametrize("status", [204, 304])
def test_a_status_without_a_body_has_no_length(kit: Kit, status: int) -> None:
    kit.door.answer = Response(status, b"", "")
    head = kit.ask()
    assert b"Content-Length" not in head
    assert b"Content-Type" not in head


def test_http_10_closes_unless_it_asks_to_stay(kit: Kit) -> None:
    with kit.connect() as wire:
        wire.write(b"GET /door/Echo HTTP/1.0\r\n\r\n")
        answer = wire.rest()
        assert b"Connection: close\r\n" in answer
        assert answer.endswith(b"<ok/>")
    with kit.connect() as wire:
        for _ in range(2):
            wire.write(b"GET /door/Echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            status, headers, _ = wire.answer()
            assert (status, headers["connection"]) == (200, "keep-alive")


def test_connection_close_closes_after_the_answer(each: Kit) -> None:
    with each.connect() as wire:
        wire.send("GET", "/door/Echo", "Connection: close")
        assert wire.answer()[1]["connection"] == "close"
        assert wire.closed()


def test_a_sender_may_close_its_side_and_still_read(each: Kit) -> None:
    with each.connect() as wire:
        wire.send("POST", "/door/Echo", body=b"x")
        wire.sock.shutdown(socket.SHUT_WR)
        assert wire.rest().endswith(b"<ok/>")


def test_an_offer_of_http_2_is_ignored_and_the_body_read(each: Kit) -> None:
    """As Java's client makes with its first request."""
    with each.connect() as wire:
        offer = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAEAAEAA")
        wire.send("POST", "/door/Echo", *offer, body=b"abc")
        assert wire.answer()[0] == 200
        wire.send("POST", "/door/Echo", body=b"next")
        assert wire.answer()[0] == 200
    assert [request.body for request in each.door.asked] == [b"abc", b"next"]


def test_a_client_of_the_trade_is_served(each: Kit) -> None:
    with httpx.Client(base_url=each.server.url) as client:
        for n in range(3):
            answer = client.post("/door/Echo", content=iter([b"a", b"b" * n]))
            assert (answer.status_code, answer.text) == (200, "<ok/>")


@pytest.mark.parametrize(
    ("sent", "status", "words"),
    [
        (b"\x16\x03\x01\x02\x00", 400, b"not HTTP/1.1: Invalid method"),
        (b"GET /door HTTP/1.1\r\n\r\n", 400, b"host: "),
        (b"GET /door HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, b"host: the header stands twice"),
        (b"GET /door HTTP/1.1\r\nHost: a<b\r\n\r\n", 400, b"Host header"),
        (b"GET /door HTTP/2.0\r\nHost: a\r\n\r\n", 505, b"version: HTTP/2.0"),
        (b"GET /door\r\n\r\n", 505, b"version: "),
        (b"POST /door HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400, b"Content-Length"),
        (b"POST /door HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400, b"Content-Length"),
        (
            b"POST /door HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            400,
            b"Transfer",
        ),
        (b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 405, b"no proxy"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, b"not HTTP/1.1: "),
    ],
)
def test_what_is_not_http_gets_a_clear_line_and_a_close(kit: Kit, sent: bytes, status: int, words: bytes) -> None:
    with kit.connect() as wire:
        wire.write(sent)
        if status != 400 or b"Host header" not in words:
            head, _, body = wire.rest().partition(b"\r\n\r\n")
        else:  # well-formed, so the connection stays
            _, _, body = wire.answer()
            head = b"HTTP/1.1 400 "
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert words in body
    assert kit.door.asked == []


def test_what_came_before_a_broken_request_is_answered_first(each: Kit) -> None:
    with each.connect() as wire:
        wire.write(b"GET /door/1 HTTP/1.1\r\nHost: a\r\n\r\nGET /door/2 HTTP/1.1\r\nHost: a\r\n\r\nnonsense\r\n\r\n")
        assert [wire.answer()[0] for _ in range(3)] == [200, 200, 400]
        assert wire.closed()
    assert len(each.door.asked) == 2


# What apps do wrong.


def test_an_app_that_raises_is_answered_with_500_and_no_traceback(each: Kit, caplog: pytest.LogCaptureFixture) -> None:
    each.door.error = ValueError("secret detail")
    with each.connect() as wire:
        wire.send("POST", "/door/Echo", body=b"x")
        status, headers, body = wire.answer()
    id = headers["x-sandbox-request"]
    assert (status, body) == (500, f"Internal error. The server's log has it under request {id}.\n".encode())
    assert id in caplog.text
    assert "secret detail" in caplog.text
    assert each.journal.find("default")[0].status == 500


@pytest.mark.parametrize("header", [("X-Bad", "a\r\nSet-Cookie: x=y"), ("X Bad", "a"), ("X-Bad", "\u20ac")])
def test_a_header_that_would_split_the_answer_is_not_sent(kit: Kit, header: tuple[str, str]) -> None:
    kit.door.answer = Response(200, b"x", headers=(header,))
    answer = kit.ask()
    assert answer.startswith(b"HTTP/1.1 500 ")
    assert b"Set-Cookie" not in answer


# Limits.


def test_a_head_has_a_size(tight: Kit) -> None:
    assert b"431 Request Header Fields Too Large" in tight.ask("/door/Echo", f"X: {'x' * 3_000}")
    assert b"431" in tight.ask("/door/" + "x" * 3_000)
    assert b"headers: there are over 20" in tight.ask("/door/Echo", *[f"X-{n}: 1" for n in range(20)])
    with tight.connect() as wire:  # one that never ends
        wire.write(b"GET /door HTTP/1.1\r\nX: ")
        with pytest.raises(ConnectionError):
            _trickle(wire, b"x" * 1_000, 1_000, pause_s=0.002)
    assert tight.door.asked == []


def _trickle(wire: Wire, data: bytes, times: int, *, pause_s: float) -> None:
    for _ in range(times):
        wire.write(data)
        time.sleep(pause_s)


def test_a_body_has_a_size(tight: Kit) -> None:
    assert tight.ask(body=b"x" * 10_000).startswith(b"HTTP/1.1 200 ")
    answer = tight.ask(body=b"x" * 10_001)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b" body-bytes: the body is over 10000 bytes." in answer
    with tight.connect() as wire:
        wire.send("POST", "/door/Echo", "Expect: 100-continue", "Content-Length: 10001")
        assert wire.answer()[0] == 413
    with tight.connect() as wire:
        wire.send("POST", "/door/Echo", "Transfer-Encoding: chunked")
        wire.write(b"1000\r\n" + b"x" * 4_096 + b"\r\n")
        wire.write((b"1000\r\n" + b"x" * 4_096 + b"\r\n") * 3)
        assert wire.answer()[0] == 413
    assert len(tight.door.asked) == 1


def test_a_refused_sender_reads_the_refusal_although_it_was_still_sending(tight: Kit) -> None:
    with tight.connect() as wire:
        wire.send("POST", "/door/Echo", "Content-Length: 4000000")
        wire.write(b"x" * 400_000)
        assert wire.answer()[0] == 413


def test_trailers_have_a_size(tight: Kit) -> None:
    with tight.connect() as wire:
        wire.send("POST", "/door/Echo", "Transfer-Encoding: chunked")
        wire.write(b"3\r\nabc\r\n")
        time.sleep(0.05)
        wire.write(b"0\r\nX: " + b"x" * 3_000)
        assert wire.answer()[0] == 431


@pytest.mark.parametrize("sent", [b"GET /do", b"POST /door HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc"])
def test_a_request_that_does_not_go_on_is_given_up(tight: Kit, sent: bytes) -> None:
    with tight.connect() as wire:
        started = time.monotonic()
        wire.write(sent)
        assert wire.rest().startswith(b"HTTP/1.1 408 ")
        assert 0.25 < time.monotonic() - started < 2


def test_a_head_that_trickles_is_given_up(tight: Kit) -> None:
    started = time.monotonic()
    with tight.connect() as wire:
        wire.write(b"GET /door HTTP/1.1\r\nX-Slow: ")
        with pytest.raises(ConnectionError):
            _trickle(wire, b"x", 500, pause_s=0.02)
    assert time.monotonic() - started < 2


def test_a_connection_that_idles_is_closed(tight: Kit) -> None:
    with tight.connect() as wire:
        wire.send("GET", "/door/Echo")
        assert wire.answer()[0] == 200
        assert wire.closed()


def test_a_client_that_does_not_read_holds_up_nobody_else(kit: Kit) -> None:
    kit.door.answer = Response(200, b"x" * 3_000_000)
    with kit.connect() as deaf:
        for _ in range(40):
            deaf.send("GET", "/door/Echo")
        time.sleep(0.3)
        assert len(kit.door.asked) < 10
        assert kit.ask().endswith(b"xxx")


# Start and stop.


def test_a_port_in_use_is_an_error_at_start(kit: Kit) -> None:
    with pytest.raises(OSError, match=r"[Aa]ddress"):
        Server(kit.site, port=kit.server.port).start()


def test_stop_finishes_the_request_in_flight_and_closes_idle_connections(kit: Kit) -> None:
    started, release = threading.Event(), threading.Event()

    def wait() -> None:
        started.set()
        release.wait(5)

    kit.door.inline = False
    with kit.connect() as idle, kit.connect() as busy:
        idle.send("GET", "/door/Echo")
        assert idle.answer()[0] == 200
        kit.door.wait = wait
        busy.send("POST", "/door/Echo", body=b"x")
        started.wait(5)
        stopping = threading.Thread(target=kit.server.stop)
        stopping.start()
        assert idle.closed()
        release.set()
        status, headers, _ = busy.answer()
        assert (status, headers["connection"]) == (200, "close")
        stopping.join(2)
        assert not stopping.is_alive()
    with pytest.raises(ConnectionRefusedError):
        kit.connect()


def test_stop_is_fast_although_a_fault_holds_an_answer(kit: Kit) -> None:
    kit.faults.add("default", "commit-then-timeout")
    with kit.connect() as wire:
        wire.send("POST", "/door/Echo", body=b"x")
        while not kit.door.asked:
            time.sleep(0.01)
        time.sleep(0.05)
        started = time.monotonic()
        kit.server.stop()
        assert time.monotonic() - started < 1
        assert wire.rest() == b""


def test_stop_gives_up_after_its_grace(memory: Store) -> None:
    kit = make_kit(memory, grace_s=0.2)
    release = threading.Event()
    kit.door.inline, kit.door.wait = False, lambda: release.wait(5)
    kit.server.start()
    with kit.connect() as wire:
        wire.send("POST", "/door/Echo", body=b"x")
        time.sleep(0.1)
        started = time.monotonic()
        kit.server.stop()
        assert 0.1 < time.monotonic() - started < 2
        release.set()
    kit.journal.close()


def test_a_server_starts_again(kit: Kit) -> None:
    port = kit.server.port
    kit.server.stop()
    kit.server.stop()
    kit.server.start()
    assert kit.server.port == port
    for inline in (True, False):
        kit.door.inline = inline
        assert kit.ask().endswith(b"<ok/>")


PROGRAM = """
import sys, threading, time
from partnerlab.simulators.kit.world.store import Store
from tests.simulators.kit.conftest import make_kit
kit = make_kit(Store("sqlite://"))
kit.door.inline = False
kit.door.wait = lambda: (print("asked", flush=True), time.sleep(0.4))
kit.server.start()
print(kit.server.port, flush=True)
kit.server.run()
print("stopped", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_finishes_the_request_in_flight(number: signal.Signals) -> None:
    root = Path(__file__).parents[4]
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        stdout=subprocess.PIPE,
        text=True,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
    ) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        with Wire(socket.create_connection(("127.0.0.1", port), timeout=5)) as wire:
            wire.send("POST", "/door/Echo", body=b"x")
            assert process.stdout.readline() == "asked\n"
            process.send_signal(number)
            assert wire.answer()[0] == 200
        assert process.stdout.readline() == "stopped\n"
        assert process.wait(5) == 0


def test_tls(memory: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    options = "-x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=localhost"
    files = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(["openssl", "req", *options.split(), *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    kit = make_kit(memory, ssl_context=context)
    with kit.server, caplog.at_level(logging.ERROR):
        assert kit.server.url.startswith("https://127.0.0.1:")
        verify = ssl.create_default_context(cafile=str(certificate))
        with httpx.Client(base_url=kit.server.url, verify=verify) as client:
            assert client.post("/door/Echo", content=b"x").text == "<ok/>"
            kit.faults.add("default", "commit-then-drop", count=1)
            with pytest.raises(httpx.TransportError):
                client.post("/door/Echo", content=b"x")
            assert client.post("/door/Echo", content=b"x").text == "<ok/>"
        assert kit.door.asked[0].base_url == kit.server.url
        with kit.connect() as plain:  # speaks no TLS
            plain.send("GET", "/door/Echo")
            assert b"HTTP" not in plain.rest()
    kit.journal.close()
    assert caplog.records == []


def test_the_url_is_one_a_client_can_use() -> None:
    def url(host: str) -> str:
        return Server(None, host, 8700).url  # type: ignore[arg-type]

    assert url("0.0.0.0") == "http://127.0.0.1:8700"
    assert url("::1") == "http://[::1]:8700"
    assert url("localhost") == "http://localhost:8700"


def test_32_connections_at_once(each: Kit) -> None:
    def ask() -> None:
        with each.connect() as wire:
            for _ in range(20):
                wire.send("POST", "/door/Echo", body=b"x")
                assert wire.answer()[0] == 200

    threads = [threading.Thread(target=ask) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert each.door.calls() == 640
