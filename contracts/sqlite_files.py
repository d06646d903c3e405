"""
SQLite files of the data pump and of the simulators: readable by their owner alone, and known to one process at a time
where the library is one that may damage a file that several write to.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
import sys
from typing import Any

__all__ = ["SAFE_FOR_SEVERAL", "InItsPlace", "open_elsewhere", "prepare", "warn"]

SAFE_FOR_SEVERAL = (3, 51, 3)
"""The first release in which checkpoints of several processes cannot lose pages of a write-ahead log."""
_SHARED_LOCK_AT = 128
"""The byte of the `-shm` file that every process holds which has the write-ahead log open (SQLite's `os_unix.c`)."""

# To look at the locks of a file that this process has open would, as POSIX has it, let go of its own.
_prepared: set[str] = set()
_files: dict[str, tuple[int, int] | None] = {}
"""Which file a path had when it was prepared: threads open theirs later, and must not find another."""
_sizes: dict[str, int] = {}
"""How large that file was at most: it only grows, but where another is copied over it."""

_logger = logging.getLogger("partnerlab.sqlite")


def prepare(
    path: str, *, later: list[str] | None = None, version: tuple[int, ...] = sqlite3.sqlite_version_info
) -> None:
    """
    Make a SQLite file that is not there yet, for its owner's eyes only; the files SQLite puts beside it take over its
    permissions. Warns where another process has the file open and SQLite is older than `SAFE_FOR_SEVERAL`, or leaves
    that in *later* to be said once the file is not refused.

    To be called before the first connection is opened. A file that cannot be made is left to SQLite to complain about.
    """
    known, real = _prepared.copy(), os.path.realpath(path)
    with contextlib.suppress(OSError):
        os.close(os.open(real, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    _files[os.path.abspath(path)], _sizes[os.path.abspath(path)] = _file_at(path)
    _prepared.add(real)
    if version < SAFE_FOR_SEVERAL and real not in known and open_elsewhere(path):
        said = (
            f"{path} is open in another process, and with SQLite {'.'.join(map(str, version))} its log may lose pages"
            " when another program than this release writes it back (a shell, an older release): give each a file of"
            f" its own, use PostgreSQL, or SQLite {'.'.join(map(str, SAFE_FOR_SEVERAL))} and newer"
        )
        if later is None:
            warn([said])
        else:
            later.append(said)


def warn(texts: list[str]) -> None:
    """Say what `prepare` left to be said, once."""
    while texts:
        _logger.warning("%s", texts.pop())


def open_elsewhere(path: str) -> bool:
    """
    Whether another process has a SQLite file open with a write-ahead log; False where that cannot be told.

    Not for a file that this process has open.
    """
    if sys.platform == "win32":
        return False
    import fcntl

    try:
        with open(f"{path}-shm", "r+b", buffering=0) as shared:
            fcntl.lockf(shared, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _SHARED_LOCK_AT)
            fcntl.lockf(shared, fcntl.LOCK_UN, 1, _SHARED_LOCK_AT)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


class InItsPlace(sqlite3.Connection):
    """
    A connection that commits only while its file stands where it was prepared, with its log: nobody would find what it
    wrote.

    To open it and to commit raise `sqlite3.OperationalError` where the file is gone, another or smaller than it was, or
    its log is gone; `prepare` makes it.
    """

    def __init__(self, path: str, *args: Any, **kwargs: Any) -> None:
        self._path = "" if path in ("", ":memory:") else os.path.abspath(path)
        self._log_path = f"{self._path}-wal"
        self._log: tuple[int, int] | None = None
        found, _ = _file_at(self._path)
        if self._path and found is None:
            raise sqlite3.OperationalError(f"{self._path} is not there any more")
        self._file = _files.get(self._path, found)
        self.check_place()
        super().__init__(path, *args, **kwargs)

    def check_place(self) -> None:
        """Raise where what is written would be lost."""
        found, size = _file_at(self._path)
        if found != self._file or size < _sizes.get(self._path, 0):
            raise sqlite3.OperationalError(
                f"{self._path} was moved, deleted or replaced while it was in use, and nothing is written any more: put"
                " it back, with the files beside it, or stop this process"
            )
        if self._path:
            _sizes[self._path] = size

    def _check_log(self) -> None:
        """Check the log beside the file as the file itself; SQLite keeps it while there is a connection."""
        log, _ = _file_at(self._log_path)
        if self._log is not None and log != self._log:
            raise sqlite3.OperationalError(
                f"{self._log_path}, which has the last changes of the file, was moved, deleted or replaced while it was"
                " in use, and nothing is written any more: put it back, or stop this process"
            )
        self._log = log

    def commit(self) -> None:
        """Commit, or raise."""
        self.check_place()
        if self._path:
            self._check_log()
        super().commit()


def _file_at(path: str) -> tuple[tuple[int, int] | None, int]:
    """Which file has that path, and its size; None where there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None, 0
    return (found.st_dev, found.st_ino), found.st_size
