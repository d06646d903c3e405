"""The rules of Invoice Cloud's services that are about values, not about one operation."""

from __future__ import annotations

from typing import Final

from partnerlab.client.errors import RequestInvalid
from partnerlab.client.http.request import check_url
from partnerlab.client.wire.kinds import Array, Line, Secret
from partnerlab.client.wire.values import render_secret

__all__ = ["ACCOUNTS", "LOGIN_TYPE", "TOKEN", "render_token", "render_url"]

LOGIN_TYPE: Final = 1
"""LoginTypeID of every registration. Source: inHance Portal Technical Design, User Registration, Requirement."""

MAX_TOKEN: Final = 4000
"""Characters in a RemoteAuthenticationToken: more than any that is seen, and few enough for an address."""

MAX_URL: Final = 2000

TOKEN: Final = Secret("RemoteAuthenticationToken", max_length=MAX_TOKEN)
ACCOUNTS: Final = Array("Accounts", Line("AccountNumber"))


def render_token(value: str) -> str:
    """A RemoteAuthenticationToken. The error for one that cannot be sent does not show it."""
    return render_secret("RemoteAuthenticationToken", value, MAX_TOKEN)


def render_url(name: str, value: str, *, allow_http: bool = False) -> str:
    """An address that a browser or Invoice Cloud will call. Raises `RequestInvalid` for *name*, without the query."""
    if len(value) > MAX_URL:
        raise RequestInvalid(name, f"{value[:20]}…", f"must have {MAX_URL} characters at most")
    try:
        return check_url(value, allow_http=allow_http)
    except RequestInvalid as error:
        raise RequestInvalid(name, error.value, error.rule) from None
