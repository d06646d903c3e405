"""What is over is forgotten after its time, and nothing else is: two of everything, in two lanes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from partnerlab.simulators.ic_webservices.domain.cloud_payments import LASTS
from partnerlab.simulators.ic_webservices.services import cloud_payments
from tests.simulators.ic_webservices.checkouts import Checkout, request
from tests.simulators.ic_webservices.harness import PASSWORD, USER, UTILITY, Harness, advance, bill_file, freeze, group
from tests.simulators.ic_webservices.pages.visit import Visit

OTHER = "other@example.com"


def rows(harness: Harness, table: str, lane: str = "default") -> int:
    return len(harness.lanes.export(lane)[table])


def in_both_lanes(harness: Harness, do: Callable[[], object]) -> None:
    """Do it in the lane `other` too, and come back to the first."""
    for name in ("other", "default"):
        harness.lane_name = name
        if not harness.lane.frozen_at:
            freeze(harness)
        do()


def test_a_users_tokens_are_forgotten_a_day_after_they_expired(harness: Harness) -> None:
    access = harness.sim.world.services.authentication
    freeze(harness)
    harness.upload(bill_file([group("700001", "20000001")]))
    harness.sim.world.services.user_accounts.register(harness.lane, UTILITY, OTHER, PASSWORD, ("20000001",))

    def login(username: str = USER) -> None:
        access.authenticate(harness.lane, UTILITY, username, PASSWORD)

    in_both_lanes(harness, login)
    login(OTHER)
    advance(harness, timedelta(hours=24, minutes=20))
    login()
    assert len(access.tokens(harness.lane, UTILITY, USER)) == 2, "it expired a day ago and no longer"
    advance(harness, timedelta(seconds=1))
    login()
    assert len(access.tokens(harness.lane, UTILITY, USER)) == 2, "the first is gone"
    assert len(access.tokens(harness.lane, UTILITY, OTHER)) == 1, "another user's stays until that user comes"
    assert rows(harness, "ic_tokens", "other") == 1


def test_pages_that_nobody_paid_are_forgotten_a_day_after_they_expired(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cloud_payments, "FORGET_EVERY", 1)
    checkout = Checkout(harness)
    in_both_lanes(harness, lambda: checkout.url(request()))
    assert checkout.pay(checkout.page(request())).status == 200
    advance(harness, LASTS + timedelta(days=1))
    checkout.url(request())
    assert rows(harness, "ic_checkouts") == 3, "it expired a day ago and no longer"
    advance(harness, timedelta(seconds=1))
    checkout.url(request())
    states = sorted(one["state"] for one in harness.lanes.export("default")["ic_checkouts"])
    assert states == ["open", "open", "paid"], "the first is gone, what was paid stays"
    assert rows(harness, "ic_checkouts", "other") == 1


def test_pages_of_a_sign_in_are_forgotten_when_its_time_is_over(harness: Harness) -> None:
    visit = Visit(harness)
    in_both_lanes(harness, visit.connect)
    advance(harness, timedelta(days=2))
    visit.connect()
    assert rows(harness, "ic_page_sessions") == 2
    advance(harness, timedelta(seconds=1))
    visit.connect()
    assert rows(harness, "ic_page_sessions") == 2, "the first is gone"
    assert rows(harness, "ic_page_sessions", "other") == 1
