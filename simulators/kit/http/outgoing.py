"""
Answers that go out together, once all that came in a turn of the event loop is handled.

To write to a socket wakes whoever reads it, which on another core costs more than many an answer does. A caller that
has several connections is woken once for all of them.
"""

from __future__ import annotations

from asyncio import Transport, get_running_loop
from collections.abc import Collection

__all__ = ["Outgoing"]

MOST = 64
"""Answers that go out together: the first of them waits for the last."""
MOST_BYTES = 16 * 1024
"""A longer answer goes out by itself, so that it is soon known whether its reader keeps up."""


class Outgoing:
    """The answers of a server's *connections* that wait for the end of a turn; where there is but one, none waits."""

    def __init__(self, connections: Collection[object]) -> None:
        self._connections = connections
        self._waiting: list[tuple[Transport, bytes]] = []

    def put(self, transport: Transport, data: bytes) -> None:
        """Let an answer go, at the end of the turn at the latest, and after those before it."""
        waiting = self._waiting
        waiting.append((transport, data))
        if len(waiting) >= MOST or len(data) > MOST_BYTES or len(self._connections) == 1:
            self.flush()
        elif len(waiting) == 1:
            get_running_loop().call_soon(self.flush)

    def flush(self) -> None:
        """Let them all go now: before anything else is written to one of their sockets, or one is closed."""
        waiting, self._waiting = self._waiting, []
        for transport, data in waiting:
            if not transport.is_closing():
                transport.write(data)
