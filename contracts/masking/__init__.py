"""
Secrets and how they are blotted out, wherever text is shown, logged or stored.

A secret is found by the name before it (`names`), wherever a parser would find it (`places`), also where the name or
the markup is escaped (`readings`); by its value, where that is known to be one; and card numbers by their check digit
(`cards`). A value keeps its last four characters only where it is long enough that they give nothing away.

Cut a text before it is masked (`mask_excerpt` does): masking takes time in proportion to the length.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

from partnerlab.contracts.masking.cards import card_spans, has_card_number
from partnerlab.contracts.masking.lines import printable
from partnerlab.contracts.masking.names import SECRET_NAMES, is_secret
from partnerlab.contracts.masking.places import places
from partnerlab.contracts.masking.readings import readings
from partnerlab.contracts.masking.repeated import Repeated

__all__ = [
    "MASK",
    "SECRET_NAMES",
    "Masked",
    "has_card_number",
    "is_secret",
    "mask",
    "mask_excerpt",
    "mask_found",
    "mask_text",
    "printable",
]

MASK = "•••"
LONG = 12
"""From that length on the last four characters are shown."""
WORTH_LOOKING_FOR = 8
MOST_LOOKED_FOR = 32
MARGIN = 256
_repeated = Repeated()
_MARKUP = frozenset("<>&\"'%\\\t\r\n ")


class Masked(NamedTuple):
    """A text without its secrets, and the secrets that stood in it, to be looked for in what belongs to it."""

    text: str
    secrets: frozenset[str]


def mask(secret: str) -> str:
    """A secret as it may be shown: `•••1111`, or `•••` where it has fewer than 12 characters."""
    return MASK + secret[-4:] if len(secret) >= LONG else MASK


def mask_text(text: str, secrets: Collection[str] = ()) -> str:
    """
    *text* with every credential and card-like number in it masked, and each of *secrets* wherever it stands.

    Knows XML elements and attributes, JSON properties, form fields (also of multipart/form-data, and inputs of a
    page), headers, user names in URLs, and the keys in addresses of hosted pages; all of these also escaped as XML,
    JSON or URLs escape, and cut off in the middle.
    """
    return mask_found(text, secrets).text


def mask_excerpt(text: str, most: int, secrets: Collection[str] = ()) -> str:
    """The first *most* characters of *text* masked, at a cost that does not depend on how long it is."""
    if len(text) <= most:
        return mask_text(text, secrets)[:most]
    beginning = text[: most + MARGIN]
    # A number that the cut went through could not be told any more.
    return mask_text(beginning.rstrip("0123456789 .+-"), secrets)[:most]


def mask_found(text: str, secrets: Collection[str] = (), *, form: bool = False) -> Masked:
    """The same as `mask_text`, with what was found. *form* says that the text is a form's body."""
    known = None if form else _repeated.places(text)
    credentials = list(places(text, form=form)) if known is None else known
    spans = [(start, end, _shown(text[start:end], whole, quote)) for start, end, whole, quote in credentials]
    if known is None:
        spans += [(start, end, MASK + text[end - 4 : end]) for start, end in card_spans(text)]
        if not form and len(spans) == len(credentials):
            _repeated.learn(text, credentials)
    found = {text[start:end].strip() for start, end, _ in spans}
    for reading in readings(text) if "%" in text or "&" in text or "\\" in text else ():
        there = reading.text
        for start, end, whole, _ in places(there):
            if start < end:
                spans.append((*reading.span(start, end), _shown(there[start:end], whole, quote=False)))
                found.add(there[start:end].strip())
        spans += [(*reading.span(start, end), MASK + there[end - 4 : end]) for start, end in card_spans(there)]
        for secret in secrets:
            if secret in there:
                spans += [(*reading.span(start, end), mask(secret)) for start, end in _occurrences(there, secret)]
    worth = [secret for secret in found if _worth_looking_for(secret)][:MOST_LOOKED_FOR]
    for secret in {*secrets, *worth} if worth else secrets:
        if secret in text:
            spans += [(start, end, mask(secret)) for start, end in _occurrences(text, secret)]
    return Masked(_replaced(text, spans) if spans else text, frozenset(worth))


def _shown(secret: str, whole: bool, quote: bool) -> str:
    """What is shown in a secret's place; a text that is masked already stays as it is."""
    plain = secret.strip()
    if not plain or (plain.startswith(MASK) and len(plain) <= len(MASK) + 4):
        return secret
    shown = MASK if whole or not _MARKUP.isdisjoint(plain) else mask(plain)
    return f'"{shown}"' if quote else shown


def _worth_looking_for(secret: str) -> bool:
    """Whether a secret is one that no ordinary text holds by chance: no word, no short number, nothing masked."""
    if len(secret) < WORTH_LOOKING_FOR or secret.isalpha() or MASK in secret:
        return False
    return not secret.isdigit() or len(secret) >= LONG


def _occurrences(text: str, secret: str) -> Iterator[tuple[int, int]]:
    start = text.find(secret) if len(secret) >= WORTH_LOOKING_FOR else -1
    while start >= 0:
        yield start, start + len(secret)
        start = text.find(secret, start + len(secret))


def _replaced(text: str, spans: list[tuple[int, int, str]]) -> str:
    """The text with each place replaced; places that overlap become one."""
    spans.sort(key=lambda span: (span[0], -span[1]))
    pieces: list[str] = []
    at, (start, end, shown) = 0, spans[0]
    for first, last, other in [*spans[1:], (len(text) + 1, len(text) + 1, "")]:
        if first < end or (first, last) == (start, end):
            if (first, last) == (start, end):
                shown = shown if shown.startswith('"') or shown == other else MASK
            elif last > end:
                end, shown = last, MASK
            continue
        pieces += (text[at:start], shown)
        at, start, end, shown = end, first, last, other
    return "".join((*pieces, text[at:]))
