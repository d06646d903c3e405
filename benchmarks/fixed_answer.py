"""
The bound: a server in Python that reads nothing and gives one fixed answer to whatever comes, on uvloop.

What it takes of the processor is the kernel's, the event loop's and one call of a Python function, so no server in
Python that reads its requests takes less.
"""

from __future__ import annotations

import asyncio
from typing import cast

import uvloop

ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: 44\r\n\r\n"
    b'{"Record bal":120.00,"Total Balance":340.00}'
)


class Fixed(asyncio.Protocol):
    """Takes each piece that comes for a request: wrk sends one whole request at a time."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to answer."""
        self._write = cast(asyncio.Transport, transport).write

    def data_received(self, data: bytes) -> None:
        """Answer."""
        self._write(ANSWER)


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(Fixed, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve())
