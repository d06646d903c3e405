"""The status with which the control API answers each refusal; its code is the error's own."""

from __future__ import annotations

from collections.abc import Mapping

from partnerlab.simulators.ic_webservices.domain.errors import (
    Conflict,
    FileRefused,
    KeyWrong,
    LoginRefused,
    NotFound,
    NotSupported,
    PaymentRefused,
    TokenInvalid,
    ValueRefused,
)

__all__ = ["STATUSES"]

STATUSES: Mapping[type[Exception], int] = {
    ValueRefused: 400,
    FileRefused: 400,
    KeyWrong: 403,
    LoginRefused: 403,
    TokenInvalid: 403,
    NotFound: 404,
    PaymentRefused: 409,
    NotSupported: 409,
    Conflict: 409,
}
