"""
The policy terms and quotes every lane begins with; the first of each is a constant of the sandbox.

Days count from the day the lane is made: an instalment of `billed=-10, due=20` was billed ten days ago and is due in
twenty. Numbers, and the expiration dates in them, are fixed, so that a test can name them. All names and addresses are
made up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from partnerlab.simulators.tccs_rest.domain.numbers import term_of
from partnerlab.simulators.tccs_rest.domain.policies import Charge, Insured, Policy
from partnerlab.simulators.tccs_rest.domain.quotes import Quote

__all__ = ["QUOTES", "SEEDS", "Seed", "SeedCharge", "seed_policies"]


@dataclass(frozen=True, slots=True)
class SeedCharge:
    """A charge of a seed, its amount in cents."""

    amount_cents: int
    billed: int
    due: int
    late_fee: bool = False


@dataclass(frozen=True, slots=True)
class Seed:
    """A policy term of a new lane and what it is good for."""

    invoice_number: str
    insured: Insured
    charges: tuple[SeedCharge, ...]
    purpose: str
    late_fee_cents: int = 1000
    paid_cents: int = 0
    paperless: bool = False
    recurring: bool = False


def _monthly(cents: int, count: int, first: int) -> tuple[SeedCharge, ...]:
    return tuple(SeedCharge(cents, first + 30 * index, first + 30 * index + 20) for index in range(count))


SEEDS = (
    Seed(
        "454100010-06/16/2020",
        Insured("Harbor Street Bakery", "4 Harbor Street", "", "Gloucester", "MA", "01930", "978-555-0110"),
        (SeedCharge(12000, -10, 20), SeedCharge(11000, 20, 50), SeedCharge(11000, 50, 80)),
        "Record bal 120.00, Total Balance 340.00",
    ),
    Seed(
        "454100011-03/01/2028",
        Insured("Tidewater Marine Supply LLC", "220 Commercial Street", "Unit 3", "Portland", "ME", "04101"),
        _monthly(18475, 10, -70),
        "an instalment plan: ten of 184.75, three billed, the first two paid",
        late_fee_cents=1500,
        paid_cents=36950,
    ),
    Seed(
        "454100012-01/15/2028",
        Insured("R. and M. Ashdown", "17 Orchard Lane", "", "Mapleton", "PA", "16334", "814-555-0112"),
        (SeedCharge(21000, -45, -15), SeedCharge(1000, -14, -14, late_fee=True), SeedCharge(21000, -5, 25)),
        "overdue: an instalment due 15 days ago, its late fee charged, and a second one billed",
    ),
    Seed(
        "454100013-09/30/2027",
        Insured("Café Zoë & Søn", "8 Rue Saint-André", "", "Lewiston", "ME", "04240"),
        (SeedCharge(64250, -12, 18),),
        "paperless and recurring, a name with accents, paid at once rather than in instalments",
        paperless=True,
        recurring=True,
    ),
    Seed(
        "454100014-12/01/2027",
        Insured("Granite Ridge Farm", "RR 2 Box 118", "", "Barre", "VT", "05641"),
        (SeedCharge(39900, -60, -30),),
        "paid in full: both balances 0.00",
        paid_cents=39900,
    ),
    Seed(
        "CPP 2210-77-05/20/2028",
        Insured("Lakeshore Condominium Trust", "1 Lakeshore Drive", "Building C", "Laconia", "NH", "03246"),
        (SeedCharge(1250000, -20, 10),),
        "a credit: both balances -250.00; a policy number with a space and hyphens",
        late_fee_cents=0,
        paid_cents=1275000,
    ),
    Seed(
        "454100016-08/08/2028",
        Insured("Pemberton Hardware", "60 Main Street", "", "Wolfeboro", "NH", "03894"),
        _monthly(9000, 4, 5),
        "nothing billed yet: Record bal 0.00, Total Balance 360.00",
    ),
    Seed(
        "306-12/11/2019",
        Insured("Test Name", "306 Example Road", "", "Mapleton", "PA", "16334"),
        (SeedCharge(2400, -30, 30), SeedCharge(2400, 30, 60)),
        "the number and amount of the source's example, 306-12/11/2019|24.00:CC",
        late_fee_cents=0,
    ),
)

QUOTES = (
    Quote(
        "Q454100010-03/01/2019",
        Insured("Harbor Street Bakery", "4 Harbor Street", "", "Gloucester", "MA", "01930", "978-555-0110"),
        deposit_cents=15000,
        premium_cents=60000,
        instalments=3,
        late_fee_cents=1000,
    ),
    Quote(
        "Q3272-12/11/2019",
        Insured("Test Name", "3272 Example Road", "", "Mapleton", "PA", "16334"),
        deposit_cents=2400,
        premium_cents=2400,
    ),
)
"""Quotes that wait for their deposit: 150.00 of a premium of 600.00, and the source's example of 24.00."""


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
