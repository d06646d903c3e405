"""
Keys of a sandbox that others reach: made from its token, because the documented ones are public.

The same token gives the same keys, so replicas agree and a restart changes nothing; another token gives others. A key
does not give the token away: what all are made from is scrypt of it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import uuid
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING, TypeVar

from partnerlab.contracts.first_use import pattern
from partnerlab.contracts.records import dataclass
from partnerlab.simulators.kit.keys import Keys
from partnerlab.systems import Every

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = ["Access", "access"]

_SECRETS = pattern(r"(?:^|_)(?:key|entry_key|api_key|web_service_key|consumer_guid|password)$")
_GUID = pattern(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SALT, _COST = b"partnerlab keys", 1 << 14
_LETTERS = 20  # of 32 kinds: 100 bits

One = TypeVar("One", bound="DataclassInstance")


@dataclass(frozen=True, slots=True, repr=False)
class Access:
    """What the systems of a sandbox ask for: their `settings`, and `keys`, which translates what lanes keep."""

    settings: Every
    keys: Keys

    def of(self, kind: type[One]) -> One:
        """The settings of that class."""
        return self.settings.of(kind)


def access(every: Every, *, token: str) -> Access:
    """
    The settings with keys of their own in place of the documented ones, made from *token*; as they are without one.

    A key that the operator set is left alone, and one that two settings share need be set only at its service. A
    documented key counts as not set, however it is written.
    """
    if not token:
        return Access(every, Keys())
    root = hashlib.scrypt(token.encode(), salt=_SALT, n=_COST, r=8, p=1)
    made = Keys({documented: _made(root, documented) for one in every for documented in _documented(one).values()})
    given: dict[str, str] = {}
    for one in every:
        for name, documented in _documented(one).items():
            if not made.refused(getattr(one, name)):
                given.setdefault(documented, getattr(one, name))
    keys = Keys({**made.own, **given})
    return Access(Every(_with(one, keys) for one in every), keys)


def _documented(settings: DataclassInstance) -> Mapping[str, str]:
    """The keys and passwords among a service's settings, as they are documented."""
    return {field.name: str(field.default) for field in fields(settings) if _SECRETS.search(field.name)}


def _with(one: One, keys: Keys) -> One:
    return replace(one, **{name: keys.here(getattr(one, name)) for name in _documented(one)})


def _made(root: bytes, documented: str) -> str:
    """In the form of the documented one: a GUID for a GUID, else letters and digits in groups of four."""
    digest = hmac.new(root, documented.encode(), hashlib.sha256).digest()
    if _GUID.fullmatch(documented):
        return str(uuid.UUID(bytes=digest[:16], version=4))
    text = base64.b32encode(digest).decode().lower()[:_LETTERS]
    return "-".join(text[at : at + 4] for at in range(0, _LETTERS, 4))
