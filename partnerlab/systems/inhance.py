"""inHance v1 and v2: one simulator, whose utilities' own programs run by a timetable."""

from __future__ import annotations

from collections.abc import Sequence

from partnerlab.console.places import Entrance
from partnerlab.contracts.first_use import importing
from partnerlab.simulators import inhance_soap
from partnerlab.simulators.inhance_soap.domain.accounts import integration_of
from partnerlab.simulators.inhance_soap.world import World
from partnerlab.simulators.kit.journal.sent_again import Credentials
from partnerlab.simulators.kit.world.jobs import Runner
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.systems.system import Joined, Joints, PartnerSystem
from partnerlab.systems.to_invoice_cloud import NO_BILLER, ToInvoiceCloud

__all__ = ["SYSTEM", "Jobs"]


class Jobs:
    """The jobs of the utilities on inHance v1 and v2."""

    def __init__(self, invoice_cloud: ToInvoiceCloud) -> None:
        self._invoice_cloud = invoice_cloud

    def run(self, world: World, partner: str, lane: Lane, name: str) -> str:
        """One run of a job. Raises the errors of `client.errors`."""
        biller = self._invoice_cloud.biller(lane, partner)
        if biller is None:
            return NO_BILLER
        with importing:
            from partnerlab.systems.inhance_books import run  # at the first run: the client is slow to import

        return run(world, lane, biller, name, self._invoice_cloud.client(lane, biller))

    def idle(self, world: World, partner: str, lane: Lane, name: str) -> bool:
        """Whether that run would find nothing to do."""
        match name:
            case "invoices":
                return not world.outgoing.has_bills(lane, integration_of(partner))
            case "balances":
                return not world.outgoing.has_balances(lane)
        biller = self._invoice_cloud.biller(lane, partner)
        if biller is None:
            return True
        newest = self._invoice_cloud.simulator().world.services.exports.newest(lane, biller.guid)
        return newest <= world.downloads.newest(lane)


def _join(joints: Joints) -> Joined:
    runner = Runner(joints.store, joints.lanes)
    settings, jobs = joints.asked_for.of(inhance_soap.Settings), Jobs(joints.invoice_cloud)
    return Joined(inhance_soap.create_simulator(settings, joints.store, joints.lanes, runner=runner, jobs=jobs), runner)


def _doors(settings: inhance_soap.Settings) -> Sequence[Entrance]:
    return (Entrance("inHance", f"{settings.path}?wsdl", settings.key, "WebServiceKey"),)


SYSTEM = PartnerSystem(
    part="inhance",
    section="inhance",
    settings=inhance_soap.Settings,
    doors=_doors,
    without_doors=(Entrance("inHance v1", "/_sandbox/jobs", "", "calls by timed jobs, nobody calls it"),),
    credentials=lambda settings: Credentials([settings.key]),
    join=_join,
)
