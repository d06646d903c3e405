"""
The parts of a sandbox and which of them this process serves, where several serve one ledger in PostgreSQL.

A process that serves some parts has the doors of these and does their due work; the world, the control API and the
journal's tables are everybody's. What it calls of another part goes to the origin that `peers` names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from partnerlab.contracts.first_use import pattern
from partnerlab.contracts.records import dataclass
from partnerlab.systems import PARTNER_SYSTEMS, SYSTEMS, invoice_cloud

__all__ = ["CALLED", "PARTS", "Parts", "check_parts", "problems_of_parts"]

PUMP, CENTER = "pump", invoice_cloud.SYSTEM.part
PARTS = (*(one.part for one in SYSTEMS), PUMP)
_PARTNERS = tuple(one.part for one in PARTNER_SYSTEMS if one.doors is not None)
CALLED: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(PARTS, (CENTER,)),
    CENTER: _PARTNERS,
    PUMP: (*_PARTNERS, CENTER),
}
"""What a part calls."""
_PEER = pattern(r"([a-z-]+)=(https?://[^/?#\s@]+)/?")


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts that are *served*, and the origins of the others by their names."""

    served: frozenset[str]
    peers: Mapping[str, str]

    @classmethod
    def of(cls, only: Sequence[str], peers: Sequence[str]) -> Parts:
        """The parts that settings name; all where *only* is empty."""
        found = {match[1]: match[2] for peer in peers if (match := _PEER.fullmatch(peer))}
        return cls(frozenset(only or PARTS), {name: url for name, url in found.items() if only and name not in only})

    def origin(self, part: str, own: str) -> str:
        """Where a part is reached; *own* is this process's origin."""
        return self.peers.get(part, own)

    def directed(self, url: str, own: str, doors: Mapping[str, str]) -> str:
        """An address at this process's origin, led to the part whose door it is; *doors* has the part by its path."""
        if not self.peers or not url.startswith(f"{own}/"):
            return url
        path = re.sub(r"^/lane/[^/]+", "", urlsplit(url).path).lower()
        for door, part in doors.items():
            if path == door.lower() or path.startswith(f"{door.lower()}/"):
                return self.origin(part, own) + url.removeprefix(own)
        return url

    def is_peer(self, url: str) -> bool:
        """Whether an address is another part's."""
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.netloc}" in self.peers.values()


def problems_of_parts(only: Sequence[str], peers: Sequence[str]) -> dict[str, str]:
    """What cannot be of each of these settings alone, by its name."""
    if strange := [name for name in only if name not in PARTS]:
        return {"only": f"has {strange[0]!r}, which is none of {', '.join(PARTS)}"}
    for peer in peers:
        found = _PEER.fullmatch(peer)
        if found is None or found[1] not in PARTS:
            return {"peers": f"has {peer!r}, which is no part and origin, as inhance=http://inhance:8700"}
    return {}


def check_parts(only: Sequence[str], peers: Sequence[str], database: str) -> None:
    """Raises `ValueError` where the settings do not go together: parts need one ledger, and to know whom they call."""
    if peers and not only:
        raise ValueError(
            "peers: would have no effect, as this process serves all parts: say which it is to serve (--only,"
            " PARTNERLAB_SANDBOX_ONLY), or leave out where others are (--peer, PARTNERLAB_SANDBOX_PEERS)"
        )
    if only and database.partition("://")[0].partition("+")[0] not in ("postgresql", "postgres"):
        raise ValueError("only: needs a PostgreSQL database, in which the parts share one ledger")
    named = {peer.partition("=")[0] for peer in peers}
    for part in only:
        for called in CALLED[part]:
            if called not in only and called not in named:
                raise ValueError(f"peers: must say where {called} is, which {part} calls: {called}=http://HOST:PORT")
