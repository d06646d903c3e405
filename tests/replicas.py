"""Replicas of the sandbox: processes of their own on one database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.ports import free_port


class Replica:
    """A sandbox that can be killed and started again on the same port."""

    def __init__(self, database: str, *options: str) -> None:
        self._database, self._options = database, options
        self._port = free_port()
        self._child: subprocess.Popen[str] | None = None
        self.url = ""

    def begin(self) -> None:
        """Start it, without waiting until it listens."""
        command = [sys.executable, "-m", "partnerlab", "sandbox", "--quiet", "--port", str(self._port)]
        self._child = subprocess.Popen(
            [*command, "--db", self._database, *self._options], stdout=subprocess.PIPE, text=True
        )

    def wait(self) -> None:
        """Until it listens."""
        assert self._child is not None
        assert self._child.stdout is not None
        self.url = self._child.stdout.readline().strip()
        assert self.url.startswith("http://"), "the sandbox did not start"

    def start(self) -> None:
        self.begin()
        self.wait()

    def kill(self) -> None:
        """kill -9."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self._child is None:
            return
        os.kill(self._child.pid, how)
        self._child.wait(30)
        assert self._child.stdout is not None
        self._child.stdout.close()
        self._child = None


@contextmanager
def running_replicas(database: str, *options: str, count: int = 2) -> Iterator[list[Replica]]:
    """So many of them, started at once; killed at the end, for nothing of them is needed any more."""
    replicas = [Replica(database, *options) for _ in range(count)]
    try:
        for replica in replicas:
            replica.begin()
        for replica in replicas:
            replica.wait()
        yield replicas
    finally:
        for replica in replicas:
            replica.kill()
