"""The first part of the TCCS journey: the policy file, checked, uploaded whole and damaged."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from partnerlab.both_sides import TccsSides
from partnerlab.client.errors import PartnerFault
from partnerlab.contracts.files import InvoiceGroup, check, load_layout, read_bif, write_bif
from partnerlab.generators.damage import damage
from partnerlab.generators.tccs_bif import generate_tccs_bif
from partnerlab.story import Story

__all__ = ["corrected", "policy_file", "upload"]


def corrected(content: bytes, group: InvoiceGroup, layout: str = "tccs") -> bytes:
    """A file of one invoice, with the header's other values from *content*."""
    reading = read_bif(content, load_layout(layout))
    list(reading)
    header = reading.report.header
    assert header is not None
    stream = io.BytesIO()
    write_bif(stream, load_layout(layout), header, [group])
    return stream.getvalue()


def policy_file(story: Story, *, invoices: int, as_of: date, seed: int) -> tuple[bytes, list[InvoiceGroup]]:
    """Generate a file and check it."""
    stream = io.BytesIO()
    generate_tccs_bif(stream, invoices, as_of=as_of, seed=seed)
    content = stream.getvalue()
    reading = read_bif(content, load_layout("tccs"))
    groups = list(reading)
    header = reading.report.header
    assert header is not None
    story.tell(f"generated {len(groups):,} policies, {len(content):,} bytes, total {header.TotalInvoiceAmount:,}")
    story.expect("TCCS-BIF-3", "InvoiceCount counts the invoices", found=header.InvoiceCount, expected=len(groups))
    total = sum((group.invoice.TotalAmountDue for group in groups), Decimal(0))
    story.expect(
        "TCCS-BIF-4", "TotalInvoiceAmount is their sum, to the cent", found=header.TotalInvoiceAmount, expected=total
    )
    story.expect(
        "TCCS-BIF-2",
        "each invoice is a header, a customer and a detail",
        found=all(group.details for group in groups),
        expected=True,
    )
    numbers = [
        group.invoice.InvoiceNumber.startswith(f"{group.customer.AccountNumber}-") and group.invoice.InvoiceNumber[-10:]
        for group in groups
    ]
    story.expect(
        "TCCS-ADR-9",
        f"an invoice number is policy and expiration date, as {groups[0].invoice.InvoiceNumber}",
        found=all(number and datetime.strptime(number, "%m/%d/%Y") for number in numbers),  # noqa: DTZ007 - a date
        expected=True,
    )
    owed = [
        group.invoice.TotalAmountDue >= group.invoice.MinimumAmountDue >= 0 and not hasattr(group.invoice, "BalanceDue")
        for group in groups
    ]
    story.expect("TCCS-BIF-6", "what is billed is the minimum of what is owed", found=all(owed), expected=True)
    flags = {
        (
            group.invoice.RecordType,
            group.invoice.AllowPartialPayments,
            group.invoice.ApplyLateFeeIfNoPaymentsOnly,
            group.invoice.LateFeeDate == group.invoice.InvoiceDueDate,
        )
        for group in groups
    }
    story.expect(
        "TCCS-BIF-8",
        "partial payments always; a late fee on the due date, whatever was paid",
        found=flags,
        expected={("N", True, False, True)},
    )
    described = {
        line.Description == f"Total amount outstanding: {group.invoice.TotalAmountDue:.2f}"
        for group in groups
        for line in group.details
    }
    story.expect("TCCS-BIF-9", "the detail says what is outstanding", found=described, expected={True})
    return content, groups


def upload(story: Story, sides: TccsSides, content: bytes, groups: list[InvoiceGroup]) -> None:
    """Upload the file, whole and damaged, and give the partner the policies that it is made of."""
    receipt = sides.invoice_cloud.upload_invoice_file("policies.bif", content)
    story.expect(
        "TCCS-BIF-1",
        f"UploadInvoiceFile takes {receipt.invoices_accepted:,} policies in",
        found=(receipt.invoices_accepted, receipt.invoices_rejected),
        expected=(len(groups), 0),
    )
    first = groups[0].invoice
    more, back = first._replace(TotalAmountDue=first.TotalAmountDue + 10), content
    for number, (file, total) in enumerate(
        ((corrected(content, replace(groups[0], invoice=more)), more.TotalAmountDue), (back, first.TotalAmountDue)), 2
    ):
        sides.invoice_cloud.upload_invoice_file(f"policies-{number}.bif", file)
        shown = sides.invoice_cloud.view_invoice(first.InvoiceNumber)
        story.expect(
            "TCCS-BIF-5",
            f"a file with another amount rewrites invoice {first.InvoiceNumber}: {shown.total_amount_due}",
            found=(shown.total_amount_due, shown.minimum_amount_due),
            expected=(total, first.MinimumAmountDue),
        )
    broken = damage(content, "impossible-date", layout=load_layout("tccs"))
    partly = sides.invoice_cloud.upload_invoice_file("impossible-date.bif", broken)
    story.expect(
        "TCCS-BIF-10",
        f"a broken invoice is set aside ({partly.problems[0].reason if partly.problems else 'no reason'})",
        found=partly.invoices_rejected,
        expected=1,
    )
    truncated = damage(content, "truncated", layout=load_layout("tccs"))
    try:
        sides.invoice_cloud.upload_invoice_file("truncated.bif", truncated)
        taken = True
    except PartnerFault as refused:
        story.tell(refused.message.splitlines()[0])
        taken = False
    rejected = not check(truncated, load_layout("tccs")).accepted
    story.expect("TCCS-BIF-10", "a truncated file is rejected whole", found=(rejected, taken), expected=(True, False))
    loaded = sides.control.send("/_sandbox/tccs/load", content, "text/plain")["loaded"]
    story.tell(f"the partner, who made the file, has its {loaded:,} policies in its books")
