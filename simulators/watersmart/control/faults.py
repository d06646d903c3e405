"""The status with which the control API answers each refusal; its code is the error's own."""

from __future__ import annotations

from partnerlab.simulators.watersmart.domain.errors import (
    AccountNotLinked,
    CustomerUnknown,
    InvoiceTaken,
    PasswordWrong,
    PaymentUnknown,
    SignedOut,
    UserTaken,
    UserUnknown,
    ValueInvalid,
)

__all__ = ["STATUSES"]

STATUSES: dict[type[Exception], int] = {
    AccountNotLinked: 409,
    CustomerUnknown: 404,
    InvoiceTaken: 409,
    PasswordWrong: 403,
    PaymentUnknown: 404,
    SignedOut: 409,
    UserTaken: 409,
    UserUnknown: 404,
    ValueInvalid: 400,
}
