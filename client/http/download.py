"""
An answer handed on while it arrives, over a transport's own connections and under its rules.

`Transport.send` keeps an answer whole, which is right for a few hundred bytes and wrong for a bill. Here only the
pieces pass through; what they mean is for the caller. Errors of the network become `TransportError` as they do there,
and errors of whoever takes the pieces stay as they are.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import field, replace
from typing import TYPE_CHECKING

from partnerlab.client.http.attempt import Attempt
from partnerlab.client.http.request import HttpRequest
from partnerlab.client.http.transport import AsyncTransport, Transport
from partnerlab.contracts.records import dataclass

if TYPE_CHECKING:
    import httpx

__all__ = ["Arriving", "AsyncArriving", "download", "download_async"]


@dataclass(frozen=True, slots=True)
class Arriving:
    """An answer whose body is still to come: `pieces` are read from the network as they are asked for."""

    status: int
    headers: Mapping[str, str]
    pieces: Iterator[bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class AsyncArriving:
    """`Arriving` for asyncio."""

    status: int
    headers: Mapping[str, str]
    pieces: AsyncIterator[bytes] = field(repr=False)


@contextmanager
def download(transport: Transport, request: HttpRequest, *, max_bytes: int) -> Iterator[Arriving]:
    """
    The answer to *request*, whatever its status, of *max_bytes* at most.

    Raises `TransportError`, `ProtocolError` (too large), `RequestInvalid`; so do the pieces.
    """
    call = _Passing(request, replace(transport.rules, max_answer_bytes=max_bytes), request.content)
    with transport.connection(call):
        with _network(call):
            response = transport.http.handle_request(call.prepared)
        call.begin(response)
        try:
            yield Arriving(response.status_code, _headers(response), _pieces(call, response))
        finally:
            call.end(response)
            response.close()


@asynccontextmanager
async def download_async(
    transport: AsyncTransport, request: HttpRequest, *, max_bytes: int
) -> AsyncGenerator[AsyncArriving]:
    """`download` over an `AsyncTransport`."""
    call = _Passing(request, replace(transport.rules, max_answer_bytes=max_bytes), request.content)
    async with transport.connection(call):
        with _network(call):
            response = await transport.http.handle_async_request(call.prepared)
        call.begin(response)
        try:
            async with aclosing(_pieces_async(call, response)) as pieces:
                yield AsyncArriving(response.status_code, _headers(response), pieces)
        finally:
            call.end(response)
            await response.aclose()


class _Passing(Attempt):
    """A call whose answer is counted and timed, and not kept."""

    def take(self, piece: bytes) -> None:
        super().take(piece)
        self.content.clear()


def _pieces(call: Attempt, response: httpx.Response) -> Iterator[bytes]:
    with _network(call):
        for piece in response.stream:  # type: ignore[union-attr]  # httpx types both streams as one
            call.take(piece)
            yield piece


async def _pieces_async(call: Attempt, response: httpx.Response) -> AsyncGenerator[bytes]:
    with _network(call):
        async for piece in response.stream:  # type: ignore[union-attr]  # httpx types both streams as one
            call.take(piece)
            yield piece


@contextmanager
def _network(call: Attempt) -> Iterator[None]:
    """Errors of httpx as what they mean. A generator's own: what its consumer raises never comes in here."""
    import httpx

    try:
        yield
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise call.failed(error) from error


def _headers(response: httpx.Response) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}
