"""When the engine looks at its queue: once something stands in it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from partnerlab.client.datapump import DataPump
from partnerlab.client.datapump.engine import durable, installed, listening
from partnerlab.client.datapump.engine.listening import Bellpush, Listener
from partnerlab.client.settings import Biller
from tests.client.datapump.conftest import QUICK, make_event, wait_for
from tests.client.datapump.partner import OK, Partner

Billers = Callable[[str, str], Biller]


def looks_of(pump: DataPump) -> list[str]:
    """The engine's looks at the queue of bells, from now on."""
    looks: list[str] = []

    @sa.event.listens_for(pump._database, "before_cursor_execute")
    def note(_: object, __: object, sql: str, *___: object) -> None:
        if "partitions" in sql:
            looks.append(sql)

    return looks


def test_the_engine_does_not_look_at_a_queue_in_which_nothing_stands(
    url: str, billers: Billers, partner: Partner
) -> None:
    with DataPump(url, billers, QUICK, poll_s=0.02) as pump:
        looks = looks_of(pump)
        time.sleep(1.0)
        assert len(looks) < 10, "it would be fifty, and as many more as the machine was busy"
        pump.submit(make_event())
        assert pump.drain()
        assert looks
    assert len(partner.seen) == 1


def test_an_event_of_this_process_does_not_wait_for_the_next_look(
    url: str, billers: Billers, partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "ANYWAY_S", 3_600.0)
    with DataPump(url, billers, QUICK, poll_s=3_600.0) as pump:
        time.sleep(0.2)
        pump.submit(make_event())
        wait_for(lambda: len(partner.seen) == 1)


def test_beside_a_round_other_processes_have_the_same_chance(
    url: str, billers: Billers, partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    rings: list[Bellpush] = []
    monkeypatch.setattr(Bellpush, "ring", lambda self: rings.append(self))
    called, answers = threading.Event(), threading.Event()

    def will(operation: str, fields: dict[str, str]) -> str:
        called.set()
        answers.wait(60)
        return OK

    partner.will = will
    with DataPump(url, billers, QUICK, poll_s=0.02) as pump:
        pump.submit(make_event(account_number="a"))
        assert called.wait(60)
        pump.submit(make_event(account_number="b"))
        answers.set()
        assert pump.drain()
    assert len(rings) == 1


def test_an_event_of_another_process_is_seen_by_the_next_look(
    url: str, billers: Billers, partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "ANYWAY_S", 3_600.0)
    with DataPump(url, billers, QUICK, poll_s=0.1):
        other = DataPump(url, billers, QUICK).start(worker=False)
        time.sleep(0.2)
        other.submit(make_event())
        wait_for(lambda: len(partner.seen) == 1)
        other.stop()


def test_an_engine_that_looks_in_another_way_looks_by_itself(
    url: str, billers: Billers, partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert installed.engines_look() is not None, "the installed one looks as it should"

    def queue_worker_thread(of_the_future: object) -> None:
        """With another parameter."""

    monkeypatch.setattr("dbos._queue.queue_worker_thread", queue_worker_thread)
    assert installed.engines_look() is None
    monkeypatch.undo()
    monkeypatch.setattr(durable, "engines_look", lambda: None)
    with DataPump(url, billers, QUICK, poll_s=0.02) as pump:
        pump.submit(make_event())
        assert pump.drain()
    assert len(partner.seen) == 1


def waiting(bellpush: Bellpush, timeout_s: float) -> tuple[threading.Thread, list[bool]]:
    """A thread that waits for the bellpush, and what it was answered."""
    answers: list[bool] = []
    thread = threading.Thread(target=lambda: answers.append(bellpush.wait(timeout_s)), daemon=True)
    thread.start()
    return thread, answers


def test_it_waits_on_until_a_bell_is_queued() -> None:
    seen = iter([False, False, True])
    bellpush = Bellpush(lambda: next(seen))
    assert not bellpush.wait(0.01)
    assert next(seen, None) is None


def test_after_a_ring_it_asks_soon_and_again_until_the_bell_is_committed() -> None:
    seen = iter([False, False, True])
    bellpush = Bellpush(lambda: next(seen))
    thread, answers = waiting(bellpush, 60.0)
    bellpush.ring()
    thread.join(60)
    assert answers == [False]


def test_whatever_is_seen_it_looks_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "ANYWAY_S", 0.05)
    assert not Bellpush(lambda: False).wait(0.01)


def test_its_end_is_not_waited_for() -> None:
    bellpush = Bellpush(lambda: False)
    thread, answers = waiting(bellpush, 60.0)
    bellpush.set()
    thread.join(60)
    assert answers == [True]
    assert bellpush.wait(60.0), "nor when it waits again"


def test_looks_that_end_are_begun_again(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(listening, "RETRY_S", 0.01)
    begun: list[object] = []

    def look(stop: threading.Event, dbos: object, queue: object) -> None:
        begun.append((dbos, queue))
        if len(begun) == 1:
            raise RuntimeError("no queue today")
        if len(begun) > 2:
            stop.wait(0.01)

    listener = Listener(look, "dbos", "queue", lambda: False)
    wait_for(lambda: len(begun) == 3)
    listener.stop()
    assert begun == [("dbos", "queue")] * 3
    assert [record.getMessage() for record in caplog.records] == [
        "the engine's queue could not be looked at; trying again"
    ]
