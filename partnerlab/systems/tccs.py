"""TCCS: the insurer, whose own program uploads its bill file by a timetable."""

from __future__ import annotations

from collections.abc import Sequence

from partnerlab.console.places import Entrance
from partnerlab.contracts.first_use import importing
from partnerlab.simulators import tccs_rest
from partnerlab.simulators.kit.journal.sent_again import Credentials
from partnerlab.simulators.kit.world.jobs import Runner
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.tccs_rest.world import World
from partnerlab.systems.system import Joined, Joints, PartnerSystem
from partnerlab.systems.to_invoice_cloud import NO_BILLER, ToInvoiceCloud

__all__ = ["SYSTEM", "Jobs"]


class Jobs:
    """The upload of the insurer on TCCS."""

    def __init__(self, invoice_cloud: ToInvoiceCloud) -> None:
        self._invoice_cloud = invoice_cloud

    def run(self, world: World, lane: Lane, name: str) -> str:
        """One run. Raises the errors of `client.errors`."""
        biller = self._invoice_cloud.biller(lane, "tccs")
        if biller is None:
            return NO_BILLER
        with importing:
            from partnerlab.systems.tccs_books import run  # at the first run: the client is slow to import

        return run(world, lane, biller, self._invoice_cloud.client(lane, biller))

    def idle(self, world: World, lane: Lane, name: str) -> bool:
        """Whether that run would find nothing to do."""
        return not world.outgoing.has_terms(lane)


def _join(joints: Joints) -> Joined:
    runner = Runner(joints.store, joints.lanes)
    settings, jobs = joints.asked_for.of(tccs_rest.Settings), Jobs(joints.invoice_cloud)
    return Joined(tccs_rest.create_simulator(settings, joints.store, joints.lanes, runner=runner, jobs=jobs), runner)


def _doors(settings: tccs_rest.Settings) -> Sequence[Entrance]:
    note = f"consumerGUID {settings.consumer_guid}, entryKey"
    return (Entrance("TCCS", settings.bases[0], settings.entry_key, note),)


SYSTEM = PartnerSystem(
    part="tccs",
    section="tccs",
    settings=tccs_rest.Settings,
    doors=_doors,
    credentials=lambda settings: Credentials([settings.entry_key]),
    join=_join,
)
