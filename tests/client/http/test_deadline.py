"""`total_s` ends a call wherever it hangs: a server that gives a byte now and then holds nobody for longer."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import pytest

from partnerlab.client.errors import TransportError
from partnerlab.client.http import HttpRequest, Timeouts, Transport
from partnerlab.client.http.deadline import Limit, _left
from partnerlab.client.http.download import download
from tests.client.http.support import ends_in_time, request

CERTIFICATE = Path(__file__).resolve().parents[2] / "samples" / "client" / "tls" / "localhost.pem"

Serve = Callable[..., Any]

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=utf-8\r\nX-Long: " + b"x" * 600
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n<ok/>"


@pytest.fixture(scope="module")
def certified() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """TLS as a server has it, and as a client that trusts it."""
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.load_cert_chain(CERTIFICATE)
    return theirs, ssl.create_default_context(cafile=str(CERTIFICATE))


def trickle(connection: Any, rest: bytes) -> None:
    """For half a minute, which no call here may take."""
    for byte in islice(cycle(rest), 600):
        if connection.server.ended.wait(0.05):
            return
        connection.send(bytes([byte]))


def trickles_its_head(connection: Any) -> None:
    connection.request()
    trickle(connection, HEAD)


def trickles_its_body(connection: Any) -> None:
    connection.request()
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    trickle(connection, b"x")


def trickles_early_hints(connection: Any) -> None:
    connection.request()
    trickle(connection, b"HTTP/1.1 103 Early Hints\r\n\r\n")


def reads_slowly(connection: Any) -> None:
    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    while not connection.server.ended.wait(0.05):
        connection.socket.recv(4096)


@pytest.mark.parametrize("behaviour", [trickles_its_head, trickles_its_body, trickles_early_hints])
def test_an_answer_that_trickles_ends_with_the_call(flavour: Any, serve: Serve, behaviour: Any) -> None:
    url = serve(behaviour).url
    ends_in_time(lambda timeouts: flavour.send(request(url), timeouts=timeouts))


@pytest.mark.parametrize("behaviour", [trickles_its_head, trickles_its_body])
def test_so_does_one_over_a_kept_connection(flavour: Any, serve: Serve, behaviour: Any) -> None:
    def second(connection: Any) -> None:
        connection.request()
        connection.send(PLAIN)
        behaviour(connection)

    servers: list[Any] = []

    def send(timeouts: Timeouts) -> None:
        servers.append(server := serve(second))
        flavour.send(request(server.url), request(server.url), timeouts=timeouts)

    ends_in_time(send)
    assert servers[-1].connections == 1


def test_so_does_one_over_tls(flavour: Any, serve: Serve, certified: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    theirs, ours = certified
    url = serve(trickles_its_head, theirs).url
    ends_in_time(lambda timeouts: flavour.send(request(url), timeouts=timeouts, ssl_context=ours))


def test_a_handshake_that_trickles_sent_nothing(flavour: Any, certified: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    over = threading.Event()

    def trickling(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection, suppress(OSError):  # whose caller is gone
            connection.recv(1 << 16)
            # The head of a record of TLS, and then its bytes one by one.
            for byte in b"\x16\x03\x03\x20\x00" + bytes(600):
                if over.wait(0.05):
                    return
                connection.sendall(bytes([byte]))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=trickling, args=(listener,))
        thread.start()
        url = f"https://127.0.0.1:{listener.getsockname()[1]}/"
        ours = certified[1]
        error = ends_in_time(
            lambda timeouts: flavour.send(request(url), timeouts=timeouts, ssl_context=ours), sent=False
        )
        over.set()
        thread.join(30)
    assert error.reason.partition(":")[0] == "no connection in time"


def test_a_server_that_reads_slowly_holds_nobody_for_longer(flavour: Any, serve: Serve) -> None:
    url = serve(reads_slowly).url
    ends_in_time(lambda timeouts: flavour.send(request(url, b"x" * (8 << 20)), timeouts=timeouts))


def test_a_download_whose_head_trickles_ends_too(serve: Serve) -> None:
    url = serve(trickles_its_head).url

    def send(timeouts: Timeouts) -> None:
        with Transport(timeouts=timeouts) as transport, download(transport, request(url), max_bytes=1 << 20):
            raise AssertionError

    ends_in_time(send)


def test_the_wait_for_a_free_connection_counts(serve: Serve) -> None:
    free = threading.Event()

    def held(connection: Any) -> None:
        connection.request()
        free.wait(60)
        connection.send(PLAIN)

    server = serve(held)
    with Transport(connections=1) as transport:
        first = threading.Thread(target=transport.send, args=(request(server.url),))
        first.start()
        while not server.requests:
            time.sleep(0.01)
        quick = Timeouts(total_s=0.3)
        transport.rules = transport.rules.__class__(quick, True, 1 << 20)
        with pytest.raises(TransportError, match="no free connection in time") as caught:
            transport.send(HttpRequest("Any", server.url, {}, b""))
        free.set()
        first.join(30)
    assert not caught.value.sent


def test_all_addresses_of_a_host_share_the_time_of_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each address had all of `connect_s` to itself."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        waiting = [socket.socket() for _ in range(4)]
        address = listener.getsockname()
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(address)
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address)] * 50
        look_up = socket.getaddrinfo
        monkeypatch.setattr(
            socket,
            "getaddrinfo",
            lambda host, *a, **k: found if host in ("localhost", b"localhost") else look_up(host, *a, **k),
        )
        url = f"http://localhost:{address[1]}/"

        def send(timeouts: Timeouts) -> None:
            with Transport(timeouts=replace(timeouts, connect_s=0.4)) as transport:
                transport.send(request(url))

        error = ends_in_time(send, sent=False)
        for one in waiting:
            one.close()
    assert error.reason.partition(":")[0] == "no connection in time"


def test_a_limit_is_a_number_that_httpcore_hands_on() -> None:
    import httpcore

    assert _left(None, httpcore.ReadTimeout) is None
    assert _left(3.0, httpcore.ReadTimeout) == 3.0
    assert _left(Limit(3.0, time.monotonic() + 60), httpcore.ReadTimeout) == 3.0
    left = _left(Limit(120.0, time.monotonic() + 100), httpcore.ReadTimeout)
    assert left is not None
    assert 10 < left <= 100
    with pytest.raises(httpcore.ReadTimeout):
        _left(Limit(3.0, time.monotonic() - 1), httpcore.ReadTimeout)
