"""
Who may use the control API: programs, and pages of the sandbox itself.

A server on a developer's machine is reached by every web page that machine's browser opens. So a request that a page
of another site makes is refused (its Origin says so), and one that comes under a foreign host name too: a name that
an attacker's DNS points at 127.0.0.1 makes the page same-origin (DNS rebinding), and only the Host header tells.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

__all__ = ["host_allowed", "origin_allowed"]

_ANY_ADDRESS = frozenset(("", "0.0.0.0", "::"))  # noqa: S104 - compared, not bound


def origin_allowed(origin: str | None, base_url: str) -> bool:
    """Whether an Origin header is absent or the origin the request came to."""
    if origin is None:
        return True
    ours, theirs = urlsplit(base_url), urlsplit(origin)
    return (theirs.scheme, theirs.netloc.lower()) == (ours.scheme, ours.netloc.lower())


def host_allowed(host: str | None, hosts: Collection[str]) -> bool:
    """
    Whether a Host header names this machine, one of *hosts* or, where *hosts* has a wildcard address, any address.

    An absent header is no browser's.
    """
    if host is None:
        return True
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return False
    if name == "localhost" or name.endswith(".localhost") or name in {host.lower() for host in hosts}:
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    # An address cannot be rebound: only names can.
    return address.is_loopback or not _ANY_ADDRESS.isdisjoint(hosts)
