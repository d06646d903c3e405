"""A line of text, as the ledger keeps it."""

from __future__ import annotations

import re

from partnerlab.simulators.tccs_rest.domain.errors import ValueInvalid

__all__ = ["read_line"]

# Line breaks and control characters, and halves of a pair, which are no text at all.
_NO_LINE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


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
    if _NO_LINE.search(text):
        raise ValueInvalid(field, text.encode("unicode_escape").decode("ascii"), "holds a control character")
    return text
