"""Showing a bill to a payer: the partner is asked for the balance first (real-time data retrieval)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from partnerlab.contracts.masking import mask_text
from partnerlab.simulators.ic_webservices.domain.billers import Biller
from partnerlab.simulators.ic_webservices.domain.customers import check_email
from partnerlab.simulators.ic_webservices.domain.errors import DomainError
from partnerlab.simulators.ic_webservices.domain.invoices import CLOSED, Invoice, with_balance
from partnerlab.simulators.ic_webservices.domain.money import cents
from partnerlab.simulators.ic_webservices.services.ledger import biller_of, invoice_of
from partnerlab.simulators.ic_webservices.store import CUSTOMERS, INVOICES
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Store, Tx

__all__ = ["Balances", "Presentment", "Shown"]

RTDR_URL = "8"

Balances = Callable[[str, str, str, str], Mapping[str, Any]]
"""
The port to the partner: lane, BillerGUID, account number and invoice number to `balance_due` and `total_amount_due`
(`"125.50"` or None), `email_address` (or None) and `problem` (text or None). None means: leave it as it is.
"""


@dataclass(frozen=True, slots=True)
class Shown:
    """A bill as it was shown; `asked` says whether the partner was asked, `changed` names what that changed."""

    invoice: Invoice
    asked: bool
    changed: tuple[str, ...]
    problem: str


class Presentment:
    """
    Bills of every lane, shown.

    Asking never fails the payer: whatever goes wrong is recorded on the invoice, and the old amounts are shown.
    """

    def __init__(self, store: Store, balances: Balances) -> None:
        self.store, self.balances = store, balances

    def open(self, lane: Lane, biller_guid: str, invoice_number: str) -> Shown:
        """
        Show an invoice. A biller without setting 8 is not asked, nor is anybody about a closed invoice.

        Raises `NotFound`.
        """
        with self.store.read() as tx:
            biller = biller_of(tx, lane, biller_guid)
            before = invoice_of(tx, lane, biller, invoice_number)
        if before.status == CLOSED or not biller.settings.get(RTDR_URL):
            return Shown(before, asked=False, changed=(), problem="")
        answer = self._ask(lane, biller, before)
        with self.store.write() as tx:
            return self._apply(tx, lane, biller_of(tx, lane, biller_guid, lock=True), before, answer)

    def _ask(self, lane: Lane, biller: Biller, invoice: Invoice) -> Mapping[str, Any]:
        try:
            return self.balances(lane.name, biller.guid, invoice.account_number, invoice.invoice_number)
        except Exception as error:  # noqa: BLE001 - the port promises not to raise; a payer must not pay for a bug in it
            return {"problem": f"{type(error).__name__}: {error}"}

    def _apply(self, tx: Tx, lane: Lane, biller: Biller, before: Invoice, answer: Mapping[str, Any]) -> Shown:
        changed: list[str] = []
        problem = str(answer.get("problem") or "")
        invoice = invoice_of(tx, lane, biller, before.invoice_number)
        try:
            due = _cents(answer.get("balance_due"), "balance_due")
            total = _cents(answer.get("total_amount_due"), "total_amount_due")
        except DomainError as error:
            problem, due, total = f"the amounts were dropped: {error}", None, None
        try:
            address = answer.get("email_address")
            email_address = None if address is None else check_email(address)
        except DomainError as error:
            problem, email_address = f"the address was dropped: {error}", None
        if invoice.version != before.version:
            # The balance that came back may not know of the payment or bill that came meanwhile.
            problem, due, total = (
                "the amounts were dropped: the invoice changed while the partner was asked",
                None,
                None,
            )
        if due is not None and due != invoice.balance_due_cents:
            changed.append("balance_due")
        if total is not None and total != invoice.total_amount_due_cents:
            changed.append("total_amount_due")
        if changed:
            invoice = with_balance(invoice, invoice.balance_due_cents if due is None else due, total)
        if email_address is not None:
            customer = CUSTOMERS.get(tx, lane.name, biller.guid, invoice.account_number)
            if customer is not None and customer.email_address != email_address:
                CUSTOMERS.put(tx, lane.name, replace(customer, email_address=email_address))
                changed.append("email_address")
        problem = mask_text(problem)[:500]
        invoice = replace(invoice, asked_at=lane.now().isoformat(), asked_problem=problem)
        INVOICES.put(tx, lane.name, invoice)
        return Shown(invoice, asked=True, changed=tuple(changed), problem=problem)


def _cents(value: object, field: str) -> int | None:
    if value is None:
        return None
    try:
        return cents(Decimal(str(value)), field)
    except InvalidOperation:
        return cents(Decimal("NaN"), field)
