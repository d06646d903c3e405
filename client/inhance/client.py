"""The inHance clients: they send, wait and close; `operations` declares everything."""

from __future__ import annotations

from partnerlab.client.http import DEFAULT_TIMEOUTS, AsyncTransport, Timeouts, Transport
from partnerlab.client.http.connected import AsyncConnected, Connected, Method, Service, Tr
from partnerlab.client.inhance import operations
from partnerlab.client.inhance.operations import NAMESPACE, Endpoint
from partnerlab.client.inhance.rules import KNOWN, Conventions
from partnerlab.client.wire.fields import KNOWN_SHAPES, AnswerShapes
from partnerlab.client.wire.soap import SoapVersion

__all__ = ["AsyncInHanceClient", "InHanceClient"]


class _InHance(Service[Tr]):
    def __init__(
        self,
        url: str,
        key: str,
        *,
        namespace: str = NAMESPACE,
        soap: SoapVersion = "1.1",
        shapes: AnswerShapes = KNOWN_SHAPES,
        conventions: Conventions = KNOWN,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        allow_http: bool = False,
        transport: Tr | None = None,
    ) -> None:
        endpoint = Endpoint(url, key, namespace, soap, shapes, conventions)
        super().__init__(endpoint, url, transport, timeouts=timeouts, allow_http=allow_http)

    balance_check = Method(operations.balance_check)
    make_payment = Method(operations.make_payment)
    set_paperless = Method(operations.set_paperless)
    set_autopay = Method(operations.set_autopay)
    set_email = Method(operations.set_email)


class InHanceClient(_InHance[Transport], Connected):
    """
    A biller's inHance service.

    Give *transport* to share its connections (it stays yours to close); else the client makes one of its own with
    *timeouts* and *allow_http*. *shapes* are what its answers may look like beside the known shape, *conventions* the
    biller's own mark of a conveyed account. Every call raises the errors of `partnerlab.client.errors`; no call is ever
    sent twice.
    """


class AsyncInHanceClient(_InHance[AsyncTransport], AsyncConnected):
    """`InHanceClient` for asyncio."""
