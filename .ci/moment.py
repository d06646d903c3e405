"""
A pytest plugin of `make test-at`: each test begins at the moment AT, UTC, whatever the calendar says.

What it starts, a database's server and a browser too, has the same time: all read it by `clock.c`. A moment half a
second before a quarter of an hour, midnight or a change of the clocks has every test go through it.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import struct
import tempfile
import time
from datetime import UTC, datetime

import pytest

BEGINS_NS = int(datetime.fromisoformat(os.environ["AT"]).replace(tzinfo=UTC).timestamp() * 1e9)

_file = tempfile.NamedTemporaryFile(prefix="clock-")  # noqa: SIM115 - it lasts as long as this process
_file.write(bytes(8))
_file.flush()
_moved = mmap.mmap(_file.fileno(), 8)
ctypes.CDLL(None).clock_file(_file.name.encode())
os.environ["CLOCK_FILE"] = _file.name


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    real_ns = time.time_ns() - struct.unpack("q", _moved[:8])[0]
    _moved[:8] = struct.pack("q", BEGINS_NS - real_ns)


pytest_runtest_setup()
