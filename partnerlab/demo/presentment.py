"""
What a payer sees of a bill: the template with every field that the partner's table marks as displayed, the meters, and
the bill as a PDF. The pages are read as a payer reads them.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any

from partnerlab.both_sides import InHanceSides, Sides, TccsSides
from partnerlab.client.invoice_cloud import CloudSso, Redirect, RestClient
from partnerlab.contracts.files import InvoiceGroup, load_layout
from partnerlab.contracts.paths import at
from partnerlab.journey.visitor import Page, Visitor
from partnerlab.story import Story, asked

__all__ = ["late_fee", "of_policies", "of_utility_bills"]

LINK = "View the bill (PDF)"
PASSWORD = "Presented!2345"  # noqa: S105 - a made-up user of a lane


def of_utility_bills(story: Story, sides: InHanceSides, bills: list[InvoiceGroup]) -> None:
    """Bills of the file on Invoice Cloud's template, and one as a PDF that Invoice Cloud has."""
    most = max(
        bills, key=lambda one: (bool(one.customer.Address2), max(len(line.CustomField80) for line in one.details))
    )
    with _payer(sides, most.customer.AccountNumber) as (visitor, bill):
        page = bill(most.invoice.InvoiceNumber)
        for record, row in (("IH", most.invoice), ("CR", most.customer)):
            for field in load_layout("inhance_v2").record(record).named:
                if field.displayed and (shown := _as_read(getattr(row, field.name))):
                    story.expect(
                        f"INH2-{record}-{field.spec_id}",
                        f"the template shows {field.name}: {shown}",
                        found=shown in page.text,
                        expected=True,
                    )
        numbers = {
            number for line in most.details for number in (*line.CustomField30, *line.CustomField80) if number.strip()
        }
        story.expect(
            "INH2-BIF-7",
            f"and the readings of all {len(numbers)} meters, those of the overflow fields too",
            found=sorted(number for number in numbers if f"Meter {number} " not in page.text),
            expected=[],
        )
        story.expect("INH2-PRS-1", "by the template, and by no PDF", found=LINK in page.links(), expected=False)
        pdf = b"%PDF-1.4\nthe vendor's own\n%%EOF\n"
        number, guid = most.invoice.InvoiceNumber, most.invoice.InvoiceFormatGuid
        body = {"content": base64.b64encode(pdf).decode(), "biller_guid": sides.biller["guid"]}
        sides.control.put(at("/_sandbox/ic/invoices/{}/image", number), body)
        sides.configure(configuration={"InvoiceFormats": {guid: "extracted_pdf"}})
        story.expect(
            "INH2-PRS-1",
            f"as a PDF, where InvoiceFormatGuid {guid} says so",
            found=_fetched(bill(number)),
            expected=("application/pdf", pdf),
        )
        sides.configure(configuration={"InvoiceFormats": None})
        visitor.close()


def of_policies(story: Story, sides: TccsSides, account: str, number: str) -> None:
    """The insurer's own PDF, what a payer is told without it, and the late fee."""
    with _payer(sides, account) as (visitor, bill):
        own = sides.tccs.bill_image(number)
        kind, shown = _fetched(bill(number))
        story.expect(
            "TCCS-PDF-2",
            f"a payer who opens the bill sees the insurer's own PDF, {len(shown):,} bytes",
            found=(kind, shown == own),
            expected=("application/pdf", True),
        )
        bill(number)
        with sides.fault("http-503", "Retrieve_Bill_Image"):
            page = visitor.follow(LINK)
        story.expect(
            "TCCS-PDF-3",
            f"without it: {page.heading}; the record says {sides.invoice(number)['image_problem']}",
            found=(page.status, "not available" in page.heading, bool(sides.invoice(number)["image_problem"])),
            expected=(200, True, True),
        )
        page = visitor.follow("Back to the bill")
        story.expect("TCCS-PDF-3", "and the bill can be paid", found="Pay this bill" in page.links(), expected=True)


def late_fee(story: Story, sides: TccsSides, number: str) -> None:
    """What Invoice Cloud charges by itself when LateFeeDate is over, and that the partner says the same."""
    before = sides.invoice(number)
    day = date.fromisoformat(before["late_fee_date"])
    ahead = (day - sides.today()).days + 2
    sides.control.post("/_sandbox/jobs/tccs/invoices/pause")  # else the insurer's next file has its own late fee
    timeline = sides.advance(f"{ahead}d")
    after = sides.invoice(number)
    told = [row["outcome"] for row in timeline if row["label"] == "late fees are charged" and number in row["outcome"]]
    story.expect(
        "TCCS-BIF-12",
        f"after {day} the late fee of {before['late_fee']} is due: {next(iter(told), 'nothing fell due')}",
        found=Decimal(after["balance_due"]),
        expected=Decimal(before["balance_due"]) + Decimal(before["late_fee"]),
    )
    sides.advance("1d")
    sides.open(number)
    story.expect(
        "TCCS-BIF-12",
        "once: the insurer's own answer is the same",
        found=sides.invoice(number)["balance_due"],
        expected=f"{sides.balance(number)[0]:.2f}",
    )


@contextmanager
def _payer(sides: Sides, account: str) -> Iterator[tuple[Visitor, Any]]:
    """A registered payer of an account, in the portal; and what opens a bill there."""
    rest = RestClient(sides.url, sides.biller["api_key"], transport=sides.transport)
    username = f"payer-{account}@example.com"
    rest.register_accounts(username, PASSWORD, [account])
    token = rest.remote_authentication(username, PASSWORD).token
    form = CloudSso(sides.url, allow_http=True).form(token, Redirect.RECENT_BILLS)
    with Visitor() as visitor:

        def bill(number: str) -> Page:
            visitor.post(form.action, dict(form.fields))
            return visitor.follow(f"Bill {number}")

        yield visitor, bill


def _fetched(page: Page) -> tuple[str, bytes]:
    answer = asked("GET", page.link(LINK))
    return answer.headers["content-type"], answer.content


def _as_read(value: Any) -> str:
    """A value of a bill file as a payer reads it."""
    if isinstance(value, Decimal):
        return f"{'-' if value < 0 else ''}${abs(value):,.2f}"
    if isinstance(value, date):
        return f"{value:%B} {value.day}, {value.year}"
    return "" if value is None else " ".join(str(value).split())
