"""What a partner's balance answer does to the invoices of an account [A-83]."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from partnerlab.simulators.ic_webservices.domain.invoices import CLOSED, Invoice, age, stated

__all__ = ["apply_account_balance"]


def apply_account_balance(
    asked: Invoice, others: Sequence[Invoice], balance_due_cents: int, total_amount_due_cents: int | None
) -> list[Invoice]:
    """
    The invoices that change, *asked* first, so that all together ask no more than the answer.

    With balance forward the *others* of its type close into the invoice asked about, and one with a credit always does,
    for the answer has that in it. What the rest asks counts against the answer; where that is more than the answer, the
    oldest is lowered first. Of a former owner no invoice closes: it is nobody else's [A-124].

    Args:
        asked: The account's latest open invoice, about which the partner was asked.
        others: The account's other open invoices, and those with a credit; and those of its former owners, of which
            the partner knows nothing, and has them in its answer.
        balance_due_cents: What the account owes now; negative is a credit.
        total_amount_due_cents: Everything the account owes, or None where the partner does not say.
    """
    closing = [
        one
        for one in others
        if one.account_number == asked.account_number
        and (one.balance_due_cents < 0 or (asked.balance_forward and one.invoice_type_id == asked.invoice_type_id))
    ]
    rest = sorted((one for one in others if one not in closing), key=age)
    credits = sum(min(one.balance_due_cents, 0) for one in rest)
    too_much = sum(max(one.balance_due_cents, 0) for one in rest) - max(balance_due_cents - credits, 0)
    lowered = []
    for one in rest:
        cut = min(max(one.balance_due_cents, 0), max(too_much, 0))
        too_much -= cut
        lowered.append(stated(one, one.balance_due_cents - cut) if cut else one)
    elsewhere = sum(one.balance_due_cents for one in lowered)
    due = balance_due_cents - elsewhere
    total = None if total_amount_due_cents is None else max(due, total_amount_due_cents - elsewhere)
    same = (asked.balance_due_cents, None), (asked.balance_due_cents, asked.total_amount_due_cents)
    if (due, total) not in same or asked.held_cents:
        asked = stated(asked, due, total)
    closed = [replace(one, status=CLOSED, version=one.version + 1) for one in closing]
    return [asked, *closed, *(after for before, after in zip(rest, lowered, strict=True) if after is not before)]
