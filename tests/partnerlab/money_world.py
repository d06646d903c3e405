"""
Invoice Cloud, the data pump and a small partner in one process, with everything that may go wrong in the test's hands.

Simulator, outbox, port, store, worker and lanes are the product's own. The test says whose turn it is, and in place of
the wire stands a partner that keeps books: it posts what it is given, takes back what is returned, answers for the
balance, and is copied and forgotten with its lane.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from partnerlab.client.datapump import DataPump
from partnerlab.client.datapump.engine.in_process import InProcessEngine
from partnerlab.client.datapump.events import AchReject, Event, Payment, parse_event
from partnerlab.client.datapump.plans import PartnerRequest
from partnerlab.client.datapump.routes import Router
from partnerlab.client.datapump.states import State
from partnerlab.client.datapump.tables import Delivery
from partnerlab.client.errors import AnswerNotUnderstood, PartnerFault, TransportError
from partnerlab.client.settings import Biller
from partnerlab.sandbox.pump_port import PumpPort
from partnerlab.simulators.ic_webservices.domain.payments import Payment as Taken
from partnerlab.simulators.ic_webservices.store import INVOICES, PAYMENTS
from partnerlab.simulators.kit.world.lanes import Lanes
from partnerlab.simulators.kit.world.store import Statement, Store
from tests.simulators.ic_webservices.harness import UTILITY, Harness

ACCOUNT = "20000001"

ENDS = ("ok", "lost", "dropped", "away", "refused", "strange")
"""How a call may end: `lost` and `strange` were posted all the same, `dropped` was not, and nobody can tell."""
KILLS = (
    "before the attempt is written",
    "while the attempt is written",
    "before the call",
    "after the partner's commit",
    "before the outcome is written",
    "while the outcome is written",
)
"""Where a worker may die."""
OFFERS = ("taken", "away", "killed before", "killed after")
"""What may happen when Invoice Cloud offers an event to the pump."""

UNDER_WAY = (State.ACCEPTED, State.SENDING, State.WAITING)
SETTLED = (State.DELIVERED, State.SKIPPED, State.DISMISSED)

_LEASES_RUN_OUT = Statement("UPDATE ic_events SET claimed_until = ''")


class Killed(BaseException):
    """The process is gone. Not an `Exception`, so that nothing tidies up after it."""


@dataclass
class Book:
    """What the partner has of one lane."""

    bills: dict[str, int] = field(default_factory=dict)
    """What was billed, by invoice: each bill carries none of another's balance."""
    posted: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Invoice and amount of the payments in the books, by PaymentGUID; a returned one is no more there."""
    ever: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)
    """What must not have been asked for. Not raised, because the worker would take it for the partner's answer."""

    @property
    def owed(self) -> int:
        """What the account owes as far as the partner knows."""
        return sum(self.bills.values()) - sum(cents for _, cents in self.posted.values())

    def owed_on(self, number: str) -> int:
        """What is left of one bill."""
        return self.bills[number] - sum(cents for invoice, cents in self.posted.values() if invoice == number)

    def take(self, event: Event) -> None:
        """Post a payment, or take one back."""
        if isinstance(event, Payment):
            if event.id in self.ever:
                self.wrong.append(f"{event.id} is posted twice")
            self.ever.add(event.id)
            self.posted[event.id] = (event.invoice_number, int(event.amount * 100))
        elif isinstance(event, AchReject) and self.posted.pop(event.payment_guid, None) is None:
            self.wrong.append(f"{event.payment_guid} is taken back, and is not in the books")


class Books:
    """The partner's books of every lane; attached to `Lanes`."""

    names: frozenset[str] = frozenset()

    def __init__(self) -> None:
        self.of: dict[str, Book] = {}
        self.answered: int | None = None

    def answer(self, lane: str, *_: str) -> Mapping[str, Any]:
        """What a balance request is told."""
        self.answered = self.of[lane].owed
        return {"balance_due": f"{Decimal(self.answered).scaleb(-2)}"}

    @contextmanager
    def paused(self, *_: str) -> Iterator[None]:
        yield

    def drop(self, lane: str) -> None:
        self.of.pop(lane, None)

    def fork(self, lane: str, copy: str) -> None:
        old = self.of[lane]
        self.of[copy] = Book(dict(old.bills), dict(old.posted), set(old.ever), list(old.wrong))

    @contextmanager
    def exporting(self, lane: str) -> Iterator[Iterator[tuple[str, Iterable[dict[str, Any]]]]]:
        yield iter(())

    def load(self, lane: str, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        raise AssertionError("nothing is loaded here")

    def prune(self, age: timedelta, *, dry_run: bool) -> Mapping[str, int]:
        raise AssertionError("nothing is pruned here")


class HandRouter(Router):
    """Every event is a call that goes into the books, and ends as the test says; the end is spent at the first call."""

    def __init__(self, books: Books) -> None:
        super().__init__()
        self.books, self.end = books, "ok"

    def plan(self, event: Event, biller: Biller) -> PartnerRequest:
        def send() -> str:
            end, self.end = self.end, "ok"
            book = self.books.of[event.lane]
            if end in ("dropped", "away", "refused", "before the call"):
                raise {
                    "dropped": TransportError("X", "timed out", sent=True),
                    "away": TransportError("X", "no connection", sent=False),
                    "refused": PartnerFault("X", code="Success=false", message="closed for the day"),
                    "before the call": Killed(),
                }[end]
            book.take(event)
            if end in ("lost", "strange", "after the partner's commit"):
                raise {
                    "lost": TransportError("X", "timed out", sent=True),
                    "strange": AnswerNotUnderstood("X", status=200, rule="is no answer", body="Thank you!"),
                    "after the partner's commit": Killed(),
                }[end]
            return ""

        return PartnerRequest("X", event.id, send, idempotent=not isinstance(event, (Payment, AchReject)))


class Joined(Harness):
    """Invoice Cloud with its events going to the port, which may be away or die."""

    port: PumpPort
    offer = "taken"

    def take_event(self, event: dict[str, Any]) -> None:
        offer, self.offer = self.offer, "taken"
        if offer == "away":
            raise ConnectionError("the data pump is away")
        if offer == "killed before":
            raise Killed
        self.port.submit(event)
        if offer == "killed after":
            raise Killed

    def give_unsettled(self, lane: str, biller: str, account: str, since: datetime | None) -> set[str]:
        return set(self.port.payments_in_doubt(lane, biller, account, since))


class World:
    """
    Both processes over one store each; either can be killed, and another takes over what it left.

    A walk is about one `account` of one `biller`.
    """

    def __init__(self, store: Store, pump_url: str) -> None:
        self.store, self._pump_url = store, pump_url
        self.biller, self.account = UTILITY, ACCOUNT
        self.books = Books()
        self._simulate()
        self._deliver_anew()

    # --- processes ---

    def _simulate(self) -> None:
        """A process of Invoice Cloud, nothing of which happens in the background."""
        lanes = Lanes(self.store)
        self.ic = Joined(self.store, lanes)
        self.ic.balance = self.books.answer
        self.ic.sim.world.runner.wake = lambda: None  # type: ignore[method-assign]

    def _deliver_anew(self) -> None:
        """A process of the pump."""
        self.router = HandRouter(self.books)
        self.pump = DataPump(
            self._pump_url,
            lambda lane, guid: Biller(guid, "hand", {}),
            router=self.router,
            dice=lambda: 0.0,
            engine=self._engine,
        ).start()
        self._join()

    def _engine(self, database: sa.Engine) -> InProcessEngine:
        self.engine = InProcessEngine(database)
        return self.engine

    def _join(self) -> None:
        port = PumpPort(self._pump_url, self.pump._billers, lambda biller, url: None, kept=True)
        port._pump, port._started = self.pump, True
        self.ic.port = port
        self.ic.lanes.attached[:] = [port, self.books]

    @contextmanager
    def offering(self, how: str) -> Iterator[None]:
        """Do something; the next event that it offers ends so. Who is killed is started anew."""
        self.ic.offer = how
        try:
            yield
        except Killed:
            self.ic.close()
            self._simulate()
            self._join()
            self.ic.sim.start()  # the claims of a dead process end
            if not self.store.sqlite:
                with self.store.write() as tx:  # where there may be several, their time runs out
                    tx.run(_LEASES_RUN_OUT)
        self.ic.offer = "taken"

    def offer_all(self) -> None:
        """What waits in the outbox is offered."""
        assert self.ic.sim.world.services.outbox.flush_all() == 0

    # --- the worker ---

    def turn(self, lane: str, end: str = "ok") -> None:
        """The first of the account's line has its turn, and what follows it; the first call ends so."""
        self.pump.wake(lane)
        self.pump._store.due(lane, now=self.engine.now_ms(lane))
        if not (line := self.line(lane)):
            return
        head = min(line, key=lambda one: one.seq)
        self.router.end = end
        try:
            with self._dying(end):
                self.engine.run(head.number, head.run)
        except Killed:
            self.pump._database.dispose()
            self._deliver_anew()
        self.router.end = "ok"

    @contextmanager
    def _dying(self, end: str) -> Iterator[None]:
        """The worker dies where it writes, with nothing of that or all of it done but the commit."""
        store: Any = self.pump._store
        name = "begin_attempts" if "attempt" in end else "end_attempts"
        if "written" not in end:
            yield
            return
        write: Callable[..., bool] = getattr(store, name)

        def dying(*args: Any, **values: Any) -> bool:
            if end.startswith("while"):
                write(*args, **values)
            raise Killed

        setattr(store, name, dying)
        try:
            yield
        finally:
            delattr(store, name)

    def line(self, lane: str) -> list[Delivery]:
        """What is accepted, under way or waits."""
        return [one for one in self._deliveries(lane) if one.state in UNDER_WAY]

    def _deliveries(self, lane: str) -> list[Delivery]:
        return self.pump.deliveries(lane=lane, account_number=self.account, limit=1000)

    def settle(self, lane: str) -> None:
        """Everything that waits is delivered, and a person looks into the partner's books for what is in doubt."""
        self.offer_all()
        book, returned = self.books.of[lane], {one.payment_guid for one in self.taken(lane) if one.state == "returned"}
        for _ in range(100):
            left = [one for one in reversed(self._deliveries(lane)) if one.state not in SETTLED]
            if not left:
                return
            for one in left:
                match one.state:
                    case state if state in UNDER_WAY:
                        self.turn(lane)
                    case State.DEAD if one.kind == "ach_reject" and self._state(lane, one) is State.DISMISSED:
                        self.pump.dismiss(one.id, "its payment was never posted")
                    case State.DEAD if one.event_id in returned:
                        self.pump.dismiss(one.id, "it came back before it was posted")
                    case State.DEAD:
                        self.pump.replay(one.id, "the partner is open again")
                    case _ if one.kind == "ach_reject":
                        self.pump.resolve(one.id, _rejected(one) not in book.posted, "seen in the books")
                    case _ if one.event_id in book.posted:
                        self.pump.resolve(one.id, True, "seen in the books")
                    case _ if one.event_id in returned:
                        self.pump.dismiss(one.id, "not in the books, and it came back")
                    case _:
                        self.pump.resolve(one.id, False, "not in the books")
        raise AssertionError(f"it does not end: {left}")

    def _state(self, lane: str, reject: Delivery) -> State:
        return self.pump.delivery(f"{lane}:{_rejected(reject)}").delivery.state

    # --- what stands where ---

    def taken(self, lane: str) -> list[Taken]:
        """The payments that Invoice Cloud took."""
        with self.store.read() as tx:
            found = PAYMENTS.find(tx, lane, self._of_account, order="reference")
        return [one for one in found if one.approved]

    def in_doubt(self, lane: str) -> set[str]:
        """Those of which it is not certain that the partner has them, wherever they wait."""
        world = self.lane(lane)
        with self.store.read() as tx:
            doubt = self.ic.sim.world.services.presentment.unsettled.doubt(tx, world, self.biller, self.account)
        assert not doubt.problem
        assert not doubt.unknown
        return {one.payment_guid for one in doubt.payments}

    @property
    def _of_account(self) -> dict[str, str | int]:
        return {"biller_guid": self.biller, "account_number": self.account}

    def lane(self, lane: str) -> Any:
        return self.ic.lanes.get(lane)

    def asked(self, lane: str) -> int:
        """What all open invoices together ask."""
        return sum(one.balance_due_cents for one in self.open_invoices(lane))

    def open_invoices(self, lane: str) -> list[Any]:
        with self.store.read() as tx:
            return INVOICES.find(tx, lane, {**self._of_account, "status": "open"}, order="invoice_number")

    def close(self) -> None:
        self.ic.close()
        self.pump._database.dispose()


def _rejected(delivery: Delivery) -> str:
    """The payment that came back."""
    event = parse_event(json.loads(delivery.event))
    assert isinstance(event, AchReject)
    return event.payment_guid
