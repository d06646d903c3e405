"""Postbacks: what the partner is told, how often, and where they never go."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import Mock
from zoneinfo import ZoneInfo

import pytest

from partnerlab.simulators.ic_webservices.domain.postbacks import FIELDS, MOST_ATTEMPTS, next_attempt_at, payment_date
from partnerlab.simulators.ic_webservices.services import postbacks as module
from partnerlab.simulators.kit.egress.pinned_post import PostAnswer
from partnerlab.simulators.kit.world.clock import Clock
from partnerlab.simulators.kit.world.lanes import Lanes
from partnerlab.simulators.kit.world.store import Store
from tests.simulators.ic_webservices.checkouts import Checkout, Receiver, request, wait_until
from tests.simulators.ic_webservices.harness import DECLINED, UTILITY, Harness, advance, freeze
from tests.simulators.ic_webservices.pages.visit import BANK, add_bill

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look again every few hundredths of a second, and keep no payer."""
    monkeypatch.setattr(module, "PAYER_WAITS_S", 0.02)


# --- what is told ---


def test_an_approved_payment_posts_a_form_of_the_eighteen_fields(checkout: Checkout) -> None:
    freeze(checkout.harness, "2026-11-21T13:04:09+00:00")
    with Receiver() as receiver:
        page = checkout.page(request(PostBackURL=receiver.url, BillerReference=" REF&7=é "))
        checkout.pay(page, CardHolder="Ada")
        (got,) = receiver.got
        (sent,) = receiver.requests
    (payment,) = checkout.payments()
    assert tuple(got) == FIELDS
    assert len(FIELDS) == 18
    assert got == {
        "BillerGUID": UTILITY,
        "PaymentDate": "11/21/2026 8:04:09 AM",
        "InvoiceNumber": "500001",
        "Approved": "True",
        "CustomerName": "Willows Laundry",
        "CustomerAddress": "12 Mill Lane",
        "CustomerCity": "Springfield",
        "CustomerState": "MA",
        "CustomerZip": "01103",
        "PaymentGUID": payment["payment_guid"],
        "PaymentAmount": "125.50",
        "PaymentDescription": "Visa ending in 1111",
        "PaymentTypeID": "1",
        "CardType": "Visa",
        "PaymentMessage": "Approved",
        "BillerReference": " REF&7=é ",
        "ConvenienceFee": "0.00",
        "RemoteIP": "127.0.0.1",
    }
    assert sent["path"] == "/back?transid=1&acctnum=10000101"
    assert sent["content-type"] == "application/x-www-form-urlencoded"
    assert sent["host"] == f"127.0.0.1:{receiver.port}"


def test_a_bank_payment_says_type_2_and_no_card_type(checkout: Checkout) -> None:
    with Receiver() as receiver:
        checkout.pay(checkout.page(request(PostBackURL=receiver.url)), **BANK)
        (got,) = receiver.got
    assert (got["PaymentTypeID"], got["CardType"]) == ("2", "")
    assert got["PaymentDescription"] == "Bank account ending in 6789"


def test_a_biller_may_be_told_of_approved_payments_alone(checkout: Checkout) -> None:
    """[A-81]: a receiver that never reads `Approved` would credit a declined payment."""
    off = {"configuration": {"Postbacks": {"Declined": False}}}
    assert checkout.harness.control("PATCH", f"billers/{UTILITY}", off).status == 200
    with Receiver() as receiver:
        again = checkout.pay(checkout.page(request(PostBackURL=receiver.url)), CardNumber=DECLINED)
        assert checkout.harness.get("postbacks")["postbacks"] == []
        checkout.pay(again)
        assert [one["fields"]["Approved"] for one in checkout.harness.get("postbacks")["postbacks"]] == ["True"]


def test_a_declined_payment_posts_back_too(checkout: Checkout) -> None:
    with Receiver() as receiver:
        again = checkout.pay(checkout.page(request(PostBackURL=receiver.url)), CardNumber=DECLINED)
        checkout.pay(again)
        assert [(got["Approved"], got["PaymentMessage"]) for got in receiver.got] == [
            ("False", "Declined by the issuer"),
            ("True", "Approved"),
        ]
        assert len({got["PaymentGUID"] for got in receiver.got}) == 2


def test_each_bill_has_its_own_postback_with_its_fee_apart(checkout: Checkout) -> None:
    add_bill(checkout.harness, "500002", "20.00")
    fees = {"configuration": {"Portal": {"ServiceFee": {"Card": "2.50"}}}}
    checkout.harness.control("PATCH", f"billers/{UTILITY}", fees)
    with Receiver() as receiver:
        checkout.pay(checkout.page(request(PostBackURL=receiver.url)))
        told = {got["InvoiceNumber"]: (got["PaymentAmount"], got["ConvenienceFee"]) for got in receiver.got}
    assert told == {"500001": ("125.50", "2.50"), "500002": ("20.00", "2.50")}


def test_name_and_address_are_those_of_the_request_where_it_has_them(checkout: Checkout) -> None:
    given = {"Name": "W. Laundry", "Address": "9 New Road", "City": "Salem", "State": "OR", "Zip": "99999"}
    customer = {"AccountNumber": "10000101", **given}
    with Receiver() as receiver:
        page = checkout.page(request(PostBackURL=receiver.url, Customers=[customer]))
        assert "W. Laundry, account 10000101 9 New Road, Salem, OR 99999" in page.words
        checkout.pay(page)
        add_bill(checkout.harness, "500002", "20.00")
        checkout.pay(checkout.page(request(PostBackURL=receiver.url, Customers=[{**customer, "City": None}])))
        whole, part = receiver.got
    assert {name: whole[f"Customer{name}"] for name in given} == given
    assert (part["CustomerState"], part["CustomerCity"]) == ("OR", "Springfield")


def test_without_an_address_nothing_is_posted(checkout: Checkout) -> None:
    checkout.pay(checkout.page(request()))
    assert checkout.postbacks() == []


@pytest.mark.parametrize(
    ("at", "told"),
    [
        ("2026-06-01T04:00:00+00:00", "6/1/2026 12:00:00 AM"),
        ("2026-06-01T16:05:09+00:00", "6/1/2026 12:05:09 PM"),
        ("2026-12-31T23:59:59+00:00", "12/31/2026 6:59:59 PM"),
    ],
)
def test_the_payment_date_is_written_as_dot_net_writes_it(at: str, told: str) -> None:
    assert payment_date(at, ZoneInfo("America/New_York")) == told


# --- tried again ---


def test_the_pauses_double_from_ten_seconds_and_end_after_ten_attempts() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    pauses = [next_attempt_at(number, now) for number in range(1, MOST_ATTEMPTS + 1)]
    seconds = [None if at is None else (at - now).total_seconds() for at in pauses]
    assert seconds == [10, 20, 40, 80, 160, 320, 640, 1280, 2560, None]
    assert next_attempt_at(1, now) == now + timedelta(seconds=10)


def test_a_postback_that_is_not_taken_is_tried_when_the_clock_is_advanced(checkout: Checkout) -> None:
    freeze(checkout.harness)
    with Receiver(500, 503, 200, body=b"out of order") as receiver:
        checkout.pay(checkout.page(request(PostBackURL=receiver.url)))
        (view,) = checkout.postbacks()
        assert view["state"] == "waiting"
        assert view["next_at"] == "2026-06-16T14:00:10.000000+00:00"
        assert advance(checkout.harness, timedelta(seconds=9)) == []
        (done,) = advance(checkout.harness, timedelta(seconds=1))
        assert done == ("not taken (answered 503: out of order), attempt 2, again at 2026-06-16T14:00:30.000000+00:00")
        assert advance(checkout.harness, timedelta(hours=1)) == ["taken with 200, attempt 3"]
        assert len(set(receiver.raw)) == 1
    (view,) = checkout.postbacks(state="delivered")
    assert [attempt["status"] for attempt in view["attempts"]] == [500, 503, 200]
    assert [attempt["at"][11:19] for attempt in view["attempts"]] == ["14:00:00", "14:00:10", "14:00:30"]
    assert view["attempts"][0]["reason"] == "answered 500: out of order"
    assert view["attempts"][2]["reason"] is None
    assert view["delivered_at"] == "2026-06-16T14:00:30.000000+00:00"
    assert view["next_at"] is None


def test_after_ten_attempts_it_is_given_up_and_can_be_sent_by_hand(checkout: Checkout) -> None:
    freeze(checkout.harness)
    with Receiver(*[500] * 10, 204) as receiver:
        checkout.pay(checkout.page(request(PostBackURL=receiver.url)))
        done = advance(checkout.harness, timedelta(hours=2))
        assert len(done) == 9
        assert done[-1].endswith("attempt 10, gave up")
        (view,) = checkout.postbacks()
        assert (view["state"], len(view["attempts"])) == ("gave_up", 10)
        assert advance(checkout.harness, timedelta(hours=2)) == []
        sent = checkout.harness.control("POST", f"postbacks/{view['id']}/send")
        assert (sent.status, sent.json["state"], len(sent.json["attempts"])) == (200, "delivered", 11)
        again = checkout.harness.control("POST", f"postbacks/{view['id']}/send").json
        assert (again["state"], len(again["attempts"])) == ("delivered", 12)
        assert len(receiver.got) == 12
    assert checkout.harness.control("POST", "postbacks/none/send").status == 404
    assert checkout.harness.control("GET", "postbacks/none").status == 404


def test_one_that_was_taken_counts_where_who_hears_of_it_fails() -> None:
    """As the journal of a sandbox does that has lost its database for a moment."""
    heard: list[module.PostbackSent] = []

    def fails(sent: module.PostbackSent) -> None:
        heard.append(sent)
        raise OSError("the connection is lost")

    answer, nobody = PostAnswer(200, ""), Mock()
    postbacks = module.Postbacks(nobody, nobody, nobody, post=lambda *_: answer, told=fails)
    assert postbacks._posted("main", Mock(), []) is answer
    assert [sent.answer for sent in heard] == [answer]


@pytest.mark.usefixtures("hasty")
def test_while_the_clock_runs_it_is_tried_again_by_itself(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("partnerlab.simulators.ic_webservices.domain.postbacks.FIRST_PAUSE", timedelta(milliseconds=50))
    with Receiver(500, 500, 204) as receiver:
        checkout.pay(checkout.page(request(PostBackURL=receiver.url)))
        wait_until(lambda: len(receiver.got) == 3)
        wait_until(lambda: checkout.postbacks()[0]["state"] == "delivered")


@pytest.mark.usefixtures("hasty")
def test_in_a_frozen_lane_nothing_is_tried_by_itself(checkout: Checkout) -> None:
    freeze(checkout.harness)
    with Receiver(500, 204) as receiver:
        checkout.pay(checkout.page(request(PostBackURL=receiver.url)))
        wait_until(lambda: [one["status"] for one in checkout.postbacks()[0]["attempts"]] == [500])
        time.sleep(0.3)
        assert len(receiver.got) == 1
        Clock(checkout.harness.lanes, ()).advance("default", timedelta(seconds=10))
        wait_until(lambda: len(receiver.got) == 2)


def test_an_outcome_is_its_own_postbacks_and_the_first_delivery_time_stays(checkout: Checkout) -> None:
    freeze(checkout.harness)
    with Receiver() as receiver:
        checkout.pay(checkout.page(request(PostBackURL=receiver.url)), Amount="10.00")
        add_bill(checkout.harness, "500002", "20.00")
        checkout.pay(checkout.page(request(PostBackURL="http://127.0.0.1:9/gone")))
        before = {one["id"]: one for one in checkout.harness.get("postbacks")["postbacks"]}
        taken = next(id for id, one in before.items() if one["state"] == "delivered")
        (waits,) = set(before) - {taken}
        freeze(checkout.harness, "2026-06-16T14:00:01+00:00")
        assert checkout.harness.control("POST", f"postbacks/{taken}/send", {}).status == 200
        after = {one["id"]: one for one in checkout.harness.get("postbacks")["postbacks"]}
    assert after[waits] == before[waits]
    assert after[taken]["delivered_at"] == before[taken]["delivered_at"]
    assert (len(before[taken]["attempts"]), len(after[taken]["attempts"])) == (1, 2)


def test_nobody_listens_is_told_with_its_reason(checkout: Checkout) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/"
        receipt = checkout.pay(checkout.page(request(PostBackURL=url)))
    assert receipt.heading.startswith("Thank you")
    (view,) = checkout.postbacks()
    (attempt,) = view["attempts"]
    assert attempt["status"] is None
    assert "refused" in attempt["reason"].lower()


def test_a_redirect_is_not_followed(checkout: Checkout) -> None:
    with Receiver() as other, Receiver(302, location=other.url) as receiver:
        checkout.pay(checkout.page(request(PostBackURL=receiver.url)))
        assert other.got == []
    (view,) = checkout.postbacks()
    assert view["state"] == "waiting"
    assert view["attempts"][0]["reason"] == "answered 302: redirects are not followed"


def test_a_slow_receiver_keeps_no_payer(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAYER_WAITS_S", 0.2)
    with Receiver() as receiver:
        receiver.answering.clear()
        page = checkout.to_payment(checkout.page(request(PostBackURL=receiver.url)))
        assert checkout.pay(page).heading.startswith("Thank you")
        wait_until(lambda: receiver.got)
        assert checkout.postbacks()[0]["state"] == "waiting", "the payer's page came before the receiver's answer"
        receiver.answering.set()
        wait_until(lambda: checkout.postbacks()[0]["state"] == "delivered")
        assert len(receiver.got) == 1


def test_many_who_send_one_postback_at_once_send_it_once(shared: Harness) -> None:
    checkout = Checkout(shared)
    freeze(shared)
    with Receiver(500, 204, slow_s=0.05) as receiver:
        checkout.pay(checkout.page(request(PostBackURL=receiver.url)))
        wait_until(lambda: checkout.postbacks()[0]["attempts"][0]["status"] == 500)
        (view,) = checkout.postbacks()
        shared.lanes.set_clock("default", offset=timedelta(0), frozen_at=datetime(2026, 6, 17, tzinfo=UTC))
        postbacks = shared.sim.world.services.postbacks
        done: list[str] = []
        threads = [
            threading.Thread(
                target=lambda: done.append(postbacks.runner.attempt(postbacks.work, "default", (view["id"],)))
            )
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(receiver.got) == 2
        assert sorted(done)[:7] == ["delivered already"] * 7  # the eighth may be the background's


def test_two_processes_on_one_store_send_it_once_each_time(filed: Harness) -> None:
    """As two replicas: a second simulator on the same file, both with every postback due."""
    first = Checkout(filed)
    freeze(filed)
    store = Store(str(filed.store.url))
    second = Harness(store, Lanes(store))
    try:
        with Receiver(500, 204, slow_s=0.1) as receiver:
            first.pay(first.page(request(PostBackURL=receiver.url)))
            wait_until(lambda: first.postbacks()[0]["attempts"][0]["status"] == 500)
            (view,) = first.postbacks()
            later = datetime(2026, 6, 17, tzinfo=UTC)
            filed.lanes.set_clock("default", offset=timedelta(0), frozen_at=later)
            both = [
                threading.Thread(
                    target=sim.world.runner.attempt, args=(sim.world.services.postbacks.work, "default", (view["id"],))
                )
                for sim in (filed.sim, second.sim)
            ]
            for thread in both:
                thread.start()
            for thread in both:
                thread.join()
            assert len(receiver.got) == 2
        (view,) = first.postbacks()
        assert (view["state"], len(view["attempts"])) == ("delivered", 2)
    finally:
        second.close()
        store.close()


def test_a_lane_that_is_reset_takes_its_postbacks_along(checkout: Checkout) -> None:
    with Receiver(500) as receiver:
        checkout.pay(checkout.page(request(PostBackURL=receiver.url)))
        checkout.harness.lanes.reset("default")
        assert checkout.postbacks() == []


# --- killed ---

DIES = """
import os, sys
from partnerlab.simulators.kit.world.lanes import Lanes
from partnerlab.simulators.kit.world.store import Store
from tests.simulators.ic_webservices.harness import Harness
from tests.simulators.ic_webservices.checkouts import Checkout, request
from partnerlab.simulators.ic_webservices.services import postbacks

store = Store(sys.argv[1])
checkout = Checkout(Harness(store, Lanes(store)))
page = checkout.to_payment(checkout.page(request(PostBackURL=sys.argv[2])))
sending = checkout.harness.sim.world.services.postbacks
sending._post = lambda *_: os.kill(os.getpid(), 9)
checkout.pay(page)
"""


@pytest.mark.durability
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="a process is killed as POSIX does it")
@pytest.mark.usefixtures("hasty")
def test_what_a_killed_process_was_sending_is_sent_by_the_next(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'world.db'}"
    with Receiver() as receiver:
        killed = subprocess.run(
            [sys.executable, "-c", DIES, url, receiver.url],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            timeout=60,
            check=False,
        )
        assert killed.returncode == -signal.SIGKILL
        assert receiver.got == []
        store = Store(url)
        harness = Harness(store, Lanes(store))
        checkout = Checkout(harness)
        try:
            (view,) = checkout.postbacks()
            assert view["state"] == "waiting"
            assert [attempt["reason"] for attempt in view["attempts"]] == ["no outcome was kept"]
            assert [payment["state"] for payment in checkout.payments()] == ["accepted"]
            harness.sim.start()
            wait_until(lambda: checkout.postbacks()[0]["state"] == "delivered")
            assert len(receiver.got) == 1
        finally:
            harness.close()
            store.close()
