"""
Requests for payment pages that differ only in their texts from one before are read without the JSON parser.

Partners send the same request over and over for other accounts. A body that was read is kept as its shape: the bytes as
they came, with a hole for each text of `HOLES`. What is made of it is learned by reading it the plain way once more
with a mark in each hole: wherever the mark comes out, the text of a later body belongs. A later body whose bytes are
the same, and whose texts need no escape, have no blanks around them and hold no card number, is the same request with
other texts. Whatever differs by one byte goes the plain way, which also words the refusal.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from partnerlab.contracts.first_use import pattern
from partnerlab.contracts.masking import has_card_number
from partnerlab.simulators.ic_webservices.domain.cloud_payments import PaymentPageRequest

__all__ = ["AskedBefore", "Page", "Plain"]

HOLES = (
    *("AccountNumber", "Address", "BillerReference", "CSSUrl", "CashierName", "City", "CssUrl", "DisplayAccountNumber"),
    *("InvoiceNumber", "Name", "PostBackURL", "RemoteAuthenticationToken", "ReturnURL", "State", "Zip"),
)
"""Members whose text is taken as it is, once it has no blanks around it; the remote token is never kept in a shape."""
OF_PEOPLE = frozenset(("Address", "CashierName", "City", "Name"))
"""Members that are refused with a card number in them."""
MOST_BYTES = 4 * 1024
LONGEST_TEXT = 200
SHAPES = 8
LEARNED_ONE_IN = 16
"""Of the bodies that are of no shape, once there are as many shapes as may be."""
MARK = "hole"

_is_plain = re.compile(r'[^"\\\x00-\x1f\x7f-\xff]*').fullmatch
"""What it admits stands for itself in a JSON text, in UTF-8 and US-ASCII alike."""
_TEXT = pattern(rb'"(' + "|".join(HOLES).encode() + rb')"[ \t\r\n]*+:[ \t\r\n]*+"([^"]+)"')


class Page(NamedTuple):
    """A request as it was read: what is asked for, that as JSON, and the RemoteAuthenticationToken."""

    asked: PaymentPageRequest
    kept: str
    remote_token: str


Plain = Callable[[bytes, bool], Page]
"""Reads a body the plain way, strictly or not. Raises for one that is refused."""


class _Shape(NamedTuple):
    before: str
    """What stands before the first hole."""
    holes: tuple[tuple[str, bool], ...]
    """What stands from the end of each hole, at a `"`, to the next, or to the end; and whether it is of people."""
    make: Callable[[list[str]], Page]

    def read(self, body: bytes) -> Page | None:
        """What is asked for, where the body is of this shape."""
        text = body.decode("latin-1")
        if not text.startswith(self.before):
            return None
        rest, texts = text[len(self.before) :], []
        for after, of_people in self.holes:
            one, found, rest = rest.partition(after)
            if not found or not 0 < len(one) <= LONGEST_TEXT or one.strip() != one:
                return None
            if of_people and has_card_number(one):
                return None
            texts.append(one)
        if rest or not _is_plain("".join(texts)):  # nor is one that goes beyond its hole: it has a `"`
            return None
        return self.make(texts)


class AskedBefore:
    """Reads bodies as *plain* does, those of a known shape in a quarter of the time."""

    def __init__(self, plain: Plain) -> None:
        self._plain = plain
        self._known: dict[bool, tuple[_Shape, ...]] = {}
        self._missed = 0

    def __call__(self, body: bytes, strict: bool) -> Page:
        """The request in a body. Raises as the plain way does."""
        known = self._known.get(strict, ())
        for shape in known:
            if (page := shape.read(body)) is not None:
                return page
        page = self._plain(body, strict)
        self._missed += 1
        if len(body) <= MOST_BYTES and (len(known) < SHAPES or self._missed % LEARNED_ONE_IN == 0):
            learned = self._shape(body, strict)
            if learned is not None and learned.read(body) == page:
                self._known[strict] = (learned, *known)[:SHAPES]
        return page

    def _shape(self, body: bytes, strict: bool) -> _Shape | None:
        if b"\\" in body or MARK.encode() in body:
            return None  # a quotation mark that ends no text; a mark that is none
        found = list(_TEXT.finditer(body))
        if not found or len(found) > 26:
            return None
        marks = [f"{MARK}{chr(97 + n)}{MARK}" for n in range(len(found))]
        ends = [0, *(one.end(2) for one in found)]
        starts = [*(one.start(2) for one in found), len(body)]
        parts = [body[end:start] for end, start in zip(ends, starts, strict=True)]
        marked = parts[0] + b"".join(mark.encode() + part for mark, part in zip(marks, parts[1:], strict=True))
        try:
            page = self._plain(marked, strict)
        except Exception:  # noqa: BLE001 - a text of it is no text that may be another
            return None
        if page.remote_token not in ("", *marks):
            return None  # a credential, which would be kept
        make = _maker(page, marks)
        afters = [
            (part.decode("latin-1"), one[1].decode() in OF_PEOPLE) for part, one in zip(parts[1:], found, strict=True)
        ]
        return None if make is None else _Shape(parts[0].decode("latin-1"), tuple(afters), make)


def _maker(page: Page, marks: list[str]) -> Callable[[list[str]], Page] | None:
    """A function from the texts of the holes to what is read, compiled; None where a mark did not come out whole."""
    names: dict[str, Any] = {"_new": tuple.__new__}  # a third of what a type's own takes

    def named(value: Any) -> str:
        name = f"_{len(names)}"
        names[name] = value
        return name

    def expression(value: Any) -> str:
        if isinstance(value, str) and value in marks:
            return f"texts[{marks.index(value)}]"
        if isinstance(value, tuple):
            held = f"({''.join(f'{expression(one)}, ' for one in value)})"
            return held if type(value) is tuple else f"_new({named(type(value))}, {held})"
        return named(value)

    pieces = re.split("(" + "|".join(marks) + ")", page.kept)
    kept = ", ".join(expression(piece) for piece in pieces)
    made = f"_new({named(Page)}, ({expression(page.asked)}, ''.join(({kept},)), {expression(page.remote_token)}))"
    if any(isinstance(value, str) and MARK in value for value in names.values()):
        return None
    made_of: Callable[[list[str]], Page] = eval(f"lambda texts: {made}", names)  # noqa: S307 - made of names of our own
    return made_of
