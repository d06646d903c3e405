"""
References that payments may have had: a filter that knows for sure which ones none had (a Bloom filter).

Whether a payment's reference was paid before was a question to the table for each payment, and the answer is nearly
always no. Two bits of a megabyte are set for each reference that is told; where one of the two is not set, there was
none. Where both are, there may have been one, and the table is to be asked: for one new reference in a hundred once
half a million are told, in seven once two million are. What is forgotten elsewhere stays set here, which costs a
question.
"""

from __future__ import annotations

__all__ = ["References"]

BYTES = 1 << 20
_BITS = BYTES * 8 - 1


class References:
    """The references that were told, by hash."""

    __slots__ = ("_bytes",)

    def __init__(self) -> None:
        self._bytes = bytearray(BYTES)

    def tell(self, hashed: int) -> None:
        """There is a payment with the reference of that hash, of 64 bits."""
        one, other = hashed & _BITS, (hashed >> 32) & _BITS
        self._bytes[one >> 3] |= 1 << (one & 7)
        self._bytes[other >> 3] |= 1 << (other & 7)

    def may_have(self, hashed: int) -> bool:
        """Whether there may be one; False is certain."""
        one, other = hashed & _BITS, (hashed >> 32) & _BITS
        return bool(self._bytes[one >> 3] & 1 << (one & 7) and self._bytes[other >> 3] & 1 << (other & 7))
