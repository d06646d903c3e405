"""
What WaterSmart needs of Invoice Cloud, by the production client: files go up by UploadInvoiceFile, the portal's moments
are the client's flows.

Calls go over the same HTTP that a real partner would use, so they stand in the journal. Exported batches are taken from
Invoice Cloud as `partnerlab export` takes them: those that wait, then one more of what is new.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from partnerlab.client.http import Transport
from partnerlab.simulators.ic_webservices.services.export_batches import ExportBatches
from partnerlab.simulators.kit.world.lanes import Lanes
from partnerlab.simulators.watersmart import Batch, Ports, Told

if TYPE_CHECKING:
    from partnerlab.watersmart_calls import WaterSmartCalls

__all__ = ["PartnerAccess", "WaterSmartPort"]


class PartnerAccess(NamedTuple):
    """WaterSmart's access to Invoice Cloud in a lane: the lane's address and the biller's keys."""

    base_url: str
    biller_guid: str
    web_service_key: str
    api_key: str


class WaterSmartPort:
    """Joins WaterSmart's ports to the client; *access* gives what a lane's biller has now."""

    def __init__(
        self, access: Callable[[str], PartnerAccess], lanes: Lanes, batches: Callable[[], ExportBatches], *, split: bool
    ) -> None:
        self._access, self._lanes, self._batches, self._split = access, lanes, batches, split
        self._lock = threading.Lock()
        self._transport: Transport | None = None

    def ports(self) -> Ports:
        """The ports."""
        return Ports(self.send, self.fetch, self.fetched, self.call)

    def close(self) -> None:
        """Let go of the connections."""
        with self._lock:
            if self._transport is not None:
                self._transport.close()
            self._transport = None

    def send(self, lane: str, file_name: str, content: bytes) -> str:
        """Upload a file; Invoice Cloud's receipt in words. Raises `ClientError`."""
        return self._calls(lane).send(file_name, content)

    def fetch(self, lane_name: str, kind: str) -> Iterator[Batch]:
        """Batches of a kind that nobody has fetched, and one more of what is new."""
        lane, batches = self._lanes.get(lane_name), self._batches()
        guid = self._access(lane_name).biller_guid
        after = 0
        while waiting := batches.find(lane, guid, kind=kind, waiting=True, after=after):
            yield from (self._batch(lane_name, one.report_id) for one in waiting)
            after = waiting[-1].report_id
        made = batches.create(lane, guid, kind, split=self._split and kind == "payments")
        if made is not None:
            yield self._batch(lane_name, made.report_id)

    def fetched(self, lane: str, report_id: int) -> None:
        """A batch's files are safe with WaterSmart."""
        self._batches().delivered(self._lanes.get(lane), report_id)

    def call(self, lane: str, story: str, values: Mapping[str, Any]) -> Told:
        """Make the calls of a moment; a refusal is told, not raised."""
        return self._calls(lane).tell(story, values)

    def _batch(self, lane_name: str, report_id: int) -> Batch:
        lane, batches = self._lanes.get(lane_name), self._batches()
        _, files = batches.get(lane, report_id)
        return Batch(report_id, [(file.name, self._content(lane_name, report_id, file.name)) for file in files])

    def _content(self, lane_name: str, report_id: int, name: str) -> bytes:
        lane, batches = self._lanes.get(lane_name), self._batches()
        pages: list[str] = []
        while (page := batches.page(lane, report_id, name, len(pages))) is not None:
            pages.append(page)
        return "".join(pages).encode()

    def _calls(self, lane: str) -> WaterSmartCalls:
        from partnerlab.watersmart_calls import WaterSmartCalls

        with self._lock:
            if self._transport is None:
                self._transport = Transport(allow_http=True)  # the sandbox's own origin
            return WaterSmartCalls(*self._access(lane), transport=self._transport)
