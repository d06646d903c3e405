"""How a search compares texts, on every page and in every list: case and accents do not count."""

from __future__ import annotations

from collections.abc import Iterable
from unicodedata import normalize

from partnerlab.contracts.first_use import pattern

__all__ = ["folded", "is_in"]

_MARKS = pattern("[\u0300-\u036f]")


def folded(text: str) -> str:
    """*text* as searches compare it: lower case, letters without their accents."""
    return (text if text.isascii() else _MARKS.sub("", normalize("NFKD", text))).lower()


def is_in(text: str, values: Iterable[object]) -> bool:
    """Whether one of *values* has *text* in it."""
    return folded(text) in folded("\n".join(map(str, values)))
