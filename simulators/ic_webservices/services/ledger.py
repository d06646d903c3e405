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

from partnerlab.simulators.ic_webservices.domain.billers import Biller, authenticate, normal_guid, time_zone
from partnerlab.simulators.ic_webservices.domain.customers import (
    FIRST_CUSTOMER_ID,
    Change,
    Customer,
    changes_between,
    check_email,
    check_number,
    check_text,
    updated,
)
from partnerlab.simulators.ic_webservices.domain.errors import Conflict, NotFound, ValueRefused
from partnerlab.simulators.ic_webservices.domain.events import Event, email_event, enrolment_event
from partnerlab.simulators.ic_webservices.domain.invoices import Invoice, with_balance
from partnerlab.simulators.ic_webservices.domain.late_fees import stated_at
from partnerlab.simulators.ic_webservices.domain.money import cents
from partnerlab.simulators.ic_webservices.domain.payments import payment_reference
from partnerlab.simulators.ic_webservices.services.cards import refuse_card_numbers
from partnerlab.simulators.ic_webservices.services.conveyed import bill_in_doubt, pass_on
from partnerlab.simulators.ic_webservices.services.moments import recorded_at
from partnerlab.simulators.ic_webservices.services.outbox import Outbox
from partnerlab.simulators.ic_webservices.services.questions import ask_about
from partnerlab.simulators.ic_webservices.services.stated import of_owner, stated_by_order
from partnerlab.simulators.ic_webservices.services.unsettled import Unsettled
from partnerlab.simulators.ic_webservices.store import (
    AGE,
    AUTOPAYS,
    BILLERS,
    CHANGES,
    CUSTOMERS,
    INVOICES,
    next_number,
)
from partnerlab.simulators.kit.keys import Keys
from partnerlab.simulators.kit.world.identifiers import new_id
from partnerlab.simulators.kit.world.jobs import Runner
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Statement, Store, Tx

__all__ = [
    "ENROLMENTS",
    "BillerLedger",
    "add_customer",
    "biller_of",
    "customer_by_guid",
    "customer_of",
    "invoice_of",
    "last_payment",
    "open_balance_cents",
]

ENROLMENTS = ("paperless", "autopay")

_PAYMENTS_TAKEN = Statement("SELECT value FROM ic_counters WHERE lane = :lane AND name = 'payment'")

_OPEN_BALANCE = Statement(
    "SELECT sum(balance_due_cents) FROM ic_invoices WHERE lane = :lane AND biller_guid = :biller_guid"
    " AND account_number = :account_number AND status = 'open'"
)


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


def customer_by_guid(tx: Tx, lane: Lane, biller: Biller, customer_guid: str) -> Customer:
    """The biller's customer of that CustomerGuid. Raises `NotFound`."""
    search = {"biller_guid": biller.guid, "customer_guid": normal_guid(customer_guid)}
    found = CUSTOMERS.find(tx, lane.name, search, order="account_number", limit=1) if search["customer_guid"] else []
    if not found:
        raise NotFound("customer", customer_guid)
    return found[0]


def open_balance_cents(tx: Tx, lane: Lane, biller: Biller, account_number: str) -> int:
    """What is due on an account's open invoices together."""
    row = tx.one(_OPEN_BALANCE, lane=lane.name, biller_guid=biller.guid, account_number=account_number)
    return 0 if row is None or row[0] is None else int(row[0])


def invoice_of(tx: Tx, lane: Lane, biller: Biller, invoice_number: str) -> Invoice:
    """The biller's invoice of that number. Raises `NotFound`."""
    invoice = INVOICES.get(tx, lane.name, biller.guid, invoice_number.replace("\0", ""))
    if invoice is None:
        raise NotFound("invoice", invoice_number)
    return invoice


def last_payment(tx: Tx, lane: Lane) -> str:
    """The reference of the lane's newest payment; empty where there is none. References sort as they were given."""
    row = tx.one(_PAYMENTS_TAKEN, lane=lane.name)
    return "" if row is None else payment_reference(int(row[0]))


def add_customer(
    tx: Tx, lane: Lane, biller: Biller, account_number: str, values: Mapping[str, str | bool | None]
) -> tuple[Customer, bool]:
    """
    The customer of that account number, made of *values* (as in `updated`) where there is none; whether it is new.

    One that stands is not changed (assumed [A-55]). The biller must be locked. Raises `ValueRefused`.
    """
    number = check_number(account_number, "account_number")
    if not number:
        raise ValueRefused("account_number", "", "must not be empty")
    existing = CUSTOMERS.get(tx, lane.name, biller.guid, number)
    if existing is not None:
        return existing, False
    if not (values.get("customer_name") or ""):
        raise ValueRefused("customer_name", "", "must not be empty")
    customer_id = str(FIRST_CUSTOMER_ID + next_number(tx, lane.name, "customer"))
    blank = Customer(biller.guid, number, customer_id, customer_name="", customer_guid=new_id())
    refuse_card_numbers(values)
    customer = updated(blank, values)
    CUSTOMERS.put(tx, lane.name, customer)
    return customer, True


class BillerLedger:
    """Billers, customers and invoices of every lane."""

    def __init__(
        self,
        store: Store,
        outbox: Outbox,
        unsettled: Unsettled,
        runner: Runner,
        keys: Keys = Keys(),  # noqa: B008 - frozen
    ) -> None:
        self.store, self.outbox, self.unsettled, self.keys = store, outbox, unsettled, keys
        self._runner = runner

    # --- for partners, by web service: the keys decide ---

    def partner(
        self, tx: Tx, lane: Lane, biller_guid: str | None, web_service_key: str | None, *, lock: bool = False
    ) -> Biller:
        """The biller that calls, locked where something is written. Raises `KeyWrong`."""
        found = (BILLERS.lock if lock else BILLERS.get)(tx, lane.name, normal_guid(biller_guid))
        own = "" if found is None else self.keys.here(found.web_service_key)
        return authenticate(found, own, web_service_key)

    def authenticate(self, lane: Lane, biller_guid: str | None, web_service_key: str | None) -> Biller:
        """The biller that calls. Raises `KeyWrong`."""
        with self.store.read() as tx:
            return self.partner(tx, lane, biller_guid, web_service_key)

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

        Of inHance v1 it is what the account owes, so the account's earlier invoices close into it [A-109]; of an
        account that was conveyed, what all of its owners do, so what the others are asked for is not due on it [A-125].

        Raises `KeyWrong`, `NotFound`, `ValueRefused`, and `Conflict` while the partner may not know that a payment of
        the account came back: its balance would take the payer's debt away [A-112]. While a payment has no certain
        outcome it is taken, and a partner with RTDR is asked until that is certain [A-113].
        """
        number = (invoice_number or "").strip()
        with self.store.read() as tx:
            biller = self.partner(tx, lane, biller_guid, key)
            account_number = invoice_of(tx, lane, biller, number).account_number
        self.unsettled.ready(lane, biller.guid, account_number)
        with self.store.write() as tx:
            biller = self.partner(tx, lane, biller_guid, key, lock=True)
            due = cents(balance_due, "BalanceDue")
            total = None if total_amount_due is None else cents(total_amount_due, "TotalAmountDue")
            invoice = invoice_of(tx, lane, biller, number)
            due, total, lowered = of_owner(tx, lane, biller, invoice, due, total)
            invoice = with_balance(invoice, due, total)
            doubt = bill_in_doubt(tx, lane, biller, invoice, self.unsettled)
            if why := doubt.returned:
                raise Conflict(
                    f"The balance of invoice {number} is not changed: {why}. Enter it, then dismiss its delivery at the"
                    " data pump."
                )
            newest = last_payment(tx, lane)
            invoice, *lowered = [replace(one, stated_after=newest, held_cents=0) for one in (invoice, *lowered)]
            invoice = stated_at(invoice, lane.now(), time_zone(biller.time_zone))
            for one in (invoice, *lowered):
                INVOICES.put(tx, lane.name, one)
            stated_by_order(tx, lane, biller, invoice, lowered)
            if doubt.reason:
                ask_about(tx, lane, biller, invoice)
        if doubt.reason:
            self._runner.changed()
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
            refuse_card_numbers(changes)
            customer = updated(customer_of(tx, lane, biller, (account_number or "").strip()), changes)
            CUSTOMERS.put(tx, lane.name, customer)
            return customer

    def create_customer(
        self, lane: Lane, biller_guid: str, account_number: str, values: Mapping[str, str | bool | None]
    ) -> tuple[Customer, bool]:
        """A customer that no bill file brought, as `add_customer` makes it. Raises `NotFound`, `ValueRefused`."""
        with self.store.write() as tx:
            return add_customer(tx, lane, biller_of(tx, lane, biller_guid, lock=True), account_number, values)

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
                account = {"biller_guid": biller.guid, "account_number": account_number}
                latest = INVOICES.find(tx, lane.name, account, order=AGE, last_first=True, limit=1)
                number = latest[0].invoice_number if latest else ""
                event = enrolment_event(
                    new_id(),
                    kind,
                    biller.guid,
                    account_number,
                    enrolled=enrolled,
                    invoice_number=number,
                    now=lane.now(),
                )
            if kind == "autopay" and not enrolled:
                AUTOPAYS.delete(tx, lane.name, biller.guid, account_number)  # nothing collects with it any more
            self._save(tx, lane, before, customer, event, cause)
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
                event = email_event(new_id(), biller.guid, account_number, email_address=address, now=lane.now())
            self._save(tx, lane, before, customer, event, cause)
        return self._flushed(lane, customer, event)

    def change_phone(self, lane: Lane, biller_guid: str, account_number: str, phone: object) -> Customer:
        """Change the phone number, of which the data pump has no event. Raises `NotFound`, `ValueRefused`."""
        number = check_text(phone, "phone")
        with self.store.write() as tx:
            biller = biller_of(tx, lane, biller_guid, lock=True)
            before = customer_of(tx, lane, biller, account_number)
            customer = replace(before, phone=number)
            self._save(tx, lane, before, customer, None, "")
        return customer

    def convey(self, lane: Lane, biller_guid: str, account_number: str) -> Customer:
        """
        Pass an account to a new owner: the record, its invoices and payments get the `CV-` number, and so do events
        that wait in the outbox: money of the former owner must not be posted to the new one. What the data pump has
        accepted or a download told keeps its number [A-97].

        The number itself is free for the new owner's next bill. Raises `NotFound`, `Conflict`.
        """
        with self.store.write() as tx:
            biller = biller_of(tx, lane, biller_guid, lock=True)
            customer = customer_of(tx, lane, biller, account_number)
            return pass_on(tx, lane, biller, customer, self.outbox)

    # --- for whoever sets the world up ---

    def biller(self, lane: Lane, guid: str) -> Biller:
        """A biller. Raises `NotFound`."""
        with self.store.read() as tx:
            return biller_of(tx, lane, guid)

    def customer(self, lane: Lane, biller_guid: str, account_number: str) -> Customer:
        """The biller's customer of that account number. Raises `NotFound`."""
        with self.store.read() as tx:
            return customer_of(tx, lane, biller_of(tx, lane, biller_guid), account_number)

    def customer_account(self, lane: Lane, biller_guid: str, customer_guid: str) -> tuple[Customer, int]:
        """The customer of that CustomerGuid, and what its open invoices ask together in cents. Raises `NotFound`."""
        with self.store.read() as tx:
            biller = biller_of(tx, lane, biller_guid)
            customer = customer_by_guid(tx, lane, biller, customer_guid)
            return customer, open_balance_cents(tx, lane, biller, customer.account_number)

    def invoice(self, lane: Lane, biller_guid: str, invoice_number: str) -> Invoice:
        """The biller's invoice of that number. Raises `NotFound`."""
        with self.store.read() as tx:
            return invoice_of(tx, lane, biller_of(tx, lane, biller_guid), invoice_number)

    def latest_invoices(self, lane: Lane, biller_guid: str, account_number: str, *, limit: int) -> list[Invoice]:
        """An account's invoices, the latest first."""
        search = {"biller_guid": normal_guid(biller_guid), "account_number": account_number}
        with self.store.read() as tx:
            return INVOICES.find(tx, lane.name, search, order=AGE, last_first=True, limit=limit)

    def save_biller(self, lane: Lane, guid: str, changes: Mapping[str, object]) -> Biller:
        """Replace fields of a biller by name. Raises `NotFound`."""
        with self.store.write() as tx:
            biller = replace(biller_of(tx, lane, guid, lock=True), **changes)  # type: ignore[arg-type]
            BILLERS.put(tx, lane.name, biller)
            return biller

    def _save(self, tx: Tx, lane: Lane, before: Customer, customer: Customer, event: Event | None, cause: str) -> None:
        """Keep what a payer changed, with the rows that partners download it from and the event that tells of it."""
        if customer != before:
            CUSTOMERS.put(tx, lane.name, customer)
            now = lane.now().astimezone(UTC).isoformat()
            for kind, value in changes_between(before, customer):
                seq = next_number(tx, lane.name, "change")
                change = Change(
                    seq, customer.biller_guid, customer.account_number, kind, value, now, recorded_at(tx, lane)
                )
                CHANGES.put(tx, lane.name, change)
        if event is not None:
            self.outbox.add(tx, lane, event, cause=cause)

    def _flushed(self, lane: Lane, customer: Customer, event: Event | None) -> tuple[Customer, Event | None]:
        if event is not None:
            self.outbox.flush(lane.name, event.biller_guid, event.account_number)
        return customer, event
