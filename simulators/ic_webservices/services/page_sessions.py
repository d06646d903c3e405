"""
Page sessions: what stands between CloudSSO connect and sign-out.

The id stands in the path of every page, as `/portal/(S(<id>))/…`. It is kept as its SHA-256, and the token behind it
sealed with it, so that a copy of the store opens no page; the token is asked each time, and with it the session ends.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import replace
from datetime import UTC, timedelta

from partnerlab.contracts.first_use import pattern
from partnerlab.contracts.records import dataclass
from partnerlab.simulators.ic_webservices.domain.errors import TokenInvalid
from partnerlab.simulators.ic_webservices.domain.portal import PageSession
from partnerlab.simulators.ic_webservices.services.authentication import Authentication, Session
from partnerlab.simulators.ic_webservices.store import PAGE_SESSIONS
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Statement, Store

__all__ = ["PageSessions", "SessionUnknown", "SessionView"]

REMEMBERED = timedelta(days=2)
"""How long a session is kept after its start, so that one that is over can be told from one that never was."""

_FORGET = Statement("DELETE FROM ic_page_sessions WHERE lane = :lane AND started_at < :before")
_ID = pattern(r"[A-Za-z0-9_-]{43}")


class SessionUnknown(Exception):
    """There is no such session in this lane."""


@dataclass(frozen=True, slots=True)
class SessionView:
    """A page session with what its token opens; `refused` says why it opens nothing any more."""

    row: PageSession
    session: Session | None
    refused: str = ""


class PageSessions:
    """The page sessions of every lane."""

    def __init__(self, store: Store, authentication: Authentication) -> None:
        self.store, self.authentication = store, authentication

    def start(
        self,
        lane: Lane,
        token: str,
        session: Session,
        *,
        view_mode: str,
        css_url: str,
        return_url: str,
        site_name: str,
    ) -> str:
        """The id of a new session behind *token*, which opened *session* just now."""
        id, now = secrets.token_urlsafe(32), lane.now().astimezone(UTC)
        row = PageSession(
            session_hash=_hash(id),
            sealed_token=_sealed(id, token.strip().encode("ascii")),
            biller_guid=session.biller.guid,
            username=session.user.username,
            view_mode=view_mode,
            css_url=css_url,
            return_url=return_url,
            site_name=site_name,
            account_number=next(iter(session.account_numbers), ""),
            started_at=now.isoformat(),
        )
        with self.store.write() as tx:
            tx.run(_FORGET, lane=lane.name, before=(now - REMEMBERED).isoformat())
            PAGE_SESSIONS.put(tx, lane.name, row)
        return id

    def open(self, lane: Lane, id: str) -> SessionView:
        """The session of that id; each use lets its token last longer [A-9]. Raises `SessionUnknown`."""
        with self.store.read() as tx:
            row = PAGE_SESSIONS.get(tx, lane.name, _hash(id)) if _ID.fullmatch(id) else None
        if row is None:
            raise SessionUnknown
        try:
            return SessionView(row, self.authentication.open(lane, _unsealed(id, row.sealed_token)))
        except TokenInvalid as error:
            return SessionView(row, None, error.reason)

    def look_at(self, lane: Lane, row: PageSession, account_number: str) -> PageSession:
        """Show another of the user's accounts from now on."""
        row = replace(row, account_number=account_number)
        with self.store.write() as tx:
            PAGE_SESSIONS.put(tx, lane.name, row)
        return row

    def end(self, lane: Lane, id: str, row: PageSession) -> None:
        """Sign out: the token opens nothing any more, neither here nor by another link."""
        self.authentication.end(lane, _unsealed(id, row.sealed_token))


def _hash(id: str) -> str:
    return hashlib.sha256(id.encode()).hexdigest()


def _sealed(id: str, token: bytes) -> str:
    return base64.b64encode(_pad(id, token)).decode("ascii")


def _unsealed(id: str, sealed: str) -> str:
    return _pad(id, base64.b64decode(sealed)).decode("ascii", "replace")


def _pad(id: str, data: bytes) -> bytes:
    # The id is random and used for one token, so a pad made from it is one-time; another prefix than `_hash` has.
    pad = hashlib.shake_256(b"page session token" + id.encode()).digest(len(data))
    return bytes(a ^ b for a, b in zip(data, pad, strict=True))
