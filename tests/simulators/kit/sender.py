"""A sender without a socket: bytes into a server's connection, and what comes back."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from partnerlab.simulators.kit.http.connection import Connection
from partnerlab.simulators.kit.http.known_heads import KnownHeads
from partnerlab.simulators.kit.http.server import Server

__all__ = ["OF_ITS_OWN", "heard_by"]

OF_ITS_OWN = re.compile(rb"(?<=\r\n)Date: [^\r\n]*\r\n|id-[0-9a-f]{6}")
"""With `id-` for the site's prefix of ids, in which many digits might be masked as a card's number."""


class _Transport(asyncio.Transport):
    """Keeps what is written until it is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.written, self.closed = b"", False

    def write(self, data: Any) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def can_write_eof(self) -> bool:
        return False

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


def heard_by(server: Server, pieces: list[bytes], known: KnownHeads | None) -> bytes:
    """All that comes back to a sender of those pieces, but for what each answer has of its own."""
    server.known_heads = known
    transport, connection = _Transport(), Connection(server)
    connection.connection_made(transport)
    for piece in pieces:
        if transport.closed:
            break
        connection.data_received(piece)
        for _ in range(10_000):  # a lane that is not known is made on another thread
            server.loop.run_until_complete(asyncio.sleep(0))
            if not connection._busy and not connection._waiting:
                break
    connection.connection_lost(None)
    return OF_ITS_OWN.sub(b"", transport.written)
