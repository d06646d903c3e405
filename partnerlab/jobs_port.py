"""
The partners' timed jobs in the sandbox: the way to Invoice Cloud in each lane, and whether a run would find work.

The runs are those of production (`partnerlab.client.jobs`), over the simulators' books (`partnerlab.jobs_books`); both
are loaded at the first run, because the client is slow to import.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from partnerlab.integrations import integration_of
from partnerlab.simulators.ic_webservices import InvoiceCloud
from partnerlab.simulators.ic_webservices.domain.billers import Biller
from partnerlab.simulators.inhance_soap.world import World
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.tccs_rest.world import World as TccsWorld

if TYPE_CHECKING:
    from partnerlab.client.http import Transport
    from partnerlab.client.invoice_cloud import InvoiceCloudClient

__all__ = ["InHanceJobs", "JobsPort", "TccsJobs"]

NO_BILLER = "there is no biller of this partner in the lane"


class JobsPort:
    """
    Invoice Cloud as the partners' jobs reach it, in every lane.

    *url* gives the sandbox's origin, *invoice_cloud* its simulator, *trust* whose certificates are taken. Without a
    *transport* one is made at need. *arrives* says what arrives of a file or a list in a lane (`Faults.file`).
    """

    def __init__(
        self,
        url: Callable[[], str],
        invoice_cloud: Callable[[], InvoiceCloud],
        transport: Transport | None = None,
        *,
        trust: ssl.SSLContext | None = None,
        arrives: Callable[[Lane, str, bytes], list[bytes]] = lambda _, __, content: [content],
    ) -> None:
        self._arrives = arrives
        self._url, self.invoice_cloud, self._trust = url, invoice_cloud, trust
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
        for biller in self.invoice_cloud().world.services.records.billers(lane):
            if biller.partner == partner:
                return biller
        return None

    def client(self, lane: Lane, biller: Biller) -> InvoiceCloudClient:
        """The production client, calling the lane as long as it is this one."""
        from partnerlab.client.http import Transport
        from partnerlab.faulty_client import FaultyClient
        from partnerlab.worlds import OfWorld

        with self._lock:
            if self._transport is None:
                self._transport = Transport(allow_http=True, ssl_context=self._trust)
        url = f"{self._url()}/lane/{lane.name}"
        key = self.invoice_cloud().world.services.keys.here(biller.web_service_key)
        arrives = partial(self._arrives, lane)
        return FaultyClient(url, biller.guid, key, transport=OfWorld(self._transport, lane), arrives=arrives)


class InHanceJobs:
    """The jobs of the utilities on inHance v1 and v2."""

    def __init__(self, port: JobsPort) -> None:
        self._port = port

    def run(self, world: World, partner: str, lane: Lane, name: str) -> str:
        """One run of a job. Raises the errors of `client.errors`."""
        biller = self._port.biller(lane, partner)
        if biller is None:
            return NO_BILLER
        from partnerlab.jobs_books import run_utility

        return run_utility(world, lane, biller, name, self._port.client(lane, biller))

    def idle(self, world: World, partner: str, lane: Lane, name: str) -> bool:
        """Whether that run would find nothing to do."""
        match name:
            case "invoices":
                return not world.outgoing.has_bills(lane, integration_of(partner))
            case "balances":
                return not world.outgoing.has_balances(lane)
        biller = self._port.biller(lane, partner)
        if biller is None:
            return True
        newest = self._port.invoice_cloud().world.services.exports.newest(lane, biller.guid)
        return newest <= world.downloads.newest(lane)


class TccsJobs:
    """The upload of the insurer on TCCS."""

    def __init__(self, port: JobsPort) -> None:
        self._port = port

    def run(self, world: TccsWorld, lane: Lane, name: str) -> str:
        """One run. Raises the errors of `client.errors`."""
        biller = self._port.biller(lane, "tccs")
        if biller is None:
            return NO_BILLER
        from partnerlab.jobs_books import run_insurer

        return run_insurer(world, lane, biller, self._port.client(lane, biller))

    def idle(self, world: TccsWorld, lane: Lane, name: str) -> bool:
        """Whether that run would find nothing to do."""
        return not world.outgoing.has_terms(lane)
