"""What the data pump holds for a lane goes with the lane, and a balance knows of every payment that is not certain."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from partnerlab.both_sides import InHanceSides
from partnerlab.client.settings import BillerUnknown
from partnerlab.remote import Remote
from partnerlab.sandbox import Sandbox
from partnerlab.settings import SandboxSettings

ACCOUNT = "10000101"


@contextmanager
def waiting(sides: InHanceSides) -> Iterator[dict[str, Any]]:
    """A payment that waits: the partner is down for its first attempts."""
    with sides.fault("http-503", "SetPaperless", count=3):
        event = sides.switch("paperless", ACCOUNT, enrolled=True)
        found = sides.delivery(event)
        assert found["state"] in ("waiting", "sending", "accepted"), found
        yield found


def states(sides: InHanceSides, lane: str) -> dict[str, str]:
    rows = sides.control.get("/_pump/deliveries", lane=lane)["deliveries"]
    return {row["event_id"]: row["state"] for row in rows}


def until(sides: InHanceSides, lane: str, state: str) -> None:
    ends = time.monotonic() + 30
    while set(states(sides, lane).values()) != {state}:
        assert time.monotonic() < ends, states(sides, lane)
        time.sleep(0.05)


def test_a_reset_lane_hears_nothing_of_its_old_world(sandbox: Sandbox, sides: InHanceSides, lane: str) -> None:
    with waiting(sides):
        sides.control.post(f"/_sandbox/lanes/{lane}/reset")
    assert states(sides, lane) == {}
    sandbox.pump.wake(lane)
    time.sleep(0.5)
    assert sides.account(ACCOUNT)["paperless"] is False
    assert sides.journal("SetPaperless") == []


def test_who_looks_a_biller_up_for_a_delivery_makes_no_lane(sandbox: Sandbox, sides: InHanceSides, lane: str) -> None:
    """The lane was dropped in the moment between the look that found the delivery and the call."""
    other = f"{lane[:50]}-gone"
    sides.control.post("/_sandbox/lanes", {"name": other})
    guid = sides.control.get("/_sandbox/ic/billers")["billers"][0]["guid"]
    assert sandbox.biller(other, guid).guid == guid
    sides.control.delete(f"/_sandbox/lanes/{other}")
    with pytest.raises(BillerUnknown):
        sandbox.biller(other, guid)
    assert other not in {one["name"] for one in sides.control.get("/_sandbox/lanes")["lanes"]}


def test_a_fork_delivers_what_waited_in_its_own_world(sandbox: Sandbox, sides: InHanceSides, lane: str) -> None:
    copy = f"{lane[:50]}-copy"
    with waiting(sides) as found:
        sides.control.post(f"/_sandbox/lanes/{lane}/fork", {"to": copy})
    with InHanceSides.of(sandbox.url, copy) as other:
        other.control.delete("/_sandbox/faults")
        assert list(states(sides, copy)) == [found["event_id"]]
        sandbox.pump.wake(copy)
        until(sides, copy, "delivered")
        assert other.account(ACCOUNT)["paperless"] is True
    sandbox.pump.wake(lane)
    until(sides, lane, "delivered")
    assert sides.account(ACCOUNT)["paperless"] is True


def test_an_export_has_the_pumps_rows_and_a_dropped_lane_has_none(
    sandbox: Sandbox, sides: InHanceSides, lane: str
) -> None:
    with waiting(sides) as found:
        exported = sides.control.get(f"/_sandbox/lanes/{lane}/export")["tables"]
    assert [row["event_id"] for row in exported["pump_deliveries"]] == [found["event_id"]]
    sides.control.delete(f"/_sandbox/lanes/{lane}")
    assert states(sides, lane) == {}


def test_the_same_payment_can_be_made_again_in_a_reset_world(sides: InHanceSides, lane: str) -> None:
    for round in itertools.count(1):
        sides.pay(ACCOUNT, "1.00", payment_guid="the-same")
        until(sides, lane, "delivered")
        assert len(sides.account(ACCOUNT)["payments"]) == 1
        if round == 2:
            return
        sides.control.post(f"/_sandbox/lanes/{lane}/reset")


def test_what_the_pump_held_is_the_first_that_a_sandbox_of_a_test_is_given() -> None:
    """Its pump has one connection: the import waited for that a minute, and failed."""
    settings = SandboxSettings(port=0)
    with Sandbox(settings, in_process=True) as one:
        bill = {"account_number": ACCOUNT, "amount": "1.00", "tender": "ach", "bank_account": "000123456789"}
        with closing(Remote(one.url, "a")) as control:
            control.post("/_sandbox/ic/payments", {**bill, "biller_guid": control.biller("inhance_v2")["guid"]})
            one.settle("a")
            exported = control.get("/_sandbox/lanes/a/export")
    assert [row["state"] for row in exported["tables"]["pump_deliveries"]] == ["delivered"]
    with Sandbox(settings, in_process=True) as other, closing(Remote(other.url, "b")) as control:
        control.post("/_sandbox/lanes/b/import", exported)
        assert [row["state"] for row in control.get("/_pump/deliveries", lane="b")["deliveries"]] == ["delivered"]
