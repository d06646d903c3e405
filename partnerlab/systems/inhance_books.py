"""
A run of each job of the utilities on inHance: the simulator's books joined to the client's jobs.

The runs are those of production (`partnerlab.client.jobs`); here stands only how the books' values and the client's
are turned into each other.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from partnerlab.client import jobs
from partnerlab.client.invoice_cloud import ExportedPayment, InvoiceCloudClient
from partnerlab.simulators.ic_webservices.domain.billers import Biller
from partnerlab.simulators.inhance_soap.domain.accounts import integration_of
from partnerlab.simulators.inhance_soap.domain.downloads import Download
from partnerlab.simulators.inhance_soap.services.outgoing import OutgoingBill
from partnerlab.simulators.inhance_soap.store import AppliedChange
from partnerlab.simulators.inhance_soap.world import World
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.systems.bill_runs import bill_run
from partnerlab.systems.money import to_cents, to_dollars

__all__ = ["InHanceBooks", "run"]


def run(world: World, lane: Lane, biller: Biller, name: str, invoice_cloud: InvoiceCloudClient) -> str:
    """One run of a job of a utility on inHance. Raises the errors of `client.errors`."""
    books = InHanceBooks(world, lane, biller)
    match name:
        case "invoices":
            return jobs.upload_bills(books, invoice_cloud)
        case "balances" | "all-balances":
            return jobs.send_balances(books, invoice_cloud, everything=name == "all-balances")
        case "payments":
            return jobs.download_payments(books, invoice_cloud)
        case "autopay" | "customers":
            kinds = jobs.AUTOPAY if name == "autopay" else jobs.CUSTOMER
            return jobs.download_changes(books, invoice_cloud, job=name, kinds=kinds)
    raise ValueError(f"{biller.partner} has no job {name}")


class InHanceBooks:
    """The books of a utility on inHance as the client's jobs take them: all of its ports."""

    def __init__(self, world: World, lane: Lane, biller: Biller) -> None:
        self._world, self._lane, self._biller = world, lane, biller
        self._integration = integration_of(biller.partner)
        self._cause = world.cause(f"job {biller.partner}", lane)

    # --- bills ---

    def bills_to_send(self) -> jobs.BillRun | None:
        bills = self._world.outgoing.bills(self._lane, self._integration)
        return bill_run(self._lane, self._biller, "inhance", [_bill(one) for one in bills]) if bills else None

    def bills_sent(self, run: jobs.BillRun, refused: Mapping[str, str]) -> None:
        sent = [(bill.account_number, bill.number, bill.revision) for bill in run.bills]
        self._world.outgoing.bills_sent(self._lane, self._cause, sent, refused)

    # --- balances ---

    def balances_to_send(self, *, everything: bool) -> list[jobs.BalanceToSend]:
        return [
            jobs.BalanceToSend(one.account_number, one.invoice_number, to_dollars(one.balance_cents), one.revision)
            for one in self._world.outgoing.balances(self._lane, everything=everything)
        ]

    def balance_sent(self, balance: jobs.BalanceToSend, refused: str) -> None:
        self._world.outgoing.balance_sent(self._lane, self._cause, balance.account_number, balance.revision, refused)

    def unknown_payments(self, payment_guids: Collection[str]) -> list[str]:
        return self._world.downloads.unknown(self._lane, payment_guids)

    # --- payments ---

    def payments_mark(self) -> datetime | None:
        return _moment(self._world.downloads.mark(self._lane))

    def take_payments(self, payments: Sequence[ExportedPayment], mark: datetime) -> int:
        zone = ZoneInfo(self._biller.time_zone)
        taken = [
            Download(
                payment_guid=one.payment_guid,
                account_number=one.account_number,
                invoice_number=one.invoice_number,
                reference=one.payment_reference,
                type=one.payment_type_desc,
                amount_cents=to_cents(one.payment_amount),
                fee_cents=to_cents(one.convenience_fee),
                paid_at=one.payment_date.replace(tzinfo=zone).astimezone(UTC),
                downloaded_at=self._cause.at,
            )
            for one in payments
        ]
        return self._world.downloads.take(self._lane, self._cause, taken, mark.isoformat())

    # --- customers' changes ---

    def changes_mark(self, job: str) -> datetime | None:
        return _moment(self._world.customer_changes.mark(self._lane, job))

    def take_changes(self, job: str, changes: Sequence[jobs.AccountChange], mark: datetime) -> int:
        taken = [AppliedChange(one.account_number, one.kind, one.value, one.changed_at.isoformat()) for one in changes]
        return self._world.customer_changes.take(self._lane, self._cause, job, taken, mark.isoformat())


def _bill(one: OutgoingBill) -> jobs.Bill:
    account, bill = one.account, one.bill
    return jobs.Bill(
        number=bill.invoice_number,
        account_number=account.number,
        name=account.customer_name,
        invoiced_on=bill.billed_on,
        due_on=bill.due_on,
        total_amount_due=to_dollars(one.owed_cents),
        lines=(jobs.BillLine("Water and sewer", to_dollars(bill.amount_cents)),),
        revision=one.revision,
        balance_due=to_dollars(one.owed_cents),
        past_due=to_dollars(one.past_due_cents),
        draft_customer=account.autopay,
        address1=account.address1,
        address2=account.address2,
        city=account.city,
        state=account.state,
        zip=account.zip,
        phone=account.phone or "",
        email=account.email or "",
        registration_value=account.phone or "",
    )


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
