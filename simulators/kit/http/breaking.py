"""Breaking a connection on purpose."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import sys

__all__ = ["reset"]

_LINGER_0 = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


def reset(transport: asyncio.Transport) -> None:
    """End a connection with RST, so that the peer reads `connection reset`."""
    raw = transport.get_extra_info("socket")
    if raw is not None:
        with socket.socket(fileno=os.dup(raw.fileno())) as same:  # uvloop's own has no setsockopt
            same.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_0)
    transport.abort()
