"""
The one ledger behind every door: look-ups, what a partner changes by web service, and what a payer switches.

Every change is one transaction that first locks its biller, so that no update is lost between replicas either, and also
writes the event it causes; the event is offered after the commit. A change that the partner made itself is not echoed
to the partner as an event (assumed [A-34]).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC
from decimal import Decimal

from simulators.ic_webservices.domain.billers import Biller, authenticate, normal_guid
from simulators.ic_webservices.domain.customers import Customer, check_email, conveyed_number, updated
from simulators.ic_webservices.domain.errors import NotFound
from simulators.ic_webservices.domain.events import Event, email_event, enrolment_event
from simulators.ic_webservices.domain.invoices import Invoice, with_balance
from simulators.ic_webservices.domain.money import cents
from simulators.ic_webservices.outbox import Outbox
from simulators.ic_webservices.store import BILLERS, CUSTOMERS, INVOICES, rename_account
from simulators.kit.lanes import Lane
from simulators.kit.store import Store, Tx

__all__ = ["ENROLMENTS", "Ledger", "biller_of", "customer_of", "invoice_of"]

ENROLMENTS = ("paperless", "autopay")


def biller_of(tx: Tx, lane: Lane, guid: str, *, lock: bool = False) -> Biller:
    """The biller; *lock* it in a transaction that writes anything of its. Raises `NotFound`."""
    biller = (BILLERS.lock if lock else BILLERS.get)(tx, lane.name, normal_guid(guid))
    if biller is None:
        raise NotFound("biller", guid)
    return biller


def customer_of(tx: Tx, lane: Lane, biller: Biller, account_number: str) -> Customer:
    """The biller's customer of that account number. Raises `NotFound`."""
    customer = CUSTOMERS.get(tx, lane.name, biller.guid, account_number.replace("\0", ""))  # no text in PostgreSQL
    if customer is None:
        raise NotFound("customer", account_number)
    return customer


def invoice_of(tx: Tx, lane: Lane, biller: Biller, invoice_number: str) -> Invoice:
    """The biller's invoice of that number. Raises `NotFound`."""
    invoice = INVOICES.get(tx, lane.name, biller.guid, invoice_number.replace("\0", ""))
    if invoice is None:
        raise NotFound("invoice", invoice_number)
    return invoice


class Ledger:
    """Billers, customers and invoices of every lane."""

    def __init__(self, store: Store, outbox: Outbox) -> None:
        self.store, self.outbox = store, outbox

    # --- for partners, by web service: the keys decide ---

    def partner(
        self, tx: Tx, lane: Lane, biller_guid: str | None, web_service_key: str | None, *, lock: bool = False
    ) -> Biller:
        """The biller that calls, locked where something is written. Raises `KeyWrong`."""
        found = (BILLERS.lock if lock else BILLERS.get)(tx, lane.name, normal_guid(biller_guid))
        return authenticate(found, web_service_key)

    def view_invoice(self, lane: Lane, biller_guid: str | None, key: str | None, invoice_number: str | None) -> Invoice:
        """An invoice as it stands. Raises `KeyWrong`, `NotFound`."""
        with self.store.read() as tx:
            biller = self.partner(tx, lane, biller_guid, key)
            return invoice_of(tx, lane, biller, (invoice_number or "").strip())

    def view_customer(self, lane: Lane, biller_guid: str | None, key: str | None, account: str | None) -> Customer:
        """A customer's record as it stands. Raises `KeyWrong`, `NotFound`."""
        with self.store.read() as tx:
            biller = self.partner(tx, lane, biller_guid, key)
            return customer_of(tx, lane, biller, (account or "").strip())

    def set_invoice_balance(
        self,
        lane: Lane,
        biller_guid: str | None,
        key: str | None,
        invoice_number: str | None,
        balance_due: Decimal,
        total_amount_due: Decimal | None = None,
    ) -> Invoice:
        """
        Set BalanceDue, and TotalAmountDue where given; an invoice with a balance is open again, one without is paid.

        Raises `KeyWrong`, `NotFound`, `ValueRefused`.
        """
        with self.store.write() as tx:
            biller = self.partner(tx, lane, biller_guid, key, lock=True)
            due = cents(balance_due, "BalanceDue")
            total = None if total_amount_due is None else cents(total_amount_due, "TotalAmountDue")
            invoice = with_balance(invoice_of(tx, lane, biller, (invoice_number or "").strip()), due, total)
            INVOICES.put(tx, lane.name, invoice)
            return invoice

    def update_customer(
        self,
        lane: Lane,
        biller_guid: str | None,
        key: str | None,
        account_number: str | None,
        changes: Mapping[str, str | bool | None],
    ) -> Customer:
        """Change a customer's record, by field name as in `updated`. Raises `KeyWrong`, `NotFound`, `ValueRefused`."""
        with self.store.write() as tx:
            biller = self.partner(tx, lane, biller_guid, key, lock=True)
            customer = updated(customer_of(tx, lane, biller, (account_number or "").strip()), changes)
            CUSTOMERS.put(tx, lane.name, customer)
            return customer

    # --- for payers: each change is an event ---

    def enrol(
        self, lane: Lane, biller_guid: str, account_number: str, kind: str, *, enrolled: bool, cause: str
    ) -> tuple[Customer, Event | None]:
        """
        Switch paperless or AutoPay (*kind*); without a change there is no event.

        Paperless on means no paper invoices. Raises `NotFound`.
        """
        with self.store.write() as tx:
            biller = biller_of(tx, lane, biller_guid, lock=True)
            before = customer_of(tx, lane, biller, account_number)
            if kind == "paperless":
                customer = replace(before, paper_invoices=not enrolled)
            else:
                customer = replace(before, autopay=enrolled)
            event = None
            if customer != before:
                event = enrolment_event(kind, biller.guid, account_number, enrolled=enrolled, now=lane.now())
            self._save(tx, lane, customer, event, cause)
        return self._flushed(lane, customer, event)

    def change_email(
        self, lane: Lane, biller_guid: str, account_number: str, email_address: object, *, cause: str
    ) -> tuple[Customer, Event | None]:
        """Change the e-mail address; without a change there is no event. Raises `NotFound`, `ValueRefused`."""
        address = check_email(email_address)
        with self.store.write() as tx:
            biller = biller_of(tx, lane, biller_guid, lock=True)
            before = customer_of(tx, lane, biller, account_number)
            customer = replace(before, email_address=address)
            event = None
            if customer != before:
                event = email_event(biller.guid, account_number, email_address=address, now=lane.now())
            self._save(tx, lane, customer, event, cause)
        return self._flushed(lane, customer, event)

    def convey(self, lane: Lane, biller_guid: str, account_number: str) -> Customer:
        """
        Pass an account to a new owner: the record, its invoices and payments get the `CV-` number.

        The number itself is free for the new owner's next bill. Raises `NotFound`, `Conflict`.
        """
        with self.store.write() as tx:
            biller = biller_of(tx, lane, biller_guid, lock=True)
            customer = customer_of(tx, lane, biller, account_number)
            number = conveyed_number(account_number, lane.now().astimezone(UTC))
            rename_account(tx, lane.name, biller.guid, account_number, number)
            customer = replace(customer, account_number=number, conveyed=True)
            CUSTOMERS.put(tx, lane.name, customer)
            return customer

    # --- for whoever sets the world up ---

    def biller(self, lane: Lane, guid: str) -> Biller:
        """A biller. Raises `NotFound`."""
        with self.store.read() as tx:
            return biller_of(tx, lane, guid)

    def save_biller(self, lane: Lane, guid: str, changes: Mapping[str, object]) -> Biller:
        """Replace fields of a biller by name. Raises `NotFound`."""
        with self.store.write() as tx:
            biller = replace(biller_of(tx, lane, guid, lock=True), **changes)  # type: ignore[arg-type]
            BILLERS.put(tx, lane.name, biller)
            return biller

    def _save(self, tx: Tx, lane: Lane, customer: Customer, event: Event | None, cause: str) -> None:
        if event is not None:
            CUSTOMERS.put(tx, lane.name, customer)
            self.outbox.add(tx, lane, event, cause=cause)

    def _flushed(self, lane: Lane, customer: Customer, event: Event | None) -> tuple[Customer, Event | None]:
        if event is not None:
            self.outbox.flush(lane.name, event.biller_guid, event.account_number)
        return customer, event
