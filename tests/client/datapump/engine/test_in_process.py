"""The engine of tests: nothing happens unless it is asked for, and nothing is shared."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from partnerlab.client.datapump import DataPump, RetryPolicy, Router
from partnerlab.client.datapump.engine.in_process import InProcessEngine
from partnerlab.client.datapump.plans import PartnerRequest
from partnerlab.client.datapump.states import State
from partnerlab.client.errors import TransportError
from partnerlab.client.settings import Biller
from tests.client.datapump.conftest import make_event, state_of, submit


def billers(lane: str, guid: str) -> Biller:
    return Biller(guid, "inhance_v2", {})


def in_memory(send: Callable[[Any], str], clock: Callable[[str], int] | None = None, **options: Any) -> DataPump:
    """A pump without files or sockets: *send* is told each event."""

    def route(event: Any, biller: Biller, transport: object) -> PartnerRequest:
        return PartnerRequest("X", "x", lambda: send(event), idempotent=True)

    router = Router({"inhance_v2": dict.fromkeys(("payment", "email"), route)})
    engine = partial(InProcessEngine, clock=clock)
    return DataPump("sqlite://", billers, router=router, engine=engine, dice=lambda: 0.0, **options).start()


def test_nothing_is_sent_before_it_is_asked_for_and_no_thread_is_made() -> None:
    sent: list[str] = []
    before = threading.active_count()
    with in_memory(lambda event: sent.append(event.id) or "") as pump:
        ids = submit(pump, *(make_event(account_number=number) for number in "abab"))
        assert sent == []
        assert pump.drain()
        assert [f"default:{id}" for id in sent] == [ids[0], ids[2], ids[1], ids[3]]
        assert threading.active_count() == before


def test_a_lane_is_done_alone_and_on_its_own_clock() -> None:
    clocks = {"early": 0, "late": 10_000_000_000_000}
    failing = [True]

    def send(event: Any) -> str:
        if failing[0]:
            raise TransportError("X", "no connection", sent=False)
        return ""

    policy = RetryPolicy(attempts=9, first_s=60.0, factor=1.0, jitter=0.0)
    with in_memory(send, clocks.__getitem__, policy=policy) as pump:
        early, late = submit(pump, make_event(lane="early"), make_event(lane="late"))
        assert pump.drain("early")
        assert (state_of(pump, early), state_of(pump, late)) == (State.WAITING, State.ACCEPTED)
        assert pump.delivery(early).delivery.retry_at == 60_000
        assert pump.drain("late")
        assert pump.delivery(late).delivery.retry_at == clocks["late"] + 60_000
        failing[0] = False
        clocks["early"] = 59_999
        assert pump.drain()
        assert state_of(pump, early) is State.WAITING
        clocks["early"] = 60_000
        assert pump.drain()
        assert (state_of(pump, early), state_of(pump, late)) == (State.DELIVERED, State.WAITING)
        assert pump.wake("late") == 1
        assert pump.drain()
        assert state_of(pump, late) is State.DELIVERED


def test_pumps_of_one_process_know_nothing_of_each_other() -> None:
    sent: list[str] = []
    with in_memory(lambda event: sent.append("first") or "") as first:
        with in_memory(lambda event: sent.append("second") or "") as second:
            event = make_event()
            assert first.submit(event).status == second.submit(event).status == "accepted"
            assert second.drain()
            assert sent == ["second"]
        assert first.drain()
        assert sent == ["second", "first"]


def test_who_asks_within_a_call_is_not_kept_waiting_for_itself() -> None:
    found: list[Any] = []
    with in_memory(lambda event: found.append(pump.drain(timeout_s=0)) or "") as pump:
        submit(pump, make_event())
        assert pump.drain()
    assert found == [False]


def test_memory_is_refused_where_events_must_survive() -> None:
    with pytest.raises(ValueError, match="give it a file or PostgreSQL"):
        DataPump("sqlite://", billers)


def test_it_works_without_importing_dbos() -> None:
    code = """
        import sys
        from partnerlab.client.datapump import DataPump
        from partnerlab.client.datapump.engine.in_process import InProcessEngine
        from partnerlab.client.settings import Biller
        with DataPump("sqlite://", lambda lane, guid: Biller(guid, "x", {}), engine=InProcessEngine) as pump:
            pump.drain()
            print("dbos" in sys.modules)
    """
    done = subprocess.run(
        [sys.executable, "-c", "if True:" + code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "False"
