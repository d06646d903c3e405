"""
Bill files of TCCS, of any size: the policies of `policies.py` written by the columns of the field table.

As in `bif.py`, the file is made from row templates, and a test holds them to the codec byte for byte.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import IO

from partnerlab.contracts.files import InvoiceGroup, Layout, load_layout
from partnerlab.contracts.files.templates import Page, page
from partnerlab.generators.bif_writer import (
    FORMAT_GUID,
    INVOICE_TYPE_ID,
    Dates,
    Generated,
    amount_of,
    money_text,
    write_rows,
)
from partnerlab.generators.policies import Policy, late_fee_cents, policies

__all__ = ["BILLER_GUID", "FORMAT_GUID", "generate_tccs_bif", "generate_tccs_groups"]

BILLER_GUID = "44444444-4444-4444-8444-444444444444"
OUTSTANDING = "Total amount outstanding: {}"


def generate_tccs_bif(
    stream: IO[bytes],
    invoices: int = 1_000,
    *,
    as_of: date,
    seed: int = 1,
    layout: Layout | None = None,
    biller_guid: str = BILLER_GUID,
    format_guid: str = FORMAT_GUID,
    invoice_type_id: int = INVOICE_TYPE_ID,
    progress: Callable[[int], None] | None = None,
) -> Generated:
    """
    Writes a bill file; the same arguments give the same bytes.

    Args:
        stream: A binary stream. The rows wait in a temporary file until the header's total is known; the memory
            needed does not grow with the file.
        as_of: The day of the billing run, and the file's date.
        layout: The columns; TCCS's own where none is given.
        progress: Is told the invoices done so far, about every 250.
    Raises:
        ValueError: *invoices* is out of range.
    """
    layout = load_layout("tccs") if layout is None else layout
    rows = page()
    render = _renderer(rows, layout, late_fee_cents(seed), format_guid, str(invoice_type_id))
    run = policies(invoices, seed=seed, as_of=as_of)
    return write_rows(stream, layout, run, rows, render, biller_guid=biller_guid, as_of=as_of, progress=progress)


def _renderer(
    rows: Page, layout: Layout, late_fee: int, format_guid: str, invoice_type_id: str
) -> Callable[[Iterable[Policy]], tuple[int, int]]:
    """A function that puts the rows of policies on a page and returns their number and total in cents."""
    dates = Dates()
    invoice_row = rows.template(
        layout.record("IH"),
        {
            "InvoiceNumber": "text",
            "InvoiceDate": "text",
            "InvoiceDueDate": "text",
            "TotalAmountDue": "text",
            "MinimumAmountDue": "text",
            "LateFeeDate": "text",
        },
        {
            "InvoiceFormatGuid": format_guid,
            "LateFeeAmount": money_text(late_fee),
            "InvoiceTypeID": invoice_type_id,
        },
    )
    customer_row = rows.template(
        layout.record("CR"),
        dict.fromkeys(
            ("AccountNumber", "CustomerName", "Address1", "Address2", "City", "State", "Zip", "Phone"), "text"
        ),
    )
    detail_row = rows.template(layout.record("ID"), {"Description": "text"})

    def render(run: Iterable[Policy]) -> tuple[int, int]:
        count = total = 0
        for policy in run:
            count += 1
            total += policy.outstanding_cents
            outstanding, due_on = money_text(policy.outstanding_cents), dates[policy.due_on]
            invoice_row(
                f"{policy.number}-{dates[policy.expires_on]}",
                dates[policy.invoiced_on],
                due_on,
                outstanding,
                money_text(policy.billed_cents),
                due_on,
            )
            name, address1, address2, city, state, zip_code, phone, _ = policy.insured
            customer_row(policy.number, name, address1, address2, city, state, zip_code, phone)
            detail_row(OUTSTANDING.format(outstanding))
        return count, total

    return render


def generate_tccs_groups(
    invoices: int,
    *,
    as_of: date,
    seed: int = 1,
    layout: Layout | None = None,
    format_guid: str = FORMAT_GUID,
    invoice_type_id: int = INVOICE_TYPE_ID,
) -> Iterator[InvoiceGroup]:
    """The same invoices as typed rows, for `write_bif`: what `generate_tccs_bif` writes as text."""
    layout = load_layout("tccs") if layout is None else layout
    for policy in policies(invoices, seed=seed, as_of=as_of):
        insured = policy.insured
        yield InvoiceGroup(
            layout.record("IH").make(
                InvoiceFormatGuid=format_guid,
                InvoiceNumber=policy.invoice_number,
                InvoiceDate=policy.invoiced_on,
                InvoiceDueDate=policy.due_on,
                TotalAmountDue=amount_of(policy.outstanding_cents),
                MinimumAmountDue=amount_of(policy.billed_cents),
                LateFeeAmount=amount_of(policy.late_fee_cents),
                LateFeeDate=policy.due_on,
                InvoiceTypeID=invoice_type_id,
            ),
            layout.record("CR").make(
                AccountNumber=policy.number,
                CustomerName=insured.name,
                Address1=insured.address1,
                Address2=insured.address2,
                City=insured.city,
                State=insured.state,
                Zip=insured.zip,
                Phone=insured.phone,
            ),
            (
                layout.record("ID").make(
                    Description=OUTSTANDING.format(f"{amount_of(policy.outstanding_cents):.2f}"),
                ),
            ),
        )
