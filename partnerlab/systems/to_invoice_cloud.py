"""Invoice Cloud as a partner's own programs reach it, by the production client and over HTTP, in every lane."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from partnerlab.contracts.first_use import importing
from partnerlab.simulators.ic_webservices import InvoiceCloud
from partnerlab.simulators.ic_webservices.domain.billers import Biller
from partnerlab.simulators.kit.world.lanes import Lane

if TYPE_CHECKING:
    from partnerlab.client.http import Transport
    from partnerlab.client.invoice_cloud import InvoiceCloudClient

__all__ = ["NO_BILLER", "Arrives", "PartnerAccess", "ToInvoiceCloud"]

NO_BILLER = "there is no biller of this partner in the lane"
Arrives = Callable[[Lane, str, bytes], list[bytes]]
"""What comes of a file on its way: lane, operation and content to what arrives, each time that it does."""


class PartnerAccess(NamedTuple):
    """What a partner calls a lane with: its address, and the biller's keys as they count here."""

    base_url: str
    biller_guid: str
    web_service_key: str
    api_key: str


class ToInvoiceCloud:
    """
    The way there.

    *url* gives the origin, *simulator* Invoice Cloud's, *trust* whose certificates are taken. Without a *transport* one
    is made at need. *arrives* says what comes of a file or a list on its way (`Faults.file`).
    """

    def __init__(
        self,
        url: Callable[[], str],
        simulator: Callable[[], InvoiceCloud],
        transport: Transport | None = None,
        *,
        trust: ssl.SSLContext | None = None,
        arrives: Arrives = lambda _, __, content: [content],
    ) -> None:
        self._url, self.simulator, self._trust, self.arrives = url, simulator, trust, arrives
        self._lock = threading.Lock()
        self._transport = transport

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            if self._transport is not None:
                self._transport.close()
                self._transport = None

    def biller(self, lane: Lane, partner: str) -> Biller | None:
        """The lane's biller of a partner; None where somebody gave it another."""
        for biller in self.simulator().world.services.records.billers(lane):
            if biller.partner == partner:
                return biller
        return None

    def access(self, lane: Lane, biller: Biller) -> PartnerAccess:
        """What the biller's partner calls the lane with."""
        here = self.simulator().world.services.keys.here
        url = f"{self._url()}/lane/{lane.name}"
        return PartnerAccess(url, biller.guid, here(biller.web_service_key), here(biller.api_key))

    def transport(self, lane: Lane) -> Transport:
        """Connections to a lane, which call it as long as it is this one."""
        with importing:
            from partnerlab.client.http import Transport
            from partnerlab.systems.lane_transport import LaneTransport

        with self._lock:
            if self._transport is None:
                self._transport = Transport(allow_http=True, ssl_context=self._trust)  # the sandbox's own origin
            return LaneTransport(self._transport, lane)

    def client(self, lane: Lane, biller: Biller) -> InvoiceCloudClient:
        """The production client over them."""
        with importing:
            from partnerlab.systems.faulty_client import FaultyClient

        url, guid, key, _ = self.access(lane, biller)
        arrives = partial(self.arrives, lane)
        return FaultyClient(url, guid, key, transport=self.transport(lane), arrives=arrives)
