"""A server that does exactly what a test says, byte by byte, and one way to call a client sync and async."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from partnerlab.client.http import AsyncTransport, HttpRequest, HttpResponse, Timeouts, Transport
from partnerlab.client.inhance import AsyncInHanceClient, InHanceClient
from partnerlab.client.invoice_cloud import AsyncInvoiceCloudClient, InvoiceCloudClient

SAMPLES = Path(__file__).resolve().parent.parent / "samples" / "client"

Handler = Callable[["Connection"], None]

PATIENT = Timeouts(connect_s=30, read_s=30, write_s=30, pool_s=30, total_s=60)
"""For calls that are answered, on a machine as busy as may be."""


class Connection:
    """One accepted connection. `request` reads the next request whole; `answer` writes a plain HTTP answer."""

    def __init__(self, connection: socket.socket, server: Server) -> None:
        self.socket, self.server = connection, server
        self.stream = connection.makefile("rb")

    def request(self) -> bytes:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = self.stream.readline()
            if not line:
                return b""
            head += line
        lengths = [line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
        whole = head + self.stream.read(int(lengths[0]) if lengths else 0)
        self.server.requests.append(whole)
        return whole

    def send(self, raw: bytes) -> None:
        self.socket.sendall(raw)

    def answer(self, body: bytes, status: int = 200, *headers: str) -> None:
        lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *headers, "", ""]
        self.send("\r\n".join(lines).encode("latin-1") + body)

    def reset(self) -> None:
        """Close so that the other side sees a reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


class Server:
    """Runs a handler for each connection on a thread; keeps the requests it read, counts connections and their ends."""

    def __init__(self, handler: Handler, context: ssl.SSLContext | None = None) -> None:
        self.handler, self.context = handler, context
        self.requests: list[bytes] = []
        self.connections = self.closed = 0
        self.ended = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.threads = [threading.Thread(target=self.accept)]
        self.threads[0].start()

    @property
    def url(self) -> str:
        return f"{'https' if self.context else 'http'}://127.0.0.1:{self.port}/iCloud/iCloud.asmx"

    def accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            if self.ended.is_set():
                connection.close()
                return
            self.connections += 1
            self.threads.append(threading.Thread(target=self.serve, args=(connection,)))
            self.threads[-1].start()

    def serve(self, connection: socket.socket) -> None:
        with self.counted(), suppress(OSError), connection:
            # A test that forgets its client's end must not hang the run.
            connection.settimeout(60)
            if self.context:
                connection = self.context.wrap_socket(connection, server_side=True)
            with connection:
                served = Connection(connection, self)
                with served.stream:
                    self.handler(served)

    @contextmanager
    def counted(self) -> Iterator[None]:
        yield
        self.closed += 1

    def close(self) -> None:
        self.ended.set()
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), 60).close()
        for thread in self.threads:
            thread.join(60)
        self.listener.close()


@pytest.fixture(autouse=True)
def kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two calls of a test a connection is kept, however long the machine pauses there."""
    for module in ("connections", "transport"):
        monkeypatch.setattr(f"partnerlab.client.http.{module}.KEEPALIVE_S", 3_600.0)


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Start a server: `serve(handler)`; an answer given as bytes is sent to every request."""
    started: list[Server] = []

    def start(behaviour: Handler | bytes, context: ssl.SSLContext | None = None) -> Server:
        def always(connection: Connection) -> None:
            assert isinstance(behaviour, bytes)
            while connection.request():
                connection.answer(behaviour, 200, "Content-Type: text/xml; charset=utf-8")

        started.append(Server(always if isinstance(behaviour, bytes) else behaviour, context))
        return started[-1]

    yield start
    for server in started:
        server.close()


class Flavour:
    """The sync or the async side of the client, behind one blocking face."""

    def __init__(self, name: str) -> None:
        self.name = name

    def send(self, *requests: HttpRequest, **options: Any) -> list[HttpResponse]:
        """Send over one transport, one after the other."""
        options.setdefault("timeouts", PATIENT)
        if self.name == "sync":
            with Transport(**options) as transport:
                return [transport.send(request) for request in requests]

        async def run() -> list[HttpResponse]:
            async with AsyncTransport(**options) as transport:
                return [await transport.send(request) for request in requests]

        return asyncio.run(run())

    def inhance(
        self, call: str, url: str, key: str, *args: Any, client: dict[str, Any] | None = None, **kw: Any
    ) -> Any:
        return self._run(InHanceClient, AsyncInHanceClient, (url, key), client or {}, call, args, kw)

    def invoice_cloud(
        self, call: str, url: str, guid: str, key: str, *args: Any, client: dict[str, Any] | None = None, **kw: Any
    ) -> Any:
        return self._run(InvoiceCloudClient, AsyncInvoiceCloudClient, (url, guid, key), client or {}, call, args, kw)

    def _run(self, plain: Any, asynchronous: Any, where: Any, options: Any, call: str, args: Any, kw: Any) -> Any:
        if self.name == "sync":
            with plain(*where, **options) as client:
                return getattr(client, call)(*args, **kw)

        async def run() -> Any:
            async with asynchronous(*where, **options) as client:
                return await getattr(client, call)(*args, **kw)

        return asyncio.run(run())


@pytest.fixture(params=["sync", "async"])
def flavour(request: pytest.FixtureRequest) -> Flavour:
    return Flavour(request.param)


@pytest.fixture(scope="session")
def sample() -> Callable[[str], bytes]:
    """The bytes of a file below tests/samples/client."""
    return lambda path: SAMPLES.joinpath(path).read_bytes()
