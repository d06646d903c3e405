"""
What is held back, on the disk: a log beside a SQLite file, of what its tables do not have yet.

A record is appended by one write before anybody is told of what it says: it survives the process, as a commit does.

The number of the batch stands in each record and, as `user_version`, in the database, and is another with each batch,
in the transaction that writes it. So records count only where the database is as it was when they were appended: once
their batch is written, or where the database lost what was committed before them, they do not. Nor does what follows a
record that is not whole.

While a batch is being written the next one is appended already, to a second file: the two take turns. At its head it
says which batch it follows and how many records that has, so it counts without that one's commit too, but only after
all of that one's records.
"""

from __future__ import annotations

import errno
import os
import random
import struct
import zlib
from contextlib import suppress
from typing import NamedTuple

from partnerlab.contracts.database_errors import DatabaseUnusable
from partnerlab.simulators.kit.world.statements import Statement
from partnerlab.simulators.kit.world.transactions import Tx

__all__ = ["BatchNumbers", "LogUnreadable", "RedoLog"]

HEAD = b"partnerlab redo log 2\n"
HEAD_OF_ONE_FILE = b"partnerlab redo log 1\n"
"""Of releases whose batches were written before the next began; records follow at once."""
_BATCH = struct.Struct("<IIII")
"""Number of the batch; of the one before, 0 where that is written; how many records that has; checksum of them."""
_RECORD = struct.Struct("<III")
"""Length of what follows, number of the batch, checksum of both."""
_NUMBER = Statement("PRAGMA user_version")


class LogUnreadable(DatabaseUnusable):
    """The log is none of this version's; nothing was changed."""

    def __init__(self, path: str) -> None:
        super().__init__(
            f"{path} has payments that are not in the database yet, in a form that this version does not know:"
            " start the version that wrote it, and stop it"
        )


class _Batch(NamedTuple):
    """What one file has: records of one batch, and which one it follows, with how many records."""

    number: int
    records: list[bytes]
    follows: tuple[int, int]


class BatchNumbers:
    """The numbers of batches: the database's is another with each that is committed."""

    def __init__(self) -> None:
        self._coming = 0
        self.number = 0
        """The batch that the next record belongs to; 0 where it may not be known, and a new one must begin."""

    def renumber(self, tx: Tx, number: int = 0) -> int:
        """
        In the transaction that writes a batch: the number of the next, for `begin` once it is committed.

        That is the *number* that `RedoLog.follow` gave, where it did; nothing else is touched then.
        """
        if not number:
            self.number, number = 0, _new_number()
            self._coming = number
        tx.run(Statement(f"PRAGMA user_version = {number}"))
        return number

    def is_renumbered(self, tx: Tx) -> bool:
        """
        Whether the database has the number that `renumber` gave last, though `begin` was not told of it.

        Then that transaction was committed and an exception, such as of Ctrl-C, came before its caller knew.
        """
        return self._coming != 0 and tx.all(_NUMBER) == [(self._coming,)]

    def begin(self, number: int) -> None:
        """Let the next record be the first of that batch."""
        self.number, self._coming = number, 0


class RedoLog(BatchNumbers):
    """
    The log in *path* and, where batches overlap, `<path>2`; the caller lets one thread at a time use it.

    Its files are made by their first records.
    """

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path
        self._paths = (path, f"{path}2")
        self._files = [-1, -1]
        self._turn = 0
        self._follows = (0, 0)
        self._count = 0
        self._rewound = False
        self._mine = 0

    def left(self, tx: Tx) -> list[bytes]:
        """The records that a former process left, which the database lacks. Raises `LogUnreadable`."""
        ((number,),) = tx.all(_NUMBER)
        batches = [_read(path) for path in self._paths]
        for first in batches:
            if first.records and first.number == number:  # a new database's is 0, as is that of no batch
                after = [one.records for one in batches if one.follows == (number, len(first.records))]
                return [*first.records, *(after[0] if after else [])]
        return []

    def is_followed(self, tx: Tx) -> bool:
        """Whether the batch that this one follows is written: the database has the number that `follow` gave."""
        return self._follows[0] != 0 and tx.all(_NUMBER) == [(self._mine,)]

    def begin(self, number: int) -> None:
        """Let the next record be the first of that batch."""
        super().begin(number)
        self._mine = number
        self._follows, self._count, self._rewound = (0, 0), 0, False

    def follow(self) -> int:
        """
        Let the next record be the first of a new batch, while this one, which has records, is still to be written.

        Its number is for the transaction that writes this one. It may be followed only once that is committed.
        """
        follows, self._turn = (self.number, self._count), 1 - self._turn
        self.begin(_new_number())
        self._follows = follows
        return self.number

    def append(self, body: bytes) -> None:
        """
        Append a record. Raises `OSError`; then it may be whole or not, and a new batch must begin before anything else.
        """
        number, self.number = self.number, 0
        if not self._rewound:
            self._rewind(number)
        self._write(_RECORD.pack(len(body), number, _checksum(number, body)) + body)
        self._count += 1
        self.number = number

    def remove(self) -> None:
        """Remove the files, whose records the database has."""
        for turn, path in enumerate(self._paths):
            if self._files[turn] >= 0:
                os.close(self._files[turn])
                self._files[turn] = -1
            with suppress(FileNotFoundError):
                os.unlink(path)
        self.begin(0)

    def _rewind(self, number: int) -> None:
        # Written over, not cut: for new room the system must find and clear pages.
        if (file := self._files[self._turn]) >= 0 and not os.fstat(file).st_nlink:  # deleted: nobody would find it
            os.close(file)
            self._files[self._turn] = -1
        if self._files[self._turn] < 0:
            flags = os.O_CREAT | os.O_RDWR | getattr(os, "O_BINARY", 0)
            self._files[self._turn] = os.open(self._paths[self._turn], flags, 0o600)
        os.lseek(self._files[self._turn], 0, os.SEEK_SET)
        self._write(HEAD + _batch_head(number, *self._follows))
        self._rewound = True

    def _write(self, data: bytes) -> None:
        if os.write(self._files[self._turn], data) != len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), self._paths[self._turn])


def _read(path: str) -> _Batch:
    """What a file has, up to the first record that is not whole or of an older batch. Raises `LogUnreadable`."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except FileNotFoundError:
        data = b""
    number, follows, at = 0, (0, 0), len(HEAD)
    if data.startswith(HEAD):
        head = data[at : at + _BATCH.size]
        if len(head) == _BATCH.size:
            number, *before, _ = _BATCH.unpack(head)
            follows = (before[0], before[1])
        if head != _batch_head(number, *follows):
            return _NOTHING
        at += _BATCH.size
    elif data.startswith(HEAD_OF_ONE_FILE):
        if len(data) >= at + _RECORD.size:
            _, number, _ = _RECORD.unpack_from(data, at)
    elif HEAD.startswith(data):  # killed when it was made
        return _NOTHING
    else:
        raise LogUnreadable(path)
    records = []
    while at + _RECORD.size <= len(data):
        length, batch, checksum = _RECORD.unpack_from(data, at)
        body = data[at + _RECORD.size : at + _RECORD.size + length]
        if batch != number or len(body) != length or checksum != _checksum(batch, body):
            break
        records.append(body)
        at += _RECORD.size + length
    return _Batch(number, records, follows)


_NOTHING = _Batch(0, [], (0, 0))


def _new_number() -> int:
    return random.SystemRandom().randrange(1, 1 << 31)


def _checksum(number: int, body: bytes) -> int:
    return zlib.crc32(body, number)


def _batch_head(number: int, before: int, count: int) -> bytes:
    head = _BATCH.pack(number, before, count, 0)[:-4]
    return head + zlib.crc32(head).to_bytes(4, "little")
