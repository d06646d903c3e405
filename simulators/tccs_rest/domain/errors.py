"""
What the insurer refuses.

    Refused
      CredentialsWrong         consumerGUID or entryKey is not this insurer's
      InvoiceUnknown           .invoice_number
      QuoteHasNone             .invoice_number .what
      PaymentConflict          .payment_guid .field
      ReturnUnmatched          .invoice_number .on .amount_cents .returned
      InvoiceTaken             .invoice_number
      ValueInvalid             .field .value .rule
"""

from __future__ import annotations

from datetime import date

__all__ = [
    "CredentialsWrong",
    "InvoiceTaken",
    "InvoiceUnknown",
    "PaymentConflict",
    "QuoteHasNone",
    "Refused",
    "ReturnUnmatched",
    "ValueInvalid",
]


class Refused(Exception):
    """Nothing was changed; the text says why and never holds a secret."""


class CredentialsWrong(Refused):
    """consumerGUID or entryKey is not this insurer's; which of them is not told."""

    def __init__(self) -> None:
        super().__init__("consumerGUID or entryKey is wrong")


class InvoiceUnknown(Refused):
    """No policy term or quote of that number."""

    def __init__(self, invoice_number: str) -> None:
        self.invoice_number = invoice_number
        super().__init__(f"there is no invoice {invoice_number!r}")


class QuoteHasNone(Refused):
    """A quote is no policy yet: it has no bill, no paperless and no recurring flag."""

    def __init__(self, invoice_number: str, what: str) -> None:
        self.invoice_number, self.what = invoice_number, what
        super().__init__(f"quote {invoice_number!r} has no {what}")


class PaymentConflict(Refused):
    """The PaymentGUID was posted before, and `field` of that payment is another: this is not the same payment again."""

    def __init__(self, payment_guid: str, field: str) -> None:
        self.payment_guid, self.field = payment_guid, field
        super().__init__(f"PaymentGUID {payment_guid!r} was posted before with another {field}")


class ReturnUnmatched(Refused):
    """No payment that could be returned fits; `returned` says that one did, and was returned before."""

    def __init__(self, invoice_number: str, on: date, amount_cents: int, *, returned: bool) -> None:
        self.invoice_number, self.on, self.amount_cents, self.returned = invoice_number, on, amount_cents, returned
        super().__init__(
            f"invoice {invoice_number!r} has no payment of {amount_cents} cents on {on} that can be returned"
            + (": it was returned before" if returned else "")
        )


class InvoiceTaken(Refused):
    """A policy term of that number is there already, so the quote cannot become it."""

    def __init__(self, invoice_number: str) -> None:
        self.invoice_number = invoice_number
        super().__init__(f"invoice {invoice_number!r} is there already")


class ValueInvalid(Refused):
    """A value breaks a rule of the ledger."""

    def __init__(self, field: str, value: object, rule: str) -> None:
        self.field, self.value, self.rule = field, value, rule
        super().__init__(f"{field}: {str(value)[:80]!r} {rule}")
