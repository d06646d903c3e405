"""
`/_sandbox/inhance/…`: what the real partner does not have, as `contracts/inhance_soap/control.yaml` describes it.

Accounts can be seen, opened and changed, billed, and loaded from an invoice file; payments can be listed, those with a
reference that was posted before apart.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from partnerlab.contracts.files import FileRejected, InvoiceGroup, load_layout, read_bif
from partnerlab.simulators.inhance_soap.control.faults import STATUSES
from partnerlab.simulators.inhance_soap.control.views import account_detail, account_summary, payment_view
from partnerlab.simulators.inhance_soap.domain.accounts import Account, read_account_number, read_email
from partnerlab.simulators.inhance_soap.domain.billing import Bill
from partnerlab.simulators.inhance_soap.domain.errors import DomainError, ValueInvalid
from partnerlab.simulators.inhance_soap.domain.events import Cause
from partnerlab.simulators.inhance_soap.domain.money import read_cents
from partnerlab.simulators.inhance_soap.domain.text import read_line
from partnerlab.simulators.inhance_soap.world import World
from partnerlab.simulators.kit.http.wsgi import current_request
from partnerlab.simulators.kit.world.lanes import Lane

__all__ = ["create_blueprint"]

MOST = 1_000
DUE_AFTER = timedelta(days=30)
AMOUNT = re.compile(r"-?[0-9]{1,10}(\.[0-9]{1,2})?")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
YEARS = range(1900, 9000)


def create_blueprint(world: World) -> Blueprint:
    """The routes."""
    ledger = world.ledger
    routes = Blueprint("inhance", __name__)

    @routes.errorhandler(DomainError)
    def refused(error: DomainError) -> ResponseReturnValue:
        return _error(STATUSES[type(error)], error.code, str(error), getattr(error, "field", ""))

    @routes.errorhandler(FileRejected)
    def rejected(error: FileRejected) -> ResponseReturnValue:
        return _error(400, "file_rejected", str(error))

    @routes.get("/_sandbox/inhance/accounts")
    def list_accounts() -> ResponseReturnValue:
        limit = _number("limit", 100)
        found = ledger.accounts(_lane(), after=read_line("after", request.args.get("after"), longest=50), limit=limit)
        after = found[-1][0].number if len(found) == limit else None
        return jsonify(accounts=[account_summary(account, standing) for account, standing in found], next=after)

    @routes.get("/_sandbox/inhance/accounts/<number>")
    def get_account(number: str) -> ResponseReturnValue:
        return jsonify(account_detail(ledger.view(_lane(), read_account_number("account_number", number))))

    @routes.put("/_sandbox/inhance/accounts/<number>")
    def put_account(number: str) -> ResponseReturnValue:
        change = _account_change(_json())
        number = read_account_number("account_number", number)
        view, is_new = ledger.put_account(_lane(), _cause(), number, change)
        return jsonify(account_detail(view)), 201 if is_new else 200

    @routes.post("/_sandbox/inhance/accounts/<number>/bills")
    def bill_account(number: str) -> ResponseReturnValue:
        bill = _bill(_json(), _lane().now().date())
        number = read_account_number("account_number", number)
        return jsonify(account_detail(ledger.bill(_lane(), _cause(), number, bill))), 201

    @routes.get("/_sandbox/inhance/payments")
    def list_payments() -> ResponseReturnValue:
        account_number = request.args.get("account_number")
        found = ledger.payments(
            _lane(),
            account_number=None if account_number is None else read_account_number("account_number", account_number),
            duplicates_only=_flag("duplicates"),
            limit=_number("limit", MOST),
            offset=_number("offset", 0, least=0, most=10**9),
        )
        return jsonify(payments=[payment_view(one) for one in found])

    @routes.post("/_sandbox/inhance/load")
    def load() -> ResponseReturnValue:
        reading = read_bif(request.get_data(), load_layout("inhance_v2"), strict=_flag("strict"))
        count = ledger.load(_lane(), _cause(), (_invoice(group) for group in reading))
        report = reading.report
        problems = [
            {
                "line": problem.line,
                "invoice_number": problem.invoice_number,
                "rule": problem.rule,
                "message": str(problem),
            }
            for problem in report.problems[:MOST]
        ]
        return jsonify(loaded=count, quarantined=report.quarantined, problems=problems)

    return routes


def _lane() -> Lane:
    return current_request().lane


def _cause() -> Cause:
    return Cause(current_request().id, _lane().now())


def _error(status: int, code: str, message: str, field: str = "") -> ResponseReturnValue:
    error = {"code": code, "message": message} | ({"field": field} if field else {})
    return jsonify(error=error), status


def _json() -> Mapping[str, Any]:
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise ValueInvalid("body", request.get_data(as_text=True), "is not a JSON object")
    return body


def _number(name: str, default: int, *, least: int = 1, most: int = MOST) -> int:
    text = request.args.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 12 and least <= int(text) <= most):
        raise ValueInvalid(name, text, f"is not a number from {least} to {most}")
    return int(text)


def _flag(name: str) -> bool:
    text = request.args.get(name, "false")
    if text not in ("true", "false"):
        raise ValueInvalid(name, text, "is neither true nor false")
    return text == "true"


# From JSON


def _known(body: Mapping[str, Any], names: Iterable[str]) -> None:
    for unknown in sorted(set(body) - set(names)):
        raise ValueInvalid(unknown, body[unknown], "is no field of this")


def _text(body: Mapping[str, Any], name: str, *, optional: bool = False) -> str | None:
    value = body[name]
    if (value is None and optional) or (isinstance(value, str) and len(value) <= 254 and value.isprintable()):
        return value or None
    raise ValueInvalid(name, value, "is not a line of up to 254 characters")


def _account_change(body: Mapping[str, Any]) -> Callable[[Account], Account]:
    """What a PUT changes: fields that it does not name stay as they are."""
    _known(body, ("customer_name", "email", "phone", "paperless", "autopay"))
    values: dict[str, Any] = {}
    for name in ("email", "phone"):
        if name in body:
            values[name] = _text(body, name, optional=True)
    if values.get("email"):
        values["email"] = read_email("email", values["email"])
    if "customer_name" in body:
        values["customer_name"] = _text(body, "customer_name") or ""
    for name in ("paperless", "autopay"):
        if name in body:
            if not isinstance(body[name], bool):
                raise ValueInvalid(name, body[name], "is neither true nor false")
            values[name] = body[name]
    return lambda account: replace(account, **values)


def _bill(body: Mapping[str, Any], today: date) -> Bill:
    _known(body, ("invoice_number", "amount", "billed_on", "due_on"))
    for name in ("invoice_number", "amount"):
        if name not in body:
            raise ValueInvalid(name, "", "is missing")
    # A JSON number would be a float: money is text.
    if not isinstance(body["amount"], str) or AMOUNT.fullmatch(body["amount"]) is None:
        raise ValueInvalid("amount", body["amount"], 'is not an amount as text, such as "125.50"')
    cents = read_cents("amount", Decimal(body["amount"]))
    billed_on = _day(body, "billed_on", today)
    return Bill(
        _text(body, "invoice_number") or "", billed_on, _day(body, "due_on", billed_on + DUE_AFTER), cents, cents
    )


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


def _invoice(group: InvoiceGroup) -> tuple[Account, Bill]:
    """An invoice group of the file; BalanceDue is what is open, TotalAmountDue where it is not given."""
    invoice, customer = group.invoice, group.customer
    amount = invoice.TotalAmountDue if invoice.BalanceDue is None else invoice.BalanceDue
    cents = read_cents("BalanceDue", amount)
    return (
        Account(
            number=read_account_number("AccountNumber", customer.AccountNumber),
            customer_name=customer.CustomerName,
            email=customer.EmailAddress or None,
            phone=customer.Phone or None,
            autopay=bool(invoice.Custom5),
        ),
        Bill(invoice.InvoiceNumber, invoice.InvoiceDate, invoice.InvoiceDueDate, cents, cents),
    )
