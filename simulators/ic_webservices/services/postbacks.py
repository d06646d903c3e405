"""
Postbacks on their way to the address in PostBackURL.

A postback is a row, written in the transaction of its payment. After the commit the runner sends it in the background,
so no payer waits for a partner's server, beyond the moment that most need to answer. What was not taken is tried again
when the lane's clock reaches `next_at`. What a killed process was sending is sent again, so a receiver may see a
PaymentGUID twice, never not at all.

The address is checked against the lane's allow-list at every attempt, and the connection goes to the address checked.
Source: the postback is told again until it is taken, assumed [A-21]; how often is assumed [A-67].
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, wait
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple
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
from partnerlab.simulators.ic_webservices.store import POSTBACK_ATTEMPTS, POSTBACK_QUEUE, POSTBACKS
from partnerlab.simulators.kit.egress.allow_list import AddressRefused, Allowed, Target
from partnerlab.simulators.kit.egress.pinned_post import NoAnswer, PostAnswer, post_form
from partnerlab.simulators.kit.world.due import Due
from partnerlab.simulators.kit.world.identifiers import new_id
from partnerlab.simulators.kit.world.jobs import Runner, Taken, Work, WorkOutcome
from partnerlab.simulators.kit.world.lanes import Lane, Lanes
from partnerlab.simulators.kit.world.store import Store, Tx
from partnerlab.simulators.kit.world.table import utc_text

__all__ = ["Post", "PostbackSent", "Postbacks"]

_logger = logging.getLogger(__name__)

PAYER_WAITS_S = 2.0
"""How long a payer is kept for the first attempt, so that a partner's return page mostly knows the outcome."""

Post = Callable[[Sequence[Target], str], PostAnswer]
"""Posts a form: `pinned_post.post_form`, or a test's own."""


class PostbackSent(NamedTuple):
    """One attempt that left for its address; `answer` is None where none came. `started_ns`: of `perf_counter_ns`."""

    lane: str
    postback: Postback
    answer: PostAnswer | None
    started_ns: int


class Postbacks:
    """The postbacks of one store. *post* sends a form, *told* hears of each attempt that was sent."""

    def __init__(
        self,
        store: Store,
        lanes: Lanes,
        runner: Runner,
        post: Post = post_form,
        told: Callable[[PostbackSent], None] | None = None,
    ) -> None:
        self.store, self.lanes, self.runner = store, lanes, runner
        self._post, self._told = post, told
        self.work = runner.add(Work(POSTBACK_QUEUE, "a postback is sent", act=self._send_claimed, begin=self._begin))

    def add(self, tx: Tx, lane: Lane, biller_guid: str, url: str, fields: Mapping[str, str]) -> Postback:
        """Write a postback in the transaction of its payment; call `send` after the commit."""
        now = utc_text(lane.now())
        postback = Postback(
            postback_id=new_id(),
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

    def send(self, lane: Lane, postbacks: Sequence[Postback]) -> None:
        """Begin to send, and wait a little. Never raises for a receiver's sake."""
        if not postbacks:
            return
        under_way = self.runner.submit(self.work, lane.name, [(one.postback_id,) for one in postbacks])
        done, _ = wait(under_way, timeout=PAYER_WAITS_S)
        if len(done) < len(postbacks) or not all(_taken(future) for future in done):
            self.runner.wake()

    def get(self, lane: Lane, postback_id: str) -> tuple[Postback, list[Attempt]]:
        """A postback and its attempts, oldest first. Raises `NotFound`."""
        with self.store.read() as tx:
            found = POSTBACKS.get(tx, lane.name, postback_id)
            if found is None:
                raise NotFound("postback", postback_id)
            return found, POSTBACK_ATTEMPTS.find(tx, lane.name, {"postback_id": postback_id}, order="number")

    def send_again(self, lane: Lane, postback_id: str) -> tuple[Postback, list[Attempt]]:
        """Send one now, whatever became of it before, and wait for the outcome. Raises `NotFound`."""
        self.get(lane, postback_id)
        self.runner.attempt(self.work, lane.name, (postback_id,), again=True)
        return self.get(lane, postback_id)

    def due(self, lane: Lane, until: datetime) -> Iterator[Due]:
        """What is to be sent at or before *until*, oldest first."""
        return self.runner.due(self.work, lane, until)

    # --- one attempt ---

    @staticmethod
    def _begin(tx: Tx, lane: Lane, taken: Taken) -> None:
        """Note the attempt before it is made: a killed process leaves a trace."""
        (postback_id,) = taken.key
        begun = Attempt(str(postback_id), taken.attempt, utc_text(lane.now()), 0, "no outcome was kept", 0)
        POSTBACK_ATTEMPTS.put(tx, lane.name, begun)

    def _send_claimed(self, lane: Lane, taken: Taken) -> WorkOutcome:
        with self.store.read() as tx:
            postback = POSTBACKS.get(tx, lane.name, *taken.key)
        if postback is None:
            return WorkOutcome(None, "it is gone")
        started = time.perf_counter()
        status, reason = self._sent(lane.name, postback)
        took_ms = round((time.perf_counter() - started) * 1_000)
        now = self.lanes.refresh(lane.name).now()
        attempt = Attempt(postback.postback_id, taken.attempt, utc_text(now), status, reason, took_ms)

        def write(tx: Tx) -> None:
            POSTBACK_ATTEMPTS.put(tx, lane.name, attempt)
            existing = POSTBACKS.lock(tx, lane.name, postback.postback_id)
            if not reason and existing is not None and not existing.delivered_at:
                POSTBACKS.save(tx, lane.name, replace(existing, delivered_at=attempt.at))

        if not reason:
            return WorkOutcome(DELIVERED, f"taken with {status}, attempt {taken.attempt}", write=write)
        not_taken = f"not taken ({reason}), attempt {taken.attempt}"
        if postback.state != WAITING:  # sent again by hand: what it had reached stays
            return WorkOutcome(None, f"{not_taken}, gave up", write=write)
        next_at = next_attempt_at(taken.attempt, now)
        if next_at is None:
            return WorkOutcome(GAVE_UP, f"{not_taken}, gave up", write=write)
        return WorkOutcome(WAITING, f"{not_taken}, again at {utc_text(next_at)}", next_at, write)

    def _sent(self, lane_name: str, postback: Postback) -> tuple[int, str]:
        """The answer's status (0 for none), and why it is not good, empty where it is."""
        try:
            with self.store.read() as tx:
                biller = biller_of(tx, Lane(lane_name), postback.biller_guid)
            targets = Allowed.of(biller.configuration).targets(postback.url)
            answer = self._posted(lane_name, postback, targets)
        except (AddressRefused, NotFound) as error:
            return 0, f"not sent: the PostBackURL {error}"[:500]
        except (NoAnswer, OSError) as error:
            return 0, mask_text(f"{error}")[:500]
        if 200 <= answer.status < 300:
            return answer.status, ""
        why = "redirects are not followed" if 300 <= answer.status < 400 else " ".join(answer.text.split())[:200]
        return answer.status, mask_text(f"answered {answer.status}: {why}")

    def _posted(self, lane_name: str, postback: Postback, targets: Sequence[Target]) -> PostAnswer:
        started_ns = time.perf_counter_ns()
        answer: PostAnswer | None = None
        try:
            answer = self._post(targets, postback.body)
        finally:
            if self._told is not None:
                try:
                    self._told(PostbackSent(lane_name, postback, answer, started_ns))
                except Exception:  # it was sent, and would be sent again
                    _logger.exception("who hears of postbacks failed at one of payment %s", postback.payment_guid)
        return answer


def _taken(future: Future[bool]) -> bool:
    return not future.cancelled() and future.exception() is None and future.result()
