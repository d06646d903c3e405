"""
The words of a refusal, as `ErrorMessage` has them.

The source gives no text; these are assumed [A-24], and stand in this one table so that a partner's own can take their
place. None repeats a key, and none repeats a value longer than a line.
"""

from __future__ import annotations

from partnerlab.simulators.inhance_soap.domain.errors import (
    AccountUnknown,
    DomainError,
    KeyWrong,
    PaymentDuplicate,
    ValueInvalid,
)

__all__ = ["MESSAGES", "error_message"]

MESSAGES: dict[type[DomainError], str] = {
    KeyWrong: "Invalid web service key.",
    AccountUnknown: "Account {0.account_number!s:.50} was not found.",
    ValueInvalid: "{0.field}: '{0.value!s:.80}' {0.rule}.",
    PaymentDuplicate: "Payment reference {0.reference!s:.80} has already been posted.",
}


def error_message(error: DomainError) -> str:
    """The text for *error*. Raises `KeyError` for one that the operations cannot cause."""
    return MESSAGES[type(error)].format(error)
