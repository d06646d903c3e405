"""
What the insurer refuses.

    DomainError
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
    "DomainError",
    "InvoiceTaken",
    "InvoiceUnknown",
    "PaymentConflict",
    "QuoteHasNone",
    "ReturnUnmatched",
    "ValueInvalid",
]


class DomainError(Exception):
    """Nothing was changed. `code` is one word for machines; the text says why and never holds a secret."""

    code = "refused"


class CredentialsWrong(DomainError):
    """consumerGUID or entryKey is not this insurer's; which of them is not told."""

    code = "credentials_wrong"

    def __init__(self) -> None:
        super().__init__("consumerGUID or entryKey is wrong")


class InvoiceUnknown(DomainError):
    """No policy term or quote of that number."""

    code = "invoice_unknown"

    def __init__(self, invoice_number: str) -> None:
        self.invoice_number = invoice_number
        super().__init__(f"there is no invoice {invoice_number!r}")


class QuoteHasNone(DomainError):
    """A quote is no policy yet: it has no bill, no paperless and no recurring flag."""

    code = "quote_has_none"

    def __init__(self, invoice_number: str, what: str) -> None:
        self.invoice_number, self.what = invoice_number, what
        super().__init__(f"quote {invoice_number!r} has no {what}")


class PaymentConflict(DomainError):
    """The PaymentGUID was posted before, and `field` of that payment is another: this is not the same payment again."""

    code = "payment_conflict"

    def __init__(self, payment_guid: str, field: str) -> None:
        self.payment_guid, self.field = payment_guid, field
        super().__init__(f"PaymentGUID {payment_guid!r} was posted before with another {field}")


class ReturnUnmatched(DomainError):
    """No payment that could be returned fits; `returned` says that one did, and was returned before."""

    code = "return_unmatched"

    def __init__(self, invoice_number: str, on: date, amount_cents: int, *, returned: bool) -> None:
        self.invoice_number, self.on, self.amount_cents, self.returned = invoice_number, on, amount_cents, returned
        super().__init__(
            f"invoice {invoice_number!r} has no payment of {amount_cents} cents on {on} that can be returned"
            + (": it was returned before" if returned else "")
        )


class InvoiceTaken(DomainError):
    """A policy term of that number is there already, so the quote cannot become it."""

    code = "invoice_taken"

    def __init__(self, invoice_number: str) -> None:
        self.invoice_number = invoice_number
        super().__init__(f"invoice {invoice_number!r} is there already")


class ValueInvalid(DomainError):
    """A value breaks a rule of the ledger."""

    code = "field_invalid"

    def __init__(self, field: str, value: object, rule: str) -> None:
        self.field, self.value, self.rule = field, value, rule
        super().__init__(f"{field}: {str(value)[:80]!r} {rule}")
