"""
Forms: what a payer typed, read and checked, and shown again with what is wrong with it.

Card and account numbers pass through and are never shown again, nor kept.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from partnerlab.contracts.masking import has_card_number
from partnerlab.simulators.ic_webservices.domain.customers import check_email, check_text
from partnerlab.simulators.ic_webservices.domain.errors import ValueRefused
from partnerlab.simulators.ic_webservices.domain.money import cents
from partnerlab.simulators.ic_webservices.domain.payments import TestNumbers
from partnerlab.simulators.ic_webservices.pages import security
from partnerlab.simulators.ic_webservices.services.cards import NO_CARD_HERE, refuse_card_number
from partnerlab.simulators.ic_webservices.services.wallet import NewMethod

__all__ = ["Form", "Typed", "read_bank_account", "read_card", "read_holder_and_expiry"]

SECRETS = frozenset(("CardNumber", "CVV", "RoutingNumber", "BankAccountNumber"))
"""Fields that are never shown again."""

_AMOUNT = re.compile(r"\$?\s*([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(\.[0-9]{1,2})?")
_EXPIRES = re.compile(r"(0?[1-9]|1[0-2])\s*[/ -]\s*(?:20)?([0-9]{2})|(0[1-9]|1[0-2])(?:20)?([0-9]{2})")


@dataclass(frozen=True, slots=True)
class Typed:
    """
    A card or bank account as it was typed. `kind` is `card` or `bank_account`; `expires_on` the last day a card is
    good for, None for a bank account. The number goes to the test numbers and nowhere else.
    """

    kind: str
    number: str
    holder: str
    expires_on: date | None = None

    @property
    def tender(self) -> str:
        """The tender an order has for it."""
        return "credit_card" if self.kind == "card" else "ach"

    def new_method(self, method_id: str) -> NewMethod:
        """What the wallet keeps of it, under that id."""
        return NewMethod(self.kind, self.number, self.holder, self.expires_on, method_id)

    def __repr__(self) -> str:
        return f"Typed(kind={self.kind!r})"


class Form:
    """
    One form of a page: values by field name, and what is wrong by field name.

    *secret* is the page's; *values* what came in, empty for a fresh form, where `key` is new. `first` gives values to
    begin with.
    """

    def __init__(self, secret: str, values: Mapping[str, str] | None = None, **first: str) -> None:
        self.csrf = security.csrf_token(secret)
        self._values = dict(values or first)
        self.errors: dict[str, str] = {}
        self.key = (self._values.get("FormKey", "") if values else "") or security.new_form_key()

    @property
    def valid(self) -> bool:
        """Whether nothing is wrong so far."""
        return not self.errors

    def wrong(self, name: str, reason: str) -> None:
        """Note what is wrong with a field; the first reason stays. *name* may be empty: it is the whole form's."""
        self.errors.setdefault(name, reason)

    def shown(self, name: str) -> str:
        """A value as the page may show it again: empty for numbers."""
        value = self._values.get(name, "")[:250]
        return "" if name in SECRETS or has_card_number(value) else value

    def given(self, name: str) -> str:
        """A value as it came, without blanks around it."""
        return self._values.get(name, "").strip()

    def came(self, name: str) -> bool:
        """Whether the form had that field, be it empty."""
        return name in self._values

    def text(self, name: str, reason: str = "", *, longest: int = 250) -> str:
        """One line of printable text; *reason* says what is wrong where it is empty (an empty reason allows it)."""
        try:
            text = check_text(self._values.get(name, ""), name)
        except ValueRefused as error:
            self.wrong(name, f"This {error.rule}.")
            return ""
        if has_card_number(text):
            self.wrong(name, f"This {NO_CARD_HERE}.")
            return ""
        if len(text) > longest:
            self.wrong(name, f"This must have at most {longest} characters.")
            return ""
        if reason and not text:
            self.wrong(name, reason)
        return text

    def email(self, name: str) -> str:
        """An e-mail address, or empty where none was typed. A text that is no address is noted as a problem."""
        try:
            return refuse_card_number(name, check_email(self.given(name), name)) if self.given(name) else ""
        except ValueRefused:
            self.wrong(name, "Enter an e-mail address, such as ann@example.com.")
            return ""

    def typed_cents(self, name: str) -> int:
        """An amount above zero in cents: `125.50`, `$1,250`; 0 where it is none."""
        match = _AMOUNT.fullmatch(self.given(name))
        try:
            return cents(Decimal(match[0].lstrip("$ ").replace(",", "")), name) if match else 0
        except (ValueRefused, InvalidOperation):
            return 0

    def amount_cents(self, name: str) -> int:
        """`typed_cents`, with the reason noted where it is none."""
        found = self.typed_cents(name)
        if found <= 0:
            comma = re.fullmatch(r"\$?[0-9. ]*[0-9],[0-9]{1,2}", self.given(name))  # `40,00`, as Europeans write it
            self.wrong(
                name, f"Enter an amount {'with a point before the cents' if comma else 'above zero'}, such as 125.50."
            )
        return found

    def day(self, name: str) -> date | None:
        """A date: `2026-06-30` as browsers send it, or `06/30/2026` as people type it. None with the reason noted."""
        text = self.given(name)
        if match := re.fullmatch(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})", text):
            text = f"{match[3]}-{match[1]:>02}-{match[2]:>02}"
        try:
            if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
                return date.fromisoformat(text)
        except ValueError:
            pass
        self.wrong(name, "Enter a date, such as 06/30/2026.")
        return None


def read_card(form: Form, numbers: TestNumbers, today: date) -> Typed | None:
    """
    The card typed into `CardNumber`, `CardExpiry` (MM/YY), `CVV` and `CardHolder`, or None with the reasons noted.

    *today* is the lane's day in the biller's zone.
    """
    number = _digits(form.given("CardNumber"))
    known = numbers["card"].get(number)
    if not number:
        form.wrong("CardNumber", "Enter the card number.")
    elif known is None:
        form.wrong("CardNumber", "Use a test card number, such as 4111 1111 1111 1111. No other number is taken.")
    expires_on = _last_day(form, today)
    length = 4 if known is not None and known.brand == "Amex" else 3
    if not re.fullmatch(rf"[0-9]{{{length}}}" if known is not None else r"[0-9]{3,4}", form.given("CVV")):
        form.wrong("CVV", f"Enter the {length} digits of the security code.")
    holder = form.text("CardHolder", "Enter the name on the card.", longest=100)
    return Typed("card", number, holder, expires_on) if form.valid else None


def read_bank_account(form: Form, numbers: TestNumbers) -> Typed | None:
    """
    The account typed into `RoutingNumber`, `BankAccountNumber` and `AccountHolder`, or None with the reasons noted.

    A routing number has nine digits, the last of them a check digit (American Bankers Association).
    """
    routing = _digits(form.given("RoutingNumber"))
    if (
        not re.fullmatch("[0-9]{9}", routing)
        or sum(int(d) * w for d, w in zip(routing, (3, 7, 1) * 3, strict=True)) % 10
    ):
        form.wrong("RoutingNumber", "Enter the nine digits of a routing number; 110000000 will do here.")
    number = _digits(form.given("BankAccountNumber"))
    if not number:
        form.wrong("BankAccountNumber", "Enter the account number.")
    elif number not in numbers["bank_account"]:
        form.wrong("BankAccountNumber", "Use a test account number, such as 000123456789. No other number is taken.")
    holder = form.text("AccountHolder", "Enter the name on the account.", longest=100)
    return Typed("bank_account", number, holder) if form.valid else None


def read_holder_and_expiry(form: Form, kind: str, today: date) -> tuple[str, date | None]:
    """What can be changed of a saved method: `Holder`, and of a card `CardExpiry`. What is wrong is noted."""
    holder = form.text("Holder", "Enter the name.", longest=100)
    return holder, _last_day(form, today) if kind == "card" else None


def _last_day(form: Form, today: date) -> date | None:
    match = _EXPIRES.fullmatch(form.given("CardExpiry"))
    if match is None:
        form.wrong("CardExpiry", "Enter month and year, such as 09/29.")
        return None
    year, month = 2000 + int(match[2] or match[4]), int(match[1] or match[3])
    last = date(year, month, calendar.monthrange(year, month)[1])
    if last < today:
        form.wrong("CardExpiry", "This card has expired.")
    return last


def _digits(text: str) -> str:
    return "".join(c for c in text if c not in " -")
