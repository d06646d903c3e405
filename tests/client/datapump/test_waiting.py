"""A delivery that waits for its next attempt, and what cuts the wait short."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest

from partnerlab.client.datapump import RetryPolicy
from partnerlab.client.datapump.states import State
from partnerlab.client.errors import TransportError
from partnerlab.client.settings import Biller
from tests.client.datapump.conftest import MakePump, make_event, settings_for, state_of, submit, wait_for, waiting
from tests.client.datapump.partner import Partner


def test_a_wait_can_be_cut_short(make_pump: MakePump, partner: Partner) -> None:
    pump, id = waiting(make_pump, partner, lane="lane-1")
    assert pump.wake("lane-2") == 0
    assert pump.wake("lane-1", by=timedelta(seconds=60)) == 1
    time.sleep(0.5)
    assert state_of(pump, id) is State.WAITING
    assert pump.wake("lane-1", by=timedelta(seconds=600)) == 1
    wait_for(lambda: state_of(pump, id) is State.DELIVERED)


def test_what_has_waited_long_enough_is_on_its_way(
    make_pump: MakePump, partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also in the moment before it is accepted again; what stands behind it was not waited for either."""
    pump, id = waiting(make_pump, partner, lane="lane-1")
    [second] = submit(pump, make_event(lane="lane-1"))
    assert pump.drain("lane-1")
    with monkeypatch.context() as held:
        held.setattr(pump._upkeep, "_queue_due", lambda: None)
        pump.wake("lane-1")
        assert not pump.drain("lane-1", timeout_s=0)
        assert pump.drain("lane-2", timeout_s=0)
    assert pump.drain("lane-1")
    assert [state_of(pump, each) for each in (id, second)] == [State.DELIVERED] * 2


def test_a_person_need_not_wait(make_pump: MakePump, partner: Partner) -> None:
    pump, id = waiting(make_pump, partner)
    pump.replay(id, "they are back")
    wait_for(lambda: state_of(pump, id) is State.DELIVERED)
    assert [note.verb for note in pump.delivery(id).notes] == ["replay"]


def test_a_waiting_delivery_can_be_given_up_and_frees_the_account(make_pump: MakePump, partner: Partner) -> None:
    pump, id = waiting(make_pump, partner)
    [second] = submit(pump, make_event())
    assert pump.drain()
    assert state_of(pump, second) is State.ACCEPTED
    pump.dismiss(id, "posted by hand")
    wait_for(lambda: state_of(pump, second) is State.DELIVERED)
    assert state_of(pump, id) is State.DISMISSED
    assert len(partner.seen) == 2


def test_the_partners_wish_to_be_left_alone_is_kept(make_pump: MakePump, partner: Partner) -> None:
    calls = iter([TransportError("X", "status 429", sent=False, retry_after_s=30)])

    def billers(lane: str, guid: str) -> Biller:
        return Biller(guid, "inhance_v2", settings_for(partner.url))

    from partnerlab.client.datapump import Router
    from partnerlab.client.datapump.plans import PartnerRequest

    def route(event: Any, biller: Any, transport: Any) -> PartnerRequest:
        def send() -> str:
            for error in calls:
                raise error
            return ""

        return PartnerRequest("X", "x", send, idempotent=True)

    pump = make_pump(RetryPolicy(first_s=0.01, longest_s=60), router=Router({"inhance_v2": {"email": route}}))
    [id] = submit(pump, make_event("email"))
    wait_for(lambda: state_of(pump, id) is State.WAITING)
    delivery = pump.delivery(id).delivery
    assert delivery.retry_at is not None
    assert 29_000 < delivery.retry_at - delivery.updated_at <= 30_000
