"""
WaterSmart's five CSV files, related to one another: payments pay generated invoices, rejects return generated bank
payments, changes and balances belong to the customers of the same seed. The same arguments give the same bytes.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import IO, Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from partnerlab.contracts.files.csv import CsvTable, load_table, write_csv
from partnerlab.contracts.files.row import Row
from partnerlab.generators.draws import draws
from partnerlab.generators.people import Person
from partnerlab.generators.utility import bills

__all__ = ["KINDS", "Payment", "generate_csv", "payments"]

BLOCK = 1_000
ZONE = ZoneInfo("America/New_York")
RETURNED_AFTER = timedelta(days=3)
CODES = ("R01", "R02", "R03")
# How payers pay: what the file calls it and its PaymentTypeID, as often as it stands here; an empty one does not pay.
SHARES = (
    *(("Visa", 1),) * 5, *(("MasterCard", 1),) * 2, ("Amex", 1), *(("EFT Checking", 2),) * 5, ("EFT Savings", 2),
    *(("", 0),) * 2,
)  # fmt: skip


class Bill(NamedTuple):
    """One row of the invoice file."""

    number: str
    account: str
    customer: Person
    invoiced_on: date
    due_on: date
    total_cents: int
    past_due_cents: int


class Payment(NamedTuple):
    """The payment of one generated invoice, in full; `returned` where the bank took it back."""

    bill: Bill
    guid: str
    reference: str
    paid_at: datetime
    method: str
    type_id: int
    returned: bool


def generate_csv(
    stream: IO[bytes],
    kind: str,
    invoices: int = 1_000,
    *,
    as_of: date,
    seed: int = 1,
    report_id: int = 1,
    progress: Callable[[int], None] | None = None,
) -> int:
    """
    Write one of the files, of the customers and invoices of one seed; how many rows it has.

    Args:
        kind: One of `KINDS`: invoices, balances, payments, changes, rejects.
        invoices: How many invoices the billing run has; the other files have some of their customers.
        as_of: The day of the billing run.
        report_id: WSReportID of a payment file.
        progress: Is told the invoices done so far, about every thousand.
    Raises:
        KeyError: There is no such kind.
    """
    run = _bills(invoices, seed, as_of, progress)
    return KINDS[kind](stream, run, seed, report_id)


def payments(run: Iterable[Bill], seed: int) -> Iterator[Payment]:
    """Who of a billing run pays, when and how."""
    for bill, (how, when, first, second) in zip(run, draws(f"watersmart payments {seed}", 4), strict=False):
        method, type_id = SHARES[how % len(SHARES)]
        if not method or bill.total_cents <= 0:
            continue
        paid_at = datetime(bill.invoiced_on.year, bill.invoiced_on.month, bill.invoiced_on.day, tzinfo=ZONE)
        paid_at += timedelta(days=1 + when % 14, seconds=first + second % 20_000)
        guid = UUID(int=(int(bill.number) << 64 | how << 48 | when << 32 | first << 16 | second), version=4)
        returned = type_id == 2 and second % 16 == 0
        yield Payment(bill, str(guid), f"IC{int(bill.number):010}", paid_at, method, type_id, returned)


def _bills(invoices: int, seed: int, as_of: date, progress: Callable[[int], None] | None) -> Iterator[Bill]:
    for count, bill in enumerate(bills(invoices, seed=seed, as_of=as_of), 1):
        account = bill.account
        yield Bill(
            bill.invoice_number,
            account.number,
            account.customer,
            bill.invoiced_on,
            bill.due_on,
            bill.total_cents,
            bill.past_due_cents,
        )
        if progress is not None and count % BLOCK == 0:
            progress(count)
    if progress is not None:
        progress(invoices)


def _invoices(stream: IO[bytes], run: Iterable[Bill], seed: int, report_id: int) -> int:
    """As WaterSmart writes them: quotes around a cell with a comma, no header line."""
    del report_id
    return _write_in(
        stream,
        load_table("watersmart_invoices"),
        (
            {
                "AccountNumber": bill.account,
                "CustomerName": bill.customer.name,
                "Address1": bill.customer.address1,
                "Address2": bill.customer.address2,
                "City": bill.customer.city,
                "State": bill.customer.state,
                "Zip": bill.customer.zip,
                "InvoiceDate": _day(bill.invoiced_on),
                "InvoiceDueDate": _day(bill.due_on),
                "TotalAmountDue": _money(bill.total_cents),
                "PastDue": _money(bill.past_due_cents),
                "InvoiceNumber": bill.number,
                "InvoiceTypeID": "1",
                "BlockPaymentsCC": "0",
                "BlockPaymentsEFT": "1" if extra % 64 == 0 else "0",
                "DisplayAccountNumber": f"{bill.account[:4]}-{bill.account[4:]}" if extra % 4 == 0 else "",
            }
            for bill, (extra,) in zip(run, draws(f"watersmart invoices {seed}", 1), strict=False)
        ),
    )


def _balances(stream: IO[bytes], run: Iterable[Bill], seed: int, report_id: int) -> int:
    """A balance set (type 1) for most customers, an amount added (type 2) for a few."""
    del report_id
    return _write_in(
        stream,
        load_table("watersmart_balances"),
        (
            {
                "AccountNumber": bill.account,
                "CustomerName": bill.customer.name,
                "AdjustmentAmount": _money(-(amount % 2_000) - 1 if kind % 8 == 0 else bill.total_cents),
                "AdjustmentTypeID": "2" if kind % 8 == 0 else "1",
                "PastDue": _money(bill.past_due_cents),
            }
            for bill, (kind, amount) in zip(run, draws(f"watersmart balances {seed}", 2), strict=False)
        ),
    )


def _payments(stream: IO[bytes], run: Iterable[Bill], seed: int, report_id: int) -> int:
    table = load_table("watersmart_payments")
    rows = (
        table.make(
            InvoiceNumber=payment.bill.number,
            InvoiceGUID=str(UUID(int=int(payment.bill.number), version=4)),
            AccountNumber=payment.bill.account,
            CustomerName=payment.bill.customer.name,
            PaymentGUID=payment.guid,
            PaymentDate=payment.paid_at,
            PaymentTypeID=payment.type_id,
            PaymentTypeDesc=payment.method,
            PaymentAmount=_decimal(payment.bill.total_cents),
            ConvenienceFee=Decimal("0.00"),
            PaymentReference=payment.reference,
            PaymentMessage="Approved",
            Approved=True,
            Offline=False,
            WSReportID=report_id,
        )
        for payment in payments(run, seed)
    )
    return _write_out(stream, table, rows)


def _rejects(stream: IO[bytes], run: Iterable[Bill], seed: int, report_id: int) -> int:
    del report_id
    table = load_table("watersmart_rejects")
    rows = (
        table.make(
            TransactionDate=payment.paid_at,
            RejectDate=payment.paid_at + RETURNED_AFTER,
            AccountNumber=payment.bill.account,
            CustomerName=payment.bill.customer.name,
            InvoiceNumber=payment.bill.number,
            InvoiceType="Utility",
            Amount=_decimal(payment.bill.total_cents),
            Code=CODES[int(payment.bill.number) % len(CODES)],
            AuthOrderNumber=f"AO{payment.reference[2:]}",
            ReferenceNumber=payment.reference,
        )
        for payment in payments(run, seed)
        if payment.returned
    )
    return _write_out(stream, table, rows)


def _changes(stream: IO[bytes], run: Iterable[Bill], seed: int, report_id: int) -> int:
    """One row for each customer of the run that changed something."""
    del report_id
    table = load_table("watersmart_changes")

    def rows() -> Iterator[Row]:
        for bill, (what, when) in zip(run, draws(f"watersmart changes {seed}", 2), strict=False):
            day = bill.invoiced_on
            at = datetime(day.year, day.month, day.day, tzinfo=ZONE) + timedelta(days=1, seconds=when)
            changed: dict[str, Any] = {}
            if what % 8 == 0:
                changed["AutoPaySignUpDate" if what & 64 else "AutoPayCancelDate"] = at
            if what % 8 == 1:
                changed["PaperlessSignUpDate" if what & 64 else "PaperlessCancelDate"] = at
            if what % 16 == 2 and bill.customer.email:
                changed["EmailAddressChangeDate"] = at
            if what % 16 == 3:
                changed["PhoneNumberChangeDate"] = at
            if changed:
                customer = bill.customer
                phone = customer.phone
                yield table.make(
                    AccountNumber=bill.account, EmailAddress=customer.email or None, PhoneNumber=phone, **changed
                )

    return _write_out(stream, table, rows())


Make = Callable[[IO[bytes], Iterable[Bill], int, int], int]

KINDS: Mapping[str, Make] = {
    "invoices": _invoices,
    "balances": _balances,
    "payments": _payments,
    "changes": _changes,
    "rejects": _rejects,
}
"""What each file of WaterSmart is written by: those Invoice Cloud takes, then those it sends."""


def _write_out(stream: IO[bytes], table: CsvTable, rows: Iterable[Row]) -> int:
    return write_csv(stream, table, rows).rows


def _write_in(stream: IO[bytes], table: CsvTable, rows: Iterable[Mapping[str, str]]) -> int:
    names = [column.name for column in table.columns]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    count = 0
    for count, row in enumerate(rows, 1):
        writer.writerow([row[name] for name in names])
        if count % BLOCK == 0:
            stream.write(text.getvalue().encode())
            text.seek(0)
            text.truncate()
    stream.write(text.getvalue().encode())
    return count


def _day(day: date) -> str:
    return f"{day.month:02}/{day.day:02}/{day.year:04}"


def _decimal(cents: int) -> Decimal:
    return Decimal(cents).scaleb(-2)


def _money(cents: int) -> str:
    return f"{_decimal(cents):.2f}"
