"""What holds whichever engine calls the worker; each fact is shown with both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from partnerlab.client.datapump import DataPump, RetryPolicy
from partnerlab.client.datapump.engine.in_process import InProcessEngine
from partnerlab.client.datapump.queries import now_ms
from partnerlab.client.datapump.states import State
from partnerlab.client.datapump.store import Begin
from partnerlab.client.settings import Biller
from tests.client.datapump.conftest import BILLER, make_event, settings_for, state_of, submit, wait_for
from tests.client.datapump.partner import FAULT, LOSE, OK, REFUSE, THROTTLE, Partner

HOURS = RetryPolicy(attempts=3, first_s=7200.0, longest_s=100_000.0)
"""The first wait is two hours, the second four: what the real time adds to a moved clock is nothing beside them."""


class Bench:
    """Pumps on one engine and one database, and a clock that a test moves."""

    def __init__(self, engine: str, path: Path, billers: Callable[[str, str], Biller]) -> None:
        self.engine, self._path, self._billers = engine, path, billers
        self._moved_ms: dict[str, int] = {}
        self._made: list[DataPump] = []

    def pump(self, *, worker: bool = True, **options: Any) -> DataPump:
        """A started pump, the only one at work."""
        if self.engine == "in_process":
            options["engine"] = partial(InProcessEngine, clock=self._now)
        options = {"poll_s": 0.02, "dice": lambda: 0.0, "policy": HOURS, "billers": self._billers, **options}
        pump = DataPump(f"sqlite:///{self._path}", **options).start(worker=worker)
        self._made.append(pump)
        return pump

    def later(self, pump: DataPump, hours: float, lane: str = "default") -> None:
        """So much time passes on a lane's clock."""
        by = timedelta(hours=hours)
        if self.engine == "in_process":
            self._moved_ms[lane] = self._moved_ms.get(lane, 0) + by // timedelta(milliseconds=1)
        else:
            pump.wake(lane, by=by)

    def until(self, pump: DataPump, true: Callable[[], bool]) -> None:
        """The pump does what is due, and then something holds."""
        if self.engine == "in_process":
            pump.drain(timeout_s=0)
            assert true()
        else:
            wait_for(true)

    def close(self) -> None:
        for pump in self._made:
            pump.stop()

    def _now(self, lane: str) -> int:
        return now_ms() + self._moved_ms.get(lane, 0)


@pytest.fixture(params=["durable", "in_process"])
def bench(
    request: pytest.FixtureRequest, tmp_path: Path, empty_database: Path, billers: Callable[[str, str], Biller]
) -> Iterator[Bench]:
    path = tmp_path / "engine.db"
    path.write_bytes(empty_database.read_bytes())
    bench = Bench(request.param, path, billers)
    yield bench
    bench.close()


def told(partner: Partner, account: str) -> list[str]:
    """The references of the payments that the partner was told of, in order."""
    return [seen.fields["PaymentReference"] for seen in partner.accounts().get(account, [])]


def stands(pump: DataPump, id: str) -> list[int | str]:
    """How many attempts were made, and the state."""
    row = pump.delivery(id).delivery
    return [row.attempts, row.state.value]


def test_an_accounts_line_keeps_its_order_and_holds_nobody_else_up(bench: Bench, partner: Partner) -> None:
    wills = iter([THROTTLE])
    partner.will = lambda operation, fields: next(wills, OK) if fields["AccountNumber"] == "a" else OK
    pump = bench.pump()
    a = submit(pump, *(make_event(account_number="a", reference=f"a{n}") for n in range(3)))
    b = submit(pump, *(make_event(account_number="b", reference=f"b{n}") for n in range(3)))
    bench.until(pump, lambda: state_of(pump, a[0]) is State.WAITING and state_of(pump, b[2]) is State.DELIVERED)
    assert [state_of(pump, id) for id in a[1:]] == [State.ACCEPTED] * 2
    assert told(partner, "a") == ["a0"]
    bench.later(pump, 3)
    bench.until(pump, lambda: state_of(pump, a[2]) is State.DELIVERED)
    assert told(partner, "a") == ["a0", "a0", "a1", "a2"]
    assert told(partner, "b") == ["b0", "b1", "b2"]


def test_an_attempt_is_made_again_at_its_time_and_given_up_after_the_last(bench: Bench, partner: Partner) -> None:
    partner.will = lambda operation, fields: THROTTLE
    pump = bench.pump()
    [id] = submit(pump, make_event())
    bench.until(pump, lambda: state_of(pump, id) is State.WAITING)
    for hours, *expected in ((1, 1, "waiting"), (1.5, 2, "waiting"), (3, 2, "waiting"), (1.5, 3, "dead")):
        bench.later(pump, hours)
        bench.until(pump, lambda: stands(pump, id) == expected)  # noqa: B023  asked at once
        assert len(partner.seen) == expected[0]
    assert "given up after 3 attempts" in pump.delivery(id).delivery.message


@pytest.mark.parametrize(
    ("will", "kind", "state", "outcome"),
    [
        (OK, "payment", State.DELIVERED, "delivered"),
        (REFUSE, "payment", State.DEAD, "refused"),
        (LOSE, "payment", State.UNKNOWN, "unknown"),
        (FAULT, "payment", State.UNKNOWN, "unknown"),
        (LOSE, "paperless", State.WAITING, "failed"),
    ],
)
def test_an_outcome_is_judged_alike(
    bench: Bench, partner: Partner, will: str, kind: str, state: State, outcome: str
) -> None:
    wills = iter([will])
    partner.will = lambda operation, fields: next(wills, OK)
    pump = bench.pump()
    [id] = submit(pump, make_event(kind))
    bench.until(pump, lambda: state_of(pump, id) is state)
    [attempt] = pump.delivery(id).attempts
    assert attempt.outcome == outcome
    if state is State.UNKNOWN:
        pump.resolve(id, posted=False, reason="their books do not have it")
    elif state is State.DEAD:
        pump.replay(id, "the account is open again")
    elif state is State.WAITING:
        pump.wake()
    bench.until(pump, lambda: state_of(pump, id) is State.DELIVERED)
    assert len(pump.delivery(id).attempts) == (1 if state is State.DELIVERED else 2)


def test_a_run_that_is_parked_goes_on_when_its_lane_is_opened(bench: Bench, partner: Partner) -> None:
    wills = iter([THROTTLE, THROTTLE])
    partner.will = lambda operation, fields: next(wills, OK)
    pump = bench.pump()
    held, free = submit(pump, make_event(lane="held"), make_event(lane="free"))
    bench.until(pump, lambda: {state_of(pump, id) for id in (held, free)} == {State.WAITING})
    with pump.lane_paused("held") as quiet:
        assert quiet
        pump.wake()
        bench.until(pump, lambda: state_of(pump, free) is State.DELIVERED)
        bench.until(pump, lambda: state_of(pump, held) is State.ACCEPTED)
        assert len(partner.seen) == 3
    bench.until(pump, lambda: state_of(pump, held) is State.DELIVERED)
    assert len(partner.seen) == 4


def test_one_billers_trouble_is_not_anothers(bench: Bench, partner: Partner) -> None:
    """With two places: what waits for its next attempt holds none, whoever it belongs to."""
    with Partner(will=lambda operation, fields: THROTTLE) as bad:
        urls = {"bad": bad.url, BILLER: partner.url}
        billers = lambda lane, guid: Biller(guid, "inhance_v2", settings_for(urls[guid]))  # noqa: E731
        pump = bench.pump(billers=billers, slots=2)
        waits = submit(pump, *(make_event(biller_guid="bad", account_number=f"{n}") for n in range(5)))
        goes = submit(pump, *(make_event(account_number=f"{n}") for n in range(5)))
        bench.until(pump, lambda: pump.counts() == {State.WAITING: 5, State.DELIVERED: 5})
        assert [state_of(pump, id) for id in goes] == [State.DELIVERED] * 5
        assert {d.id for d in pump.deliveries(state=State.WAITING)} == set(waits)


def test_what_was_accepted_goes_on_at_the_next_start(bench: Bench, partner: Partner) -> None:
    before = bench.pump(worker=False)
    ids = submit(before, make_event(reference="1"), make_event(reference="2"))
    assert not before.drain(timeout_s=0)
    before.stop()
    assert partner.seen == []
    pump = bench.pump()
    bench.until(pump, lambda: state_of(pump, ids[1]) is State.DELIVERED)
    assert told(partner, "10000101") == ["1", "2"]


def test_an_attempt_that_was_found_open_is_not_simply_repeated(
    bench: Bench, partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("partnerlab.client.datapump.upkeep.SENDING_MS", 0)
    monkeypatch.setattr("partnerlab.client.datapump.upkeep.SWEEP_S", 0.05)
    before = bench.pump(worker=False)
    payment, email = submit(before, make_event(account_number="a"), make_event("email", account_number="b"))
    with before._database.begin() as tx:
        for id in (payment, email):
            repeatable = id == email
            found = before.delivery(id).delivery
            assert before._store.begin_attempts(tx, [Begin(found, "X", "x", idempotent=repeatable)])
    before.stop()
    pump = bench.pump()
    bench.until(pump, lambda: (state_of(pump, payment), state_of(pump, email)) == (State.UNKNOWN, State.WAITING))
    assert partner.seen == []


def test_a_lanes_deliveries_are_dropped_and_copied_with_it(bench: Bench, partner: Partner) -> None:
    wills = iter([THROTTLE, THROTTLE])
    partner.will = lambda operation, fields: next(wills, OK)
    pump = bench.pump()
    origin, dropped = submit(pump, make_event(lane="origin", reference="1"), make_event(lane="dropped", reference="2"))
    bench.until(pump, lambda: {state_of(pump, id) for id in (origin, dropped)} == {State.WAITING})
    pump.fork_lane("origin", "copy")
    pump.drop_lane("dropped")
    for lane in ("origin", "copy", "dropped"):
        bench.later(pump, 3, lane)
    bench.until(pump, lambda: pump.counts() == {State.DELIVERED: 2})
    assert sorted(told(partner, "10000101")) == ["1", "1", "1", "2"]
