"""Values put aside until a file was read to its end, in constant memory."""

from __future__ import annotations

import marshal
import tempfile
from collections.abc import Iterator
from typing import Any

__all__ = ["Spool"]

IN_MEMORY = 4 * 1024 * 1024
BATCH = 500


class Spool:
    """Plain values put aside in batches: in memory while they are few, in an unnamed temporary file beyond that."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed by __exit__
        self._batch: list[Any] = []
        self._sizes: list[int] = []

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, value: Any) -> None:
        """Put a value aside, behind the others."""
        self._batch.append(value)
        if len(self._batch) == BATCH:
            self._put()

    def batches(self) -> Iterator[list[Any]]:
        """What was put aside, 500 values at a time; nothing may be added while it is read."""
        self._put()
        self._file.seek(0)
        for size in self._sizes:
            yield marshal.loads(self._file.read(size))  # noqa: S302 - written below, by this process
        self._file.seek(0, 2)

    def _put(self) -> None:
        if self._batch:
            # Not `marshal.dump`: what it writes to a file that is none of the system's is read back byte by byte.
            self._sizes.append(self._file.write(marshal.dumps(self._batch)))
            self._batch = []
