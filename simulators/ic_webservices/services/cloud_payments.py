"""
Cloud Payments V2 over the ledger: a partner asks for a payment page, a payer pays on it, the partner is told.

A page is opened by its token alone: a time and 256 random bits, kept as a hash, of one lane, and good for thirty
minutes. What is paid is decided here at the moment of paying, from the ledger: a page that was tampered with, or is
older than the last change of an invoice, pays nothing. All invoices of one payment are paid in one transaction, or
none; that transaction also marks the page as paid and writes the postbacks, so however often a form is sent, it pays
once.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from datetime import date, timedelta

from partnerlab.contracts.records import dataclass
from partnerlab.simulators.ic_webservices.domain.billers import Biller, is_on, time_zone
from partnerlab.simulators.ic_webservices.domain.cloud_payments import (
    LASTS,
    OPEN,
    PAID,
    Choice,
    PaymentPageRequest,
    Reminder,
    check_bills,
    check_counts,
    fees_of,
    is_requested,
    latest_first,
    total_cents,
)
from partnerlab.simulators.ic_webservices.domain.customers import check_email
from partnerlab.simulators.ic_webservices.domain.errors import NotFound, PaymentRefused
from partnerlab.simulators.ic_webservices.domain.invoices import Invoice
from partnerlab.simulators.ic_webservices.domain.mailbox import notifies_at, remind_on
from partnerlab.simulators.ic_webservices.domain.methods import Method, check_usable
from partnerlab.simulators.ic_webservices.domain.page_tokens import new_page_token, page_key
from partnerlab.simulators.ic_webservices.domain.partners import partner_of
from partnerlab.simulators.ic_webservices.domain.payments import BANK_TENDERS, Order, Payment
from partnerlab.simulators.ic_webservices.domain.postbacks import Postback, postback_fields
from partnerlab.simulators.ic_webservices.services.authentication import Authentication
from partnerlab.simulators.ic_webservices.services.cashier import Cashier
from partnerlab.simulators.ic_webservices.services.checkouts import (
    CheckoutView,
    bill_of,
    checkout_of,
    invoices_of,
    view_of,
)
from partnerlab.simulators.ic_webservices.services.cloud_payment_requests import (
    check_addresses,
    create_missing,
    lacks,
    sole_account,
)
from partnerlab.simulators.ic_webservices.services.ledger import biller_of
from partnerlab.simulators.ic_webservices.services.pages_held_back import (
    ADD,
    ADD_WHERE_KNOWN,
    Account,
    pages_held_back,
)
from partnerlab.simulators.ic_webservices.services.postbacks import Postbacks
from partnerlab.simulators.ic_webservices.services.presentment import Presentment
from partnerlab.simulators.ic_webservices.services.support import CLOUD_PAY, refuse_terminal, refuse_unsupported
from partnerlab.simulators.ic_webservices.services.wallet import Wallet, method_of
from partnerlab.simulators.ic_webservices.store import CHECKOUTS, REMINDERS
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Row, Statement, Store, Tx
from partnerlab.simulators.kit.world.table import utc_text

__all__ = ["CloudPayments", "Paying"]

MOST_ASKED = 10
"""Balances asked from the partner each time a page is opened: a payer waits for them."""
FORGET_EVERY, FORGET_AFTER = 500, timedelta(days=1)

_FORGET = Statement("DELETE FROM ic_checkouts WHERE lane = :lane AND state = 'open' AND expires_at < :before")


@dataclass(frozen=True, slots=True)
class Paying:
    """
    What a payer pays with: a `tender` with the `number` of a card or account, or the `method_id` of a saved one.

    `form_key` names the form; `total_cents`, fees included, is what it showed. `typed` is what the form shows again
    where this is declined, by field: never a number.
    """

    form_key: str
    total_cents: int
    tender: str = ""
    number: str = ""
    method_id: str = ""
    remote_ip: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Paying(tender={self.tender!r}, total_cents={self.total_cents})"


class CloudPayments:
    """Payment pages of every lane."""

    def __init__(
        self,
        store: Store,
        cashier: Cashier,
        presentment: Presentment,
        authentication: Authentication,
        wallet: Wallet,
        postbacks: Postbacks,
        *,
        warm: bool = True,
    ) -> None:
        self.store, self.cashier, self.presentment, self.authentication = store, cashier, presentment, authentication
        self.wallet, self.postbacks = wallet, postbacks
        self._made = itertools.count(1)
        self._checked: Biller | None = None
        self._passed: tuple[Biller, tuple[str, ...]] | None = None
        self._held_back = pages_held_back(store) if warm else None

    # --- for partners ---

    def create(
        self, lane: Lane, biller: Biller, asked: PaymentPageRequest, remote_token: str = "", kept: str = ""
    ) -> str:
        """
        A page for that request: its token. *kept* is the request as JSON, where that is made already.

        An unknown account is made where CreateCustomerRecord says so; an unknown invoice of a known account is made of
        the request. Nothing is made of a request that is refused.

        Raises:
            ValueRefused: An address, a count or an amount is not taken; the message names the parameter.
            NotFound: An account that is not known and may not be made.
            PaymentRefused: An invoice is another account's, or no way to pay is allowed.
            TokenInvalid: The RemoteAuthenticationToken opens nothing at this biller.
            NotSupported: The biller's integration has no CloudPay, or no card terminal on its pages.
        """
        self._check_biller(biller)
        if asked.allow_emv:
            refuse_terminal(biller)
        check_counts(asked)
        self._check_addresses(asked, biller)
        if not (asked.allow_card or asked.allow_bank):
            raise PaymentRefused(
                "no_tender", "AllowCCPayment and AllowACHPayment are both false: nothing could be paid."
            )
        username = self.authentication.open(lane, remote_token, biller.guid).user.username if remote_token else ""
        token, now, kept = new_page_token(time.time_ns() // 1_000_000), lane.now(), kept or asked.to_json()
        times = utc_text(now), utc_text(now + LASTS)
        row = (lane.name, page_key(token), biller.guid, OPEN, *times, username, kept)
        account = sole_account(asked)
        if account is None or not self._add(row, (lane.name, biller.guid, account)):
            with self.store.write() as tx:
                if lacks(tx, lane, biller, asked):
                    create_missing(tx, lane, biller_of(tx, lane, biller.guid, lock=True), asked)
                tx.run(ADD, row)
        if next(self._made) % FORGET_EVERY == 0:
            with self.store.write(aside=True) as tx:
                tx.run(_FORGET, lane=lane.name, before=utc_text(now - FORGET_AFTER))
        return token

    def _add(self, page: Row, account: Account) -> bool:
        """Write a page, soon or now. False, and nothing is written, where the ledger does not know its account."""
        if self._held_back is not None and self._held_back.keep(page, account):
            return True
        with self.store.write(aside=True) as tx:  # a new row is nobody's that is held back or remembered
            return tx.run(ADD_WHERE_KNOWN, (*page, *account)) > 0

    def _check_biller(self, biller: Biller) -> None:
        """
        Check that a biller may have pages, and that its fees are amounts; the one that was checked last is not again.

        Raises `NotSupported`, `ValueRefused`.
        """
        if biller is not self._checked:
            refuse_unsupported(biller, CLOUD_PAY)
            fees_of(biller)
            self._checked = biller

    def _check_addresses(self, asked: PaymentPageRequest, biller: Biller) -> None:
        """Check where the request leads, but for addresses that were checked last. Raises `ValueRefused`."""
        addresses, passed = (asked.return_url, asked.postback_url, asked.css_url), self._passed
        if passed is None or passed[0] is not biller or passed[1] != addresses:
            check_addresses(asked, biller)
            self._passed = biller, addresses

    # --- for payers ---

    def present(self, lane: Lane, token: str) -> CheckoutView:
        """
        Open a page: the partner is asked for the balances first, as at each opening of a bill.

        Invoices whose amount came in the request are not asked about. Raises `CheckoutGone`.
        """
        opened = self.open(lane, token)
        if opened.paid:
            return opened
        asked = [bill for bill in opened.bills if bill.payable and not is_requested(bill.invoice)]
        if partner_of(opened.biller.partner).answers_for_account:  # one answer for all bills of an account
            asked = list({bill.invoice.account_number: bill for bill in reversed(asked)}.values())
        for bill in asked[:MOST_ASKED]:
            try:
                self.presentment.open(lane, opened.biller.guid, bill.number)
            except NotFound:  # it went away this moment
                continue
        return self.open(lane, token) if asked else opened

    def perhaps_asked_again(self, lane: Lane, opened: CheckoutView) -> dict[str, tuple[Payment, ...]]:
        """By number of its first bills: payments whose money the bill may ask for again (assumed [A-113])."""
        payable = [bill.invoice for bill in opened.bills if bill.payable][:MOST_ASKED]
        return {one.invoice_number: self.presentment.perhaps_asked_again(lane, one) for one in payable}

    def open(self, lane: Lane, token: str) -> CheckoutView:
        """A page as it stands. Raises `CheckoutGone`."""
        with self.store.read() as tx:
            return view_of(tx, lane, checkout_of(tx, lane, token))

    def choose(self, lane: Lane, token: str, choice: Choice) -> CheckoutView:
        """Keep what the payer chose. Raises `CheckoutGone`, and `PaymentRefused` where it is paid already."""
        with self.store.write() as tx:
            checkout = checkout_of(tx, lane, token, lock=True)
            if checkout.state == PAID:
                raise PaymentRefused("paid", "This was paid already.")
            checkout = replace(checkout, choice=choice.dump())
            CHECKOUTS.put(tx, lane.name, checkout)
            return view_of(tx, lane, checkout)

    def pay(self, lane: Lane, token: str, paying: Paying, *, cause: str) -> CheckoutView:
        """
        Pay what was chosen, all of it or nothing; the page with its payments, declined ones too.

        The same form again, or any form of a page that is paid, pays nothing and gives what came of it before.

        Raises:
            CheckoutGone: There is no such page, or it has expired.
            PaymentRefused: An invoice's rules or the request forbid it, or the sum is not what the form showed.
            ValueRefused, NotFound: The number is no test number; the saved method is not there.
        """
        with self.store.write() as tx:
            checkout = checkout_of(tx, lane, token)
            biller = biller_of(tx, lane, checkout.biller_guid, lock=True)
            checkout = checkout_of(tx, lane, token, lock=True)
            opened = view_of(tx, lane, checkout)
            if opened.paid or checkout.was_sent(paying.form_key):
                return opened
            payments = self._take(tx, lane, opened, paying, cause)
            outcome = {
                "keys": [*checkout.outcome.get("keys", ()), paying.form_key],
                "payment_guids": [payment.payment_guid for payment in payments],
                "message": payments[0].message,
                "typed": dict(paying.typed),
            }
            approved = payments[0].approved  # one card, one answer: all are approved or none
            checkout = replace(checkout, state=PAID if approved else OPEN, outcome=outcome)
            CHECKOUTS.put(tx, lane.name, checkout)
            waiting = self._tell(tx, lane, replace(opened, biller=biller), payments, paying.remote_ip)
            opened = replace(opened, checkout=checkout, payments=payments)
        for payment in payments:
            self.cashier.publish(lane, payment)
        self.postbacks.send(lane, waiting)
        return opened

    def remind(self, lane: Lane, token: str, invoice_number: str, email_address: str) -> Reminder:
        """
        Keep a payer's wish to be reminded of an invoice on the page, on the day before it is due.

        Raises `CheckoutGone`, `NotFound`, `ValueRefused` (no e-mail address), `PaymentRefused` (not offered).
        """
        address = check_email(email_address, "EmailAddress")
        with self.store.write() as tx:
            opened = view_of(tx, lane, checkout_of(tx, lane, token))
            bill = bill_of(opened, invoice_number)
            if not opened.asked.allow_remind:
                raise PaymentRefused("not_offered", "Reminders are not offered on this page.")
            now, zone = lane.now(), time_zone(opened.biller.time_zone)
            reminder = Reminder(
                biller_guid=opened.biller.guid,
                invoice_number=bill.number,
                email_address=address,
                account_number=bill.invoice.account_number,
                requested_at=utc_text(now),
                remind_at=utc_text(notifies_at(remind_on(bill.invoice, now.astimezone(zone).date()), zone)),
            )
            REMINDERS.put(tx, lane.name, reminder)
        self.postbacks.runner.changed()
        return reminder

    def statement(self, lane: Lane, token: str, invoice_number: str) -> tuple[CheckoutView, Invoice]:
        """An invoice on the page with its lines. Raises `CheckoutGone`, `NotFound`, `PaymentRefused` (not offered)."""
        opened = self.open(lane, token)
        bill = bill_of(opened, invoice_number)
        if not opened.asked.allow_statement:
            raise PaymentRefused("not_offered", "Statements are not offered on this page.")
        return opened, bill.invoice

    def related(self, lane: Lane, opened: CheckoutView) -> list[Invoice]:
        """The other open invoices of the page's accounts, the latest first; none where they are not offered."""
        if not opened.asked.allow_related:
            return []
        here = {bill.number for bill in opened.bills}
        with self.store.read() as tx:
            found = [
                invoice
                for asked, _ in opened.customers
                for invoice in invoices_of(tx, lane, opened.biller, asked.account_number, status="open")
            ]
        return latest_first([one for one in found if one.invoice_number not in here and one.balance_due_cents > 0])

    def methods(self, lane: Lane, opened: CheckoutView, today: date) -> list[Method]:
        """The saved cards and accounts that the page's user may pay with; none for a guest."""
        if not opened.checkout.username:
            return []
        found = self.wallet.methods(lane, opened.biller.guid, opened.checkout.username)
        return [method for method in found if _allows(opened.asked, method.tender) and not method.expired(today)]

    # --- paying ---

    def _take(self, tx: Tx, lane: Lane, opened: CheckoutView, paying: Paying, cause: str) -> list[Payment]:
        bills = check_bills(opened.bills)
        tender, saved = paying.tender, None
        if paying.method_id:
            if not opened.checkout.username:
                raise NotFound("payment method", paying.method_id[:60])
            method = method_of(tx, lane, opened.biller, opened.checkout.username, paying.method_id)
            check_usable(method, lane.now().astimezone(time_zone(opened.biller.time_zone)).date())
            tender, saved = method.tender, method.number()
        if not _allows(opened.asked, tender):
            raise PaymentRefused("tender_not_allowed", "This way to pay is not offered on this page.")
        amount_cents, fee_cents = total_cents(bills, tender)
        if paying.total_cents != amount_cents + fee_cents:
            raise PaymentRefused("amount_changed", "What is due has changed. Please look at the amounts again.")
        payments = []
        for bill in bills:
            order = Order(
                account_number=bill.invoice.account_number,
                invoice_number=bill.number,
                amount_cents=bill.amount_cents,
                tender=tender,
                number=paying.number,
                service_fee_cents=bill.fees.of(tender),
                payer_name=opened.choice.payer_name,
                saved=saved,
                biller_reference=opened.asked.biller_reference,
                email_address=opened.choice.email_address,
            )
            payment, _ = self.cashier.post(tx, lane, opened.biller, order, cause=cause)
            payments.append(payment)
        return payments

    def _tell(
        self, tx: Tx, lane: Lane, opened: CheckoutView, payments: Sequence[Payment], remote_ip: str
    ) -> list[Postback]:
        """Write a postback for each payment, where the request named an address for them."""
        if not opened.asked.postback_url:
            return []
        zone = time_zone(opened.biller.time_zone)
        declined_too = is_on(opened.biller, "Postbacks", "Declined", default=True)
        return [
            self.postbacks.add(
                tx,
                lane,
                opened.biller.guid,
                opened.asked.postback_url,
                postback_fields(
                    payment,
                    opened.shown(payment.account_number),
                    zone,
                    biller_reference=opened.asked.biller_reference,
                    remote_ip=remote_ip,
                ),
            )
            for payment in payments
            if payment.approved or declined_too
        ]


def _allows(asked: PaymentPageRequest, tender: str) -> bool:
    return asked.allow_bank if tender in BANK_TENDERS else asked.allow_card
