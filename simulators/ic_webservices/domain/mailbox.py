"""
The messages that Invoice Cloud would send to payers: written, kept, never sent.

What the sources name: notices of a bill on its notification dates, a reminder from a payment page, the receipt of a
payment, the text that Pay By Text begins with. Their words, and everything that no source says of them, are assumed
[A-114].
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from partnerlab.contracts.records import dataclass
from partnerlab.simulators.ic_webservices.domain.billers import Biller, time_zone
from partnerlab.simulators.ic_webservices.domain.customers import Customer
from partnerlab.simulators.ic_webservices.domain.invoices import Invoice
from partnerlab.simulators.ic_webservices.domain.money import amount
from partnerlab.simulators.ic_webservices.domain.payments import BANK_TENDERS, Payment
from partnerlab.simulators.ic_webservices.domain.schedules import collected_on

__all__ = [
    "CHANNELS",
    "KINDS",
    "MOST_KEPT",
    "Message",
    "bill_notices",
    "notifies_at",
    "receipt",
    "remind_on",
    "reminder",
    "text_confirmation",
]

EMAIL, TEXT = "email", "text"
CHANNELS = (EMAIL, TEXT)
BILL_NOTICE, REMINDER, RECEIPT, TEXT_CONFIRMATION = "bill_notice", "reminder", "receipt", "text_confirmation"
KINDS = (BILL_NOTICE, REMINDER, RECEIPT, TEXT_CONFIRMATION)
MOST_KEPT = 1_000
"""Messages of a lane; the oldest go first."""
NOTIFY_TIME = time(8, 0)
"""Local time of the biller: an hour after AutoPay and scheduled payments, so that nobody is told of what they paid."""


@dataclass(frozen=True, slots=True)
class Message:
    """
    A message to a payer, as it would have gone out at `sent_at` (ISO 8601 in UTC, on the lane's clock).

    `channel` is of `CHANNELS`, `kind` of `KINDS`; `recipient` an e-mail address or a telephone number. `number` counts
    a lane's messages from 1. A text has no subject.
    """

    biller_guid: str
    channel: str
    kind: str
    recipient: str
    subject: str
    body: str
    account_number: str = ""
    invoice_number: str = ""
    payment_guid: str = ""
    number: int = 0
    sent_at: str = ""

    def __repr__(self) -> str:
        return f"Message(number={self.number}, channel={self.channel!r}, kind={self.kind!r})"


def notifies_at(day: date, zone: ZoneInfo) -> datetime:
    """When the notices and reminders of a day go out, in UTC."""
    return datetime.combine(day, NOTIFY_TIME, tzinfo=zone).astimezone(UTC)


def remind_on(invoice: Invoice, today: date) -> date:
    """The day of a reminder: the day before the bill is due, but not before tomorrow."""
    return max(invoice.invoice_due_date - timedelta(days=1), today + timedelta(days=1))


def bill_notices(
    biller: Biller, customer: Customer, invoice: Invoice, phones: Sequence[str], *, ordinal: int
) -> list[Message]:
    """The notice of a bill by e-mail, and as a text to the *phones* of Pay By Text; *ordinal* 1 for the first."""
    if ordinal == 1:
        subject = f"{biller.name}: your bill {invoice.invoice_number} is ready"
    else:
        subject = f"{biller.name}: bill {invoice.invoice_number} is not paid yet"
    paid_by = []
    if customer.autopay:
        paid_by = [f"AutoPay pays it on {_day(collected_on(invoice))}."]
    body = _letter(biller, customer, _due(customer, invoice), *paid_by)
    text = " ".join([f"{biller.name}:", _due(customer, invoice), *paid_by])
    emails = [_about(invoice, EMAIL, BILL_NOTICE, to, subject, body) for to in _addresses(customer)]
    return [*emails, *(_about(invoice, TEXT, BILL_NOTICE, phone, "", text) for phone in phones)]


def reminder(biller: Biller, customer: Customer, invoice: Invoice, recipient: str) -> Message:
    """The reminder that a payer asked for on a payment page."""
    subject = f"{biller.name}: the reminder of bill {invoice.invoice_number} that you asked for"
    return _about(invoice, EMAIL, REMINDER, recipient, subject, _letter(biller, customer, _due(customer, invoice)))


def receipt(biller: Biller, customer: Customer, payment: Payment, recipient: str = "") -> list[Message]:
    """The receipt of an approved payment, to *recipient* where the payer gave an address, else to the customer's."""
    paid_at = datetime.fromisoformat(payment.paid_at).astimezone(time_zone(biller.time_zone))
    what = f"bill {payment.invoice_number}" if payment.invoice_number else "a donation"
    fee = f", and a service fee of {_money(payment.service_fee_cents)}" if payment.service_fee_cents else ""
    body = _letter(
        biller,
        customer,
        f"Thank you for your payment of {_money(payment.amount_cents)}{fee} for {what} of account"
        f" {customer.shown_account} on {_day(paid_at.date())}.",
        f"Paid by {_method(payment)}. Payment reference {payment.reference}.",
    )
    subject = f"{biller.name}: receipt of your payment of {_money(payment.amount_cents)}"
    return [
        Message(
            biller_guid=biller.guid,
            channel=EMAIL,
            kind=RECEIPT,
            recipient=to,
            subject=subject,
            body=body,
            account_number=payment.account_number,
            invoice_number=payment.invoice_number,
            payment_guid=payment.payment_guid,
        )
        for to in ([recipient] if recipient else _addresses(customer))
    ]


def text_confirmation(biller: Biller, phone: str) -> Message:
    """The text that asks a telephone number to confirm Pay By Text [A-62]."""
    return Message(
        biller_guid=biller.guid,
        channel=TEXT,
        kind=TEXT_CONFIRMATION,
        recipient=phone,
        subject="",
        body=f"{biller.name}: reply Y to receive and pay your bills by text.",
    )


def _about(invoice: Invoice, channel: str, kind: str, recipient: str, subject: str, body: str) -> Message:
    return Message(
        biller_guid=invoice.biller_guid,
        channel=channel,
        kind=kind,
        recipient=recipient,
        subject=subject,
        body=body,
        account_number=invoice.account_number,
        invoice_number=invoice.invoice_number,
    )


def _due(customer: Customer, invoice: Invoice) -> str:
    return (
        f"{_money(invoice.balance_due_cents)} is due on {_day(invoice.invoice_due_date)} for your bill"
        f" {invoice.invoice_number} of account {customer.shown_account}."
    )


def _addresses(customer: Customer) -> list[str]:
    return [one for one in dict.fromkeys((customer.email_address, customer.email_address_cc)) if one]


def _letter(biller: Biller, customer: Customer, *paragraphs: str) -> str:
    return "\n\n".join([f"Dear {customer.customer_name or 'customer'},", *paragraphs, biller.name])


def _method(payment: Payment) -> str:
    if payment.tender == "paypal":
        return "PayPal"
    name = "bank account" if payment.tender in BANK_TENDERS else payment.brand or "card"
    return f"{name} ending in {payment.last_four}"


def _money(cents: int) -> str:
    return f"${amount(cents):,.2f}"


def _day(day: date) -> str:
    return f"{day:%B} {day.day}, {day.year}"
