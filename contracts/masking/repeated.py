"""
Where credentials stand in XML that differs only in its texts from some that was looked through before.

Messages of a kind have the same tags, so their credentials stand in the same places: `Repeated` keeps the tags, and
which of the texts between them are credentials. A later message is known if its tags are the same, byte for byte, and
the texts between them have only characters that mean nothing to any search (`places`, `readings`), and no card number.
Any other message is looked through. Escapes and known secrets are looked for in each.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from partnerlab.contracts.first_use import pattern
from partnerlab.contracts.masking.cards import has_card_number
from partnerlab.contracts.masking.places import Place

__all__ = ["Repeated"]

MOST_CHARACTERS = 8 * 1024
SHAPES = 256

_TAGS = pattern(r"(<[^<>]*>)")
_ORDINARY = pattern(r"[A-Za-z0-9 .,@_+|\r\n\t-]*+(?:(?<=[0-9]):[A-Za-z0-9 .,@_+|\r\n\t-]*+)*+")
"""No quotation mark, `=`, `&`, `%`, `\\`, `/`, bracket; a colon only in a time, so that it stands after no name."""
_LEADS_ON = pattern(r"://[^\s/@]*>|content-disposition", re.IGNORECASE)
"""A tag after which a text may be read otherwise: as a user in an address, as a part of a form."""

_Shape = tuple[tuple[int, bool], ...]
"""Which of the pieces are credentials, in their order, and whether nothing of each may be shown."""


class Repeated:
    """The shapes of texts that were looked through, 256 of them at most; for any threads."""

    def __init__(self) -> None:
        self._shapes: dict[tuple[str, ...], _Shape] = {}

    def places(self, text: str) -> list[Place] | None:
        """All credentials of a text that has no others, if it is known."""
        if not text.startswith("<") or len(text) > MOST_CHARACTERS:
            return None
        pieces = _TAGS.split(text)
        shape = self._shapes.get(tuple(pieces[1::2]))
        if shape is None or not _is_ordinary(pieces):
            return None
        found, start, before = [], 0, 0
        for at, whole in shape:
            start += sum(map(len, pieces[before:at]))
            before = at
            found.append(Place(start, start + len(pieces[at]), whole))
        return found

    def learn(self, text: str, found: Sequence[Place]) -> None:
        """Keep the shape of a text in which nothing but what was *found* by `places` is to be masked."""
        if not text.startswith("<") or len(text) > MOST_CHARACTERS:
            return
        pieces = _TAGS.split(text)
        if not _is_ordinary(pieces):
            return
        at, between = 0, {}
        for number, piece in enumerate(pieces):
            if number % 2 == 0:
                between[at, at + len(piece)] = number
            at += len(piece)
        spans = [(place.start, place.end) for place in found]
        if len(set(spans)) < len(spans) or not between.keys() >= set(spans):
            return
        if any(map(_LEADS_ON.search, pieces[1::2])):
            return
        if len(self._shapes) >= SHAPES:
            self._shapes = {}  # and not emptied: other threads may look into it
        self._shapes[tuple(pieces[1::2])] = tuple(
            sorted((between[span], place.whole) for span, place in zip(spans, found, strict=True))
        )


def _is_ordinary(pieces: list[str]) -> bool:
    texts = "|".join(pieces[::2])
    return _ORDINARY.fullmatch(texts) is not None and not has_card_number(texts)
