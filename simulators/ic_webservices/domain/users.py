"""Portal users: who logs in, how a password is kept and compared, and for how long a remote session lasts."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import timedelta

from partnerlab.contracts.records import dataclass
from partnerlab.simulators.ic_webservices.domain.customers import check_text
from partnerlab.simulators.ic_webservices.domain.errors import ValueRefused

__all__ = [
    "SESSION_LASTS",
    "Link",
    "RemoteToken",
    "User",
    "check_password",
    "check_username",
    "hash_of_nobody",
    "hash_password",
    "hash_token",
    "new_token",
    "password_matches",
    "username_key",
]

SESSION_LASTS = timedelta(minutes=20)
"""How long a token opens anything after its last use [A-9]."""
SHORTEST_PASSWORD, LONGEST_PASSWORD = 8, 128
"""Characters of a password; nothing else is asked of it (assumed [A-52])."""
LONGEST_USERNAME = 100

_SALT_BYTES, _DIGEST_BYTES, _BLOCK = 16, 32, 8
_SCHEME = "scrypt"


@dataclass(frozen=True, slots=True)
class User:
    """
    One login at a biller's portal. `username` is in lower case, because it is found without regard to case.

    `created_at` is ISO 8601 in UTC; `text_phone` the number enrolled for Pay By Text, empty where there is none.
    """

    biller_guid: str
    username: str
    email_address: str
    password_hash: str
    created_at: str
    text_phone: str = ""

    def __repr__(self) -> str:
        return f"User(biller_guid={self.biller_guid!r}, username={self.username!r})"


@dataclass(frozen=True, slots=True)
class Link:
    """An account that a user may see and pay. `position` orders a lane's links by when they were made."""

    biller_guid: str
    username: str
    account_number: str
    position: int
    linked_at: str


@dataclass(frozen=True, slots=True)
class RemoteToken:
    """
    A RemoteAuthenticationToken as it is kept: its SHA-256, never itself.

    Times are ISO 8601 in UTC on the lane's clock; `ended_at` is empty until the user signed out.
    """

    token_hash: str
    biller_guid: str
    username: str
    issued_at: str
    expires_at: str
    ended_at: str = ""

    def __repr__(self) -> str:
        return f"RemoteToken(biller_guid={self.biller_guid!r}, username={self.username!r})"


def username_key(username: str | None) -> str:
    """A username as it is kept and found: without blanks around it, in lower case."""
    return (username or "").replace("\0", "").strip().lower()


def check_username(username: object) -> str:
    """The username as it is kept. Raises `ValueRefused`. Source: assumed [A-52]."""
    name = username_key(check_text(username, "Username"))
    if not name:
        raise ValueRefused("Username", "", "must not be empty")
    if len(name) > LONGEST_USERNAME:
        raise ValueRefused("Username", name[:40] + "…", f"must have at most {LONGEST_USERNAME} characters")
    return name


def check_password(password: object, field: str = "Password") -> str:
    """A password that may be set. Raises `ValueRefused`, which never shows it. Source: assumed [A-52]."""
    if not isinstance(password, str) or not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise ValueRefused(field, "…", f"must have {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")
    return password


def hash_password(password: str, cost: int) -> str:
    """
    What is kept of a password: scheme, cost, salt and digest.

    *cost* is scrypt's N, a power of two.
    """
    salt = secrets.token_bytes(_SALT_BYTES)
    return "$".join((_SCHEME, str(cost), _text(salt), _text(_digest(password, cost, salt))))


def hash_of_nobody(cost: int) -> str:
    """A hash that no password has. To compare with it takes as long as with a real one of that cost."""
    salt, digest = secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(_DIGEST_BYTES)
    return "$".join((_SCHEME, str(cost), _text(salt), _text(digest)))


def password_matches(password: str | None, password_hash: str) -> bool:
    """Whether that is the password, compared in constant time."""
    _, cost, salt, digest = password_hash.split("$")
    given = _digest((password or "")[: LONGEST_PASSWORD + 1], int(cost), base64.b64decode(salt))
    return hmac.compare_digest(given, base64.b64decode(digest))


def new_token() -> str:
    """A RemoteAuthenticationToken: 256 random bits, fit for a URL."""
    return secrets.token_urlsafe(32)


def hash_token(token: str | None) -> str:
    """What a token is kept and found by."""
    return hashlib.sha256((token or "").strip().encode("utf-8", "surrogatepass")).hexdigest()


def _digest(password: str, cost: int, salt: bytes) -> bytes:
    return hashlib.scrypt(
        password.encode("utf-8", "surrogatepass"), salt=salt, n=cost, r=_BLOCK, p=1, dklen=_DIGEST_BYTES
    )


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")
