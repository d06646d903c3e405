"""
A utility's world: accounts with meters, readings, charges by income center, and the bills made of them.

The figures of a bill agree with one another, as a utility's do:

    reading            previous reading + usage, for each meter
    usage of a charge  sum over its meters
    total due          previous balance - payments + charges
    past due           previous balance - payments
    due after the date total due + late fee of 5 % of the charges, rounded down

Money is whole cents. The tariffs are made up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import count, islice
from random import Random
from typing import Any, NamedTuple

from partnerlab.generators.draws import draws
from partnerlab.generators.people import People, Person

__all__ = ["MAX_ACCOUNTS", "MAX_METERS", "Account", "Bill", "Charge", "MeterReading", "Service", "bills", "plain_bills"]

MAX_METERS = 25
FIRST_ACCOUNT = 20_000_000  # eight digits, and never the seeded 10000101
MAX_ACCOUNTS = 79_999_987  # a prime: a step through its remainders comes to each once
SEEDED_INVOICE = 500_001
LATE_FEE_PERCENT = 5


class Service(NamedTuple):
    """A tariff: its income center, rate group and bill text; a base charge and a price for each unit, in cents."""

    income_center: str
    group: str
    description: str
    base_cents: int
    unit_cents: int
    metered: bool


class MeterReading(NamedTuple):
    """One meter over one period; `changed_out` means it replaced another and began at zero."""

    number: str
    previous_on: date
    previous_reading: int
    read_on: date
    reading: int

    @property
    def usage(self) -> int:
        """What went through it."""
        return self.reading - self.previous_reading


class Charge(NamedTuple):
    """One line of a bill. `usage` and `meters` are None and empty where the service has no meter."""

    service: Service
    amount_cents: int
    usage: int | None
    meters: tuple[MeterReading, ...]
    estimated: bool
    changed_out: bool


class Account(NamedTuple):
    """A customer at a service location."""

    number: str
    customer: Person
    service_address: str
    parcel: str
    autopay: bool


class Bill(NamedTuple):
    """One invoice of one account. `deferred` is the first and last day of a payment arrangement, if there is one."""

    invoice_number: str
    account: Account
    invoiced_on: date
    due_on: date
    previous_balance_cents: int
    payments_cents: int
    charges: tuple[Charge, ...]
    charges_cents: int
    deferred: tuple[date, date] | None

    @property
    def past_due_cents(self) -> int:
        """What is left of the previous balance."""
        return self.previous_balance_cents - self.payments_cents

    @property
    def total_cents(self) -> int:
        """The amount due."""
        return self.previous_balance_cents - self.payments_cents + self.charges_cents

    @property
    def late_total_cents(self) -> int:
        """The amount due after the due date."""
        return self.total_cents + self.charges_cents * LATE_FEE_PERCENT // 100

    @property
    def previous_shares_cents(self) -> tuple[int, ...]:
        """The previous balance by charge: even parts, the odd cents on the first."""
        share, odd = divmod(self.previous_balance_cents, len(self.charges))
        return (share + odd, *(share,) * (len(self.charges) - 1))


WATER = Service("WATER", "Residential Water", "Water", 1_450, 43, metered=True)
SEWER = Service("SEWER", "Residential Sewer", "Sewer", 1_225, 51, metered=False)
REFUSE = Service("REFUSE", "Solid Waste", "Refuse and recycling", 1_895, 0, metered=False)
STORM = Service("STORM", "Stormwater", "Stormwater management", 450, 0, metered=False)
ELECTRIC = Service("ELECTRIC", "General Service", "Electric", 1_100, 13, metered=True)

SERVICES = (WATER, SEWER, REFUSE, STORM, ELECTRIC)

# What the accounts have, as often as it stands here: two lines a bill on average.
MIXES = (
    (WATER, SEWER), (WATER, SEWER), (WATER, SEWER), (WATER, SEWER), (WATER,), (WATER,), (ELECTRIC,), (ELECTRIC,),
    (WATER, SEWER, REFUSE), (WATER, SEWER, REFUSE), (WATER, REFUSE), (WATER, REFUSE), (ELECTRIC, REFUSE),
    (REFUSE,), (WATER, SEWER, REFUSE, STORM), (ELECTRIC, STORM),
)  # fmt: skip


def bills(
    number: int,
    *,
    seed: int,
    as_of: date,
    meters: int | tuple[int, int] = 1,
    first_invoice: int = 1_000_001,
) -> Iterator[Bill]:
    """
    The bills of a billing run on *as_of*, one for each of *number* accounts.

    Args:
        seed: The same seed gives the same accounts and usage, whatever the date.
        meters: How many meters a metered charge has, 1 to 25, or the least and the most.
        first_invoice: Invoices are numbered from here on.
    Raises:
        ValueError: *number*, *meters* or *first_invoice* is out of range.
    """
    plain = plain_bills(number, seed=seed, as_of=as_of, meters=meters, first_invoice=first_invoice)
    return map(_bill, plain)


def plain_bills(
    number: int, *, seed: int, as_of: date, meters: int | tuple[int, int] = 1, first_invoice: int = 1_000_001
) -> Iterator[tuple[Any, ...]]:
    """
    The bills of a utility as plain tuples, for those who need millions.

    Their values stand in the order of `Bill` and its parts; the numbers of invoices, accounts and meters are `int`.
    """
    least, most = (meters, meters) if isinstance(meters, int) else meters
    if not 0 <= number <= MAX_ACCOUNTS:
        raise ValueError(f"{number} bills: a utility has 0 to {MAX_ACCOUNTS:,} accounts")
    if not 1 <= least <= most <= MAX_METERS:
        raise ValueError(f"meters {meters}: a charge has 1 to {MAX_METERS} meters")
    if not SEEDED_INVOICE < first_invoice <= 2**31 - 1 - number:
        raise ValueError(f"first_invoice {first_invoice}: numbers lie between {SEEDED_INVOICE} and 2147483647")
    return islice(_plain_bills(seed, as_of, least, most, first_invoice), number)


def _bill(plain: tuple[Any, ...]) -> Bill:
    number, (account_number, customer, *account), invoiced_on, due_on, previous, payments, charges, total, deferred = (
        plain
    )
    return Bill(
        str(number),
        Account(str(account_number), Person._make(customer), *account),
        invoiced_on,
        due_on,
        previous,
        payments,
        tuple(
            Charge(
                service,
                amount,
                usage,
                tuple(MeterReading(str(meter), *values) for meter, *values in meters),
                estimated,
                changed_out,
            )
            for service, amount, usage, meters, estimated, changed_out in charges
        ),
        total,
        deferred,
    )


def _plain_bills(seed: int, as_of: date, least: int, most: int, first_invoice: int) -> Iterator[tuple[Any, ...]]:
    due_on = as_of + timedelta(days=21)
    # Four reading rounds: the meters of one are read on the same day.
    rounds = [(as_of - timedelta(days=35 + day), as_of - timedelta(days=4 + day)) for day in range(4)]
    arrangement = (as_of - timedelta(days=14), as_of + timedelta(days=76))
    further = draws(f"meters/{seed}", 3)
    rng = Random(f"accounts/{seed}")  # noqa: S311 - test data
    position, step = rng.randrange(MAX_ACCOUNTS), rng.randrange(MAX_ACCOUNTS // 3, MAX_ACCOUNTS // 2)
    plans = [_plan(mix) for mix in MIXES]
    sewers = [_sewer(usage) for usage in range(128)]
    each = zip(count(first_invoice), People(seed).plain(), draws(f"utility/{seed}", 6), strict=False)
    for number, customer, (a, b, c, d, e, f) in each:
        position = (position + step) % MAX_ACCOUNTS
        service_address = customer[1] if a & 7 else f"{100 + c % 9_900} Station Road"
        parcel = f"{position}-{100 + c % 900}"
        account = (FIRST_ACCOUNT + position, customer, service_address, parcel, a % 7 == 0)
        metered, sewer, charges, total = plans[a & 15]
        if metered is not None:
            previous_on, read_on = rounds[a >> 14]
            usage = 2 + (b & 63) + (c & 31)
            changed_out = c < 512
            previous = 0 if changed_out else d + (e << 2)
            if metered is ELECTRIC:
                usage *= 10
            meters: tuple[Any, ...] = (
                (40_000_000 + (e << 8) + (f & 255), previous_on, previous, read_on, previous + usage),
            )
            if most > 1:
                meters, usage = _more_meters(meters, usage, islice(further, least - 1 + e % (most - least + 1)))
            amount = metered.base_cents + usage * metered.unit_cents
            charge = (metered, amount, usage, meters, b < 1_024, changed_out)
            total += amount
            if sewer:  # by what went through the water meters
                drain = sewers[usage] if usage < 128 else _sewer(usage)
                charges = (charge, drain, *charges)
                total += drain[1]
            else:
                charges = (charge, *charges)
        previous_balance = 2_000 + d % 16_000
        # 13 in 16 paid in full, 1 paid half, 2 paid nothing; of these half have a payment arrangement.
        standing = f >> 12
        payments = previous_balance if standing < 13 else previous_balance // 2 if standing == 13 else 0
        deferred = arrangement if standing == 15 else None
        yield number, account, as_of, due_on, previous_balance, payments, charges, total, deferred


def _sewer(usage: int) -> tuple[Any, ...]:
    return SEWER, SEWER.base_cents + usage * SEWER.unit_cents, None, (), False, False


def _plan(mix: tuple[Service, ...]) -> tuple[Service | None, bool, tuple[Any, ...], int]:
    """A mix as its metered service, whether sewage goes by that, its flat charges, and the sum of these in cents."""
    metered = next((service for service in mix if service.metered), None)
    flat = tuple(
        (service, service.base_cents, None, (), False, False)
        for service in mix
        if not service.metered and service is not SEWER
    )
    return metered, SEWER in mix, flat, sum(charge[1] for charge in flat)


def _more_meters(
    meters: tuple[Any, ...], usage: int, further: Iterable[tuple[int, ...]]
) -> tuple[tuple[Any, ...], int]:
    readings = list(meters)
    _, previous_on, _, read_on, _ = meters[0]
    for a, b, c in further:
        more = 1 + (b & 63)
        usage += more
        readings.append((40_000_000 + (a << 8) + (b >> 8), previous_on, c, read_on, c + more))
    return tuple(readings), usage
