"""
Payments for later: what a payer sets for a day, and AutoPay.

Both run when the lane's clock reaches their time. One transaction takes the payment and notes the outcome, so nothing
is paid twice. What cannot be paid is skipped with its reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial

from partnerlab.simulators.ic_webservices.domain.billers import Biller, normal_guid, time_zone
from partnerlab.simulators.ic_webservices.domain.customers import Customer
from partnerlab.simulators.ic_webservices.domain.errors import Conflict, DomainError, NotFound, PaymentRefused
from partnerlab.simulators.ic_webservices.domain.events import Event
from partnerlab.simulators.ic_webservices.domain.fees import service_fee_cents
from partnerlab.simulators.ic_webservices.domain.invoices import CLOSED, Invoice, may_pay, may_pay_on, owed_cents
from partnerlab.simulators.ic_webservices.domain.methods import Method, check_usable
from partnerlab.simulators.ic_webservices.domain.money import amount
from partnerlab.simulators.ic_webservices.domain.payments import Order, Payment, may_use
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
from partnerlab.simulators.ic_webservices.services.collections import Collections
from partnerlab.simulators.ic_webservices.services.conveyed import bill_in_doubt
from partnerlab.simulators.ic_webservices.services.invoice_days import lock_biller
from partnerlab.simulators.ic_webservices.services.ledger import BillerLedger, biller_of, customer_of, invoice_of
from partnerlab.simulators.ic_webservices.services.questions import is_open
from partnerlab.simulators.ic_webservices.services.unsettled import Unsettled
from partnerlab.simulators.ic_webservices.services.wallet import NewMethod, Wallet, method_of
from partnerlab.simulators.ic_webservices.store import AUTOPAYS, INVOICES, SCHEDULE_QUEUE, SCHEDULES
from partnerlab.simulators.kit.world.due import Due
from partnerlab.simulators.kit.world.identifiers import new_id
from partnerlab.simulators.kit.world.jobs import Runner, Taken, Work, WorkOutcome
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Store, Tx

__all__ = ["Schedules", "schedule_of"]

ASK_AGAIN = timedelta(minutes=15)
"""How long a scheduled payment waits for the partner's answer before it looks again."""
LOOK_EVERY = timedelta(minutes=1)
"""A bill file can bring a bill that AutoPay collects sooner than anything it knew."""


def schedule_of(tx: Tx, lane: Lane, biller: Biller, username: str, schedule_id: str) -> Schedule:
    """A scheduled payment of that user at that biller. Raises `NotFound`, another user's included."""
    schedule = SCHEDULES.get(tx, lane.name, schedule_id.replace("\0", ""))
    if schedule is None or (schedule.biller_guid, schedule.username) != (biller.guid, username_key(username)):
        raise NotFound("scheduled payment", schedule_id[:60])
    return schedule


class Schedules:
    """Scheduled payments and AutoPay of every lane."""

    def __init__(
        self,
        store: Store,
        cashier: Cashier,
        ledger: BillerLedger,
        wallet: Wallet,
        unsettled: Unsettled,
        runner: Runner,
    ) -> None:
        self.store, self.cashier, self.ledger, self.wallet = store, cashier, ledger, wallet
        self.unsettled, self.runner = unsettled, runner
        self._scheduled = runner.add(
            Work(
                SCHEDULE_QUEUE,
                "a scheduled payment is made",
                within=self._run,
                ready=self._ready,
                first=self._lock_biller,
            )
        )
        self._collections = runner.add(
            Work(
                Collections(),
                "AutoPay collects a bill",
                within=self._collect,
                ready=self._ready_to_collect,
                first=lock_biller,
                look_every=LOOK_EVERY,
            )
        )

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
            if schedule_id and (existing := SCHEDULES.get(tx, lane.name, schedule_id)):
                if (existing.biller_guid, existing.username) != (biller.guid, username_key(username)):
                    raise Conflict("The scheduled payment stands already, and is another's.")
                return existing
            if new_method is not None:
                method_id = self.wallet.add_in(tx, lane, biller, username, new_method).method_id
            schedule = Schedule(
                schedule_id=schedule_id or new_id(),
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
        self.runner.changed()
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
        self.runner.changed()
        return schedule

    def cancel(self, lane: Lane, biller_guid: str, username: str, schedule_id: str) -> Schedule:
        """Cancel a scheduled payment; one that is cancelled stays so. Raises `NotFound`, `PaymentRefused`."""
        with self.store.write() as tx:
            biller = biller_of(tx, lane, biller_guid, lock=True)
            schedule = schedule_of(tx, lane, biller, username, schedule_id)
            if schedule.state != "cancelled":
                schedule = cancelled(schedule)
                SCHEDULES.put(tx, lane.name, schedule)
        self.runner.changed()
        return schedule

    def with_invoice(self, lane: Lane, biller_guid: str, username: str, schedule_id: str) -> tuple[Schedule, Invoice]:
        """One of a user's scheduled payments and the invoice it pays. Raises `NotFound`, another user's included."""
        with self.store.read() as tx:
            biller = biller_of(tx, lane, biller_guid)
            schedule = schedule_of(tx, lane, biller, username, schedule_id)
            return schedule, invoice_of(tx, lane, biller, schedule.invoice_number)

    def of_user(self, lane: Lane, biller_guid: str, username: str) -> list[Schedule]:
        """A user's scheduled payments and AutoPay's, by the day they run."""
        search = {"biller_guid": normal_guid(biller_guid), "username": username_key(username)}
        with self.store.read() as tx:
            return SCHEDULES.find(tx, lane.name, search, order="runs_at")

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

        The event is raised only where AutoPay was off. Raises `NotFound`, `PaymentRefused` (an expired card, or what
        the account is blocked for).
        """
        with self.store.write() as tx:
            biller = biller_of(tx, lane, biller_guid, lock=True)
            customer = customer_of(tx, lane, biller, account_number)
            if account_number not in linked_accounts(tx, lane, biller.guid, username):
                raise NotFound("account", account_number[:60])
            method = method_of(tx, lane, biller, username, method_id)
            check_usable(method, _today(lane, biller))
            may_use(customer, method.tender)
            existing = AUTOPAYS.get(tx, lane.name, biller.guid, account_number)
            since = existing.enrolled_at if existing is not None and customer.autopay else _text(lane.now())
            AUTOPAYS.put(tx, lane.name, AutoPay(biller.guid, account_number, username_key(username), method_id, since))
        # In this order: while only the first stands, nothing is collected.
        return self.ledger.enrol(lane, biller_guid, account_number, "autopay", enrolled=True, cause=cause)

    def leave(self, lane: Lane, biller_guid: str, account_number: str, *, cause: str) -> tuple[Customer, Event | None]:
        """Switch AutoPay off for an account, and forget the method. Raises `NotFound`."""
        return self.ledger.enrol(lane, biller_guid, account_number, "autopay", enrolled=False, cause=cause)

    # --- when the time comes ---

    def due(self, lane: Lane, until: datetime) -> Iterator[Due]:
        """What runs at or before *until*: payments set for a day first, then AutoPay, which pays what is left."""
        yield from self.runner.due(self._scheduled, lane, until)
        yield from self.runner.due(self._collections, lane, until)

    def _ready(self, lane: Lane, key: tuple[str | int, ...]) -> None:
        with self.store.read() as tx:
            schedule = SCHEDULES.get(tx, lane.name, *key)
        if schedule is not None:
            self.unsettled.ready(lane, schedule.biller_guid, schedule.account_number)

    def _lock_biller(self, tx: Tx, lane: Lane, key: tuple[str | int, ...]) -> None:
        # Before the claim: whoever changes a schedule locks its biller first too.
        schedule = SCHEDULES.get(tx, lane.name, *key)
        if schedule is not None:
            biller_of(tx, lane, schedule.biller_guid, lock=True)

    def _run(self, tx: Tx, lane: Lane, taken: Taken) -> WorkOutcome:
        schedule = SCHEDULES.get(tx, lane.name, *taken.key)
        assert schedule is not None
        return self._paid(tx, lane, biller_of(tx, lane, schedule.biller_guid), schedule)

    def _ready_to_collect(self, lane: Lane, key: tuple[str | int, ...]) -> None:
        guid, number = map(str, key)
        with self.store.read() as tx:
            account_number = invoice_of(tx, lane, biller_of(tx, lane, guid), number).account_number
        self.unsettled.ready(lane, guid, account_number)

    def _collect(self, tx: Tx, lane: Lane, taken: Taken) -> WorkOutcome:
        guid, number = map(str, taken.key)
        biller = biller_of(tx, lane, guid)
        invoice = invoice_of(tx, lane, biller, number)
        autopay = AUTOPAYS.get(tx, lane.name, biller.guid, invoice.account_number)
        assert autopay is not None
        collected = collected_on(invoice)
        schedule = Schedule(
            schedule_id=autopay_id(invoice, biller.partner),
            biller_guid=biller.guid,
            username=autopay.username,
            account_number=invoice.account_number,
            invoice_number=invoice.invoice_number,
            kind=AUTOPAY,
            amount_cents=0,
            method_id=autopay.method_id,
            runs_on=collected,
            runs_at=_text(runs_at(collected, time_zone(biller.time_zone))),
            created_at=_text(lane.now()),
        )
        return self._paid(tx, lane, biller, schedule)

    def _paid(self, tx: Tx, lane: Lane, biller: Biller, schedule: Schedule) -> WorkOutcome:
        """Pay, note what became of it, and tell; not while the partner is being asked what is owed [A-117]."""
        invoice = INVOICES.get(tx, lane.name, biller.guid, schedule.invoice_number)
        if schedule.kind == ONCE and invoice is not None and is_open(tx, lane, invoice):
            return WorkOutcome(None, f"{schedule.invoice_number}: the partner is being asked", lane.now() + ASK_AGAIN)
        schedule, payment = self._pay(tx, lane, biller, schedule)
        SCHEDULES.put(tx, lane.name, schedule)
        who = "AutoPay" if schedule.kind == AUTOPAY else "scheduled payment"
        what = f"invoice {schedule.invoice_number} of account {schedule.account_number}"
        if payment is None:
            return WorkOutcome(schedule.state, f"{who} of {what} skipped: {schedule.outcome}")
        message = f"{who} of {amount(payment.amount_cents)} for {what}: {schedule.state} ({payment.reference})"
        return WorkOutcome(schedule.state, message, after=partial(self.cashier.publish, lane, payment))

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
            if reason := bill_in_doubt(tx, lane, biller, invoice, self.unsettled).covers(invoice):
                raise PaymentRefused("unsettled", f"Invoice {invoice.invoice_number} may be paid already: {reason}.")
            amount_cents = _amount_cents(schedule, invoice)
            if invoice.status != CLOSED and not amount_cents:
                raise PaymentRefused("nothing_due", f"Invoice {invoice.invoice_number}: nothing is due.")
            order = self._order(biller, schedule, method, amount_cents)
            may_pay(invoice, order.amount_cents)
            payment, _ = self.cashier.post(
                tx, lane, biller, order, payment_guid=new_id(), cause=f"clock {lane.now().isoformat()}"
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

    def _checked(self, tx: Tx, lane: Lane, biller: Biller, schedule: Schedule) -> Schedule:
        """The schedule with what follows from its invoice and day, if everything about it may be."""
        invoice = invoice_of(tx, lane, biller, schedule.invoice_number)
        if invoice.account_number not in linked_accounts(tx, lane, biller.guid, schedule.username):
            raise NotFound("invoice", schedule.invoice_number[:60])
        at = check_day(schedule.runs_on, lane.now(), time_zone(biller.time_zone))
        method = method_of(tx, lane, biller, schedule.username, schedule.method_id)
        check_usable(method, schedule.runs_on)
        may_use(customer_of(tx, lane, biller, invoice.account_number), method.tender)
        may_pay_on(invoice, schedule.runs_on)
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


def _amount_cents(schedule: Schedule, invoice: Invoice) -> int:
    """What is paid: AutoPay what is due, a payment set for a day its amount, or less where less is due or owed."""
    due = max(0, invoice.balance_due_cents)
    if not schedule.amount_cents or not due:
        return due
    return min(schedule.amount_cents, owed_cents(invoice))


def _today(lane: Lane, biller: Biller) -> date:
    return lane.now().astimezone(time_zone(biller.time_zone)).date()


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
