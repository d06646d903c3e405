"""
What WaterSmart needs of Invoice Cloud, by the production client: its jobs are `partnerlab.client.jobs`, files go up by
UploadInvoiceFile, the portal's moments are the client's flows.

Calls go over the same HTTP that a real partner would use, so they stand in the journal.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from partnerlab.simulators.ic_webservices.services.export_batches import ExportBatches
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.watersmart import Told
from partnerlab.simulators.watersmart.world import World

if TYPE_CHECKING:
    from partnerlab.client.http import Transport
    from partnerlab.client.jobs import FileTarget, ReceivedBatch
    from partnerlab.watersmart_calls import WaterSmartCalls

__all__ = ["Arrives", "PartnerAccess", "WaterSmartPort"]


Arrives = Callable[[Lane, str, bytes], Sequence[bytes]]
"""What comes of a file on its way: lane, operation and content to what arrives, each time that it does."""


class PartnerAccess(NamedTuple):
    """WaterSmart's access to Invoice Cloud in a lane: the lane's address and the biller's keys."""

    base_url: str
    biller_guid: str
    web_service_key: str
    api_key: str


class WaterSmartPort:
    """
    Joins WaterSmart's ports to the client; *access* gives what a lane's biller has now.

    *arrives* says what comes of a file on its way in a lane, by the head of its name or the operation that takes it.
    Without a *transport* one is made at need.
    """

    def __init__(
        self,
        access: Callable[[Lane], PartnerAccess],
        batches: Callable[[], ExportBatches],
        *,
        split: bool,
        arrives: Arrives = lambda _, __, content: [content],
        trust: ssl.SSLContext | None = None,
        transport: Transport | None = None,
    ) -> None:
        self._access, self._batches, self._split, self._arrives = access, batches, split, arrives
        self._trust = trust
        self._lock = threading.Lock()
        self._transport = transport

    def close(self) -> None:
        """Let go of the connections."""
        with self._lock:
            if self._transport is not None:
                self._transport.close()
            self._transport = None

    def run(self, world: World, lane: Lane, name: str) -> str:
        """One run of a job of the file exchange. Raises `ClientError`, `FilesRefused`."""
        from partnerlab.watersmart_books import run_exchange  # at the first job: the client is slow to import

        arrives = partial(self._arrives, lane)
        source = _Batches(lane, self._access(lane).biller_guid, self._batches(), arrives, split=self._split)
        return run_exchange(world, lane, name, _Uploads(self._calls(lane).way, arrives), source)

    def call(self, lane: Lane, story: str, values: Mapping[str, Any]) -> Told:
        """Make the calls of a moment; a refusal is told, not raised."""
        return self._calls(lane).tell(story, values)

    def _calls(self, lane: Lane) -> WaterSmartCalls:
        """Calls to a lane, as long as it is this one."""
        from partnerlab.client.http import Transport
        from partnerlab.watersmart_calls import WaterSmartCalls
        from partnerlab.worlds import OfWorld

        with self._lock:
            if self._transport is None:
                self._transport = Transport(allow_http=True, ssl_context=self._trust)  # the sandbox's own origin
            return WaterSmartCalls(*self._access(lane), transport=OfWorld(self._transport, lane))


class _Uploads:
    """The way of files to Invoice Cloud, on which they may be damaged."""

    def __init__(self, way: FileTarget, arrives: Callable[[str, bytes], Sequence[bytes]]) -> None:
        self._way, self._arrives = way, arrives

    def send(self, name: str, content: bytes) -> str:
        said = [self._way.send(name, one) for one in self._arrives("UploadInvoiceFile", content)]
        return said[-1] if said else "sent"


class _Batches:
    """Exported batches as `partnerlab export` takes them: those that nobody fetched, then one more of what is new."""

    def __init__(
        self,
        lane: Lane,
        biller_guid: str,
        batches: ExportBatches,
        arrives: Callable[[str, bytes], Sequence[bytes]],
        *,
        split: bool,
    ) -> None:
        self._lane, self._guid, self._batches, self._split = lane, biller_guid, batches, split
        self._arrives = arrives

    def waiting(self, kind: str) -> Iterator[ReceivedBatch]:
        lane, batches = self._lane, self._batches
        after = 0
        while waiting := batches.find(lane, self._guid, kind=kind, waiting=True, after=after):
            yield from (self._batch(one.report_id) for one in waiting)
            after = waiting[-1].report_id
        made = batches.create(lane, self._guid, kind, split=self._split and kind == "payments")
        if made is not None:
            yield self._batch(made.report_id)

    def taken(self, batch: ReceivedBatch) -> None:
        self._batches.delivered(self._lane, self._guid, int(batch.key))

    def _batch(self, report_id: int) -> ReceivedBatch:
        from partnerlab.client.jobs import ReceivedBatch

        _, files = self._batches.get(self._lane, report_id)
        whole = [(file.name, self._content(report_id, file.name)) for file in files]
        came = [(name, one) for name, file in whole for one in self._arrives(name.partition("_")[0], file)]
        return ReceivedBatch(report_id, came)

    def _content(self, report_id: int, name: str) -> bytes:
        pages: list[str] = []
        while (page := self._batches.page(self._lane, report_id, name, len(pages))) is not None:
            pages.append(page)
        return "".join(pages).encode()
