"""Offers to switch to another protocol, which HTTP allows to ignore."""

from __future__ import annotations

import re

__all__ = ["without_offers"]

_OFFER = re.compile(rb"(?<=\r\n)(?:upgrade|http2-settings)[ \t]*:[^\r\n]*+\r\n", re.IGNORECASE)
_CONNECTION = re.compile(rb"(?<=\r\n)connection[ \t]*:([^\r\n]*+)\r\n", re.IGNORECASE)


def without_offers(head: bytes) -> bytes:
    """
    A head without them.

    Java's client offers h2c with its first request, and the parser would leave the body of that unread.
    """
    found = _CONNECTION.search(head)
    stays = b"Connection: close\r\n" if found and b"close" in found[1].lower() else b""
    return _CONNECTION.sub(b"", _OFFER.sub(b"", head)).removesuffix(b"\r\n") + stays + b"\r\n"
