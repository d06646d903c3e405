"""A call as a value: the request to send and how its answer is read. Whoever has a transport can perform it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

from partnerlab.client.http.request import HttpRequest, HttpResponse

__all__ = ["Call"]

T_co = TypeVar("T_co", covariant=True)


class Call(NamedTuple, Generic[T_co]):
    """
    One call of an operation, decided but not sent.

    `read` raises `PartnerFault`, `TransportError` or `ProtocolError`. `lookup` says that the call changes nothing, so
    that one without an answer leaves nothing in doubt and may be made again; nothing here repeats it by itself.
    """

    request: HttpRequest
    read: Callable[[HttpResponse], T_co]
    lookup: bool = False

    def __repr__(self) -> str:
        return f"Call(request={self.request!r}, lookup={self.lookup!r})"

    @property
    def operation(self) -> str:
        """The operation's name on the wire."""
        return self.request.operation
