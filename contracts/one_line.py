"""
What a line of words may hold, and what a number may by which something is found: one rule for files and control APIs.

Words are names, addresses, notes. Persian and Kurdish names have a zero-width non-joiner, Sinhala and Malayalam ones a
joiner, emoji both that and selectors, addresses in Hebrew and Arabic marks of direction, Japanese names a wide blank.
Python calls none of them printable, and a bill file may hold each. So words hold anything but control characters, line
and paragraph separators and halves of a pair; pages keep a name's direction to itself. A number must be what it looks
like: two that differ in what nobody sees would be two accounts. Source: assumed [A-126].
"""

from __future__ import annotations

from partnerlab.contracts.first_use import pattern

__all__ = ["LONGEST_NUMBER", "line_problem", "number_problem"]

LONGEST_NUMBER = 250
"""Characters of an account or invoice number, by whatever door it comes [A-126]."""

_NO_LINE = pattern("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def line_problem(text: str, *, number: bool = False) -> str:
    """What is wrong with a line of words, or of a *number*, as `holds …`; empty where nothing is."""
    if text.isprintable():
        return ""
    if _NO_LINE.search(text):
        return "holds a control character"
    return "holds a character that nobody sees" if number else ""


def number_problem(text: str) -> tuple[str, str]:
    """The rule that an account or invoice number breaks, and how, as `holds …`; both empty where it breaks none."""
    if len(text) > LONGEST_NUMBER:
        return "number-too-long", f"has {len(text)} characters; {LONGEST_NUMBER} are allowed"
    wrong = line_problem(text, number=True)
    return ("hidden-character", wrong) if wrong else ("", "")
