"""
The end of a call, kept by the network: no connect, handshake, write or read waits beyond it.

httpx limits each of these by itself, so a server that sends a byte now and then holds a call for ever. Here the limits
of a call are numbers that know when the whole call ends (`Limit`). httpcore hands them on as they are, and the streams
between it and its own network wait for no longer than that.

Only the look-up of a host's name is the operating system's, which has limits of its own.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import httpcore
import httpx

__all__ = ["AsyncNetwork", "Limit", "Network", "hang_up", "over"]

SLICE = 1 << 14
"""So much is written at a time: one send, mostly, and each has what is left of the time then."""


class Limit(float):
    """Seconds for one wait of a call that ends at `until`, by the monotonic clock."""

    __slots__ = ("until",)
    until: float

    def __new__(cls, seconds: float, until: float) -> Limit:
        limit = super().__new__(cls, seconds)
        limit.until = until
        return limit


def over(transport: httpx.HTTPTransport | httpx.AsyncHTTPTransport, network: Network | AsyncNetwork) -> None:
    """Have *transport* make its connections by *network*. httpx has no argument for that, its pool has."""
    pool: Any = transport._pool
    assert hasattr(pool, "_network_backend")
    pool._network_backend = network


def hang_up(transport: httpx.BaseTransport) -> None:
    """
    Have another thread that waits for the network on *transport* wait no longer, as if the server had closed.

    To close is for that thread: the number of a socket that is closed under its hands is soon another connection's, or
    a file's, and TLS would read and write there.
    """
    network = getattr(getattr(transport, "_pool", None), "_network_backend", None)
    if isinstance(network, Network) and network.stream is not None:
        with suppress(OSError):  # it may be closed already
            # Of a socket: that of TLS would forget its TLS first, and what is written meanwhile would go out as it is.
            socket.socket.shutdown(network.stream.get_extra_info("socket"), socket.SHUT_RDWR)


def _left(timeout: float | None, late: type[httpcore.TimeoutException]) -> float | None:
    """What is left of a limit now. Raises *late* where that is nothing."""
    if not isinstance(timeout, Limit):
        return timeout
    rest = timeout.until - time.monotonic()
    if rest <= 0:
        raise late("the call's time is over")
    return min(float(timeout), rest)


class Network(httpcore.NetworkBackend):
    """Connections to the addresses of a host, one after the other. `stream` is the connection made last."""

    def __init__(self) -> None:
        self._network = httpcore.SyncBackend()
        self.stream: _Stream | None = None

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        numeric = socket.NI_NUMERICHOST | socket.NI_NUMERICSERV
        names = [host] if len(found) == 1 else [socket.getnameinfo(each[4], numeric)[0] for each in found]
        for number, name in enumerate(names, 1):
            left = _left(timeout, httpcore.ConnectTimeout)
            try:
                made = self._network.connect_tcp(name, port, left, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if number == len(names):
                    raise
            else:
                return _Stream(made, self)
        raise httpcore.ConnectError(f"{host} has no address")


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, network: Network) -> None:
        self._stream, self._network = stream, network
        network.stream = self

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if len(buffer) <= SLICE:
            return self._stream.write(buffer, _left(timeout, httpcore.WriteTimeout))
        for start in range(0, len(buffer), SLICE):
            self._stream.write(buffer[start : start + SLICE], _left(timeout, httpcore.WriteTimeout))
        return None

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left), self._network)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class AsyncNetwork(httpcore.AsyncNetworkBackend):
    """`Network` for asyncio."""

    def __init__(self) -> None:
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _AsyncStream(await self._network.connect_tcp(host, port, left, local_address, socket_options))


class _AsyncStream(httpcore.AsyncNetworkStream):
    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await self._stream.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._stream.write(buffer, _left(timeout, httpcore.WriteTimeout))

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _AsyncStream(await self._stream.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable" and _holds_bytes(self._stream):
            return True
        return self._stream.get_extra_info(info)


def _holds_bytes(stream: Any) -> bool:
    """
    Whether bytes came that nobody has read, where no look at the socket shows them: asyncio reads ahead.

    Where anyio does not show what it holds, it may be something; such a connection is not used again.
    """
    above: Any = getattr(stream, "_stream", None)
    below = getattr(above, "transport_stream", None)  # of TLS
    queue = getattr(getattr(below or above, "_protocol", None), "read_queue", None)
    if queue is None or len(queue):
        return True
    return below is not None and bool(above._read_bio.pending or above._ssl_object.pending())
