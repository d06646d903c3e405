"""The inHance clients: they send, wait and close; `operations` declares everything."""

from __future__ import annotations

from partnerlab.client.http import DEFAULT_TIMEOUTS, AsyncTransport, Timeouts, Transport
from partnerlab.client.http.connected import AsyncConnected, AsyncMethod, Connected, SyncMethod
from partnerlab.client.inhance import operations
from partnerlab.client.inhance.operations import NAMESPACE, Endpoint
from partnerlab.client.wire.fields import KNOWN_SHAPES, AnswerShapes
from partnerlab.client.wire.soap import SoapVersion

__all__ = ["AsyncInHanceClient", "InHanceClient"]


class InHanceClient(Connected):
    """
    A biller's inHance service.

    Give *transport* to share its connections (it stays yours to close); else the client makes one of its own with
    *timeouts* and *allow_http*. *shapes* are what its answers may look like beside the known shape. Every call raises
    the errors of `partnerlab.client.errors`; no call is ever sent twice.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        namespace: str = NAMESPACE,
        soap: SoapVersion = "1.1",
        shapes: AnswerShapes = KNOWN_SHAPES,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        allow_http: bool = False,
        transport: Transport | None = None,
    ) -> None:
        endpoint = Endpoint(url, key, namespace, soap, shapes)
        super().__init__(endpoint, url, transport, timeouts=timeouts, allow_http=allow_http)

    balance_check = SyncMethod(operations.balance_check)
    make_payment = SyncMethod(operations.make_payment)
    set_paperless = SyncMethod(operations.set_paperless)
    set_autopay = SyncMethod(operations.set_autopay)
    set_email = SyncMethod(operations.set_email)


class AsyncInHanceClient(AsyncConnected):
    """`InHanceClient` for asyncio."""

    def __init__(
        self,
        url: str,
        key: str,
        *,
        namespace: str = NAMESPACE,
        soap: SoapVersion = "1.1",
        shapes: AnswerShapes = KNOWN_SHAPES,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        allow_http: bool = False,
        transport: AsyncTransport | None = None,
    ) -> None:
        endpoint = Endpoint(url, key, namespace, soap, shapes)
        super().__init__(endpoint, url, transport, timeouts=timeouts, allow_http=allow_http)

    balance_check = AsyncMethod(operations.balance_check)
    make_payment = AsyncMethod(operations.make_payment)
    set_paperless = AsyncMethod(operations.set_paperless)
    set_autopay = AsyncMethod(operations.set_autopay)
    set_email = AsyncMethod(operations.set_email)
