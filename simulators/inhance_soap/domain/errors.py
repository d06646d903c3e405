"""
What the utility refuses.

    DomainError
      KeyWrong                 the web service key is not this utility's
      AccountUnknown           .account_number
      ValueInvalid             .field .value .rule
      PaymentDuplicate         .reference .duplicate_of
      InvoiceTaken             .invoice_number
      PaymentUnknown           .payment
      PaymentSettled           .payment .state
      NotSupported             .feature
"""

from __future__ import annotations

__all__ = [
    "AccountUnknown",
    "DomainError",
    "InvoiceTaken",
    "KeyWrong",
    "NotSupported",
    "PaymentDuplicate",
    "PaymentSettled",
    "PaymentUnknown",
    "ValueInvalid",
]


class DomainError(Exception):
    """Nothing was changed. `code` is one word for machines; the text says why and never holds a secret."""

    code = "refused"


class KeyWrong(DomainError):
    """The web service key is not this utility's."""

    code = "key_wrong"

    def __init__(self) -> None:
        super().__init__("the web service key is wrong")


class AccountUnknown(DomainError):
    """No account of that number."""

    code = "account_unknown"

    def __init__(self, account_number: str) -> None:
        self.account_number = account_number
        super().__init__(f"there is no account {account_number!r}")


class ValueInvalid(DomainError):
    """A value breaks a rule of the ledger."""

    code = "field_invalid"

    def __init__(self, field: str, value: object, rule: str) -> None:
        self.field, self.value, self.rule = field, value, rule
        super().__init__(f"{field}: {str(value)[:80]!r} {rule}")


class PaymentDuplicate(DomainError):
    """The account has a payment of that reference, and the ledger is set to refuse a second one."""

    code = "payment_duplicate"

    def __init__(self, reference: str, duplicate_of: int) -> None:
        self.reference, self.duplicate_of = reference, duplicate_of
        super().__init__(f"payment reference {reference!r} was posted before, as payment {duplicate_of}")


class InvoiceTaken(DomainError):
    """Another account has an invoice of that number."""

    code = "invoice_taken"

    def __init__(self, invoice_number: str) -> None:
        self.invoice_number = invoice_number
        super().__init__(f"invoice {invoice_number!r} belongs to another account")


class PaymentUnknown(DomainError):
    """No payment of that PaymentGUID or number."""

    code = "payment_unknown"

    def __init__(self, payment: str) -> None:
        self.payment = payment
        super().__init__(f"there is no payment {payment[:80]!r}")


class PaymentSettled(DomainError):
    """A payment was posted, deleted or returned already."""

    code = "payment_settled"

    def __init__(self, payment: str, state: str) -> None:
        self.payment, self.state = payment, state
        super().__init__(f"payment {payment!r} is {state} already")


class NotSupported(DomainError):
    """The integration does not do that; the text names the row of the source that says so."""

    code = "not_supported"

    def __init__(self, feature: str, text: str) -> None:
        self.feature = feature
        super().__init__(text)
