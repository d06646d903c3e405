"""How often a password may be tried: a few times at once, then one time in a few seconds."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable

from partnerlab.simulators.kit.world.store import Statement, Store, Tx

__all__ = ["AT_ONCE", "EVERY_S", "Attempts", "too_many"]

AT_ONCE = 20
EVERY_S = 3.0

_WHO = "lane = :lane AND biller_guid = :biller_guid AND username_hash = :username_hash"
_SPENT = Statement(f"SELECT free_at_ms FROM ic_wrong_passwords WHERE {_WHO}")
_COUNT = Statement(
    "INSERT INTO ic_wrong_passwords (lane, biller_guid, username_hash, free_at_ms)"
    " VALUES (:lane, :biller_guid, :username_hash, :now_ms + :every_ms)"
    " ON CONFLICT (lane, biller_guid, username_hash) DO UPDATE SET free_at_ms = :every_ms"
    " + CASE WHEN ic_wrong_passwords.free_at_ms > :now_ms THEN ic_wrong_passwords.free_at_ms ELSE :now_ms END"
)
_FORGET = Statement(f"DELETE FROM ic_wrong_passwords WHERE {_WHO}")
_FORGET_OLD = Statement("DELETE FROM ic_wrong_passwords WHERE lane = :lane AND free_at_ms <= :now_ms")


def too_many(spent_ms: int) -> bool:
    """Whether no password of a user may be tried now whose attempts are all free again in so many milliseconds."""
    return spent_ms > (AT_ONCE - 1) * EVERY_S * 1000


class Attempts:
    """
    Wrong passwords by user, in the store, so that all processes count together: after `AT_ONCE` of them one more may
    be tried every `EVERY_S` seconds, until the right one was given [A-96].

    A user is forgotten a minute after the last wrong password at the latest. *clock* gives seconds of real time; a
    lane's own clock may be moved by whoever guesses.
    """

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store, self._clock = store, clock

    def spent_ms(self, tx: Tx, lane: str, biller_guid: str, username: str) -> int:
        """In how many milliseconds all of a user's attempts are free again; 0 where they are."""
        row = tx.one(_SPENT, **_who(lane, biller_guid, username))
        return 0 if row is None else max(int(row[0]) - self._now_ms(), 0)

    def failed(self, lane: str, biller_guid: str, username: str) -> None:
        """Count a wrong password."""
        now_ms = self._now_ms()
        with self._store.write() as tx:
            tx.run(_FORGET_OLD, lane=lane, now_ms=now_ms)
            tx.run(_COUNT, **_who(lane, biller_guid, username), now_ms=now_ms, every_ms=int(EVERY_S * 1000))

    def passed(self, lane: str, biller_guid: str, username: str) -> None:
        """Forget the wrong ones: the right password was given."""
        with self._store.write() as tx:
            tx.run(_FORGET, **_who(lane, biller_guid, username))

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)


def _who(lane: str, biller_guid: str, username: str) -> dict[str, str]:
    """A user's row. By a hash: what is typed as a name may be anything, a password too, and as long as a request."""
    name = hashlib.sha256(username.encode("utf-8", "surrogatepass")).hexdigest()
    return {"lane": lane, "biller_guid": biller_guid, "username_hash": name}
