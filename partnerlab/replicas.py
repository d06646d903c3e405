"""Replicas of the sandbox: processes of their own on one database."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

__all__ = ["NotStarted", "Replica", "free_port", "running_replicas"]

BELOW_EPHEMERAL = range(20_000, 32_000)
_dice = random.SystemRandom()  # the module's own numbers are seeded by whoever likes


def free_port() -> int:
    """
    A port on which nobody listens, for a process that comes back where it was, or that others are told of first.

    It is below those that a system gives to whoever asks for any, so that no server on port 0 and no connection has it
    when it is wanted. Raises `RuntimeError` where a hundred were taken.
    """
    for port in _dice.sample(BELOW_EPHEMERAL, 100):
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port
    raise RuntimeError("a hundred ports were taken")


class NotStarted(RuntimeError):
    """A sandbox ended before it listened; with the last line that it said."""


class Replica:
    """
    A sandbox that can be killed and started again on the same port; *options* as of `partnerlab sandbox`.

    What it writes to its standard error goes to *log*, or where this process's does. Settings in this process's
    environment are those of another sandbox, and it has none of them.
    """

    def __init__(self, database: str, *options: str, log: Path | None = None) -> None:
        self._database, self._options, self._log = database, options, log
        self._port = free_port()
        self._child: subprocess.Popen[str] | None = None
        self.url = ""

    def begin(self) -> None:
        """Start it, without waiting until it listens."""
        command = [sys.executable, "-m", "partnerlab", "sandbox", "--quiet", "--port", str(self._port)]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PARTNERLAB_")}
        with ExitStack() as opened:
            said = None if self._log is None else opened.enter_context(self._log.open("ab"))
            self._child = subprocess.Popen(  # noqa: S603 - ourselves
                [*command, "--db", self._database, *self._options],
                env=environment,
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
            )

    def wait(self) -> None:
        """Until it listens. Raises `NotStarted` where it ends before."""
        assert self._child is not None
        assert self._child.stdout is not None
        self.url = self._child.stdout.readline().strip()
        if not self.url.startswith("http://"):
            said = [] if self._log is None else self._log.read_text("utf-8", "replace").split("\n")
            last = next((line for line in reversed(said) if line.strip()), "")
            raise NotStarted(f"the sandbox did not start: {last}")

    def start(self) -> None:
        """Start it, and wait until it listens."""
        self.begin()
        self.wait()

    def kill(self) -> None:
        """kill -9."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """SIGTERM, and wait until it has ended."""
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
def running_replicas(database: str, *options: str, count: int = 2, log: Path | None = None) -> Iterator[list[Replica]]:
    """So many of them, started at once; killed at the end, for nothing of them is needed any more."""
    replicas = [Replica(database, *options, log=log) for _ in range(count)]
    try:
        for replica in replicas:
            replica.begin()
        for replica in replicas:
            replica.wait()
        yield replicas
    finally:
        for replica in replicas:
            replica.kill()
