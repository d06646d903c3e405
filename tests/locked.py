"""A process that is stopped while it writes a SQLite file, as a debugger or `kill -STOP` does it."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

__all__ = ["locked_error", "stopped_writer"]

WRITER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("writing", flush=True)
sys.stdin.read()
connection.execute("ROLLBACK")
"""


@contextmanager
def stopped_writer(file: Path) -> Iterator[None]:
    """Within the block a process has begun to write in *file* and is stopped; it goes on and ends after that."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n"
        process.send_signal(signal.SIGSTOP)
        yield
    finally:
        process.send_signal(signal.SIGCONT)
        process.communicate("", timeout=120)


def locked_error(file: Path) -> sqlite3.OperationalError:
    """What a write raises while somebody else writes."""
    with (
        closing(sqlite3.connect(file, isolation_level=None)) as other,
        closing(sqlite3.connect(file, isolation_level=None, timeout=0)) as ours,
    ):
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(sqlite3.OperationalError) as locked:
            ours.execute("BEGIN IMMEDIATE")
    return locked.value
