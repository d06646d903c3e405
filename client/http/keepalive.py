"""
How long a server says it keeps a connection that nobody uses: `Keep-Alive: timeout=1`.

A connection that the server closes just as a payment goes out on it leaves that payment unknown. The pool asks a
connection whether it can be read from before it is used again, because one that the server closed can. So a connection
whose time is up pretends to be readable; and so does one over which more came than an answer.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from partnerlab.contracts.first_use import pattern

if TYPE_CHECKING:
    import httpx

__all__ = ["KEEPALIVE_S", "heed", "heed_hint", "heed_rest"]

KEEPALIVE_S = 5.0
"""How long the pool keeps an idle connection: shorter than most servers do."""

_TIMEOUT = pattern(r"(?:^|[,;\s])timeout\s{0,9}=\s{0,9}([0-9]{1,6})(?![0-9])", re.IGNORECASE)


class _Expiry:
    """`get_extra_info` of a connection that must not be used again after `until`, by the monotonic clock."""

    def __init__(self, info: Callable[[str], Any]) -> None:
        self.info, self.until = info, 0.0

    def __call__(self, name: str) -> Any:
        return True if name == "is_readable" and time.monotonic() >= self.until else self.info(name)


def heed(response: httpx.Response) -> None:
    """
    Use the connection of *response* again only while its server surely keeps it.

    Nothing is to be done where the server says nothing, or keeps connections for longer than the pool does. A quarter
    of the time, one second at most, is left for the way.
    """
    heed_hint(response.headers.get("keep-alive"), response.extensions.get("network_stream"))


def heed_hint(hint: str | None, stream: Any) -> None:
    """Keep *stream*, a connection of httpcore, for no longer than its server's *hint* says."""
    found = _TIMEOUT.search(hint[:200]) if hint else None
    if found is None or int(found[1]) > KEEPALIVE_S + 1:
        return
    if stream is None:
        return
    kept_s = float(found[1])
    _expiry(stream).until = time.monotonic() + kept_s - min(1.0, kept_s / 4)


def heed_rest(response: httpx.Response) -> None:
    """
    Do not use the connection of *response*, which was read, again where more came than the answer.

    httpcore keeps those bytes and would take them for the answer to the next request, another payment's say. Where it
    does not show what it keeps, it may be something.
    """
    stream = response.extensions.get("network_stream")
    if stream is None:
        return
    body = getattr(response.stream, "body", response.stream)
    read_by = getattr(getattr(getattr(body, "_httpcore_stream", None), "_stream", None), "_connection", None)
    reader = getattr(read_by, "_h11_state", None)
    if reader is None or reader.trailing_data[0]:
        _expiry(stream).until = 0.0


def _expiry(stream: Any) -> _Expiry:
    expiry = stream.get_extra_info
    if not isinstance(expiry, _Expiry):
        expiry = stream.get_extra_info = _Expiry(expiry)
    return expiry
