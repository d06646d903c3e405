"""
Heads that came before, known by their bytes: senders repeat themselves, and what was parsed once and is in order need
not be parsed again. No header that is a credential is kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from partnerlab.contracts.masking.names import is_secret
from partnerlab.contracts.records import dataclass

__all__ = ["KNOWN_HEADS", "Head", "KnownHeads", "find_head", "keep_head"]

KNOWN_HEADS = 256
KNOWN_HEAD_BYTES = 1024
_NOT_KEPT = frozenset(("expect", "transfer-encoding"))
_CREDENTIAL = re.compile(rb"\r\n[Aa]uthorization: ((?:[!-~]++ )?[!-~]++)(?=\r\n[^ \t])")

KnownHeads = dict[bytes | tuple[bytes, bytes], "Head"]
"""Heads by their bytes; one with a credential by what stands before and after it."""


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """What a head says that was parsed and is in order; its headers are nobody's to change."""

    method: str
    target: bytes
    headers: Mapping[str, str]
    keep_alive: bool
    version_10: bool
    length: int


def keep_head(known: KnownHeads, head: bytes, parsed: Head) -> None:
    """Know a head from now on, unless it is long or has what must not be kept."""
    if len(head) > KNOWN_HEAD_BYTES:
        return
    key: bytes | tuple[bytes, bytes] = head
    headers = parsed.headers
    if (credential := _CREDENTIAL.search(head)) and headers.get("authorization") == credential[1].decode("ascii"):
        key = _without(head, credential)
        headers = {name: value for name, value in headers.items() if name != "authorization"}
    if not _NOT_KEPT.isdisjoint(headers) or any(map(is_secret, headers)):
        return
    if len(known) >= KNOWN_HEADS:  # bounded: a caller chooses the bytes
        known.clear()
    known[key] = replace(parsed, headers=headers)


def find_head(known: KnownHeads, head: bytes) -> tuple[Head, dict[str, str]] | None:
    """What is known of a head, if it is, and the headers in it."""
    found = known.get(head)
    if found is not None:
        return found, dict(found.headers)
    credential = _CREDENTIAL.search(head)
    if credential is None or (found := known.get(_without(head, credential))) is None:
        return None
    return found, {**found.headers, "authorization": credential[1].decode("ascii")}


def _without(head: bytes, credential: re.Match[bytes]) -> tuple[bytes, bytes]:
    """What stands in a head before and after a credential. What is in it never changes how the rest is read."""
    return head[: credential.start(1)], head[credential.end(1) :]
