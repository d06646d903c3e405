"""
The policy terms and quotes every lane begins with: those of `contracts/sandbox/seeds.toml`, as the insurer keeps them.

Days count from the day the lane is made: an instalment of `billed=-10, due=20` was billed ten days ago and is due in
twenty.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta

from partnerlab.contracts.records import dataclass
from partnerlab.contracts.seeds import SeedCharge, SeedCustomer, policies, quotes
from partnerlab.simulators.tccs_rest.domain.numbers import term_of
from partnerlab.simulators.tccs_rest.domain.policies import Charge, Insured, Policy
from partnerlab.simulators.tccs_rest.domain.quotes import Quote

__all__ = ["QUOTES", "SEEDS", "Seed", "seed_policies"]


@dataclass(frozen=True, slots=True)
class Seed:
    """A policy term of a new lane and what it is good for."""

    invoice_number: str
    insured: Insured
    charges: tuple[SeedCharge, ...]
    purpose: str
    late_fee_cents: int
    paid_cents: int
    paperless: bool
    recurring: bool


def _insured(who: SeedCustomer) -> Insured:
    return Insured(who.name, who.address1, who.address2, who.city, who.state, who.zip, who.phone)


SEEDS = tuple(
    Seed(
        seed.number,
        _insured(seed.customer),
        seed.charges,
        seed.purpose,
        seed.late_fee_cents,
        seed.paid_cents,
        seed.paperless,
        seed.recurring,
    )
    for seed in policies()
)

QUOTES = tuple(
    Quote(
        quote.number,
        _insured(quote.customer),
        deposit_cents=quote.deposit_cents,
        premium_cents=quote.premium_cents,
        instalments=quote.instalments,
        late_fee_cents=quote.late_fee_cents,
    )
    for quote in quotes()
)
"""Quotes that wait for their deposit."""


def seed_policies(today: date) -> Iterator[tuple[Policy, Sequence[Charge]]]:
    """The seeds with real dates."""
    for seed in SEEDS:
        effective_on, expires_on = term_of(seed.invoice_number)
        policy = Policy(seed.invoice_number, effective_on, expires_on, seed.insured)
        yield (
            replace(
                policy,
                late_fee_cents=seed.late_fee_cents,
                paperless=seed.paperless,
                recurring=seed.recurring,
                paid_cents=seed.paid_cents,
            ),
            [
                Charge(
                    number,
                    "late_fee" if charge.late_fee else "instalment",
                    today + timedelta(days=charge.billed),
                    today + timedelta(days=charge.due),
                    charge.amount_cents,
                )
                for number, charge in enumerate(seed.charges, 1)
            ],
        )
