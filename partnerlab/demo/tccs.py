"""The TCCS journey: from policy file to posted payment, deposit, return and bill image, and what goes wrong between."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

import httpx

from partnerlab.both_sides import TccsSides
from partnerlab.contracts.files import InvoiceGroup
from partnerlab.contracts.paths import at
from partnerlab.demo import presentment, tccs_addresses
from partnerlab.demo.tccs_file import policy_file, upload
from partnerlab.story import Story, asked

__all__ = ["tell"]

LANE = "demo-tccs"
POLICY, INVOICE = "454100010", "454100010-06/16/2020"
OVERDUE = "454100011-03/01/2028"
QUOTE = "Q454100010-03/01/2019"
BILLED, TOTAL = Decimal("120.00"), Decimal("340.00")
# Which requirement describes the messages of each endpoint.
ENDPOINTS = {
    "TCCS-RTDR-1": "ARState_Output",
    "TCCS-PAY-1": "Pay_Input",
    "TCCS-REJ-1": "Insufficient_Pay_Report",
    "TCCS-PPL-1": "Paperless_Bill",
    "TCCS-AUT-1": "Recurring_Pay",
    "TCCS-PDF-1": "Retrieve_Bill_Image",
}


def tell(story: Story, url: str, *, invoices: int, seed: int) -> None:
    """Run the journey on a lane of its own of the sandbox at *url*."""
    bills: list[InvoiceGroup] = []
    with TccsSides.of(url, LANE, reset=True) as sides:
        with story.chapter("A policy file", "TCCS-BIF-2"):
            content, bills = policy_file(story, invoices=invoices, as_of=sides.today(), seed=seed)
        if not bills:
            return  # without policies there is no journey; the part that failed has said why
        with story.chapter("Upload", "TCCS-BIF-1"):
            upload(story, sides, content, bills)
        with story.chapter("A payer opens a policy's invoice", "TCCS-RTDR-1"):
            retrieval(story, sides, bills[0])
        with story.chapter("The payer pays", "TCCS-PAY-1"):
            payments(story, sides, bills)
        with story.chapter("One PaymentGUID, one posting", "TCCS-GUID-3"):
            payment_guids(story, sides)
        with story.chapter("A quote's deposit", "TCCS-PAY-7"):
            deposit(story, sides)
        with story.chapter("The bank returns a payment", "TCCS-REJ-1"):
            returned(story, sides)
        with story.chapter("The payer switches", "TCCS-PPL-2"):
            enrolments(story, sides)
        with story.chapter("The bill as the insurer prints it", "TCCS-PDF-1"):
            bill_image(story, sides)
            presentment.of_policies(story, sides, POLICY, INVOICE)
        with story.chapter("A bill that is not paid in time", "TCCS-BIF-12"):
            presentment.late_fee(story, sides, OVERDUE)
        with story.chapter("Something goes wrong", "TCCS-GUID-5"):
            trouble(story, sides)
        with story.chapter("What is refused", "TCCS-ADR-5"):
            refusals(story, sides)
        with story.chapter("Addresses and keys", "TCCS-ADR-1"):
            tccs_addresses.tell(story, sides, POLICY, INVOICE)
        with story.chapter("The contract's verdict", "TCCS-ADR-3"):
            contract(story, sides)


def retrieval(story: Story, sides: TccsSides, group: InvoiceGroup) -> None:
    """Real-time data retrieval when a payer opens an invoice."""
    more = {"invoice_number": INVOICE, "amount": "10.00"}
    sides.control.post("/_sandbox/tccs/instalments", more)
    sides.open(INVOICE)
    after = sides.invoice(INVOICE)
    story.expect(
        "TCCS-RTDR-2", f"Record bal {BILLED + 10} is shown", found=after["balance_due"], expected=str(BILLED + 10)
    )
    story.expect(
        "TCCS-RTDR-3",
        f"Total Balance {TOTAL + 10} is the total",
        found=after["total_amount_due"],
        expected=str(TOTAL + 10),
    )
    number = group.invoice.InvoiceNumber
    sides.open(number)
    story.expect(
        "TCCS-RTDR-1",
        f"policy {group.customer.AccountNumber} of the file owes the same on both sides",
        found=tuple(f"{amount:.2f}" for amount in sides.balance(number)),
        expected=(sides.invoice(number)["balance_due"], sides.invoice(number)["total_amount_due"]),
    )
    sides.configure(settings={"10": "wrong-key"})
    opened = sides.open(INVOICE)
    shown = sides.invoice(INVOICE)
    story.expect(
        "TCCS-RTDR-4",
        f"a refused balance request fails nobody: {opened['problem']}",
        found=(bool(opened["problem"]), shown["balance_due"], shown["total_amount_due"]),
        expected=(True, after["balance_due"], after["total_amount_due"]),
    )
    sides.configure(settings={"10": sides.settings["10"]})


def payments(story: Story, sides: TccsSides, bills: list[InvoiceGroup]) -> None:
    """Paying, and what the partner is told."""
    before = sides.balance(INVOICE)
    billed = f"{before[0]:.2f}"  # the least that a policy takes while a part is billed
    paid = sides.pay(POLICY, billed, invoice_number=INVOICE, service_fee="2.50")
    row = only(sides.posted(INVOICE), paid["payment_guid"])
    sent = sides.exchange(sides.journal("Pay_Input")[0]["id"])["request"]
    story.expect(
        "TCCS-PAY-1",
        f"Pay_Input posts {row.get('amount')} of type {row.get('type')}",
        found=(row.get("amount"), row.get("type"), row.get("invoice_number")),
        expected=(billed, "CC", INVOICE),
    )
    story.expect("TCCS-PAY-5", "the service fee is not in it", found=row.get("amount"), expected=paid["amount"])
    story.expect(
        "TCCS-ADR-10", "no space is sent around a separator", found="+%7C" in sent or "%7C+" in sent, expected=False
    )
    after = sides.balance(INVOICE)
    story.expect(
        "TCCS-PAY-6",
        f"the partner's balances {before[0]} and {before[1]} are now {after[0]} and {after[1]}",
        found=(after, Decimal(sides.invoice(INVOICE)["balance_due"])),
        expected=((Decimal("0.00"), before[1] - before[0]), Decimal("0.00")),
    )
    types = {}
    for tender in ("credit_card", "debit_card", "ach", "online_bank_direct", "paypal"):
        guid = sides.pay(POLICY, "1.00", invoice_number=INVOICE, tender=tender)["payment_guid"]
        types[tender] = only(sides.posted(INVOICE), guid).get("type")
    story.expect("TCCS-PAY-3", "cards as CC", found=(types["credit_card"], types["debit_card"]), expected=("CC", "CC"))
    story.expect(
        "TCCS-PAY-4",
        "bank payments, online bank direct and PayPal as ACH",
        found=(types["ach"], types["online_bank_direct"], types["paypal"]),
        expected=("ACH", "ACH", "ACH"),
    )
    for group in bills[:5]:
        owed = Decimal(sides.invoice(group.invoice.InvoiceNumber)["balance_due"])
        if owed:
            sides.pay(group.customer.AccountNumber, f"{owed:.2f}", invoice_number=group.invoice.InvoiceNumber)
    left = {sides.balance(group.invoice.InvoiceNumber)[0] for group in bills[:5]}
    story.expect("TCCS-PAY-6", "five policies of the file are paid up", found=left, expected={Decimal(0)})


def payment_guids(story: Story, sides: TccsSides) -> None:
    """Version 2 of the service, and version 1."""
    one, two = (sides.pay(POLICY, "2.00", invoice_number=INVOICE) for _ in range(2))
    guids = [row["payment_guid"] for row in sides.posted(INVOICE)]
    story.expect(
        "TCCS-GUID-4",
        "each payment has a PaymentGUID of its own",
        found=(one["payment_guid"] in guids, two["payment_guid"] in guids, len(set(guids)) == len(guids)),
        expected=(True, True, True),
    )
    before = sides.balance(INVOICE)
    again = sides.tccs.pay(INVOICE, Decimal("2.00"), "CC", payment_guid=one["payment_guid"])
    story.expect(
        "TCCS-GUID-3",
        f"the same one again posts nothing: {again.message}",
        found=(len(sides.posted(INVOICE)), sides.balance(INVOICE)),
        expected=(len(guids), before),
    )
    story.expect(
        "TCCS-GUID-2",
        "one with a space is refused",
        found=refusal(sides, f"{INVOICE}|2.00:CC@not a-guid"),
        expected=400,
    )
    sides.configure(settings={"35": "1"})
    sides.pay(POLICY, "2.00", invoice_number=INVOICE)
    version1 = [row["payment_guid"] for row in sides.posted(INVOICE)]
    story.expect("TCCS-GUID-1", "in version 1 none is sent", found=version1.count(None) - guids.count(None), expected=1)
    sides.configure(settings={"35": sides.settings["35"]})


def deposit(story: Story, sides: TccsSides) -> None:
    """A deposit by the client itself; an agent's way to it is in the part of the hosted pages."""
    sides.tccs.deposit(QUOTE, "Ondine O'Hara", Decimal("150.00"), payment_guid="demo-deposit-1")
    row = only(sides.posted(QUOTE), "demo-deposit-1")
    story.expect(
        "TCCS-PAY-7",
        f"the deposit on {QUOTE} is posted with the insured's name and without a type",
        found=(row.get("amount"), row.get("insured_name"), row.get("type")),
        expected=("150.00", "Ondine O'Hara", None),
    )
    story.tell(f"the quote is bound: {sides.control.get(at('/_sandbox/tccs/quotes/{}', QUOTE))['policy']}")


def returned(story: Story, sides: TccsSides) -> None:
    """A bank payment that comes back banking days later."""
    before = sides.balance(INVOICE)
    paid = sides.pay(POLICY, "25.00", invoice_number=INVOICE, tender="ach", bank_account="000111111113")
    lower = sides.balance(INVOICE)
    sides.advance("7d")
    row = only(sides.posted(INVOICE), paid["payment_guid"])
    story.expect(
        "TCCS-REJ-1",
        "Insufficient_Pay_Report names the payment by day and amount",
        found=(len(sides.journal("Insufficient_Pay_Report")), bool(row.get("returned_at"))),
        expected=(1, True),
    )
    after = sides.balance(INVOICE)
    story.expect(
        "TCCS-REJ-2",
        f"what was owed, {before[1]}, is owed again after {lower[1]}",
        found=(lower[1], after[1] >= before[1]),
        expected=(before[1] - 25, True),
    )


def enrolments(story: Story, sides: TccsSides) -> None:
    """Paperless and AutoPay."""
    for kind, flag, id in (("paperless", "paperless", "TCCS-PPL-2"), ("autopay", "recurring", "TCCS-AUT-2")):
        seen = []
        for enrolled in (True, False):
            sides.switch(kind, POLICY, enrolled=enrolled)
            seen.append(sides.policy(INVOICE)[flag])
        story.expect(id, f"{kind} on and off at the partner", found=seen, expected=[True, False])


def bill_image(story: Story, sides: TccsSides) -> None:
    """The bill as a PDF."""
    page = io.BytesIO()
    size = sides.tccs.save_bill_image(INVOICE, page)
    story.expect(
        "TCCS-PDF-1",
        f"Retrieve_Bill_Image gives a PDF of {size:,} bytes",
        found=(page.getvalue()[:5], size > 1_000),
        expected=(b"%PDF-", True),
    )


def trouble(story: Story, sides: TccsSides) -> None:
    """Lost answers in both versions, and the switch of the retry."""
    with sides.fault("commit-then-drop", "Pay_Input"):
        lost = sides.pay(POLICY, "3.00", invoice_number=INVOICE)
        sides.advance("1h")
        sides.wait_until_settled(lost["payment_guid"])
    delivery = sides.delivery(lost["payment_guid"])
    story.expect(
        "TCCS-GUID-5",
        f"an answer that is lost: sent {delivery['attempts']} times with one PaymentGUID, posted once",
        found=(delivery["state"], delivery["attempts"], count(sides.posted(INVOICE), lost["payment_guid"])),
        expected=("delivered", 2, 1),
    )
    sides.configure(settings={"35": "1"})
    before = len(sides.posted(INVOICE))
    with sides.fault("commit-then-drop", "Pay_Input"):
        lost = sides.pay(POLICY, "3.00", invoice_number=INVOICE)
    delivery = sides.delivery(lost["payment_guid"])
    story.expect(
        "TCCS-GUID-5",
        f"in version 1 it waits for a person: {delivery['message']}",
        found=(delivery["state"], len(sides.posted(INVOICE)) - before),
        expected=("unknown", 1),
    )
    sides.decide(lost["payment_guid"], "resolve", "seen at the partner", posted=True)
    sides.configure(settings={"35": sides.settings["35"], "datapump_retry": "0"})
    with sides.fault("http-503", "Paperless_Bill"):
        event = sides.switch("paperless", POLICY, enrolled=True)
    delivery = sides.delivery(event)
    story.expect(
        "TCCS-RTY-1",
        f"with the retry switched off a person decides: {delivery['message']}",
        found=(delivery["state"], delivery["attempts"]),
        expected=("dead", 1),
    )
    sides.decide(event, "replay", "the partner is back")
    sides.configure(settings={"datapump_retry": None})
    with sides.fault("http-503", "Paperless_Bill"):
        event = sides.switch("paperless", POLICY, enrolled=False)
        sides.advance("1h")
        sides.wait_until_settled(event)
    story.expect(
        "TCCS-RTY-1",
        "switched on, it is tried again until it arrives",
        found=(sides.delivery(event)["state"], sides.policy(INVOICE)["paperless"]),
        expected=("delivered", False),
    )


def refusals(story: Story, sides: TccsSides) -> None:
    """What breaks a rule is refused, says why and changes nothing."""
    before = sides.balance(INVOICE)
    for id, what, text, credential, expected in (
        ("TCCS-ADR-4", "a wrong entryKey", INVOICE, "wrong-key", 401),
        ("TCCS-ADR-5", "an amount without its type", f"{INVOICE}|24.00|CC", None, 400),
        ("TCCS-ADR-6", "an unknown policy", "999999999-01/01/2030|1.00:CC", None, 404),
        ("TCCS-PAY-10", "an amount with a thousands separator", f"{INVOICE}|1,000.00:CC", None, 400),
        ("TCCS-PAY-10", "an amount of nothing", f"{INVOICE}|0.00:CC", None, 400),
        ("TCCS-PAY-10", "an amount with one decimal", f"{INVOICE}|24.5:CC", None, 400),
        ("TCCS-PAY-11", "a payment without a type", f"{INVOICE}|1.00", None, 400),
    ):
        story.expect(id, f"{what} is refused", found=refusal(sides, text, credential), expected=expected)
    answer = send(sides, f"{INVOICE}|24.00|CC", path="/invoicecloudapi/api/Pay_Input")
    story.expect(
        "TCCS-ADR-11", "and its place is named", found=f"column {len(INVOICE) + 7}" in answer.text, expected=True
    )
    found = refusal(sides, f"{INVOICE} | 1.00 : CC @ demo-spaces-1", path="/INVOICECLOUDAPI/pay_input")
    story.expect("TCCS-ADR-10", "spaces around separators are accepted", found=found, expected=200)
    story.expect(
        "TCCS-ADR-8",
        "in any case, with and without /api",
        found=(found, sides.balance(INVOICE)[1]),
        expected=(200, before[1] - 1),
    )
    answer = send(sides, INVOICE, path="/invoicecloudapi/api/ARState_Output", accept="application/xml")
    story.expect(
        "TCCS-ADR-7",
        f"XML where it is asked for: {answer.headers['content-type']}",
        found=answer.text.lstrip().startswith("<"),
        expected=True,
    )


def contract(story: Story, sides: TccsSides) -> None:
    """The journal of every call that the client made."""
    story.expect(
        "TCCS-ADR-3",
        "each is a form of three fields",
        found={"consumerGUID=" in row and "entryKey=" in row and "contentInfo=" in row for row in requests(sides)},
        expected={True},
    )
    for id, endpoint in ENDPOINTS.items():
        entries = [row for row in sides.journal(endpoint) if not row["faults"] and row["status"] == 200]
        broken = [finding for row in entries for finding in row["findings"] or []]
        story.expect(
            id, f"{len(entries)} calls of {endpoint} keep it", found=(bool(entries), broken), expected=(True, [])
        )


def requests(sides: TccsSides) -> list[str]:
    """The bodies of some calls of each endpoint."""
    return [
        sides.exchange(row["id"])["request"] for endpoint in ENDPOINTS.values() for row in sides.journal(endpoint)[:2]
    ]


def refusal(sides: TccsSides, text: str, key: str | None = None, path: str = "/invoicecloudapi/api/Pay_Input") -> int:
    """The status of a call that no client of ours would send."""
    return send(sides, text, key, path).status_code


def send(
    sides: TccsSides, text: str, key: str | None = None, path: str = "", accept: str = "application/json"
) -> httpx.Response:
    """A call with that contentInfo."""
    form = {"consumerGUID": sides.settings["12"], "entryKey": key or sides.settings["13"], "contentInfo": text}
    return asked("POST", f"{sides.url}{path}", data=form, headers={"Accept": accept})


def only(rows: list[dict[str, Any]], payment_guid: str) -> dict[str, Any]:
    """The payment of that GUID where there is one, else nothing."""
    found = [row for row in rows if row["payment_guid"] == payment_guid]
    return found[0] if len(found) == 1 else {}


def count(rows: list[dict[str, Any]], payment_guid: str) -> int:
    """How many payments have that GUID."""
    return sum(row["payment_guid"] == payment_guid for row in rows)
