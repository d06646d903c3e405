"""
The insurer's upload: the simulator's books joined to the client's job.

The run is that of production (`partnerlab.client.jobs`); here stands only how the books' values become the client's.
"""

from __future__ import annotations

from collections.abc import Mapping

from partnerlab.client import jobs
from partnerlab.client.invoice_cloud import InvoiceCloudClient
from partnerlab.simulators.ic_webservices.domain.billers import Biller
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.tccs_rest.services.outgoing import OutgoingTerm
from partnerlab.simulators.tccs_rest.world import World
from partnerlab.systems.bill_runs import bill_run
from partnerlab.systems.money import to_dollars

__all__ = ["TccsBooks", "run"]


def run(world: World, lane: Lane, biller: Biller, invoice_cloud: InvoiceCloudClient) -> str:
    """The upload of the insurer on TCCS. Raises the errors of `client.errors`."""
    return jobs.upload_bills(TccsBooks(world, lane, biller), invoice_cloud)


class TccsBooks:
    """The books of the insurer as the upload takes them."""

    def __init__(self, world: World, lane: Lane, biller: Biller) -> None:
        self._world, self._lane, self._biller = world, lane, biller

    def bills_to_send(self) -> jobs.BillRun | None:
        terms = self._world.outgoing.terms(self._lane)
        return bill_run(self._lane, self._biller, "tccs", [_term(one) for one in terms]) if terms else None

    def bills_sent(self, run: jobs.BillRun, refused: Mapping[str, str]) -> None:
        cause = self._world.cause("job tccs", self._lane)
        sent = [(bill.number, bill.revision) for bill in run.bills]
        self._world.outgoing.terms_sent(self._lane, cause, sent, refused)


def _term(one: OutgoingTerm) -> jobs.Bill:
    policy, insured = one.policy, one.policy.insured
    outstanding = to_dollars(one.outstanding_cents)
    return jobs.Bill(
        number=policy.invoice_number,
        account_number=policy.number,
        name=insured.name,
        invoiced_on=one.invoiced_on,
        due_on=one.due_on,
        total_amount_due=outstanding,
        lines=(jobs.BillLine(f"Total amount outstanding: {outstanding}"),),
        revision=one.revision,
        minimum_amount_due=to_dollars(one.billed_cents),
        late_fee_amount=to_dollars(one.late_fee_cents) if one.late_fee_cents else None,
        late_fee_on=one.due_on if one.late_fee_cents else None,
        address1=insured.address1,
        address2=insured.address2,
        city=insured.city,
        state=insured.state,
        zip=insured.zip,
        phone=insured.phone,
    )
