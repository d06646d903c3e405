"""What a balance file does to the invoices of an account [A-80, A-85]."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from partnerlab.contracts.records import dataclass
from partnerlab.simulators.ic_webservices.domain.balances import apply_account_balance
from partnerlab.simulators.ic_webservices.domain.invoices import CLOSED, OPEN, Invoice, Taken, held, told, unseen
from partnerlab.simulators.ic_webservices.domain.uploads import ADDS

__all__ = ["Adjusted", "adjust"]


@dataclass(frozen=True, slots=True)
class Adjusted:
    """The invoices that change, and what the account owed before and after."""

    invoices: Sequence[Invoice]
    before_cents: int
    after_cents: int


def adjust(
    invoices: Sequence[Invoice],
    effect: str,
    amount_cents: int,
    taken: Taken,
    last_payment: str,
) -> Adjusted:
    """
    Apply an adjustment to an account: to its latest open invoice, or its latest where none is open [A-100].

    A balance that is set is the partner's word when the file was made: what was taken since its last word and is not
    visible in it is owed no more [A-85]. The same word again lowers nothing, as it may be an old one, unless money came
    back and it was made after the partner knew of that. Where more is owed by it, what was taken before is known to be
    in it by now. An addition says nothing of what was taken before.

    Args:
        invoices: The account's open invoices, the latest first, or its latest where none is open; and, where a balance
            is set, those that are paid with a credit, which the balance has in it, and at last the same of its former
            owners [A-124].
        effect: `set` or `add`.
        taken: What was taken on these.
        last_payment: Reference of the newest payment of the lane.
    """
    own = invoices[0].account_number
    asked = next((one for one in invoices if one.status == OPEN and one.account_number == own), invoices[0])
    others = [one for one in invoices if one is not asked]
    concerned = [asked, *others]
    stand = [one for one in concerned if one.status != CLOSED]
    owed = sum(one.balance_due_cents for one in stand)
    said = sum(one.filed_due_cents for one in stand)
    if effect == ADDS:
        due = owed + amount_cents
        total = sum(one.total_amount_due_cents for one in stand) + amount_cents
        word = said + amount_cents
        held_cents = sum(one.held_cents for one in concerned)
    else:
        due = total = unseen(amount_cents, said, taken)
        word = amount_cents
        held_cents = held(amount_cents, due, taken)
        may_be_old = due == owed or (due < owed and not taken.returns_seen)
        if amount_cents == said - taken.seen_cents and may_be_old:
            changed_hold = replace(asked, held_cents=held(amount_cents, owed, taken))
            return Adjusted([changed_hold] if changed_hold != asked else [], owed, owed)
    changed = {one.invoice_number: one for one in apply_account_balance(asked, others, due, total)}
    after = [changed.get(one.invoice_number, one) for one in concerned]
    if effect != ADDS:  # what lowers another says of it, too, what it owes: it may be none of the open ones next
        after[1:] = [one if one is old else told(one) for one, old in zip(after[1:], others, strict=True)]
    word -= sum(one.filed_due_cents for one in after[1:] if one.status != CLOSED)
    after = [replace(one, held_cents=0) for one in after]
    after[0] = replace(after[0], filed_due_cents=word, filed_total_cents=word, held_cents=held_cents)
    if effect != ADDS:
        after = [replace(one, filed_after=last_payment, stated_after=last_payment) for one in after]
    return Adjusted(
        [new for new, old in zip(after, concerned, strict=True) if new != old],
        owed,
        sum(one.balance_due_cents for one in after if one.status != CLOSED),
    )
