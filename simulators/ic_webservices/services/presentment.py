"""
Showing a bill to a payer: the partner is asked for the balance first (real-time data retrieval).

An answer is applied in one transaction with the question whether it can be trusted: while a payment of the account has
no certain outcome it changes nothing that is due, but is recorded [A-84]. Where the partner answers for the account, it
is asked about the account's latest open invoice, whichever of them is opened [A-83].
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from partnerlab.contracts.database_errors import what_failed
from partnerlab.contracts.masking import mask_text
from partnerlab.contracts.records import dataclass
from partnerlab.simulators.ic_webservices.domain.balances import apply_account_balance
from partnerlab.simulators.ic_webservices.domain.billers import Biller, time_zone
from partnerlab.simulators.ic_webservices.domain.cloud_payments import is_requested
from partnerlab.simulators.ic_webservices.domain.customers import check_email, is_conveyed
from partnerlab.simulators.ic_webservices.domain.errors import DomainError
from partnerlab.simulators.ic_webservices.domain.invoices import CLOSED, OPEN, PAID, Invoice, age, stated
from partnerlab.simulators.ic_webservices.domain.late_fees import stated_at
from partnerlab.simulators.ic_webservices.domain.money import amount, cents
from partnerlab.simulators.ic_webservices.domain.partners import partner_of
from partnerlab.simulators.ic_webservices.domain.payments import Payment
from partnerlab.simulators.ic_webservices.services.conveyed import bill_in_doubt, other_owners
from partnerlab.simulators.ic_webservices.services.ledger import biller_of, invoice_of
from partnerlab.simulators.ic_webservices.services.questions import RTDR_URL, note_answer
from partnerlab.simulators.ic_webservices.services.unsettled import Unsettled
from partnerlab.simulators.ic_webservices.store import AGE, CUSTOMERS, INVOICES
from partnerlab.simulators.kit.world.lanes import Lane, stands
from partnerlab.simulators.kit.world.store import Statement, Store, Tx

__all__ = ["Balances", "Presentment", "Shown"]

MOST_OPEN = 1_000

Balances = Callable[[str, str, str, str], Mapping[str, Any]]
"""
The port to the partner: lane, BillerGUID, account number and invoice number to `balance_due` and `total_amount_due`
(`"125.50"` or None), `email_address` (or None) and `problem` (text or None). None means: leave it as it is.
"""

_NEWEST_PAYMENT = Statement(
    "SELECT max(reference) FROM ic_payments"
    " WHERE lane = :lane AND biller_guid = :biller_guid AND account_number = :account_number"
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A bill as it was shown; `asked` says whether the partner was asked, `changed` names what that changed."""

    invoice: Invoice
    asked: bool
    changed: tuple[str, ...]
    problem: str


@dataclass(frozen=True, slots=True)
class _Account:
    """
    The account of a bill before or after the partner was asked: what an answer may change, and its last payment.

    `paid_apart_cents` is what former owners paid that the answer cannot have in it [A-125].
    """

    asked: Invoice
    others: tuple[Invoice, ...]
    newest_payment: str
    paid_apart_cents: int = 0

    @property
    def versions(self) -> tuple[object, ...]:
        """What differs when the account changed meanwhile."""
        return (
            self.newest_payment,
            self.paid_apart_cents,
            *sorted((one.invoice_number, one.version) for one in (self.asked, *self.others)),
        )


class Presentment:
    """
    Bills of every lane, shown.

    Asking never fails the payer: whatever goes wrong is recorded on the invoice, and the old amounts are shown.
    """

    def __init__(self, store: Store, balances: Balances, unsettled: Unsettled) -> None:
        self.store, self.balances, self.unsettled = store, balances, unsettled

    def open(self, lane: Lane, biller_guid: str, invoice_number: str) -> Shown:
        """
        Show an invoice. A biller without setting 8 is not asked, nor is anybody about a closed invoice.

        Raises `NotFound`.
        """
        with self.store.read() as tx:
            biller = biller_of(tx, lane, biller_guid)
            opened = invoice_of(tx, lane, biller, invoice_number)
        if opened.status == CLOSED or not biller.settings.get(RTDR_URL):
            return Shown(opened, asked=False, changed=(), problem="")
        self.unsettled.ready(lane, biller.guid, opened.account_number)
        with self.store.read() as tx:
            account = _account(tx, lane, biller, opened)
            doubt = bill_in_doubt(tx, lane, biller, opened, self.unsettled).reason
        left_at = datetime.now(UTC)
        answer = self._ask(lane, biller, account.asked)
        with self.store.write() as tx:
            if not stands(tx, lane):
                return Shown(opened, asked=True, changed=(), problem="the lane was reset while the partner was asked")
            biller = biller_of(tx, lane, biller_guid, lock=True)
            return self._apply(tx, lane, biller, opened.invoice_number, account, answer, doubt, left_at)

    def perhaps_asked_again(self, lane: Lane, invoice: Invoice) -> tuple[Payment, ...]:
        """Payments without a certain outcome whose money an invoice may ask for again (assumed [A-113])."""
        self.unsettled.ready(lane, invoice.biller_guid, invoice.account_number)
        with self.store.read() as tx:
            biller = biller_of(tx, lane, invoice.biller_guid)
            return bill_in_doubt(tx, lane, biller, invoice, self.unsettled).before(invoice)

    def _ask(self, lane: Lane, biller: Biller, invoice: Invoice) -> Mapping[str, Any]:
        try:
            return self.balances(lane.name, biller.guid, invoice.account_number, invoice.invoice_number)
        except Exception as error:  # noqa: BLE001 - the port promises not to raise; a payer must not pay for a bug in it
            return {"problem": what_failed(error)}

    def _apply(
        self,
        tx: Tx,
        lane: Lane,
        biller: Biller,
        invoice_number: str,
        before: _Account,
        answer: Mapping[str, Any],
        doubt: str,
        left_at: datetime,
    ) -> Shown:
        changed: set[str] = set()
        problem = str(answer.get("problem") or "")
        opened = invoice_of(tx, lane, biller, invoice_number)
        account = _account(tx, lane, biller, opened)
        try:
            due = _cents(answer.get("balance_due"), "balance_due")
            total = _cents(answer.get("total_amount_due"), "total_amount_due")
        except DomainError as error:
            problem, due, total = f"the amounts were dropped: {error}", None, None
        if due is not None or total is not None:
            # Also of a payment that came while the partner was asked: the answer may not know of it.
            why = doubt or bill_in_doubt(tx, lane, biller, opened, self.unsettled, left_at).reason
            if not why and account.versions != before.versions:
                why = "the account changed while the partner was asked"
            if why:
                problem, due, total = f"the partner's {_in_words(due, total)} was dropped: {why}", None, None
        if not problem and due is not None:
            note_answer(tx, lane, account.asked, of_account=partner_of(biller.partner).answers_for_account)
        after = _after(biller, account, due, total)
        for one in after:
            was = invoice_of(tx, lane, biller, one.invoice_number)
            changed |= {"balance_due"} if one.balance_due_cents != was.balance_due_cents else set()
            changed |= {"total_amount_due"} if one.total_amount_due_cents != was.total_amount_due_cents else set()
            INVOICES.put(tx, lane.name, one)
        if self._change_email(tx, lane, biller, opened.account_number, answer) == "changed":
            changed.add("email_address")
        else:
            problem = _address_problem(answer) or problem
        problem = mask_text(problem)[:500]
        asked_at, zone = lane.now().isoformat(), time_zone(biller.time_zone)
        for number in dict.fromkeys((account.asked.invoice_number, invoice_number)):
            invoice = replace(invoice_of(tx, lane, biller, number), asked_at=asked_at, asked_problem=problem)
            if due is not None:
                invoice = stated_at(invoice, lane.now(), zone)
            INVOICES.put(tx, lane.name, invoice)
        told = tuple(name for name in ("balance_due", "total_amount_due", "email_address") if name in changed)
        return Shown(invoice_of(tx, lane, biller, invoice_number), True, told, problem)

    @staticmethod
    def _change_email(tx: Tx, lane: Lane, biller: Biller, account_number: str, answer: Mapping[str, Any]) -> str:
        address = answer.get("email_address")
        if address is None or _address_problem(answer):
            return ""
        customer = CUSTOMERS.get(tx, lane.name, biller.guid, account_number)
        if customer is None or customer.email_address == check_email(address):
            return ""
        CUSTOMERS.put(tx, lane.name, replace(customer, email_address=check_email(address)))
        return "changed"


def _account(tx: Tx, lane: Lane, biller: Biller, opened: Invoice) -> _Account:
    """The invoice to ask about, and the open ones that its answer is for as well."""
    place = {"biller_guid": biller.guid, "account_number": opened.account_number}
    row = tx.one(_NEWEST_PAYMENT, lane=lane.name, **place)
    newest = str(row[0] or "") if row else ""
    if not partner_of(biller.partner).answers_for_account or is_requested(opened):
        return _Account(opened, (), newest)
    found = INVOICES.find(tx, lane.name, {**place, "status": OPEN}, order=AGE, last_first=True, limit=MOST_OPEN)
    # What the partner put into a Cloud Payments request it stated itself, and apart from the account's balance.
    found = sorted(
        (one for one in found if not is_requested(one)),
        key=age,
        reverse=True,
    )
    if not found:
        latest = INVOICES.find(tx, lane.name, place, order=AGE, last_first=True, limit=MOST_OPEN)
        found = [one for one in latest if one.status != CLOSED and not is_requested(one)][:1] or [opened]
    paid = INVOICES.find(tx, lane.name, {**place, "status": PAID}, order=AGE, last_first=True, limit=MOST_OPEN)
    credits = [one for one in paid if one.balance_due_cents < 0 and one != found[0] and not is_requested(one)]
    former: Sequence[Invoice] = ()
    paid_apart_cents = 0
    if not is_conveyed(opened.account_number):
        former, paid_apart_cents = other_owners(tx, lane, biller, opened.account_number)
    return _Account(found[0], (*found[1:], *credits, *former), newest, paid_apart_cents)


def _after(biller: Biller, account: _Account, due: int | None, total: int | None) -> list[Invoice]:
    """The invoices with the answer; none where it says nothing."""
    if due is None and total is None:
        return []
    invoice = account.asked
    if partner_of(biller.partner).answers_for_account and due is not None and not is_requested(invoice):
        total = None if total is None else total - account.paid_apart_cents
        return apply_account_balance(invoice, account.others, due - account.paid_apart_cents, total)
    due = invoice.balance_due_cents if due is None else due
    if (due, total) in ((invoice.balance_due_cents, None), (invoice.balance_due_cents, invoice.total_amount_due_cents)):
        return []
    return [stated(invoice, due, total)]


def _address_problem(answer: Mapping[str, Any]) -> str:
    address = answer.get("email_address")
    try:
        if address is not None:
            check_email(address)
    except DomainError as error:
        return f"the address was dropped: {error}"
    return ""


def _in_words(due: int | None, total: int | None) -> str:
    return "answer of " + " and ".join(f"{amount(one)}" for one in (due, total) if one is not None)


def _cents(value: object, field: str) -> int | None:
    if value is None:
        return None
    try:
        return cents(Decimal(str(value)), field)
    except InvalidOperation:
        return cents(Decimal("NaN"), field)
