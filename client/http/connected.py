"""What every client has: where it calls, and connections, of which it closes those it made."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar, overload

from partnerlab.client.http.call import Call
from partnerlab.client.http.request import Timeouts, check_url
from partnerlab.client.http.transport import MAX_ANSWER_BYTES, AsyncTransport, Transport

__all__ = ["AsyncConnected", "AsyncMethod", "Connected", "SyncMethod"]

P = ParamSpec("P")
T = TypeVar("T")


class Connected:
    """A client of *endpoint*, at *url*, over *transport*, or over one of its own with the other arguments."""

    def __init__(
        self,
        endpoint: Any,
        url: str,
        transport: Transport | None,
        *,
        timeouts: Timeouts,
        allow_http: bool,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
    ) -> None:
        if transport is None:
            check_url(url, allow_http=allow_http)
        self.endpoint = endpoint
        self._own = transport is None
        self.transport = transport or Transport(
            timeouts=timeouts, allow_http=allow_http, max_answer_bytes=max_answer_bytes
        )

    def perform(self, call: Call[T]) -> T:
        """Send a call and read its answer."""
        return call.read(self.transport.send(call.request))

    def close(self) -> None:
        """Close the transport, if the client made it."""
        if self._own:
            self.transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.endpoint})"


class AsyncConnected:
    """`Connected` for asyncio."""

    def __init__(
        self,
        endpoint: Any,
        url: str,
        transport: AsyncTransport | None,
        *,
        timeouts: Timeouts,
        allow_http: bool,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
    ) -> None:
        if transport is None:
            check_url(url, allow_http=allow_http)
        self.endpoint = endpoint
        self._own = transport is None
        self.transport = transport or AsyncTransport(
            timeouts=timeouts, allow_http=allow_http, max_answer_bytes=max_answer_bytes
        )

    async def perform(self, call: Call[T]) -> T:
        """Send a call and read its answer."""
        return call.read(await self.transport.send(call.request))

    async def aclose(self) -> None:
        """Close the transport, if the client made it."""
        if self._own:
            await self.transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.endpoint})"


class _Method(Generic[P, T]):
    """An operation as a method: its words and its signature without the endpoint, which is the client's."""

    def __init__(self, operation: Callable[Concatenate[Any, P], Call[T]]) -> None:
        self.operation = operation
        self.__doc__ = operation.__doc__
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @functools.cached_property
    def __signature__(self) -> inspect.Signature:
        whole = inspect.signature(self.operation)
        return whole.replace(parameters=list(whole.parameters.values())[1:])

    def _bind(self, client: Any, method: Any) -> None:
        """Make *method* the client's own, so that it is made once."""
        method.__name__, method.__doc__, method.__signature__ = self.name, self.__doc__, self.__signature__
        client.__dict__[self.name] = method


class SyncMethod(_Method[P, T]):
    """An operation as a method of a client, which sends it and reads its answer."""

    @overload
    def __get__(self, client: None, owner: type) -> Self: ...

    @overload
    def __get__(self, client: Connected, owner: type) -> Callable[P, T]: ...

    def __get__(self, client: Connected | None, owner: type) -> Self | Callable[P, T]:
        if client is None:
            return self
        operation, perform, endpoint = self.operation, client.perform, client.endpoint

        def method(*args: P.args, **kwargs: P.kwargs) -> T:
            return perform(operation(endpoint, *args, **kwargs))

        self._bind(client, method)
        return method


class AsyncMethod(_Method[P, T]):
    """`SyncMethod` for asyncio."""

    @overload
    def __get__(self, client: None, owner: type) -> Self: ...

    @overload
    def __get__(self, client: AsyncConnected, owner: type) -> Callable[P, Coroutine[Any, Any, T]]: ...

    def __get__(self, client: AsyncConnected | None, owner: type) -> Self | Callable[P, Coroutine[Any, Any, T]]:
        if client is None:
            return self
        operation, perform, endpoint = self.operation, client.perform, client.endpoint

        async def method(*args: P.args, **kwargs: P.kwargs) -> T:
            return await perform(operation(endpoint, *args, **kwargs))

        self._bind(client, method)
        return method
