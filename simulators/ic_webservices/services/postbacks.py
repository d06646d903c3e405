"""
Postbacks on their way to the address in PostBackURL.

A postback is a row, written in the transaction of its payment. After the commit it is sent by a thread of this module,
so no payer waits for a partner's server, beyond the moment that most need to answer. What was not taken is tried again
when the lane's clock reaches `next_at`: in real time while that clock runs, and by `due` when it is advanced; in a lane
whose clock is frozen nothing happens by itself. What a killed process was sending is sent again, so a receiver may see
a PaymentGUID twice, never not at all.

The address is checked against the lane's allow-list at every attempt, and the connection goes to the address checked.
Source: the postback is told again until it is taken, assumed [A-21]; how often is assumed [A-67].
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from partnerlab.contracts.masking import mask_text
from partnerlab.simulators.ic_webservices.domain.errors import NotFound
from partnerlab.simulators.ic_webservices.domain.postbacks import (
    DELIVERED,
    GAVE_UP,
    WAITING,
    Attempt,
    Postback,
    next_attempt_at,
)
from partnerlab.simulators.ic_webservices.services.ledger import biller_of
from partnerlab.simulators.ic_webservices.store import POSTBACK_ATTEMPTS, POSTBACKS
from partnerlab.simulators.kit.egress.allow_list import AddressRefused, Allowed, Target
from partnerlab.simulators.kit.egress.pinned_post import Answer, NoAnswer, post_form
from partnerlab.simulators.kit.world.lanes import Lane, LaneNotFound, Lanes
from partnerlab.simulators.kit.world.simulator import Due
from partnerlab.simulators.kit.world.store import Statement, Store, Tx

__all__ = ["Post", "Postbacks"]

THREADS = 4
PAYER_WAITS_S = 2.0
"""How long a payer is kept for the first attempt, so that a partner's return page mostly knows the outcome."""
LOOK_EVERY_S = 1.0
CLAIM = timedelta(seconds=30)
"""Longer than an attempt can take: who holds a claim beyond it was killed."""
MOST_AT_ONCE = 100

_logger = logging.getLogger(__name__)

Post = Callable[[Sequence[Target], str], Answer]
"""Posts a form: `pinned_post.post_form`, or a test's own."""

_CLAIM = Statement(
    "UPDATE ic_postbacks SET attempts = attempts + 1, claimed_until = :until"
    " WHERE lane = :lane AND postback_id = :postback_id AND claimed_until < :now AND attempts = :attempts"
)
_DONE = Statement(
    "UPDATE ic_postbacks SET state = :state, next_at = :next_at, delivered_at = :delivered_at, claimed_until = ''"
    " WHERE lane = :lane AND postback_id = :postback_id AND attempts = :attempts"
)
_DUE = Statement(
    "SELECT next_at, postback_id FROM ic_postbacks WHERE lane = :lane AND state = 'waiting' AND next_at <= :until"
    " ORDER BY next_at, postback_id LIMIT :limit"
)
_WAITING = Statement("SELECT lane, MIN(next_at) FROM ic_postbacks WHERE state = 'waiting' GROUP BY lane")
_UNCLAIM = Statement("UPDATE ic_postbacks SET claimed_until = '' WHERE state = 'waiting'")


class Postbacks:
    """The postbacks of one store. *post* sends a form."""

    def __init__(self, store: Store, lanes: Lanes, post: Post = post_form) -> None:
        self.store, self.lanes = store, lanes
        self._post = post
        self._senders: ThreadPoolExecutor | None = None
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._closed = threading.Event()

    def add(self, tx: Tx, lane: Lane, biller_guid: str, url: str, fields: Mapping[str, str]) -> Postback:
        """Write a postback in the transaction of its payment; call `send` after the commit."""
        now = _text(lane.now())
        postback = Postback(
            postback_id=str(uuid.uuid4()),
            payment_guid=fields["PaymentGUID"],
            biller_guid=biller_guid,
            url=url,
            body=urlencode(fields),
            state=WAITING,
            attempts=0,
            created_at=now,
            next_at=now,
        )
        POSTBACKS.put(tx, lane.name, postback)
        return postback

    def send(self, lane: Lane, postbacks: Sequence[Postback]) -> bool:
        """Begin to send, and wait a little; whether all were taken by then. Never raises for a receiver's sake."""
        if not postbacks:
            return True
        under_way = self._submit(lane.name, [one.postback_id for one in postbacks])
        done, _ = wait(under_way, timeout=PAYER_WAITS_S)
        taken = len(done) == len(postbacks) and all(_taken(future) for future in done)
        if not taken:
            self._look_later()
        return taken

    def start(self) -> None:
        """Go on with what a former process left."""
        with self.store.write() as tx:
            if self.store.sqlite:  # nobody else is there: a claim is a dead process's
                tx.run(_UNCLAIM)
            left = tx.all(_WAITING)
        if left:
            self._look_later()

    def close(self) -> None:
        """Stop sending; what waits stays in the store. What is being sent is given its deadline."""
        self._closed.set()
        if self._thread is not None:
            self._thread.join()
        with self._lock:
            senders, self._senders = self._senders, None
        if senders is not None:
            senders.shutdown(wait=True, cancel_futures=True)

    def get(self, lane: Lane, postback_id: str) -> tuple[Postback, list[Attempt]]:
        """A postback and its attempts, oldest first. Raises `NotFound`."""
        with self.store.read() as tx:
            found = POSTBACKS.get(tx, lane.name, postback_id)
            if found is None:
                raise NotFound("postback", postback_id)
            return found, self._attempts(tx, lane.name, postback_id)

    def send_again(self, lane: Lane, postback_id: str) -> tuple[Postback, list[Attempt]]:
        """Send one now, whatever became of it before, and wait for the outcome. Raises `NotFound`."""
        self.get(lane, postback_id)
        self._attempt(lane.name, postback_id, again=True)
        return self.get(lane, postback_id)

    def due(self, lane: Lane, until: datetime) -> Iterator[Due]:
        """What is to be sent at or before *until*, oldest first."""
        with self.store.read() as tx:
            rows = tx.all(_DUE, lane=lane.name, until=_text(until), limit=MOST_AT_ONCE)
        for at, postback_id in rows:
            yield Due(
                datetime.fromisoformat(at),
                "a postback is sent",
                lambda postback_id=postback_id: self._attempt(lane.name, postback_id),  # type: ignore[misc]
            )

    # --- one attempt ---

    def _attempt_quietly(self, lane_name: str, postback_id: str) -> bool:
        try:
            return self._attempt(lane_name, postback_id).startswith("taken")
        except LaneNotFound:
            return True  # the lane was dropped: nothing is left to send
        except Exception:
            _logger.exception("postback %s of lane %s could not be sent", postback_id, lane_name)
            return False

    def _attempt(self, lane_name: str, postback_id: str, *, again: bool = False) -> str:
        """Send once and keep what came of it; in words. Of several who try at once one sends, the others wait."""
        end = time.monotonic() + CLAIM.total_seconds()
        while True:
            lane = self.lanes.refresh(lane_name)
            with self.store.write() as tx:
                standing = POSTBACKS.get(tx, lane_name, postback_id)
                if standing is None:
                    return "it is gone"
                if not again and (standing.state != WAITING or standing.next_at > _text(lane.now())):
                    return f"{'taken' if standing.state == DELIVERED else 'sent'} already"
                claimed = self._claim(tx, lane, standing)
            if claimed:
                return self._send_claimed(lane_name, standing, standing.attempts + 1)
            if time.monotonic() > end or self._closed.wait(0.05):
                return "it is being sent"

    def _claim(self, tx: Tx, lane: Lane, standing: Postback) -> bool:
        """Mark it as being sent, and note the attempt before it is made: a killed process leaves a trace."""
        real = datetime.now(UTC)
        values = {"lane": lane.name, "postback_id": standing.postback_id, "attempts": standing.attempts}
        if not tx.run(_CLAIM, **values, now=_text(real), until=_text(real + CLAIM)):
            return False
        begun = Attempt(standing.postback_id, standing.attempts + 1, _text(lane.now()), 0, "no outcome was kept", 0)
        POSTBACK_ATTEMPTS.put(tx, lane.name, begun)
        return True

    def _send_claimed(self, lane_name: str, postback: Postback, number: int) -> str:
        started = time.perf_counter()
        status, reason = self._sent(lane_name, postback)
        took_ms = round((time.perf_counter() - started) * 1_000)
        lane = self.lanes.refresh(lane_name)
        now = lane.now()
        next_at = next_attempt_at(number, now)
        state = DELIVERED if not reason else GAVE_UP if next_at is None else WAITING
        if reason and postback.state != WAITING:
            state = postback.state  # sent again by hand: what it had reached stays
        delivered_at = postback.delivered_at or ("" if reason else _text(now))
        with self.store.write() as tx:
            done = tx.run(
                _DONE,
                lane=lane_name,
                postback_id=postback.postback_id,
                attempts=number,
                state=state,
                next_at=_text(next_at) if state == WAITING and next_at else postback.next_at,
                delivered_at=delivered_at,
            )
            if done:  # else the lane was reset meanwhile
                attempt = Attempt(postback.postback_id, number, _text(now), status, reason, took_ms)
                POSTBACK_ATTEMPTS.put(tx, lane_name, attempt)
        if not reason:
            return f"taken with {status}, attempt {number}"
        then = f"again at {_text(next_at)}" if state == WAITING and next_at else "gave up"
        return f"not taken ({reason}), attempt {number}, {then}"

    def _sent(self, lane_name: str, postback: Postback) -> tuple[int, str]:
        """The answer's status (0 for none), and why it is not good, empty where it is."""
        try:
            with self.store.read() as tx:
                biller = biller_of(tx, Lane(lane_name), postback.biller_guid)
            answer = self._post(Allowed.of(biller.configuration).targets(postback.url), postback.body)
        except (AddressRefused, NotFound) as error:
            return 0, f"not sent: the PostBackURL {error}"[:500]
        except (NoAnswer, OSError) as error:
            return 0, mask_text(f"{error}")[:500]
        if 200 <= answer.status < 300:
            return answer.status, ""
        why = "redirects are not followed" if 300 <= answer.status < 400 else " ".join(answer.text.split())[:200]
        return answer.status, mask_text(f"answered {answer.status}: {why}")

    @staticmethod
    def _attempts(tx: Tx, lane: str, postback_id: str) -> list[Attempt]:
        return POSTBACK_ATTEMPTS.find(tx, lane, {"postback_id": postback_id}, order="number")

    # --- in the background ---

    def _submit(self, lane_name: str, ids: Sequence[str]) -> list[Future[bool]]:
        with self._lock:  # not while `close` takes the senders away
            if self._closed.is_set():
                return []
            if self._senders is None:
                self._senders = ThreadPoolExecutor(THREADS, "ic-postback")
            return [self._senders.submit(self._attempt_quietly, lane_name, id) for id in ids]

    def _look_later(self) -> None:
        with self._lock:
            if self._thread is None and not self._closed.is_set():
                self._thread = threading.Thread(target=self._look, name="ic-postbacks", daemon=True)
                self._thread.start()

    def _look(self) -> None:
        """Look what is due on each lane's clock, until nothing waits any more."""
        while not self._closed.wait(LOOK_EVERY_S):
            try:
                waiting = self._send_due()
            except Exception:
                _logger.exception("the postbacks that wait could not be looked at")
                continue
            if not waiting:
                with self._lock:
                    self._thread = None
                with self.store.read() as tx:  # whoever added one meanwhile saw a thread and started none
                    left = tx.all(_WAITING)
                if left:
                    self._look_later()
                return

    def _send_due(self) -> int:
        with self.store.read() as tx:
            lanes = tx.all(_WAITING)
        for name, next_at in lanes:
            try:
                lane = self.lanes.refresh(name)
            except LaneNotFound:
                continue
            now = _text(lane.now())
            if next_at > now:
                continue
            with self.store.read() as tx:
                rows = tx.all(_DUE, lane=name, until=now, limit=MOST_AT_ONCE)
            wait(self._submit(name, [postback_id for _, postback_id in rows]))
        return len(lanes)


def _taken(future: Future[bool]) -> bool:
    return not future.cancelled() and future.exception() is None and future.result()


def _text(moment: datetime) -> str:
    """A moment as it is kept and compared, always written alike, so that text sorts as time does."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
