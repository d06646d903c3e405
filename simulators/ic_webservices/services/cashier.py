"""Taking payments, and what becomes of them: settlement, and the return of a bank payment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial

from partnerlab.contracts.first_use import pattern
from partnerlab.simulators.ic_webservices.domain.billers import Biller, time_zone
from partnerlab.simulators.ic_webservices.domain.errors import Conflict, PaymentRefused, ValueRefused
from partnerlab.simulators.ic_webservices.domain.events import ach_reject_event, payment_event
from partnerlab.simulators.ic_webservices.domain.invoices import (
    CLOSED,
    Invoice,
    credited,
    debited,
    emptied,
    may_enter,
    may_pay,
    may_pay_on,
)
from partnerlab.simulators.ic_webservices.domain.mailbox import receipt
from partnerlab.simulators.ic_webservices.domain.partners import partner_of
from partnerlab.simulators.ic_webservices.domain.payments import (
    RETURNED,
    Authorization,
    Order,
    Payment,
    TestNumbers,
    authorize,
    cleared,
    clears_at,
    may_take,
    may_use,
    payment_reference,
    pays_invoice,
)
from partnerlab.simulators.ic_webservices.services.cards import refuse_card_number
from partnerlab.simulators.ic_webservices.services.ledger import biller_of, customer_of, invoice_of
from partnerlab.simulators.ic_webservices.services.mailbox import put_messages
from partnerlab.simulators.ic_webservices.services.moments import recorded_at
from partnerlab.simulators.ic_webservices.services.outbox import Outbox
from partnerlab.simulators.ic_webservices.services.questions import ask_about
from partnerlab.simulators.ic_webservices.store import AGE, INVOICES, PAYMENTS, clearing, next_number
from partnerlab.simulators.kit.world.due import Due
from partnerlab.simulators.kit.world.identifiers import new_id
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Statement, Store, Tx

__all__ = ["Cashier"]

MOST_LATER = 100

_GUID = pattern(r"(?=.{1,99}\Z)[A-Za-z0-9]+(-[A-Za-z0-9]+)*")
_SETTLE = Statement(
    "UPDATE ic_payments SET state = 'settled'"
    " WHERE lane = :lane AND state = 'accepted' AND clears_at = :at AND clears_as = 'settled'"
)
_RETURNING = Statement(
    "SELECT payment_guid FROM ic_payments"
    " WHERE lane = :lane AND state = 'accepted' AND clears_at = :at AND clears_as = 'returned' ORDER BY reference"
)


class Cashier:
    """Payments of every lane. *numbers* are the test numbers that decide the outcomes [A-19]."""

    def __init__(self, store: Store, outbox: Outbox, numbers: TestNumbers) -> None:
        self.store, self.outbox, self.numbers = store, outbox, numbers

    def pay(
        self, lane: Lane, biller_guid: str, order: Order, *, payment_guid: str = "", cause: str
    ) -> tuple[Payment, bool]:
        """
        Take a payment: the payment as kept, and whether it is new.

        An approved one lowers the invoice's balance and raises its event; a declined or failed one is kept and raises
        none. The same *payment_guid* again gives the payment that stands.

        Raises:
            NotFound: The biller, the account or the invoice.
            ValueRefused: The number is no test number; the donation and the invoice do not go together.
            PaymentRefused: The rules of the invoice or the customer forbid it; nothing is kept.
            Conflict: A payment of that GUID stands and differs.
        """
        with self.store.write() as tx:
            biller = biller_of(tx, lane, biller_guid, lock=True)
            payment, new = self.post(tx, lane, biller, order, payment_guid=payment_guid, cause=cause)
        if new:
            self.publish(lane, payment)
        return payment, new

    def post(
        self, tx: Tx, lane: Lane, biller: Biller, order: Order, *, payment_guid: str = "", cause: str
    ) -> tuple[Payment, bool]:
        """
        `pay` within a transaction that locked the biller and writes more than the payment; `publish` after its commit.

        What it refuses, it refuses before it wrote anything.
        """
        authorization = authorize(order, self.numbers)
        if payment_guid and not _GUID.fullmatch(payment_guid):
            raise ValueRefused("payment_guid", payment_guid[:100], "must be groups of letters and digits, under 100")
        now = lane.now()
        if payment_guid and (existing := PAYMENTS.get(tx, lane.name, payment_guid)):
            return self._same(existing, order, biller), False
        customer = customer_of(tx, lane, biller, order.account_number)
        may_use(customer, order.tender)
        may_take(order)
        invoice = self._invoice(tx, lane, biller, order)
        if invoice is not None and pays_invoice(order):
            if order.offline:
                may_enter(invoice, order.amount_cents)
            else:
                may_pay_on(invoice, now.astimezone(time_zone(biller.time_zone)).date())
                may_pay(invoice, order.amount_cents)
        payment = self._payment(tx, lane, biller, order, authorization, invoice, payment_guid or new_id(), now)
        PAYMENTS.put(tx, lane.name, payment)
        if payment.approved:
            if invoice is not None and pays_invoice(order):
                INVOICES.put(tx, lane.name, debited(invoice, order.amount_cents))
            if not payment.offline:  # the clerk's own system has it: it goes out in files and downloads only
                event = payment_event(payment, time_zone(biller.time_zone), now=now)
                self.outbox.add(tx, lane, event, cause=cause)
                put_messages(tx, lane, receipt(biller, customer, payment, order.email_address))
        return payment, True

    def publish(self, lane: Lane, payment: Payment) -> None:
        """Offer a payment's event, once its transaction is committed."""
        if payment.approved and not payment.offline:
            self.outbox.flush(lane.name, payment.biller_guid, payment.account_number)

    def due(self, lane: Lane, until: datetime) -> Iterator[Due]:
        """What clears at or before *until*: per moment, the payments that settle and those that come back."""
        with self.store.read() as tx:
            moments = clearing(tx, lane.name, until.astimezone(UTC).isoformat())
        for at, become in moments:
            moment = datetime.fromisoformat(at)
            if become == RETURNED:
                yield Due(moment, "bank payments come back", partial(self._return, lane, at))
            else:
                yield Due(moment, "payments settle", partial(self._settle, lane, at))

    def _invoice(self, tx: Tx, lane: Lane, biller: Biller, order: Order) -> Invoice | None:
        if order.donation == "standalone":
            if order.invoice_number:
                raise ValueRefused("invoice_number", order.invoice_number, "a standalone donation has no invoice")
            return None
        if order.invoice_number:
            invoice = invoice_of(tx, lane, biller, order.invoice_number)
            if invoice.account_number != order.account_number:
                raise PaymentRefused(
                    "other_account", f"Invoice {invoice.invoice_number} is not of account {order.account_number}."
                )
            return invoice
        if order.donation == "inline":
            raise ValueRefused("invoice_number", "", "an inline donation is part of the payment of an invoice")
        search = {"biller_guid": biller.guid, "account_number": order.account_number, "status": "open"}
        found = INVOICES.find(tx, lane.name, search, order=AGE, last_first=True, limit=1)
        if not found:
            raise PaymentRefused("nothing_due", f"Account {order.account_number}: there is no open invoice.")
        return found[0]

    def _payment(
        self,
        tx: Tx,
        lane: Lane,
        biller: Biller,
        order: Order,
        authorization: Authorization,
        invoice: Invoice | None,
        payment_guid: str,
        now: datetime,
    ) -> Payment:
        clears = ""
        if authorization.clears_as:
            zone = time_zone(biller.time_zone)
            clears = clears_at(now, order.tender, authorization.clears_as, zone).isoformat()
        return Payment(
            payment_guid=payment_guid,
            biller_guid=biller.guid,
            account_number=order.account_number,
            invoice_number="" if invoice is None else invoice.invoice_number,
            amount_cents=order.amount_cents,
            service_fee_cents=order.service_fee_cents,
            tender=order.tender,
            brand=authorization.brand,
            last_four=authorization.last_four,
            donation=order.donation,
            payer_name=refuse_card_number("payer_name", order.payer_name),
            approved=authorization.approved,
            message=authorization.message,
            reference=payment_reference(next_number(tx, lane.name, "payment")),
            paid_at=now.isoformat(),
            state=authorization.state,
            clears_at=clears,
            clears_as=authorization.clears_as,
            biller_reference=order.biller_reference,
            recorded_at=recorded_at(tx, lane),
            offline=order.offline,
            check_number=order.check_number,
            location_reference=order.location_reference,
        )

    @staticmethod
    def _same(existing: Payment, order: Order, biller: Biller) -> Payment:
        ordered = (biller.guid, order.account_number, order.amount_cents, order.tender, order.donation)
        kept = (
            existing.biller_guid,
            existing.account_number,
            existing.amount_cents,
            existing.tender,
            existing.donation,
        )
        if ordered != kept or order.invoice_number not in ("", existing.invoice_number):
            raise Conflict(f"The payment {existing.payment_guid} stands already, and differs.")
        return existing

    def _settle(self, lane: Lane, at: str) -> str:
        with self.store.write() as tx:
            many = tx.run(_SETTLE, lane=lane.name, at=at)
        return f"{many} payment{'' if many == 1 else 's'} settled"

    def _return(self, lane: Lane, at: str) -> str:
        with self.store.read() as tx:
            found = [PAYMENTS.get(tx, lane.name, guid) for (guid,) in tx.all(_RETURNING, lane=lane.name, at=at)]
        returned = [payment for payment in found if payment is not None]
        for payment in returned:
            self._return_one(lane, payment, datetime.fromisoformat(at))
        told = ", ".join(f"{payment.reference} of account {payment.account_number}" for payment in returned)
        return f"{len(returned)} payment{'' if len(returned) == 1 else 's'} returned ({told})"

    def _return_one(self, lane: Lane, existing: Payment, now: datetime) -> None:
        with self.store.write() as tx:
            biller = biller_of(tx, lane, existing.biller_guid, lock=True)
            if PAYMENTS.get(tx, lane.name, existing.payment_guid) != existing:
                return  # another replica was here first
            payment = cleared(existing)
            PAYMENTS.put(tx, lane.name, payment)
            invoice = _owed_on(tx, lane, biller, payment)
            if invoice is not None:
                owed = credited(invoice, payment.amount_cents)
                INVOICES.put(tx, lane.name, owed)
                if not partner_of(biller.partner).answers_for_account:
                    ask_about(tx, lane, biller, owed)  # how much of it is due now, the partner alone can say
            event = ach_reject_event(new_id(), payment, time_zone(biller.time_zone), now=now)
            self.outbox.add(tx, lane, event, cause=f"clock {now.isoformat()}")
        self.outbox.flush(lane.name, payment.biller_guid, payment.account_number)


def _owed_on(tx: Tx, lane: Lane, biller: Biller, payment: Payment) -> Invoice | None:
    """
    The invoice on which a returned payment is owed again: its own, or the latest that carries its balance forward.

    Where no bill of its owner does, as the later one is another owner's by now, the closed one is opened again and asks
    for this alone [A-127]. None for a donation.
    """
    invoice = INVOICES.get(tx, lane.name, biller.guid, payment.invoice_number)
    if invoice is None or payment.donation != "none":
        return None
    if invoice.status != CLOSED:
        return invoice
    search = {
        "biller_guid": biller.guid,
        "account_number": invoice.account_number,
        "invoice_type_id": invoice.invoice_type_id,
    }
    later = INVOICES.find(tx, lane.name, search, order=AGE, last_first=True, limit=MOST_LATER)
    carrying = (one for one in later if one.status != CLOSED and one.invoice_date >= invoice.invoice_date)
    return next(carrying, emptied(invoice))
