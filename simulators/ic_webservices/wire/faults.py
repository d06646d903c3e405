"""How an answer tells a refusal of the domain: SOAP and REST carry the text alone."""

from __future__ import annotations

from partnerlab.contracts.masking import mask_text
from partnerlab.simulators.ic_webservices.domain.errors import DomainError, ValueRefused

__all__ = ["refusal"]


def refusal(error: DomainError) -> str:
    """The ErrorMessage of an answer whose Success is false; a field has the wire's name (`CustomerName`)."""
    if isinstance(error, ValueRefused) and error.field.islower():
        name = "".join(part.capitalize() for part in error.field.split("_"))
        error = ValueRefused(name, error.shown, error.rule)
    return mask_text(str(error))
