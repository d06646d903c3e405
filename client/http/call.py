"""A call as a value: the request to send and how its answer is read. Whoever has a transport can perform it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from partnerlab.client.http.request import HttpRequest, HttpResponse

__all__ = ["Call"]

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Call(Generic[T_co]):
    """
    One call of an operation, decided but not sent.

    `read` raises `PartnerFault`, `TransportError` or `ProtocolError`. `lookup` says that the call changes nothing, so
    that one without an answer leaves nothing in doubt and may be made again; nothing here repeats it by itself.
    """

    request: HttpRequest
    read: Callable[[HttpResponse], T_co] = field(repr=False)
    lookup: bool = False

    @property
    def operation(self) -> str:
        """The operation's name on the wire."""
        return self.request.operation
