"""
A random walk: whatever the control API offers is done in any order, in lanes that fork, are exported and come back.

A seed is a walk, wherever it is gone. No answer may be a 5xx. At the end people clear up, as in a soak, and then the
books of every lane have to agree: nothing is left that neither they nor a rule of the product explains.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, timedelta
from typing import Any

import httpx

from partnerlab.auditing import LaneBooks, audit, reconcile
from partnerlab.auditing.judging import ON_ITS_WAY
from partnerlab.simulators import watersmart
from partnerlab.soak.in_process import InProcessWorld
from partnerlab.soak.staff import Staff
from partnerlab.soak.trouble import Trouble
from partnerlab.soak.wire import NEVER
from tests.partnerlab.walking.drawing import Call, Drawing, operations

__all__ = ["NOT_WALKED", "OFTEN", "Setting", "Step", "Walk", "Wrong", "begun"]

NOT_WALKED: Mapping[str, str] = {
    **dict.fromkeys(
        ("createLane", "dropLane", "resetLane", "forkLane", "exportLane", "importLane", "getLane", "listLanes"),
        "the walk's own moves",
    ),
    **dict.fromkeys(
        ("advanceClock", "setClock", "freezeClock", "unfreezeClock", "pauseJob"),
        "its time goes on by the walk's moves, and its jobs run",
    ),
    **dict.fromkeys(("addFault", "clearFaults", "clearFault"), "trouble is the soak's"),
    "listen": "it has no end",
    "prune": "it goes by real time, over every lane",
    "getCertificateAuthority": "there is one with https alone",
    "replayEntry": "a request sent again posts what no payment stands for",
    "changeBiller": "a wrong key or address leaves everything undelivered",
    "deliverExport": "what nobody fetched would count as fetched",
    **dict.fromkeys(("deletePendingPayment", "dismissEvent"), "somebody decides that money is not posted"),
    "assignWaterPayment": "the staff finds a payment's account",
}
"""Operations that a walk leaves out, and why."""

OFTEN: Mapping[str, float] = {
    "pay": 18,
    "openInvoice": 8,
    "billUtilityAccount": 8,
    "addInstalments": 6,
    "billWaterCustomer": 6,
    "enterPayment": 4,
    "registerUser": 4,
    "addMethod": 5,
    "addSchedule": 6,
    "enrolAutopay": 4,
    "runJob": 8,
    "enterForWaterCustomer": 4,
    "putUtilityAccount": 2,
    "putPolicy": 2,
    "putWaterCustomer": 2,
    "conveyAccount": 1,
    "switchAutopay": 2,
    "switchPaperless": 2,
    "changeEmail": 2,
    "postPendingPayment": 3,
    "addQuote": 1,
}
"""How often an operation is drawn, where that is not `SELDOM`."""
SELDOM = 0.25
MOVES: Mapping[str, float] = {
    "call": 80,
    "go_on": 12,
    "settle": 6,
    "strike": 4,
    "fork": 1,
    "export": 1,
    "come_back": 1,
    "begin_anew": 0.5,
}
WAITS = ("5m", "15m", "1h", "3h", "1d", "1d", "2d", "7h", "9d")
MOMENTS = (
    "2026-12-31T23:30:00-05:00",
    "2026-10-31T22:00:00-04:00",  # the last evening before the clock goes back
    "2027-03-13T20:00:00-05:00",  # and before it goes on
    "2028-02-28T23:00:00-05:00",
    "2026-11-28T12:00:00-05:00",
    "2026-12-24T16:59:00-05:00",
)
UNITS = {"m": "minutes", "h": "hours", "d": "days"}
MOST_LANES, QUIET_DAYS = 3, 20
ORIGIN = "http://127.0.0.1:8700"


Step = dict[str, Any]
"""A step as JSON: its number, its lane, the move that it does, and what that is about."""


class Wrong(AssertionError):
    """What may not be, how it came to it, and what *kind* it is of."""

    def __init__(self, kind: str, said: str) -> None:
        self.kind = kind
        super().__init__(said)


@dataclass(frozen=True)
class Setting:
    """
    What a walk's world is like.

    Attributes:
        balance_forward: By partner whether the bills of its billers carry the balance forward, so that the last of an
            account has all; of those that are not named the seeds decide.
        trouble: Whether calls fail and somebody is killed.
    """

    balance_forward: Mapping[str, bool] = field(default_factory=dict)
    trouble: bool = True

    @property
    def systems(self) -> Sequence[Any]:
        """Settings of the simulators, where they are other than usual."""
        forward = self.balance_forward.get("watersmart")
        return () if forward is None else (watersmart.Settings(balance_forward=forward),)


USUAL = Setting()


@contextmanager
def begun(seed: int, setting: Setting = USUAL) -> Iterator[Walk]:
    """A walk in a world of its own."""
    with InProcessWorld(seed, lambda _: None, *setting.systems) as world:
        yield Walk(world, seed, setting)


class Walk:
    """
    A walk in a world: steps that are drawn from its *seed* (`go`), or that were kept from another (`replay`).

    `steps` is what was done, as JSON that `replay` takes, and `notes` the same for people. `answers` is every call with
    its answer, in order: two worlds in which the same is done give the same. What a step leaves to chance is of the
    seed and its number alone, so it goes the same way where steps before it are left out. The *world* was made with the
    systems of the *setting*.
    """

    def __init__(self, world: InProcessWorld, seed: int, setting: Setting = USUAL) -> None:
        self.world, self.seed, self.dice = world, seed, random.Random(f"walk/{seed}")
        self.setting = setting
        self.drawing = Drawing(self.dice, f"w{seed}")
        self.names = [f"walk-{seed}-{number}" for number in range(MOST_LANES)]
        self.lanes: list[str] = []
        self.exported: dict[str, Any] = {}
        self.steps: list[Step] = []
        self.notes: list[str] = []
        self.answers: list[tuple[str, int, Any]] = []
        self.codes: Counter[int] = Counter()
        self.staff, self.trouble = Staff(world), Trouble(world) if setting.trouble else None
        self._client = httpx.Client(transport=world.browser, base_url=ORIGIN)
        document = self._ask("GET", "/_sandbox/openapi.json")[1]
        walked = [one for one in operations(document) if one.id not in NOT_WALKED]
        self.operations = walked
        self._weights = [OFTEN.get(one.id, SELDOM) for one in walked]

    def go(self, steps: int) -> None:
        """Draw and do so many steps, and clear up. Raises `Wrong`."""
        moves, weights = zip(*MOVES.items(), strict=True)
        with self._noted():
            self._begin()
            for number, move in enumerate(self.dice.choices(moves, weights, k=steps), 1):
                lane = self.dice.choice(self.lanes)
                self.world.enter(lane)
                if (drawn := self._drawn(move)) is not None:
                    self._do({"step": number, "lane": lane, "do": move, **drawn})
            self._end()

    def replay(self, steps: Sequence[Step]) -> None:
        """Do these steps, but for those in lanes that nothing made, and clear up. Raises `Wrong`."""
        with self._noted():
            self._begin()
            for step in steps:
                if step["lane"] in self.lanes:
                    self.world.enter(step["lane"])
                    self._do(step)
            self._end()

    @contextmanager
    def _noted(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            error.add_note("\n".join(self.notes[-60:]))
            raise

    def _begin(self) -> None:
        self.world.draw_anew(f"{self.seed}/0")
        self._make(self.names[0], MOMENTS[0])

    def _drawn(self, move: str) -> Step | None:
        """What a step has to say beside its move; None where there is nothing to do."""
        match move:
            case "call":
                operation = self.dice.choices(self.operations, self._weights)[0]
                wire = self.world.wire
                dies, wire.dies = wire.dies, NEVER  # looking is no step: nobody dies of it
                call = self.drawing.call(operation, self._look, self.world.now.date())
                wire.dies = dies
                return None if call is None else asdict(call)
            case "go_on":
                return {"wait": self.dice.choice(WAITS)}
            case "fork":
                return {"to": self.dice.choice([one for one in self.names if one != self.world.lane])}
            case "come_back":
                return {"of": self.dice.choice(sorted(self.exported))} if self.exported else None
            case "begin_anew":
                return {"at": self.dice.choice(MOMENTS)}
        return {}

    def _do(self, step: Step) -> None:
        """Do a step in the lane that was entered."""
        self.steps.append(step)
        self.world.draw_anew(f"{self.seed}/{step['step']}")
        with self.world.surviving(step["do"]):
            getattr(self, step["do"])(**{name: one for name, one in step.items() if name not in ("step", "lane", "do")})

    # --- moves ---

    def call(self, operation: str, method: str, target: str, body: Any = None) -> None:
        """One operation of the contract."""
        call = Call(operation, method, target, body)
        status, answer = self._ask(method, target, body)
        self._note(f"{status} {call}")
        self.answers.append((str(call), status, answer))

    def go_on(self, wait: str) -> None:
        """The clock goes on, and what falls due is done."""
        self._note(f"go on for {wait}")
        self.world.advance_to(self.world.now + timedelta(**{UNITS[wait[-1]]: int(wait[:-1])}))

    def settle(self) -> None:
        """The data pump has its turn."""
        self.world.settle()

    def strike(self) -> None:
        """Something will go wrong."""
        if self.trouble is not None:
            self._note("trouble")
            self.trouble.strike()

    def fork(self, to: str) -> None:
        """The lane is copied over another."""
        self._note(f"fork to {to}")
        self._must("POST", f"/_sandbox/lanes/{self.world.lane}/fork", {"to": to})
        self.lanes = sorted({*self.lanes, to})

    def export(self) -> None:
        """The lane as it stands is kept."""
        self._note("export")
        self.exported[self.world.lane] = self._must("GET", f"/_sandbox/lanes/{self.world.lane}/export")

    def come_back(self, of: str) -> None:
        """The lane is replaced by one that was kept."""
        if of in self.exported:
            self._note(f"import what {of} was")
            self._must("POST", f"/_sandbox/lanes/{self.world.lane}/import", self.exported[of])

    def begin_anew(self, at: str) -> None:
        """The lane is reset, which lets it go by real time, then dropped and made at another time."""
        self._note("reset, drop and make")
        lane = self.world.lane
        self._must("POST", f"/_sandbox/lanes/{lane}/reset")
        self.world.enter("default")  # a call in a lane makes it
        self._must("DELETE", f"/_sandbox/lanes/{lane}")
        self._make(lane, at)

    # --- the end ---

    def _end(self) -> None:
        for lane in self.lanes:
            self.world.enter(lane)
            self.world.draw_anew(f"{self.seed}/end of {lane}")
            self._come_to_rest()

    def _come_to_rest(self) -> None:
        self.world.calm()
        for _ in range(QUIET_DAYS):
            self.world.settle()
            self._find_accounts()
            books = self.world.books()
            if not self.staff.evening(books) and not _under_way(books):
                break
            self.world.advance_to(self.world.now + timedelta(days=1))
        self.world.advance_to(self.world.now + timedelta(days=9))  # weekly jobs, and what was to be asked again
        self._find_accounts()
        self.world.settle()
        self.staff.evening(self.world.books())
        self.world.advance_to(self.world.now + timedelta(days=1))
        self._find_accounts()  # of what AutoPay or a schedule paid in these days
        if wrong := dict(_wrong(self.world.books())):
            raise Wrong(next(iter(wrong.values())), f"{self.world.lane}: " + "; ".join(wrong))

    def _find_accounts(self) -> None:
        """Payments that WaterSmart finds no account for: a conveyed one is the account that it was."""
        for one in self._look("/_sandbox/watersmart/payments?limit=200")["payments"]:
            if one["state"] == "unmatched":
                account = one["account_number"].split("CV-")[0].rstrip("-")
                path = f"/_sandbox/watersmart/payments/{one['payment_guid']}/account"
                self._ask("POST", path, {"account_number": account})

    # --- the lane's control API ---

    def _make(self, lane: str, moment: str) -> None:
        self._must("POST", "/_sandbox/lanes", {"name": lane, "frozen_at": moment, "seed": 7})
        self.world.enter(lane)
        self.lanes = sorted({*self.lanes, lane})
        for partner, forward in self.setting.balance_forward.items():
            answers = {"configuration": {"Questionnaire": {"BalanceForward": forward}}}
            self._must("PATCH", f"/_sandbox/ic/billers/{self.world.billers[partner]['guid']}", answers)

    def _look(self, path: str) -> Any:
        return self._must("GET", path)

    def _must(self, method: str, target: str, body: Any = None) -> Any:
        status, answer = self._ask(method, target, body)
        assert status < 300, (method, target, status, answer)
        return answer

    def _ask(self, method: str, target: str, body: Any = None) -> tuple[int, Any]:
        answer = self._client.request(
            method, target, headers={"X-Sandbox-Lane": self.world.lane}, json=body, timeout=60
        )
        self.codes[answer.status_code] += 1
        if answer.status_code >= 500:
            kind = f"{answer.status_code} to {method}"
            raise Wrong(kind, f"{kind} {target} {json.dumps(body)[:500]}: {answer.text[:500]}")
        is_json = answer.headers.get("content-type", "").startswith("application/json")
        return answer.status_code, answer.json() if is_json and answer.content else answer.text

    def _note(self, text: str) -> None:
        self.notes.append(f"{self.world.now.astimezone(UTC):%Y-%m-%dT%H:%M} {self.world.lane}: {text}")


def _under_way(books: LaneBooks) -> bool:
    return any(one.verdict == ON_ITS_WAY for one in audit(books).judged)


def _wrong(books: LaneBooks) -> Iterator[tuple[str, str]]:
    """What is wrong, and of which kind and partner it is."""
    for one in audit(books).findings:
        yield f"{one.kind} {one.payment.reference}: {one.verdict}: {one.detail}", f"{one.verdict} {one.partner}"
    for other in reconcile(books).findings:
        yield f"{other.kind}: {other.subject}: {other.detail}", f"{other.kind} {other.partner}"
