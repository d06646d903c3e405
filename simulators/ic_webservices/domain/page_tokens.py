"""The token in a payment page's address, and what is kept of it."""

from __future__ import annotations

from partnerlab.simulators.ic_webservices.domain.users import hash_token, new_token

__all__ = ["new_page_token", "page_key"]

TIME_DIGITS = 11
"""Hexadecimal, of a token and of its key."""
TOKEN_LENGTH = TIME_DIGITS + 43


def new_page_token(made_ms: int) -> str:
    """
    A token for a page's address: when it was made, in milliseconds since the epoch, and 256 random bits.

    The time is first so that pages are kept in the order they came. Under random keys alone each would be put
    somewhere in the middle, which takes a database of many pages several times as long.
    """
    return f"{made_ms:011x}{new_token()}"


def page_key(token: str) -> str:
    """What a page is kept and found by: the time in its token, and the token's SHA-256."""
    time = token[:TIME_DIGITS] if len(token) == TOKEN_LENGTH else ""
    return (time if time.isascii() and time.isalnum() else "") + hash_token(token)
