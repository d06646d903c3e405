"""The books of WaterSmart, which files bring and take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from partnerlab.auditing.pages import Control, Row, by_next, paged
from partnerlab.auditing.records import MissingBill, Payment, Place, Posting
from partnerlab.contracts.paths import at

__all__ = ["ACCOUNT", "missing", "naming", "owed", "posted", "rejects"]

ACCOUNT = ("/_sandbox/watersmart/customers/{}", "invoices")


def posted(control: Control) -> Iterator[Posting]:
    """Every payment that a file brought."""
    return map(_posting, by_next(control, "/_sandbox/watersmart/payments", "payments"))


def naming(control: Control, payment: Payment) -> Iterator[Posting]:
    """The postings with the payment's PaymentGUID."""
    return map(_posting, by_next(control, "/_sandbox/watersmart/payments", "payments", payment_guid=payment.guid))


def owed(control: Control) -> Iterator[tuple[str, Decimal, bool]]:
    """What accounts owe; a change waits for the next file."""
    for row in by_next(control, "/_sandbox/watersmart/customers", "customers"):
        yield row["account_number"], Decimal(row["balance"]), row["balance_waits"]


def missing(control: Control, places: Sequence[Place]) -> Iterator[tuple[Place, MissingBill]]:
    """Bills of accounts, each with the file that took it to Invoice Cloud and why that was refused."""
    for place in places:
        for row in control.get(at("/_sandbox/watersmart/customers/{}", place.number))["invoices"]:
            if row["invoice_number"] not in place.held:
                number, file = row["invoice_number"], row["file_number"]
                refused = _refused_in_file(control, place.biller_guid, file, number) if file else ""
                yield place, MissingBill(number, Decimal(row["amount"]), f"file {file}" if file else "", refused)


def rejects(control: Control, **only: str) -> dict[str, bool]:
    """Rejects by reference, and whether each took a payment back."""
    found = by_next(control, "/_sandbox/watersmart/rejects", "rejects", **only)
    return {row["reference"]: row["applied"] for row in found}


def _posting(row: Row) -> Posting:
    return Posting(
        partner="watersmart",
        place=row["account_number"],
        invoice=row["invoice_number"],
        key=row["payment_guid"],
        amount=Decimal(row["amount"]),
        at=row["paid_at"],
        number=f"payment {row['reference']} of account {row['account_number']}",
        state="posted" if row["state"] == "returned" else row["state"],
        returned=row["state"] == "returned",
        type=row["type"],
    )


def _refused_in_file(control: Control, biller_guid: str, file: int, bill: str) -> str:
    """Why Invoice Cloud refused a bill of one of WaterSmart's files, or the whole file; empty where it did not."""
    names = {one["name"] for one in control.get("/_sandbox/watersmart/files", after=file - 1, limit=1)["files"]}
    for upload in paged(control, "/_sandbox/ic/uploads", "uploads", "upload_id", biller_guid=biller_guid):
        if upload["file_name"] in names:
            path = at("/_sandbox/ic/uploads/{}/problems", upload["upload_id"])
            for problem in paged(control, path, "problems", "position"):
                if problem["invoice_number"] == bill or not problem["line"]:
                    return str(problem["reason"])
    return ""
