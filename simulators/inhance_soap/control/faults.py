"""The status with which the control API answers each refusal; its code is the error's own."""

from __future__ import annotations

from partnerlab.simulators.inhance_soap.domain.errors import (
    AccountUnknown,
    InvoiceTaken,
    NotSupported,
    PaymentSettled,
    PaymentUnknown,
    ValueInvalid,
)

__all__ = ["STATUSES"]

STATUSES: dict[type[Exception], int] = {
    AccountUnknown: 404,
    InvoiceTaken: 409,
    NotSupported: 409,
    PaymentSettled: 409,
    PaymentUnknown: 404,
    ValueInvalid: 400,
}
