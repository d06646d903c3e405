"""What was refused, in a payer's words, and the field of the form that it is about."""

from __future__ import annotations

from partnerlab.simulators.ic_webservices.domain.errors import DomainError, PaymentRefused, ValueRefused
from partnerlab.simulators.ic_webservices.domain.invoices import Invoice, least_cents, owed_cents
from partnerlab.simulators.ic_webservices.pages.view import in_payers_words, money

__all__ = ["refusal_field", "told"]


def told(error: DomainError, invoice: Invoice | None = None) -> str:
    """The refusal of a payment, of *invoice* where it is known, with what can be paid; payers call it a bill."""
    if isinstance(error, PaymentRefused) and invoice is not None:
        bill, least, owed = f"Bill {invoice.invoice_number}", least_cents(invoice), owed_cents(invoice)
        if error.code == "over_balance":
            return f"{bill}: you can pay at most {money(owed)}."
        if error.code == "under_minimum":
            return f"{bill}: you can pay {money(least)} or more."
        if error.code == "partial_not_allowed" and least == owed:
            return f"{bill} can only be paid as a whole: {money(owed)}."
        if error.code == "partial_not_allowed":
            return f"{bill}: you can pay the {money(least)} due now, or the {money(owed)} owed in all."
    return in_payers_words(str(error))


def refusal_field(error: DomainError) -> str:
    """The field of the form that a refusal is about."""
    if isinstance(error, ValueRefused):
        return {"day": "Day", "card_number": "CardNumber", "bank_account": "BankAccountNumber"}.get(error.field, "")
    if isinstance(error, PaymentRefused):
        return "Method" if error.code in ("card_blocked", "bank_blocked", "card_expired") else "Amount"
    return ""
