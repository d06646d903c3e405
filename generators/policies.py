"""
An insurance company's world: policies with terms, insureds, instalments, and quotes with a deposit to pay.

The figures of a policy agree with one another, as a policy administration's do:

    premium         the sum of the instalments; the odd cents are in the first
    outstanding     the instalments that are not paid
    billed          those of them that are billed: what is to be paid now
    invoiced on     the newest bill's day; the term's first day where nothing is billed
    due on          the due day of the oldest bill that is not paid; likewise

An instalment falls due at the begin of its part of the term and is billed 20 days before. Money is whole cents.
Premiums and plans are made up; nobody here is real (see `people.py`).
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache
from itertools import islice
from random import Random
from typing import NamedTuple

from partnerlab.generators.draws import draws
from partnerlab.generators.people import TRADES, People, Person

__all__ = ["MAX_POLICIES", "Line", "Policy", "Quote", "late_fee_cents", "policies", "quotes"]

FIRST_POLICY = 500_000_000  # nine digits, and never the seeded 454100010
FIRST_QUOTE = 700_000_000
MAX_POLICIES = 99_999_989  # a prime: a step through its remainders comes to each once
BILLED_BEFORE = timedelta(days=20)
LATE_FEES_CENTS = (500, 1_000, 1_500, 2_500)
DEPOSIT_PERCENT = 20
QUOTE_DAYS = 60


class Line(NamedTuple):
    """
    A line of business: months of a term, the numbers of instalments it is sold with, as often as they stand there, the
    least premium and its range.
    """

    code: str
    title: str
    months: int
    instalments: tuple[int, ...]
    least_cents: int
    range_cents: int


class Policy(NamedTuple):
    """
    One term of a policy as it stands on the day of a billing run; `expires_on` is the first day after the term.

    `instalments` is how many there are, `billed` and `paid` are how many of them are billed and paid.
    """

    number: str
    insured: Person
    line: Line
    effective_on: date
    expires_on: date
    premium_cents: int
    instalments: int
    billed: int
    paid: int
    invoiced_on: date
    due_on: date
    billed_cents: int
    outstanding_cents: int
    late_fee_cents: int

    @property
    def invoice_number(self) -> str:
        """Policy number and expiration date."""
        return _invoice_number(self.number, self.expires_on)


class Quote(NamedTuple):
    """An application that was accepted: with its deposit paid it becomes a policy. The number begins with Q."""

    number: str
    applicant: Person
    line: Line
    effective_on: date
    expires_on: date
    premium_cents: int
    deposit_cents: int

    @property
    def invoice_number(self) -> str:
        """Quote number and expiration date."""
        return _invoice_number(self.number, self.expires_on)


PERSONAL = (
    Line("PA", "Personal Auto", 6, (1, 2, 6, 6), 38_000, 90_000),
    Line("HO", "Homeowners", 12, (1, 2, 4, 12, 12, 12), 65_000, 180_000),
    Line("FO", "Farmowners", 12, (1, 2, 4, 4), 110_000, 350_000),
    Line("UM", "Personal Umbrella", 12, (1, 2), 18_000, 25_000),
)
COMMERCIAL = (
    Line("BOP", "Businessowners", 12, (1, 4, 12, 12), 90_000, 400_000),
    Line("CA", "Commercial Auto", 12, (2, 4, 12, 12), 140_000, 600_000),
)


def policies(number: int, *, seed: int, as_of: date) -> Iterator[Policy]:
    """
    The policies of a billing run on *as_of*.

    Args:
        number: How many.
        seed: The same seed and date give the same policies.
    Raises:
        ValueError: *number* is out of range.
    """
    _check(number)
    return islice(_policies(seed, as_of), number)


def quotes(number: int, *, seed: int, as_of: date) -> Iterator[Quote]:
    """The quotes that are accepted and wait for their deposit on *as_of*. Raises `ValueError`."""
    _check(number)
    return islice(_quotes(seed, as_of), number)


def late_fee_cents(seed: int) -> int:
    """The late fee of the seed's company: one for all its policies (TCCS, Field Mapping 186: of the company)."""
    return LATE_FEES_CENTS[Random(f"company/{seed}").randrange(len(LATE_FEES_CENTS))]  # noqa: S311 - test data


def _check(number: int) -> None:
    if not 0 <= number <= MAX_POLICIES:
        raise ValueError(f"{number}: a company has 0 to {MAX_POLICIES:,} policies")


def _policies(seed: int, as_of: date) -> Iterator[Policy]:
    fee = late_fee_cents(seed)
    each = zip(_numbers(f"policies/{seed}"), People(seed).plain(), draws(f"terms/{seed}", 5), strict=False)
    for position, insured, (a, b, c, d, e) in each:
        line = _line(insured, a)
        # A term begins in 45 days, of which the last 25 are not billed yet, or began in the first two thirds of itself.
        ago = b % (line.months * 20 + 45) - 45
        term = _term(as_of, ago, line.months, line.instalments[c % len(line.instalments)])
        premium = _premium(line, d, e)
        share, odd = divmod(premium, term.instalments)
        paid = _paid(term, c >> 12)
        unpaid_billed = (term.billed - paid) * share + (odd if paid == 0 and term.billed else 0)
        oldest = min(paid, term.billed - 1)
        yield Policy(
            str(FIRST_POLICY + position),
            Person._make(insured),
            line,
            term.effective_on,
            term.expires_on,
            premium,
            term.instalments,
            term.billed,
            paid,
            term.due_on[term.billed - 1] - BILLED_BEFORE if term.billed else term.effective_on,
            term.due_on[oldest] if term.billed else term.effective_on,
            unpaid_billed,
            (term.instalments - paid) * share + (odd if paid == 0 else 0),
            fee,
        )


def _quotes(seed: int, as_of: date) -> Iterator[Quote]:
    each = zip(_numbers(f"quotes/{seed}"), People(seed).plain(), draws(f"applications/{seed}", 4), strict=False)
    for position, applicant, (a, b, c, d) in each:
        line = _line(applicant, a)
        effective_on = as_of + timedelta(days=b % QUOTE_DAYS)
        premium = _premium(line, c, d)
        yield Quote(
            f"Q{FIRST_QUOTE + position}",
            Person._make(applicant),
            line,
            effective_on,
            _months_after(effective_on, line.months),
            premium,
            premium * DEPOSIT_PERCENT // 100,
        )


class Term(NamedTuple):
    """A term and its instalments: the day each falls due, how many are billed and how many have fallen due."""

    effective_on: date
    expires_on: date
    instalments: int
    due_on: tuple[date, ...]
    billed: int
    due: int


@lru_cache(maxsize=4_096)
def _term(as_of: date, ago: int, months: int, instalments: int) -> Term:
    effective_on = as_of - timedelta(days=ago)
    due_on = tuple(_months_after(effective_on, months // instalments * at) for at in range(instalments))
    return Term(
        effective_on,
        _months_after(effective_on, months),
        instalments,
        due_on,
        sum(day - BILLED_BEFORE <= as_of for day in due_on),
        sum(day <= as_of for day in due_on),
    )


def _paid(term: Term, standing: int) -> int:
    """12 in 16 paid what has fallen due, 2 what is billed, 1 is one instalment behind, 1 two."""
    if standing < 12:
        return term.due
    if standing < 14:
        return term.billed
    return max(term.due - (standing - 13), 0)


def _line(insured: tuple[str, ...], draw: int) -> Line:
    lines = COMMERCIAL if insured[0].endswith(TRADES) else PERSONAL
    return lines[draw % len(lines)]


def _premium(line: Line, draw: int, other: int) -> int:
    return line.least_cents + ((draw << 16) + other) % line.range_cents


def _numbers(seed: str) -> Iterator[int]:
    """Each number below `MAX_POLICIES` once, in an order of the seed's own."""
    rng = Random(seed)  # noqa: S311 - test data
    position, step = rng.randrange(MAX_POLICIES), rng.randrange(MAX_POLICIES // 3, MAX_POLICIES // 2)
    while True:
        position = (position + step) % MAX_POLICIES
        yield position


def _months_after(day: date, months: int) -> date:
    """The same day of a later month; the last of the month where it has no such day."""
    years, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(years, month + 1, min(day.day, monthrange(years, month + 1)[1]))


def _invoice_number(number: str, expires_on: date) -> str:
    return f"{number}-{expires_on.month:02}/{expires_on.day:02}/{expires_on.year:04}"
