"""What follows for an account's other invoices when its partner states a balance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from partnerlab.contracts.numbers import number_sql
from partnerlab.simulators.ic_webservices.domain.balances import apply_account_balance
from partnerlab.simulators.ic_webservices.domain.billers import Biller
from partnerlab.simulators.ic_webservices.domain.cloud_payments import is_requested
from partnerlab.simulators.ic_webservices.domain.customers import conveyed_at, number_before
from partnerlab.simulators.ic_webservices.domain.invoices import Invoice
from partnerlab.simulators.ic_webservices.domain.partners import partner_of
from partnerlab.simulators.ic_webservices.store import AGE, INVOICES, age_sql
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Statement, Tx

__all__ = ["nothing_held", "of_owner", "other_owners", "stated_by_order"]

_IN_BALANCE = Statement(
    "UPDATE ic_invoices SET status = 'closed', version = version + 1 WHERE lane = :lane AND biller_guid = :biller_guid"
    " AND account_number = :account_number AND invoice_type_id = :invoice_type_id"
    " AND (status = 'open' OR status = 'paid' AND balance_due_cents < 0)"
    f" AND ({age_sql('ic_invoices')})"
    f" < (:invoice_date, {', '.join(number_sql('CAST(:invoice_number AS TEXT)'))})"
)
_NOTHING_HELD = Statement(
    "UPDATE ic_invoices SET held_cents = 0 WHERE lane = :lane AND biller_guid = :biller_guid"
    " AND account_number = :account_number AND held_cents <> 0"
)

_FORMER = Statement(
    "SELECT account_number FROM ic_customers WHERE lane = :lane AND biller_guid = :biller_guid AND conveyed = 1"
    " AND account_number > :number AND account_number < :beyond"
)
_BILLED_SINCE = Statement(
    "SELECT 1 FROM ic_invoices WHERE lane = :lane AND biller_guid = :biller_guid AND account_number = :account_number"
    " AND invoice_date > :day LIMIT 1"
)
_PAID_SINCE = Statement(
    "SELECT sum(amount_cents) FROM ic_payments WHERE lane = :lane AND biller_guid = :biller_guid"
    " AND account_number = :account_number AND approved = 1 AND donation = 'none' AND state <> 'returned'"
    " AND paid_at >= :since"
)
_ASKED = Statement(
    f"SELECT {', '.join(INVOICES.columns)} FROM ic_invoices WHERE lane = :lane AND biller_guid = :biller_guid"
    " AND account_number = :account_number AND (status = 'open' OR status = 'paid' AND balance_due_cents < 0)"
)


def other_owners(tx: Tx, lane: Lane, biller: Biller, account_number: str) -> tuple[Sequence[Invoice], int]:
    """
    What the other owners of an account are asked for that was conveyed, and what they paid, in cents, where the partner
    has it apart: under a `CV-` number, since there was one [A-4].

    Nothing of an account that never was; nor of a `CV-` number that was billed since, which is an account of its own at
    the partner [A-125].
    """
    number, place = number_before(account_number), {"lane": lane.name, "biller_guid": biller.guid}
    former: dict[str, str] = {}
    for (found,) in tx.all(_FORMER, **place, number=f"{number}CV-", beyond=f"{number}CV."):
        since = conveyed_at(found)
        if tx.one(_BILLED_SINCE, **place, account_number=found, day=since[:10]) is None:
            former[found] = since
    if not former or account_number not in (number, *former):
        return [], 0
    paid_cents = 0
    for one, since in former.items():
        row = tx.one(_PAID_SINCE, **place, account_number=one, since=since)
        paid_cents += int((row and row[0]) or 0)
    owners = [one for one in (number, *former) if one != account_number]
    rows = [row for one in owners for row in tx.all(_ASKED, **place, account_number=one)]
    return [one for one in map(INVOICES.load, rows) if not is_requested(one)], paid_cents


def of_owner(
    tx: Tx, lane: Lane, biller: Biller, invoice: Invoice, due_cents: int, total_cents: int | None
) -> tuple[int, int | None, Sequence[Invoice]]:
    """
    What of a balance that its partner states is due on an invoice and owed in all, and others that it lowers.

    A balance of a conveyed account of inHance v1's is that of all its owners together, less what was paid under a `CV-`
    number: the others are asked for their part of it [A-125]. What is lowered is not written yet.
    """
    others: Sequence[Invoice] = ()
    paid_cents = 0
    if partner_of(biller.partner).states_account:
        others, paid_cents = other_owners(tx, lane, biller, invoice.account_number)
    if not others and not paid_cents:
        return due_cents, total_cents, ()
    asked, *lowered = apply_account_balance(invoice, others, due_cents - paid_cents, None)
    own_cents = asked.balance_due_cents
    if total_cents is not None:
        total_cents = max(own_cents, total_cents - (due_cents - own_cents))
    return own_cents, total_cents, lowered


def nothing_held(tx: Tx, lane: Lane, biller: Biller, account_number: str) -> None:
    """The partner says what an account owes in all: what was held back of its word before counts no more."""
    tx.run(_NOTHING_HELD, lane=lane.name, biller_guid=biller.guid, account_number=account_number)


def stated_by_order(tx: Tx, lane: Lane, biller: Biller, invoice: Invoice) -> None:
    """
    The partner set the balance of an invoice by SetInvoiceBalance.

    Of inHance v1 it is what the account owes, so the account's earlier invoices close into it [A-109]. WaterSmart's
    "Renew User" has the account owe what its latest invoice asks for, so nothing of an earlier word is held back.
    """
    if partner_of(biller.partner).states_account and invoice.balance_forward:
        tx.run(_IN_BALANCE, INVOICES.row(lane.name, invoice))
    elif partner_of(biller.partner).sends_csv:
        account = {"biller_guid": biller.guid, "account_number": invoice.account_number}
        (latest,) = INVOICES.find(tx, lane.name, account, order=AGE, last_first=True, limit=1)
        if latest.invoice_number == invoice.invoice_number:
            nothing_held(tx, lane, biller, invoice.account_number)
            word = replace(
                invoice,
                filed_due_cents=invoice.balance_due_cents,
                filed_total_cents=invoice.total_amount_due_cents,
                filed_after=invoice.stated_after,
            )
            INVOICES.put(tx, lane.name, word)
