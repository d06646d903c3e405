"""Customers: one per biller and account number; the record that bill files, partners and payers change."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from partnerlab.contracts.one_line import line_problem, number_problem
from partnerlab.contracts.records import dataclass
from partnerlab.simulators.ic_webservices.domain.errors import Conflict, ValueRefused

__all__ = [
    "CHANGE_KINDS",
    "FIRST_CUSTOMER_ID",
    "Change",
    "Customer",
    "changes_between",
    "check_email",
    "check_number",
    "check_text",
    "conveyed_number",
    "from_bill_file",
    "is_conveyed",
    "number_before",
    "updated",
]

FIRST_CUSTOMER_ID = 1_000_000
LONGEST_TEXT = 250
_EMAIL = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+")
CONVEYED_FORMAT = "%Y%m%d%H%M%S"
_CONVEYED = re.compile(r"-?CV-[0-9]{8,14}\Z")


@dataclass(frozen=True, slots=True)
class Customer:
    """
    One customer of a biller.

    Attributes:
        customer_id: Invoice Cloud's own number, made with the record.
        customer_guid: The UUID that web services know the record by, made with it too.
        registration_date: An ISO 8601 date-time; empty where the customer is not registered.
        conveyed: The account was passed to a new owner, and its number carries a `CV-` mark.
        billed_apart: A bill file named that number since, so it is an account of its own at the partner.
        display_account_number: What payers are shown in place of the account number, where it has a value.
    """

    biller_guid: str
    account_number: str
    customer_id: str
    customer_name: str
    customer_name2: str = ""
    address1: str = ""
    address2: str = ""
    city: str = ""
    state: str = ""
    zip: str = ""
    phone: str = ""
    email_address: str = ""
    email_address_cc: str = ""
    customer_vat_number: str = ""
    registration_value: str = ""
    pin: str = ""
    block_payments_cc: bool = False
    block_payments_eft: bool = False
    autopay: bool = False
    paper_invoices: bool = True
    registered: bool = False
    registration_date: str = ""
    login_name: str = ""
    conveyed: bool = False
    billed_apart: bool = False
    customer_guid: str = ""
    display_account_number: str = ""

    @property
    def shown_account(self) -> str:
        """What payers are shown as the account number; it is found by its own number only."""
        return self.display_account_number or self.account_number

    def __repr__(self) -> str:
        return f"Customer(biller_guid={self.biller_guid!r}, account_number={self.account_number!r})"


CHANGE_KINDS = ("autopay", "paperless", "email", "phone")
"""What partners download as changes of a customer. Source: WaterSmart, Change Log File."""


@dataclass(frozen=True, slots=True)
class Change:
    """
    One change that a payer made to a customer's record; `kind` is of `CHANGE_KINDS`.

    `value` is the new e-mail address or phone number, or `on` or `off`; `changed_at` is ISO 8601 in UTC, and so is
    `recorded_at`, which is never earlier than that of a change before.
    """

    seq: int
    biller_guid: str
    account_number: str
    kind: str
    value: str
    changed_at: str
    recorded_at: str = ""


def changes_between(before: Customer, after: Customer) -> list[tuple[str, str]]:
    """What partners download of a change: kind and new value, in the order of `CHANGE_KINDS`."""
    switches = {False: "off", True: "on"}
    pairs = (
        (switches[before.autopay], switches[after.autopay]),
        (switches[not before.paper_invoices], switches[not after.paper_invoices]),
        (before.email_address, after.email_address),
        (before.phone, after.phone),
    )
    return [(kind, new) for kind, (old, new) in zip(CHANGE_KINDS, pairs, strict=True) if new != old]


def check_email(address: object, field: str = "email_address") -> str:
    """The address without blanks around it. Raises `ValueRefused` where it is none."""
    text = check_text(address, field)
    if not _EMAIL.fullmatch(text):
        raise ValueRefused(field, text, "must be an e-mail address")
    return text


def check_text(value: object, field: str) -> str:
    """Text of one line without blanks around it. Raises `ValueRefused`."""
    if not isinstance(value, str):
        raise ValueRefused(field, value, "must be text")
    text = value.strip()
    if len(text) > LONGEST_TEXT:
        raise ValueRefused(field, text[:40] + "…", f"must have at most {LONGEST_TEXT} characters")
    if line_problem(text):
        raise ValueRefused(field, text, "must be one line of printable text")
    return text


def check_number(value: object, field: str) -> str:
    """An account or invoice number without blanks around it. Raises `ValueRefused` [A-126]."""
    text = check_text(value, field)
    if problem := number_problem(text)[1]:
        raise ValueRefused(field, text[:80], problem)
    return text


def updated(customer: Customer, changes: Mapping[str, str | bool | None]) -> Customer:
    """
    The customer with *changes* by field name.

    None leaves a field, an empty text clears it; CustomerName cannot be cleared and an e-mail address must be one.
    Raises `ValueRefused`. Source: assumed [A-18].
    """
    kept: dict[str, str | bool] = {}
    for field, value in changes.items():
        if value is None:
            continue
        if isinstance(value, bool):
            kept[field] = value
        elif field in ("email_address", "email_address_cc") and value.strip():
            kept[field] = check_email(value, field)
        else:
            kept[field] = check_text(value, field)
    if kept.get("customer_name") == "":
        raise ValueRefused("customer_name", "", "must not be empty")
    return replace(customer, **kept)  # type: ignore[arg-type]


BILL_FILE_SAYS = ("block_payments_cc", "block_payments_eft", "display_account_number")
"""What a bill file decides, empty or not, where its layout has the field. Source: WaterSmart, Invoice File."""


def from_bill_file(customer: Customer | None, given: Customer, fields: Collection[str] = ()) -> Customer:
    """
    A customer as a bill file leaves it: name and address are the file's; phone, e-mail and registration value are
    the file's unless it has none; those of `BILL_FILE_SAYS` are the file's where it has *fields* of that name; what
    only Invoice Cloud knows stays. Of a conveyed one the partner knows the number then. Source: assumed [A-17, A-125].
    """
    if customer is None:
        return given
    return replace(
        customer,
        customer_name=given.customer_name,
        address1=given.address1,
        address2=given.address2,
        city=given.city,
        state=given.state,
        zip=given.zip,
        phone=given.phone or customer.phone,
        email_address=given.email_address or customer.email_address,
        registration_value=given.registration_value or customer.registration_value,
        billed_apart=customer.conveyed,
        **{name: getattr(given, name) for name in BILL_FILE_SAYS if name in fields},
    )


def is_conveyed(account_number: str) -> bool:
    """Whether the number carries the mark of an account that was passed to a new owner [A-4]."""
    return _CONVEYED.search(account_number) is not None


def number_before(account_number: str) -> str:
    """The number that an account had before it was passed to a new owner, which is its partner's still [A-4]."""
    return _CONVEYED.sub("", account_number)


def conveyed_number(account_number: str, at: datetime) -> str:
    """The number of an account that is passed to a new owner: `10000101CV-20261121143000` [A-4]. Raises `Conflict`."""
    if is_conveyed(account_number):
        raise Conflict(f"The account {account_number!r} is conveyed already.")
    return f"{account_number}CV-{at:{CONVEYED_FORMAT}}"
