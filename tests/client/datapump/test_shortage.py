"""What is short on this machine is no partner's failure: nothing was sent, and no attempt is counted."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable
from typing import Any

import pytest

from partnerlab.client.datapump import DataPump, RetryPolicy
from partnerlab.client.datapump.states import State
from partnerlab.client.settings import Biller
from tests.client.datapump.conftest import QUICK, MakePump, make_event, state_of, submit, wait_for
from tests.client.datapump.partner import Partner

Billers = Callable[[str, str], Biller]


def test_slots_and_connections_agree(make_pump: MakePump, partner: Partner) -> None:
    """More calls under way than a pool used to have: every one is answered, none is lost on a connection taken away."""
    partner.delay_s = 0.3
    pump = make_pump(slots=300)
    ids = submit(pump, *(make_event(account_number=f"a{n}") for n in range(160)))
    wait_for(lambda: pump.counts() == {State.DELIVERED: 160})
    assert {len(pump.delivery(id).attempts) for id in ids} == {1}
    assert pump.router.connections > 300


def test_no_file_left_costs_no_attempt(
    url: str, billers: Billers, partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    connect, failures = socket.create_connection, iter(range(3))

    def starved(*args: Any, **kwargs: Any) -> Any:
        if args[0][1] == partner.port and next(failures, None) is not None:
            raise OSError(errno.EMFILE, "Too many open files")
        return connect(*args, **kwargs)

    monkeypatch.setattr(socket, "create_connection", starved)
    monkeypatch.setattr("partnerlab.client.datapump.worker.OWN_RETRY_S", 0.05)
    with DataPump(url, billers, RetryPolicy(attempts=1), poll_s=0.02) as pump:
        [id] = submit(pump, make_event())
        wait_for(lambda: state_of(pump, id) is State.DELIVERED)
        found = pump.delivery(id)
        assert [attempt.outcome for attempt in found.attempts] == ["not_made"] * 3 + ["delivered"]
        assert "Too many open files" in found.attempts[0].message
        assert found.delivery.tries == 1
    assert len(partner.seen) == 1


def test_a_pool_without_a_free_connection_costs_no_attempt(
    url: str, billers: Billers, partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    from partnerlab.client.datapump import Router
    from partnerlab.client.http import Timeouts

    go_on = threading.Event()

    def hold(operation: str, fields: dict[str, str]) -> str:
        go_on.wait(60)
        return "ok"

    partner.will = hold
    monkeypatch.setattr("partnerlab.client.datapump.worker.OWN_RETRY_S", 0.05)
    router = Router(timeouts=Timeouts(pool_s=0.1))
    pump = DataPump(url, billers, RetryPolicy(attempts=1), router=router, poll_s=0.02)
    router.connections = 1
    with pump:
        first, second = submit(pump, make_event(account_number="1"), make_event(account_number="2"))
        wait_for(lambda: "not_made" in {a.outcome for id in (first, second) for a in pump.delivery(id).attempts})
        go_on.set()
        wait_for(lambda: pump.counts() == {State.DELIVERED: 2})
    assert len(partner.seen) == 2


def test_a_directory_that_is_down_at_a_kill_is_waited_for(url: str, partner: Partner) -> None:
    """Nothing was sent: what the next process finds is to be delivered, not dead."""
    down = True

    def billers(lane: str, guid: str) -> Biller:
        if down:
            raise ConnectionError("no answer")
        from tests.client.datapump.conftest import settings_for

        return Biller(guid, "inhance_v2", settings_for(partner.url) | {"datapump_retry": "0"})

    with DataPump(url, billers, QUICK, poll_s=0.02) as pump:
        [id] = submit(pump, make_event())
        wait_for(lambda: state_of(pump, id) is State.WAITING)
        assert pump.delivery(id).attempts == ()
    down = False
    with DataPump(url, billers, QUICK, poll_s=0.02) as later:
        later.wake()
        wait_for(lambda: state_of(later, id) is State.DELIVERED)
