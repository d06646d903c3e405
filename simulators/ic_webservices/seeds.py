"""What every new lane holds: three billers, one open utility bill, one open policy."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from simulators.ic_webservices.domain.billers import Biller
from simulators.ic_webservices.domain.customers import Customer
from simulators.ic_webservices.domain.invoices import Invoice, Line
from simulators.ic_webservices.domain.money import cents
from simulators.ic_webservices.settings import Settings
from simulators.ic_webservices.store import BILLERS, CUSTOMERS, INVOICES, next_number
from simulators.ic_webservices.uploads import FIRST_CUSTOMER_ID
from simulators.kit.lanes import Lane
from simulators.kit.store import Tx

__all__ = ["billers", "seed"]

BILLED_AGO, DUE_IN = timedelta(days=10), timedelta(days=20)
REGISTERED_AGO = timedelta(days=365)


def billers(settings: Settings) -> tuple[Biller, Biller, Biller]:
    """The sandbox's billers: a utility on inHance v2, an insurer on TCCS, a utility on WaterSmart."""
    urls, keys = ("8", "11", "14", "17"), ("13", "16", "19")

    def made(kind: str, name: str, partner: str, path: str, secret: str, extra: dict[str, str] | None = None) -> Biller:
        partner_settings = {**dict.fromkeys(urls, path), **dict.fromkeys(keys, secret)} if path else {}
        return Biller(
            guid=getattr(settings, f"{kind}_guid").lower(),
            name=name,
            partner=partner,
            api_key=getattr(settings, f"{kind}_api_key"),
            web_service_key=getattr(settings, f"{kind}_web_service_key"),
            invoice_format_guid=settings.invoice_format_guid,
            invoice_type_id=settings.invoice_type_id,
            time_zone=settings.time_zone,
            settings={**partner_settings, **(extra or {})},
        )

    return (
        made("utility", "Sandbox Utility", "inhance_v2", settings.inhance_path, settings.inhance_key),
        made(
            "insurance",
            "Sandbox Insurance",
            "tccs",
            settings.tccs_path,
            settings.tccs_entry_key,
            {"10": settings.tccs_entry_key},
        ),
        made("watersmart", "Sandbox Water", "watersmart", "", ""),
    )


def seed(tx: Tx, lane: Lane, settings: Settings) -> None:
    """Write a new lane's rows. Bills are dated by the lane's clock: ten days old, due in twenty."""
    utility, insurance, watersmart = billers(settings)
    for biller in (utility, insurance, watersmart):
        BILLERS.put(tx, lane.name, biller)
    local = lane.now().astimezone(ZoneInfo(settings.time_zone))
    first = FIRST_CUSTOMER_ID + next_number(tx, lane.name, "customer", 2)
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
    )
    for customer in (laundry, insured):
        CUSTOMERS.put(tx, lane.name, customer)
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
        )
        INVOICES.put(tx, lane.name, invoice)
