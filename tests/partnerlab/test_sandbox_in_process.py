"""A sandbox for tests: several in one process, and what the data pump does happens when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import quote

import pytest

from partnerlab.remote import Remote
from partnerlab.sandbox import Sandbox
from partnerlab.settings import SandboxSettings

ACCOUNT = "10000101"
NOON = datetime(2026, 6, 16, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxSettings(port=0), in_process=True) as running:
        yield running


def pay(sandbox: Sandbox, lane: str, amount: str = "40.00") -> Remote:
    """A payment in a lane; the lane's control API."""
    remote = Remote(sandbox.url, lane)
    order = {"account_number": ACCOUNT, "amount": amount, "tender": "credit_card", "card_number": "4111111111111111"}
    remote.post("/_sandbox/ic/payments", {**order, "biller_guid": remote.biller("inhance_v2")["guid"]})
    return remote


def posted(remote: Remote) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = remote.get(f"/_sandbox/inhance/accounts/{ACCOUNT}")["payments"]
    return found


def test_two_in_one_process_have_a_world_each(sandbox: Sandbox) -> None:
    with Sandbox(SandboxSettings(port=0), in_process=True) as other:
        assert other.url != sandbox.url
        here, there = pay(sandbox, "two"), pay(other, "two")
        assert sandbox.settle("two")
        assert (len(posted(here)), len(posted(there))) == (1, 0)
        assert other.settle("two")
        assert (len(posted(here)), len(posted(there))) == (1, 1)
        here.close()
        there.close()


def test_a_payment_goes_out_when_it_is_asked_for_and_its_lane_is_meant(sandbox: Sandbox) -> None:
    first, second = pay(sandbox, "first"), pay(sandbox, "second")
    assert (posted(first), posted(second)) == ([], [])
    assert sandbox.settle("first")
    assert (len(posted(first)), len(posted(second))) == (1, 0)
    first.close()
    second.close()


@pytest.mark.parametrize("hour", [4, 17])
def test_both_sides_are_seeded_with_the_same_days(sandbox: Sandbox, hour: int) -> None:
    """In New York's evening too, when it is the next day in UTC: else another bill might be the last of an account."""
    at = datetime(2028, 2, 29, hour, tzinfo=UTC)
    there, here = {}, {}
    with closing(Remote(sandbox.url, "default")) as anybody, closing(Remote(sandbox.url, f"at-{hour}")) as remote:
        anybody.post("/_sandbox/lanes", {"name": f"at-{hour}", "frozen_at": at.isoformat()})
        for partner in ("inhance_v1", "inhance_v2", "tccs"):
            guid = remote.biller(partner)["guid"]
            for one in remote.get("/_sandbox/ic/invoices", biller_guid=guid, limit=100)["invoices"]:
                here[one["invoice_number"]] = (one["invoice_date"], one["invoice_due_date"])
        for account in remote.get("/_sandbox/inhance/accounts", limit=100)["accounts"]:
            for bill in remote.get(f"/_sandbox/inhance/accounts/{account['account_number']}")["bills"]:
                there[bill["invoice_number"]] = (bill["billed_on"], bill["due_on"])
        for policy in remote.get("/_sandbox/tccs/policies", limit=100)["policies"]:
            number = policy["invoice_number"]
            term = remote.get(f"/_sandbox/tccs/policies/{quote(number, safe='')}")
            if any(charge["billed"] for charge in term["charges"]):
                there[number] = (term["billed_on"], term["due_on"])
    both = here.keys() & there.keys()
    assert len(both) > 15
    assert {number: here[number] for number in both} == {number: there[number] for number in both}


def paperless(remote: Remote) -> bool:
    found: bool = remote.get(f"/_sandbox/inhance/accounts/{ACCOUNT}")["paperless"]
    return found


def switch(sandbox: Sandbox, lane: str, *, failures: int) -> Remote:
    """Paperless bills are asked for in a lane whose clock stands, and the partner is down so many times."""
    sandbox.clock.set(lane, NOON, frozen=True)
    sandbox.faults.add(lane, "http-503", operation="SetPaperless", count=failures)
    remote = Remote(sandbox.url, lane)
    body = {"enrolled": True, "biller_guid": remote.biller("inhance_v2")["guid"]}
    remote.post(f"/_sandbox/ic/customers/{ACCOUNT}/paperless", body)
    return remote


def test_an_advanced_clock_makes_each_attempt_at_its_own_time(sandbox: Sandbox) -> None:
    """The first goes out before the clock moves; then, in the timeline, each after the wait that the policy says."""
    remote = switch(sandbox, "retries", failures=3)
    timeline = sandbox.clock.advance("retries", timedelta(minutes=1))
    moments = [NOON, *(done.at for done in timeline)]
    waits = [(after - before).total_seconds() for before, after in pairwise(moments)]
    assert all(low <= wait <= high for wait, (low, high) in zip(waits, [(1, 2), (2, 4), (4, 8)], strict=True))
    assert {done.label for done in timeline} == {"the data pump tries again: paperless of 10000101"}
    assert [done.outcome.partition(":")[0] for done in timeline] == ["waiting", "waiting", "delivered"]
    assert paperless(remote)
    remote.close()


def test_what_waits_stands_still_with_a_frozen_clock_and_is_copied_with_its_lane(sandbox: Sandbox) -> None:
    remote = switch(sandbox, "still", failures=1)
    assert sandbox.settle("still")
    assert sandbox.settle("still")
    assert not paperless(remote)
    sandbox.lanes.fork("still", "copy")
    sandbox.clock.advance("copy", timedelta(seconds=5))
    with_copy = Remote(sandbox.url, "copy")
    assert (paperless(remote), paperless(with_copy)) == (False, True)
    sandbox.lanes.drop("copy")
    sandbox.lanes.reset("still")
    sandbox.clock.advance("still", timedelta(hours=1))
    assert not paperless(remote)
    remote.close()
    with_copy.close()


def test_a_database_is_refused_for_what_keeps_nothing() -> None:
    with pytest.raises(ValueError, match="keeps nothing"):
        Sandbox(SandboxSettings(port=0, database="kept.db"), in_process=True)
