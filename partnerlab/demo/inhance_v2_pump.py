"""
The second half of the Harris inHance v2 journey: what the data pump tells the partner, and what happens where that goes
wrong.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from partnerlab.both_sides import InHanceSides
from partnerlab.contracts.files import InvoiceGroup
from partnerlab.contracts.paths import at
from partnerlab.story import Story

__all__ = ["ACCOUNT", "INVOICE", "tell"]

ACCOUNT, INVOICE = "10000101", "500001"
PAID_UP = "10000103"


def tell(story: Story, sides: InHanceSides, bills: list[InvoiceGroup]) -> None:
    """Payments, enrolments and e-mail, until the partner has them; *bills* are those of the file."""
    with story.chapter("The payer pays", "INH2-PAY-2"):
        payment(story, sides)
        payment_types(story, sides)
        donations(story, sides)
        credit(story, sides)
        paid_in_full(story, sides, bills)
    with story.chapter("The payer switches", "INH2-PPL-2"):
        enrolments(story, sides)
    with story.chapter("A conveyed account", "INH2-PAY-9"):
        conveyed(story, sides, bills)
    with story.chapter("Something goes wrong", "INH2-PAY-10"):
        refused(story, sides)
        lost_answer(story, sides)


def payment(story: Story, sides: InHanceSides) -> None:
    """Paying a bill, and what the partner is told."""
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


def payment_types(story: Story, sides: InHanceSides) -> None:
    """What the partner is told a payment was made by."""
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


def donations(story: Story, sides: InHanceSides) -> None:
    """A donation by itself, and one beside a bill's payment."""
    reference = sides.pay(ACCOUNT, "5.00", donation="standalone")["reference"]
    story.expect(
        "INH2-PAY-3", "a donation by itself is posted", found=len(sides.posted(ACCOUNT, reference)), expected=1
    )
    inline = sides.pay(ACCOUNT, "3.00", invoice_number=INVOICE, donation="inline")
    delivery = sides.delivery(inline["payment_guid"])
    story.expect(
        "INH2-PAY-4",
        f"an inline donation is not, and the delivery says: {delivery['message']}",
        found=(len(sides.posted(ACCOUNT, inline["reference"])), delivery["state"]),
        expected=(0, "skipped"),
    )


def credit(story: Story, sides: InHanceSides) -> None:
    """What is paid over stands on the account until the next bill."""
    sides.inhance.make_payment(
        account_number=PAID_UP,
        payment_date=datetime.now(),  # noqa: DTZ005 - the biller's own clock
        payment_reference="OVER-1",
        document_number="",
        payment_type_desc="ACH",
        amount=Decimal("7.00"),
    )
    over = sides.balance(PAID_UP)
    sides.control.post(
        at("/_sandbox/inhance/accounts/{}/bills", PAID_UP), {"invoice_number": "500098", "amount": "10.00"}
    )
    story.expect(
        "INH2-PAY-8",
        f"what is paid over is credit ({over}) until the next bill takes it",
        found=(over, sides.balance(PAID_UP)),
        expected=(Decimal("-7.00"), Decimal("3.00")),
    )


def paid_in_full(story: Story, sides: InHanceSides, bills: list[InvoiceGroup]) -> None:
    """Bills of the file, many at once."""
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
    sides.control.post(at("/_sandbox/ic/customers/{}/email", ACCOUNT), {"email_address": "payer@example.com"})
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
    sides.control.put(at("/_sandbox/inhance/accounts/{}", number), {"customer_name": "Former Owner"})
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


def refused(story: Story, sides: InHanceSides) -> None:
    """A wrong key."""
    before = sides.balance(ACCOUNT)
    sides.configure(settings={"13": "wrong-key"})
    paid = sides.pay(ACCOUNT, "2.00", invoice_number=INVOICE)
    delivery = sides.delivery(paid["payment_guid"])
    story.expect(
        "INH2-ADR-3",
        f"a wrong key is refused and changes nothing: {delivery['message']}",
        found=(delivery["state"], sides.balance(ACCOUNT)),
        expected=("dead", before),
    )
    sides.configure(settings={"13": sides.settings["13"]})
    sides.decide(paid["payment_guid"], "replay", "key corrected")
    story.expect(
        "INH2-ADR-1",
        "replayed with the right key it is posted",
        found=(sides.delivery(paid["payment_guid"])["state"], len(sides.posted(ACCOUNT, paid["reference"]))),
        expected=("delivered", 1),
    )


def lost_answer(story: Story, sides: InHanceSides) -> None:
    """An answer that is lost, a reference that is repeated by a person's wrong word, and an enrolment in an outage."""
    with sides.fault("commit-then-drop", "MakePaymentExtended"):
        lost = sides.pay(ACCOUNT, "2.00", invoice_number=INVOICE)
    delivery = sides.delivery(lost["payment_guid"])
    story.expect(
        "INH2-PAY-10",
        f"an answer that is lost leaves the payment unknown, sent once: {delivery['message']}",
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
        story.tell(f"first attempt: {sides.delivery(event)['message']}")
        sides.control.post("/_sandbox/clock/advance", {"duration": "1h"})
        sides.wait_until_settled(event)
    story.expect(
        "INH2-PPL-2",
        "an enrolment is tried again until it arrives",
        found=(sides.delivery(event)["state"], sides.account(ACCOUNT)["paperless"]),
        expected=("delivered", True),
    )
