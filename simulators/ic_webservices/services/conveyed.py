"""
Accounts that are passed to a new owner, and what of them the partner has apart.

A partner has one account, whoever owns it, and knows a `CV-` number from payments that it was told with that number, or
bills of its own [A-125]. Which number a payment was told with is kept with it: no time tells that, as a payment may
be made before its account is conveyed and reach the partner after that, in the same second or days later [A-97].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from partnerlab.simulators.ic_webservices.domain.balances import apply_account_balance
from partnerlab.simulators.ic_webservices.domain.billers import Biller
from partnerlab.simulators.ic_webservices.domain.cloud_payments import is_requested
from partnerlab.simulators.ic_webservices.domain.customers import Customer, conveyed_number, number_before
from partnerlab.simulators.ic_webservices.domain.invoices import Invoice, told
from partnerlab.simulators.ic_webservices.domain.partners import partner_of
from partnerlab.simulators.ic_webservices.domain.payments import RETURNED
from partnerlab.simulators.ic_webservices.services.outbox import Outbox
from partnerlab.simulators.ic_webservices.services.unsettled import Doubt, Unsettled
from partnerlab.simulators.ic_webservices.store import CUSTOMERS, INVOICES, rename_account
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Statement, Tx

__all__ = ["bill_in_doubt", "numbers_of", "other_owners", "pass_on", "share_out", "with_words"]

_TOLD_BEFORE = Statement(
    "UPDATE ic_payments SET told_as = CASE WHEN EXISTS (SELECT 1 FROM ic_events WHERE ic_events.lane = :lane"
    " AND ic_events.biller_guid = :biller_guid AND ic_events.account_number = :new AND ic_events.kind = 'payment'"
    " AND ic_events.event_id = ic_payments.payment_guid) THEN '' ELSE :old END"
    " WHERE lane = :lane AND biller_guid = :biller_guid AND account_number = :new"
)
_FORMER = Statement(
    "SELECT account_number FROM ic_customers WHERE lane = :lane AND biller_guid = :biller_guid AND conveyed = 1"
    " AND account_number > :number AND account_number < :beyond AND billed_apart <= :billed_apart"
)
_PAID_APART = Statement(
    "SELECT sum(amount_cents) FROM ic_payments WHERE lane = :lane AND biller_guid = :biller_guid"
    " AND account_number = :account_number AND approved = 1 AND donation = 'none' AND state <> 'returned'"
    " AND told_as IN ('', account_number)"
)
_ASKED = Statement(
    f"SELECT {', '.join(INVOICES.columns)} FROM ic_invoices WHERE lane = :lane AND biller_guid = :biller_guid"
    " AND account_number = :account_number AND (status = 'open' OR status = 'paid' AND balance_due_cents < 0)"
)


def pass_on(tx: Tx, lane: Lane, biller: Biller, customer: Customer, outbox: Outbox) -> Customer:
    """
    Give an account and all that is its, events that wait in the outbox too, its `CV-` number; the customer then.

    The biller must be locked. Raises `Conflict` where it has one already.
    """
    old, at = customer.account_number, lane.now().astimezone(UTC)
    while CUSTOMERS.get(tx, lane.name, biller.guid, new := conveyed_number(old, at)) is not None:
        at += timedelta(seconds=1)  # passed on twice in one second
    rename_account(tx, lane.name, biller.guid, old, new)
    outbox.rename_account(tx, lane, biller.guid, old, new)
    partner = partner_of(biller.partner)
    if not partner.downloads and not partner.sends_csv:
        tx.run(_TOLD_BEFORE, lane=lane.name, biller_guid=biller.guid, old=old, new=new)
    customer = replace(customer, account_number=new, conveyed=True)
    CUSTOMERS.put(tx, lane.name, customer)
    return customer


def bill_in_doubt(
    tx: Tx, lane: Lane, biller: Biller, invoice: Invoice, unsettled: Unsettled, since: datetime | None = None
) -> Doubt:
    """
    What is not certain of a bill and its account at the partner, as `Unsettled.doubt` says it.

    Where the partner states what the account owes, also that a former owner's payment came back which it has in that
    balance, as it was told with the account's number [A-112]. Where it answers for the bill, also each payment of that
    bill under another owner's number: a file may have given the bill to the account's new owner since [A-128].
    """
    account_number, partner = invoice.account_number, partner_of(biller.partner)
    doubt = unsettled.doubt(tx, lane, biller.guid, account_number, since)
    if partner.answers_for_account or partner.states_account:
        others = _former_owners(tx, lane, biller, account_number)
    else:
        others = [one for one in numbers_of(tx, lane, biller, account_number) if one != account_number]
    for other in others:
        of_other = unsettled.doubt(tx, lane, biller.guid, other, since)
        if partner.answers_for_account or partner.states_account:
            concern = [one for one in of_other.payments if one.state == RETURNED and one.told_as == account_number]
        else:
            concern = [one for one in of_other.payments if one.invoice_number == invoice.invoice_number]
        payments = dict.fromkeys((*doubt.payments, *concern))
        doubt = replace(doubt, payments=tuple(sorted(payments, key=lambda one: one.reference)))
    return doubt


def numbers_of(tx: Tx, lane: Lane, biller: Biller, account_number: str) -> Sequence[str]:
    """The numbers of an account's owners, whichever of them is given: its own first, then those of all former ones."""
    number = number_before(account_number)
    return [number, *_former_owners(tx, lane, biller, number, billed_apart=1)]


def other_owners(tx: Tx, lane: Lane, biller: Biller, account_number: str) -> tuple[Sequence[Invoice], int]:
    """
    What the other owners of an account are asked for that was conveyed, and what they paid, in cents, where the partner
    has it apart: told with a `CV-` number [A-4].

    Nothing of an account that never was; nor of a `CV-` number that was billed since, which is an account of its own at
    the partner [A-125].
    """
    number, place = number_before(account_number), {"lane": lane.name, "biller_guid": biller.guid}
    former = _former_owners(tx, lane, biller, number)
    if not former or account_number not in (number, *former):
        return [], 0
    paid_cents = 0
    for one in former:
        row = tx.one(_PAID_APART, **place, account_number=one)
        paid_cents += int((row and row[0]) or 0)
    owners = [one for one in (number, *former) if one != account_number]
    rows = [row for one in owners for row in tx.all(_ASKED, **place, account_number=one)]
    return [one for one in map(INVOICES.load, rows) if not is_requested(one)], paid_cents


def _former_owners(tx: Tx, lane: Lane, biller: Biller, number: str, *, billed_apart: int = 0) -> list[str]:
    """The numbers of an account's former owners; also of those that were billed since, where *billed_apart* is 1."""
    place = {"lane": lane.name, "biller_guid": biller.guid, "billed_apart": billed_apart}
    return [str(found) for (found,) in tx.all(_FORMER, **place, number=f"{number}CV-", beyond=f"{number}CV.")]


def share_out(tx: Tx, lane: Lane, invoice: Invoice, others: Sequence[Invoice], newest: str) -> Invoice:
    """
    A new owner's invoice that asks for the account's balance, less what *others* of former owners are asked for.

    Where that is more than the balance they are lowered, as by a balance, and kept [A-124]. *newest* is the last
    payment that was taken before the partner said so.
    """
    asked, *lowered = apply_account_balance(invoice, others, invoice.balance_due_cents, invoice.total_amount_due_cents)
    after = {one.invoice_number: told(one) for one in lowered}
    others = [after.get(one.invoice_number, one) for one in others]
    for one in others:  # what was paid on them before is in this word, as far as it is in any
        INVOICES.put(tx, lane.name, replace(one, filed_after=newest, stated_after=newest))
    asked = replace(asked, version=invoice.version, held_cents=invoice.held_cents)
    return with_words(asked, others, -1)


def with_words(invoice: Invoice, others: Sequence[Invoice], times: int) -> Invoice:
    """The invoice with the partner's last word on others added to that on it, *times* 1, or taken off, -1."""
    word = times * sum(one.filed_due_cents for one in others)
    return replace(
        invoice,
        filed_due_cents=invoice.filed_due_cents + word,
        filed_total_cents=invoice.filed_total_cents + word,
    )
