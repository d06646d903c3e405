"""
What WaterSmart refuses.

    DomainError
      CustomerUnknown          .account_number
      UserUnknown              .username
      UserTaken                .username
      AccountNotLinked         .username .account_number
      PasswordWrong            .username
      SignedOut                .username
      InvoiceTaken             .invoice_number
      PaymentUnknown           .payment_guid
      ValueInvalid             .field .value .rule
      FileRefused              .name .rule
"""

from __future__ import annotations

__all__ = [
    "AccountNotLinked",
    "CustomerUnknown",
    "DomainError",
    "FileRefused",
    "InvoiceTaken",
    "PasswordWrong",
    "PaymentUnknown",
    "SignedOut",
    "UserTaken",
    "UserUnknown",
    "ValueInvalid",
]


class DomainError(Exception):
    """Nothing was changed. `code` is one word for machines; the text says why and never holds a secret."""

    code = "refused"


class CustomerUnknown(DomainError):
    """No customer of that account number."""

    code = "customer_unknown"

    def __init__(self, account_number: str) -> None:
        self.account_number = account_number
        super().__init__(f"there is no account {account_number!r}")


class UserUnknown(DomainError):
    """Nobody has registered under that name."""

    code = "user_unknown"

    def __init__(self, username: str) -> None:
        self.username = username
        super().__init__(f"there is no user {username!r}")


class UserTaken(DomainError):
    """Another user has that name."""

    code = "user_taken"

    def __init__(self, username: str) -> None:
        self.username = username
        super().__init__(f"there is a user {username!r} already")


class AccountNotLinked(DomainError):
    """The user does not have that account, or none where no number is given."""

    code = "account_not_linked"

    def __init__(self, username: str, account_number: str = "") -> None:
        self.username, self.account_number = username, account_number
        lacks = f"does not have the account {account_number!r}" if account_number else "has no account"
        super().__init__(f"{username!r} {lacks}")


class PasswordWrong(DomainError):
    """It is not the user's password at WaterSmart; Invoice Cloud was not asked."""

    code = "password_wrong"

    def __init__(self, username: str) -> None:
        self.username = username
        super().__init__(f"the password of {username!r} is wrong; Invoice Cloud was not called")


class SignedOut(DomainError):
    """The user has no session at Invoice Cloud."""

    code = "signed_out"

    def __init__(self, username: str) -> None:
        self.username = username
        super().__init__(f"{username!r} is not signed in")


class InvoiceTaken(DomainError):
    """There is an invoice of that number already."""

    code = "invoice_taken"

    def __init__(self, invoice_number: str) -> None:
        self.invoice_number = invoice_number
        super().__init__(f"there is an invoice {invoice_number!r} already")


class PaymentUnknown(DomainError):
    """No payment of that PaymentGUID waits for a person."""

    code = "payment_unknown"

    def __init__(self, payment_guid: str) -> None:
        self.payment_guid = payment_guid
        super().__init__(f"no payment {payment_guid!r} waits for an account")


class ValueInvalid(DomainError):
    """A value breaks a rule of the books."""

    code = "field_invalid"

    def __init__(self, field: str, value: object, rule: str) -> None:
        self.field, self.value, self.rule = field, value, rule
        super().__init__(f"{field}: {str(value)[:80]!r} {rule}")


class FileRefused(DomainError):
    """A file of Invoice Cloud that is not what it should be; nothing of it was applied."""

    code = "file_refused"

    def __init__(self, name: str, rule: str) -> None:
        self.name, self.rule = name, rule
        super().__init__(f"{name[:80]}: {rule}")
