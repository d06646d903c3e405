"""The JSON bodies of the control routes, read strictly: a field that is unknown or of another type is refused."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from flask import request

from partnerlab.simulators.tccs_rest.domain.errors import ValueInvalid
from partnerlab.simulators.tccs_rest.domain.money import read_cents
from partnerlab.simulators.tccs_rest.domain.numbers import read_invoice_number
from partnerlab.simulators.tccs_rest.domain.policies import Charge, Insured, Policy
from partnerlab.simulators.tccs_rest.domain.quotes import DUE_AFTER, MONTH, Quote
from partnerlab.simulators.tccs_rest.domain.text import read_line

__all__ = ["instalments", "json_body", "policy_change", "quote"]

AMOUNT = re.compile(r"[0-9]{1,10}(\.[0-9]{1,2})?")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
YEARS = range(1900, 9000)
MOST_INSTALMENTS = 24
INSURED = {
    "insured_name": "name",
    "address1": "address1",
    "address2": "address2",
    "city": "city",
    "state": "state",
    "zip": "zip",
    "phone": "phone",
}


def json_body() -> Mapping[str, Any]:
    """The body of the request being handled. Raises `ValueInvalid` where it is no JSON object."""
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise ValueInvalid("body", request.get_data(as_text=True), "is not a JSON object")
    return body


def policy_change(body: Mapping[str, Any]) -> Callable[[Policy], Policy]:
    """What a PUT changes of a policy term: fields that it does not name stay as they are."""
    _known(body, (*INSURED, "late_fee", "paperless", "recurring"))
    insured = _insured_fields(body)
    values: dict[str, Any] = {}
    if "late_fee" in body:
        values["late_fee_cents"] = _cents(body, "late_fee", zero=True)
    for name in ("paperless", "recurring"):
        if name in body:
            if not isinstance(body[name], bool):
                raise ValueInvalid(name, body[name], "is neither true nor false")
            values[name] = body[name]
    return lambda policy: replace(policy, insured=replace(policy.insured, **insured), **values)


def instalments(body: Mapping[str, Any], today: date) -> tuple[str, list[Charge]]:
    """An invoice number, and `count` equal instalments of `amount` a month apart, their numbers not given yet."""
    _known(body, ("invoice_number", "amount", "count", "billed_on", "due_on"))
    number = read_invoice_number("invoice_number", _text(body, "invoice_number"))
    cents = _cents(body, "amount")
    count = _count(body, "count", default=1, least=1)
    first = _day(body, "billed_on", today)
    due_after = _day(body, "due_on", first + DUE_AFTER) - first
    if due_after < timedelta(0):
        raise ValueInvalid("due_on", body["due_on"], "is before billed_on")
    charges = []
    for index in range(count):
        billed_on = first + MONTH * index
        charges.append(Charge(0, "instalment", billed_on, billed_on + due_after, cents))
    return number, charges


def quote(body: Mapping[str, Any]) -> Quote:
    """A quote; without a premium its deposit is all of it, and without `instalments` the rest is one."""
    _known(body, ("invoice_number", *INSURED, "deposit", "premium", "instalments", "late_fee"))
    number = read_invoice_number("invoice_number", _text(body, "invoice_number"), quote=True)
    deposit_cents = _cents(body, "deposit")
    premium_cents = _cents(body, "premium") if "premium" in body else deposit_cents
    return Quote(
        number,
        Insured(**_insured_fields(body)),
        deposit_cents=deposit_cents,
        premium_cents=premium_cents,
        instalments=_count(body, "instalments", default=int(premium_cents > deposit_cents), least=0),
        late_fee_cents=_cents(body, "late_fee", zero=True) if "late_fee" in body else 0,
    )


def _known(body: Mapping[str, Any], names: Iterable[str]) -> None:
    for unknown in sorted(set(body) - set(names)):
        raise ValueInvalid(unknown, body[unknown], "is no field of this")


def _text(body: Mapping[str, Any], name: str) -> str:
    if name not in body:
        raise ValueInvalid(name, "", "is missing")
    value = body[name]
    if not isinstance(value, str):
        raise ValueInvalid(name, value, "is not text")
    return value


def _insured_fields(body: Mapping[str, Any]) -> dict[str, str]:
    return {inner: read_line(name, _text(body, name)) for name, inner in INSURED.items() if name in body}


def _cents(body: Mapping[str, Any], name: str, *, zero: bool = False) -> int:
    text = _text(body, name)  # a JSON number would be a float: money is text
    if AMOUNT.fullmatch(text) is None:
        raise ValueInvalid(name, text, 'is not an amount as text, such as "125.50"')
    amount = Decimal(text)
    return 0 if zero and not amount else read_cents(name, amount)


def _count(body: Mapping[str, Any], name: str, *, default: int, least: int) -> int:
    value = body.get(name, default)
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # JSON knows one kind of number
    if type(value) is not int or not least <= value <= MOST_INSTALMENTS:
        raise ValueInvalid(name, value, f"is not a number from {least} to {MOST_INSTALMENTS}")
    return value


def _day(body: Mapping[str, Any], name: str, default: date) -> date:
    value = body.get(name)
    if value is None:
        return default
    if isinstance(value, str) and DAY.fullmatch(value):
        with contextlib.suppress(ValueError):
            day = date.fromisoformat(value)
            if day.year in YEARS:
                return day
    raise ValueInvalid(name, value, "is not a date as YYYY-MM-DD")
