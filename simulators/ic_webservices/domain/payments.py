"""Payments: what a payer orders, what the test number decides, and what becomes of the money afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from partnerlab.contracts.records import dataclass
from partnerlab.simulators.ic_webservices.domain import banking_days
from partnerlab.simulators.ic_webservices.domain.customers import Customer
from partnerlab.simulators.ic_webservices.domain.errors import PaymentRefused, ValueRefused
from partnerlab.simulators.ic_webservices.domain.money import amount

__all__ = [
    "DONATIONS",
    "STATES",
    "TENDERS",
    "Authorization",
    "Order",
    "Payment",
    "SavedNumber",
    "TestNumber",
    "TestNumbers",
    "authorize",
    "cleared",
    "clears_at",
    "may_take",
    "may_use",
    "payment_reference",
    "pays_invoice",
    "reference_before",
    "saved_number",
]

CARD_TENDERS = ("credit_card", "debit_card")
BANK_TENDERS = ("ach", "online_bank_direct")
TENDERS = (*CARD_TENDERS, *BANK_TENDERS, "paypal")
OFFLINE_TENDERS = ("check", "cash")
"""What a biller's clerk takes over the counter: it lowers a balance and moves no money through Invoice Cloud."""
DONATIONS = ("none", "standalone", "inline")

ACCEPTED, SETTLED, RETURNED, DECLINED, FAILED = "accepted", "settled", "returned", "declined", "failed"
STATES: Mapping[str, frozenset[str]] = {
    ACCEPTED: frozenset((SETTLED, RETURNED)),
    SETTLED: frozenset(),
    RETURNED: frozenset(),
    DECLINED: frozenset(),
    FAILED: frozenset(),
}
"""A payment's state and what it may become."""

CARD_SETTLES_AFTER, BANK_SETTLES_AFTER, BANK_RETURNS_AFTER = 1, 2, 3
"""In banking days after the payment. Assumed."""
CLEARING_TIME = time(9, 0)
"""Local time of the biller at which a payment settles or comes back. Assumed."""
RETURN_CODE = "R01"
MOST_CENTS = 99_999_999_999
"""The largest payment, and the largest fee: more is no amount of a contentInfo (assumed [A-42])."""


@dataclass(frozen=True, slots=True)
class TestNumber:
    """A card or bank account number of the sandbox and what it does: `approved`, `declined`, `error`, `returned`."""

    __test__ = False

    effect: str
    brand: str = ""


TestNumbers = Mapping[str, Mapping[str, TestNumber]]
"""By kind, `card` or `bank_account`, then by number."""


@dataclass(frozen=True, slots=True)
class SavedNumber:
    """What is kept of a card or bank account (`kind` is `card` or `bank_account`): never its number."""

    kind: str
    brand: str
    last_four: str
    effect: str


@dataclass(frozen=True, slots=True)
class Order:
    """
    What a payer orders. `number` is the card's or the bank account's, empty for PayPal and where a `saved` one pays; it
    is never stored. The receipt goes to `email_address`, where empty to the customer's.
    """

    account_number: str
    invoice_number: str
    amount_cents: int
    tender: str
    number: str = ""
    service_fee_cents: int = 0
    donation: str = "none"
    payer_name: str = ""
    saved: SavedNumber | None = None
    biller_reference: str = ""
    check_number: str = ""
    location_reference: str = ""
    email_address: str = ""

    @property
    def offline(self) -> bool:
        """Whether a clerk took it. Source: WaterSmart, Payment/Lockbox File, Offline."""
        return self.tender in OFFLINE_TENDERS

    def __repr__(self) -> str:
        return (
            f"Order(account_number={self.account_number!r}, amount_cents={self.amount_cents}, tender={self.tender!r})"
        )


@dataclass(frozen=True, slots=True)
class Authorization:
    """What the processor says. `clears_as` is what an accepted payment becomes."""

    state: str
    message: str
    brand: str
    last_four: str
    clears_as: str = ""

    @property
    def approved(self) -> bool:
        """Whether the money is taken for now."""
        return self.state in (ACCEPTED, SETTLED)


@dataclass(frozen=True, slots=True)
class Payment:
    """
    A payment as it is kept, approved or not. Of the card or account number only the last four digits are known.

    `paid_at` and `clears_at` are ISO 8601 in UTC; `clears_as` is what it becomes then. `recorded_at` is `paid_at`, but
    never earlier than that of a payment before, whatever the lane's clock does. An `offline` one was entered by a
    clerk: it is settled at once and never comes back. `told_as` is the account number that the partner was told it with
    before the account was conveyed, or in a download; empty where it has that of now, or hears of it then [A-97].
    """

    payment_guid: str
    biller_guid: str
    account_number: str
    invoice_number: str
    amount_cents: int
    service_fee_cents: int
    tender: str
    brand: str
    last_four: str
    donation: str
    payer_name: str
    approved: bool
    message: str
    reference: str
    paid_at: str
    state: str
    clears_at: str = ""
    clears_as: str = ""
    return_code: str = ""
    biller_reference: str = ""
    recorded_at: str = ""
    offline: bool = False
    check_number: str = ""
    location_reference: str = ""
    told_as: str = ""


def authorize(order: Order, numbers: TestNumbers) -> Authorization:
    """
    What the number decides [A-19]; PayPal needs none and approves (assumed).

    Raises:
        ValueRefused: The number is no test number, or missing, or given with PayPal or beside a saved one.
    """
    if order.offline:
        if order.number or order.saved:
            raise ValueRefused("tender", order.tender, "takes no card_number and no bank_account")
        return Authorization(SETTLED, "Entered by a clerk", "", "")
    if order.tender == "paypal":
        if order.number or order.saved:
            raise ValueRefused("tender", "paypal", "takes no card_number and no bank_account")
        return Authorization(ACCEPTED, "Approved", "PayPal", "", SETTLED)
    kind, field = ("card", "card_number") if order.tender in CARD_TENDERS else ("bank_account", "bank_account")
    if order.saved is None:
        known = saved_number(kind, order.number, numbers, field)
    elif order.number or order.saved.kind != kind:
        raise ValueRefused("tender", order.tender, "is not what was saved")
    else:
        known = order.saved
    if known.effect == "declined":
        return Authorization(DECLINED, "Declined by the issuer", known.brand, known.last_four)
    if known.effect == "error":
        return Authorization(FAILED, "The processor answered with an error", known.brand, known.last_four)
    clears_as = RETURNED if known.effect == "returned" else SETTLED
    return Authorization(ACCEPTED, "Approved", known.brand, known.last_four, clears_as)


def saved_number(kind: str, number: str, numbers: TestNumbers, field: str) -> SavedNumber:
    """What is kept of a test number of that *kind*, `card` or `bank_account`. Raises `ValueRefused` for any other."""
    number = "".join(c for c in number if c not in " -")
    known = numbers[kind].get(number)
    if known is None:
        shown = f"…{number[-4:]}" if len(number) > 8 else ""
        raise ValueRefused(field, shown, "is not a test number; `partnerlab catalogue magic` lists them")
    return SavedNumber(kind, known.brand, number[-4:], known.effect)


def may_take(order: Order) -> None:
    """Check that a partner can be told of a payment of that amount and fee [A-42]. Raises `PaymentRefused`."""
    for name, cents in (("a payment", order.amount_cents), ("a service fee", order.service_fee_cents)):
        if cents > MOST_CENTS:
            most = f"{amount(MOST_CENTS):,}"
            raise PaymentRefused("too_large", f"{amount(cents):,} is more than {name} can be, {most}.")


def may_use(customer: Customer, tender: str) -> None:
    """
    Check the customer's block flags; PayPal counts as a card (assumed [A-38]), what a clerk takes is never blocked.

    Raises `PaymentRefused`.
    """
    if tender in OFFLINE_TENDERS:
        return
    if tender in BANK_TENDERS:
        if customer.block_payments_eft:
            raise PaymentRefused("bank_blocked", f"Account {customer.account_number}: bank payments are blocked.")
    elif customer.block_payments_cc:
        raise PaymentRefused("card_blocked", f"Account {customer.account_number}: card payments are blocked.")


def pays_invoice(order: Order) -> bool:
    """Whether the money lowers an invoice: a donation never does (assumed [A-38])."""
    return order.donation == "none"


def clears_at(paid_at: datetime, tender: str, clears_as: str, zone: ZoneInfo) -> datetime:
    """When an accepted payment settles or comes back: so many banking days later, at 9 o'clock of the biller's zone."""
    if clears_as == RETURNED:
        days = BANK_RETURNS_AFTER
    else:
        days = BANK_SETTLES_AFTER if tender in BANK_TENDERS else CARD_SETTLES_AFTER
    day: date = banking_days.after(paid_at.astimezone(zone).date(), days)
    return datetime.combine(day, CLEARING_TIME, tzinfo=zone).astimezone(UTC)


def payment_reference(number: int) -> str:
    """The reference of the payment of that number, counted from 1 in a lane."""
    return f"IC{number:010d}"


def reference_before(reference: str) -> str:
    """The reference of the payment before that one; empty before the first."""
    number = int(reference.removeprefix("IC")) - 1
    return payment_reference(number) if number else ""


def cleared(payment: Payment) -> Payment:
    """The payment after its clearing: settled, or returned with its reason."""
    if payment.clears_as not in STATES[payment.state]:
        raise ValueError(f"payment {payment.payment_guid}: {payment.state} does not become {payment.clears_as}")
    code = RETURN_CODE if payment.clears_as == RETURNED else ""
    return replace(payment, state=payment.clears_as, return_code=code)
