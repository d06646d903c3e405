"""
What is held back, on the disk: a log beside a SQLite file, of what its tables do not have yet.

A record is appended by one write before anybody is told of what it says: it survives the process, as a commit does.

The number of the batch stands in each record and, as `user_version`, in the database, and is another with each batch,
in the transaction that writes it. So records count only where the database is as it was when they were appended: once
their batch is written, or where the database lost what was committed before them, they do not. Nor does what follows a
record that is not whole.
"""

from __future__ import annotations

import errno
import os
import random
import struct
import zlib
from contextlib import suppress

from partnerlab.simulators.kit.world.transactions import Statement, Tx

__all__ = ["LogUnreadable", "RedoLog"]

HEAD = b"partnerlab redo log 1\n"
_RECORD = struct.Struct("<III")
"""Length of what follows, number of the batch, checksum of both."""
_NUMBER = Statement("PRAGMA user_version")


class LogUnreadable(ValueError):
    """The log is none of this version's; nothing was changed."""

    def __init__(self, path: str) -> None:
        super().__init__(
            f"{path} has payments that are not in the database yet, in a form that this version does not know:"
            " start the version that wrote it, and stop it"
        )


class RedoLog:
    """The log at *path*; the caller lets one thread at a time use it. Its file is made by the first record."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._file = -1
        self._rewound = False
        self.number = 0
        """The batch that the next record belongs to; 0 where it may not be known, and a new one must begin."""

    def left(self, tx: Tx) -> list[bytes]:
        """The records that a former process left, which the database lacks. Raises `LogUnreadable`."""
        try:
            with open(self.path, "rb") as file:
                data = file.read()
        except FileNotFoundError:
            return []
        if not data.startswith(HEAD):
            if HEAD.startswith(data):  # killed when it was made
                return []
            raise LogUnreadable(self.path)
        (number,) = tx.all(_NUMBER)[0]
        records, at = [], len(HEAD)
        while at + _RECORD.size <= len(data):
            length, batch, checksum = _RECORD.unpack_from(data, at)
            body = data[at + _RECORD.size : at + _RECORD.size + length]
            if batch != number or len(body) != length or checksum != _checksum(batch, body):
                break
            records.append(body)
            at += _RECORD.size + length
        return records

    def renumber(self, tx: Tx) -> int:
        """In the transaction that writes a batch: the number of the next, for `begin` once it is committed."""
        self.number = 0
        number = random.SystemRandom().randrange(1, 1 << 31)
        tx.run(Statement(f"PRAGMA user_version = {number}"))
        return number

    def begin(self, number: int) -> None:
        """Let the next record be the first of that batch."""
        self.number, self._rewound = number, False

    def append(self, body: bytes) -> None:
        """
        Append a record. Raises `OSError`; then it may be whole or not, and a new batch must begin before anything else.
        """
        number, self.number = self.number, 0
        if not self._rewound:
            self._rewind()
        record = _RECORD.pack(len(body), number, _checksum(number, body)) + body
        if os.write(self._file, record) != len(record):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), self.path)
        self.number = number

    def remove(self) -> None:
        """Remove the file, whose records the database has."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
        self.number, self._rewound = 0, False
        with suppress(FileNotFoundError):
            os.unlink(self.path)

    def _rewind(self) -> None:
        # Written over, not cut: for new room the system must find and clear pages.
        if self._file < 0:
            self._file = os.open(self.path, os.O_CREAT | os.O_RDWR | getattr(os, "O_BINARY", 0), 0o600)
        os.lseek(self._file, 0, os.SEEK_SET)
        if os.write(self._file, HEAD) != len(HEAD):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), self.path)
        self._rewound = True


def _checksum(number: int, body: bytes) -> int:
    return zlib.crc32(body, number)
