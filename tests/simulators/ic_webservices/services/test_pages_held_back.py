"""Payment pages that wait to be written: partners, payers and the tables see what they would if each were written."""

from __future__ import annotations

import itertools
import os
import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from partnerlab.simulators.ic_webservices import Settings
from partnerlab.simulators.ic_webservices.services import cloud_payments, pages_held_back
from partnerlab.simulators.ic_webservices.services.pages_held_back import PagesHeldBack
from partnerlab.simulators.kit.world.lanes import Lanes, in_world
from partnerlab.simulators.kit.world.store import ManyRows, RolledBack, Store, rolling_back
from tests.simulators.ic_webservices.checkouts import API_KEY, TCCS_KEY, Checkout, request
from tests.simulators.ic_webservices.harness import ACCOUNT, UTILITY, Harness

CALLS = int(os.environ.get("PARTNERLAB_TEST_CALLS", "600")) // 2
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TABLES = ("ic_checkouts", "ic_customers", "ic_invoices", "ic_payments", "ic_billers")


def made(*, warm: bool = True) -> Checkout:
    """A partner of an Invoice Cloud in memory, with the lanes `default` and `b` at a standstill."""
    store = Store("sqlite://")
    harness = Harness(store, Lanes(store), settings=Settings(retry_s=0.01, warm=warm))
    for lane in ("default", "b"):
        harness.lanes.create(lane, frozen_at=NOON)
    return Checkout(harness)


@pytest.fixture
def partner() -> Iterator[Checkout]:
    checkout = made()
    yield checkout
    checkout.harness.close()
    checkout.harness.store.close()


def held(partner: Checkout) -> PagesHeldBack:
    (found,) = partner.harness.store.held_back
    assert isinstance(found, PagesHeldBack)
    return found


def rows(partner: Checkout, lane: str = "default") -> int:
    return len(partner.harness.lanes.export(lane)["ic_checkouts"])


def test_pages_wait_and_whoever_reads_finds_them(partner: Checkout) -> None:
    urls = [partner.url(request()) for _ in range(3)]
    assert len(held(partner)._pages) == 3
    assert "500001" in partner.visit.get(urls[1]).text
    assert not held(partner).waiting
    assert rows(partner) == 3


def test_a_page_for_an_account_that_was_asked_for_touches_no_table(partner: Checkout) -> None:
    for _ in range(2):
        partner.url(request())
    assert partner.harness.store._shared is not None
    run: list[str] = []
    partner.harness.store._shared.set_trace_callback(run.append)
    partner.url(request())
    partner.harness.store._shared.set_trace_callback(None)
    assert run == []


def test_no_more_wait_than_may(partner: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages_held_back, "MOST_WAITING", 3)
    waiting = []
    for _ in range(7):
        partner.url(request())
        waiting.append(len(held(partner)._pages))
    assert waiting == [1, 2, 3, 1, 2, 3, 1]
    assert rows(partner) == 7


@pytest.mark.parametrize(
    "body",
    [
        request(Customers=[{"AccountNumber": "n1"}], CreateCustomerRecord=True),
        request(Customers=[{"AccountNumber": ACCOUNT}, {"AccountNumber": "10000102"}]),
        request(Customers=[{"AccountNumber": ACCOUNT, "Invoices": [{"InvoiceNumber": "500001"}]}]),
        request(BillerReference="für Ann"),
        b'{"ViewMode":0,"BillerReference":"\\ud800","Customers":[{"AccountNumber":"10000101"}]}',
    ],
)
def test_a_page_that_may_not_wait_is_written_at_once(partner: Checkout, body: Any) -> None:
    partner.url(request())
    partner.ask(body)
    assert len(held(partner)._pages) <= 1, "only the first may wait"
    assert rows(partner) >= 1, "none that waits is held up by it"


@pytest.mark.parametrize("around", [rolling_back, None])
def test_a_page_for_a_world_that_must_stand_or_to_be_undone_is_written_the_plain_way(
    partner: Checkout, around: Callable[[], AbstractContextManager[None]] | None
) -> None:
    lane = partner.harness.lane
    for _ in range(2):
        partner.url(request())
    if around is not None:
        with pytest.raises(RolledBack), around():
            partner.ask(request())
    else:
        with in_world(lane):
            partner.ask(request())
    assert len(held(partner)._pages) == 2
    assert rows(partner) == (2 if around else 3)


def test_pages_that_cannot_be_written_wait_on_and_are_written_once(
    partner: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = partner.url(request())
    with monkeypatch.context() as broken:
        broken.setattr(pages_held_back, "_ADD_ALL", ManyRows("INSERT INTO a_full_disk VALUES {rows}", 8))
        with pytest.raises(sqlite3.OperationalError):
            rows(partner)
        assert held(partner).waiting
    assert rows(partner) == 1
    assert "500001" in partner.visit.get(url).text


def test_a_page_that_no_table_takes_is_named_and_holds_up_nobody(
    partner: Checkout, caplog: pytest.LogCaptureFixture
) -> None:
    before = partner.url(request())
    (page,) = held(partner)._pages
    held(partner)._pages.append(page)  # a second one of its key
    after = partner.url(request())
    assert rows(partner) == 2
    assert all("500001" in partner.visit.get(url).text for url in (before, after))
    (told,) = [one for one in caplog.messages if "cannot be kept" in one]
    assert all(word in told for word in ("default", UTILITY, ACCOUNT))
    assert str(page[1]) not in caplog.text, "the page's key"


def test_a_page_goes_with_its_lane(partner: Checkout) -> None:
    url = partner.url(request())
    partner.harness.lanes.fork("default", "b")
    assert (rows(partner), rows(partner, "b")) == (1, 1)
    partner.url(request())
    partner.harness.lanes.reset("default")
    assert (rows(partner), rows(partner, "b")) == (0, 1)
    assert "500001" not in partner.visit.get(url).text


def test_pages_that_expired_a_day_ago_are_forgotten_though_pages_wait(
    partner: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cloud_payments, "FORGET_EVERY", 3)
    for _ in range(2):
        partner.url(request())
    assert rows(partner) == 2
    partner.harness.lanes.set_clock("default", offset=timedelta(), frozen_at=NOON + timedelta(days=2))
    partner.url(request())
    assert held(partner).waiting
    assert rows(partner) == 1


def test_in_a_file_pages_are_written_at_once(tmp_path: Any) -> None:
    store = Store(f"sqlite:///{tmp_path / 'world.db'}")
    store.take()
    harness = Harness(store, Lanes(store))
    assert not store.held_back
    Checkout(harness).url(request())
    harness.close()
    store.close()


def _happening(dice: random.Random) -> tuple[str, Any]:
    """Something to do, mostly to ask for a page; what it is done with."""
    accounts = [ACCOUNT] * 4 + ["10000102", "10000103", "n1", "n2", "ä"]
    body = request(Customers=[{"AccountNumber": dice.choice(accounts)}], CreateCustomerRecord=dice.random() < 0.5)
    if dice.random() < 0.1:
        body["AllowEMV" if dice.random() < 0.3 else "ReturnURL"] = dice.choice(
            [True, "http://127.0.0.1:9/x", "ftp://x"]
        )
    if dice.random() < 0.1:
        number = dice.choice(["500001", "i1", "i2"])
        body["Customers"][0]["Invoices"] = [{"InvoiceNumber": number, "BalanceDue": dice.choice([5, 7])}]
    if dice.random() < 0.75:
        return "ask", (body, dice.choice([API_KEY] * 9 + [TCCS_KEY, "wrong", "another-key"]))
    rare: list[tuple[str, Any]] = [
        ("open", dice.random()),
        ("key", dice.choice([API_KEY, "another-key"])),
        ("reset", dice.choice(["default", "b"])),
        ("fork", None),
        ("clock", dice.choice([1, 40])),
        ("undo", body),
        ("list", None),
    ]
    return dice.choice(rare)


class _Doing:
    """One side: does what happens in the lane `default`, and keeps the addresses it was given."""

    def __init__(self, checkout: Checkout) -> None:
        self.checkout, self.harness = checkout, checkout.harness
        self.urls: list[str] = []

    def do(self, what: str, given: Any) -> Any:
        return getattr(self, what)(given)

    def ask(self, given: Any) -> Any:
        body, key = given
        answer = self.checkout.ask(body, key=key)
        if answer.json.get("Data"):
            self.urls.append(answer.json["Data"]["CloudPaymentURL"])
        return answer

    def open(self, place: float) -> Any:
        if not self.urls:
            return None
        token = self.urls[int(place * len(self.urls))].rpartition("/")[2]
        try:
            found = self.harness.sim.world.services.cloud_payments.open(self.harness.lane, token)
        except Exception as error:  # noqa: BLE001 - both sides must raise alike
            return repr(error)
        return found.checkout, found.asked, [bill.number for bill in found.bills]

    def key(self, key: str) -> Any:
        return self.harness.control("PATCH", f"billers/{UTILITY}", {"api_key": key}).status

    def reset(self, lane: str) -> None:
        self.harness.lanes.reset(lane)
        self.harness.lanes.set_clock(lane, offset=timedelta(), frozen_at=NOON)

    def fork(self, _: None) -> None:
        self.harness.lanes.fork("default", "b")

    def clock(self, minutes: int) -> None:
        self.harness.lanes.set_clock("default", offset=timedelta(), frozen_at=NOON + timedelta(minutes=minutes))

    def undo(self, body: Any) -> Any:
        try:
            with rolling_back():
                return self.checkout.ask(body)
        except RolledBack:
            return "undone"

    def list(self, _: None) -> Any:
        return self.harness.control("GET", "cloud-payments").json


def test_whatever_is_done_is_answered_and_kept_as_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages_held_back, "MOST_WAITING", 5)
    monkeypatch.setattr(cloud_payments, "FORGET_EVERY", 20)
    both = _Doing(made()), _Doing(made(warm=False))
    assert not both[1].harness.store.held_back
    tokens = [itertools.count(1), itertools.count(1)]
    dice, seen, waited = random.Random(1128), set(), 0
    for _ in range(CALLS):
        what, given = _happening(dice)
        came = []
        for side, count in zip(both, tokens, strict=True):
            monkeypatch.setattr(cloud_payments, "new_page_token", lambda _, count=count: f"{next(count):054x}")
            came.append(side.do(what, given))
        assert came[0] == came[1], (what, given)
        seen.add(what)
        waited += held(both[0].checkout).waiting
    assert len(seen) == 8
    assert waited > CALLS / 5, "pages waited"
    for lane in ("default", "b"):
        remembering, plain = (_books(side.harness.lanes.export(lane)) for side in both)
        assert remembering == plain, lane
    for side in both:
        side.harness.close()
        side.harness.store.close()


def _books(exported: Any) -> dict[str, Any]:
    """What was done; a customer's GUID is drawn at random."""
    return {table: [{**row, "customer_guid": ""} for row in exported[table]] for table in TABLES}
