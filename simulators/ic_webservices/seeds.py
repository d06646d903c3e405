"""What every new lane holds: three billers, one open utility bill with its registered payer, one open policy."""

from __future__ import annotations

import uuid
from datetime import UTC, timedelta
from decimal import Decimal
from functools import cache
from zoneinfo import ZoneInfo

from partnerlab.simulators.ic_webservices.domain.billers import Biller
from partnerlab.simulators.ic_webservices.domain.customers import Customer
from partnerlab.simulators.ic_webservices.domain.invoices import Invoice, Line
from partnerlab.simulators.ic_webservices.domain.money import cents
from partnerlab.simulators.ic_webservices.domain.users import User, hash_password, username_key
from partnerlab.simulators.ic_webservices.services import seeding
from partnerlab.simulators.ic_webservices.settings import Settings
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Tx

__all__ = ["billers", "seed"]

BILLED_AGO, DUE_IN = timedelta(days=10), timedelta(days=20)
REGISTERED_AGO = timedelta(days=365)

_URLS, _KEYS = ("8", "11", "14", "17"), ("13", "16", "19")
_TCCS_URLS, _TCCS_USERS = ("20", "101"), ("9", "12", "15", "18", "21", "102")


def billers(settings: Settings) -> tuple[Biller, Biller, Biller]:
    """The sandbox's billers: a utility on inHance v2, an insurer on TCCS, a utility on WaterSmart."""
    utility = {"129": "1", **dict.fromkeys(_URLS, settings.inhance_path), **dict.fromkeys(_KEYS, settings.inhance_key)}
    insurance = {
        "35": "2",
        **dict.fromkeys((*_URLS, *_TCCS_URLS), settings.tccs_path),
        **dict.fromkeys(_TCCS_USERS, settings.tccs_consumer_guid),
        **dict.fromkeys(("10", *_KEYS, "22", "103"), settings.tccs_entry_key),
    }

    def made(kind: str, name: str, partner: str, own: dict[str, str]) -> Biller:
        return Biller(
            guid=getattr(settings, f"{kind}_guid").lower(),
            name=name,
            partner=partner,
            api_key=getattr(settings, f"{kind}_api_key"),
            web_service_key=getattr(settings, f"{kind}_web_service_key"),
            invoice_format_guid=settings.invoice_format_guid,
            invoice_type_id=settings.invoice_type_id,
            time_zone=settings.time_zone,
            settings=own,
        )

    return (
        made("utility", "Sandbox Utility", "inhance_v2", utility),
        made("insurance", "Sandbox Insurance", "tccs", insurance),
        made("watersmart", "Sandbox Water", "watersmart", {"29": "1"}),
    )


def seed(tx: Tx, lane: Lane, settings: Settings) -> None:
    """Write a new lane's rows. Bills are dated by the lane's clock: ten days old, due in twenty."""
    utility, insurance, watersmart = billers(settings)
    for biller in (utility, insurance, watersmart):
        seeding.put_biller(tx, lane, biller)
    local = lane.now().astimezone(ZoneInfo(settings.time_zone))
    first = seeding.first_customer_id(tx, lane, 2)
    laundry = Customer(
        biller_guid=utility.guid,
        account_number=settings.utility_account,
        customer_id=str(first),
        customer_name=settings.utility_customer,
        address1="12 Mill Lane",
        city="Springfield",
        state="MA",
        zip="01103",
        phone="413-555-0101",
        email_address=settings.utility_email,
        registered=True,
        registration_date=(local - REGISTERED_AGO).replace(tzinfo=None, microsecond=0).isoformat(),
        login_name=settings.utility_email,
        customer_guid=str(uuid.uuid4()),
    )
    insured = Customer(
        biller_guid=insurance.guid,
        account_number=settings.policy_number,
        customer_id=str(first + 1),
        customer_name=settings.policy_customer,
        address1="4 Harbor Street",
        city="Gloucester",
        state="MA",
        zip="01930",
        customer_guid=str(uuid.uuid4()),
    )
    for customer in (laundry, insured):
        seeding.put_customer(tx, lane, customer)
    _register(tx, lane, laundry, settings)
    today = local.date()
    for customer, number, due, total, description in (
        (laundry, settings.utility_invoice, settings.utility_balance, settings.utility_balance, "Water and sewer"),
        (insured, settings.policy_invoice, settings.policy_balance, settings.policy_total, "Commercial package"),
    ):
        invoice = Invoice(
            biller_guid=customer.biller_guid,
            invoice_number=number,
            account_number=customer.account_number,
            invoice_date=today - BILLED_AGO,
            invoice_due_date=today + DUE_IN,
            total_amount_due_cents=cents(Decimal(total), "total_amount_due"),
            balance_due_cents=cents(Decimal(due), "balance_due"),
            allow_partial_payments=True,
            balance_forward=customer is laundry,
            invoice_type_id=settings.invoice_type_id,
            invoice_format_guid=settings.invoice_format_guid,
            lines=(Line(description, Decimal(due)),),
            minimum_amount_due_cents=cents(Decimal(due), "minimum_amount_due") if customer is insured else 0,
            filed_due_cents=cents(Decimal(due), "balance_due"),
            filed_total_cents=cents(Decimal(total), "total_amount_due"),
        )
        seeding.put_invoice(tx, lane, invoice)


def _register(tx: Tx, lane: Lane, customer: Customer, settings: Settings) -> None:
    since = (lane.now().astimezone(UTC) - REGISTERED_AGO).isoformat()
    name = username_key(settings.utility_email)
    kept = _password_hash(settings.utility_password, settings.password_cost)
    user = User(customer.biller_guid, name, settings.utility_email, kept, since)
    seeding.put_user(tx, lane, user, customer.account_number)


@cache
def _password_hash(password: str, cost: int) -> str:
    """Hashed once: it is the same user in every lane."""
    return hash_password(password, cost)
