"""
Who may use the server: programs, its own pages, and those pages of other sites that a door admits.

A server on a developer's machine is reached by every web page that machine's browser opens. So a request that a page
of another site makes is refused (its Origin or Sec-Fetch-Site says so), and one that comes under a foreign host name
too: a name that an attacker's DNS points at 127.0.0.1 makes the page same-origin (DNS rebinding), and only the Host
header tells. Single sign-on and the hosted pages alone take what other sites send: that is what they are for.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

from partnerlab.contracts.records import dataclass

__all__ = ["SESSION", "Guard", "host_allowed", "is_loopback", "origin_allowed"]

_ANY_ADDRESS = frozenset(("", "0.0.0.0", "::"))  # noqa: S104 - compared, not bound


OPEN = frozenset(("/_sandbox/health", "/_sandbox/ca.pem", "/_pump/health", "/_pump/ready"))
"""What answers without a token: a probe knows none, and a caller needs the authority before it can send one."""
SESSION = "partnerlab_session"


@dataclass(frozen=True, slots=True)
class Guard:
    """
    The rules of one server.

    *hosts* are the names and addresses, beside those of the loopback, under which it answers. With a *token*
    everything that is no partner's door must be asked with `Authorization: Bearer …`, or by a browser that signed in
    with it: then it has the cookie `SESSION`.
    """

    hosts: tuple[str, ...] = ()
    token: str = ""

    def refusal(self, headers: Mapping[str, str], base_url: str, *, cross_site: bool) -> str:
        """Why a request is refused: a browser sent it for a page of another site. Empty where it may pass."""
        if cross_site:
            return ""
        if not origin_allowed(headers.get("origin"), base_url):
            return "pages of other sites are not answered here (Origin)"
        site = headers.get("sec-fetch-site", "none")
        # Following a link changes nothing here, and the page that set the link does not see the answer.
        if site not in ("none", "same-origin") and headers.get("sec-fetch-mode") != "navigate":
            return "pages of other sites are not answered here (Sec-Fetch-Site)"
        return ""

    def knows(self, headers: Mapping[str, str], path: str) -> bool:
        """Whether a request for what is no partner's door carries the token, where there is one."""
        if not self.token or path.lower() in OPEN:
            return True
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self.is_token(given.strip()):
            return True
        cookies = (cookie.strip().partition("=") for cookie in headers.get("cookie", "").split(";"))
        return any(name == SESSION and _same(value, self.session) for name, _, value in cookies)

    def is_token(self, given: str) -> bool:
        """Whether that is the token."""
        return _same(given, self.token)

    @property
    def session(self) -> str:
        """What a browser's cookie holds once its user gave the token; it does not give the token away."""
        return hmac.new(self.token.encode(), b"partnerlab console", hashlib.sha256).hexdigest()


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server that listens on that address or name."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


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
