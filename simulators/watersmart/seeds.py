"""
The customers every lane begins with: those of `contracts/sandbox/seeds.toml`, as WaterSmart keeps them.

Days count from the day the lane is made. One that is `new` is WaterSmart's alone: Invoice Cloud learns of it by the
first invoice file, or when its payer signs in.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache

from partnerlab.contracts.seeds import SeedAccount, accounts
from partnerlab.simulators.kit.world.days import Days
from partnerlab.simulators.watersmart.domain.customers import Customer, Invoice
from partnerlab.simulators.watersmart.domain.users import User, hash_password, username_key
from partnerlab.simulators.watersmart.services.ledger import Opening
from partnerlab.simulators.watersmart.settings import Settings

__all__ = ["openings"]

REGISTERED_AGO = timedelta(days=365)
DOCUMENTED = {("Sandbox!2345", 1024): "1024$U+Mbp2HuPyziY88Prn0ChQ==$acilPNJoLHUCLzF72uQCfr/8Sw7RhvTZE9TsF+eoTcA="}
"""What is kept of the documented password: to hash it takes longer than anything else that a new lane is given."""


def openings(settings: Settings, now: datetime) -> Iterator[Opening]:
    """The customers of the list with real dates."""
    today = Days(settings.time_zone).of(now)
    for seed in accounts("watersmart"):
        who = seed.customer
        invoices, owed = [], 0
        for bill in seed.bills:
            before, owed = owed, owed + bill.open_cents
            total = owed if settings.balance_forward else bill.open_cents
            billed_on, due_on = (today + timedelta(days=days) for days in (bill.billed, bill.due))
            invoices.append(Invoice(bill.number, seed.account, billed_on, due_on, bill.amount_cents, total, before))
        yield Opening(
            customer=Customer(
                seed.account,
                who.name,
                who.address1,
                who.address2,
                who.city,
                who.state,
                who.zip,
                who.phone,
                who.email,
                paperless=seed.paperless,
                autopay=seed.autopay,
            ),
            invoices=tuple(invoices),
            settled_cents=sum(bill.amount_cents - bill.open_cents for bill in seed.bills) + seed.credit_cents,
            known=not seed.new,
            user=_user(seed, settings, now),
        )


def _user(seed: SeedAccount, settings: Settings, now: datetime) -> User | None:
    if not seed.user:
        return None
    kept = _password_hash(settings.user_password, settings.password_cost)
    return User(username_key(seed.customer.email), kept, now - REGISTERED_AGO)


@cache
def _password_hash(password: str, cost: int) -> str:
    """Hashed once: it is the same user in every lane."""
    return DOCUMENTED.get((password, cost)) or hash_password(password, cost)
