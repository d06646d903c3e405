"""
Bill files of inHance, of any size: the bills of `utility.py` written by the columns of the field table.

The file is made twice as fast as the codec could write it, from row templates that are compiled from the same table
(`partnerlab.contracts.files.templates`); a test holds the two together byte for byte.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import IO, Any

from partnerlab.contracts.files import KINDS, Field, InvoiceGroup, Layout, Record, Row, load_layout
from partnerlab.contracts.files.templates import Page, Template, page
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
    rows = page()
    several = meters != 1 and meters != (1, 1)
    render = _renderer(rows, layout, as_of, format_guid, str(invoice_type_id), several=several)
    return write_rows(stream, layout, run, rows, render, biller_guid=biller_guid, as_of=as_of, progress=progress)


def _renderer(
    rows: Page, layout: Layout, as_of: date, format_guid: str, invoice_type_id: str, *, several: bool
) -> Callable[[Iterable[tuple[Any, ...]]], tuple[int, int]]:
    """
    A function that puts the rows of plain bills on a page and returns their number and total in cents.

    What is the same in every row of the file stands in the templates already; what is left is made as cheaply as
    Python can, since a large file has millions of these.
    """
    dates = Dates()
    due_on = next(plain_bills(1, seed=0, as_of=as_of))[3]
    autopay = AUTOPAY.format(date_text(due_on))
    invoice_row, customer_row = _head_templates(rows, layout, as_of, due_on, format_guid, invoice_type_id)
    base, overflow = _meter_fields(layout.record("ID"))
    plain_rows, reading_rows, overflow_rows = _detail_templates(rows, layout.record("ID"), several=several)

    def render(run: Iterable[tuple[Any, ...]]) -> tuple[int, int]:
        count = sum_cents = 0
        for bill in run:
            number, account, _, _, previous, payments, charges, new, deferred = bill
            account_number, customer, service_address, parcel, on_autopay = account
            owed = previous - payments
            total = owed + new
            sum_cents += total
            count += 1
            late = total + new * LATE_FEE_PERCENT // 100
            begins, ends = (dates[deferred[0]], dates[deferred[1]]) if deferred else ("", "")
            draft, message = ("1", autopay) if on_autopay else ("0", "")
            invoice_row(number, total, total, late, begins, ends, payments, draft, owed, message)
            name, address1, address2, city, state, zip_code, phone, email = customer
            customer_row(account_number, name, address1, address2, city, state, zip_code, phone, email, phone)
            lines = len(charges)
            share = previous // lines
            part = previous - share * (lines - 1)  # the odd cents on the first
            # Calls with plain arguments: a `*` in a call costs as much as the row itself.
            for service, charge_cents, usage, meters, estimated, changed_out in charges:
                center = service[0]
                if not meters:
                    plain_rows[center](charge_cents, previous, service_address, parcel, part)
                else:
                    guess = "1" if estimated else "0"
                    swap = "1" if changed_out else "0"
                    if not several:
                        ((meter, before_on, before, on, reading),) = meters
                        reading_rows[center](
                            charge_cents, previous, service_address, parcel, part, usage, guess, swap,
                            dates[before_on], before, dates[on], reading, meter,
                        )  # fmt: skip
                    else:
                        few = len(meters) <= GROUP
                        fields, made = (base, reading_rows) if few else (base + overflow, overflow_rows)
                        cells = [_cell(field, meters) for field in fields]
                        first = (charge_cents, previous, service_address, parcel, part, usage, guess, swap)
                        made[center](*first, *cells)
                part = share
        return count, sum_cents

    return render


def _head_templates(
    rows: Page, layout: Layout, as_of: date, due_on: date, format_guid: str, invoice_type_id: str
) -> tuple[Template, Template]:
    """The rows IH and CR of a bill."""
    invoice_row = rows.template(
        layout.record("IH"),
        {
            "InvoiceNumber": "integer", "TotalAmountDue": "cents", "BalanceDue": "cents", "Custom1": "cents",
            "Custom2": "text", "Custom3": "text", "Custom4": "cents", "Custom5": "text", "Custom6": "cents",
            "Custom80": "text",
        },
        {
            "InvoiceFormatGuid": format_guid,
            "InvoiceDate": date_text(as_of),
            "InvoiceDueDate": date_text(due_on),
            "Custom10": _chart(as_of),
            "InvoiceTypeID": invoice_type_id,
        },
    )  # fmt: skip
    texts = (
        "CustomerName", "Address1", "Address2", "City", "State", "Zip", "Phone", "EmailAddress", "RegistrationValue",
    )  # fmt: skip
    return invoice_row, rows.template(layout.record("CR"), {"AccountNumber": "integer", **dict.fromkeys(texts, "text")})


def _detail_templates(
    rows: Page, detail: Record, *, several: bool
) -> tuple[dict[str, Template], dict[str, Template], dict[str, Template]]:
    """The row ID of each service, by its income center: without a meter, with up to five, and with more."""
    base, overflow = _meter_fields(detail)
    kinds = {
        "LineItemTotal": "cents", "CustomField1": "cents", "CustomField2": "text", "CustomField5": "text",
        "CustomField6": "cents",
    }  # fmt: skip
    usage = {"CustomField22": "integer", "CustomField23": "text", "CustomField24": "text"}
    readings = {
        field.name: "text" if several or field.kind == "date" else "integer" for field in base
    }  # of several meters the cell is put together
    more_readings = {field.name: "text" for field in overflow}
    plain: dict[str, Template] = {}
    reading: dict[str, Template] = {}
    more: dict[str, Template] = {}
    for service in SERVICES:
        center = service.income_center
        fixed = {"Description": service.description, "CustomField3": service.group, "CustomField4": center}
        if service.metered:
            reading[center] = rows.template(detail, {**kinds, **usage, **readings}, fixed)
            more[center] = rows.template(detail, {**kinds, **usage, **readings, **more_readings}, fixed)
        else:
            plain[center] = rows.template(detail, kinds, fixed)
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
