"""From event to partner, on a real database and a real socket: once, and in order."""

from __future__ import annotations

import time
from collections.abc import Callable

from partnerlab.client.datapump import DataPump, Receipt
from partnerlab.client.datapump.engine.bells import SEEN_S
from partnerlab.client.datapump.engine.rounds import SHARDS, shard_of
from partnerlab.client.datapump.routes import Router
from partnerlab.client.datapump.states import State
from partnerlab.client.settings import Biller
from tests.client.datapump.conftest import PATIENT, QUICK, MakePump, make_event, state_of, submit, wait_for
from tests.client.datapump.partner import OK, THROTTLE, Partner


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


def test_a_pump_that_delivers_is_ready_for_its_first_call(make_pump: MakePump) -> None:
    router = Router()
    assert router._transport is None
    make_pump(router=router)
    assert router._transport is not None


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


def test_many_events_are_one_bell_a_shard_and_one_more_once_it_is_answered(
    url: str, billers: Callable[[str, str], Biller]
) -> None:
    with DataPump(url, billers, QUICK).start(worker=False) as pump:
        table = "workflow_status" if pump._database.dialect.name == "sqlite" else "dbos.workflow_status"

        def bells() -> list[str]:
            with pump._database.connect() as connection:
                sql = f"SELECT queue_partition_key FROM {table} ORDER BY queue_partition_key"
                return [key for (key,) in connection.exec_driver_sql(sql)]

        submit(pump, *(make_event(account_number=f"a{n % 2}") for n in range(6)))
        shards = sorted(str(shard_of(account)) for account in pump._store.ready_accounts())
        assert bells() == shards
        assert len(shards) == 2
        with pump._database.begin() as tx:
            tx.exec_driver_sql(f"UPDATE {table} SET status = 'PENDING'")
        time.sleep(SEEN_S)  # until then its round sees in any case what is accepted
        submit(pump, *(make_event(account_number="a0") for n in range(3)))
        assert len(bells()) == 3


def test_only_a_worker_says_how_the_queue_is_looked_at(make_pump: MakePump) -> None:
    worker = make_pump(poll_s=0.07)
    make_pump(worker=False, poll_s=0.9)
    with worker._database.connect() as connection:
        row = connection.exec_driver_sql("SELECT worker_concurrency, polling_interval_sec FROM queues").one()
    assert tuple(row) == (SHARDS, 0.07)


def test_a_busy_account_does_not_wait_for_the_queue_to_be_looked_at(make_pump: MakePump, partner: Partner) -> None:
    """One event a look would take two minutes."""
    pump = make_pump(poll_s=3.0)
    events = [make_event() for _ in range(40)]
    submit(pump, *events)
    assert pump.drain(timeout_s=90)
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


def test_lanes_and_billers_have_their_own_accounts(pump: DataPump) -> None:
    event = make_event()
    assert pump.submit(event).status == "accepted"
    assert pump.submit({**event, "lane": "lane-2"}).status == "accepted"
    assert pump.submit(event).status == "duplicate"
    assert pump.drain()
    assert pump.counts("lane-2") == {State.DELIVERED: 1}
    assert pump.counts() == {State.DELIVERED: 2}
