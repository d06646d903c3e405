"""How the control API tells each refusal of the domain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from partnerlab.contracts.masking import mask_text
from partnerlab.simulators.ic_webservices.domain.errors import (
    Conflict,
    DomainError,
    FileRefused,
    KeyWrong,
    LoginRefused,
    NotFound,
    PaymentRefused,
    TokenInvalid,
    ValueRefused,
)

__all__ = ["STATUSES", "error_body"]

STATUSES: Mapping[type[DomainError], int] = {
    ValueRefused: 400,
    FileRefused: 400,
    KeyWrong: 403,
    LoginRefused: 403,
    TokenInvalid: 403,
    NotFound: 404,
    PaymentRefused: 409,
    Conflict: 409,
}


def error_body(error: DomainError) -> tuple[dict[str, Any], int]:
    """The control API's error and its status."""
    told = {"code": error.code, "message": mask_text(str(error))}
    if isinstance(error, ValueRefused):
        told["field"] = error.field
    return {"error": told}, STATUSES[type(error)]
