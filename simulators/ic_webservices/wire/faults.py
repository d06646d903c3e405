"""How each refusal of the domain is told: one table for the control API's status; SOAP answers carry the text alone."""

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

__all__ = ["STATUSES", "error_body", "refusal"]

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


def refusal(error: DomainError) -> str:
    """The ErrorMessage of an answer whose Success is false; a field has the wire's name (`CustomerName`)."""
    if isinstance(error, ValueRefused) and error.field.islower():
        name = "".join(part.capitalize() for part in error.field.split("_"))
        error = ValueRefused(name, error.shown, error.rule)
    return mask_text(str(error))


def error_body(error: DomainError) -> tuple[dict[str, Any], int]:
    """The control API's error and its status."""
    told = {"code": error.code, "message": mask_text(str(error))}
    if isinstance(error, ValueRefused):
        told["field"] = error.field
    return {"error": told}, STATUSES[type(error)]
