"""
Where a bill is written: all of it, or nothing.

A file appears under its name only when it is whole. A stream of the caller's gets the bill only when it is whole; until
then it waits in memory, or on the disk where it is large.
"""

from __future__ import annotations

import io
import os
import secrets
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO, BinaryIO, Protocol

__all__ = ["FileTarget", "MemoryTarget", "StreamTarget", "Target", "open_target"]

IN_MEMORY = 1 << 20


class Target(Protocol):
    """Takes pieces, then exactly one of `commit` and `discard`."""

    def write(self, piece: bytes, /) -> None:
        """Keep a piece for now."""

    def commit(self) -> None:
        """All of it is there: let it be seen."""

    def discard(self) -> None:
        """Leave nothing behind."""


class MemoryTarget:
    """Bytes; `content` is the whole after `commit`."""

    def __init__(self) -> None:
        self.content = b""
        self._buffer = io.BytesIO()

    def write(self, piece: bytes, /) -> None:
        self._buffer.write(piece)

    def commit(self) -> None:
        self.content = self._buffer.getvalue()

    def discard(self) -> None:
        self._buffer = io.BytesIO()


class FileTarget:
    """A file of the name *path*. It is written beside it, under a name of no meaning. Raises `OSError`."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)
        if self._path.is_dir():
            raise IsADirectoryError(f"{self._path} is a folder")
        self._part = self._path.with_name(f".{secrets.token_hex(8)}.part")
        self._file = self._part.open("xb")

    def write(self, piece: bytes, /) -> None:
        self._file.write(piece)

    def commit(self) -> None:
        try:
            self._file.close()
            self._part.replace(self._path)
        except BaseException:
            self.discard()
            raise

    def discard(self) -> None:
        with suppress(OSError):  # a full disk says so once, and that was before
            self._file.close()
        self._part.unlink(missing_ok=True)


class StreamTarget:
    """A stream that the caller opened for binary writing, and closes. Raises what its `write` does."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._kept: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  closed below

    def write(self, piece: bytes, /) -> None:
        self._kept.write(piece)

    def commit(self) -> None:
        try:
            self._kept.seek(0)
            shutil.copyfileobj(self._kept, self._stream)
        finally:
            self._kept.close()

    def discard(self) -> None:
        self._kept.close()


def open_target(to: str | os.PathLike[str] | BinaryIO) -> Target:
    """The target for a path or a stream. Raises `OSError` where no file can be made there."""
    return FileTarget(to) if isinstance(to, str | os.PathLike) else StreamTarget(to)
