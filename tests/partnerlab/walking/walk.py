"""
A random walk: whatever the control API offers is done in any order, in lanes that fork, are exported and come back.

A seed is a walk, wherever it is gone. No answer may be a 5xx. At the end people clear up, as in a soak, and then the
books of every lane have to agree: nothing is left that neither they nor a rule of the product explains.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, timedelta
from typing import Any

import httpx

from partnerlab.auditing import LaneBooks, audit, reconcile
from partnerlab.auditing.judging import ON_ITS_WAY
from partnerlab.soak.in_process import InProcessWorld
from partnerlab.soak.staff import Staff
from partnerlab.soak.trouble import Trouble
from tests.partnerlab.walking.drawing import Drawing, operations

__all__ = ["NOT_WALKED", "OFTEN", "Walk", "Wrong"]

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


class Wrong(AssertionError):
    """What may not be, and how it came to it."""


class Walk:
    """
    The walk of a *seed* in a world, of so many steps.

    `answers` is every call with its answer, in order: two worlds in which the same is done give the same. Without
    *trouble* no call fails and nobody is killed.
    """

    def __init__(self, world: InProcessWorld, seed: int, *, trouble: bool = True) -> None:
        self.world, self.dice = world, random.Random(f"walk/{seed}")
        self.drawing = Drawing(self.dice, f"w{seed}")
        self.names = [f"walk-{seed}-{number}" for number in range(MOST_LANES)]
        self.lanes: list[str] = []
        self.exported: dict[str, Any] = {}
        self.steps: list[str] = []
        self.answers: list[tuple[str, int, Any]] = []
        self.codes: Counter[int] = Counter()
        self.staff, self.trouble = Staff(world), Trouble(world) if trouble else None
        self._client = httpx.Client(transport=world.browser, base_url=ORIGIN)
        document = self._ask("GET", "/_sandbox/openapi.json")[1]
        walked = [one for one in operations(document) if one.id not in NOT_WALKED]
        self.operations = walked
        self._weights = [OFTEN.get(one.id, SELDOM) for one in walked]

    def go(self, steps: int) -> None:
        """Do so much, and clear up. Raises `Wrong`."""
        try:
            self._make(self.names[0], MOMENTS[0])
            moves, weights = zip(*MOVES.items(), strict=True)
            for move in self.dice.choices(moves, weights, k=steps):
                self.world.enter(self.dice.choice(self.lanes))
                with self.world.surviving(move):
                    getattr(self, move)()
            for lane in self.lanes:
                self.world.enter(lane)
                self._come_to_rest()
        except Exception as error:
            error.add_note("\n".join(self.steps[-60:]))
            raise

    # --- moves ---

    def call(self) -> None:
        """One operation of the contract."""
        operation = self.dice.choices(self.operations, self._weights)[0]
        drawn = self.drawing.call(operation, self._look, self.world.now.date())
        if drawn is not None:
            status, answer = self._ask(drawn.method, drawn.target, drawn.body)
            self._note(f"{status} {drawn}")
            self.answers.append((str(drawn), status, answer))

    def go_on(self) -> None:
        """The clock goes on, and what falls due is done."""
        wait = self.dice.choice(WAITS)
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

    def fork(self) -> None:
        """The lane is copied over another."""
        to = self.dice.choice([one for one in self.names if one != self.world.lane])
        self._note(f"fork to {to}")
        self._must("POST", f"/_sandbox/lanes/{self.world.lane}/fork", {"to": to})
        self.lanes = sorted({*self.lanes, to})

    def export(self) -> None:
        """The lane as it stands is kept."""
        self._note("export")
        self.exported[self.world.lane] = self._must("GET", f"/_sandbox/lanes/{self.world.lane}/export")

    def come_back(self) -> None:
        """The lane is replaced by one that was kept."""
        if self.exported:
            kept = self.dice.choice(sorted(self.exported))
            self._note(f"import what {kept} was")
            self._must("POST", f"/_sandbox/lanes/{self.world.lane}/import", self.exported[kept])

    def begin_anew(self) -> None:
        """The lane is reset, which lets it go by real time, then dropped and made at another time."""
        self._note("reset, drop and make")
        lane = self.world.lane
        self._must("POST", f"/_sandbox/lanes/{lane}/reset")
        self.world.enter("default")  # a call in a lane makes it
        self._must("DELETE", f"/_sandbox/lanes/{lane}")
        self._make(lane, self.dice.choice(MOMENTS))

    # --- the end ---

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
        if wrong := list(_wrong(self.world.books())):
            raise Wrong(f"{self.world.lane}: " + "; ".join(wrong))

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
            raise Wrong(f"{answer.status_code} to {method} {target} {json.dumps(body)[:500]}: {answer.text[:500]}")
        is_json = answer.headers.get("content-type", "").startswith("application/json")
        return answer.status_code, answer.json() if is_json and answer.content else answer.text

    def _note(self, text: str) -> None:
        self.steps.append(f"{self.world.now.astimezone(UTC):%Y-%m-%dT%H:%M} {self.world.lane}: {text}")


def _under_way(books: LaneBooks) -> bool:
    return any(one.verdict == ON_ITS_WAY for one in audit(books).judged)


def _wrong(books: LaneBooks) -> Iterator[str]:
    for one in audit(books).findings:
        yield f"{one.kind} {one.payment.reference}: {one.verdict}: {one.detail}"
    for other in reconcile(books).findings:
        yield f"{other.kind}: {other.subject}: {other.detail}"
