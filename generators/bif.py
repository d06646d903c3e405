"""
Bill files of inHance, of any size: the bills of `utility.py` written by the columns of the field table.

The file is made twice as fast as the codec could write it, from row templates that are compiled from the same table
(`partnerlab.contracts.files.compiled.row_template`); a test holds the two together byte for byte.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import IO, Any

from partnerlab.contracts.files import KINDS, Field, InvoiceGroup, Layout, Record, Row, load_layout
from partnerlab.contracts.files.compiled import row_template
from partnerlab.generators.bif_writer import (
    FORMAT_GUID,
    INVOICE_TYPE_ID,
    Dates,
    Generated,
    amount_of,
    date_text,
    write_rows,
)
from partnerlab.generators.utility import LATE_FEE_PERCENT, SERVICES, Bill, Charge, bills, plain_bills

__all__ = ["BILLER_GUID", "FORMAT_GUID", "Generated", "generate_bif", "generate_groups"]

BILLER_GUID = "22222222-2222-4222-8222-222222222222"
GROUP = 5  # meters to a field

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
CENTS = [f".{cents:02}" for cents in range(100)]
AUTOPAY = "This bill will be paid by AutoPay on {}."
MEASURES = {"previous_read_on": 1, "previous_reading": 2, "read_on": 3, "reading": 4, "number": 0}  # in MeterReading


def generate_bif(
    stream: IO[bytes],
    invoices: int = 1_000,
    *,
    as_of: date,
    seed: int = 1,
    layout: Layout | None = None,
    biller_guid: str = BILLER_GUID,
    format_guid: str = FORMAT_GUID,
    invoice_type_id: int = INVOICE_TYPE_ID,
    meters: int | tuple[int, int] = 1,
    first_invoice: int = 1_000_001,
    progress: Callable[[int], None] | None = None,
) -> Generated:
    """
    Writes a bill file; the same arguments give the same bytes.

    Args:
        stream: A binary stream. The rows wait in a temporary file until the header's total is known; the memory
            needed does not grow with the file.
        as_of: The day of the billing run: invoice and file date.
        layout: Whose file; Harris inHance v2 where none is given.
        meters: How many meters a metered line has, 1 to 25, or the least and the most. With more than 1 the fields
            of several meters hold five values each, as with the source's flag for multiple meters.
        first_invoice: Invoices are numbered from here on.
        progress: Is told the invoices done so far, about every 250.
    Raises:
        ValueError: An argument is out of range.
    """
    layout = load_layout("inhance_v2") if layout is None else layout
    run = plain_bills(invoices, seed=seed, as_of=as_of, meters=meters, first_invoice=first_invoice)
    render = _renderer(layout, as_of, format_guid, str(invoice_type_id), several=meters != 1 and meters != (1, 1))
    return write_rows(stream, layout, run, render, biller_guid=biller_guid, as_of=as_of, progress=progress)


def _renderer(
    layout: Layout, as_of: date, format_guid: str, invoice_type_id: str, *, several: bool
) -> Callable[[Iterable[tuple[Any, ...]], Callable[[str], None]], tuple[int, int]]:
    """
    A function that gives the rows of plain bills to a sink and returns their number and total in cents.

    What is the same in every row of the file stands in the templates already; what is left is made as cheaply as
    Python can, since a large file has millions of these.
    """
    dates = Dates()
    money: list[str] = []  # the text of every amount up to the largest bill so far
    due_on = next(plain_bills(1, seed=0, as_of=as_of))[3]
    autopay = AUTOPAY.format(date_text(due_on))
    invoice_row, customer_row = _head_templates(layout, as_of, due_on, format_guid, invoice_type_id)
    base, overflow = _meter_fields(layout.record("ID"))
    plain_rows, reading_rows, overflow_rows = _detail_templates(layout.record("ID"))

    def render(run: Iterable[tuple[Any, ...]], put: Callable[[str], None]) -> tuple[int, int]:
        nonlocal money
        count = sum_cents = 0
        most = len(money)
        for bill in run:
            number, account, _, _, previous, payments, charges, new, deferred = bill
            account_number, customer, service_address, parcel, on_autopay = account
            owed = previous - payments
            total = owed + new
            sum_cents += total
            count += 1
            late = total + new * LATE_FEE_PERCENT // 100
            if late >= most or previous >= most:  # no other amount of a bill is larger than these two
                dollars = range(most // 100, max(late, previous) // 100 + 50)
                money += [f"{dollar}{cents}" for dollar in dollars for cents in CENTS]
                most = len(money)
            amount = money[total]
            begins, ends = (dates[deferred[0]], dates[deferred[1]]) if deferred else ("", "")
            draft, message = ("1", autopay) if on_autopay else ("0", "")
            put(
                invoice_row(
                    number, amount, amount, money[late], begins, ends, money[payments], draft, money[owed], message
                )
            )
            name, address1, address2, city, state, zip_code, phone, email = customer
            put(customer_row(account_number, name, address1, address2, city, state, zip_code, phone, email, phone))
            balance = money[previous]
            share = previous // len(charges)
            share_text = money[previous - share * (len(charges) - 1)]  # the odd cents on the first
            # Calls with plain arguments: a `*` in a call costs as much as the row itself.
            for service, charge_cents, usage, meters, estimated, changed_out in charges:
                center = service[0]
                text = money[charge_cents]
                if not meters:
                    put(plain_rows[center](text, balance, service_address, parcel, share_text))
                else:
                    guess = "1" if estimated else "0"
                    swap = "1" if changed_out else "0"
                    if not several:
                        ((meter, before_on, before, on, reading),) = meters
                        put(
                            reading_rows[center](
                                text, balance, service_address, parcel, share_text, usage, guess, swap,
                                dates[before_on], before, dates[on], reading, meter,
                            )
                        )  # fmt: skip
                    else:
                        few = len(meters) <= GROUP
                        fields, rows = (base, reading_rows) if few else (base + overflow, overflow_rows)
                        cells = [_cell(field, meters) for field in fields]
                        first = (text, balance, service_address, parcel, share_text, usage, guess, swap)
                        put(rows[center](*first, *cells))
                share_text = money[share]
        return count, sum_cents

    return render


Template = Callable[..., str]
"""A row, made of the texts of the cells that differ from bill to bill."""


def _head_templates(
    layout: Layout, as_of: date, due_on: date, format_guid: str, invoice_type_id: str
) -> tuple[Template, Template]:
    """The rows IH and CR of a bill."""
    invoice_row = row_template(
        layout.record("IH"),
        (
            "InvoiceNumber", "TotalAmountDue", "BalanceDue", "Custom1", "Custom2", "Custom3", "Custom4", "Custom5",
            "Custom6", "Custom80",
        ),
        {
            "InvoiceFormatGuid": format_guid,
            "InvoiceDate": date_text(as_of),
            "InvoiceDueDate": date_text(due_on),
            "Custom10": _chart(as_of),
            "InvoiceTypeID": invoice_type_id,
        },
    )  # fmt: skip
    customer_row = row_template(
        layout.record("CR"),
        (
            "AccountNumber", "CustomerName", "Address1", "Address2", "City", "State", "Zip", "Phone",
            "EmailAddress", "RegistrationValue",
        ),
    )  # fmt: skip
    return invoice_row, customer_row


def _detail_templates(detail: Record) -> tuple[dict[str, Template], dict[str, Template], dict[str, Template]]:
    """The row ID of each service, by its income center: without a meter, with up to five, and with more."""
    base, overflow = _meter_fields(detail)
    names = ("LineItemTotal", "CustomField1", "CustomField2", "CustomField5", "CustomField6")
    reading_names = (*names, "CustomField22", "CustomField23", "CustomField24", *(field.name for field in base))
    overflow_names = (*reading_names, *(field.name for field in overflow))
    plain: dict[str, Template] = {}
    reading: dict[str, Template] = {}
    more: dict[str, Template] = {}
    for service in SERVICES:
        center = service.income_center
        fixed = {"Description": service.description, "CustomField3": service.group, "CustomField4": center}
        if service.metered:
            reading[center] = row_template(detail, reading_names, fixed)
            more[center] = row_template(detail, overflow_names, fixed)
        else:
            plain[center] = row_template(detail, names, fixed)
    return plain, reading, more


def generate_groups(
    invoices: int,
    *,
    as_of: date,
    seed: int = 1,
    layout: Layout | None = None,
    format_guid: str = FORMAT_GUID,
    invoice_type_id: int = INVOICE_TYPE_ID,
    meters: int | tuple[int, int] = 1,
    first_invoice: int = 1_000_001,
) -> Iterator[InvoiceGroup]:
    """The same invoices as typed rows, for `write_bif`: what `generate_bif` writes as text. Raises `ValueError`."""
    layout = load_layout("inhance_v2") if layout is None else layout
    several = meters != 1 and meters != (1, 1)
    chart = _chart(as_of)
    for bill in bills(invoices, seed=seed, as_of=as_of, meters=meters, first_invoice=first_invoice):
        account = bill.account
        customer = account.customer
        yield InvoiceGroup(
            layout.record("IH").make(
                InvoiceFormatGuid=format_guid,
                InvoiceNumber=bill.invoice_number,
                InvoiceDate=bill.invoiced_on,
                InvoiceDueDate=bill.due_on,
                TotalAmountDue=amount_of(bill.total_cents),
                Custom1=amount_of(bill.late_total_cents),
                Custom2=bill.deferred[0] if bill.deferred else None,
                Custom3=bill.deferred[1] if bill.deferred else None,
                Custom4=amount_of(bill.payments_cents),
                Custom5=account.autopay,
                Custom6=amount_of(bill.past_due_cents),
                Custom10=chart,
                BalanceDue=amount_of(bill.total_cents),
                Custom80=AUTOPAY.format(date_text(bill.due_on)) if account.autopay else "",
                InvoiceTypeID=invoice_type_id,
            ),
            layout.record("CR").make(
                AccountNumber=account.number,
                CustomerName=customer.name,
                Address1=customer.address1,
                Address2=customer.address2,
                City=customer.city,
                State=customer.state,
                Zip=customer.zip,
                Phone=customer.phone,
                EmailAddress=customer.email,
                RegistrationValue=customer.phone,
            ),
            tuple(
                _detail(layout, bill, charge, share, several=several)
                for charge, share in zip(bill.charges, bill.previous_shares_cents, strict=True)
            ),
        )


def _detail(layout: Layout, bill: Bill, charge: Charge, share: int, *, several: bool) -> Row:
    record = layout.record("ID")
    values: dict[str, Any] = {}
    if charge.meters:
        base, overflow = _meter_fields(record)
        for field in base + overflow:
            meters = charge.meters[field.first_meter - 1 : field.last_meter]
            values_of = (meter[MEASURES[field.measure]] for meter in meters)
            measured: tuple[Any, ...] = tuple(
                Decimal(str(value)) if field.kind == "number" else value for value in values_of
            )
            if several and meters:
                measured += (KINDS[field.kind].empty,) * (field.values - len(meters))
            values[field.name] = measured
        values |= {"CustomField22": Decimal(charge.usage or 0)}
        values |= {"CustomField23": charge.estimated, "CustomField24": charge.changed_out}
    return record.make(
        Description=charge.service.description,
        LineItemTotal=amount_of(charge.amount_cents),
        CustomField1=amount_of(bill.previous_balance_cents),
        CustomField2=bill.account.service_address,
        CustomField3=charge.service.group,
        CustomField4=charge.service.income_center,
        CustomField5=bill.account.parcel,
        CustomField6=amount_of(share),
        **values,
    )


def _meter_fields(record: Record) -> tuple[list[Field], list[Field]]:
    """The fields of the first five meters in the order of `MEASURES`, and those of the further ones as they stand."""
    many = [field for field in record.fields if field.many]
    first = {field.measure: field for field in many if field.first_meter == 1}
    return [first[measure] for measure in MEASURES], [field for field in many if field.first_meter > 1]


def _cell(field: Field, meters: Sequence[tuple[Any, ...]]) -> str:
    """A cell of several meters: as many values as the field has room for, empty where there is no meter."""
    own = meters[field.first_meter - 1 : field.last_meter]
    if not own:
        return ""
    at = MEASURES[field.measure]
    texts = [date_text(meter[at]) for meter in own] if field.kind == "date" else [str(meter[at]) for meter in own]
    return ";".join(texts) + ";" * (field.values - len(own))


def _chart(as_of: date) -> str:
    """The last thirteen months by name: what stands under the usage chart."""
    return ",".join(MONTHS[(as_of.month - 1 - back) % 12] for back in range(12, -1, -1))
