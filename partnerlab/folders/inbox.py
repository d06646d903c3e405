"""
When a file in a folder is whole, and how it is read.

Nothing tells a reader that a writer is done. So a file under a temporary name is never touched: who can, writes under
one and renames. Any other is whole once it has not changed for the quiet time, by this machine's clock.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable
from pathlib import Path

__all__ = ["LONGEST_NAME", "FileUnfit", "Inbox", "is_temporary", "read_file"]

TEMPORARY = (".part", ".partial", ".filepart", ".tmp", ".temp", ".crdownload", ".swp")
LONGEST_NAME = 150
"""Bytes of a name: its report's must fit too."""
MOST_AT_ONCE = 100

Look = tuple[int, int, int]
"""Inode, size and time of the last change: what tells two looks at a file apart."""


class FileUnfit(Exception):
    """A file that cannot be taken, whatever is in it; the text says why."""


def is_temporary(name: str) -> bool:
    """Whether a name says that its file is still being written: hidden, or with one of the usual endings."""
    return name.startswith((".", "~")) or name.lower().endswith(TEMPORARY)


class Inbox:
    """One folder, looked at again and again; *clock* gives seconds that only go forward."""

    def __init__(self, folder: Path, *, quiet_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.folder, self._quiet_s, self._clock = folder, quiet_s, clock
        self._seen: dict[str, tuple[Look, float]] = {}
        self._not_before: dict[str, float] = {}

    def whole(self) -> list[Path]:
        """The files that have not changed for the quiet time, by name; at most a hundred."""
        now, seen = self._clock(), {}
        found = []
        with os.scandir(self.folder) as entries:
            for entry in entries:
                if is_temporary(entry.name) or entry.is_dir(follow_symlinks=False):
                    continue
                try:
                    at = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                look = (at.st_ino, at.st_size, at.st_mtime_ns)
                before, since = self._seen.get(entry.name, (None, now))
                seen[entry.name] = (look, since if before == look else now)
                if before == look and now - since >= self._quiet_s and now >= self._not_before.get(entry.name, now):
                    found.append(entry.name)
        self._seen = seen
        self._not_before = {name: until for name, until in self._not_before.items() if name in seen}
        return [self.folder / name for name in sorted(found)[:MOST_AT_ONCE]]

    def later(self, path: Path, seconds: float) -> None:
        """Leave a file alone for a while."""
        self._not_before[path.name] = self._clock() + seconds


def read_file(path: Path, most: int) -> bytes:
    """
    The content of a regular file of at most *most* bytes; no link is followed.

    Raises `FileUnfit`, and `OSError` where it cannot be read now.
    """
    if len(os.fsencode(path.name)) > LONGEST_NAME or not path.name.isprintable():
        raise FileUnfit(f"the name has more than {LONGEST_NAME} bytes, or characters that cannot be printed")
    if not stat.S_ISREG(path.lstat().st_mode):
        raise FileUnfit("it is a link or no file")
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with open(os.open(path, flags), "rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        if size > most:
            raise FileUnfit(f"it has {size:,} bytes, more than {most:,}")
        content = stream.read(most + 1)
        if len(content) != size:
            raise OSError(f"{path.name} changed while it was read")
        return content
