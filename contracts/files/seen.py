"""Which invoice numbers a file has had so far, exactly, without holding them all."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

__all__ = ["InvoiceNumbers"]

PAGE = 8  # bits: one page stands for 256 neighbouring numbers
FULL = (1 << 256) - 1
NEAR = 4_096


class InvoiceNumbers:
    """
    A set of texts that stays small.

    Plain numbers are kept as bit pages, so a run of a million costs under a megabyte; anything else as text. Beyond
    `held` pages or texts the rest goes to an unnamed temporary database on disk. About 0.3 µs a number in memory,
    3 µs on disk.
    """

    def __init__(self, held: int = 65_536) -> None:
        self._held = held
        self.pages: dict[int, int] = {}
        self.texts: set[str] = set()
        self._disk: sqlite3.Connection | None = None
        self.on_disk = False
        """Whether some are on disk, beside `pages` and `texts`."""

    def add(self, number: str) -> bool:
        """Takes a number in; False where it was there already."""
        if number.isdecimal() and number.isascii() and number[0] != "0" and len(number) < 19:  # `_is_plain`, at once
            value = int(number)
            page, bit = value >> PAGE, 1 << (value & 255)
            bits = self.pages.get(page)
            if bits is not None:
                self.pages[page] = bits | bit
                return not bits & bit
            if len(self.pages) < self._held:
                self.pages[page] = bit
                return True
        elif number in self.texts:
            return False
        elif len(self.texts) < self._held:
            self.texts.add(number)
            return True
        return self._add_to_disk(number)

    def add_all(self, numbers: Sequence[str]) -> bool:
        """
        Takes all of these numbers in, or none of them and says False.

        That is so where one was there already or stands twice among them, and where they would go to disk.
        """
        plain = numbers if _are_plain(numbers) else list(filter(_is_plain, numbers))
        texts = () if plain is numbers else [number for number in numbers if not _is_plain(number)]
        new = {*texts}
        if len(new) < len(texts) or len(self.texts) + len(new) > self._held or not self.texts.isdisjoint(new):
            return False
        values = {*map(int, plain)}
        if len(values) < len(plain) or not self._add_pages(_pages(values)):
            return False
        self.texts |= new
        return True

    def _add_pages(self, new: Mapping[int, int]) -> bool:
        pages = self.pages
        if len(pages) + len(new) > self._held or any(pages.get(page, 0) & bits for page, bits in new.items()):
            return False
        for page, bits in new.items():
            pages[page] = pages.get(page, 0) | bits
        return True

    def add_held(self, pages: Mapping[int, int], texts: AbstractSet[str]) -> bool:
        """Takes in what another set holds in memory; False, with nothing taken, where they have a number in common."""
        if any(self.pages.get(page, 0) & bits for page, bits in pages.items()) or not self.texts.isdisjoint(texts):
            return False
        for page, bits in pages.items():
            self.pages[page] = self.pages.get(page, 0) | bits
        self.texts |= texts
        return True

    def close(self) -> None:
        """Gives back the disk space."""
        if self._disk is not None:
            self._disk.close()
            self._disk = None

    def _add_to_disk(self, number: str) -> bool:
        if self._disk is None:
            self.on_disk = True
            self._disk = sqlite3.connect("", isolation_level=None, check_same_thread=False)
            self._disk.executescript(
                "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-4096;"
                "CREATE TABLE seen (number TEXT PRIMARY KEY) WITHOUT ROWID; BEGIN"
            )
        found = self._disk.execute("INSERT OR IGNORE INTO seen VALUES (?)", (number,))
        return found.rowcount == 1


def _pages(values: AbstractSet[int]) -> dict[int, int]:
    """Numbers as bit pages."""
    pages: dict[int, int] = {}
    low, high = min(values, default=0), max(values, default=0)
    if high - low < NEAR:  # as a file's numbers mostly are: one long row of bits, cut into pages
        start, bits = low & ~255, 0
        if high - low + 1 == len(values):  # without a gap
            bits = ((1 << len(values)) - 1) << (low - start)
        else:
            for value in values:
                bits |= 1 << (value - start)
        for page in range(low >> PAGE, (high >> PAGE) + 1):
            if bits & FULL:
                pages[page] = bits & FULL
            bits >>= 1 << PAGE
        return pages
    for value in values:
        page = value >> PAGE
        pages[page] = pages.get(page, 0) | 1 << (value & 255)
    return pages


def _is_plain(number: str) -> bool:
    return number.isdecimal() and number.isascii() and number[0] != "0" and len(number) < 19


def _are_plain(numbers: Sequence[str]) -> bool:
    """Whether all are, by a few calls for all of them."""
    joined = "".join(numbers)
    return (
        joined.isascii()
        and joined.isdecimal()
        and min(numbers)[:1] not in ("", "0")  # of digits, "0" comes first
        and max(map(len, numbers)) < 19
    )
