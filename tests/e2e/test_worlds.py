"""A lane is reset while a partner in it is about to call Invoice Cloud: the new world hears nothing of the old one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from partnerlab.both_sides import InHanceV1Sides, WaterSides
from partnerlab.remote import RemoteRefused
from partnerlab.sandbox import Sandbox
from partnerlab.systems.watersmart_calls import WaterSmartCalls

LAUNDROMAT = "20000202"
BROOK, BROOKS, PASSWORD = "brook@example.com", "20000201", "Sandbox!2345"
REPLACED = "its lane was reset, dropped, copied onto or loaded meanwhile"


def bill_at_the_utility(sides: InHanceV1Sides) -> None:
    sides.bill("30000301", "540001", "20.00")


def bill_at_watersmart(sides: WaterSides) -> None:
    sides.water(f"/customers/{LAUNDROMAT}/bills", {"amount": "42.10"})


def prepare(sides: Any, bill: Callable[[Any], None]) -> None:
    """Something to upload, and no run that nobody asked for."""
    sides.control.post("/_sandbox/clock/freeze")
    bill(sides)


def reset(sides: Any) -> None:
    sides.control.post(f"/_sandbox/lanes/{sides.lane}/reset")


def drop(sides: Any) -> None:
    sides.control.delete(f"/_sandbox/lanes/{sides.lane}")


@pytest.mark.parametrize("change", [reset, drop])
@pytest.mark.parametrize(
    ("sides_of", "bill"), [(InHanceV1Sides, bill_at_the_utility), (WaterSides, bill_at_watersmart)]
)
def test_a_job_uploads_nothing_into_the_world_after_its_own(
    sandbox: Sandbox,
    lane: str,
    monkeypatch: pytest.MonkeyPatch,
    sides_of: Any,
    bill: Callable[[Any], None],
    change: Callable[[Any], None],
) -> None:
    about_to_send, go_on = threading.Event(), threading.Event()
    faults = sandbox.faults.file

    def pause(*of: Any) -> Any:
        about_to_send.set()
        assert go_on.wait(60)
        return faults(*of)

    said: list[str] = []
    with sides_of.of(sandbox.url, lane) as sides, monkeypatch.context() as patch:
        prepare(sides, bill)
        patch.setattr(sandbox.faults, "file", pause)
        at_work = threading.Thread(target=lambda: said.append(run(sandbox, sides)))
        at_work.start()
        try:
            assert about_to_send.wait(60)
            change(sides)
        finally:
            go_on.set()
            at_work.join(60)
        assert said == [REPLACED]
        assert uploads(sides) == 0
        assert sides.journal("UploadInvoiceFile") == []
        prepare(sides, bill)
        sides.job("invoices")
        assert uploads(sides) == 1, "a job of the new world uploads"


def test_of_a_job_whose_lane_is_dropped_is_said_that_it_is(
    sandbox: Sandbox, lane: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults = sandbox.faults.file

    def drop_and_go_on(*of: Any) -> Any:
        drop(sides)
        return faults(*of)

    with InHanceV1Sides.of(sandbox.url, lane) as sides, monkeypatch.context() as patch:
        prepare(sides, bill_at_the_utility)
        patch.setattr(sandbox.faults, "file", drop_and_go_on)
        with pytest.raises(RemoteRefused, match="was reset, dropped, copied onto or imported meanwhile"):
            sides.control.post(f"/_sandbox/jobs/{sides.partner}/invoices/run")
        assert lane not in [row["name"] for row in sandbox_lanes(sides)], "the run made the lane again"


@pytest.mark.parametrize("change", [reset, drop])
@pytest.mark.parametrize(
    ("moment", "body"), [(f"/users/{BROOK}/sign-in", {"password": PASSWORD}), (f"/customers/{BROOKS}/renew", {})]
)
def test_a_moment_of_the_portal_calls_nothing_in_the_world_after_its_own(
    sandbox: Sandbox,
    lane: str,
    monkeypatch: pytest.MonkeyPatch,
    moment: str,
    body: dict[str, Any],
    change: Callable[[Any], None],
) -> None:
    whole = WaterSmartCalls.tell

    def change_and_tell(*of: Any) -> Any:
        change(sides)
        return whole(*of)

    with WaterSides.of(sandbox.url, lane) as sides:
        prepare(sides, bill_at_watersmart)
        with monkeypatch.context() as patch:
            patch.setattr(WaterSmartCalls, "tell", change_and_tell)
            with pytest.raises(RemoteRefused, match="was reset, dropped, copied onto or imported meanwhile"):
                sides.water(moment, body)
        assert sides.control.get("/_sandbox/journal")["entries"] == []
        assert not sides.control.get(f"/_sandbox/watersmart/users/{BROOK}")["signed_in"]
        entries = sides.control.get(f"/_sandbox/watersmart/customers/{BROOKS}")["entries"]
        assert "called" not in [entry["kind"] for entry in entries]
        assert sides.water(moment, body)["ok"], "a moment of the new world calls"


def sandbox_lanes(sides: Any) -> list[Any]:
    """Asked for in a lane that there is."""
    found: list[Any] = sides.control.in_lane("default").get("/_sandbox/lanes")["lanes"]
    return found


def uploads(sides: Any) -> int:
    return len(sides.control.get("/_sandbox/ic/uploads", biller_guid=sides.biller["guid"])["uploads"])


def run(sandbox: Sandbox, sides: Any) -> str:
    """The job as the runner does it; what came of it."""
    simulator = sandbox.simulators["inhance" if sides.partner == "inhance_v1" else "watersmart"]
    timed = next(jobs for jobs in simulator.jobs if jobs.owner == sides.partner)
    return timed.run_now(sandbox.lanes.get(sides.lane), "invoices")
