"""One slow partner does not starve the others, and what waits for a place costs nothing."""

from __future__ import annotations

import threading

import pytest

from partnerlab.client.datapump.places import Places
from partnerlab.client.datapump.states import State
from partnerlab.client.settings import Biller
from tests.client.datapump.conftest import BILLER, MakePump, make_event, settings_for, wait_for
from tests.client.datapump.partner import OK, Partner


def test_alone_a_biller_gets_half_and_there_is_always_a_place_for_another() -> None:
    places = Places(8)
    assert [places.enter("a", None) for _ in range(6)] == [True] * 4 + [False] * 2
    assert [places.enter("b", None) for _ in range(4)] == [True, True, False, False]
    assert [places.enter("c", None) for _ in range(3)] == [True, False, False]
    assert [places.enter("d", None), places.enter("e", None)] == [True, False]
    assert places.leave("a") == []
    assert places.enter("e", None)


@pytest.mark.parametrize("total", [0, 1, 2])
def test_however_few_places_there_are_somebody_gets_one(total: int) -> None:
    places = Places(total)
    assert places.enter("a", None)
    assert not places.enter("a", None)
    assert places.enter("b", None), "beside a slow one"
    assert places.leave("a") == []
    assert places.enter("a", None)


def test_who_stands_in_line_is_called_once_in_order_and_the_leanest_biller_first() -> None:
    places = Places(4)
    assert [places.enter("a", (n, 1)) for n in range(5)] == [True, True, False, False, False]
    assert places.enter("b", (9, 1))
    assert not places.enter("b", (10, 1))
    assert places.waiting((2, 1))
    assert not places.waiting((0, 1))
    assert places.leave("b") == [(10, 1)]
    assert not places.waiting((10, 1))
    called = places.leave("a") + places.leave("a")
    assert called == [(2, 1), (3, 1), (4, 1)][: len(called)]
    assert called


def test_one_place_that_is_free_calls_one_of_a_line() -> None:
    places = Places(6)
    assert [places.enter("a", None) for _ in range(4)] == [True, True, True, False]
    assert [places.enter("b", (n, 1)) for n in range(5)] == [True, True, False, False, False]
    assert places.leave("a") == []
    assert places.leave("a") == [(2, 1)]
    assert places.enter("b", None)
    assert not places.waiting((2, 1))
    assert places.waiting((3, 1))


def test_a_slow_partner_does_not_starve_another_biller_and_costs_nobody_an_attempt(make_pump: MakePump) -> None:
    """Many more accounts of the slow one wait than calls may be under way."""
    go_on = threading.Event()

    def hold(operation: str, fields: dict[str, str]) -> str:
        go_on.wait(120)
        return OK

    with Partner(will=hold) as slow, Partner() as quick:
        billers = lambda lane, guid: Biller(  # noqa: E731
            guid, "inhance_v2", settings_for((slow if guid == "slow" else quick).url) | {"datapump_retry": "1"}
        )
        pump = make_pump(billers=billers, slots=6)
        held = [make_event(account_number=f"s{n}", biller_guid="slow") for n in range(40)]
        for event in held:
            pump.submit(event)
        wait_for(lambda: pump.counts().get(State.SENDING, 0) == 3)
        for n in range(12):
            pump.submit(make_event(account_number=f"q{n}", biller_guid=BILLER))
        wait_for(lambda: len(quick.seen) == 12)
        # More than half is never its own: what is over is the quick one's, and ends.
        wait_for(lambda: pump.counts()[State.SENDING] == 3)
        go_on.set()
        wait_for(lambda: pump.counts() == {State.DELIVERED: 52})
        assert {len(pump.delivery(event["id"]).attempts) for event in held} == {1}
        assert len(slow.seen) == 40
