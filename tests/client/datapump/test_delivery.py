"""The pump from event to partner, on a real database and a real socket."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from client.datapump import (
    DataPump,
    DeliveryNotFound,
    EventConflict,
    NotRunning,
    Receipt,
    RetryPolicy,
    TransitionRefused,
)
from client.datapump.engine import EngineBusy
from client.datapump.ledger import Ledger
from client.datapump.outcomes import Verdict
from client.datapump.states import State
from client.datapump.worker import Worker
from client.errors import RequestInvalid, TransportError
from client.settings import Biller
from tests.client.datapump.conftest import KEY, PATIENT, make_event, settings_for, state_of, wait_for
from tests.client.datapump.partner import BUSY, DROP, FAULT, HTML, LOSE, OK, REFUSE, THROTTLE, Partner

MakePump = Callable[..., DataPump]


def submit(pump: DataPump, *events: dict[str, Any]) -> list[str]:
    return [pump.submit(event).id for event in events]


# -- the way through --------------------------------------------------------------------------------------------------


def test_a_payment_reaches_the_partner_once(pump: DataPump, partner: Partner) -> None:
    event = make_event()
    assert pump.submit(event) == Receipt(f"default:{event['id']}", "accepted")
    assert pump.drain()
    record = pump.delivery(event["id"])
    assert record.delivery.state is State.DELIVERED
    assert partner.posted() == {event["payment"]["reference"]: 1}
    [attempt] = record.attempts
    assert (attempt.operation, attempt.outcome) == ("MakePaymentExtended", "delivered")
    assert attempt.ended_at is not None
    assert attempt.started_at <= attempt.ended_at


def test_events_of_an_account_arrive_in_order_even_within_one_second(pump: DataPump, partner: Partner) -> None:
    accounts = [f"a{n}" for n in range(6)]
    wanted: dict[str, list[str]] = {account: [] for account in accounts}
    for n in range(90):
        event = make_event(account_number=accounts[n % 6])
        wanted[event["account_number"]].append(event["payment"]["reference"])
        pump.submit(event)
    assert pump.drain()
    seen = {account: [s.fields["PaymentReference"] for s in all] for account, all in partner.accounts().items()}
    assert seen == wanted


def test_the_engine_is_told_the_order(make_pump: MakePump) -> None:
    """Its own clock has ties; partition and priority are what it goes by."""
    pump = make_pump(worker=False)
    submit(pump, *(make_event(account_number=f"a{n % 2}") for n in range(6)))
    with pump._database.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT queue_partition_key, priority FROM workflow_status ORDER BY queue_partition_key, priority"
        ).all()
    assert len({account for account, _ in rows}) == 2
    assert [priority for _, priority in rows] == [1, 2, 3, 1, 2, 3]


def test_only_a_worker_says_how_the_queue_is_worked_through(make_pump: MakePump) -> None:
    worker = make_pump(poll_s=0.07, slots=300)
    make_pump(worker=False, poll_s=0.9, slots=1)
    with worker._database.connect() as connection:
        row = connection.exec_driver_sql("SELECT worker_concurrency, polling_interval_sec FROM queues").one()
    assert tuple(row) == (300, 0.07)


def test_a_busy_account_does_not_wait_for_the_queue_to_be_looked_at(make_pump: MakePump, partner: Partner) -> None:
    pump = make_pump(poll_s=0.5)
    events = [make_event() for _ in range(40)]
    submit(pump, *events)
    started = time.monotonic()
    assert pump.drain()
    assert time.monotonic() - started < 5, "one event a look would take 20 s"
    assert [s.fields["PaymentReference"] for s in partner.seen] == [e["payment"]["reference"] for e in events]


def test_order_holds_over_failures_and_kinds(make_pump: MakePump, partner: Partner) -> None:
    failures = iter([THROTTLE, THROTTLE, THROTTLE])
    partner.will = lambda operation, fields: next(failures, OK)
    pump = make_pump()
    events = [make_event(), make_event("email"), make_event("autopay"), make_event("paperless"), make_event()]
    ids = submit(pump, *events)
    wait_for(lambda: all(state_of(pump, id) is State.DELIVERED for id in ids))
    assert [s.operation for s in partner.seen if s.posted] == [
        "MakePaymentExtended",
        "SetEmail",
        "SetAutopay",
        "SetPaperless",
        "MakePaymentExtended",
    ]
    assert len(partner.seen) == 8


def test_accounts_do_not_wait_for_each_other(make_pump: MakePump, partner: Partner) -> None:
    partner.will = lambda operation, fields: THROTTLE if fields["AccountNumber"] == "bad" else OK
    pump = make_pump(PATIENT)
    bad, good = submit(pump, make_event(account_number="bad"), make_event(account_number="good"))
    wait_for(lambda: state_of(pump, good) is State.DELIVERED)
    wait_for(lambda: state_of(pump, bad) is State.WAITING)


def test_realms_and_billers_have_their_own_accounts(pump: DataPump) -> None:
    event = make_event()
    assert pump.submit(event).status == "accepted"
    assert pump.submit({**event, "realm": "lane-2"}).status == "accepted"
    assert pump.submit(event).status == "duplicate"
    assert pump.drain()
    assert pump.counts("lane-2") == {State.DELIVERED: 1}
    assert pump.counts() == {State.DELIVERED: 2}


# -- accepting --------------------------------------------------------------------------------------------------------


def test_the_same_event_again_is_a_duplicate(pump: DataPump, partner: Partner) -> None:
    event = make_event()
    first = pump.submit(event)
    assert pump.submit(event) == Receipt(first.id, "duplicate")
    assert pump.drain()
    assert pump.submit(event).status == "duplicate"
    assert sum(partner.posted().values()) == 1


def test_spelling_a_default_out_makes_no_other_event(pump: DataPump) -> None:
    event = make_event(service_fee="0.00")
    short = {**event, "payment": {k: v for k, v in event["payment"].items() if k != "service_fee"}}
    del short["realm"]
    pump.submit(event)
    assert pump.submit(short).status == "duplicate"


@pytest.mark.parametrize("kind", ["paperless", "ach_reject"])
def test_a_field_that_came_into_use_later_makes_no_other_event(make_pump: MakePump, kind: str) -> None:
    """What stands in the database was written by the version that accepted it."""
    event = make_event(kind)
    del event.get(kind, event)["donation" if kind == "ach_reject" else "invoice_number"]
    pump = make_pump(worker=False)
    id = pump.submit(event).id
    with pump._database.begin() as connection:
        connection.exec_driver_sql("UPDATE pump_deliveries SET event = ?", (json.dumps(event),))
    assert pump.submit(event) == Receipt(id, "duplicate")
    with pytest.raises(EventConflict):
        pump.submit({**event, "account_number": "another"})


def test_the_same_id_with_other_content_is_refused(pump: DataPump, partner: Partner) -> None:
    event = make_event(amount="10.00")
    pump.submit(event)
    with pytest.raises(EventConflict, match=r"payment\.amount, realm|payment\.amount") as error:
        pump.submit({**event, "payment": {**event["payment"], "amount": "99.00"}})
    assert error.value.fields == ("payment.amount",)
    assert pump.drain()
    assert partner.seen[0].fields["PaymentAmount"] == "10.00"


def test_an_invalid_event_leaves_nothing_behind(pump: DataPump) -> None:
    with pytest.raises(RequestInvalid):
        pump.submit(make_event(amount="1"))
    assert pump.deliveries() == []


def test_many_at_once_are_accepted_once_each(pump: DataPump) -> None:
    event, receipts = make_event(), []
    threads = [threading.Thread(target=lambda: receipts.append(pump.submit(event))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(receipt.status for receipt in receipts) == ["accepted", *["duplicate"] * 7]


def test_a_pump_that_does_not_run_says_so(make_pump: MakePump) -> None:
    with pytest.raises(NotRunning):
        make_pump(start=False).submit(make_event())


# -- failures ---------------------------------------------------------------------------------------------------------


def test_an_outage_is_waited_out(make_pump: MakePump, partner: Partner) -> None:
    partner.close()
    pump = make_pump(RetryPolicy(attempts=50, first_s=0.05, longest_s=0.1))
    ids = submit(pump, *(make_event(account_number=f"a{n % 4}") for n in range(8)))
    wait_for(lambda: pump.counts().get(State.WAITING) == 4)
    partner.open()
    wait_for(lambda: pump.counts() == {State.DELIVERED: 8})
    assert set(partner.posted().values()) == {1}
    record = pump.delivery(ids[0])
    assert [attempt.outcome for attempt in record.attempts[:-1]] == ["failed"] * (len(record.attempts) - 1)
    assert "no connection" in record.attempts[0].words


@pytest.mark.parametrize(("will", "posted"), [(LOSE, 1), (DROP, 0), (FAULT, 0), (BUSY, 0), (HTML, 0)])
def test_a_payment_that_may_have_been_posted_waits_for_a_person(
    make_pump: MakePump, partner: Partner, will: str, posted: int
) -> None:
    partner.will = lambda operation, fields: will
    pump = make_pump()
    [id] = submit(pump, make_event())
    wait_for(lambda: state_of(pump, id) is State.UNKNOWN)
    time.sleep(0.3)
    assert len(partner.seen) == 1
    assert sum(partner.posted().values()) == posted
    assert pump.delivery(id).attempts[0].outcome == "unknown"


@pytest.mark.parametrize("kind", ["paperless", "autopay", "email"])
@pytest.mark.parametrize("will", [LOSE, DROP, FAULT, BUSY, HTML])
def test_a_flag_is_simply_set_again(make_pump: MakePump, partner: Partner, kind: str, will: str) -> None:
    wills = iter([will, will])
    partner.will = lambda operation, fields: next(wills, OK)
    pump = make_pump()
    [id] = submit(pump, make_event(kind))
    wait_for(lambda: state_of(pump, id) is State.DELIVERED)
    assert len(partner.seen) == 3


def test_an_unknown_payment_does_not_hold_the_account(make_pump: MakePump, partner: Partner) -> None:
    wills = iter([LOSE])
    partner.will = lambda operation, fields: next(wills, OK)
    pump = make_pump()
    first, second = submit(pump, make_event(), make_event())
    wait_for(lambda: state_of(pump, second) is State.DELIVERED)
    assert state_of(pump, first) is State.UNKNOWN


def test_a_refusal_is_dead_at_once_with_the_partners_words(make_pump: MakePump, partner: Partner) -> None:
    partner.will = lambda operation, fields: REFUSE
    pump = make_pump()
    [id] = submit(pump, make_event())
    wait_for(lambda: state_of(pump, id) is State.DEAD)
    record = pump.delivery(id)
    assert record.delivery.words == "Success=false: Account is closed"
    assert record.attempts[0].outcome == "refused"
    assert len(partner.seen) == 1


def test_attempts_run_out(make_pump: MakePump, partner: Partner) -> None:
    partner.will = lambda operation, fields: THROTTLE
    pump = make_pump(RetryPolicy(attempts=3, first_s=0.02))
    [id] = submit(pump, make_event())
    wait_for(lambda: state_of(pump, id) is State.DEAD)
    assert pump.delivery(id).delivery.words.startswith("given up after 3 attempts: ")
    assert len(partner.seen) == 3


def test_values_the_partner_could_not_take_are_dead_without_being_sent(pump: DataPump, partner: Partner) -> None:
    [id] = submit(pump, make_event(amount="0.00"))
    wait_for(lambda: state_of(pump, id) is State.DEAD)
    assert partner.seen == []
    assert "PaymentAmount" in pump.delivery(id).delivery.words


def test_an_unknown_biller_is_dead_until_it_is_set_up(make_pump: MakePump, partner: Partner) -> None:
    settings: dict[str, str] = {}

    def billers(realm: str, guid: str) -> Biller:
        return Biller(guid, "inhance_v2", settings)

    pump = make_pump(billers=billers)
    [missing] = submit(pump, make_event())
    wait_for(lambda: state_of(pump, missing) is State.DEAD)
    assert "setting 11" in pump.delivery(missing).delivery.words
    settings |= settings_for(partner.url)
    pump.replay(missing, "set up now")
    wait_for(lambda: state_of(pump, missing) is State.DELIVERED)


def test_a_biller_nobody_knows_is_dead_with_clear_words(pump: DataPump) -> None:
    [id] = submit(pump, make_event(biller_guid="nobody"))
    wait_for(lambda: state_of(pump, id) is State.DEAD)
    assert pump.delivery(id).delivery.words == "there is no biller nobody in default"


def test_a_directory_that_is_down_is_waited_for(make_pump: MakePump, partner: Partner) -> None:
    answers = iter([ConnectionError("no answer"), ConnectionError("no answer")])

    def billers(realm: str, guid: str) -> Biller:
        if error := next(answers, None):
            raise error
        return Biller(guid, "inhance_v2", settings_for(partner.url))

    pump = make_pump(billers=billers)
    [id] = submit(pump, make_event())
    wait_for(lambda: state_of(pump, id) is State.DELIVERED)
    record = pump.delivery(id)
    assert [attempt.outcome for attempt in record.attempts] == ["failed", "failed", "delivered"]
    assert "ConnectionError: no answer" in record.attempts[0].words


def test_what_is_not_sent_says_why(pump: DataPump, partner: Partner) -> None:
    inline, reject = submit(pump, make_event(donation="inline"), make_event("ach_reject"))
    assert pump.drain()
    assert pump.delivery(inline).delivery.words == "not posted: inline donation"
    assert pump.delivery(reject).delivery.words == "not supported by inHance v2"
    assert {state_of(pump, inline), state_of(pump, reject)} == {State.SKIPPED}
    assert partner.seen == []


# -- waiting and waking -----------------------------------------------------------------------------------------------


def waiting(make_pump: MakePump, partner: Partner, **own: Any) -> tuple[DataPump, str]:
    """A pump with one delivery that waits for ten minutes."""
    wills = iter([THROTTLE])
    partner.will = lambda operation, fields: next(wills, OK)
    pump = make_pump(PATIENT)
    [id] = submit(pump, make_event(**own))
    wait_for(lambda: state_of(pump, id) is State.WAITING)
    return pump, id


def test_a_wait_can_be_cut_short(make_pump: MakePump, partner: Partner) -> None:
    pump, id = waiting(make_pump, partner, realm="lane-1")
    assert pump.wake("lane-2") == 0
    assert pump.wake("lane-1", by=timedelta(seconds=60)) == 1
    time.sleep(0.5)
    assert state_of(pump, id) is State.WAITING
    assert pump.wake("lane-1", by=timedelta(seconds=600)) == 1
    wait_for(lambda: state_of(pump, id) is State.DELIVERED)


def test_a_person_need_not_wait(make_pump: MakePump, partner: Partner) -> None:
    pump, id = waiting(make_pump, partner)
    pump.replay(id, "they are back")
    wait_for(lambda: state_of(pump, id) is State.DELIVERED)
    assert [note.verb for note in pump.delivery(id).notes] == ["replay"]


def test_a_waiting_delivery_can_be_given_up_and_frees_the_account(make_pump: MakePump, partner: Partner) -> None:
    pump, id = waiting(make_pump, partner)
    [second] = submit(pump, make_event())
    assert not pump.drain(timeout_s=0.3)
    assert state_of(pump, second) is State.ACCEPTED
    pump.dismiss(id, "posted by hand")
    wait_for(lambda: state_of(pump, second) is State.DELIVERED)
    assert state_of(pump, id) is State.DISMISSED
    assert len(partner.seen) == 2


def test_the_partners_wish_to_be_left_alone_is_kept(make_pump: MakePump, partner: Partner) -> None:
    calls = iter([TransportError("X", "status 429", sent=False, retry_after_s=30)])

    def billers(realm: str, guid: str) -> Biller:
        return Biller(guid, "inhance_v2", settings_for(partner.url))

    from client.datapump import Router
    from client.datapump.plans import Call

    def route(event: Any, biller: Any, transport: Any) -> Call:
        def send() -> str:
            for error in calls:
                raise error
            return ""

        return Call("X", "x", send, idempotent=True)

    pump = make_pump(RetryPolicy(first_s=0.01, longest_s=60), router=Router({("inhance_v2", "email"): route}))
    [id] = submit(pump, make_event("email"))
    wait_for(lambda: state_of(pump, id) is State.WAITING)
    delivery = pump.delivery(id).delivery
    assert delivery.retry_at is not None
    assert 29_000 < delivery.retry_at - delivery.updated_at <= 30_000


# -- what a person does -----------------------------------------------------------------------------------------------


def dead(make_pump: MakePump, partner: Partner, kind: str = "payment") -> tuple[DataPump, str]:
    """A pump with one delivery the partner refused; the next call it would take."""
    wills = iter([REFUSE])
    partner.will = lambda operation, fields: next(wills, OK)
    pump = make_pump()
    [id] = submit(pump, make_event(kind))
    wait_for(lambda: state_of(pump, id) is State.DEAD)
    return pump, id


def unknown(make_pump: MakePump, partner: Partner) -> tuple[DataPump, str]:
    wills = iter([LOSE])
    partner.will = lambda operation, fields: next(wills, OK)
    pump = make_pump()
    [id] = submit(pump, make_event())
    wait_for(lambda: state_of(pump, id) is State.UNKNOWN)
    return pump, id


def test_a_dead_delivery_can_be_replayed(make_pump: MakePump, partner: Partner) -> None:
    pump, id = dead(make_pump, partner)
    record = pump.replay(id, "account reopened", by="kim")
    [note] = record.notes
    assert (note.by, note.verb, note.reason, note.source, note.target) == (
        "kim",
        "replay",
        "account reopened",
        "dead",
        "accepted",
    )
    wait_for(lambda: state_of(pump, id) is State.DELIVERED)
    assert [attempt.outcome for attempt in pump.delivery(id).attempts] == ["refused", "delivered"]


def test_a_replay_counts_its_attempts_anew(make_pump: MakePump, partner: Partner) -> None:
    partner.will = lambda operation, fields: THROTTLE
    pump = make_pump(RetryPolicy(attempts=2, first_s=0.02))
    [id] = submit(pump, make_event())
    wait_for(lambda: state_of(pump, id) is State.DEAD)
    pump.replay(id, "again")
    wait_for(lambda: len(partner.seen) == 4)
    wait_for(lambda: state_of(pump, id) is State.DEAD)
    assert pump.delivery(id).delivery.attempts == 4


def test_a_delivery_can_be_dismissed_and_taken_up_again(make_pump: MakePump, partner: Partner) -> None:
    pump, id = dead(make_pump, partner)
    assert pump.dismiss(id, "posted by hand").delivery.state is State.DISMISSED
    assert pump.drain()
    assert len(partner.seen) == 1
    pump.replay(id, "it was not")
    wait_for(lambda: state_of(pump, id) is State.DELIVERED)
    assert [note.verb for note in pump.delivery(id).notes] == ["dismiss", "replay"]


def test_an_unknown_payment_found_at_the_partner_is_delivered(make_pump: MakePump, partner: Partner) -> None:
    pump, id = unknown(make_pump, partner)
    record = pump.resolve(id, True, "seen in their ledger")
    assert record.delivery.state is State.DELIVERED
    assert pump.drain()
    assert sum(partner.posted().values()) == 1


def test_an_unknown_payment_not_found_is_sent_again(make_pump: MakePump, partner: Partner) -> None:
    pump, id = unknown(make_pump, partner)
    pump.resolve(id, False, "not in their ledger")
    wait_for(lambda: state_of(pump, id) is State.DELIVERED)
    assert len(partner.seen) == 2


def test_an_unknown_payment_is_not_simply_replayed(make_pump: MakePump, partner: Partner) -> None:
    pump, id = unknown(make_pump, partner)
    with pytest.raises(TransitionRefused, match="resolve as posted"):
        pump.replay(id, "again")
    assert len(partner.seen) == 1
    assert pump.delivery(id).notes == ()


def test_the_balance_helps_to_decide(make_pump: MakePump, partner: Partner) -> None:
    pump, id = unknown(make_pump, partner)
    assert pump.check_balance(id).balance == Decimal("12.50")
    assert partner.seen[-1].operation == "BalanceCheck"
    assert partner.seen[-1].fields["LastInvoiceNumber"] == "500001"
    [email] = submit(pump, make_event("email"))
    with pytest.raises(RequestInvalid, match="there is no balance to check"):
        pump.check_balance(email)


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_decision_needs_a_reason(make_pump: MakePump, partner: Partner, reason: str) -> None:
    pump, id = dead(make_pump, partner)
    with pytest.raises(RequestInvalid, match="must say why"):
        pump.replay(id, reason)


def test_a_delivered_one_is_left_alone(pump: DataPump) -> None:
    [id] = submit(pump, make_event())
    assert pump.drain()
    for act in (pump.replay, pump.dismiss):
        with pytest.raises(TransitionRefused):
            act(id, "why not")
    with pytest.raises(DeliveryNotFound, match="no delivery default:none"):
        pump.replay("default:none", "why not")


@pytest.mark.parametrize("kind", ["paperless", "autopay", "email"])
def test_an_older_flag_does_not_overwrite_a_newer_one(make_pump: MakePump, partner: Partner, kind: str) -> None:
    pump, old = dead(make_pump, partner, kind)
    [new] = submit(pump, make_event(kind))
    wait_for(lambda: state_of(pump, new) is State.DELIVERED)
    pump.replay(old, "catching up")
    wait_for(lambda: state_of(pump, old) is State.SKIPPED)
    assert pump.delivery(old).delivery.words.startswith("superseded")
    assert len(partner.seen) == 2


def test_a_replayed_flag_is_sent_where_nothing_newer_was(make_pump: MakePump, partner: Partner) -> None:
    pump, id = dead(make_pump, partner, "autopay")
    submit(pump, make_event("paperless"), make_event("autopay", account_number="other"), make_event())
    assert pump.drain()
    pump.replay(id, "again")
    wait_for(lambda: state_of(pump, id) is State.DELIVERED)


def test_a_replayed_payment_is_never_superseded(make_pump: MakePump, partner: Partner) -> None:
    pump, id = dead(make_pump, partner)
    submit(pump, make_event())
    assert pump.drain()
    pump.replay(id, "again")
    wait_for(lambda: state_of(pump, id) is State.DELIVERED)


def test_deliveries_can_be_found(make_pump: MakePump, partner: Partner) -> None:
    pump, refused = dead(make_pump, partner)
    ids = submit(pump, make_event("email"), make_event(account_number="2"), make_event("email", realm="lane-2"))
    assert pump.drain()
    assert [d.id for d in pump.deliveries()] == [*reversed(ids), refused]
    assert [d.id for d in pump.deliveries(state="dead")] == [refused]
    assert [d.id for d in pump.deliveries(kind="email", realm="default")] == [ids[0]]
    assert [d.id for d in pump.deliveries(account_number="2")] == [ids[1]]
    [newest, next] = pump.deliveries(limit=2)
    assert [d.id for d in pump.deliveries(before=next.number)] == [ids[0], refused]
    assert newest.id == ids[2]
    with pytest.raises(RequestInvalid, match="is not one of accepted"):
        pump.deliveries(state="lost")


# -- restarts ---------------------------------------------------------------------------------------------------------


def test_what_was_accepted_is_delivered_after_a_restart(make_pump: MakePump, partner: Partner) -> None:
    quiet = make_pump(worker=False)
    ids = submit(quiet, *(make_event() for _ in range(5)))
    time.sleep(0.3)
    assert partner.seen == []
    quiet.stop()
    pump = make_pump()
    assert pump.drain()
    assert {state_of(pump, id) for id in ids} == {State.DELIVERED}
    assert set(partner.posted().values()) == {1}


def test_what_waits_goes_on_waiting_after_a_restart(make_pump: MakePump, partner: Partner) -> None:
    pump, id = waiting(make_pump, partner)
    [behind] = submit(pump, make_event())
    pump.stop()
    pump = make_pump(PATIENT)
    time.sleep(0.5)
    assert state_of(pump, id) is State.WAITING
    assert state_of(pump, behind) is State.ACCEPTED
    pump.wake()
    wait_for(lambda: state_of(pump, behind) is State.DELIVERED)
    assert [s.posted for s in partner.seen] == [False, True, True]


def test_a_call_under_way_ends_before_the_pump_stops(make_pump: MakePump, partner: Partner) -> None:
    partner.delay_s = 0.5
    pump = make_pump()
    [id] = submit(pump, make_event())
    wait_for(lambda: state_of(pump, id) is State.SENDING)
    pump.stop()
    pump = make_pump(worker=False)
    assert state_of(pump, id) is State.DELIVERED


def hand(pump: DataPump) -> Worker:
    """What does the work of a pump, for tests that need it slow or dead."""
    return Worker(pump._ledger, pump._billers, pump.router, pump.policy, threading.Event(), lambda: 0.0)


def open_attempt(pump: DataPump, id: str) -> None:
    """Leave the tables as a kill in the middle of an attempt does."""
    ledger, found = pump._ledger, pump.delivery(id).delivery
    with pump._database.begin() as tx:
        assert ledger.begin_attempt(tx, found, operation="X", request="x", idempotent=found.kind != "payment")


@pytest.mark.parametrize(("kind", "ends", "calls"), [("payment", State.UNKNOWN, 0), ("email", State.DELIVERED, 1)])
def test_an_attempt_found_open_is_only_repeated_where_it_may_be(
    make_pump: MakePump, partner: Partner, kind: str, ends: State, calls: int
) -> None:
    quiet = make_pump(worker=False)
    [id] = submit(quiet, make_event(kind))
    open_attempt(quiet, id)
    quiet.stop()
    pump = make_pump()
    wait_for(lambda: state_of(pump, id) is ends)
    assert len(partner.seen) == calls
    assert pump.delivery(id).attempts[0].words == "the pump stopped while the call was under way"


def test_a_late_answer_settles_an_unknown_payment(make_pump: MakePump, partner: Partner) -> None:
    """A worker that was only slow, and was taken for dead, brings its answer in after all."""
    pump = make_pump(worker=False)
    [id] = submit(pump, make_event())
    open_attempt(pump, id)
    opened = pump.delivery(id).delivery
    assert hand(pump).interrupted(opened) is State.UNKNOWN
    hand(pump).settle(opened, Verdict(State.DELIVERED, ""))
    assert state_of(pump, id) is State.DELIVERED
    assert pump.delivery(id).attempts[0].outcome == "delivered"


def test_a_late_answer_does_not_undo_what_a_person_said(make_pump: MakePump, partner: Partner) -> None:
    pump = make_pump(worker=False)
    [id] = submit(pump, make_event())
    open_attempt(pump, id)
    opened = pump.delivery(id).delivery
    hand(pump).interrupted(opened)
    pump.dismiss(id, "posted by hand")
    hand(pump).settle(opened, Verdict(State.DELIVERED, ""))
    assert state_of(pump, id) is State.DISMISSED
    assert pump.delivery(id).attempts[0].outcome == "delivered"


def test_of_two_runs_only_one_makes_the_attempt(make_pump: MakePump) -> None:
    pump = make_pump(worker=False)
    [id] = submit(pump, make_event())
    found = pump.delivery(id).delivery
    open_attempt(pump, id)
    with pump._database.begin() as tx:
        assert not pump._ledger.begin_attempt(tx, found, operation="X", request="x", idempotent=False)


def test_a_run_that_fell_between_two_chairs_is_swept_up(
    make_pump: MakePump, partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error of ours, or of the database, ends a run without an outcome: it is found and tried again."""
    monkeypatch.setattr("client.datapump.delivery.SWEEP_S", 0.1)
    pump = make_pump()
    errors = iter([RuntimeError("boom"), RuntimeError("boom")])
    whole = pump._ledger.by_number

    def by_number(number: int) -> Any:
        for error in errors:
            raise error
        return whole(number)

    monkeypatch.setattr(pump._ledger, "by_number", by_number)
    [id] = submit(pump, make_event())
    wait_for(lambda: state_of(pump, id) is State.DELIVERED)
    assert set(partner.posted().values()) == {1}


def test_there_is_one_working_pump_in_a_process(pump: DataPump, make_pump: MakePump) -> None:
    with pytest.raises(EngineBusy):
        make_pump()
    second = make_pump(worker=False)
    [id] = submit(second, make_event())
    wait_for(lambda: state_of(second, id) is State.DELIVERED)


# -- promises about what is kept --------------------------------------------------------------------------------------


def test_the_engines_tables_hold_no_payload_and_no_secret(pump: DataPump, tmp_path: Path) -> None:
    submit(pump, make_event(payer_name="Willows Laundry"), make_event("email"))
    assert pump.drain()
    with sqlite3.connect(tmp_path / "pump.db") as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        whole = {name: str(connection.execute(f"SELECT * FROM {name}").fetchall()) for name in tables}
    connection.close()
    assert any("10000101" in text for name, text in whole.items() if name.startswith("pump_"))
    for name, text in whole.items():
        assert KEY not in text, name
        if not name.startswith("pump_"):
            assert "10000101" not in text, name
            assert "Willows" not in text, name
            assert "willows@example.com" not in text, name


@pytest.mark.parametrize(
    "query",
    [
        lambda ledger: ledger.due(),
        lambda ledger: ledger.first_in_line(1),
        lambda ledger: ledger.on_its_way("default"),
        lambda ledger: ledger.open_counts(),
        lambda ledger: ledger.by_id("default", "x"),
        lambda ledger: ledger.hasten("default", None),
        lambda ledger: ledger.find({"state": "dead"}, before=None, limit=10),
    ],
)
def test_no_frequent_query_walks_through_all_deliveries(pump: DataPump, query: Callable[[Ledger], object]) -> None:
    """SQLite finds a partial index only where the query repeats its condition word for word."""
    said: list[str] = []

    class Spy(Ledger):
        def _execute(self, tx: sa.Connection, sql: str, **values: Any) -> Any:
            said.extend(row[3] for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values))
            return super()._execute(tx, sql, **values)

    query(Spy(pump._database))
    assert said
    assert not [step for step in said if step.startswith("SCAN") and "USING" not in step], said


def test_a_commit_survives_a_power_failure(pump: DataPump) -> None:
    with pump._database.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://x/y"])
def test_a_database_that_forgets_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="data pump keeps"):
        DataPump(url, lambda realm, guid: Biller(guid, "x", {}))


def test_importing_the_pump_imports_nothing_heavy() -> None:
    code = (
        "import client.datapump, sys; print([m for m in ('dbos', 'sqlalchemy', 'flask', 'httpx') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    code = "import client.datapump as d; d.DataPump; import sys; print('dbos' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_every_public_name_is_there() -> None:
    import client.datapump as package

    assert sorted(package.__all__) == package.__all__
    assert set(package._HOMES) == set(package.__all__)
    for name in package.__all__:
        assert getattr(package, name)
    with pytest.raises(AttributeError):
        getattr(package, "nothing")  # noqa: B009  the lookup is the test


def test_only_the_engine_imports_dbos() -> None:
    import client.datapump

    [folder] = client.datapump.__path__
    users = [
        path.name for path in Path(folder).glob("*.py") if "import dbos" in (t := path.read_text()) or "from dbos" in t
    ]
    assert users == ["engine.py"]
