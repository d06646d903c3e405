"""
Events on their way to the data pump.

An event is a row, written in the transaction of the change that caused it, so neither can be without the other. After
the commit it is offered to the `events` port; only when the port took it is the row marked. What was not taken, or
was written by a process that died, is offered again: at the next event of the account, by a background thread while
anything waits, and at start. So the port may see an event twice (it tells by the id), never too few.

Within an account the oldest waiting event is always offered first, and nothing after it before it was taken.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from partnerlab.contracts.masking import mask_text
from partnerlab.simulators.ic_webservices.domain.events import Event
from partnerlab.simulators.ic_webservices.store import next_number
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Row, Statement, Store, Tx

__all__ = ["Entry", "Outbox"]

RETRY_FIRST_S, RETRY_LAST_S = 0.5, 30.0
STRIPES = 64

_COLUMNS = "seq, event_id, kind, biller_guid, account_number, body, cause, occurred_at, attempts, accepted_at, problem"
_ADD = Statement(
    "INSERT INTO ic_events (lane, seq, event_id, kind, biller_guid, account_number, body, cause, occurred_at, attempts)"
    " VALUES (:lane, :seq, :event_id, :kind, :biller_guid, :account_number, :body, :cause, :occurred_at, 0)"
)
_OLDEST = Statement(
    "SELECT seq, body FROM ic_events WHERE lane = :lane AND biller_guid = :biller_guid"
    " AND account_number = :account_number AND accepted_at IS NULL ORDER BY seq LIMIT 1"
)
_WAITING = Statement("SELECT DISTINCT lane, biller_guid, account_number FROM ic_events WHERE accepted_at IS NULL")
_TAKEN = Statement(
    "UPDATE ic_events SET accepted_at = :at, attempts = attempts + 1, problem = NULL WHERE lane = :lane AND seq = :seq"
)
_NOT_TAKEN = Statement(
    "UPDATE ic_events SET attempts = attempts + 1, problem = :problem WHERE lane = :lane AND seq = :seq"
)
_LIST = {
    state: Statement(
        f"SELECT {_COLUMNS} FROM ic_events WHERE lane = :lane AND seq > :after{condition} ORDER BY seq LIMIT :limit"  # noqa: S608
    )
    for state, condition in {
        "": "",
        "waiting": " AND accepted_at IS NULL",
        "accepted": " AND accepted_at IS NOT NULL",
    }.items()
}
_LIST_ACCOUNT = {
    state: Statement(str(statement.clause).replace(" ORDER BY", " AND account_number = :account_number ORDER BY"))
    for state, statement in _LIST.items()
}


@dataclass(frozen=True, slots=True)
class Entry:
    """An event as it stands in the outbox; `accepted_at` is real time, `occurred_at` the lane's."""

    seq: int
    event: dict[str, Any]
    cause: str
    occurred_at: str
    attempts: int
    accepted_at: str | None
    problem: str | None


class Outbox:
    """
    The outbox of one store.

    *offer* takes an event's body (`contracts/datapump/event.schema.json`) and returns when it is durable there; it
    raises anything where it is not.
    """

    def __init__(
        self, store: Store, offer: Callable[[dict[str, Any]], None], *, retry_s: float = RETRY_FIRST_S
    ) -> None:
        self._store, self._offer, self._retry_s = store, offer, retry_s
        self._accounts = [threading.Lock() for _ in range(STRIPES)]
        self._thread: threading.Thread | None = None
        self._thread_lock = threading.Lock()
        self._closed = threading.Event()

    def add(self, tx: Tx, lane: Lane, event: Event, *, cause: str) -> None:
        """Write an event; call `flush` after the commit. *cause* is the id of the request behind it."""
        tx.run(
            _ADD,
            lane=lane.name,
            seq=next_number(tx, lane.name, "event"),
            event_id=event.id,
            kind=event.kind,
            biller_guid=event.biller_guid,
            account_number=event.account_number,
            body=json.dumps(event.body(), ensure_ascii=False, separators=(",", ":")),
            cause=cause,
            occurred_at=event.occurred_at.isoformat(),
        )

    def flush(self, lane: str, biller_guid: str, account_number: str) -> bool:
        """Offer an account's waiting events in order, until one is not taken; whether none waits any more."""
        with self._accounts[hash((lane, biller_guid, account_number)) % STRIPES]:
            while True:
                with self._store.read() as tx:
                    row = tx.one(_OLDEST, lane=lane, biller_guid=biller_guid, account_number=account_number)
                if row is None:
                    return True
                if not self._offered(lane, *row):
                    self._retry_later()
                    return False

    def flush_all(self) -> int:
        """Offer what waits in every lane; how many accounts still have something waiting."""
        with self._store.read() as tx:
            accounts = tx.all(_WAITING)
        return sum(not self.flush(*account) for account in accounts)

    def start(self) -> None:
        """Offer again, in the background, what a former process left behind."""
        with self._store.read() as tx:
            waiting = tx.all(_WAITING)
        if waiting:
            self._retry_later()

    def close(self) -> None:
        """Stop offering in the background; what waits stays in the store."""
        self._closed.set()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def entries(
        self, lane: Lane, *, state: str = "", account_number: str = "", after: int = 0, limit: int = 100
    ) -> list[Entry]:
        """A lane's events in the order they happened; *state* is `waiting`, `accepted` or empty for both."""
        values = {"lane": lane.name, "after": after, "limit": limit}
        with self._store.read() as tx:
            if account_number:
                rows = tx.all(_LIST_ACCOUNT[state], **values, account_number=account_number)
            else:
                rows = tx.all(_LIST[state], **values)
        return [_entry(lane.name, row) for row in rows]

    def _offered(self, lane: str, seq: int, body: str) -> bool:
        try:
            self._offer({**json.loads(body), "lane": lane})
        except Exception as error:  # noqa: BLE001 - the port may fail in any way; the event is kept
            problem = mask_text(f"{type(error).__name__}: {error}")[:500]
            with self._store.write() as tx:
                tx.run(_NOT_TAKEN, lane=lane, seq=seq, problem=problem)
            return False
        with self._store.write() as tx:
            tx.run(_TAKEN, lane=lane, seq=seq, at=datetime.now(UTC).isoformat())
        return True

    def _retry_later(self) -> None:
        with self._thread_lock:
            if self._thread is None and not self._closed.is_set():
                self._thread = threading.Thread(target=self._retry, name="ic-outbox", daemon=True)
                self._thread.start()

    def _retry(self) -> None:
        delay_s = self._retry_s
        while not self._closed.wait(delay_s):
            if self.flush_all() == 0:
                with self._thread_lock:
                    self._thread = None
                # Whoever failed between the two lines above saw a thread and started none: look once more.
                with self._store.read() as tx:
                    left = tx.all(_WAITING)
                if left:
                    self._retry_later()
                return
            delay_s = min(delay_s * 2, RETRY_LAST_S)


def _entry(lane: str, row: Row) -> Entry:
    seq, _, _, _, _, body, cause, occurred_at, attempts, accepted_at, problem = row
    return Entry(seq, {**json.loads(body), "lane": lane}, cause, occurred_at, attempts, accepted_at, problem)
