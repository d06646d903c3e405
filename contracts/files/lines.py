"""
Bytes to rows of text, in constant memory: blocks are read, cut at line ends, and decoded whole where they can be.

What is tolerated [A-15] is noted: a BOM, CRLF, Windows-1252, blank lines, a missing last line end. What cannot be
text is handed on with the rule it breaks, so that one bad row costs one invoice and not the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import field
from os import PathLike
from typing import IO

from partnerlab.contracts.files.fields import MAX_ROW
from partnerlab.contracts.files.problems import Notes
from partnerlab.contracts.records import dataclass

__all__ = ["FOREIGN", "REFUSED", "Batch", "Lines", "Source", "blocks", "read_lines"]

BLOCK = 1 << 17
MAX_BYTES = 4 * MAX_ROW + 4  # of a row without a line end that is still held
REFUSED = bytes(code for code in range(32) if code not in (9, 10)) + b"\x7f"
"""The control characters that no row holds; a carriage return is one where it does not end a line."""

FOREIGN = "windows-1252"
"""The kind of note on a row in that encoding."""

Source = str | PathLike[str] | bytes | bytearray | memoryview | IO[bytes] | Iterable[bytes]


class NotText(ValueError):
    """The file is in an encoding that cannot be read at all."""


@dataclass(slots=True)
class Batch:
    """
    Some rows in order.

    `first` is the number of the first; `flagged` gives the rule broken by those that cannot be read, and `foreign` the
    numbers of those in Windows-1252, which are noted; `cut` says that the last one has no line end: the file stops
    there.
    """

    lines: list[str]
    first: int
    flagged: dict[int, str] = field(default_factory=dict)
    foreign: list[int] = field(default_factory=list)
    cut: bool = False


def blocks(source: Source) -> Iterator[bytes]:
    """The bytes of a path (opened and closed here), of bytes, of a binary stream or of any iterable of chunks."""
    if isinstance(source, (str, PathLike)):
        with open(source, "rb") as stream:
            while block := stream.read(BLOCK):
                yield block
    elif isinstance(source, (bytes, bytearray, memoryview)):
        view = memoryview(source)
        for start in range(0, len(view), BLOCK):
            yield bytes(view[start : start + BLOCK])
    elif hasattr(source, "read"):
        while block := source.read(BLOCK):
            if not isinstance(block, bytes):
                raise TypeError("a bill file is read as bytes: open it in binary mode")
            yield block
    else:
        for chunk in source:
            yield bytes(chunk)


def read_lines(source: Source, notes: Notes, progress: Callable[[int], None] | None = None) -> Iterator[Batch]:
    """
    The rows of a file, batch by batch.

    Args:
        progress: Is told the bytes read so far, once for each block.
    Raises:
        NotText: The file is UTF-16 or UTF-32.
    """
    lines = Lines(notes)
    for data in lines.blocks(source, progress):
        yield lines.batch(data, cut=lines.cut)


class Lines:
    """
    Blocks of whole rows, and the rows of one, or of parts of it in their order.

    `next` is the number of the row that comes next: whoever takes rows of a block by itself adds them. `cut` says that
    the last row of the block has no line end in the file: it was added.
    """

    def __init__(self, notes: Notes) -> None:
        self.next = 1
        self.cut = False
        self._notes = notes
        self._held: list[bytes] = []  # of a row whose end has not come yet
        self._held_bytes = 0
        self._begun = False

    def blocks(self, source: Source, progress: Callable[[int], None] | None = None) -> Iterator[bytes]:
        """The bytes of whole rows, each with a line feed behind it; see `read_lines`."""
        done = 0
        for block in blocks(source):
            data = self._feed(block)
            if data:
                yield data
            done += len(block)
            if progress is not None:
                progress(done)
        data = self._close()
        if data:
            yield data

    def batch(self, data: bytes, *, cut: bool) -> Batch:
        """The rows of what `blocks` has given, or of a part of it."""
        first = self.next
        flagged: dict[int, str] = {}
        foreign: list[int] = []
        try:
            lines = data.decode().split("\n")
        except UnicodeDecodeError:
            lines = self._decode_each(data, flagged, foreign)
        lines.pop()  # what follows the last line end: nothing
        if len(data.translate(None, REFUSED)) != len(data):
            for at, line in enumerate(lines):
                if line.encode().translate(None, REFUSED) != line.encode():
                    flagged.setdefault(first + at, "control-character")
        if max(map(len, lines), default=0) > MAX_ROW:
            for at, line in enumerate(lines):
                if len(line) > MAX_ROW:
                    flagged[first + at] = "row-too-long"
                    lines[at] = line[:MAX_ROW]
        self.next = first + len(lines)
        return Batch(lines, first, flagged, foreign, cut)

    def _feed(self, block: bytes) -> bytes:
        end = block.rfind(b"\n") + 1
        if not end:
            self._hold(block)
            return b""
        data = b"".join((*self._held, block[:end])) if self._held else block[:end]
        self._held, self._held_bytes = [], 0
        self._hold(block[end:])
        return self._tolerated(data)

    def _close(self) -> bytes:
        data = b"".join(self._held)
        if not data.strip(b"\r\x1a"):
            return b""  # nothing, or the end-of-file mark of DOS programs
        self._notes.add("no-final-line-end", "the last row has no line end", self.next)
        self.cut = True
        return self._tolerated(data + b"\n")

    def _tolerated(self, data: bytes) -> bytes:
        """Without a byte order mark, each row with a line feed alone behind it."""
        if not self._begun:
            self._begun = True
            data = self._without_bom(data)
        if b"\r" in data:
            found = data.count(b"\r\n")
            if found:
                line = self.next + data.count(b"\n", 0, data.index(b"\r\n"))
                self._notes.add("crlf", "lines end with CRLF", line, found)
                data = data.replace(b"\r\n", b"\n")
        return data

    def _hold(self, data: bytes) -> None:
        if data and self._held_bytes < MAX_BYTES:  # the rest of a row that is too long anyway is let go
            self._held.append(data)
            self._held_bytes += len(data)

    def _without_bom(self, data: bytes) -> bytes:
        if data.startswith((b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")):
            raise NotText("is UTF-16 or UTF-32")
        if data.startswith(b"\xef\xbb\xbf"):
            self._notes.add("bom", "the file begins with a byte order mark", 1)
            return data[3:]
        return data

    def _decode_each(self, data: bytes, flagged: dict[int, str], foreign: list[int]) -> list[str]:
        lines = []
        for at, raw in enumerate(data.split(b"\n")):
            try:
                lines.append(raw.decode())
                continue
            except UnicodeDecodeError:
                pass
            try:
                lines.append(raw.decode("cp1252"))
                self._notes.add(FOREIGN, "the row is Windows-1252, not UTF-8", self.next + at)
                foreign.append(self.next + at)
            except UnicodeDecodeError:
                lines.append(raw.decode("latin-1"))
                flagged[self.next + at] = "not-text"
        return lines
