"""
Who is let in: a username and a password give a token, the token opens a session until it expires or is ended.

A token belongs to one lane and one biller's user. Only its SHA-256 is kept, so a copy of the store opens nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from partnerlab.contracts.records import dataclass
from partnerlab.simulators.ic_webservices.domain.billers import Biller, normal_guid
from partnerlab.simulators.ic_webservices.domain.errors import LoginRefused, TokenInvalid, ValueRefused
from partnerlab.simulators.ic_webservices.domain.users import (
    SESSION_LASTS,
    RemoteToken,
    User,
    check_password,
    hash_of_nobody,
    hash_token,
    new_token,
    password_matches,
    username_key,
)
from partnerlab.simulators.ic_webservices.services.attempts import Attempts, too_many
from partnerlab.simulators.ic_webservices.services.ledger import biller_of
from partnerlab.simulators.ic_webservices.services.support import SSO, refuse_unsupported
from partnerlab.simulators.ic_webservices.store import LINKS, TOKENS, USERS
from partnerlab.simulators.kit.keys import Keys
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Statement, Store, Tx

__all__ = ["Authentication", "Session", "end_tokens", "linked_accounts"]

REMEMBERED = timedelta(days=1)
"""How long after its end a token is still told from one that never was."""
MOST_LINKS = 10_000

_SLIDE = Statement(
    "UPDATE ic_tokens SET expires_at = :expires_at"
    " WHERE lane = :lane AND token_hash = :token_hash AND ended_at = '' AND expires_at > :now"
)
_EXPIRE = Statement(
    "UPDATE ic_tokens SET expires_at = :now"
    " WHERE lane = :lane AND token_hash = :token_hash AND ended_at = '' AND expires_at > :now"
)
_END = Statement("UPDATE ic_tokens SET ended_at = :now WHERE lane = :lane AND token_hash = :token_hash")
_END_ALL = Statement(
    "UPDATE ic_tokens SET ended_at = :now"
    " WHERE lane = :lane AND biller_guid = :biller_guid AND username = :username AND ended_at = ''"
)
_FORGET = Statement(
    "DELETE FROM ic_tokens WHERE lane = :lane AND biller_guid = :biller_guid AND username = :username"
    " AND expires_at < :before"
)


@dataclass(frozen=True, slots=True)
class Session:
    """
    What a token opens: a biller's user and the accounts linked to it now, in the order of linking (maybe none).

    `expires_at` is aware, on the lane's clock.
    """

    biller: Biller
    user: User
    account_numbers: tuple[str, ...]
    expires_at: datetime


def linked_accounts(tx: Tx, lane: Lane, biller_guid: str, username: str) -> tuple[str, ...]:
    """The account numbers linked to a user, in the order of linking."""
    search = {"biller_guid": normal_guid(biller_guid), "username": username_key(username)}
    links = LINKS.find(tx, lane.name, search, order="position", limit=MOST_LINKS)
    return tuple(link.account_number for link in links)


def end_tokens(tx: Tx, lane: Lane, user: User) -> None:
    """End every token of a user, and with it every page: the password was changed [A-79]."""
    tx.run(_END_ALL, lane=lane.name, biller_guid=user.biller_guid, username=user.username, now=_text(lane.now()))


class Authentication:
    """
    Logins and tokens of every lane.

    *password_cost* is scrypt's N, *keys* has what stands for the documented password.
    """

    def __init__(self, store: Store, *, password_cost: int, keys: Keys = Keys()) -> None:  # noqa: B008 - frozen
        self.store, self.keys = store, keys
        self.password_cost = password_cost
        # Compared with where there is no such user, so that the answer takes as long.
        self._nobody = hash_of_nobody(password_cost)
        self._attempts = Attempts(store)

    def accounts(self, lane: Lane, biller_guid: str, username: str) -> tuple[str, ...]:
        """The account numbers linked to a user, in the order of linking."""
        with self.store.read() as tx:
            return linked_accounts(tx, lane, biller_guid, username)

    def check(self, lane: Lane, biller_guid: str, username: str | None, password: str | None) -> User:
        """
        The user, if that is the password; no token is made. Raises `LoginRefused`, for too many attempts too.

        That they are too many is not said: it would tell that there is such a user.
        """
        who = (lane.name, normal_guid(biller_guid), username_key(username))
        with self.store.read() as tx:
            spent_ms = self._attempts.spent_ms(tx, *who)
            user = USERS.get(tx, *who)
        # Not inside the transaction: it takes milliseconds.
        if too_many(spent_ms):
            raise LoginRefused
        matches = password_matches(self.keys.kept(password or ""), self._nobody if user is None else user.password_hash)
        if not matches or user is None or self.keys.refused(password):
            self._attempts.failed(*who)
            raise LoginRefused
        if spent_ms:
            self._attempts.passed(*who)
        return user

    def new_password(self, password: object, field: str = "Password") -> str:
        """What is kept, hashed, of a password that may be set. Raises `ValueRefused`, which never shows it."""
        given = check_password(password, field)
        if self.keys.refused(given):
            raise ValueRefused(field, "…", "is one that the documentation prints")
        return self.keys.kept(given)

    def authenticate(
        self, lane: Lane, biller_guid: str, username: str | None, password: str | None
    ) -> tuple[str, Session]:
        """A new token, and what it opens. Raises `LoginRefused`."""
        return self.issue(lane, self.check(lane, biller_guid, username, password))

    def issue(self, lane: Lane, user: User) -> tuple[str, Session]:
        """
        A new token for a user who was checked.

        Raises `LoginRefused` where the password was changed since, `NotSupported` where the integration has no SSO.
        """
        token, now = new_token(), lane.now()
        expires_at = now + SESSION_LASTS
        mine = {"lane": lane.name, "biller_guid": user.biller_guid, "username": user.username}
        with self.store.write() as tx:
            # A password that is being changed now ends this token too, or is met here.
            existing = USERS.lock(tx, lane.name, user.biller_guid, user.username)
            if existing is None or existing.password_hash != user.password_hash:
                raise LoginRefused
            tx.run(_FORGET, **mine, before=_text(now - REMEMBERED))
            row = RemoteToken(hash_token(token), user.biller_guid, user.username, _text(now), _text(expires_at))
            TOKENS.put(tx, lane.name, row)
            biller = biller_of(tx, lane, user.biller_guid)
            refuse_unsupported(biller, SSO)
            accounts = linked_accounts(tx, lane, biller.guid, user.username)
        return token, Session(biller, existing, accounts, expires_at)

    def open(self, lane: Lane, token: str | None, biller_guid: str = "") -> Session:
        """
        What the token opens; from now it lasts another twenty minutes [A-9].

        With *biller_guid* only a token of that biller is known. Raises `TokenInvalid`.
        """
        key, now = hash_token(token), lane.now()
        expires_at = now + SESSION_LASTS
        with self.store.write() as tx:
            existing = TOKENS.get(tx, lane.name, key)
            if existing is None or (biller_guid and existing.biller_guid != normal_guid(biller_guid)):
                raise TokenInvalid("unknown")
            if not tx.run(_SLIDE, lane=lane.name, token_hash=key, expires_at=_text(expires_at), now=_text(now)):
                raise TokenInvalid("ended" if existing.ended_at else "expired")
            user = USERS.get(tx, lane.name, existing.biller_guid, existing.username)
            if user is None:
                raise TokenInvalid("unknown")
            biller = biller_of(tx, lane, existing.biller_guid)
            accounts = linked_accounts(tx, lane, biller.guid, user.username)
        return Session(biller, user, accounts, expires_at)

    def end(self, lane: Lane, token: str | None) -> None:
        """Sign out: end the token. An unknown one is ignored."""
        with self.store.write() as tx:
            tx.run(_END, lane=lane.name, token_hash=hash_token(token), now=_text(lane.now()))

    def tokens(self, lane: Lane, biller_guid: str, username: str) -> Sequence[RemoteToken]:
        """A user's tokens as they are kept, oldest first."""
        search = {"biller_guid": normal_guid(biller_guid), "username": username_key(username)}
        with self.store.read() as tx:
            return TOKENS.find(tx, lane.name, search, order="issued_at")

    def expire(self, lane: Lane, biller_guid: str, username: str) -> int:
        """Let a user's tokens expire now, as if twenty minutes had passed; how many there were."""
        now = _text(lane.now())
        live = [token for token in self.tokens(lane, biller_guid, username) if not token.ended_at]
        with self.store.write() as tx:
            return sum(tx.run(_EXPIRE, lane=lane.name, token_hash=token.token_hash, now=now) for token in live)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()
