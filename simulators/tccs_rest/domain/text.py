"""A line of text, as the ledger keeps it."""

from __future__ import annotations

from partnerlab.contracts.one_line import line_problem
from partnerlab.simulators.tccs_rest.domain.errors import ValueInvalid

__all__ = ["read_line"]


def read_line(field: str, value: str, *, required: bool = False, longest: int = 100) -> str:
    """
    *value* without the blanks around it.

    Raises:
        ValueInvalid: it is missing and *required*, too long, or holds a line break or control character, which no
            bill or file could show.
    """
    text = value.strip()
    if required and not text:
        raise ValueInvalid(field, text, "is missing")
    if len(text) > longest:
        raise ValueInvalid(field, text, f"is longer than {longest} characters")
    if wrong := line_problem(text):
        raise ValueInvalid(field, text.encode("unicode_escape").decode("ascii"), wrong)
    return text
