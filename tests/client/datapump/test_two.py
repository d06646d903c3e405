"""Two of everything: what concerns one of two must leave the other as it is."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from partnerlab.client.datapump import DataPump
from partnerlab.client.datapump.states import State
from partnerlab.client.settings import Biller
from tests.client.datapump.conftest import BILLER, PATIENT, QUICK, MakePump, make_event, state_of, submit, wait_for
from tests.client.datapump.partner import OK, REFUSE, THROTTLE, Partner

Billers = Callable[[str, str], Biller]
FLAGS = {"paperless": "enrolled", "autopay": "enrolled", "email": "email_address"}


@pytest.mark.parametrize("kind", FLAGS)
def test_a_second_change_is_delivered_too_and_in_order(url: str, billers: Billers, partner: Partner, kind: str) -> None:
    values: list[Any] = ["a@example.com", "b@example.com"] if kind == "email" else [True, False]
    with DataPump(url, billers, QUICK, poll_s=0.02) as pump:
        ids = []
        for value in values:
            ids += submit(pump, make_event(kind, **{FLAGS[kind]: value}))
            assert pump.drain()
        assert [state_of(pump, id) for id in ids] == [State.DELIVERED] * 2
    told = [str(sorted(seen.fields.items())) for seen in partner.seen]
    assert len(told) == len(set(told)) == 2


@pytest.mark.parametrize("kind", FLAGS)
def test_only_a_newer_one_of_that_kind_and_that_account_supersedes(
    url: str, billers: Billers, partner: Partner, kind: str
) -> None:
    """Delivered, too: one that was refused leaves the older one to be said."""
    wills = itertools.chain([REFUSE], itertools.repeat(OK))
    partner.will = lambda operation, fields: next(wills)
    others = [name for name in FLAGS if name != kind]
    with DataPump(url, billers, QUICK, poll_s=0.02) as pump:
        [dead] = submit(pump, make_event(kind))
        wait_for(lambda: state_of(pump, dead) is State.DEAD)
        submit(
            pump,
            *(make_event(name) for name in others),
            make_event(kind, account_number="2"),
            make_event(kind, lane="another"),
            make_event(kind, biller_guid="nobody"),
        )
        wait_for(lambda: pump.counts() == {State.DEAD: 2, State.DELIVERED: 4})
        pump.replay(dead, "they are back")
        wait_for(lambda: state_of(pump, dead) is State.DELIVERED)


def test_to_drain_is_not_to_wait_for_what_stands_behind_one_that_waits(
    url: str, billers: Billers, partner: Partner
) -> None:
    """Of two accounts: the one whose first payment waits for ten minutes, and the one that goes on."""
    partner.will = lambda operation, fields: THROTTLE if fields["AccountNumber"] == "slow" else OK
    with DataPump(url, billers, PATIENT, poll_s=0.02) as pump:
        slow = submit(pump, *(make_event(account_number="slow") for _ in range(3)))
        wait_for(lambda: state_of(pump, slow[0]) is State.WAITING)
        quick = submit(pump, *(make_event(account_number="quick") for _ in range(3)))
        assert pump.drain(timeout_s=60)
        assert [state_of(pump, id) for id in quick] == [State.DELIVERED] * 3
        assert [state_of(pump, id) for id in slow] == [State.WAITING, State.ACCEPTED, State.ACCEPTED]
        assert pump.drain("default")


def test_two_billers_with_one_account_number_have_a_line_each(url: str, partner: Partner) -> None:
    """While one waits the other goes on; what is in doubt is in doubt for one."""
    with Partner(will=lambda operation, fields: THROTTLE) as slow:
        from tests.client.datapump.conftest import settings_for

        billers = lambda lane, guid: Biller(  # noqa: E731
            guid, "inhance_v2", settings_for((slow if guid == "slow" else partner).url)
        )
        with DataPump(url, billers, PATIENT, poll_s=0.02) as pump:
            waits, behind = submit(pump, *(make_event(biller_guid="slow") for _ in range(2)))
            goes, follows = submit(pump, *(make_event(biller_guid=BILLER) for _ in range(2)))
            wait_for(lambda: state_of(pump, follows) is State.DELIVERED)
            wait_for(lambda: state_of(pump, waits) is State.WAITING)
            assert [state_of(pump, id) for id in (goes, behind)] == [State.DELIVERED, State.ACCEPTED]
            assert len(pump.payments_in_doubt("default", "slow", "10000101")) == 2
            assert pump.payments_in_doubt("default", BILLER, "10000101") == []
            assert {d.id for d in pump.deliveries(biller_guid="slow")} == {waits, behind}


def test_the_same_event_in_two_lanes_is_two_payments(url: str, billers: Billers, partner: Partner) -> None:
    with DataPump(url, billers, QUICK, poll_s=0.02) as pump:
        event = make_event(lane="a")
        assert pump.submit(event).id == f"a:{event['id']}"
        assert pump.submit({**event, "lane": "b"}).status == "accepted"
        assert pump.drain()
        pump.wake("a")
        assert pump.counts("a") == pump.counts("b") == {State.DELIVERED: 1}
        assert partner.posted() == {event["payment"]["reference"]: 2}


def test_one_payment_guid_and_two_invoices_is_a_conflict_and_is_not_posted(pump: DataPump, partner: Partner) -> None:
    from partnerlab.client.datapump import EventConflict

    first = make_event(invoice_number="500001")
    pump.submit(first)
    second = {**first, "payment": {**first["payment"], "invoice_number": "500002"}}
    with pytest.raises(EventConflict, match=r"payment\.invoice_number") as caught:
        pump.submit(second)
    assert caught.value.fields == ("payment.invoice_number",)
    with pytest.raises(EventConflict) as caught:
        pump.submit({**second, "account_number": "2", "payment": {**second["payment"], "amount": "1.00"}})
    assert caught.value.fields == ("account_number", "payment.amount", "payment.invoice_number")
    assert pump.drain()
    assert [seen.fields["DocumentNumber"] for seen in partner.seen] == ["500001"]


def test_waking_one_of_two_lanes_leaves_the_other_waiting(make_pump: MakePump, partner: Partner) -> None:
    throttled: set[str] = set()

    def will(operation: str, fields: dict[str, str]) -> str:
        first = fields["AccountNumber"] not in throttled
        throttled.add(fields["AccountNumber"])
        return THROTTLE if first else OK

    partner.will = will
    pump = make_pump(PATIENT)
    a, b = submit(pump, make_event(lane="a", account_number="1"), make_event(lane="b", account_number="2"))
    wait_for(lambda: pump.counts() == {State.WAITING: 2})
    assert pump.wake("a") == 1
    wait_for(lambda: state_of(pump, a) is State.DELIVERED)
    assert state_of(pump, b) is State.WAITING
