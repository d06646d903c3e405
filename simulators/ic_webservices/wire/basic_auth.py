"""
HTTP Basic with a biller's API key.

Senders encode the bare key, the key and a colon, or the key as the user of an empty password; and some of their
base64 encoders wrap the text, so that blanks and line breaks stand in it. All of that is one credential.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from functools import lru_cache

from partnerlab.simulators.ic_webservices.domain.billers import Biller
from partnerlab.simulators.ic_webservices.services.api_keys import ApiKeys
from partnerlab.simulators.kit.world.lanes import Lane

__all__ = ["CHALLENGE", "CredentialRefused", "api_key", "calling_biller"]

CHALLENGE = ("WWW-Authenticate", 'Basic realm="Invoice Cloud", charset="UTF-8"')
REMEMBERED = 1_024


class CredentialRefused(Exception):
    """No credential, one that cannot be read, or a key that is no biller's."""


def calling_biller(keys: ApiKeys, lane: Lane, headers: Mapping[str, str]) -> Biller:
    """The biller whose API key a request carries (*headers* by lower-case name). Raises `CredentialRefused`."""
    header = headers.get("authorization")
    if not header:
        raise CredentialRefused("The header Authorization is missing; send Basic with the biller's API key.")
    key = api_key(header)
    if key is None:
        raise CredentialRefused("The header Authorization is not Basic with the base64 text of the biller's API key.")
    biller = keys.biller(lane, key)
    if biller is None:
        raise CredentialRefused("The API key in the header Authorization is not valid.")
    return biller


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
