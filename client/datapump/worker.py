"""
One run of a delivery: route it, write down that an attempt is made, make it, write down how it ended.

The engine calls `work` with the first of an account's line and lets nobody else at that account meanwhile. When that
one is over, the run goes on with the next in line, so that a busy account does not wait for the engine to look again.
Should the engine ever hand out one that is not first, or as it was before, its attempt does not begin. What is written
down shares a commit with what other runs write at that moment (`writing`).
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import sqlalchemy as sa

from partnerlab.client.datapump.engine import Parked
from partnerlab.client.datapump.events import AchReject, Event, Payment, parse_event
from partnerlab.client.datapump.gate import LaneClosed, LaneGate
from partnerlab.client.datapump.observing import Attempted, Observer, about
from partnerlab.client.datapump.outcomes import INTERRUPTED, Outcome, judge
from partnerlab.client.datapump.places import Places, Run
from partnerlab.client.datapump.plans import PartnerRequest, Skip
from partnerlab.client.datapump.policy import RetryPolicy
from partnerlab.client.datapump.queries import now_ms
from partnerlab.client.datapump.routes import Router
from partnerlab.client.datapump.states import FREE, State, after
from partnerlab.client.datapump.store import Begin, DeliveryStore, End, Move
from partnerlab.client.datapump.tables import Delivery
from partnerlab.client.datapump.writing import Moved, Writing
from partnerlab.client.errors import RequestInvalid
from partnerlab.client.settings import Biller, BillerDirectory, BillerUnknown
from partnerlab.contracts.database_errors import what_failed
from partnerlab.contracts.masking import mask_text

__all__ = ["Worker"]

log = logging.getLogger("partnerlab.client.datapump")

DATABASE_RETRY_S = 1.0
OWN_RETRY_S, OWN_RETRY_LONGEST_S = 2.0, 60.0  # after a failure of our own, which no partner's policy counts
RETRY = "datapump_retry"
MONEY = (Payment, AchReject)  # every one is delivered; of other kinds only the newest matters
IN_DOUBT = "not sent: an earlier attempt may have been carried out, and this call would post it again"

# How an attempt is said to have ended; what follows for the delivery is its own state.
ENDED_AS = {
    State.DELIVERED: "delivered",
    State.WAITING: "failed",
    State.DEAD: "refused",
    State.UNKNOWN: "unknown",
    State.NOT_UNDERSTOOD: "not_understood",
}
NOT_MADE = "not_made"


class Worker:
    """
    What the engine runs.

    *resume* puts a run back into the engine's queue, *holds* says whether an account is ours still. *stopping* ends the
    work between two deliveries, *over* gives up what could not be written yet; *dice* gives the jitter, *now* the time
    in a lane by which retries are made. *observers* are told of each attempt.
    """

    def __init__(
        self,
        store: DeliveryStore,
        writing: Writing,
        billers: BillerDirectory,
        router: Router,
        policy: RetryPolicy,
        *,
        places: Places,
        gate: LaneGate,
        resume: Callable[[Iterable[Run]], object],
        holds: Callable[[int], bool],
        stopping: threading.Event,
        over: threading.Event,
        dice: Callable[[], float],
        now: Callable[[str], int],
        observers: Sequence[Observer] = (),
    ) -> None:
        self._store, self._writing = store, writing
        self._billers, self._router, self._policy = billers, router, policy
        self._places, self._gate, self._resume, self._holds = places, gate, resume, holds
        self._stopping, self._over, self._dice, self._now = stopping, over, dice, now
        self._observers = observers

    def work(self, found: Delivery) -> str:
        """Ends with the delivery's outcome, or with `Parked` where there is none yet."""
        if self._stopping.is_set():
            raise Parked
        try:
            moved = self.deliver(found, run=(found.number, found.run))
            if moved.state not in FREE and ((now := self._store.by_number(found.number)) is None or now.state in FREE):
                # It was found just before another thread of this process had done with it.
                return "gone" if now is None else now.state.value
            self._go_on(moved)
        except Exception:
            # The database failed us, or we have an error: the sweep finds the run and tries again.
            log.exception("delivery %s, run %d: could not be worked on", found.id, found.run, extra=about(found))
            raise Parked from None
        if moved.state not in FREE:
            raise Parked
        return moved.state.value

    def _go_on(self, moved: Moved) -> None:
        """Work through the account's line as far as it goes. What is not plainly next is left to its own run."""
        while (following := moved.following) is not None and following.state is State.ACCEPTED:
            if not self._holds(following.account) or self._stopping.is_set():
                return
            moved = self.deliver(following)

    def deliver(self, found: Delivery, run: Run | None = None) -> Moved:
        """
        Do what its state asks for; the state it is in then. *run* waits in line where there is no place for it.

        *found* was first in its line a moment ago. Should it not be so any more, no attempt of it begins.
        """
        if found.state not in (State.ACCEPTED, State.SENDING):
            return Moved(found.state)
        if found.state is State.SENDING:
            # As it is now: the attempt may have ended between the look that found it and the end of its own run.
            now = self._store.by_number(found.number)
            return self.interrupted(now) if now is not None and now.state is State.SENDING else Moved(State.WAITING)
        try:
            event = parse_event(json.loads(found.event))
            biller = self._billers(found.lane, found.biller_guid)
        except (BillerUnknown, RequestInvalid) as error:
            return self._move(found, "refuse", str(error))
        except Exception as error:  # noqa: BLE001  whatever keeps the directory from answering will pass
            return self._postpone(found, "the biller could not be looked up", error)
        try:
            plan = self._router.plan(event, biller)
        except RequestInvalid as error:
            return self._move(found, "refuse", str(error))
        except (OSError, MemoryError) as error:
            return self._postpone(found, "the call could not be prepared", error)
        except Exception as error:
            # A mistake in our settings, which would fail again; a person can replay it once it is mended.
            log.exception("delivery %s: its call could not be prepared", found.id, extra=about(found))
            return self._move(found, "refuse", mask_text(f"{type(error).__name__}: {error}"))
        if isinstance(plan, Skip):
            return self._move(found, "skip", plan.reason)
        if problem := self._unposted(found, event):
            return self._move(found, "refuse", problem)
        if not isinstance(event, MONEY) and self._store.superseded(found):
            return self._move(found, "skip", "superseded: a newer one of its kind was delivered")
        place = (found.lane, found.biller_guid)
        if not self._places.enter(place, run):
            return Moved(State.ACCEPTED)
        try:
            return self._attempt(found, plan, again=_has_retries(biller))
        finally:
            self._call_next(self._places.leave(place))

    def _call_next(self, runs: list[Run]) -> None:
        """Let runs that stood in line for a place go on."""
        try:
            self._resume(runs)
        except Exception:
            log.exception("%d runs could not be queued again; the next sweep does it", len(runs))

    def _unposted(self, found: Delivery, event: Event) -> str:
        """
        Why a returned payment is not reported: as far as we know the partner does not have it. Empty where it has.

        A report names day and amount, so the partner would take back another payment: the one made in its place, say.
        Of a payment that we were never told of nothing is known, and its return is reported. Assumed [A-74].
        """
        if not isinstance(event, AchReject):
            return ""
        payment = self._store.by_id(found.lane, event.payment_guid)
        pruned = None if payment else self._store.pruned(found.lane, event.payment_guid)
        state = payment.state if payment else pruned[0] if pruned else State.DELIVERED
        if state is State.DELIVERED:
            return ""
        return f"not sent: the payment that came back is {state} itself; once it is delivered, replay this"

    def interrupted(self, found: Delivery) -> Moved:
        """Handle an open attempt without a run: the process that made it was killed, or is very slow."""
        attempt = self._store.attempts(found.number)[-1]
        outcome = Outcome(State.WAITING if attempt.idempotent else State.UNKNOWN, INTERRUPTED)
        try:
            again = _has_retries(self._billers(found.lane, found.biller_guid))
        except Exception:  # noqa: BLE001  the next attempt says what is wrong with the directory
            again = True
        return self.settle(found, outcome, again=again)

    def settle(self, opened: Delivery, outcome: Outcome, *, again: bool = True) -> Moved:
        """
        Write down how an attempt ended; what follows. *again*: what failed may be tried again.

        The partner has been told by now, so this is tried again until the database takes it. Text that no database can
        keep is left out.
        """
        while True:
            try:
                return self._settle(opened, outcome, again=again)
            except (sa.exc.DataError, UnicodeError) as error:
                log.exception(
                    "delivery %s: the outcome %s cannot be written as it is",
                    opened.id,
                    outcome.state,
                    extra=about(opened),
                )
                shown = f"{outcome.state}; what was said cannot be kept: {type(error).__name__}"
                if outcome.message == shown:
                    raise
                outcome = replace(outcome, message=shown)
            except Exception:
                log.exception(
                    "delivery %s: the outcome %s is not written yet", opened.id, outcome.state, extra=about(opened)
                )
                if self._over.wait(DATABASE_RETRY_S):
                    log.error(
                        "delivery %s: stopped before its outcome was written: %s",
                        opened.id,
                        outcome,
                        extra=about(opened),
                    )
                    raise Parked from None

    def _settle(self, opened: Delivery, outcome: Outcome, *, again: bool) -> Moved:
        state, message, retry_at = self._next(opened, outcome, again=again)
        move = Move(opened, state, message, retry_at, refund=not outcome.made)
        return self._writing.end(End(_ended_as(outcome), outcome.message, outcome.state, move))

    def _attempt(self, found: Delivery, call: PartnerRequest, *, again: bool) -> Moved:
        if not self._gate.enter(found.lane):
            return Moved(State.ACCEPTED)
        try:
            try:
                if not self._writing.begin(Begin(found, call.operation, call.description, call.idempotent)):
                    return Moved(State.WAITING)  # another run was first, and sees it through
            except LaneClosed:
                return Moved(State.ACCEPTED)
            opened = replace(found, state=State.SENDING, attempts=found.attempts + 1, tries=found.tries + 1)
            if self._in_doubt(found, call):
                return self.settle(opened, Outcome(State.UNKNOWN, IN_DOUBT))
            started_ns, began = time.time_ns(), time.perf_counter_ns()
            try:
                outcome = Outcome(State.DELIVERED, mask_text(call.send()))
            except Exception as error:  # noqa: BLE001  judged, whatever it is
                outcome = judge(error, idempotent=call.idempotent)
            duration_ns = time.perf_counter_ns() - began
            moved = self.settle(opened, outcome, again=again)
            self._tell(Attempted(opened, call.operation, _ended_as(outcome), moved.state, started_ns, duration_ns))
            return moved
        finally:
            self._gate.leave(found.lane)

    def _tell(self, attempted: Attempted) -> None:
        for observe in self._observers:
            try:
                observe(attempted)
            except Exception:
                log.exception("delivery %s: an observer failed", attempted.delivery.id, extra=about(attempted.delivery))

    def _in_doubt(self, found: Delivery, call: PartnerRequest) -> bool:
        """
        Whether an earlier attempt may have been carried out that this call would double.

        That can be where it could be repeated then and cannot now: a biller went back to a version of its partner's
        service that knows no PaymentGUID. It does not matter how certainly that attempt failed. An attempt that a
        person declared not posted is not in doubt.
        """
        if call.idempotent or not found.attempts:
            return False
        notes = self._store.notes(found.number)
        sure_until = max((note.at for note in notes if note.verb == "resolve as not posted"), default=0)
        return any(
            attempt.idempotent
            and attempt.outcome == ENDED_AS[State.WAITING]
            and attempt.operation == call.operation
            and attempt.started_at > sure_until
            for attempt in self._store.attempts(found.number)
        )

    def _next(self, opened: Delivery, outcome: Outcome, *, again: bool) -> tuple[State, str, int | None]:
        """State, message and time of the next attempt, after *outcome* on the attempt just made."""
        if outcome.state is not State.WAITING:
            return outcome.state, outcome.message, None
        if not outcome.made:
            # Attempts made and not counted are failures of our own; after a replay there are a few more.
            return State.WAITING, outcome.message, self._own_retry_at(opened, opened.attempts - opened.tries)
        if not again:
            return State.DEAD, f"not tried again, because setting {RETRY} is off: {outcome.message}", None
        wait_s = self._policy.wait_s(opened.tries, self._dice())
        if wait_s is None:
            return State.DEAD, f"given up after {opened.tries} attempts: {outcome.message}", None
        wait_s = max(wait_s, min(outcome.after_s, self._policy.longest_s))
        return State.WAITING, outcome.message, self._now(opened.lane) + int(wait_s * 1000)

    def _postpone(self, found: Delivery, what: str, error: BaseException) -> Moved:
        """A failure of our own before anything was sent: it is tried again, less often the older the delivery is."""
        doublings = ((now_ms() - found.accepted_at) // 8_000).bit_length()
        message = mask_text(f"{what}: {what_failed(error)}")
        return self._move(found, "postpone", message, retry_at=self._own_retry_at(found, doublings))

    def _own_retry_at(self, delivery: Delivery, before: int) -> int:
        """When to try again after a failure of our own, with as many *before* it."""
        wait_s = min(OWN_RETRY_LONGEST_S, OWN_RETRY_S * 2.0 ** min(before, 16)) * (1 - self._dice() / 2)
        return self._now(delivery.lane) + int(wait_s * 1000)

    def _move(self, found: Delivery, cause: str, message: str, *, retry_at: int | None = None) -> Moved:
        return self._writing.move(Move(found, after(found.id, found.state, cause), message, retry_at))


def _ended_as(outcome: Outcome) -> str:
    return ENDED_AS[outcome.state] if outcome.made else NOT_MADE


def _has_retries(biller: Biller) -> bool:
    """Whether what failed is tried again (assumed [A-13]). Source: ITG-1853."""
    return biller.get(RETRY) == "1"
