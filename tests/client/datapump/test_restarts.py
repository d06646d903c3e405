"""A pump that stops, or is killed, in the middle of its work."""

from __future__ import annotations

import threading
import time
from collections.abc import Hashable
from typing import Any

import pytest

from partnerlab.client.datapump import DataPump
from partnerlab.client.datapump.engine import EngineBusy
from partnerlab.client.datapump.outcomes import Outcome
from partnerlab.client.datapump.places import Places
from partnerlab.client.datapump.states import State
from partnerlab.client.datapump.store import Begin
from partnerlab.client.datapump.worker import Worker
from tests.client.datapump.conftest import (
    PATIENT,
    MakePump,
    make_event,
    state_of,
    submit,
    wait_for,
    waiting,
    worker_of,
)
from tests.client.datapump.partner import Partner


def test_what_was_accepted_is_delivered_after_a_restart(make_pump: MakePump, partner: Partner) -> None:
    quiet = make_pump(worker=False)
    ids = submit(quiet, *(make_event() for _ in range(5)))
    time.sleep(0.3)
    assert partner.seen == []
    quiet.stop()
    pump = make_pump()
    assert pump.drain()
    assert {state_of(pump, id) for id in ids} == {State.DELIVERED}
    assert set(partner.posted().values()) == {1}


def test_what_waits_goes_on_waiting_after_a_restart(make_pump: MakePump, partner: Partner) -> None:
    pump, id = waiting(make_pump, partner)
    [behind] = submit(pump, make_event())
    pump.stop()
    pump = make_pump(PATIENT)
    time.sleep(0.5)
    assert state_of(pump, id) is State.WAITING
    assert state_of(pump, behind) is State.ACCEPTED
    pump.wake()
    wait_for(lambda: state_of(pump, behind) is State.DELIVERED)
    assert [s.posted for s in partner.seen] == [False, True, True]


def test_a_call_under_way_ends_before_the_pump_stops(make_pump: MakePump, partner: Partner) -> None:
    partner.delay_s = 0.5
    pump = make_pump()
    [id] = submit(pump, make_event())
    wait_for(lambda: state_of(pump, id) is State.SENDING)
    pump.stop()
    pump = make_pump(worker=False)
    assert state_of(pump, id) is State.DELIVERED


def hand(pump: DataPump) -> Worker:
    """What does the work of a pump, for tests that need it slow or dead."""
    return worker_of(pump)


def open_attempt(pump: DataPump, id: str) -> None:
    """Leave the tables as a kill in the middle of an attempt does."""
    store, found = pump._store, pump.delivery(id).delivery
    with pump._database.begin() as tx:
        assert store.begin_attempts(tx, [Begin(found, "X", "x", idempotent=found.kind != "payment")])


@pytest.mark.parametrize(("kind", "ends", "calls"), [("payment", State.UNKNOWN, 0), ("email", State.DELIVERED, 1)])
def test_an_attempt_found_open_is_only_repeated_where_it_may_be(
    make_pump: MakePump, partner: Partner, kind: str, ends: State, calls: int
) -> None:
    quiet = make_pump(worker=False)
    [id] = submit(quiet, make_event(kind))
    open_attempt(quiet, id)
    quiet.stop()
    pump = make_pump()
    wait_for(lambda: state_of(pump, id) is ends)
    assert len(partner.seen) == calls
    assert pump.delivery(id).attempts[0].message == "the pump stopped while the call was under way"


def test_a_late_answer_settles_an_unknown_payment(make_pump: MakePump, partner: Partner) -> None:
    """A worker that was only slow, and was taken for dead, brings its answer in after all."""
    pump = make_pump(worker=False)
    [id] = submit(pump, make_event())
    open_attempt(pump, id)
    opened = pump.delivery(id).delivery
    assert hand(pump).interrupted(opened).state is State.UNKNOWN
    hand(pump).settle(opened, Outcome(State.DELIVERED, ""))
    assert state_of(pump, id) is State.DELIVERED
    assert pump.delivery(id).attempts[0].outcome == "delivered"


def test_a_late_answer_does_not_undo_what_a_person_said(make_pump: MakePump, partner: Partner) -> None:
    pump = make_pump(worker=False)
    [id] = submit(pump, make_event())
    open_attempt(pump, id)
    opened = pump.delivery(id).delivery
    hand(pump).interrupted(opened)
    pump.dismiss(id, "posted by hand")
    hand(pump).settle(opened, Outcome(State.DELIVERED, ""))
    assert state_of(pump, id) is State.DISMISSED
    assert pump.delivery(id).attempts[0].outcome == "delivered"


def test_of_two_runs_only_one_makes_the_attempt(make_pump: MakePump) -> None:
    pump = make_pump(worker=False)
    [id] = submit(pump, make_event())
    found = pump.delivery(id).delivery
    open_attempt(pump, id)
    with pump._database.begin() as tx:
        assert not pump._store.begin_attempts(tx, [Begin(found, "X", "x", idempotent=False)])


def test_a_run_that_fell_between_two_chairs_is_swept_up(
    make_pump: MakePump, partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error of ours, or of the database, ends a run without an outcome: it is found and tried again."""
    monkeypatch.setattr("partnerlab.client.datapump.upkeep.SWEEP_S", 0.1)
    pump = make_pump()
    errors = iter([RuntimeError("boom"), RuntimeError("boom")])
    whole = Places.enter

    def enter(self: Places, biller: Hashable, run: Any) -> bool:
        for error in errors:
            raise error
        return bool(whole(self, biller, run))

    monkeypatch.setattr(Places, "enter", enter)
    [id] = submit(pump, make_event())
    wait_for(lambda: state_of(pump, id) is State.DELIVERED)
    assert set(partner.posted().values()) == {1}


def test_runs_that_are_queued_again_while_they_are_at_work_make_no_second_call(
    make_pump: MakePump, partner: Partner
) -> None:
    """As a sweep beside one that falls due may do: their open attempts are not taken for interrupted ones."""
    go_on = threading.Event()
    partner.will = lambda *_: "ok" if go_on.wait(30) else "late"
    pump = make_pump()
    events = [make_event(kind, account_number=f"{kind}-{n}") for kind in ("payment", "email") for n in (1, 2)]
    ids = submit(pump, *events)
    wait_for(lambda: {state_of(pump, id) for id in ids} == {State.SENDING})
    pump._engine.resume([(found.number, found.run) for found in pump.deliveries()])
    time.sleep(0.5)
    assert {state_of(pump, id) for id in ids} == {State.SENDING}
    go_on.set()
    wait_for(lambda: {state_of(pump, id) for id in ids} == {State.DELIVERED})
    assert [len(pump.delivery(id).attempts) for id in ids] == [1] * 4
    assert len(partner.seen) == 4


def test_there_is_one_working_pump_in_a_process(pump: DataPump, make_pump: MakePump) -> None:
    with pytest.raises(EngineBusy):
        make_pump()
    second = make_pump(worker=False)
    [id] = submit(second, make_event())
    wait_for(lambda: state_of(second, id) is State.DELIVERED)
