"""
Two replicas of the sandbox, each with a data pump of its own, on one PostgreSQL: killed at random while payments come.

`PARTNERLAB_PAYMENTS=2000` makes it longer, with as many more kills.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import httpx
import pytest

from partnerlab.auditing import audit, read_lane, reconcile
from partnerlab.auditing.records import LaneBooks
from partnerlab.contracts import seeds
from partnerlab.remote import Remote
from partnerlab.replicas import Replica, running_replicas
from tests.postgres import new_database

PAYMENTS = int(os.environ.get("PARTNERLAB_PAYMENTS", "40"))
KILLS = max(3, PAYMENTS // 25)
LIMIT_S = 300 + PAYMENTS

pytestmark = [
    pytest.mark.durability,
    pytest.mark.postgres,
    pytest.mark.timeout(LIMIT_S + 120),  # the test says itself what did not come, and its replicas take time to start
]

TCCS = "44444444-4444-4444-8444-444444444444"
ACCOUNTS = ("10000101", "10000102", "10000106", "10000110")
"""Of inHance: whether a payment was posted cannot be asked, so that one that was under way at a kill is unknown."""
POLICIES = [(policy.policy_number, policy.billed_cents) for policy in seeds.policies() if policy.billed_cents > 0]
"""Of TCCS, which knows a payment again by its PaymentGUID: none may be unknown. Each is paid once a lane."""


@pytest.fixture(scope="module")
def replicas(postgres_server: str) -> Iterator[list[Replica]]:
    with running_replicas(new_database(postgres_server)) as replicas:
        yield replicas


def order_of(number: int) -> tuple[str, dict[str, str]]:
    """The lane and the order of a payment: four to inHance, one to TCCS."""
    order = {"payment_guid": f"kill-{number:05d}", "tender": "credit_card", "card_number": "4111111111111111"}
    if number % 5:
        account = ACCOUNTS[number % len(ACCOUNTS)]
        return "default", {**order, "account_number": account, "amount": "0.01"}
    lane, policy = divmod(number // 5, len(POLICIES))
    account, cents = POLICIES[policy]
    return f"tccs-{lane}", {**order, "account_number": account, "amount": f"{cents / 100:.2f}", "biller_guid": TCCS}


class Payers:
    """They pay at any replica until they have an answer: by its PaymentGUID it is one payment."""

    def __init__(self, replicas: list[Replica], seed: int) -> None:
        self.replicas, self.dice = replicas, random.Random(seed)
        self.ends = time.monotonic() + LIMIT_S
        self.answered = 0
        self._lock = threading.Lock()

    def wait_for(self, answered: int, work: Sequence[Future[None]]) -> None:
        """Until so many have an answer, or one has failed."""
        while self.answered < answered and time.monotonic() < self.ends:
            if any(done.done() and done.exception() for done in work):
                return
            time.sleep(0.01)

    def pay(self, number: int) -> None:
        lane, order = order_of(number)
        while time.monotonic() < self.ends:
            url = self.dice.choice(self.replicas).url
            try:
                answer = httpx.post(f"{url}/lane/{lane}/_sandbox/ic/payments", json=order, timeout=60)
            except httpx.HTTPError:
                time.sleep(0.05)
                continue
            assert answer.status_code in (200, 201), answer.text
            with self._lock:
                self.answered += 1
            return
        raise AssertionError(f"payment {number} found no replica")


def test_killed_replicas_and_pumps_neither_lose_nor_double_a_payment(replicas: list[Replica]) -> None:
    dice, killed = random.Random(20261127), 0
    payers = Payers(replicas, 7)
    with ThreadPoolExecutor(8) as pool:
        work = [pool.submit(payers.pay, number) for number in range(PAYMENTS)]
        for after in sorted(dice.sample(range(PAYMENTS * 9 // 10), KILLS)):
            payers.wait_for(after, work)
            time.sleep(dice.uniform(0, 0.3))
            victims = replicas if dice.random() < 0.2 else [dice.choice(replicas)]
            for victim in victims:
                victim.kill()
            for victim in victims:
                victim.start()
            killed += len(victims)
        for done in work:
            done.result()

    lanes = sorted({order_of(number)[0] for number in range(PAYMENTS)})
    ones, others = ([settled(replica, lane, payers.ends) for lane in lanes] for replica in replicas)
    assert [one.deliveries for one in ones] == [other.deliveries for other in others]
    states: Counter[str] = Counter()
    for books in ones:
        judged = audit(books)
        here = Counter(delivery.state for delivery in books.deliveries)
        assert not judged.findings or {one.verdict for one in judged.findings} == {"unknown"}, judged.findings
        assert not books.lane.startswith("tccs-") or set(here) == {"delivered"}
        assert judged.counts["unknown"] == here["unknown"]
        assert not [one for one in reconcile(books).differences if one.finding and one.kind not in BY_UNKNOWN]
        states += here
    taken = [payment.guid for books in ones for payment in books.payments]
    print(f"{len(taken)} payments in {len(lanes)} lanes, {killed} killed: {dict(states)}")  # noqa: T201
    assert sorted(taken) == sorted(order_of(number)[1]["payment_guid"] for number in range(PAYMENTS))
    assert sum(states.values()) == PAYMENTS
    # Of an account one call is under way at a time.
    assert states["unknown"] <= killed * len(ACCOUNTS)


BY_UNKNOWN = ("payment", "off_by_finding")
"""How two books differ because a payment is unknown."""


def settled(replica: Replica, lane: str, ends: float) -> LaneBooks:
    """What a replica tells of a lane, once nothing is on its way in it."""
    remote = Remote(replica.url, lane)
    try:
        while True:
            books = read_lane(remote, lane)
            on_its_way = [one for one in books.deliveries if one.state not in ("delivered", "unknown")]
            waiting = [one for one in books.events if one.state != "accepted"]
            if not on_its_way and not waiting and len(books.deliveries) == len(books.events):
                return read_lane(remote, lane)  # what was read first may be older than the last delivery
            assert time.monotonic() < ends, (on_its_way, waiting)
            time.sleep(0.3)
    finally:
        remote.close()
