"""A transport that is closed under the hands of a call."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from partnerlab.client.errors import TransportError
from partnerlab.client.http import Transport
from partnerlab.client.http.connections import Connections
from tests.client.http.support import request
from tests.client.http.test_addresses import CERTIFICATE

Serve = Callable[..., Any]
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n<ok/>"


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("direct", [False, True])
def test_a_call_under_way_ends_and_touches_nothing_opened_after_it(serve: Serve, *, direct: bool, tls: bool) -> None:
    """Its socket was closed by the other thread: TLS read on from what had that number by then."""
    ours, theirs = ssl.create_default_context(cafile=str(CERTIFICATE)), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.load_cert_chain(CERTIFICATE)
    hold = threading.Event()

    def handler(connection: Any) -> None:
        connection.request()
        connection.send(PLAIN)
        connection.request()
        hold.wait(30)
        connection.send(PLAIN)

    server = serve(handler, theirs if tls else None)
    errors: list[TransportError] = []
    with Transport(ssl_context=ours) as transport:
        assert isinstance(transport.http, Connections)
        transport.http._direct = direct
        transport.send(request(server.url))

        def call() -> None:
            with pytest.raises(TransportError) as caught:
                transport.send(request(server.url))
            errors.append(caught.value)

        thread = threading.Thread(target=call)
        thread.start()
        while len(server.requests) < 2:
            time.sleep(0.01)
        time.sleep(0.05)  # until it waits for the answer
        transport.close()
        ends = [end for _ in range(10) for end in socket.socketpair()]
        for end in ends:
            end.sendall(b"of somebody else")
            end.setblocking(False)
        hold.set()
        thread.join(30)
        for end in ends:
            assert end.recv(100) == b"of somebody else"
            end.close()
    assert errors[0].sent
