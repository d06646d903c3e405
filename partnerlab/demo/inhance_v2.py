"""
The Harris inHance v2 journey: a bill file, its upload, bills that are opened, and the contract's verdict on all calls.

What the data pump tells the partner, in between, is `inhance_v2_pump`.
"""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from partnerlab.both_sides import InHanceSides
from partnerlab.client.errors import PartnerFault
from partnerlab.contracts.files import InvoiceGroup, check, load_layout, read_bif
from partnerlab.contracts.paths import at
from partnerlab.contracts.verification.wsdl import read_wsdl
from partnerlab.demo import inhance_v2_pump, presentment
from partnerlab.demo.inhance_v2_pump import ACCOUNT, INVOICE
from partnerlab.demo.tccs_file import corrected
from partnerlab.generators.bif import generate_bif
from partnerlab.generators.damage import damage
from partnerlab.story import Story, asked

__all__ = ["tell"]

LANE = "demo-inhance"
WORDED = "MLB-2024-7"
# Which requirement describes the messages of each operation.
OPERATIONS = {
    "INH2-RTDR-1": "BalanceCheck",
    "INH2-PAY-1": "MakePaymentExtended",
    "INH2-PPL-1": "SetPaperless",
    "INH2-AUT-1": "SetAutopay",
    "INH2-EML-1": "SetEmail",
}


def tell(story: Story, url: str, *, invoices: int, seed: int) -> None:
    """Run the journey on a lane of its own of the sandbox at *url*."""
    bills: list[InvoiceGroup] = []
    with InHanceSides.of(url, LANE, reset=True) as sides:
        with story.chapter("A bill file", "INH2-BIF-2"):
            content, bills = bill_file(story, invoices=invoices, as_of=sides.today(), seed=seed)
        if not bills:
            return  # without bills there is no journey; the part that failed has said why
        with story.chapter("Upload", "INH2-BIF-1"):
            upload(story, sides, content, bills)
        with story.chapter("The bill as its payer sees it", "INH2-PRS-1"):
            presentment.of_utility_bills(story, sides, bills)
        with story.chapter("A payer opens a bill", "INH2-RTDR-1"):
            balances(story, sides)
            contact(story, sides)
            keys(story, sides)
            both_sides(story, sides, bills)
        inhance_v2_pump.tell(story, sides, bills)
        with story.chapter("The contract's verdict", "INH2-ADR-2"):
            contract(story, sides)


def bill_file(story: Story, *, invoices: int, as_of: date, seed: int) -> tuple[bytes, list[InvoiceGroup]]:
    """Generate a file and check it."""
    layout = load_layout("inhance_v2")
    stream = io.BytesIO()
    generate_bif(stream, invoices, as_of=as_of, seed=seed, meters=(1, 25))
    content = stream.getvalue()
    reading = read_bif(content, layout)
    groups = list(reading)
    header = reading.report.header
    assert header is not None
    story.tell(f"generated {len(groups):,} invoices, {len(content):,} bytes, total {header.TotalInvoiceAmount:,}")
    story.expect("INH2-BIF-3", "InvoiceCount counts the invoices", found=header.InvoiceCount, expected=len(groups))
    total = sum((group.invoice.TotalAmountDue for group in groups), Decimal(0))
    story.expect("INH2-BIF-4", "TotalInvoiceAmount is their sum", found=header.TotalInvoiceAmount, expected=total)
    story.expect(
        "INH2-BIF-2",
        "each invoice is a header, a customer and details",
        found=all(group.details for group in groups),
        expected=True,
    )
    overflow = {len(line.CustomField80) for group in groups for line in group.details if line.CustomField80}
    story.expect(
        "INH2-BIF-7", "meters 6 to 25 stand in the overflow fields, five to a field", found=overflow, expected={5}
    )
    constants = {
        (group.invoice.RecordType, group.invoice.AllowPartialPayments, group.invoice.BalanceForward) for group in groups
    }
    story.expect(
        "INH2-BIF-6", "partial payments and balance forward are 1", found=constants, expected={("R", True, True)}
    )

    return content, groups


def upload(story: Story, sides: InHanceSides, content: bytes, groups: list[InvoiceGroup]) -> None:
    """Upload the file, whole and damaged, and give the partner the same bills."""
    receipt = sides.invoice_cloud.upload_invoice_file("bills.bif", content)
    story.expect(
        "INH2-BIF-1",
        f"UploadInvoiceFile takes {receipt.invoices_accepted:,} invoices in",
        found=(receipt.invoices_accepted, receipt.invoices_rejected),
        expected=(len(groups), 0),
    )
    first = groups[0].invoice
    shown = sides.invoice_cloud.view_invoice(first.InvoiceNumber)
    story.expect(
        "INH2-BIF-1",
        f"invoice {first.InvoiceNumber} is there with {shown.total_amount_due}",
        found=(shown.total_amount_due, shown.balance_due, shown.invoice_due_date),
        expected=(first.TotalAmountDue, first.BalanceDue, first.InvoiceDueDate),
    )
    sides.control.post("/_sandbox/clock/freeze")
    before = sides.next_runs()["invoices"]
    sides.advance("15m")
    story.expect(
        "INH2-BIF-10",
        "15 minutes later the partner uploads again 15 minutes later",
        found=sides.next_runs()["invoices"] - before,
        expected=timedelta(minutes=15),
    )
    sides.control.post("/_sandbox/clock/unfreeze")
    more = first._replace(TotalAmountDue=first.TotalAmountDue + 10, BalanceDue=first.BalanceDue + 10)
    file = corrected(content, replace(groups[0], invoice=more), "inhance_v2")
    for number, (given, expected) in enumerate(((file, more), (content, first)), 2):
        sides.invoice_cloud.upload_invoice_file(f"bills-{number}.bif", given)
        shown = sides.invoice_cloud.view_invoice(first.InvoiceNumber)
        story.expect(
            "INH2-BIF-5",
            f"a file with another amount replaces invoice {first.InvoiceNumber}: {shown.balance_due}",
            found=(shown.total_amount_due, shown.balance_due),
            expected=(expected.TotalAmountDue, expected.BalanceDue),
        )
    broken = damage(content, "bad-amount")
    partly = sides.invoice_cloud.upload_invoice_file("bad-amount.bif", broken)
    story.expect(
        "INH2-BIF-8",
        f"a broken invoice is set aside ({partly.problems[0].reason if partly.problems else 'no reason'})",
        found=partly.invoices_rejected,
        expected=1,
    )
    rejected = not check(damage(content, "truncated"), load_layout("inhance_v2")).accepted
    try:
        sides.invoice_cloud.upload_invoice_file("truncated.bif", damage(content, "truncated"))
        taken = True
    except PartnerFault as refused:
        story.tell(refused.message.splitlines()[0])
        taken = False
    story.expect("INH2-BIF-8", "a truncated file is rejected whole", found=(rejected, taken), expected=(True, False))
    loaded = sides.control.send("/_sandbox/inhance/load", content, "text/plain")
    story.tell(f"the partner holds the same bills: {loaded['loaded']:,} loaded")


def balances(story: Story, sides: InHanceSides) -> None:
    """What a payer owes, by version 1 and 2 of real-time data retrieval."""
    sides.control.post(
        at("/_sandbox/inhance/accounts/{}/bills", ACCOUNT), {"invoice_number": "500099", "amount": "10.00"}
    )
    story.tell("the partner has billed 10.00 since: Balance 135.50, FutureBalance 192.75")
    before = sides.invoice(INVOICE)
    sides.open(INVOICE)
    after = sides.invoice(INVOICE)
    story.expect(
        "INH2-RTDR-2",
        f"BalanceDue {before['balance_due']} -> {after['balance_due']}, the partner's Balance",
        found=after["balance_due"],
        expected="135.50",
    )
    story.expect(
        "INH2-RTDR-3",
        "version 1 leaves TotalAmountDue",
        found=after["total_amount_due"],
        expected=before["total_amount_due"],
    )
    sides.configure(settings={"rtdr_version": "2"})
    sides.open(INVOICE)
    story.expect(
        "INH2-RTDR-3",
        "version 2 takes FutureBalance as TotalAmountDue",
        found=sides.invoice(INVOICE)["total_amount_due"],
        expected="192.75",
    )


def contact(story: Story, sides: InHanceSides) -> None:
    """The e-mail address and phone number of the answer."""
    sides.control.put(
        at("/_sandbox/inhance/accounts/{}", ACCOUNT), {"email": "new@example.com", "phone": "413-555-0199"}
    )
    customer = sides.customer(ACCOUNT)
    sides.open(INVOICE)
    story.expect(
        "INH2-RTDR-4",
        "without configuration the partner's e-mail address changes nothing",
        found=sides.customer(ACCOUNT)["email_address"],
        expected=customer["email_address"],
    )
    sides.configure(configuration={"RTDR": {"UpdateEmail": True}})
    sides.open(INVOICE)
    story.expect(
        "INH2-RTDR-4",
        "with it, the partner's e-mail address is taken",
        found=sides.customer(ACCOUNT)["email_address"],
        expected="new@example.com",
    )
    story.expect(
        "INH2-RTDR-6",
        "the phone number is not",
        found=sides.customer(ACCOUNT)["phone"],
        expected=customer["phone"],
    )
    sides.control.put(at("/_sandbox/inhance/accounts/{}", ACCOUNT), {"email": ""})
    sides.open(INVOICE)
    story.expect(
        "INH2-RTDR-5",
        "no e-mail address in the answer leaves ours",
        found=sides.customer(ACCOUNT)["email_address"],
        expected="new@example.com",
    )


def keys(story: Story, sides: InHanceSides) -> None:
    """What is asked, with which key, and that a refusal fails nobody."""
    asked = sides.exchange(sides.journal("BalanceCheck")[-1]["id"])["request"]
    story.expect(
        "INH2-RTDR-8",
        f"LastInvoiceNumber is {INVOICE}",
        found=f"<LastInvoiceNumber>{INVOICE}</LastInvoiceNumber>" in asked,
        expected=True,
    )
    sides.open(WORDED)
    asked = sides.exchange(sides.journal("BalanceCheck")[-1]["id"])["request"]
    story.expect(
        "INH2-RTDR-8",
        f"and 0 for {WORDED}, which is no integer",
        found="<LastInvoiceNumber>0</LastInvoiceNumber>" in asked,
        expected=True,
    )
    sides.configure(settings={"10": "wrong-key"})
    before = sides.invoice(INVOICE)
    opened = sides.open(INVOICE)
    after = sides.invoice(INVOICE)
    story.expect(
        "INH2-RTDR-7",
        f"a refused balance check fails nobody: {opened['problem']}",
        found=(bool(opened["problem"]), after["balance_due"], after["total_amount_due"]),
        expected=(True, before["balance_due"], before["total_amount_due"]),
    )
    sides.configure(settings={"10": sides.settings["13"], "13": "wrong-key"})
    story.expect(
        "INH2-RTDR-9", "setting 10 is the key where it is set", found=sides.open(INVOICE)["problem"], expected=None
    )
    sides.configure(settings={"10": None, "13": sides.settings["13"]})
    story.expect("INH2-RTDR-9", "setting 13 where it is not", found=sides.open(INVOICE)["problem"], expected=None)


def both_sides(story: Story, sides: InHanceSides, bills: list[InvoiceGroup]) -> None:
    """A bill of the file is the same at the partner."""
    generated = bills[len(bills) // 2]
    number = generated.customer.AccountNumber
    sides.open(generated.invoice.InvoiceNumber)
    answer = sides.inhance.balance_check(number, int(generated.invoice.InvoiceNumber))
    story.expect(
        "INH2-RTDR-1",
        f"account {number} of the file owes {answer.balance} on both sides",
        found=str(answer.balance),
        expected=sides.invoice(generated.invoice.InvoiceNumber)["balance_due"],
    )


def contract(story: Story, sides: InHanceSides) -> None:
    """What the service says of itself, and the journal of every call that was made."""
    address = sides.settings["11"]
    served = read_wsdl(asked("GET", f"{address}?wsdl").content)
    story.expect(
        "INH2-ADR-2",
        f"{address} serves all five operations",
        found={operation.input for operation in served.operations.values()},
        expected={f"{{http://tempuri.org/}}{operation}" for operation in OPERATIONS.values()},
    )
    for id, operation in OPERATIONS.items():
        entries = [row for row in sides.journal(operation) if not row["faults"]]
        broken = [finding for row in entries for finding in row["findings"] or []]
        story.expect(
            id, f"{len(entries)} calls of {operation} keep it", found=(bool(entries), broken), expected=(True, [])
        )
