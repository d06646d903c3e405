"""
A text as a parser reads it: escapes decoded, with the way back to where each piece stood.

A name can be written `Pass\\u0077ord` in JSON, `%50assword` in a form or `&lt;Password&gt;` in XML within XML. Looking
for every spelling would be endless; decoding once finds them all.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from partnerlab.contracts.first_use import pattern

__all__ = ["Reading", "readings"]

ROUNDS = 3
"""How often a text is decoded: XML within JSON within a form."""

_ESCAPE = pattern(
    r"(%(?:25)*+[C-Fc-f][0-9A-Fa-f](?:%(?:25)*+[89ABab][0-9A-Fa-f]){1,3}+)"
    r"|%(?:25)*+([0-9A-Fa-f]{2})"
    r"|(?<!\\)\\++(?:u([0-9A-Fa-f]{4})|([^\w\s]|[bfnrt]))"
    r"|&(?:amp;|#0*+38;|#[xX]0*+26;)*+(?:#0*+([0-9]{1,6});|#[xX]0*+([0-9A-Fa-f]{1,5});|(lt|gt|quot|apos|amp);)"
)
_ENTITIES = {"lt": "<", "gt": ">", "quot": '"', "apos": "'", "amp": "&"}
_LETTERS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


class Reading:
    """A decoded text, and where each place of it stood in the text that was given."""

    __slots__ = ("_before", "_from", "_to", "_upto", "text")

    def __init__(
        self, text: str, here: list[int], there: list[int], upto: list[int], before: Reading | None = None
    ) -> None:
        self.text = text
        self._from, self._to, self._upto, self._before = here, there, upto, before

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The place in the given text of what stands here from *start* up to *end*, not empty."""
        first = bisect_right(self._from, start) - 1
        last = bisect_right(self._from, end - 1) - 1
        low = self._to[first] + (0 if self._upto[first] else start - self._from[first])
        high = self._upto[last] or self._to[last] + end - self._from[last]
        return (low, high) if self._before is None else self._before.span(low, high)


def readings(text: str) -> Iterator[Reading]:
    """The text decoded once, twice, as long as there is something to decode, three times at most."""
    before = None
    for _ in range(ROUNDS):
        reading = _decode(text, before)
        if reading is None:
            return
        yield reading
        text, before = reading.text, reading


def _decode(text: str, before: Reading | None) -> Reading | None:
    """The text decoded once; None where nothing in it is escaped."""
    pieces: list[str] = []
    # Parallel lists: where a piece begins here, where it begins in the text, and for an escape where that ends.
    here, there, upto = [0], [0], [0]
    at = length = 0
    for match in _ESCAPE.finditer(text):
        start, end = match.span()
        several, byte, unit, plain, decimal, hexadecimal, entity = match.groups()
        if several:
            encoded = "".join(part[-2:] for part in several.split("%"))
            decoded = bytes.fromhex(encoded).decode("utf-8", "replace")[0]
        elif byte or unit:
            decoded = chr(int(byte or unit, 16))
        elif plain:
            decoded = _LETTERS.get(plain, plain)
        elif entity:
            decoded = _ENTITIES[entity]
        else:
            decoded = _character(int(decimal) if decimal else int(hexadecimal, 16))
        pieces.append(text[at:start])
        pieces.append(decoded)
        length += start - at
        here += (length, length + 1)
        there += (start, end)
        upto += (end, 0)
        length += 1
        at = end
    if not pieces:
        return None
    pieces.append(text[at:])
    return Reading("".join(pieces), here, there, upto, before)


def _character(code: int) -> str:
    return chr(code) if code < 0x110000 else "\ufffd"
