"""Text of other people as one line of a log or a terminal: no control character in it moves a cursor or ends a line."""

from __future__ import annotations

import re

from partnerlab.contracts.first_use import pattern

__all__ = ["printable"]

_CONTROLS = pattern("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_BUT_LINES = pattern("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str, *, lines: bool = False) -> str:
    r"""
    *text* with `\u001b` and the like in place of control characters; with *lines* its line breaks and tabs stay.

    JSON stays the same value: that is how it writes these characters.
    """
    return (_BUT_LINES if lines else _CONTROLS).sub(_written, text)


def _written(match: re.Match[str]) -> str:
    code = ord(match[0])
    return {9: "\\t", 10: "\\n", 13: "\\r"}.get(code) or f"\\u{code:04x}"
