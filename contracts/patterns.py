"""Regular expressions of contracts, read as JSON Schema means them (ECMA-262) where Python means something else."""

from __future__ import annotations

import re
from functools import cache

__all__ = ["ecma"]

# An escaped character, a character class as a whole, or the end: of these only the last is written anew.
_TOKEN = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]|\$", re.DOTALL)


@cache
def ecma(pattern: str) -> re.Pattern[str]:
    """
    A pattern compiled: `$` is the end of the text, where Python's lets a line break follow; `\\d` means ASCII digits.

    Raises `re.error`.
    """
    written = _TOKEN.sub(lambda found: r"\Z" if found[0] == "$" else found[0], pattern)
    return re.compile(written, re.ASCII)
