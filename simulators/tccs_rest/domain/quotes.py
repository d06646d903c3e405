"""
Quotes: a deposit is due on an accepted application, and paid in full it binds the quote, which becomes a policy [A-46].

Source: "TCCS Technical Design", Payer Experience - Agent (New Policy).
"""

from __future__ import annotations

from dataclasses import field
from datetime import date, timedelta

from partnerlab.contracts.records import dataclass
from partnerlab.simulators.tccs_rest.domain.errors import ValueInvalid
from partnerlab.simulators.tccs_rest.domain.numbers import term_of
from partnerlab.simulators.tccs_rest.domain.policies import Balances, Charge, Insured, Policy

__all__ = ["DUE_AFTER", "MONTH", "Quote", "becomes", "bind", "check_quote", "deposit_due", "is_complete", "quote_of"]

MONTH = timedelta(days=30)
DUE_AFTER = timedelta(days=20)
MAX_INSTALMENTS = 24


@dataclass(frozen=True, slots=True)
class Quote:
    """
    An application that waits for its deposit.

    `premium_cents` is that of the term and holds the deposit; the rest is billed in `instalments` equal parts, a month
    apart. `bound_on` is the day on which the deposit was complete.
    """

    invoice_number: str
    insured: Insured = field(default_factory=Insured)
    deposit_cents: int = 0
    premium_cents: int = 0
    instalments: int = 0
    late_fee_cents: int = 0
    paid_cents: int = 0
    bound_on: date | None = None


def becomes(quote_number: str) -> str:
    """The invoice number of the policy term that a quote becomes: its own without the `Q`."""
    return quote_number.removeprefix("Q")


def quote_of(invoice_number: str) -> str:
    """The number of the quote that becomes the policy term of an invoice number."""
    return "Q" + invoice_number


def deposit_due(quote: Quote) -> Balances:
    """Both balances of a quote: what is left of its deposit; nothing once it is bound, for then its policy owes."""
    left = 0 if quote.bound_on else quote.deposit_cents - quote.paid_cents
    return Balances(left, left)


def is_complete(quote: Quote) -> bool:
    """Whether a quote that waits has its deposit, and is to be bound."""
    return quote.bound_on is None and quote.paid_cents >= quote.deposit_cents


def check_quote(quote: Quote) -> None:
    """Raises `ValueInvalid` for a quote whose sums do not fit."""
    if quote.deposit_cents <= 0:
        raise ValueInvalid("deposit", quote.deposit_cents, "is not more than zero")
    if quote.premium_cents < quote.deposit_cents:
        raise ValueInvalid("premium", quote.premium_cents, "is less than the deposit")
    if not 0 <= quote.instalments <= MAX_INSTALMENTS:
        raise ValueInvalid("instalments", quote.instalments, f"is not between 0 and {MAX_INSTALMENTS}")
    if (quote.premium_cents > quote.deposit_cents) != (quote.instalments > 0):
        raise ValueInvalid("instalments", quote.instalments, "does not fit what the deposit leaves of the premium")


def bind(quote: Quote, on: date) -> tuple[Policy, list[Charge]]:
    """The policy term that a quote becomes on a day, its deposit paid on it, and its charges."""
    number = becomes(quote.invoice_number)
    effective_on, expires_on = term_of(number)
    policy = Policy(
        number,
        effective_on,
        expires_on,
        quote.insured,
        late_fee_cents=quote.late_fee_cents,
        paid_cents=quote.paid_cents,
    )
    charges = [Charge(1, "instalment", on, on, quote.deposit_cents)]
    rest = quote.premium_cents - quote.deposit_cents
    for index in range(quote.instalments):
        # What does not divide falls on the first ones, a cent each.
        amount = rest // quote.instalments + (index < rest % quote.instalments)
        billed_on = on + MONTH * (index + 1)
        charges.append(Charge(index + 2, "instalment", billed_on, billed_on + DUE_AFTER, amount))
    return policy, charges
