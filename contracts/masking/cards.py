"""Card numbers in any text: runs of 13 to 19 digits, in one piece or grouped, that pass the Luhn check."""

from __future__ import annotations

from collections.abc import Iterator

from partnerlab.contracts.first_use import pattern

__all__ = ["card_spans", "has_card_number"]

_BETWEEN = "[ .+\u00a0\u2007\u2009\u202f\u2010-\u2014-]"
_GAP = f"{_BETWEEN}{{1,2}}+"
_RUN = pattern(rf"[0-9](?:{_BETWEEN}{{0,2}}+[0-9])*+")
_WHOLE = pattern(r"(?<![0-9])[0-9]{13,19}+(?![0-9])")
_AS_PRINTED = pattern(
    rf"(?<![0-9])(?=([0-9]{{4}}{_GAP}(?:"
    rf"[0-9]{{4}}{_GAP}[0-9]{{4}}{_GAP}[0-9]{{4}}(?:{_GAP}[0-9]{{3}}(?![0-9]))?+"
    rf"|[0-9]{{6}}{_GAP}[0-9]{{4,5}}+|[0-9]{{4}}{_GAP}[0-9]{{5}}|[0-9]{{3}}{_GAP}[0-9]{{3}}{_GAP}[0-9]{{3}})(?![0-9])))"
)
_GROUPED = pattern(r"[^.]++")
_GUID = pattern(r"(?<![0-9A-Fa-f])[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}(?![0-9A-Fa-f])")
_NO_DIGITS = bytes(byte for byte in range(256) if byte not in b"0123456789")
_DOUBLED = bytes.maketrans(b"0123456789", bytes((48, 50, 52, 54, 56, 49, 51, 53, 55, 57)))
SHORTEST, LONGEST = 13, 19
GUID_LENGTH = 36


def has_card_number(text: str) -> bool:
    """Whether a text holds what may be a card number, so that it must not be kept in clear."""
    return next(card_spans(text), None) is not None


def card_spans(text: str) -> Iterator[tuple[int, int]]:
    """
    Where card numbers stand in a text, from left to right.

    A number may stand in one piece, whatever is beside it; in the groups that cards print; or, where nothing but it
    stands between other characters, in any groups. Of 13 and 14 digits only what begins as such cards do counts:
    date-times in digits are as long.
    """
    guids: list[tuple[int, int]] | None = None
    for run in _RUN.finditer(text):
        length = run.end() - run.start()
        if length < SHORTEST or (length == GUID_LENGTH and _GUID.match(text, run.start())):
            continue
        found = list(_in_run(text, run.start(), run.end()))
        if not found:
            continue
        if guids is None:
            guids = [guid.span() for guid in _GUID.finditer(text)]
        for start, end in found:
            if not any(first <= start and end <= last for first, last in guids):
                yield start, end


def _in_run(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for match in _WHOLE.finditer(text, start, end):
        if _is_card(match[0]):
            yield match.span()
    if end - start == SHORTEST or text[start:end].isdigit():
        return
    passed = start
    for match in _AS_PRINTED.finditer(text, start, end):
        if match.start() >= passed:
            length = _length_of_card(match[1])
            if length:
                passed = match.start() + length
                yield match.start(), passed
    for match in _GROUPED.finditer(text, start, end):  # amounts stand beside one another, so a full stop ends these
        if SHORTEST <= match.end() - match.start() <= 3 * LONGEST and _is_card(match[0]):
            yield match.start() + len(match[0]) - len(match[0].lstrip(" +-")), match.end()


def _length_of_card(printed: str) -> int:
    """How many characters of a number in printed groups are a card's: with or without a last group of three."""
    if _is_card(printed):
        return len(printed)
    shorter = printed[:-3].rstrip(" .+-")
    return len(shorter) if _is_card(shorter) else 0


def _is_card(number: str) -> bool:
    digits = number.encode("utf-8", "replace").translate(None, _NO_DIGITS)
    length = len(digits)
    if not SHORTEST <= length <= LONGEST or (length < 15 and digits[0] not in b"3456"):
        return False
    total = sum(digits[-1::-2]) + sum(digits[-2::-2].translate(_DOUBLED)) - 48 * length
    return total % 10 == 0
