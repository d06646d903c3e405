"""
A recorded exchange sent again: as it was, or with another body.

The journal holds no secret. A masked credential is filled in again where it is one of the sandbox's own; any other
stays masked, so that the call is refused for it, as the one before.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import quote

from partnerlab.contracts.first_use import pattern
from partnerlab.contracts.masking import MASK, mask
from partnerlab.contracts.records import dataclass
from partnerlab.simulators.kit.journal.entries import Entry
from partnerlab.simulators.kit.journal.recording import EXCERPT_BYTES
from partnerlab.simulators.kit.world.lanes import Lane

__all__ = ["Again", "Credentials", "NotReplayable", "Replayed", "Resend", "sent_again"]

_MASKED = pattern(re.escape(MASK) + r"[^\s<>\"'&:;,]{0,4}")
_FROM_HERE = ("content-length", "host", "transfer-encoding", "origin", "referer", "expect")
"""Headers that belong to the connection the first request came on."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a door asks for: its *secrets*, and the one of them that HTTP Basic carries."""

    secrets: Sequence[str] = ()
    basic: str = ""


class NotReplayable(Exception):
    """The journal does not hold enough of the request; the text says what is missing."""


@dataclass(frozen=True, slots=True)
class Again:
    """The request to send, with how many masked credentials were filled in, and how many stay masked."""

    method: str
    target: bytes
    headers: Mapping[str, str]
    body: bytes
    filled_in: int
    masked: int


def sent_again(entry: Entry, credentials: Credentials, body: str | None = None) -> Again:
    """
    *entry*'s request, with *body* in place of its own where there is one.

    Where two of the *credentials* have the same mask, the first counts. Raises `NotReplayable`.
    """
    if MASK in entry.path or MASK in entry.query:
        raise NotReplayable("its address is a secret, such as a payer's page, which the journal does not hold")
    if body is None:
        if _is_cut(entry):
            raise NotReplayable("its body is too large or no text, so the journal holds only a part; give the body")
        body = entry.request
    known = {mask(secret): secret for secret in reversed(credentials.secrets)}
    counts = [0, 0]

    def fill(found: re.Match[str]) -> str:
        counts[found[0] not in known] += 1
        return known.get(found[0], found[0])

    body = _MASKED.sub(fill, body)
    if credentials.basic:  # a header is masked whole
        known[MASK] = base64.b64encode(f"{credentials.basic}:".encode()).decode()
    headers = {name: _MASKED.sub(fill, value) for name, value in entry.headers.items() if name not in _FROM_HERE}
    target = quote(entry.path) + (f"?{entry.query}" if entry.query else "")
    return Again(entry.method, target.encode("ascii", "replace"), headers, body.encode(), *counts)


@dataclass(frozen=True, slots=True)
class Replayed:
    """The id of the new exchange, its status (0 where nothing was answered), and what became of masked credentials."""

    id: str
    status: int
    filled_in: int
    masked: int


Resend = Callable[[Lane, Entry, str | None], Replayed]
"""Sends an entry's request again to where it was sent, in a lane. Raises `NotReplayable`."""


def _is_cut(entry: Entry) -> bool:
    """Whether what is recorded of a request is only its beginning, or a description."""
    if entry.request_bytes > EXCERPT_BYTES:
        return True
    return MASK not in entry.request and len(entry.request.encode()) < entry.request_bytes
