"""
The Invoice job: new and changed bills as a BIF through UploadInvoiceFile.

The file's columns are the partner's field table; values go into it by the table's terms. A run that dies between the
upload and its note uploads the same bills again, which changes nothing at Invoice Cloud [A-85].

Source: Harris inHance v1 Integration Details, Invoice; Harris inHance v2 and TCCS Technical Design, UploadInvoiceFile.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from partnerlab.client.jobs.models import Bill, BillRun
from partnerlab.client.jobs.ports import BillBooks
from partnerlab.contracts.files import InvoiceGroup, Layout, Record, Row, ValueRefused, load_layout, write_bif

if TYPE_CHECKING:
    from partnerlab.client.invoice_cloud import InvoiceCloudClient

__all__ = ["bill_file", "upload_bills"]


def upload_bills(books: BillBooks, invoice_cloud: InvoiceCloudClient) -> str:
    """
    One run; says how many bills were taken and why others were not.

    Raises the errors of `client.errors`: `PartnerFault` for a file that is refused as a whole; nothing is noted then.
    """
    run = books.bills_to_send()
    if run is None:
        return "nothing new"
    content, refused = bill_file(run)
    said = "no bill uploaded"
    if content:
        receipt = invoice_cloud.upload_invoice_file(run.file_name, content)
        for problem in receipt.problems:
            refused.setdefault(problem.invoice_number, f"{problem.field}: {problem.reason}")
        taken = receipt.invoices_accepted
        said = f"{taken:,} bill{'' if taken == 1 else 's'} uploaded as {receipt.upload_id}"
    books.bills_sent(run, refused)
    return "; ".join([said, *(f"bill {number} was refused: {why}" for number, why in refused.items())])


def bill_file(run: BillRun) -> tuple[bytes, dict[str, str]]:
    """
    The run as a BIF, empty where no bill is left; and the numbers of bills that a file cannot hold, with the reason.

    Raises `contracts.files.LayoutInvalid` where what Invoice Cloud gave the biller does not fit the layout.
    """
    layout = load_layout(run.layout).for_biller(
        BillerGuid=run.biller_guid, InvoiceFormatGuid=run.format_guid, InvoiceTypeID=str(run.invoice_type_id)
    )
    header = layout.record("FH").make(FileCreationDate=run.created_on)
    groups = {bill.number: _group(layout, bill) for bill in run.bills}
    refused: dict[str, str] = {}
    stream = io.BytesIO()
    try:
        write_bif(stream, layout, header, groups.values())
    except ValueRefused:
        for number, group in groups.items():
            try:
                write_bif(io.BytesIO(), layout, header, [group])
            except ValueRefused as error:
                refused[number] = str(error)
        kept = [group for number, group in groups.items() if number not in refused]
        if kept:
            write_bif(stream, layout, header, kept)
    return stream.getvalue(), refused


def _group(layout: Layout, bill: Bill) -> InvoiceGroup:
    values = {name: getattr(bill, name) for name in Bill.__dataclass_fields__ if name not in ("lines", "revision")}
    details = tuple(
        _row(layout.record("ID"), {"description": line.description, "amount": line.amount}) for line in bill.lines
    )
    return InvoiceGroup(_row(layout.record("IH"), values), _row(layout.record("CR"), values), details)


def _row(record: Record, values: Mapping[str, Any]) -> Row:
    """A row with the values whose term a field of it has; constants are the table's."""
    found = {
        one.name: values[one.term]
        for one in record.named
        if not one.constant and not one.many and values.get(one.term) is not None
    }
    return record.make(**found)
