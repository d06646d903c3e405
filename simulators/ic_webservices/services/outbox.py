"""
Events on their way to the data pump.

An event is a row, written in the transaction of the change that caused it, so neither can be without the other. After
the commit it is offered to the `events` port; only when the port took it is the row marked. What was not taken, or
was written by a process that died, is offered again: at the next event of the account, in the background with growing
pauses of real time, and at start. So the port may see an event twice (it tells by the id), never too few. Where its
account was conveyed between the two, the event stays what it was at first [A-97].

Within an account the oldest waiting event is always offered first, and nothing after it before it was taken. One that
the port will never take is set aside for a person, and the rest goes on.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from partnerlab.contracts.database_errors import what_failed
from partnerlab.contracts.masking import mask_text
from partnerlab.simulators.ic_webservices.domain.customers import is_conveyed, number_before
from partnerlab.simulators.ic_webservices.domain.errors import Conflict, NotFound
from partnerlab.simulators.ic_webservices.domain.events import (
    ACCEPTED,
    DISMISSED,
    REFUSED,
    WAITING,
    Entry,
    Event,
)
from partnerlab.simulators.ic_webservices.store import EVENT_QUEUE, EVENTS, next_number
from partnerlab.simulators.kit.world.jobs import Runner, Taken, Work, WorkOutcome
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.searching import literally
from partnerlab.simulators.kit.world.store import Statement, Store, Tx
from partnerlab.simulators.kit.world.table import utc_text

__all__ = ["EventRefused", "Outbox"]

RETRY_FIRST_S, RETRY_LAST_S = 0.5, 30.0
LONGEST_OFFER = timedelta(minutes=1)
STRIPES = 64

_WAITING = Statement("SELECT DISTINCT lane, biller_guid, account_number FROM ic_events WHERE state = 'waiting'")
_WAITING_IN = Statement(
    "SELECT DISTINCT biller_guid, account_number FROM ic_events WHERE lane = :lane AND state = 'waiting'"
)
_ABOUT = "kind = 'payment' AND event_id = :payment_guid OR kind = 'ach_reject' AND body LIKE :named ESCAPE '!'"
_TOLD = Statement(
    "UPDATE ic_payments SET told_as = :account_number WHERE lane = :lane AND payment_guid = :payment_guid"
)
_IS_THERE = Statement(
    "SELECT body FROM ic_events WHERE lane = :lane AND biller_guid = :biller_guid AND account_number = :account_number"
    " AND event_id = :event_id AND state IN ('waiting', 'refused')"
)


class EventRefused(Exception):
    """
    Raised by the port for an event that it will never take, as one whose id another event has: the text says why.

    *differing* are the fields in which it took an event of this id with other values; empty where it knows none.
    """

    def __init__(self, problem: str, differing: Sequence[str] = ()) -> None:
        self.differing = tuple(differing)
        super().__init__(problem)


class Outbox:
    """
    The outbox of one store.

    *offer* takes an event's body (`contracts/datapump/event.schema.json`) and returns when it is durable there; it
    raises `EventRefused` where it never will be, anything else where it is not yet.
    """

    def __init__(
        self, store: Store, runner: Runner, offer: Callable[[dict[str, Any]], None], *, retry_s: float = RETRY_FIRST_S
    ) -> None:
        self._store, self._runner, self._offer, self._retry_s = store, runner, offer, retry_s
        self._accounts = [threading.Lock() for _ in range(STRIPES)]
        self._work = runner.add(
            Work(EVENT_QUEUE, "an event is offered", act=self._offer_claimed, lease=LONGEST_OFFER, real_time=True)
        )

    def add(self, tx: Tx, lane: Lane, event: Event, *, cause: str) -> None:
        """Write an event; call `flush` after the commit. *cause* is the id of the request behind it."""
        entry = Entry(
            seq=next_number(tx, lane.name, "event"),
            event_id=event.id,
            kind=event.kind,
            biller_guid=event.biller_guid,
            account_number=event.account_number,
            event=event.body(),
            cause=cause,
            occurred_at=event.occurred_at.isoformat(),
            next_at=utc_text(datetime.now(UTC)),
        )
        EVENTS.put(tx, lane.name, entry)

    def waits(self, event: dict[str, Any]) -> bool:
        """
        Whether an event that was offered is there still, as it was, and the data pump is yet to take it.

        Another world of that lane may have one of the same id: a payment's is its PaymentGUID, which whoever pays may
        choose.
        """
        names = ("lane", "biller_guid", "account_number")
        with self._store.read() as tx:
            found = tx.all(_IS_THERE, event_id=event["id"], **{name: event[name] for name in names})
        return any({**json.loads(body), "lane": event["lane"]} == event for (body,) in found)

    def rename_account(self, tx: Tx, lane: Lane, biller_guid: str, old: str, new: str) -> None:
        """Give the events of an account that the data pump does not have yet the account's other number."""
        for state in (WAITING, REFUSED):
            search = {"biller_guid": biller_guid, "account_number": old, "state": state}
            for entry in EVENTS.find(tx, lane.name, search, order="seq", limit=None):
                event = {**entry.event, "account_number": new}
                EVENTS.save(tx, lane.name, replace(entry, account_number=new, event=event))

    def flush(self, lane: str, biller_guid: str, account_number: str) -> bool:
        """Offer an account's waiting events in order, until one is not taken; whether none waits any more."""
        with self._accounts[hash((lane, biller_guid, account_number)) % STRIPES]:
            while True:
                with self._store.read() as tx:
                    key = EVENT_QUEUE.head(tx, lane, biller_guid, account_number)
                if key is None:
                    return True
                if not self._runner.attempted(self._work, lane, key, early=True)[1]:
                    self._runner.wake()
                    return False

    def flush_all(self) -> int:
        """Offer what waits in every lane; how many accounts still have something waiting."""
        with self._store.read() as tx:
            accounts = tx.all(_WAITING)
        return sum(not self.flush(*account) for account in accounts)

    def flush_lane(self, lane: str) -> None:
        """Offer what waits in one lane."""
        with self._store.read() as tx:
            accounts = tx.all(_WAITING_IN, lane=lane)
        for account in accounts:
            self.flush(lane, *account)

    def entries(
        self,
        lane: Lane,
        search: Mapping[str, str] | None = None,
        *,
        payment_guid: str = "",
        after: int = 0,
        limit: int = 100,
    ) -> list[Entry]:
        """
        A lane's events in the order they happened: those with what *search* says of their columns, or all.

        Of a *payment_guid* only those that tell of the payment or its return.
        """
        with self._store.read() as tx:
            found = EVENTS.find(
                tx,
                lane.name,
                search,
                order="seq",
                where=_ABOUT if payment_guid else "",
                after=after or "",
                limit=limit,
                payment_guid=payment_guid,
                named=f"%{literally(json.dumps(payment_guid))}%",
            )
        return [_with_lane(entry, lane.name) for entry in found]

    def offer_again(self, lane: Lane, seq: int) -> Entry:
        """Offer an event that was refused or waits, now. Raises `NotFound`, `Conflict` where it is settled."""
        with self._store.write() as tx:
            self._unsettled(tx, lane, seq)
        self._runner.attempt(self._work, lane.name, (seq,), again=True)
        with self._store.read() as tx:
            return self._entry(tx, lane, seq)

    def dismiss(self, lane: Lane, seq: int, reason: str) -> Entry:
        """Settle a refused event without the data pump. Raises `NotFound`, `Conflict` where it is none."""
        with self._store.write() as tx:
            entry = self._unsettled(tx, lane, seq)
            if entry.state != REFUSED:
                raise Conflict(f"The event {seq} is {entry.state}: only one that was refused can be dismissed.")
            EVENTS.save(tx, lane.name, replace(entry, state=DISMISSED, problem=f"{entry.problem}; dismissed: {reason}"))
            return self._entry(tx, lane, seq)

    def _entry(self, tx: Tx, lane: Lane, seq: int) -> Entry:
        entry = EVENTS.get(tx, lane.name, seq)
        if entry is None:
            raise NotFound("event", str(seq))
        return _with_lane(entry, lane.name)

    @staticmethod
    def _unsettled(tx: Tx, lane: Lane, seq: int) -> Entry:
        entry = EVENTS.lock(tx, lane.name, seq)
        if entry is None:
            raise NotFound("event", str(seq))
        if entry.state in (ACCEPTED, DISMISSED):
            raise Conflict(f"The event {seq} is {entry.state}.")
        return entry

    def _offer_claimed(self, lane: Lane, taken: Taken) -> WorkOutcome:
        with self._store.read() as tx:
            entry = EVENTS.get(tx, lane.name, *taken.key)
        if entry is None:
            return WorkOutcome(None, "it is gone")
        try:
            self._offer(dict(_with_lane(entry, lane.name).event))
        except EventRefused as error:
            if error.differing != ("account_number",) or not is_conveyed(entry.account_number):
                return self._not_taken(entry, lane, WorkOutcome(REFUSED, "refused"), error)
            entry = _before_conveyance(entry)  # it was taken, whoever offered it died, and then it was conveyed
        except Exception as error:  # noqa: BLE001 - the port may fail in any way; the event is kept
            pause_s = min(self._retry_s * 2 ** min(taken.attempt - 1, 10), RETRY_LAST_S)
            again = WorkOutcome(WAITING, "not taken", datetime.now(UTC) + timedelta(seconds=pause_s))
            return self._not_taken(entry, lane, again, error)

        def write(tx: Tx) -> None:
            self._write(tx, lane, entry.seq, accepted_at=datetime.now(UTC).isoformat(), problem=None)
            _keep_number(tx, lane, entry)

        return WorkOutcome(ACCEPTED, "taken", write=write)

    def _not_taken(self, entry: Entry, lane: Lane, outcome: WorkOutcome, error: Exception) -> WorkOutcome:
        problem = mask_text(what_failed(error))[:500]
        return replace(outcome, message=problem, write=lambda tx: self._write(tx, lane, entry.seq, problem=problem))

    @staticmethod
    def _write(tx: Tx, lane: Lane, seq: int, **changes: str | None) -> None:
        entry = EVENTS.get(tx, lane.name, seq)
        if entry is not None:
            EVENTS.save(tx, lane.name, replace(entry, **changes))  # type: ignore[arg-type]


def _before_conveyance(entry: Entry) -> Entry:
    """An event as it was offered first, before its account was conveyed."""
    number = number_before(entry.account_number)
    return replace(entry, account_number=number, event={**entry.event, "account_number": number})


def _keep_number(tx: Tx, lane: Lane, offered: Entry) -> None:
    """An event that was taken is what it was when it was offered, though its account was conveyed meanwhile [A-97]."""
    entry = EVENTS.get(tx, lane.name, offered.seq)
    if entry is not None and entry.account_number != offered.account_number:
        EVENTS.save(tx, lane.name, replace(entry, account_number=offered.account_number, event=offered.event))
        tx.run(_TOLD, lane=lane.name, payment_guid=offered.event_id, account_number=offered.account_number)


def _with_lane(entry: Entry, lane: str) -> Entry:
    return replace(entry, event={**entry.event, "lane": lane})
