"""Addresses that a server cannot listen on, said in a line."""

from __future__ import annotations

import errno

__all__ = ["cannot_listen"]


def cannot_listen(address: str, error: OSError) -> str:
    """Why a server cannot listen on *address*, as in `127.0.0.1:8700`, and what to do."""
    if error.errno == errno.EADDRINUSE:
        return f"{address} is taken by another program: --port names another port"
    return f"{address}: {error.strerror or error}"
