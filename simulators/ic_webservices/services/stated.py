"""What follows for an account's other invoices when its partner states a balance."""

from __future__ import annotations

from collections.abc import Sequence

from partnerlab.contracts.numbers import number_sql
from partnerlab.simulators.ic_webservices.domain.balances import apply_account_balance
from partnerlab.simulators.ic_webservices.domain.billers import Biller
from partnerlab.simulators.ic_webservices.domain.invoices import Invoice, told
from partnerlab.simulators.ic_webservices.domain.partners import partner_of
from partnerlab.simulators.ic_webservices.services.conveyed import other_owners
from partnerlab.simulators.ic_webservices.store import AGE, INVOICES, age_sql
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Statement, Tx

__all__ = ["nothing_held", "of_owner", "stated_by_order"]

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


def of_owner(
    tx: Tx, lane: Lane, biller: Biller, invoice: Invoice, due_cents: int, total_cents: int | None
) -> tuple[int, int | None, Sequence[Invoice]]:
    """
    What of a balance that its partner states is due on an invoice and owed in all, and others that it lowers.

    A balance of a conveyed account of inHance v1's is that of all its owners together, less payments that it was told
    with a `CV-` number: the others are asked for their part of it [A-125]. So is one of WaterSmart's where bills carry
    the balance forward [A-124]. What is lowered is not written yet.
    """
    others: Sequence[Invoice] = ()
    paid_cents = 0
    if partner_of(biller.partner).states_account:
        others, paid_cents = other_owners(tx, lane, biller, invoice.account_number)
    elif partner_of(biller.partner).sends_csv and invoice.balance_forward:
        others, _ = other_owners(tx, lane, biller, invoice.account_number)  # it has no number apart
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


def stated_by_order(tx: Tx, lane: Lane, biller: Biller, invoice: Invoice, lowered: Sequence[Invoice]) -> None:
    """
    The partner set the balance of an invoice by SetInvoiceBalance, which *lowered* others.

    Of inHance v1 it is what the account owes, so the account's earlier invoices close into it [A-109]. WaterSmart's
    "Renew User" has the account owe what its latest invoice asks for, so nothing of an earlier word is held back;
    whichever invoice it is, that is the word which the next file is compared with (`told`).
    """
    if partner_of(biller.partner).states_account and invoice.balance_forward:
        tx.run(_IN_BALANCE, INVOICES.row(lane.name, invoice))
    elif partner_of(biller.partner).sends_csv:
        account = {"biller_guid": biller.guid, "account_number": invoice.account_number}
        (latest,) = INVOICES.find(tx, lane.name, account, order=AGE, last_first=True, limit=1)
        if latest.invoice_number == invoice.invoice_number:
            nothing_held(tx, lane, biller, invoice.account_number)
        for one in (invoice, *lowered):
            INVOICES.put(tx, lane.name, told(one))
