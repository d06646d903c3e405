"""
What the data pump is told: the events, as frozen values, and the way from and to their JSON.

The fields are the tables below; they say what `contracts/datapump/event.schema.json` says, and a test holds the two
against each other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from partnerlab.client.datapump.statements import writable
from partnerlab.client.errors import RequestInvalid

__all__ = ["AchReject", "AutoPay", "Email", "Event", "Paperless", "Payment", "parse_event", "render_event"]

DEFAULT_LANE = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """
    Something that happened at Invoice Cloud.

    `id` is accepted once per `lane` (a sandbox lane; production has one); `occurred_at` is aware.
    """

    kind: ClassVar[str]

    id: str
    lane: str
    biller_guid: str
    account_number: str
    occurred_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment(Event):
    """
    A payment was made; `id` is its PaymentGUID.

    `amount` and `service_fee` are US dollars with two decimals, the amount without the fee; `tender` is `credit_card`,
    `debit_card`, `ach`, `online_bank_direct` or `paypal`; `donation` is `none`, `standalone` or `inline`; `paid_at` has
    the offset of the biller's time zone.
    """

    kind = "payment"

    invoice_number: str
    amount: Decimal
    service_fee: Decimal
    tender: str
    reference: str
    donation: str
    payer_name: str
    paid_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Paperless(Event):
    """Paperless billing was switched on or off; `invoice_number` is the account's latest invoice, if it has any."""

    kind = "paperless"

    enrolled: bool
    invoice_number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoPay(Event):
    """AutoPay was switched on or off; `invoice_number` as in `Paperless`."""

    kind = "autopay"

    enrolled: bool
    invoice_number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Email(Event):
    """The customer's e-mail address changed."""

    kind = "email"

    email_address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AchReject(Event):
    """
    A bank returned an ACH payment; `code` is the NACHA return reason (`R01`).

    `amount`, `paid_on` and `donation` are the payment's: US dollars without the fee, and the day in the biller's zone.
    """

    kind = "ach_reject"

    payment_guid: str
    invoice_number: str
    amount: Decimal
    paid_on: date
    code: str
    donation: str


KINDS: Mapping[str, type[Event]] = {cls.kind: cls for cls in (Payment, Paperless, AutoPay, Email, AchReject)}

_Reader = Callable[[str, Any], Any]

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATE_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?[0-9]*([Zz]|[+-][0-9]{2}:[0-9]{2})"
)


def _text(at_least: int = 0) -> _Reader:
    def read(name: str, value: Any) -> str:
        if not isinstance(value, str):
            raise RequestInvalid(name, value, "is not a string")
        if len(value) < at_least:
            raise RequestInvalid(name, value, f"is shorter than {at_least} characters")
        if writable(value) != value:
            raise RequestInvalid(name, writable(value), "has a NUL or half a surrogate pair in it")
        return value

    return read


def _matching(pattern: str, rule: str) -> _Reader:
    expression, text = re.compile(pattern), _text()

    def read(name: str, value: Any) -> str:
        if not expression.fullmatch(text(name, value)):
            raise RequestInvalid(name, value, rule)
        return str(value)

    return read


def _one_of(*choices: str) -> _Reader:
    def read(name: str, value: Any) -> str:
        if not isinstance(value, str) or value not in choices:
            raise RequestInvalid(name, value, f"is not one of {', '.join(choices)}")
        return value

    return read


_fee_text = _matching(r"[0-9]{1,10}\.[0-9]{2}", "is not an amount with two decimals, as in 125.50")
_amount_text = _matching(
    r"(?!0+\.00)[0-9]{1,10}\.[0-9]{2}", "is not an amount above zero with two decimals, as in 125.50"
)


def _fee(name: str, value: Any) -> Decimal:
    return Decimal(_fee_text(name, value))


def _amount(name: str, value: Any) -> Decimal:
    return Decimal(_amount_text(name, value))


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise RequestInvalid(name, value, "is not true or false")
    return value


def _moment(name: str, value: Any) -> datetime:
    rule = "is not a date and time with an offset, as in 2024-05-01T09:30:00-04:00"
    if not isinstance(value, str) or not _DATE_TIME.fullmatch(value):
        raise RequestInvalid(name, value, rule)
    try:
        return datetime.fromisoformat(value.upper())
    except ValueError:
        raise RequestInvalid(name, value, rule) from None


def _day(name: str, value: Any) -> date:
    rule = "is not a date, as in 2024-05-01"
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise RequestInvalid(name, value, rule)
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise RequestInvalid(name, value, rule) from None


@dataclass(frozen=True, slots=True)
class _Field:
    read: _Reader
    default: str | None = None
    """Text that stands for a missing value; None where the field is required."""


_COMMON: Mapping[str, _Field] = {
    "id": _Field(_matching(r"[A-Za-z0-9-]{1,99}", "is not 1 to 99 letters, digits and hyphens")),
    "lane": _Field(
        _matching(
            r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}",
            "is not 1 to 64 letters, digits, '.', '_' or '-', a letter or digit first",
        ),
        DEFAULT_LANE,
    ),
    "biller_guid": _Field(_text(1)),
    "account_number": _Field(_text(1)),
    "occurred_at": _Field(_moment),
}

_DONATION = _Field(_one_of("none", "standalone", "inline"), "none")

_OWN: Mapping[str, Mapping[str, _Field]] = {
    "payment": {
        "invoice_number": _Field(_text()),
        "amount": _Field(_amount),
        "service_fee": _Field(_fee, "0.00"),
        "tender": _Field(_one_of("credit_card", "debit_card", "ach", "online_bank_direct", "paypal")),
        "reference": _Field(_text(1)),
        "donation": _DONATION,
        "payer_name": _Field(_text(), ""),
        "paid_at": _Field(_moment),
    },
    "paperless": {"enrolled": _Field(_flag), "invoice_number": _Field(_text(), "")},
    "autopay": {"enrolled": _Field(_flag), "invoice_number": _Field(_text(), "")},
    "email": {"email_address": _Field(_text(3))},
    "ach_reject": {
        "payment_guid": _Field(_text()),
        "invoice_number": _Field(_text()),
        "amount": _Field(_amount),
        "paid_on": _Field(_day),
        "code": _Field(_text()),
        "donation": _DONATION,
    },
}

# These kinds keep their own fields in an object of the kind's name.
_NESTED = frozenset({"payment", "ach_reject"})


def parse_event(document: Any) -> Event:
    """The event a JSON document describes. Raises `RequestInvalid` with the field and the rule it breaks."""
    whole = _object("event", document)
    kind = _one_of(*KINDS)("kind", _present("kind", whole.get("kind")))
    own = _OWN[kind]
    if kind in _NESTED:
        inner = _object(kind, _present(kind, whole.get(kind)))
        _nothing_else(whole, {*_COMMON, "kind", kind}, "")
        _nothing_else(inner, own, f"{kind}.")
        values = _read(_COMMON, whole, "") | _read(own, inner, f"{kind}.")
    else:
        _nothing_else(whole, {*_COMMON, "kind", *own}, "")
        values = _read(_COMMON, whole, "") | _read(own, whole, "")
    return KINDS[kind](**values)


def render_event(event: Event) -> dict[str, Any]:
    """The event as its JSON document, defaults written out: what `parse_event` takes."""
    values = {field.name: _plain(getattr(event, field.name)) for field in fields(event)}
    common = {"kind": event.kind} | {name: values.pop(name) for name in _COMMON}
    return common | ({event.kind: values} if event.kind in _NESTED else values)


def _read(table: Mapping[str, _Field], document: Mapping[str, Any], path: str) -> dict[str, Any]:
    values = {}
    for name, field in table.items():
        value = document[name] if name in document else _present(path + name, field.default)
        values[name] = field.read(path + name, value)
    return values


def _present(name: str, value: Any) -> Any:
    if value is None:
        raise RequestInvalid(name, "", "is missing")
    return value


def _object(name: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise RequestInvalid(name, type(value).__name__, "is not a JSON object")
    return value


def _nothing_else(document: Mapping[str, Any], known: Any, path: str) -> None:
    for name in document:
        if name not in known:
            raise RequestInvalid(path + str(name)[:80], "", "is not a field of this event")


def _plain(value: Any) -> Any:
    match value:
        case Decimal():
            return f"{value:.2f}"
        case datetime() | date():
            return value.isoformat()
        case _:
            return value
