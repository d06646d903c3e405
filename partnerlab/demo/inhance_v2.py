"""The Harris inHance v2 journey: from bill file to posted payment, and what happens when something goes wrong."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from decimal import Decimal

import httpx

from client.errors import PartnerFault
from contracts.files import InvoiceGroup, check, load_layout, read_bif
from contracts.verification.wsdl import read_wsdl
from generators.bif import generate_bif
from generators.damage import damage
from partnerlab.demo.sides import InHanceSides
from partnerlab.demo.story import Story

__all__ = ["tell"]

LANE = "demo-inhance"
ACCOUNT, INVOICE = "10000101", "500001"
PAID_UP = "10000103"
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
            content, bills = bill_file(story, invoices=invoices, seed=seed)
        if not bills:
            return  # without bills there is no journey; the part that failed has said why
        with story.chapter("Upload", "INH2-BIF-1"):
            upload(story, sides, content, bills)
        with story.chapter("A payer opens a bill", "INH2-RTDR-1"):
            retrieval(story, sides, bills)
        with story.chapter("The payer pays", "INH2-PAY-2"):
            payments(story, sides, bills)
        with story.chapter("The payer switches", "INH2-PPL-2"):
            enrolments(story, sides)
        with story.chapter("A conveyed account", "INH2-PAY-9"):
            conveyed(story, sides, bills)
        with story.chapter("Something goes wrong", "INH2-PAY-10"):
            trouble(story, sides)
        with story.chapter("The contract's verdict", "INH2-ADR-2"):
            contract(story, sides)


def bill_file(story: Story, *, invoices: int, seed: int) -> tuple[bytes, list[InvoiceGroup]]:
    """Generate a file and check it."""
    layout = load_layout("inhance_v2")
    stream = io.BytesIO()
    generate_bif(stream, invoices, as_of=datetime.now(UTC).date(), seed=seed, meters=(1, 25))
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
        "INH2-PRS-1",
        f"invoice {first.InvoiceNumber} is presented with {shown.total_amount_due}",
        found=(shown.total_amount_due, shown.balance_due, shown.invoice_due_date),
        expected=(first.TotalAmountDue, first.BalanceDue, first.InvoiceDueDate),
    )
    again = sides.invoice_cloud.upload_invoice_file("bills.bif", content)
    shown = sides.invoice_cloud.view_invoice(first.InvoiceNumber)
    story.expect(
        "INH2-BIF-5",
        "the same file again replaces each invoice",
        found=(again.invoices_accepted, shown.balance_due),
        expected=(len(groups), first.BalanceDue),
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


def retrieval(story: Story, sides: InHanceSides, bills: list[InvoiceGroup]) -> None:
    """Real-time data retrieval when a payer opens a bill."""
    sides.control.post(f"/_sandbox/inhance/accounts/{ACCOUNT}/bills", {"invoice_number": "500099", "amount": "10.00"})
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
    sides.control.put(f"/_sandbox/inhance/accounts/{ACCOUNT}", {"email": "new@example.com", "phone": "413-555-0199"})
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
    sides.control.put(f"/_sandbox/inhance/accounts/{ACCOUNT}", {"email": ""})
    sides.open(INVOICE)
    story.expect(
        "INH2-RTDR-5",
        "no e-mail address in the answer leaves ours",
        found=sides.customer(ACCOUNT)["email_address"],
        expected="new@example.com",
    )
    asked = sides.exchange(sides.journal("BalanceCheck")[0]["id"])["request"]
    story.expect(
        "INH2-RTDR-8",
        f"LastInvoiceNumber is {INVOICE}",
        found=f"<LastInvoiceNumber>{INVOICE}</LastInvoiceNumber>" in asked,
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


def payments(story: Story, sides: InHanceSides, bills: list[InvoiceGroup]) -> None:
    """Paying, and what the partner is told."""
    before = sides.balance(ACCOUNT)
    paid = sides.pay(ACCOUNT, "40.00", invoice_number=INVOICE, service_fee="2.50")
    posted = sides.posted(ACCOUNT, paid["reference"])
    story.expect("INH2-PAY-2", "the payment is posted once", found=len(posted), expected=1)
    row = posted[0] if posted else {}
    story.expect(
        "INH2-PAY-1",
        "with reference, document, type and amount",
        found=tuple(row.get(name) for name in ("reference", "document_number", "type", "amount")),
        expected=(paid["reference"], INVOICE, "Credit Card", "40.00"),
    )
    story.expect("INH2-PAY-7", "the fee stands beside it", found=row.get("convenience_fee"), expected="2.50")
    after = sides.balance(ACCOUNT)
    story.expect(
        "INH2-PAY-8",
        f"the partner's balance {before} -> {after}, Invoice Cloud's {sides.invoice(INVOICE)['balance_due']}",
        found=(after, Decimal(sides.invoice(INVOICE)["balance_due"])),
        expected=(before - 40, before - 40),
    )
    types = {}
    for tender in ("debit_card", "ach", "online_bank_direct", "paypal"):
        reference = sides.pay(ACCOUNT, "1.00", invoice_number=INVOICE, tender=tender)["reference"]
        types[tender] = [row["type"] for row in sides.posted(ACCOUNT, reference)]
    story.expect(
        "INH2-PAY-5",
        "debit card, ACH and online bank direct by their types",
        found=(types["debit_card"], types["ach"], types["online_bank_direct"]),
        expected=(["Credit Card"], ["ACH"], ["ACH"]),
    )
    story.expect("INH2-PAY-6", "PayPal as Credit Card", found=types["paypal"], expected=["Credit Card"])
    sides.configure(settings={"116": "PayPal"})
    reference = sides.pay(ACCOUNT, "1.00", invoice_number=INVOICE, tender="paypal")["reference"]
    story.expect(
        "INH2-PAY-6",
        "or as setting 116 has it",
        found=[row["type"] for row in sides.posted(ACCOUNT, reference)],
        expected=["PayPal"],
    )
    reference = sides.pay(ACCOUNT, "5.00", donation="standalone")["reference"]
    story.expect(
        "INH2-PAY-3", "a donation by itself is posted", found=len(sides.posted(ACCOUNT, reference)), expected=1
    )
    inline = sides.pay(ACCOUNT, "3.00", invoice_number=INVOICE, donation="inline")
    delivery = sides.delivery(inline["payment_guid"])
    story.expect(
        "INH2-PAY-4",
        f"an inline donation is not, and the delivery says: {delivery['words']}",
        found=(len(sides.posted(ACCOUNT, inline["reference"])), delivery["state"]),
        expected=(0, "skipped"),
    )
    sides.inhance.make_payment(
        account_number=PAID_UP,
        payment_date=datetime.now(),  # noqa: DTZ005 - the biller's own clock
        payment_reference="OVER-1",
        document_number="",
        payment_type_desc="ACH",
        amount=Decimal("7.00"),
    )
    over = sides.balance(PAID_UP)
    sides.control.post(f"/_sandbox/inhance/accounts/{PAID_UP}/bills", {"invoice_number": "500098", "amount": "10.00"})
    story.expect(
        "INH2-PAY-8",
        f"what is paid over is credit ({over}) until the next bill takes it",
        found=(over, sides.balance(PAID_UP)),
        expected=(Decimal("-7.00"), Decimal("3.00")),
    )
    sample = bills[:: max(1, len(bills) // 20)][:20]
    for group in sample:
        sides.control.post(
            "/_sandbox/ic/payments",
            {
                "account_number": group.customer.AccountNumber,
                "invoice_number": group.invoice.InvoiceNumber,
                "amount": f"{group.invoice.BalanceDue:.2f}",
                "tender": "ach",
                "bank_account": "000123456789",
            },
        )
    sides.settle()
    balances = {sides.balance(group.customer.AccountNumber) for group in sample}
    story.expect(
        "INH2-PAY-8", f"{len(sample)} bills of the file paid in full at once", found=balances, expected={Decimal(0)}
    )


def enrolments(story: Story, sides: InHanceSides) -> None:
    """Paperless, AutoPay, e-mail."""
    for kind, id in (("paperless", "INH2-PPL-2"), ("autopay", "INH2-AUT-2")):
        seen = []
        for enrolled in (True, False):
            sides.switch(kind, ACCOUNT, enrolled=enrolled)
            seen.append(sides.account(ACCOUNT)[kind])
        story.expect(id, f"{kind} on and off at the partner", found=seen, expected=[True, False])
    sides.configure(settings={"13": "wrong-key"})
    sides.control.post(f"/_sandbox/ic/customers/{ACCOUNT}/email", {"email_address": "payer@example.com"})
    sides.settle()
    story.expect(
        "INH2-EML-2",
        "a changed e-mail address, over the key of paperless",
        found=sides.account(ACCOUNT)["email"],
        expected="payer@example.com",
    )
    sides.configure(settings={"13": sides.settings["13"]})


def conveyed(story: Story, sides: InHanceSides, bills: list[InvoiceGroup]) -> None:
    """What becomes of a conveyed account's number."""
    plain = bills[-1].customer.AccountNumber
    number = sides.convey(plain)
    sides.control.put(f"/_sandbox/inhance/accounts/{number}", {"customer_name": "Former Owner"})
    story.tell(f"{plain} goes to a new owner; the former one's is {number} on both sides")
    before = sides.balance(plain)
    reference = sides.pay(number, "6.00", donation="standalone")["reference"]
    story.expect(
        "INH2-PAY-9",
        "its payment goes out under its own number, and credits nobody else",
        found=(len(sides.posted(number, reference)), sides.balance(plain)),
        expected=(1, before),
    )
    for kind, id in (("paperless", "INH2-PPL-3"), ("autopay", "INH2-AUT-3")):
        event = sides.switch(kind, number, enrolled=True)
        story.expect(
            id,
            f"{kind} reaches {plain}",
            found=(sides.delivery(event)["state"], sides.account(plain)[kind]),
            expected=("delivered", True),
        )


def trouble(story: Story, sides: InHanceSides) -> None:
    """A wrong key, a lost answer, a repeated reference."""
    before = sides.balance(ACCOUNT)
    sides.configure(settings={"13": "wrong-key"})
    refused = sides.pay(ACCOUNT, "2.00", invoice_number=INVOICE)
    delivery = sides.delivery(refused["payment_guid"])
    story.expect(
        "INH2-ADR-3",
        f"a wrong key is refused and changes nothing: {delivery['words']}",
        found=(delivery["state"], sides.balance(ACCOUNT)),
        expected=("dead", before),
    )
    sides.configure(settings={"13": sides.settings["13"]})
    sides.decide(refused["payment_guid"], "replay", "key corrected")
    story.expect(
        "INH2-ADR-1",
        "replayed with the right key it is posted",
        found=(sides.delivery(refused["payment_guid"])["state"], len(sides.posted(ACCOUNT, refused["reference"]))),
        expected=("delivered", 1),
    )
    with sides.fault("commit-then-drop", "MakePaymentExtended"):
        lost = sides.pay(ACCOUNT, "2.00", invoice_number=INVOICE)
    delivery = sides.delivery(lost["payment_guid"])
    story.expect(
        "INH2-PAY-10",
        f"an answer that is lost leaves the payment unknown, sent once: {delivery['words']}",
        found=(delivery["state"], len(sides.posted(ACCOUNT, lost["reference"]))),
        expected=("unknown", 1),
    )
    sides.decide(lost["payment_guid"], "resolve", "seen at the partner", posted=True)
    story.expect(
        "INH2-PAY-10",
        "a person settles it; nothing is sent again",
        found=(sides.delivery(lost["payment_guid"])["state"], len(sides.posted(ACCOUNT, lost["reference"]))),
        expected=("delivered", 1),
    )
    with sides.fault("commit-then-drop", "MakePaymentExtended"):
        doubled = sides.pay(ACCOUNT, "1.00", invoice_number=INVOICE)
    sides.decide(doubled["payment_guid"], "resolve", "thought it was not there", posted=False)
    flags = [bool(row["duplicate_of"]) for row in sides.posted(ACCOUNT, doubled["reference"])]
    story.expect(
        "INH2-PAY-11",
        "a person's wrong word posts it twice, and the partner reports it",
        found=flags,
        expected=[False, True],
    )
    with sides.fault("http-503", "SetPaperless"):
        event = sides.switch("paperless", ACCOUNT, enrolled=True)
        story.tell(f"first attempt: {sides.delivery(event)['words']}")
        sides.control.post("/_sandbox/clock/advance", {"duration": "1h"})
        sides.wait_until_settled(event)
    story.expect(
        "INH2-PPL-2",
        "an enrolment is tried again until it arrives",
        found=(sides.delivery(event)["state"], sides.account(ACCOUNT)["paperless"]),
        expected=("delivered", True),
    )


def contract(story: Story, sides: InHanceSides) -> None:
    """What the service says of itself, and the journal of every call that was made."""
    address = sides.settings["11"]
    served = read_wsdl(httpx.get(f"{address}?wsdl").content)
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
