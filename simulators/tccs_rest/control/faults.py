"""The status with which the control API answers each refusal; its code is the error's own."""

from __future__ import annotations

from partnerlab.simulators.tccs_rest.domain.errors import InvoiceTaken, InvoiceUnknown, ValueInvalid

__all__ = ["STATUSES"]

STATUSES: dict[type[Exception], int] = {
    InvoiceUnknown: 404,
    InvoiceTaken: 409,
    ValueInvalid: 400,
}
