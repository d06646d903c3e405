"""
Payments for later: what a payer sets for a day, and AutoPay.

Both run when the lane's clock reaches their time, each in one transaction that takes the payment and notes the outcome,
so that neither is without the other and nothing is paid twice. What cannot be paid is skipped with its reason.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial

from partnerlab.simulators.ic_webservices.domain.billers import Biller, normal_guid, time_zone
from partnerlab.simulators.ic_webservices.domain.customers import Customer
from partnerlab.simulators.ic_webservices.domain.errors import Conflict, DomainError, NotFound, PaymentRefused
from partnerlab.simulators.ic_webservices.domain.events import Event
from partnerlab.simulators.ic_webservices.domain.fees import service_fee_cents
from partnerlab.simulators.ic_webservices.domain.invoices import CLOSED, OPEN, Invoice, may_pay, owed_cents
from partnerlab.simulators.ic_webservices.domain.methods import Method, check_usable
from partnerlab.simulators.ic_webservices.domain.money import amount
from partnerlab.simulators.ic_webservices.domain.payments import Order, Payment
from partnerlab.simulators.ic_webservices.domain.schedules import (
    AUTOPAY,
    ONCE,
    SCHEDULED,
    AutoPay,
    Schedule,
    autopay_id,
    cancelled,
    check_day,
    check_not_twice,
    collected_on,
    paid,
    runs_at,
    skipped,
)
from partnerlab.simulators.ic_webservices.domain.users import username_key
from partnerlab.simulators.ic_webservices.services.authentication import linked_accounts
from partnerlab.simulators.ic_webservices.services.cashier import Cashier
from partnerlab.simulators.ic_webservices.services.ledger import Ledger, biller_of, customer_of, invoice_of
from partnerlab.simulators.ic_webservices.services.unsettled import Unsettled
from partnerlab.simulators.ic_webservices.services.wallet import NewMethod, Wallet, method_of
from partnerlab.simulators.ic_webservices.store import AUTOPAYS, BILLERS, INVOICES, SCHEDULES
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.simulator import Due
from partnerlab.simulators.kit.world.store import Statement, Store, Tx

__all__ = ["Schedules", "schedule_of"]

_WAITING = Statement(
    "SELECT schedule_id, runs_at FROM ic_schedules"
    " WHERE lane = :lane AND state = 'scheduled' AND runs_at <= :until ORDER BY runs_at, created_at, schedule_id"
)
_COLLECTIONS = Statement(
    "SELECT i.biller_guid, i.invoice_number, a.enrolled_at"
    " FROM ic_autopays a"
    " JOIN ic_customers c ON c.lane = a.lane AND c.biller_guid = a.biller_guid"
    "  AND c.account_number = a.account_number AND c.autopay = 1"
    " JOIN ic_invoices i ON i.lane = a.lane AND i.biller_guid = a.biller_guid"
    "  AND i.account_number = a.account_number AND i.status = 'open' AND i.balance_due_cents > 0"
    " WHERE a.lane = :lane AND COALESCE(i.autopay_collection_date, i.invoice_due_date) <= :day"
    " AND NOT EXISTS (SELECT 1 FROM ic_schedules s WHERE s.lane = i.lane AND s.biller_guid = i.biller_guid"
    "  AND s.account_number = i.account_number AND s.invoice_number = i.invoice_number AND s.kind = 'autopay')"
    " ORDER BY COALESCE(i.autopay_collection_date, i.invoice_due_date), i.biller_guid, i.invoice_number"
)


def schedule_of(tx: Tx, lane: Lane, biller: Biller, username: str, schedule_id: str) -> Schedule:
    """A scheduled payment of that user at that biller. Raises `NotFound`, another user's included."""
    schedule = SCHEDULES.get(tx, lane.name, schedule_id.replace("\0", ""))
    if schedule is None or (schedule.biller_guid, schedule.username) != (biller.guid, username_key(username)):
        raise NotFound("scheduled payment", schedule_id[:60])
    return schedule


class Schedules:
    """Scheduled payments and AutoPay of every lane."""

    def __init__(self, store: Store, cashier: Cashier, ledger: Ledger, wallet: Wallet, unsettled: Unsettled) -> None:
        self.store, self.cashier, self.ledger, self.wallet = store, cashier, ledger, wallet
        self.unsettled = unsettled

    # --- what a payer sets for a day ---

    def schedule(
        self,
        lane: Lane,
        biller_guid: str,
        username: str,
        *,
        invoice_number: str,
        amount_cents: int,
        method_id: str = "",
        day: date,
        schedule_id: str = "",
        new_method: NewMethod | None = None,
    ) -> Schedule:
        """
        Set a payment of an invoice for a day; it runs at 7 o'clock in the biller's zone.

        *new_method* is kept in the same transaction and pays; a refusal keeps none. The same *schedule_id* again
        gives the one that stands. Raises `NotFound`, `ValueRefused` (the day),
        `PaymentRefused` (the invoice's rules, or an expired card), `Conflict` (the id is another's).
        """
        with self.store.write() as tx:
            biller = biller_of(tx, lane, biller_guid, lock=True)
            if schedule_id and (standing := SCHEDULES.get(tx, lane.name, schedule_id)):
                if (standing.biller_guid, standing.username) != (biller.guid, username_key(username)):
                    raise Conflict("The scheduled payment stands already, and is another's.")
                return standing
            if new_method is not None:
                method_id = self.wallet.add_in(tx, lane, biller, username, new_method).method_id
            schedule = Schedule(
                schedule_id=schedule_id or str(uuid.uuid4()),
                biller_guid=biller.guid,
                username=username_key(username),
                account_number="",
                invoice_number=invoice_number,
                kind=ONCE,
                amount_cents=amount_cents,
                method_id=method_id,
                runs_on=day,
                runs_at="",
                created_at=_text(lane.now()),
            )
            schedule = self._checked(tx, lane, biller, schedule)
            SCHEDULES.put(tx, lane.name, schedule)
            return schedule

    def change(
        self,
        lane: Lane,
        biller_guid: str,
        username: str,
        schedule_id: str,
        *,
        amount_cents: int,
        method_id: str,
        day: date,
    ) -> Schedule:
        """Change a scheduled payment that waits. Raises as `schedule`, and `PaymentRefused` where it has run."""
        with self.store.write() as tx:
            biller = biller_of(tx, lane, biller_guid, lock=True)
            schedule = schedule_of(tx, lane, biller, username, schedule_id)
            if schedule.state != SCHEDULED:
                raise PaymentRefused("not_scheduled", "This payment is not waiting any more.")
            changed = replace(schedule, amount_cents=amount_cents, method_id=method_id, runs_on=day)
            schedule = self._checked(tx, lane, biller, changed)
            SCHEDULES.put(tx, lane.name, schedule)
            return schedule

    def cancel(self, lane: Lane, biller_guid: str, username: str, schedule_id: str) -> Schedule:
        """Cancel a scheduled payment; one that is cancelled stays so. Raises `NotFound`, `PaymentRefused`."""
        with self.store.write() as tx:
            biller = biller_of(tx, lane, biller_guid, lock=True)
            schedule = schedule_of(tx, lane, biller, username, schedule_id)
            if schedule.state != "cancelled":
                schedule = cancelled(schedule)
                SCHEDULES.put(tx, lane.name, schedule)
            return schedule

    def with_invoice(self, lane: Lane, biller_guid: str, username: str, schedule_id: str) -> tuple[Schedule, Invoice]:
        """One of a user's scheduled payments and the invoice it pays. Raises `NotFound`, another user's included."""
        with self.store.read() as tx:
            biller = biller_of(tx, lane, biller_guid)
            schedule = schedule_of(tx, lane, biller, username, schedule_id)
            return schedule, invoice_of(tx, lane, biller, schedule.invoice_number)

    def of_user(self, lane: Lane, biller_guid: str, username: str, *, state: str = "") -> list[Schedule]:
        """A user's scheduled payments and AutoPay's, by the day they run."""
        search = {"biller_guid": normal_guid(biller_guid), "username": username_key(username)}
        with self.store.read() as tx:
            return SCHEDULES.find(tx, lane.name, search | ({"state": state} if state else {}), order="runs_at")

    # --- AutoPay ---

    def autopay(self, lane: Lane, biller_guid: str, account_number: str) -> AutoPay | None:
        """With whose method an account is paid, while the customer's AutoPay is on."""
        with self.store.read() as tx:
            biller = biller_of(tx, lane, biller_guid)
            if not customer_of(tx, lane, biller, account_number).autopay:
                return None
            return AUTOPAYS.get(tx, lane.name, biller.guid, account_number)

    def enrol(
        self, lane: Lane, biller_guid: str, username: str, account_number: str, method_id: str, *, cause: str
    ) -> tuple[Customer, Event | None]:
        """
        Let AutoPay pay an account with a method: bills that are collected from now on (assumed [A-60]).

        The event is raised only where AutoPay was off. Raises `NotFound`, `PaymentRefused` (an expired card).
        """
        with self.store.write() as tx:
            biller = biller_of(tx, lane, biller_guid, lock=True)
            customer = customer_of(tx, lane, biller, account_number)
            if account_number not in linked_accounts(tx, lane, biller.guid, username):
                raise NotFound("account", account_number[:60])
            check_usable(method_of(tx, lane, biller, username, method_id), _today(lane, biller))
            standing = AUTOPAYS.get(tx, lane.name, biller.guid, account_number)
            since = standing.enrolled_at if standing is not None and customer.autopay else _text(lane.now())
            AUTOPAYS.put(tx, lane.name, AutoPay(biller.guid, account_number, username_key(username), method_id, since))
        # In this order: while only the first stands, nothing is collected.
        return self.ledger.enrol(lane, biller_guid, account_number, "autopay", enrolled=True, cause=cause)

    def leave(self, lane: Lane, biller_guid: str, account_number: str, *, cause: str) -> tuple[Customer, Event | None]:
        """Switch AutoPay off for an account, and forget the method. Raises `NotFound`."""
        return self.ledger.enrol(lane, biller_guid, account_number, "autopay", enrolled=False, cause=cause)

    # --- when the time comes ---

    def due(self, lane: Lane, until: datetime) -> Iterator[Due]:
        """What runs at or before *until*: payments set for a day first, then AutoPay, which pays what is left."""
        with self.store.read() as tx:
            waiting = tx.all(_WAITING, lane=lane.name, until=_text(until))
            # A day of any zone begins at most fourteen hours before it does in UTC.
            last_day = (until.astimezone(UTC) + timedelta(hours=14)).date().isoformat()
            found = tx.all(_COLLECTIONS, lane=lane.name, day=last_day)
            bills = [(self._bill(tx, lane, guid, number), since) for guid, number, since in found]
        for schedule_id, at in waiting:
            moment = datetime.fromisoformat(at)
            yield Due(moment, "a scheduled payment is made", partial(self._run, lane, schedule_id, moment))
        for (biller, invoice), since in bills:
            moment = runs_at(collected_on(invoice), time_zone(biller.time_zone))
            if datetime.fromisoformat(since) < moment <= until:
                collect = partial(self._collect, lane, biller.guid, invoice.invoice_number, moment)
                yield Due(moment, "AutoPay collects a bill", collect)

    def _run(self, lane: Lane, schedule_id: str, at: datetime) -> str:
        lane = _at(lane, at)
        with self.store.read() as tx:
            found = SCHEDULES.get(tx, lane.name, schedule_id)
        if found is None:
            return "the scheduled payment is gone"
        self.unsettled.ready(lane, found.biller_guid, found.account_number)
        with self.store.write() as tx:
            biller = biller_of(tx, lane, found.biller_guid, lock=True)
            schedule = SCHEDULES.get(tx, lane.name, schedule_id)
            if schedule is None or schedule.state != SCHEDULED:
                return "another replica was here first"
            schedule, payment = self._pay(tx, lane, biller, schedule)
            SCHEDULES.put(tx, lane.name, schedule)
        return self._told(lane, schedule, payment)

    def _collect(self, lane: Lane, biller_guid: str, invoice_number: str, at: datetime) -> str:
        lane = _at(lane, at)
        with self.store.read() as tx:
            account_number = invoice_of(tx, lane, biller_of(tx, lane, biller_guid), invoice_number).account_number
        self.unsettled.ready(lane, biller_guid, account_number)
        with self.store.write() as tx:
            biller = biller_of(tx, lane, biller_guid, lock=True)
            invoice = invoice_of(tx, lane, biller, invoice_number)
            autopay = AUTOPAYS.get(tx, lane.name, biller.guid, invoice.account_number)
            id = autopay_id(invoice)
            if autopay is None or SCHEDULES.get(tx, lane.name, id) is not None:
                return "another replica was here first"
            schedule = Schedule(
                schedule_id=id,
                biller_guid=biller.guid,
                username=autopay.username,
                account_number=invoice.account_number,
                invoice_number=invoice.invoice_number,
                kind=AUTOPAY,
                amount_cents=0,
                method_id=autopay.method_id,
                runs_on=collected_on(invoice),
                runs_at=_text(at),
                created_at=_text(lane.now()),
            )
            schedule, payment = self._pay(tx, lane, biller, schedule)
            SCHEDULES.put(tx, lane.name, schedule)
        return self._told(lane, schedule, payment)

    def _pay(self, tx: Tx, lane: Lane, biller: Biller, schedule: Schedule) -> tuple[Schedule, Payment | None]:
        """
        The schedule with its outcome. Never more is paid than what is owed now, and nothing that a payment without a
        certain outcome may have covered [A-84].
        """
        try:
            if schedule.account_number not in linked_accounts(tx, lane, biller.guid, schedule.username):
                raise PaymentRefused("not_linked", "The account is no longer linked to the payer.")
            method = method_of(tx, lane, biller, schedule.username, schedule.method_id)
            check_usable(method, _today(lane, biller))
            invoice = invoice_of(tx, lane, biller, schedule.invoice_number)
            if reason := self.unsettled.doubt(tx, lane, biller.guid, invoice.account_number).covers(invoice):
                raise PaymentRefused("unsettled", f"Invoice {invoice.invoice_number} may be paid already: {reason}.")
            amount_cents = _amount_cents(schedule, invoice)
            if invoice.status != CLOSED and not amount_cents:
                raise PaymentRefused("nothing_due", f"Invoice {invoice.invoice_number}: nothing is due.")
            order = self._order(biller, schedule, method, amount_cents)
            may_pay(invoice, order.amount_cents)
            payment, _ = self.cashier.post(
                tx, lane, biller, order, payment_guid=str(uuid.uuid4()), cause=f"clock {lane.now().isoformat()}"
            )
        except DomainError as error:
            return skipped(schedule, str(error)), None
        return paid(schedule, payment), payment

    @staticmethod
    def _order(biller: Biller, schedule: Schedule, method: Method, amount_cents: int) -> Order:
        return Order(
            account_number=schedule.account_number,
            invoice_number=schedule.invoice_number,
            amount_cents=amount_cents,
            tender=method.tender,
            service_fee_cents=service_fee_cents(biller, method.kind),
            payer_name=method.holder,
            saved=method.number(),
        )

    def _told(self, lane: Lane, schedule: Schedule, payment: Payment | None) -> str:
        who = "AutoPay" if schedule.kind == AUTOPAY else "scheduled payment"
        what = f"invoice {schedule.invoice_number} of account {schedule.account_number}"
        if payment is None:
            return f"{who} of {what} skipped: {schedule.outcome}"
        self.cashier.publish(lane, payment)
        return f"{who} of {amount(payment.amount_cents)} for {what}: {schedule.state} ({payment.reference})"

    def _checked(self, tx: Tx, lane: Lane, biller: Biller, schedule: Schedule) -> Schedule:
        """The schedule with what follows from its invoice and day, if everything about it may be."""
        invoice = invoice_of(tx, lane, biller, schedule.invoice_number)
        if invoice.account_number not in linked_accounts(tx, lane, biller.guid, schedule.username):
            raise NotFound("invoice", schedule.invoice_number[:60])
        at = check_day(schedule.runs_on, lane.now(), time_zone(biller.time_zone))
        check_usable(method_of(tx, lane, biller, schedule.username, schedule.method_id), schedule.runs_on)
        may_pay(invoice, schedule.amount_cents)
        search = {
            "biller_guid": biller.guid,
            "account_number": invoice.account_number,
            "invoice_number": invoice.invoice_number,
            "state": SCHEDULED,
        }
        others = SCHEDULES.find(tx, lane.name, search, order="runs_at")
        check_not_twice(
            invoice,
            schedule.amount_cents,
            sum(other.amount_cents for other in others if other.schedule_id != schedule.schedule_id),
        )
        return replace(schedule, account_number=invoice.account_number, runs_at=_text(at))

    @staticmethod
    def _bill(tx: Tx, lane: Lane, biller_guid: str, invoice_number: str) -> tuple[Biller, Invoice]:
        biller = BILLERS.get(tx, lane.name, biller_guid)
        invoice = INVOICES.get(tx, lane.name, biller_guid, invoice_number)
        assert biller is not None
        assert invoice is not None
        assert invoice.status == OPEN
        return biller, invoice


def _amount_cents(schedule: Schedule, invoice: Invoice) -> int:
    """What is paid: AutoPay what is due, a payment set for a day its amount, or less where less is due or owed."""
    due = max(0, invoice.balance_due_cents)
    if not schedule.amount_cents or not due:
        return due
    return min(schedule.amount_cents, owed_cents(invoice))


def _at(lane: Lane, at: datetime) -> Lane:
    """The lane as it is at that moment, or later where its clock is past it."""
    return replace(lane, frozen_at=max(at, lane.now()).astimezone(UTC).isoformat())


def _today(lane: Lane, biller: Biller) -> date:
    return lane.now().astimezone(time_zone(biller.time_zone)).date()


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
