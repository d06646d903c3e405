"""What every client does with its connections: shares those it was given, closes those it made."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from partnerlab.client.http.request import Timeouts, check_url
from partnerlab.client.http.transport import MAX_ANSWER_BYTES, AsyncTransport, Transport

__all__ = ["AsyncConnected", "Connected"]


class Connected:
    """A client of the service at *url* over *transport*, or over one of its own with the other arguments."""

    def __init__(
        self,
        url: str,
        transport: Transport | None,
        *,
        timeouts: Timeouts,
        allow_http: bool,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
    ) -> None:
        if transport is None:
            check_url(url, allow_http=allow_http)
        self._own = transport is None
        self._transport = transport or Transport(
            timeouts=timeouts, allow_http=allow_http, max_answer_bytes=max_answer_bytes
        )

    def close(self) -> None:
        """Close the transport, if the client made it."""
        if self._own:
            self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncConnected:
    """`Connected` for asyncio."""

    def __init__(
        self,
        url: str,
        transport: AsyncTransport | None,
        *,
        timeouts: Timeouts,
        allow_http: bool,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
    ) -> None:
        if transport is None:
            check_url(url, allow_http=allow_http)
        self._own = transport is None
        self._transport = transport or AsyncTransport(
            timeouts=timeouts, allow_http=allow_http, max_answer_bytes=max_answer_bytes
        )

    async def aclose(self) -> None:
        """Close the transport, if the client made it."""
        if self._own:
            await self._transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
