"""Events are never lost and keep their order within an account, whatever the data pump or the process does."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from partnerlab.simulators.ic_webservices import EventRefused
from partnerlab.simulators.kit.world.lanes import Lanes
from partnerlab.simulators.kit.world.store import Store
from tests.simulators.ic_webservices.harness import ACCOUNT, UTILITY, Harness, bill_file, group
from tests.simulators.ic_webservices.services.test_payments import check_event

OTHER_ACCOUNT = "10000102"


def wait_for(condition: Callable[[], bool], within_s: float = 60.0) -> None:
    end = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.005)


def entries(harness: Harness, **query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = harness.get("events", **query)["events"]
    return found


def test_an_event_names_its_cause_and_is_marked_when_it_is_taken(harness: Harness) -> None:
    harness.pay()
    (entry,) = entries(harness)
    assert entry["state"] == "accepted"
    assert entry["attempts"] == 1
    assert entry["cause"].startswith("r-"), "the request that paid"
    assert entry["event"] == harness.raised[0]
    check_event(entry["event"])


def test_each_event_is_there_until_it_is_taken_or_its_lane_is_reset(both: Harness) -> None:
    """Two events in each of two accounts, and in a copy of the lane: what becomes of one is nothing of the others."""
    harness, outbox = both, both.sim.world.services.outbox
    harness.sim.world.runner.by_hand = True  # nothing is offered in the background
    accounts = (ACCOUNT, OTHER_ACCOUNT)
    harness.refuse_events = True
    for number in (1, 2):
        for account in accounts:
            harness.pay(account_number=account, amount=f"{number}.00", payment_guid=f"{account}-{number}")
    harness.lanes.fork("default", "copy")
    offered = {entry["event"]["id"]: entry["event"] for entry in entries(harness)}
    copied = {id: {**event, "lane": "copy"} for id, event in offered.items()}

    def there(events: dict[str, dict[str, Any]]) -> set[str]:
        return {id for id, event in events.items() if outbox.waits(event)}

    assert there(offered) == there(copied) == {f"{account}-{number}" for account in accounts for number in (1, 2)}
    one = offered[f"{ACCOUNT}-1"]
    for other in ({"id": f"{OTHER_ACCOUNT}-1"}, {"account_number": OTHER_ACCOUNT}, {"lane": "none"}):
        assert not outbox.waits({**one, **other})

    harness.reject_events, harness.refuse_events = True, False
    outbox.flush("default", UTILITY, ACCOUNT)  # refused: a person may offer them again
    harness.reject_events = False
    outbox.offer_again(harness.lane, 1)
    assert there(offered) == {f"{ACCOUNT}-2", *(id for id in offered if id.startswith(OTHER_ACCOUNT))}
    outbox.flush("default", UTILITY, OTHER_ACCOUNT)
    assert there(offered) == {f"{ACCOUNT}-2"}
    assert there(copied) == set(copied)

    harness.lanes.reset("copy")
    assert there(copied) == set()
    harness.lane_name, harness.refuse_events = "copy", True
    harness.pay(amount="9.00", payment_guid=f"{ACCOUNT}-1")
    assert not outbox.waits(copied[f"{ACCOUNT}-1"])  # the same id, and another payment
    (again,) = entries(harness)
    assert outbox.waits(again["event"])


def test_a_pump_that_is_away_does_not_fail_the_payer_and_gets_the_event_later(harness: Harness) -> None:
    harness.refuse_events = True
    assert harness.pay(payment_guid="kept").status == 201
    (entry,) = entries(harness, state="waiting")
    assert entry["attempts"] >= 1
    assert "the data pump is away" in entry["problem"]
    assert "33333333-3333" not in entry["problem"], "secrets are masked in problems too"
    harness.refuse_events = False
    wait_for(lambda: not entries(harness, state="waiting"))
    assert [event["id"] for event in harness.raised] == ["kept"]
    assert entries(harness)[0]["problem"] is None


def test_events_can_be_offered_by_hand(harness: Harness) -> None:
    harness.close()  # no thread in the background
    harness.refuse_events = True
    harness.pay()
    harness.control("POST", f"customers/{ACCOUNT}/autopay", {"enrolled": True})
    assert harness.control("POST", "events/offer").json == {"accounts_waiting": 1}
    harness.refuse_events = False
    assert harness.control("POST", "events/offer").json == {"accounts_waiting": 0}
    assert [event["kind"] for event in harness.raised] == ["payment", "autopay"]


def test_nothing_overtakes_within_an_account_and_other_accounts_do_not_wait(harness: Harness) -> None:
    harness.close()
    harness.upload(bill_file([group("700001", "20000001")]))
    taken: list[str] = []
    away = {"first"}

    def offer(event: dict[str, Any]) -> None:
        if event["id"] in away:
            raise TimeoutError
        taken.append(event["id"])

    harness.sim.world.services.outbox._offer = offer
    harness.pay(payment_guid="first", amount="1.00")
    harness.pay(payment_guid="second", amount="1.00")
    harness.pay(payment_guid="other", account_number="20000001", amount="1.00")
    assert taken == ["other"]
    away.clear()
    harness.pay(payment_guid="third", amount="1.00")
    assert taken == ["other", "first", "second", "third"]


def test_where_a_database_is_that_was_not_reached_stands_nowhere(harness: Harness) -> None:
    def away(*_: object) -> Any:
        psycopg.connect("postgresql://app:secret@127.0.0.1:1/books")

    harness.close()
    services, said = harness.sim.world.services, "there is no connection to the database"
    services.outbox._offer = harness.balance = services.presentment.unsettled._port = away
    harness.pay(amount="1.00")
    assert [entry["problem"] for entry in entries(harness)] == [said]
    lane = harness.sim.world.lanes.get("default")
    assert services.presentment.unsettled._asked(lane, UTILITY, ACCOUNT, None) == ((), said)
    opened = harness.control("POST", "invoices/500001/open", {"biller_guid": UTILITY}).json
    assert opened["problem"] == said


def test_an_event_that_is_never_taken_is_a_persons_and_the_rest_goes_on(shared: Harness) -> None:
    """As a PaymentGUID that is used again after a reset; two of them, and another account's."""
    shared.upload(bill_file([group("700001", "20000001")]))
    taken: list[str] = []
    never = {"used-1", "used-2"}

    def offer(event: dict[str, Any]) -> None:
        if event["id"] in never:
            raise EventRefused("another event has this id")
        taken.append(event["id"])

    shared.sim.world.services.outbox._offer = offer
    for guid in ("used-1", "good", "used-2"):
        assert shared.pay(payment_guid=guid, amount="1.00").status == 201
    shared.pay(payment_guid="other", account_number="20000001", amount="1.00")
    assert taken == ["good", "other"]
    assert entries(shared, state="waiting") == []
    refused = entries(shared, state="refused")
    assert [(entry["event"]["id"], entry["attempts"]) for entry in refused] == [("used-1", 1), ("used-2", 1)]
    assert refused[0]["problem"] == "EventRefused: another event has this id"
    first, second = (entry["seq"] for entry in refused)

    dismissed = shared.control("POST", f"events/{first}/dismiss", {"reason": "posted by hand"})
    assert (dismissed.status, dismissed.json["state"]) == (200, "dismissed")
    assert dismissed.json["problem"].endswith("; dismissed: posted by hand")
    still = shared.control("POST", f"events/{second}/offer")
    assert (still.json["state"], still.json["attempts"]) == ("refused", 2)
    never.clear()
    assert shared.control("POST", f"events/{second}/offer").json["state"] == "accepted"
    assert taken == ["good", "other", "used-2"]
    assert shared.control("POST", f"events/{second}/offer").status == 409
    assert shared.control("POST", f"events/{first}/offer").status == 409
    assert shared.control("POST", f"events/{second}/dismiss", {"reason": "x"}).status == 409
    assert shared.control("POST", "events/99/offer").status == 404
    assert shared.control("POST", f"events/{first}/dismiss", {}).status == 400


def test_an_event_that_waits_cannot_be_dismissed(harness: Harness) -> None:
    harness.close()
    harness.refuse_events = True
    harness.pay()
    assert harness.control("POST", "events/1/dismiss", {"reason": "x"}).status == 409
    assert entries(harness)[0]["state"] == "waiting"


def test_a_new_process_offers_what_the_old_one_left(filed: Harness) -> None:
    filed.close()
    filed.refuse_events = True
    for number in range(3):
        filed.pay(payment_guid=f"p{number}", amount="1.00")
    again = Harness(filed.store, Lanes(filed.store))
    again.sim.start()
    wait_for(lambda: len(again.raised) == 3)
    assert [event["id"] for event in again.raised] == ["p0", "p1", "p2"]
    again.close()
    fresh = Harness(filed.store, Lanes(filed.store))
    fresh.sim.start()
    time.sleep(0.05)
    assert fresh.raised == [], "what was taken is not offered again"
    fresh.close()


def test_lanes_keep_their_events_and_a_fork_takes_over_what_waits(harness: Harness) -> None:
    harness.close()
    harness.refuse_events = True
    harness.pay(payment_guid="one")
    harness.lanes.fork("default", "copy")
    harness.refuse_events = False
    harness.control("POST", "events/offer")
    assert sorted((event["lane"], event["id"]) for event in harness.raised) == [("copy", "one"), ("default", "one")]
    harness.lanes.reset("default")
    assert entries(harness) == []


def test_events_are_listed_by_page_account_and_state(harness: Harness) -> None:
    harness.upload(bill_file([group("700001", "20000001")]))
    harness.pay(amount="1.00")
    harness.pay(amount="1.00", account_number="20000001")
    harness.pay(amount="2.00")
    assert [entry["seq"] for entry in entries(harness)] == [1, 2, 3]
    assert [entry["seq"] for entry in entries(harness, after="1", limit="1")] == [2]
    assert [entry["seq"] for entry in entries(harness, account_number=ACCOUNT)] == [1, 3]
    assert [entry["seq"] for entry in entries(harness, account_number=ACCOUNT, state="accepted", after="1")] == [3]
    assert entries(harness, state="waiting") == []
    assert harness.control("GET", "events", state="lost").status == 400
    assert harness.control("GET", "events", after="x").status == 400


CRASH = """
    import os, sys
    from partnerlab.simulators.kit.world.lanes import Lanes
    from partnerlab.simulators.kit.world.store import Store
    from tests.simulators.ic_webservices.harness import Harness

    store = Store("sqlite:///" + sys.argv[1])
    harness = Harness(store, Lanes(store))
    taken = open(sys.argv[2], "a", buffering=1)

    def offer(event):
        if event["id"] == sys.argv[3] and sys.argv[4] == "before":
            os._exit(9)
        taken.write(event["id"] + "\\n")
        if event["id"] == sys.argv[3]:
            os._exit(9)

    harness.sim.world.services.outbox._offer = offer
    for number in range(10):
        harness.pay(payment_guid=f"p{number}", amount="1.00")
"""


@pytest.mark.durability
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_process_that_dies_around_the_offer_loses_no_event(tmp_path: Path, when: str) -> None:
    """The change is committed; the process ends before the pump took the event, or before that was written down."""
    database, taken = tmp_path / "world.db", tmp_path / "taken"
    died = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(CRASH), str(database), str(taken), "p4", when],
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        timeout=60,
    )
    assert died.returncode == 9
    before = taken.read_text().split()
    store = Store(f"sqlite:///{database}")
    harness = Harness(store, Lanes(store))
    payments = [payment["payment_guid"] for payment in harness.get("payments")["payments"]]
    assert payments == [f"p{number}" for number in range(5)]
    harness.sim.start()
    wait_for(lambda: not entries(harness, state="waiting"))
    after = [event["id"] for event in harness.raised]
    harness.close()
    store.close()
    assert after == ["p4"], "offered again, once"
    assert before == ["p0", "p1", "p2", "p3"] + (["p4"] if when == "after" else [])


def test_the_biller_and_account_of_an_event_are_those_of_the_change(harness: Harness) -> None:
    harness.control(
        "POST",
        f"customers/{harness.settings.policy_number}/paperless",
        {"enrolled": True, "biller_guid": harness.settings.insurance_guid},
    )
    (event,) = harness.raised
    assert (event["biller_guid"], event["account_number"]) == (
        harness.settings.insurance_guid,
        harness.settings.policy_number,
    )
    assert event["biller_guid"] != UTILITY
