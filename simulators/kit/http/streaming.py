"""
What follows an answer's head when it is more than a body that is held: events without an end, or a file.

Of events (server-sent events) what is pushed goes out at once, on a connection of its own.

A reader that is slow holds up nobody: while more than 16 KB wait for it, what is pushed is dropped, and when it has
read on it is told that it missed something.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from partnerlab.simulators.kit.http.messages import Response, Stream

if TYPE_CHECKING:
    import asyncio

    from partnerlab.simulators.kit.http.serving import Serving

__all__ = ["COMMENT_S", "MISSED", "EventStream", "FileStream", "stream_of"]

PIECE = 256 * 1024
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


class FileStream:
    """A file on its way out, a piece at a time as its reader takes them; the connection closes after it."""

    def __init__(self, server: Serving, transport: asyncio.WriteTransport, file: IO[bytes]) -> None:
        self._transport, self._file = transport, file
        self._paused = False
        transport.set_write_buffer_limits(PIECE)
        file.seek(0)
        server.loop.call_soon(self.resumed)  # when the connection knows of this stream, and can pause it

    def paused(self) -> None:
        """The reader is slow."""
        self._paused = True

    def resumed(self) -> None:
        """Send what the reader takes."""
        self._paused = False
        while not self._paused and not self._transport.is_closing():
            if not (piece := self._file.read(PIECE)):
                self._transport.close()
                break
            self._transport.write(piece)

    def sweep(self, now: float) -> None:
        """Nothing: a reader that takes nothing is ended by the connection."""

    def end(self) -> None:
        """The connection has closed."""
        self._file.close()


def stream_of(
    server: Serving, transport: asyncio.WriteTransport, response: Response, *, going: bool
) -> EventStream | FileStream | None:
    """What goes on after the head and body of *response*, where anything does and the answer is *going* on."""
    if response.file is not None:
        if going:
            return FileStream(server, transport, response.file)
        response.file.close()
    return EventStream(server, transport, response.stream) if going and response.stream is not None else None
