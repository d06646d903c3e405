"""The chunked transfer coding (RFC 9112, section 7.1), read strictly and within bounds."""

from __future__ import annotations

from partnerlab.contracts.first_use import pattern

__all__ = ["ChunkInvalid", "Chunks", "TrailersTooLong"]

LONGEST_LINE = 256
FREE_CHUNKS = 10_000
SMALLEST_AVERAGE = 32
_SIZE = pattern(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[\t\x20-\x7e\x80-\xff]*)?\r\n")


class ChunkInvalid(ValueError):
    """What came is no chunk; the text says why."""


class TrailersTooLong(ValueError):
    """The lines after the last chunk are more than a head may be."""


class Chunks:
    """
    One body as it comes in chunks.

    `feed` gives the data of the chunks; when `done` is true, `rest` is what follows the body.
    """

    __slots__ = ("_count", "_left", "_most_trailers", "_rest", "_total", "_trailers", "done")

    def __init__(self, most_trailers: int) -> None:
        self._rest = b""
        self._left = 0  # of the present chunk, with the line break after it
        self._count = self._total = 0
        self._trailers: int | None = None
        self._most_trailers = most_trailers
        self.done = False

    @property
    def rest(self) -> bytes:
        """What came and is not read yet."""
        return self._rest

    def feed(self, data: bytes) -> bytes:
        """The data in what came. Raises `ChunkInvalid`, `TrailersTooLong`."""
        data = self._rest + data if self._rest else data
        found: list[bytes] = []
        at = 0
        while not self.done:
            if self._left:
                at = self._chunk(data, at, found)
                if self._left:
                    break
            following = self._line(data, at)
            if following is None:
                break
            at = following
        self._rest = data[at:]
        return b"".join(found)

    def _chunk(self, data: bytes, at: int, found: list[bytes]) -> int:
        """Read on in the present chunk."""
        part = data[at : at + max(0, self._left - 2)]
        found.append(part)
        self._left -= len(part)
        at += len(part)
        if self._left <= 2 and len(data) - at >= 2:
            if data[at : at + 2] != b"\r\n":
                raise ChunkInvalid("a chunk is longer than its size says")
            self._left = 0
            at += 2
        return at

    def _line(self, data: bytes, at: int) -> int | None:
        """Read a line between chunks; where the next begins, or None where it is not whole."""
        end = data.find(b"\r\n", at, at + (LONGEST_LINE if self._trailers is None else self._most_trailers) + 2)
        if self._trailers is not None:
            self._trailers += (end if end >= 0 else len(data)) - at
            if self._trailers > self._most_trailers:
                raise TrailersTooLong
            if end < 0:
                self._trailers -= len(data) - at  # it is counted when it is whole
                return None
            self.done = end == at
            return end + 2
        if end < 0:
            if len(data) - at > LONGEST_LINE:
                raise ChunkInvalid("a chunk's size line is too long")
            return None
        size = _SIZE.fullmatch(data, at, end + 2)
        if size is None:
            raise ChunkInvalid("a chunk's size is no hexadecimal number")
        length = int(size[1], 16)
        self._count += 1
        self._total += length
        if self._count > FREE_CHUNKS and self._total < self._count * SMALLEST_AVERAGE:
            raise ChunkInvalid(f"over {FREE_CHUNKS} chunks of under {SMALLEST_AVERAGE} bytes")
        if length:
            self._left = length + 2
        else:
            self._trailers = 0
        return end + 2
