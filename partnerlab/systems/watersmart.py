"""
WaterSmart: calls, and is called by nobody. Its jobs exchange files, its portal's moments are flows of the client.

Calls go over the same HTTP that a real partner would use, so they stand in the journal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from partnerlab.console.places import Entrance
from partnerlab.contracts.first_use import importing
from partnerlab.simulators import ic_webservices, watersmart
from partnerlab.simulators.ic_webservices.services.export_batches import ExportBatches
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.watersmart import Told
from partnerlab.simulators.watersmart.world import World
from partnerlab.systems.system import Joined, Joints, PartnerSystem
from partnerlab.systems.to_invoice_cloud import PartnerAccess, ToInvoiceCloud

if TYPE_CHECKING:
    from partnerlab.client.jobs import FileTarget, ReceivedBatch
    from partnerlab.systems.watersmart_calls import WaterSmartCalls

__all__ = ["SYSTEM", "Port"]


class Port:
    """WaterSmart's ports, for its biller of that *guid*; with *split* it asks for the payment file in three."""

    def __init__(self, invoice_cloud: ToInvoiceCloud, guid: str, *, split: bool) -> None:
        self._invoice_cloud, self._guid, self._split = invoice_cloud, guid, split

    def run(self, world: World, lane: Lane, name: str) -> str:
        """One run of a job of the file exchange. Raises `ClientError`, `FilesRefused`."""
        with importing:
            from partnerlab.systems.watersmart_books import run  # at the first job: the client is slow to import

        arrives = partial(self._invoice_cloud.arrives, lane)
        batches = self._invoice_cloud.simulator().world.services.export_batches
        source = _Batches(lane, self._access(lane).biller_guid, batches, arrives, split=self._split)
        return run(world, lane, name, _Uploads(self._calls(lane).way, arrives), source)

    def call(self, lane: Lane, story: str, values: Mapping[str, Any]) -> Told:
        """Make the calls of a moment; a refusal is told, not raised."""
        return self._calls(lane).tell(story, values)

    def _calls(self, lane: Lane) -> WaterSmartCalls:
        with importing:
            from partnerlab.systems.watersmart_calls import WaterSmartCalls

        return WaterSmartCalls(*self._access(lane), transport=self._invoice_cloud.transport(lane))

    def _access(self, lane: Lane) -> PartnerAccess:
        biller = self._invoice_cloud.simulator().world.services.ledger.biller(lane, self._guid)
        return self._invoice_cloud.access(lane, biller)


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
        with importing:
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


def _join(joints: Joints) -> Joined:
    settings = joints.given.of(watersmart.Settings)
    guid = joints.given.of(ic_webservices.Settings).watersmart_guid
    port = Port(joints.invoice_cloud, guid, split=settings.split_payments)
    simulator = watersmart.create_simulator(
        settings, joints.store, joints.lanes, call=port.call, exchange=port, keys=joints.keys
    )
    return Joined(simulator, simulator.world.runner)


SYSTEM = PartnerSystem(
    part="watersmart",
    section="watersmart",
    settings=watersmart.Settings,
    without_doors=(Entrance("WaterSmart", "/_sandbox/watersmart/books", "", "its books; it calls, nobody calls it"),),
    join=_join,
)
