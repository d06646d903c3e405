"""
HTTP Basic with a biller's API key.

Senders encode the bare key, the key and a colon, or the key as the user of an empty password; and some of their
base64 encoders wrap the text, so that blanks and line breaks stand in it. All of that is one credential.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from functools import lru_cache

from partnerlab.simulators.ic_webservices.domain.billers import Biller
from partnerlab.simulators.ic_webservices.store import BILLERS
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Row, Statement, Store

__all__ = ["CHALLENGE", "CredentialRefused", "Credentials", "api_key"]

CHALLENGE = ("WWW-Authenticate", 'Basic realm="Invoice Cloud", charset="UTF-8"')
MOST_BILLERS = 1_000
REMEMBERED = 1_024


class CredentialRefused(Exception):
    """No credential, one that cannot be read, or a key that is no biller's."""


class Credentials:
    """The billers' API keys of one store."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._guids: dict[tuple[str, str], str] = {}

    def biller(self, lane: Lane, headers: Mapping[str, str]) -> Biller:
        """The biller whose API key a request carries (*headers* by lower-case name). Raises `CredentialRefused`."""
        header = headers.get("authorization")
        if not header:
            raise CredentialRefused("Authorization: is missing; send Basic with the biller's API key.")
        key = api_key(header)
        if key is None:
            raise CredentialRefused("Authorization: is not Basic with the base64 text of the biller's API key.")
        place = (lane.name, key)
        with self.store.read() as tx:
            # Where the key was found last time; the biller itself is read again, because its key may have changed.
            if guid := self._guids.get(place):
                row = tx.one(_BILLER, lane=lane.name, guid=guid)
                if row is not None and _same((found := _biller(row)).api_key, key):
                    return found
            billers = BILLERS.find(tx, lane.name, {}, order="guid", limit=MOST_BILLERS)
        matches = [biller for biller in billers if _same(biller.api_key, key)]
        if not matches:
            raise CredentialRefused("Authorization: the API key is not valid.")
        if len(self._guids) >= REMEMBERED:
            self._guids.clear()
        self._guids[place] = matches[0].guid
        return matches[0]


_BILLER = Statement(f"SELECT {', '.join(BILLERS.columns)} FROM ic_billers WHERE lane = :lane AND guid = :guid")  # noqa: S608 - names of our own columns


@lru_cache(REMEMBERED)
def _biller(row: Row) -> Biller:
    """A biller's row as a value: found by all that stands in it, so that a biller that was changed is another."""
    return BILLERS.load(row)


@lru_cache(REMEMBERED)
def api_key(header: str) -> str | None:
    """The API key in an Authorization header, or None where it holds none that can be read."""
    scheme, _, text = header.strip().partition(" ")
    if scheme.lower() != "basic":
        return None
    packed = "".join(text.split())
    try:
        decoded = base64.b64decode(packed + "=" * (-len(packed) % 4), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return None
    key, _, password = decoded.strip().partition(":")
    return key if key and not password else None


def _same(key: str, given: str) -> bool:
    return hmac.compare_digest(key.encode(), given.encode("utf-8", "surrogatepass"))
