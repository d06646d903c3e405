"""
An answer without an end (server-sent events): what is pushed goes out at once, on a connection of its own.

A reader that is slow holds up nobody: while more than 16 KB wait for it, what is pushed is dropped, and when it has
read on it is told that it missed something.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from partnerlab.simulators.kit.http.messages import Stream

if TYPE_CHECKING:
    import asyncio

    from partnerlab.simulators.kit.http.serving import Serving

__all__ = ["COMMENT_S", "MISSED", "EventStream"]

UNREAD_BYTES = 16 * 1024
COMMENT_S = 15.0
"""How often a comment is sent: proxies end connections on which nothing comes, and a reader that is gone is noticed."""
COMMENT = b": still here\n\n"
MISSED = b"event: missed\ndata: {}\n\n"


class EventStream:
    """
    What is left of a connection once its answer is a stream. Used in the server's event loop; `push` from any thread.
    """

    def __init__(self, server: Serving, transport: asyncio.WriteTransport, stream: Stream) -> None:
        self._server, self._transport = server, transport
        self._behind = self._missed = self._over = False
        self._spoke = server.loop.time()
        transport.set_write_buffer_limits(UNREAD_BYTES)
        self._unsubscribe = stream(self.push)

    def push(self, event: bytes) -> None:
        """Send an event, as it stands on the wire."""
        self._server.in_loop(self._write, event)

    def paused(self) -> None:
        """The reader is slow."""
        self._behind = True

    def resumed(self) -> None:
        """The reader has read on."""
        self._behind = False
        if self._missed:
            self._missed = False
            self._write(MISSED)

    def sweep(self, now: float) -> None:
        """Send a comment where nothing was sent for 15 seconds."""
        if now - self._spoke >= COMMENT_S:
            self._write(COMMENT)

    def end(self) -> None:
        """Nothing more will be sent: the connection has closed, or is about to."""
        if not self._over:
            self._over = True
            self._unsubscribe()

    def _write(self, event: bytes) -> None:
        if self._over or self._transport.is_closing():
            return
        if self._behind:
            self._missed = True
        else:
            self._transport.write(event)
            self._spoke = self._server.loop.time()
