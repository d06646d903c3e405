"""Users of the portal, and how a password is kept and compared."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import datetime

from partnerlab.contracts.records import dataclass
from partnerlab.simulators.watersmart.domain.errors import ValueInvalid

__all__ = ["Link", "User", "check_password", "hash_password", "password_matches", "username_key"]

SHORTEST_PASSWORD, LONGEST_PASSWORD = 8, 128
_BLOCK = 8


@dataclass(frozen=True, slots=True)
class User:
    """
    One login: `username` is the e-mail address in lower case. `session_token` is Invoice Cloud's, empty while the user
    is not signed in there; it is shown nowhere.
    """

    username: str
    password_hash: str
    registered_at: datetime
    session_token: str = ""

    def __repr__(self) -> str:
        return f"User(username={self.username!r})"


@dataclass(frozen=True, slots=True)
class Link:
    """An account that a user has; `position` orders a user's accounts by when they were added."""

    username: str
    account_number: str
    position: int


def username_key(username: str) -> str:
    """A username as it is kept and found."""
    return username.strip().lower()


def check_password(password: str) -> str:
    """A password that may be set. Raises `ValueInvalid`, which never shows it."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise ValueInvalid("password", "…", f"must have {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")
    return password


def hash_password(password: str, cost: int) -> str:
    """What is kept of a password: cost (scrypt's N, a power of two), salt and digest."""
    salt = secrets.token_bytes(16)
    return "$".join((str(cost), _text(salt), _text(_digest(password, cost, salt))))


def password_matches(password: str, kept: str) -> bool:
    """Whether that is the password, compared in constant time."""
    cost, salt, digest = kept.split("$")
    given = _digest(password[: LONGEST_PASSWORD + 1], int(cost), base64.b64decode(salt))
    return hmac.compare_digest(given, base64.b64decode(digest))


def _digest(password: str, cost: int, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode("utf-8", "surrogatepass"), salt=salt, n=cost, r=_BLOCK, p=1, dklen=32)


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")
