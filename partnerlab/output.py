"""
What a command says of the API's answer: JSON to a program that asks for it (`--json`), else a line or two to a person.

The lines are the data and go to stdout; what to look at next is talk and goes to stderr.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import click

from partnerlab.contracts.first_use import importing
from partnerlab.contracts.masking import printable
from partnerlab.moments import moment
from partnerlab.remote import DEFAULT_URL, Remote, print_json

__all__ = ["address", "customer", "delivery", "opened", "payment", "switched", "tell", "told_by", "upload", "way_of"]

Row = dict[str, Any]

TENDERS = {"ach": "ACH", "paypal": "PayPal"}


def tell(value: Any, lines: Iterable[str], *, as_json: bool, then: str = "") -> None:
    """Print *value* or the *lines*, and what to do *then*."""
    if as_json:
        print_json(value)
        return
    for line in lines:
        click.echo(printable(line))
    if then:
        click.echo(printable(f"Next: {then}"), err=True)


def address(remote: Remote) -> str:
    """The options by which another command addresses the same sandbox and lane, with a blank before each."""
    url = "" if remote.url == DEFAULT_URL else f" --url {remote.url}"
    return url if remote.lane == "default" else f"{url} --lane {remote.lane}"


def payment(row: Row, verb: str = "Paid") -> str:
    """`Paid 40.00 USD on 10000101, invoice 500001, by credit card ending in 1111: IC0000000001, accepted`."""
    invoice = f", invoice {row['invoice_number']}" if row["invoice_number"] else ""
    fee = "" if not Decimal(row["service_fee"]) else f" and a fee of {row['service_fee']} USD"
    last = f" ending in {row['last_four']}" if row["last_four"] else ""
    how = f"{TENDERS.get(row['tender']) or row['tender'].replace('_', ' ')}{last}"
    donation = "" if row["donation"] == "none" else f" ({row['donation']} donation)"
    return (
        f"{verb} {row['amount']} USD{fee}{donation} on {row['account_number']}{invoice}, by {how}:"
        f" {row['reference']}, {row['state']}"
    )


def way_of(row: Row, biller: Row, remote: Remote) -> str:
    """How a payment that was taken gets to the partner, and the command that shows it."""
    with importing:
        from partnerlab.auditing.invoice_cloud_books import payment_of
        from partnerlab.auditing.records import why_not
        from partnerlab.partners import BY_CALL, BY_DOWNLOAD, PARTNERS

    partner = PARTNERS[biller["partner"]]
    if why := why_not(payment_of(row), partner):
        return f"nothing; {partner.name} is not told: {why}"
    if partner.how == BY_CALL:
        delivery = told_by(remote, row["payment_guid"])
        return f"partnerlab deliveries show {delivery}   # {partner.interface} at {partner.name}"
    if partner.how == BY_DOWNLOAD:
        return f"partnerlab jobs run {biller['partner']} payments{address(remote)}   # {partner.name} downloads it"
    return f"partnerlab jobs run {biller['partner']} collect{address(remote)}   # {partner.name} fetches its files"


def told_by(remote: Remote, event_id: str) -> str:
    """The delivery of an event, with the option that addresses its data pump."""
    return f"{remote.lane}:{event_id}" + ("" if remote.url == DEFAULT_URL else f" --url {remote.url}")


def customer(row: Row, what: str) -> str:
    """`AutoPay of 10000101, Willows Laundry: on`."""
    name = f", {row['customer_name']}" if row["customer_name"] else ""
    said = {
        "paperless": ("Paperless billing", "off" if row["paper_invoices"] else "on"),
        "autopay": ("AutoPay", "on" if row["autopay"] else "off"),
        "email": ("E-mail address", row["email_address"] or "none"),
        "cards": ("Payments by card", "blocked" if row["block_payments_cc"] else "allowed"),
        "bank": ("Payments from a bank account", "blocked" if row["block_payments_eft"] else "allowed"),
    }
    title, state = said[what]
    return f"{title} of {row['account_number']}{name}: {state}"


def switched(answer: Row, what: str, remote: Remote, *, as_json: bool) -> None:
    """Print what a payer or a clerk changed of a customer, and the delivery that tells the partner."""
    event = answer["event_id"]
    then = f"partnerlab deliveries show {told_by(remote, event)}" if event else ""
    tell(answer, [customer(answer["customer"], what)], as_json=as_json, then=then)


def opened(answer: Row) -> list[str]:
    """A bill that was opened, and what the partner said of it."""
    row = answer["invoice"]
    due = f"due {row['balance_due']} of {row['total_amount_due']} USD by {row['invoice_due_date']}"
    lines = [f"{row['invoice_number']}, account {row['account_number']}: {row['status']}, {due}"]
    if answer["problem"]:
        lines.append(f"the partner was asked, and what it had stays: {answer['problem']}")
    elif answer["asked"]:
        changed = ", ".join(one.replace("_", " ") for one in answer["changed"]) or "nothing"
        lines.append(f"the partner was asked; changed: {changed}")
    else:
        lines.append("the partner was not asked")
    return lines


def upload(row: Row) -> list[str]:
    """The receipt or the report of an uploaded file: its counts, and each problem by its place."""
    loaded = row["invoices_accepted"] if "invoices_accepted" in row else row["accepted"]
    rejected = row["invoices_rejected"] if "invoices_rejected" in row else row["rejected"]
    name = f"  {row['file_name']}  {row['state']}" if "file_name" in row else ""
    lines = [f"{row['upload_id']}{name}  {loaded} accepted, {rejected} rejected".strip()]
    if row["message"]:
        lines.append(row["message"])
    lines += [f"  {one['reason']}" for one in row["problems"] if one["reason"] not in row["message"]]
    return lines


def delivery(row: Row) -> list[str]:
    """A delivery, its attempts and what people said."""
    tried = f"{row['attempts']} attempt{'' if row['attempts'] == 1 else 's'}"
    message = f": {row['message']}" if row["message"] else ""
    lines = [f"{row['id']}  {row['kind']} of {row['account_number']}: {row['state']}, {tried}{message}"]
    for one in row.get("history", ()):
        message = one["message"].removeprefix(f"{one['operation']}: ")  # which stands before it
        said = f": {message}" if message else ""
        asked = f"  ({one['request']})" if one["request"] else ""
        lines.append(
            f"  {moment(one['started_at'], 'milliseconds')}  {one['operation']}  {one['outcome']}{said}{asked}"
        )
    if row["next_attempt_at"]:
        lines.append(f"  {moment(row['next_attempt_at'])}  next attempt")
    lines += [
        f"  {moment(note['at'])}  {note['verb']} by {note['by']}: {note['reason']}" for note in row.get("notes", ())
    ]
    return lines
