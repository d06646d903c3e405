"""
What Invoice Cloud refuses, and why.

    DomainError
      KeyWrong            the BillerGUID and WebServiceKey do not belong together, or the API key is nobody's
      LoginRefused        the username or the password is wrong
      TokenInvalid        the RemoteAuthenticationToken opens nothing (any more): reason
      NotFound            there is no such biller, customer, invoice, payment or upload
      ValueRefused        a value that is not taken: field, value, rule
      FileRefused         a bill file that is not taken as a whole: place, rule
      PaymentRefused      the rules of the invoice or the customer forbid the payment
      NotSupported        the biller's integration does not do it: feature, and the row of the source that says so
      Conflict            it stands already, and differs
"""

from __future__ import annotations

__all__ = [
    "Conflict",
    "DomainError",
    "FileRefused",
    "KeyWrong",
    "LoginRefused",
    "NotFound",
    "NotSupported",
    "PaymentRefused",
    "TokenInvalid",
    "ValueRefused",
]


class DomainError(Exception):
    """Base of every refusal. `code` is one word for machines, the text a sentence for people."""

    code = "refused"


class KeyWrong(DomainError):
    """No biller of that GUID, or not its key: which of the two is not said."""

    code = "key_wrong"

    def __init__(self) -> None:
        super().__init__("The BillerGUID or the WebServiceKey is not valid.")


class LoginRefused(DomainError):
    """No user of that name, or not its password: which of the two is not said."""

    code = "login_refused"

    def __init__(self) -> None:
        super().__init__("The Username or the Password is not valid.")


class TokenInvalid(DomainError):
    """A token that opens nothing; `reason` is `unknown`, `expired` or `ended` (the user signed out)."""

    code = "token_invalid"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        told = {"unknown": "is not known", "expired": "has expired", "ended": "was ended: the user signed out"}
        super().__init__(f"The RemoteAuthenticationToken {told[reason]}.")


class NotFound(DomainError):
    """There is no `kind` of that `key`."""

    code = "not_found"

    def __init__(self, kind: str, key: str) -> None:
        self.kind, self.key = kind, key
        super().__init__(f"There is no {kind} {key!r}.")


class ValueRefused(DomainError):
    """A value that is not taken. *shown* is how the value may be shown: never a whole card or account number."""

    code = "field_invalid"

    def __init__(self, field: str, shown: object, rule: str) -> None:
        self.field, self.shown, self.rule = field, str(shown), rule
        super().__init__(f"{field}: {self.shown!r}: {rule}")


class FileRefused(DomainError):
    """A bill file that is not taken as a whole; `place` is where (`line 1, FH.BillerGuid (FileSpecID 2)`)."""

    code = "file_refused"

    def __init__(self, place: str, rule: str) -> None:
        self.place, self.rule = place, rule
        super().__init__(f"{place}: {rule}")


class PaymentRefused(DomainError):
    """The rules of the invoice or of the customer forbid the payment; `code` is the rule's name."""

    def __init__(self, code: str, reason: str) -> None:
        self.code = code
        super().__init__(reason)


class NotSupported(DomainError):
    """The biller's integration does not do what was asked; *reason* names the row of its source."""

    code = "not_supported"

    def __init__(self, feature: str, reason: str) -> None:
        self.feature = feature
        super().__init__(f"{reason}.")


class Conflict(DomainError):
    """Something of that identity stands already, and differs."""

    code = "conflict"
