"""Card numbers where none belongs: a payer types one as a name, and it would be kept in clear and sent on."""

from __future__ import annotations

from collections.abc import Mapping

from partnerlab.contracts.masking import has_card_number, mask_text
from partnerlab.simulators.ic_webservices.domain.errors import ValueRefused

__all__ = ["NO_CARD_HERE", "refuse_card_number", "refuse_card_numbers"]

NO_CARD_HERE = "must not hold a card number"
_OF_PEOPLE = ("name", "address", "city", "email", "holder")


def refuse_card_number(field: str, text: str) -> str:
    """The text. Raises `ValueRefused`, which shows the last four digits alone."""
    if has_card_number(text):
        raise ValueRefused(field, mask_text(text), NO_CARD_HERE)
    return text


def refuse_card_numbers(values: Mapping[str, object]) -> None:
    """
    Refuse a card number in each name and address among some values.

    Numbers of accounts and invoices are a partner's own; one in ten of them passes the check of cards by chance.
    """
    for field, value in values.items():
        if isinstance(value, str) and any(word in field.lower() for word in _OF_PEOPLE):
            refuse_card_number(field, value)
