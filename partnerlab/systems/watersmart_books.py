"""
The simulated WaterSmart's books as the client's file exchange takes them, and its three jobs over them.

The runs are those of production (`partnerlab.client.jobs`); here stands only how the books' values and the client's
are turned into each other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from partnerlab.client import jobs
from partnerlab.client.exports import ExportedChange, ExportedPayment, ExportedReject, FileRefused
from partnerlab.contracts.files import Problem
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.watersmart.domain import errors
from partnerlab.simulators.watersmart.domain.customers import Cause
from partnerlab.simulators.watersmart.domain.received import ChangeRow, ExchangedFile, Payment, Reject
from partnerlab.simulators.watersmart.services import outgoing
from partnerlab.simulators.watersmart.world import World
from partnerlab.systems.money import to_cents, to_dollars

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["WaterSmartBooks", "run"]


def run(world: World, lane: Lane, name: str, target: jobs.FileTarget, source: jobs.FileSource) -> str:
    """One run of `collect`, `invoices` or `balances`. Raises `FilesRefused`, and what the ways raise."""
    books = WaterSmartBooks(world, lane)
    match name:
        case "collect":
            return jobs.collect_exports(books, source, ZoneInfo(world.settings.time_zone))
        case "invoices":
            return jobs.send_invoice_file(books, target)
        case "balances":
            return jobs.send_balance_file(books, target)
    raise ValueError(f"watersmart has no job {name}")


class WaterSmartBooks:
    """The books of a lane: all ports of the exchange."""

    def __init__(self, world: World, lane: Lane) -> None:
        self._world, self._lane = world, lane

    # --- out ---

    def invoice_file_to_send(self, render: Callable[[Sequence[jobs.InvoiceRow]], bytes]) -> jobs.FileToSend | None:
        made = self._world.outgoing.next_invoices(self._lane, lambda rows: render([_invoice_row(one) for one in rows]))
        return _to_send(made)

    def balance_file_to_send(self, render: Callable[[Sequence[jobs.BalanceRow]], bytes]) -> jobs.FileToSend | None:
        made = self._world.outgoing.next_balances(self._lane, lambda rows: render([_balance_row(one) for one in rows]))
        return _to_send(made)

    def file_arrived(self, file: jobs.FileToSend, words: str) -> None:
        self._world.outgoing.arrived(self._lane, file.number, words)

    # --- in ---

    def take_payment_file(self, name: str, content: bytes, rows: Sequence[ExportedPayment]) -> str:
        with _refused():
            return self._world.incoming.payments(self._lane, self._cause(name), name, content, [*map(_payment, rows)])

    def take_reject_file(self, name: str, content: bytes, rows: Sequence[ExportedReject]) -> str:
        with _refused():
            return self._world.incoming.rejects(self._lane, self._cause(name), name, content, [*map(_reject, rows)])

    def take_change_file(self, name: str, content: bytes, rows: Sequence[ExportedChange]) -> str:
        with _refused():
            return self._world.incoming.changes(self._lane, self._cause(name), name, content, [*map(_change, rows)])

    def _cause(self, name: str) -> Cause:
        return Cause(f"collect {name}", self._lane.now())


@contextmanager
def _refused() -> Iterator[None]:
    try:
        yield
    except errors.FileRefused as error:
        raise FileRefused(error.name, Problem("other-content", error.rule)) from error


def _to_send(file: ExchangedFile | None) -> jobs.FileToSend | None:
    return None if file is None else jobs.FileToSend(file.number, file.name, file.content.encode(), file.row_count)


def _invoice_row(row: outgoing.InvoiceRow) -> jobs.InvoiceRow:
    customer, invoice = row.customer, row.invoice
    return jobs.InvoiceRow(
        account_number=customer.account_number,
        name=customer.customer_name or customer.account_number,
        number=invoice.invoice_number,
        invoiced_on=invoice.invoiced_on,
        due_on=invoice.due_on,
        total_amount_due=to_dollars(invoice.total_cents),
        past_due=to_dollars(invoice.past_due_cents),
        address1=customer.address1,
        address2=customer.address2,
        city=customer.city,
        state=customer.state,
        zip=customer.zip,
        block_cards=customer.block_cards,
        block_bank=customer.block_bank,
        display_account_number=customer.display_account_number,
    )


def _balance_row(row: outgoing.BalanceRow) -> jobs.BalanceRow:
    customer = row.customer
    return jobs.BalanceRow(
        account_number=customer.account_number,
        amount=to_dollars(row.owed_cents),
        customer_name=customer.customer_name,
        past_due=to_dollars(max(row.owed_cents, 0)),
    )


def _payment(row: ExportedPayment) -> Payment:
    return Payment(
        payment_guid=row.payment_guid,
        reference=row.reference,
        account_number=row.account_number,
        invoice_number=row.invoice_number,
        amount_cents=to_cents(row.amount),
        fee_cents=to_cents(row.convenience_fee),
        type_id=row.payment_type_id,
        type_words=row.payment_type,
        paid_at=row.paid_at,
        approved=row.approved,
        offline=row.offline,
        check_number=row.check_number,
        biller_reference=row.biller_reference,
        report_id=row.report_id,
    )


def _reject(row: ExportedReject) -> Reject:
    return Reject(row.reference, row.account_number, to_cents(row.amount), row.code, row.returned_at)


def _change(row: ExportedChange) -> ChangeRow:
    return ChangeRow(
        account_number=row.account_number,
        autopay_on_at=row.autopay_on_at,
        autopay_off_at=row.autopay_off_at,
        email=row.email_address,
        email_changed_at=row.email_changed_at,
        phone=row.phone,
        phone_changed_at=row.phone_changed_at,
        paperless_on_at=row.paperless_on_at,
        paperless_off_at=row.paperless_off_at,
    )
