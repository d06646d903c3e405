"""What every new lane holds: the billers, and the customers and bills that the partners have too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from itertools import count
from zoneinfo import ZoneInfo

from partnerlab.contracts import seeds
from partnerlab.contracts.records import dataclass
from partnerlab.simulators.ic_webservices.domain.billers import Biller
from partnerlab.simulators.ic_webservices.domain.customers import Customer, is_conveyed
from partnerlab.simulators.ic_webservices.domain.invoices import CLOSED, OPEN, PAID, Invoice, Line
from partnerlab.simulators.ic_webservices.domain.late_fees import stated_at
from partnerlab.simulators.ic_webservices.domain.money import amount, cents
from partnerlab.simulators.ic_webservices.domain.partners import partner_of
from partnerlab.simulators.ic_webservices.domain.users import User, hash_password, username_key
from partnerlab.simulators.ic_webservices.services import seeding
from partnerlab.simulators.ic_webservices.settings import Settings
from partnerlab.simulators.kit.world.identifiers import new_id
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Tx

__all__ = ["Seeded", "billers", "seed"]

REGISTERED_AGO = timedelta(days=365)
DOCUMENTED = {
    ("Sandbox!2345", 1024): "scrypt$1024$ehJ+GslcDd3+uOVThtef+A==$VCAYOCnWdunqWx2sK6WDXbbfc5txcPgra6r9ef39sh0="
}
"""What is kept of the documented password: to hash it takes longer than anything else that a new lane is given."""


@dataclass(frozen=True, slots=True)
class Seeded:
    """A biller and its customers: of a utility accounts, of an insurer policies."""

    biller: Biller
    accounts: Sequence[seeds.SeedAccount] = ()
    policies: Sequence[seeds.SeedPolicy] = ()


@lru_cache(maxsize=8)
def billers(settings: Settings) -> tuple[Seeded, ...]:
    """The sandbox's billers, in the order in which their customers are numbered."""

    return tuple(_seeded(row, settings) for row in seeds.billers())


def _seeded(row: seeds.SeedBiller, settings: Settings) -> Seeded:
    own = {number: getattr(settings, name) for name, numbers in row.from_settings.items() for number in numbers}
    biller = Biller(
        guid=getattr(settings, f"{row.settings}_guid").lower(),
        name=row.name,
        partner=row.partner,
        api_key=getattr(settings, f"{row.settings}_api_key"),
        web_service_key=getattr(settings, f"{row.settings}_web_service_key"),
        invoice_format_guid=settings.invoice_format_guid,
        invoice_type_id=settings.invoice_type_id,
        time_zone=settings.time_zone,
        settings={**row.own, **own},
    )
    if partner_of(row.partner).bills_terms:
        return Seeded(biller, policies=_policies(settings))
    accounts = [account for account in seeds.accounts(row.seeds) if not account.new]
    return Seeded(biller, accounts=_first_as_set(accounts, settings) if row.settings == "utility" else accounts)


def seed(tx: Tx, lane: Lane, settings: Settings) -> None:
    """
    Write a new lane's rows: the customers and open bills of the list that the partners are seeded from.

    The first account and the first policy are as the settings name them. Bills are dated by the lane's clock.
    """
    now, zone = lane.now(), ZoneInfo(settings.time_zone)
    local = now.astimezone(zone)
    everybody = billers(settings)
    first = seeding.first_customer_id(tx, lane, sum(len(one.accounts) + len(one.policies) for one in everybody))
    numbers, customers = count(first), []
    for one in everybody:
        seeding.put_biller(tx, lane, one.biller)
        for account in one.accounts:
            since = local - REGISTERED_AGO if account.user else None
            customer = _customer(
                *(one.biller, next(numbers), account.account, account.customer),
                paperless=account.paperless,
                autopay=account.autopay,
                since=since,
            )
            if since is not None:
                _register(tx, lane, customer, settings)
            customers.append(customer)
        for policy in one.policies:
            who = (one.biller, next(numbers), policy.policy_number, policy.customer)
            customers.append(_customer(*who, paperless=policy.paperless, autopay=policy.recurring))
    seeding.put_customers(tx, lane, customers)
    invoices = _invoices(settings, local.date())
    seeding.put_invoices(tx, lane, (stated_at(invoice, now, zone) for invoice in invoices))


# The same in every lane of a day: what is computed from the list is computed once.


@lru_cache(maxsize=8)
def _invoices(settings: Settings, today: date) -> list[Invoice]:
    """The invoices of a lane that is made on a day of the billers', dated as the partners' seeds are."""
    found = []
    for one in billers(settings):
        for account in one.accounts:
            found += _invoices_of(account, one.biller, today)
        found += [_invoice_of(policy, one.biller, today) for policy in one.policies]
    return found


def _first_as_set(accounts: Sequence[seeds.SeedAccount], settings: Settings) -> Sequence[seeds.SeedAccount]:
    """The utility's accounts, the first with the number, name, e-mail and bill that the settings have."""
    first, *others = accounts
    bill, *later = first.bills
    due = cents(Decimal(settings.utility_balance), "utility_balance")
    bill = replace(bill, number=settings.utility_invoice, amount_cents=due, open_cents=due)
    who = replace(first.customer, name=settings.utility_customer, email=settings.utility_email)
    return [replace(first, account=settings.utility_account, customer=who, bills=(bill, *later)), *others]


def _policies(settings: Settings) -> list[seeds.SeedPolicy]:
    """The insurer's terms, the first as the settings have it: its billed part, and the rest of its total."""
    first, *others = seeds.policies()
    billed = cents(Decimal(settings.policy_balance), "policy_balance")
    total = cents(Decimal(settings.policy_total), "policy_total")
    charge, later, *_ = first.charges
    charges = (replace(charge, amount_cents=billed), replace(later, amount_cents=total - billed))
    who = replace(first.customer, name=settings.policy_customer)
    return [replace(first, number=settings.policy_invoice, customer=who, charges=charges), *others]


def _customer(
    biller: Biller,
    number: int,
    account_number: str,
    who: seeds.SeedCustomer,
    *,
    paperless: bool,
    autopay: bool,
    since: datetime | None = None,
) -> Customer:
    """A customer, registered on the hosted pages *since* a moment or not at all."""
    return Customer(
        biller_guid=biller.guid,
        account_number=account_number,
        customer_id=str(number),
        customer_name=who.name,
        address1=who.address1,
        address2=who.address2,
        city=who.city,
        state=who.state,
        zip=who.zip,
        phone=who.phone,
        email_address=who.email,
        paper_invoices=not paperless,
        autopay=autopay,
        conveyed=is_conveyed(account_number),
        billed_apart=is_conveyed(account_number),
        registered=since is not None,
        registration_date="" if since is None else since.replace(tzinfo=None, microsecond=0).isoformat(),
        login_name="" if since is None else who.email,
        customer_guid=new_id(),
    )


def _invoices_of(account: seeds.SeedAccount, biller: Biller, today: date) -> list[Invoice]:
    """
    The bills that have gone out. Each carries what the one before it left open, so the last asks for the account's
    balance, and those before it are closed.
    """
    billed = [bill for bill in account.bills if bill.billed <= 0]
    invoices = []
    for at, bill in enumerate(billed):
        last = at == len(billed) - 1
        owed = account.balance_cents if last else sum(each.open_cents for each in billed[: at + 1])
        invoice = Invoice(
            biller_guid=biller.guid,
            invoice_number=bill.number,
            account_number=account.account,
            invoice_date=today + timedelta(days=bill.billed),
            invoice_due_date=today + timedelta(days=bill.due),
            total_amount_due_cents=owed,
            balance_due_cents=owed if last else 0,
            allow_partial_payments=True,
            balance_forward=partner_of(biller.partner).carries_forward,
            invoice_type_id=biller.invoice_type_id,
            invoice_format_guid=biller.invoice_format_guid,
            status=(OPEN if owed > 0 else PAID) if last else CLOSED,
            lines=(Line("Water and sewer", amount(bill.amount_cents)),),
            filed_due_cents=owed if last else 0,
            filed_total_cents=owed,
        )
        invoices.append(invoice)
    return invoices


def _invoice_of(policy: seeds.SeedPolicy, biller: Biller, today: date) -> Invoice:
    """A policy term as its bill file has it: the billed part is due and is the least that may be paid [A-75]."""
    billed = [charge for charge in policy.charges if charge.billed <= 0] or policy.charges[:1]
    due = today + timedelta(days=min(charge.due for charge in _unpaid(billed, policy.paid_cents) or billed))
    return Invoice(
        biller_guid=biller.guid,
        invoice_number=policy.number,
        account_number=policy.policy_number,
        invoice_date=today + timedelta(days=max(charge.billed for charge in billed)),
        invoice_due_date=due,
        total_amount_due_cents=policy.total_cents,
        balance_due_cents=policy.billed_cents,
        allow_partial_payments=True,
        invoice_type_id=biller.invoice_type_id,
        invoice_format_guid=biller.invoice_format_guid,
        status=OPEN if policy.total_cents > 0 else PAID,
        lines=(Line(f"Total amount outstanding: {amount(policy.total_cents)}", None),),
        minimum_amount_due_cents=max(policy.billed_cents, 0),
        late_fee_cents=policy.late_fee_cents,
        late_fee_on=due,
        filed_due_cents=policy.billed_cents,
        filed_total_cents=policy.total_cents,
    )


def _unpaid(billed: Sequence[seeds.SeedCharge], paid_cents: int) -> list[seeds.SeedCharge]:
    """The charges that what was paid does not cover, the oldest being paid first."""
    found = []
    for charge in sorted(billed, key=lambda one: one.due):
        if paid_cents < charge.amount_cents:
            found.append(charge)
        paid_cents = max(paid_cents - charge.amount_cents, 0)
    return found


def _register(tx: Tx, lane: Lane, customer: Customer, settings: Settings) -> None:
    since = (lane.now().astimezone(UTC) - REGISTERED_AGO).isoformat()
    kept = _password_hash(settings.utility_password, settings.password_cost)
    user = User(customer.biller_guid, username_key(customer.email_address), customer.email_address, kept, since)
    seeding.put_user(tx, lane, user, customer.account_number)


@cache
def _password_hash(password: str, cost: int) -> str:
    """Hashed once: it is the same user in every lane."""
    return DOCUMENTED.get((password, cost)) or hash_password(password, cost)
