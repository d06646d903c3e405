"""What every client has: where it calls, and connections, of which it closes those it made."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, ClassVar, Concatenate, Generic, ParamSpec, Self, TypeVar, overload

from partnerlab.client.http.call import Call
from partnerlab.client.http.request import Timeouts, check_url
from partnerlab.client.http.transport import MAX_ANSWER_BYTES, AsyncTransport, Transport

__all__ = ["AsyncConnected", "Connected", "Method", "Service", "Tr"]

P = ParamSpec("P")
T = TypeVar("T")
Tr = TypeVar("Tr", bound=Transport | AsyncTransport)


class Service(Generic[Tr]):
    """
    A client of *endpoint*, at *url*, over *transport*, or over one of its own with the other arguments.

    A partner's service derives from it once, with a constructor and a `Method` for each operation. Its two clients are
    that service with `Connected`, and with `AsyncConnected`, which send, wait and close.
    """

    transport: Tr
    _make_transport: ClassVar[Callable[..., Any]]

    def __init__(
        self,
        endpoint: Any,
        url: str,
        transport: Tr | None,
        *,
        timeouts: Timeouts,
        allow_http: bool,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
    ) -> None:
        if transport is None:
            check_url(url, allow_http=allow_http)
        self.endpoint = endpoint
        self._own = transport is None
        self.transport = transport or self._make_transport(
            timeouts=timeouts, allow_http=allow_http, max_answer_bytes=max_answer_bytes
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.endpoint})"


class Connected(Service[Transport]):
    """A service whose calls are sent here and now."""

    _make_transport = Transport

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


class AsyncConnected(Service[AsyncTransport]):
    """`Connected` for asyncio."""

    _make_transport = AsyncTransport

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


class Method(Generic[P, T]):
    """
    An operation as a method of a client, which sends it and reads its answer; awaited where the client is for asyncio.

    It has the operation's words and its signature without the endpoint, which is the client's.
    """

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

    @overload
    def __get__(self, client: None, owner: type) -> Self: ...

    @overload
    def __get__(self, client: Connected, owner: type) -> Callable[P, T]: ...

    @overload
    def __get__(self, client: AsyncConnected, owner: type) -> Callable[P, Coroutine[Any, Any, T]]: ...

    def __get__(self, client: Any, owner: type) -> Any:
        if client is None:
            return self
        make = _async_method if isinstance(client, AsyncConnected) else _method
        method: Any = make(self.operation, client.perform, client.endpoint)
        method.__name__, method.__doc__, method.__signature__ = self.name, self.__doc__, self.__signature__
        client.__dict__[self.name] = method  # the client's own from now on, so that it is made once
        return method


def _method(
    operation: Callable[Concatenate[Any, P], Call[T]], perform: Callable[[Call[T]], T], endpoint: object
) -> Callable[P, T]:
    def method(*args: P.args, **kwargs: P.kwargs) -> T:
        return perform(operation(endpoint, *args, **kwargs))

    return method


def _async_method(
    operation: Callable[Concatenate[Any, P], Call[T]],
    perform: Callable[[Call[T]], Coroutine[Any, Any, T]],
    endpoint: object,
) -> Callable[P, Coroutine[Any, Any, T]]:
    async def method(*args: P.args, **kwargs: P.kwargs) -> T:
        return await perform(operation(endpoint, *args, **kwargs))

    return method
