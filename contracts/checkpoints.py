"""
Writes SQLite's log back into the file, for releases of SQLite that may damage the file when they do it themselves.

Before `SAFE_FOR_SEVERAL` a checkpoint that follows another at once, while a third connection begins the log anew, may
take pages for written that are not ("WAL-reset bug", sqlite.org/wal.html). It takes two connections, be they of one
process or of several. So connections do not checkpoint by themselves there: one thread of the process does, for each
file whose log has grown, and while it does nobody writes, in no process, so that the log cannot begin anew meanwhile.

A log that begins anew writes over the old one, so its file is not cut short until it is very long: for new room the
system must find and clear pages, a sixth of what a payment takes.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
from bisect import bisect_left
from contextlib import closing, suppress

from partnerlab.contracts.sqlite_files import SAFE_FOR_SEVERAL

__all__ = ["KEPT_BYTES", "LOG_BYTES", "LOOK_S", "checkpoint", "leave_checkpoints", "log_bytes"]

LOG_BYTES = 4 * 1024 * 1024
"""How long a log may be before it is written back: what SQLite itself does after a thousand pages."""
KEPT_BYTES = 64 * 1024 * 1024
"""How long a log's file stays once it was that long: about what payments at full speed write between two looks."""
LOOK_S = 1.0
WAIT_S = 30.0

_HEADER, _FRAME_HEADER = 32, 24  # sqlite.org/fileformat2.html#walformat

_logger = logging.getLogger("partnerlab.sqlite")

_lock = threading.Lock()
_files: dict[str, tuple[int, int]] = {}
"""By path, how long the log was and when it was last written to, at its last checkpoint."""
_thread: threading.Thread | None = None


def leave_checkpoints(
    connection: sqlite3.Connection, path: str, *, version: tuple[int, ...] = sqlite3.sqlite_version_info
) -> None:
    """Let the thread do the checkpoints of a file, and not this connection to it; nothing with a safe SQLite."""
    global _thread
    if version >= SAFE_FOR_SEVERAL or path in ("", ":memory:"):
        return
    for pragma in ("wal_autocheckpoint=0", f"journal_size_limit={KEPT_BYTES}"):
        connection.execute(f"PRAGMA {pragma}").close()
    with _lock:
        _files.setdefault(os.path.realpath(path), (0, 0))
        if _thread is None or not _thread.is_alive():  # a forked process has none
            _thread = threading.Thread(target=_look, name="sqlite-checkpoints", daemon=True)
            _thread.start()


def checkpoint(path: str, *, wait_s: float = WAIT_S) -> bool:
    """
    Write the log of a file back into it, while nobody writes; what a reader still needs is left for the next time.

    False where writers left no gap for *wait_s*. Raises `sqlite3.Error`, and `OSError` where the disk fails: it may say
    so only once.
    """
    # What is on the disk before the writers have to wait is not waited for: a quarter of the time.
    with suppress(FileNotFoundError), open(f"{path}-wal", "r+b", buffering=0) as log:
        os.fsync(log.fileno())
    with (
        closing(sqlite3.connect(path, timeout=wait_s, isolation_level=None)) as writing,
        closing(sqlite3.connect(path, timeout=wait_s, isolation_level=None)) as checkpointing,
    ):
        for connection in (writing, checkpointing):
            connection.execute("PRAGMA wal_autocheckpoint=0").close()
        try:
            writing.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        try:
            checkpointing.execute("PRAGMA wal_checkpoint(PASSIVE)").close()
        finally:
            writing.execute("ROLLBACK")
    return True


def log_bytes(path: str) -> int:
    """How long the log of a file is, without what an older one left behind it in its file."""
    with open(f"{path}-wal", "rb", buffering=0) as log:
        header = log.read(_HEADER)
        if len(header) < _HEADER:
            return 0
        frame = _FRAME_HEADER + int.from_bytes(header[8:12], "big")
        salt = header[16:24]  # each log has its own, and so has each of its frames

        def is_older(number: int) -> bool:
            log.seek(_HEADER + number * frame + 8)
            return log.read(8) != salt

        frames = (os.fstat(log.fileno()).st_size - _HEADER) // frame
        return _HEADER + frame * bisect_left(range(frames), True, key=is_older)


def _look() -> None:
    waiting = threading.Event()
    while True:
        waiting.wait(LOOK_S)
        with _lock:
            files = dict(_files)
        for path, before in files.items():
            try:
                _look_at(path, before)
            except (sqlite3.Error, OSError):  # OSError: as many files are open as may be
                _logger.exception("%s: its log could not be written back; trying again", path)


def _look_at(path: str, before: tuple[int, int]) -> None:
    if not os.path.exists(path):
        with _lock:
            _files.pop(path, None)
        return
    now = (0, 0)
    with suppress(FileNotFoundError):
        now = (log_bytes(path), os.stat(f"{path}-wal").st_mtime_ns)
    if now[0] > LOG_BYTES and now != before and checkpoint(path):
        with _lock:
            _files[path] = now
