"""
The answers to forms, kept for a while, so that each can be asked for by an address of its own.

A page that answers a form itself cannot be gone back to: a browser that may not store it asks whether to send the form
again. So the page is kept here, the form is answered by a redirect to it, and Back shows it as it was. The page's
secret stands in its links and is taken out, so that a copy of the store opens no page.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import UTC, timedelta

from partnerlab.contracts.first_use import pattern
from partnerlab.contracts.records import dataclass
from partnerlab.simulators.ic_webservices.domain.portal import ShownPage
from partnerlab.simulators.ic_webservices.store import SHOWN_PAGES
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Statement, Store

__all__ = ["ShownPages"]

SLOTS = 32
"""Pages that are kept of one session; a newer one takes an older one's place."""
LONGEST = 256 * 1024
REMEMBERED = timedelta(days=1)
MARK = "\u241esecret\u241e"

_KEY = pattern(r"([0-9]{1,2})-([A-Za-z0-9_-]{22})")
_FORGET = Statement("DELETE FROM ic_shown_pages WHERE lane = :lane AND shown_at < :before")


@dataclass(frozen=True, slots=True)
class ShownPages:
    """Pages of every lane; *secret* is a session's or a payment page's."""

    store: Store

    def keep(self, lane: Lane, secret: str, path: str, status: int, html: str) -> str:
        """The key of a page that was made for a form to *path*; empty for one that is too large to keep."""
        if len(html) > LONGEST:
            return ""
        now, slot, nonce = lane.now().astimezone(UTC), secrets.randbelow(SLOTS), secrets.token_urlsafe(16)
        body = html.replace(secret, MARK)
        page = ShownPage(_hash(secret), slot, _hash(nonce), path.replace(secret, MARK), status, body, now.isoformat())
        with self.store.write() as tx:
            tx.run(_FORGET, lane=lane.name, before=(now - REMEMBERED).isoformat())
            SHOWN_PAGES.put(tx, lane.name, page)
        return f"{slot}-{nonce}"

    def find(self, lane: Lane, secret: str, path: str, key: str) -> tuple[int, str] | None:
        """Status and HTML of the page of that key at that path, or None where it is not kept (any more)."""
        match = _KEY.fullmatch(key)
        if match is None:
            return None
        with self.store.read() as tx:
            page = SHOWN_PAGES.get(tx, lane.name, _hash(secret), int(match[1]))
        if page is None or page.path != path.replace(secret, MARK):
            return None
        if not hmac.compare_digest(page.nonce_hash, _hash(match[2])):
            return None
        return page.status, page.body.replace(MARK, secret)


def _hash(text: str) -> str:
    return hashlib.sha256(f"shown page {text}".encode()).hexdigest()
