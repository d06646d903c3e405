"""
The addresses a lane may be told to send to or to load from: the loopback, and what its operator has listed.

A payment page is given addresses by whoever holds an API key. Posting to any of them would let that key reach what
only this machine can reach. So an address is checked when it is given and again when it is used. The connection then
goes to the very address that was checked: what DNS answers later changes nothing.

The list is the biller's configuration `{"Egress": {"Allow": ["127.0.0.0/8", "10.1.2.3", "portal.example"]}}`, set by
the control API. A host that is a name must be listed by its name, and every address it resolves to must be listed too.
Source: assumed [A-68].
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from partnerlab.contracts.first_use import pattern
from partnerlab.contracts.records import dataclass

__all__ = ["DEFAULT", "AddressRefused", "Allowed", "Target", "check_web_address"]

DEFAULT = ("127.0.0.0/8", "::1")
LONGEST = 2_000
REMEMBERED = 1_024
_PORTS = {"http": 80, "https": 443}
_NAME = pattern(r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*")
# What inet_aton reads as an address although it does not look like one: 2130706433, 0x7f.1, 127.1, 0177.0.0.1.
_NUMERIC = pattern(r"(0x[0-9a-f]*|[0-9]+)(\.(0x[0-9a-f]*|[0-9]+)){0,3}")
# What a URL is made of, without what could end a header, an attribute or a CSP source.
_CHARACTERS = pattern(r"[\x21\x23-\x26\x28-\x3b\x3d\x3f-\x5b\x5d\x5f\x61-\x7e]*")
_ORIGIN = pattern(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolve = Callable[[str, int], list[str]]
"""Host name and port to the addresses it has now, as text. Raises `OSError`."""


class AddressRefused(Exception):
    """An address that may not be used; the text says why, without repeating a credential in it."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Target:
    """Where to connect: `address` and `port` for the socket, `host` for TLS and the Host header, `path` with query."""

    scheme: str
    host: str
    address: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """The value of the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def check_web_address(url: str) -> None:
    """
    Check a URL that a browser may be sent to: http or https, a host, no user or password in it. Nothing is looked up.

    Raises `AddressRefused`.
    """
    _host(url)


def _host(url: str) -> str:
    """The host of such a URL. Raises `AddressRefused`."""
    if len(url) > LONGEST:
        raise AddressRefused(f"is over {LONGEST:,} characters")
    if not _CHARACTERS.fullmatch(url):
        raise AddressRefused("has a blank, a quote, a backslash or another character that stands in no URL")
    origin = _ORIGIN.match(url)
    return _host_of(origin[0] if origin else url)


@lru_cache(REMEMBERED)
def _host_of(origin: str) -> str:
    """
    The host of a URL, or of the part of it before its path: all that is checked beside its characters.

    A partner's addresses differ from call to call in the query alone; their origin need not be taken apart each time.
    """
    try:
        parts = urlsplit(origin)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise AddressRefused("is not a URL") from None
    if parts.scheme not in _PORTS:
        raise AddressRefused("must begin with http:// or https://")
    if "@" in parts.netloc:
        raise AddressRefused("has a user name or password in it")
    if not host or port == 0:
        raise AddressRefused("has no host" if not host else "has no port that can be reached")
    if "%" in host or not (_address(host) or _NAME.fullmatch(host)):
        raise AddressRefused("has a host that is neither a name nor an address")
    return host


class Allowed:
    """
    A list of networks, addresses and host names.

    Raises `AddressRefused` where *hosts* holds something else.
    """

    def __init__(self, hosts: Iterable[object] = DEFAULT) -> None:
        self.names: set[str] = set()
        self.networks: list[Network] = []
        self._passed: set[str] = set()
        for entry in hosts:
            text = entry.strip().lower() if isinstance(entry, str) else ""
            try:
                self.networks.append(ipaddress.ip_network(text.strip("[]"), strict=False))
            except ValueError:
                if not _NAME.fullmatch(text) or _NUMERIC.fullmatch(text):
                    raise AddressRefused(
                        "cannot be checked: the biller's Egress.Allow has an entry that is no network, address or name"
                    ) from None
                self.names.add(text)

    @classmethod
    def of(cls, configuration: Mapping[str, Any]) -> Allowed:
        """The list in a biller's configuration, else the loopback. Raises `AddressRefused` where it is none."""
        egress = configuration.get("Egress")
        if egress is None:
            return _LOOPBACK
        listed = egress.get("Allow", DEFAULT) if isinstance(egress, dict) else None
        if not isinstance(listed, list | tuple):
            raise AddressRefused("cannot be checked: the biller's Egress.Allow is not a list")
        return cls(listed)

    def check(self, url: str) -> None:
        """
        Check what can be told without asking DNS: the form of *url*, its host, and the host's address if it is one.

        Raises `AddressRefused`.
        """
        host = _host(url)
        if host not in self._passed:
            self._check_host(host)
            if len(self._passed) >= REMEMBERED:
                self._passed.clear()
            self._passed.add(host)

    def _check_host(self, host: str) -> None:
        address = _address(host)
        if address is not None:
            self._check_address(address)
        elif _NUMERIC.fullmatch(host):
            raise AddressRefused(f"has the host {host[:60]!r}, an address in a form that is not accepted")
        elif _is_localhost(host):
            if not any(self._listed(_LOCALHOST[version]) for version in _LOCALHOST):
                raise AddressRefused(f"goes to {host[:60]!r}, which is not on the allow-list (Egress.Allow)")
        elif host not in self.names:
            raise AddressRefused(f"goes to {host[:60]!r}, which is not on the allow-list (Egress.Allow)")

    def targets(self, url: str, resolve: Resolve | None = None) -> list[Target]:
        """
        Check *url* again and resolve it: where to connect, in the resolver's order.

        One address that is not listed refuses the whole host. Raises `AddressRefused`, and `OSError` where the name
        cannot be resolved.
        """
        self.check(url)
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        if (literal := _address(host)) is not None:
            addresses = [literal]
        elif _is_localhost(host):
            addresses = [address for address in _LOCALHOST.values() if self._listed(address)]
        else:
            found = (_address(text) for text in (resolve or _resolve)(host, port))
            addresses = [address for address in found if address is not None]
            for address in addresses:
                self._check_address(address, host)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return [Target(parts.scheme, host, str(address), port, path) for address in dict.fromkeys(addresses)]

    def _check_address(self, address: Address, host: str = "") -> None:
        if not self._listed(address):
            found = f"{host!r} at {address}" if host else f"{str(address)!r}"
            raise AddressRefused(f"goes to {found}, which is not on the allow-list (Egress.Allow)")

    def _listed(self, address: Address) -> bool:
        return any(address.version == network.version and address in network for network in self.networks)


_LOCALHOST: Mapping[int, Address] = {4: ipaddress.IPv4Address("127.0.0.1"), 6: ipaddress.IPv6Address("::1")}
"""What `localhost` is, without asking anybody (RFC 6761)."""


def _is_localhost(host: str) -> bool:
    return host == "localhost" or host.endswith(".localhost")


def _address(host: str) -> Address | None:
    """An address in its usual form; an IPv4 address inside an IPv6 one counts as itself. None for a name."""
    if ":" not in host and not host[:1].isdigit():
        return None
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address


def _resolve(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(sockaddr[0]) for _, _, _, _, sockaddr in found]


_LOOPBACK = Allowed()
