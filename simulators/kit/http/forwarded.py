"""
What a proxy in front says of a request: the scheme and host that its caller used, and who that is.

Whoever reaches the server can write these headers, so they count only where its operator says that all come by a proxy.
Of several values the last counts: the nearest proxy wrote it.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["as_forwarded"]


def as_forwarded(headers: Mapping[str, str], origin: str, remote: str) -> tuple[Mapping[str, str], str, str]:
    """
    Headers, origin and caller's address as they were before the proxy; what it does not say stays.

    *origin* is the server's own, as in `http://127.0.0.1:8700`, and changes by its scheme alone: its host is the Host
    header's, which is replaced.
    """
    scheme = _last(headers, "x-forwarded-proto").lower()
    if scheme in ("http", "https"):
        origin = f"{scheme}://{origin.partition('://')[2]}"
    if host := _last(headers, "x-forwarded-host"):
        headers = {**headers, "host": host}
    return headers, origin, _last(headers, "x-forwarded-for") or remote


def _last(headers: Mapping[str, str], name: str) -> str:
    return headers.get(name, "").rpartition(",")[2].strip()
