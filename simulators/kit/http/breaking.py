"""Breaking a connection, or an answer on its way, on purpose."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import sys
from collections.abc import Callable

__all__ = ["Dribble", "cut", "reset"]

DRIBBLE_STEPS = 2_000

_LINGER_0 = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


def reset(transport: asyncio.Transport) -> None:
    """End a connection with RST, so that the peer reads `connection reset`."""
    raw = transport.get_extra_info("socket")
    if raw is not None:
        with socket.socket(fileno=os.dup(raw.fileno())) as same:  # uvloop's own has no setsockopt
            same.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_0)
    transport.abort()


def cut(head: bytes, body: bytes) -> bytes:
    """An answer up to the middle of its body; of one whose body is no more than a byte, half the head."""
    return head + body[: len(body) // 2] if len(body) > 1 else head[: len(head) // 2]


class Dribble:
    """
    An answer that goes out over *seconds*, a byte at a time, or more where there are over 2,000; *then* is called.

    Begins when it is made. `cancel` leaves it as far as it came, and calls nothing.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        transport: asyncio.Transport,
        data: bytes,
        seconds: float,
        then: Callable[[], None],
    ) -> None:
        self._loop, self._transport, self._data, self._seconds, self._then = loop, transport, data, seconds, then
        self._steps, self._started = min(len(data), DRIBBLE_STEPS), loop.time()
        self._timer: asyncio.TimerHandle | None = None
        self._write(1)

    def cancel(self) -> None:
        """Write no more."""
        if self._timer is not None:
            self._timer.cancel()

    def _write(self, step: int) -> None:
        data, steps = self._data, self._steps
        self._transport.write(data[(step - 1) * len(data) // steps : step * len(data) // steps])
        if step < steps:
            due = self._started + self._seconds * step / steps
            self._timer = self._loop.call_at(due, self._write, step + 1)
        else:
            self._timer = None
            self._then()
