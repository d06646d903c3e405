"""What the pump holds for a lane goes with the lane: nothing of an old world reaches a new one, and a copy is whole."""

from __future__ import annotations

import json
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from partnerlab.client.datapump import DataPump, RetryPolicy, upkeep
from partnerlab.client.datapump.gate import LaneClosed
from partnerlab.client.datapump.lanes import TABLES
from partnerlab.client.datapump.states import State
from partnerlab.client.datapump.store import Begin, DeliveryStore
from partnerlab.client.errors import RequestInvalid
from partnerlab.client.settings import Biller
from tests.client.datapump.conftest import PATIENT, QUICK, make_event, state_of, submit, wait_for
from tests.client.datapump.partner import OK, THROTTLE, Partner

Billers = Callable[[str, str], Biller]


def held(url: str, billers: Billers, partner: Partner, policy: RetryPolicy = PATIENT) -> DataPump:
    """A pump whose partner throttles the first call of each account, so that what comes waits for ten minutes."""
    throttled: set[str] = set()

    def will(operation: str, fields: dict[str, str]) -> str:
        account = fields["AccountNumber"]
        first = account not in throttled
        throttled.add(account)
        return THROTTLE if first else OK

    partner.will = will
    return DataPump(url, billers, policy, poll_s=0.02)


def test_a_reset_lane_is_not_paid_by_its_old_world(url: str, billers: Billers, partner: Partner) -> None:
    with held(url, billers, partner) as pump:
        waiting, behind = submit(pump, make_event(lane="a"), make_event(lane="a"))
        [other] = submit(pump, make_event(lane="b", account_number="2"))
        wait_for(lambda: {state_of(pump, id) for id in (waiting, other)} == {State.WAITING})
        with pump.lane_paused("a") as quiet:
            assert quiet
            pump.drop_lane("a")
        assert pump.deliveries(lane="a") == []
        assert pump.counts() == {State.WAITING: 1}
        pump.wake()
        wait_for(lambda: state_of(pump, other) is State.DELIVERED)
        assert sum(partner.posted().values()) == 1
        # The lane is clean: the same id is a new event of a new account line, and is delivered.
        again = make_event(lane="a", id=behind.partition(":")[2])
        assert pump.submit(again).status == "accepted"
        wait_for(lambda: state_of(pump, behind) is State.DELIVERED)


def test_a_copy_is_of_one_moment_also_where_the_lane_goes_on(
    url: str, billers: Billers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An event comes, and an attempt of it begins, between what is read of the deliveries and of their attempts."""
    read_each = DeliveryStore.each

    def and_then(self: DeliveryStore, cursor: Any, sql: str, **values: Any) -> Iterator[Any]:
        yield from read_each(self, cursor, sql, **values)
        if "FROM pump_deliveries WHERE lane = :lane ORDER BY" in sql:
            late = pump.delivery(pump.submit(make_event(lane="a", account_number="2")).id).delivery
            assert pump._writing.begin(Begin(late, "X", "x", idempotent=False))

    with DataPump(url, billers).start(worker=False) as pump:
        early = make_event(lane="a")
        pump.submit(early)
        monkeypatch.setattr(DeliveryStore, "each", and_then)
        pump.fork_lane("a", "copy")
        monkeypatch.setattr(DeliveryStore, "each", read_each)
        assert [(each.event_id, each.state) for each in pump.deliveries(lane="copy")] == [(early["id"], State.ACCEPTED)]
        assert len(pump.deliveries(lane="a")) == 2


def test_a_fork_delivers_what_waited(url: str, billers: Billers, partner: Partner) -> None:
    with held(url, billers, partner) as pump:
        first, second = make_event(lane="a"), make_event(lane="a")
        ids = submit(pump, first, second)
        wait_for(lambda: state_of(pump, ids[0]) is State.WAITING)
        # The lane's own event is throttled too, in case it is sent before the fork wipes it out.
        pump.submit(make_event(lane="copy", account_number="2"))
        pump.fork_lane("a", "copy")
        copies = [f"copy:{event['id']}" for event in (first, second)]
        assert {d.id for d in pump.deliveries(lane="copy")} == set(copies)
        assert pump.delivery(copies[0]).attempts[0].outcome == "failed"
        pump.wake("copy")
        wait_for(lambda: {state_of(pump, id) for id in copies} == {State.DELIVERED})
        assert state_of(pump, ids[0]) is State.WAITING
        assert json.loads(pump.delivery(copies[0]).delivery.event)["lane"] == "copy"
        pump.wake("a")
        wait_for(lambda: {state_of(pump, id) for id in ids} == {State.DELIVERED})
        assert sorted(partner.posted().values()) == [2, 2], "once in each world"


def test_an_export_loaded_elsewhere_is_the_same(url: str, billers: Billers, partner: Partner) -> None:
    with held(url, billers, partner) as pump:
        [id] = submit(pump, make_event(lane="a"))
        wait_for(lambda: state_of(pump, id) is State.WAITING)
        pump.dismiss(id, "not today")
        exported = pump.export_lane("a")
        assert sorted(exported) == sorted(TABLES)
        pump.load_lane("b", json.loads(json.dumps(exported)))
        there = pump.delivery(id.replace("a:", "b:", 1))
        assert (there.delivery.state, there.notes[0].reason) == (State.DISMISSED, "not today")
        assert len(there.attempts) == 1


def test_few_rows_of_an_export_are_held_at_a_time(url: str, billers: Billers) -> None:
    """All of them were: 1.9 GB for a million deliveries."""
    with DataPump(url, billers).start(worker=False) as pump:
        submit(pump, make_event())
        columns = (
            "kind, biller_guid, account_number, account, event, state, run, attempts, tries, accepted_at, updated_at"
        )
        with pump._database.begin() as tx:
            tx.exec_driver_sql(
                "WITH RECURSIVE counting (n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM counting WHERE n < 10000)"
                f" INSERT INTO pump_deliveries (lane, event_id, seq, message, {columns})"
                f" SELECT lane, 'e' || n, n, 'x{'x' * 2_000}' || n, {columns} FROM pump_deliveries, counting"
            )
        tracemalloc.start()
        try:
            with pump.exporting_lane("default") as tables:
                counts = {name: sum(1 for _ in rows) for name, rows in tables}
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert counts == {**dict.fromkeys(TABLES, 0), "pump_accounts": 1, "pump_deliveries": 10_000}
    assert peak < 10_000_000


def test_lanes_in_which_something_waits_are_told_by_name(url: str, billers: Billers, partner: Partner) -> None:
    with held(url, billers, partner) as pump:
        lanes = ("c", "a", "b")
        ids = submit(pump, *(make_event(lane=lane, account_number=lane) for lane in (*lanes, "a")))
        wait_for(lambda: {state_of(pump, id) for id in ids[:3]} == {State.WAITING})
        assert pump._store.waiting_lanes() == ["a", "b", "c"]


def test_what_was_on_its_way_in_an_export_goes_on_at_once_where_it_is_loaded(
    url: str, billers: Billers, partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No sweep has to find it."""
    monkeypatch.setattr(upkeep, "SWEEP_S", 3_600.0)
    monkeypatch.setattr(upkeep, "LOST_S", 3_600.0)
    with held(url, billers, partner) as pump:
        events = [make_event(lane="a"), make_event(lane="a", account_number="2")]
        ids = submit(pump, *events)
        wait_for(lambda: {state_of(pump, id) for id in ids} == {State.WAITING})
        exported = pump.export_lane("a")
        for row in exported["pump_deliveries"]:
            row.update(state="accepted", retry_at=None)
        for name in ("b", "c"):
            pump.load_lane(name, exported)
        wait_for(lambda: pump.counts() == {State.WAITING: 2, State.DELIVERED: 4})


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"pump_deliveries": {"state": "gone"}}, r"pump_deliveries\[0\]\.state"),
        ({"pump_deliveries": {"event": "{"}}, r"pump_deliveries\[0\]\.event"),
        ({"pump_deliveries": {"account": 77}}, r"pump_deliveries\[0\]\.account"),
        ({"pump_deliveries": {"run": "1"}}, r"pump_deliveries\[0\]\.run"),
        ({"pump_deliveries": {"run": 2**63}}, r"pump_deliveries\[0\]\.run"),
        ({"pump_deliveries": {"message": "\x00"}}, r"pump_deliveries\[0\]\.message"),
        ({"pump_attempts": {"delivery": 77}}, r"pump_attempts\[0\]\.delivery"),
        ({"pump_x": {}}, "pump_x"),
    ],
)
def test_what_is_no_export_changes_nothing(
    url: str, billers: Billers, partner: Partner, change: dict[str, Any], place: str
) -> None:
    with held(url, billers, partner) as pump:
        [id] = submit(pump, make_event())
        wait_for(lambda: state_of(pump, id) is State.WAITING)
        rows: dict[str, Any] = pump.export_lane("default")
        for table, values in change.items():
            rows[table] = [{**row, **values} for row in rows.get(table, [])]
        with pytest.raises(RequestInvalid, match=place):
            pump.load_lane("default", rows)
        assert state_of(pump, id) is State.WAITING


def test_a_paused_lane_waits_for_its_calls_and_takes_nothing_in(url: str, billers: Billers, partner: Partner) -> None:
    entered, go_on = threading.Event(), threading.Event()

    def will(operation: str, fields: dict[str, str]) -> str:
        entered.set()
        go_on.wait(60)
        return OK

    partner.will = will
    with DataPump(url, billers, QUICK, poll_s=0.02) as pump:
        [id] = submit(pump, make_event(lane="a"))
        assert entered.wait(60)
        threading.Timer(0.3, go_on.set).start()
        with pump.lane_paused("a") as quiet:
            assert quiet
            assert state_of(pump, id) is State.DELIVERED
            with pytest.raises(LaneClosed):
                pump.submit(make_event(lane="a"))
            assert pump.submit(make_event(lane="b")).status == "accepted"
        assert pump.submit(make_event(lane="a")).status == "accepted"
        assert pump.drain()


def test_what_waits_while_its_lane_is_paused_goes_on_after(url: str, billers: Billers, partner: Partner) -> None:
    with held(url, billers, partner) as pump:
        [id] = submit(pump, make_event(lane="a"))
        wait_for(lambda: state_of(pump, id) is State.WAITING)
        with pump.lane_paused("a"):
            pump.wake("a")
            wait_for(lambda: state_of(pump, id) is State.ACCEPTED)
            threading.Event().wait(0.3)
            assert len(partner.seen) == 1
        wait_for(lambda: state_of(pump, id) is State.DELIVERED)


def test_what_belongs_to_a_lane_can_be_dropped_before_the_pump_is_started(
    url: str, billers: Billers, partner: Partner
) -> None:
    with held(url, billers, partner) as pump:
        [id] = submit(pump, make_event(lane="a"))
        wait_for(lambda: state_of(pump, id) is State.WAITING)
    later = DataPump(url, billers, QUICK, poll_s=0.02)
    later.fork_lane("a", "b")
    later.drop_lane("a")
    with later:
        later.wake()
        wait_for(lambda: later.counts() == {State.DELIVERED: 1})
        assert later.deliveries()[0].lane == "b"


def test_an_event_that_is_gone_since_it_was_read_is_not_taken(url: str, billers: Billers, partner: Partner) -> None:
    """Its lane was reset between the reading and the handing in."""
    with DataPump(url, billers, QUICK, poll_s=0.02) as pump:
        gone, there = make_event(), make_event()
        with pytest.raises(LaneClosed):
            pump.submit(gone, still=lambda: False)
        assert pump.counts() == {}
        pump.submit(there, still=lambda: True)
        wait_for(lambda: state_of(pump, there["id"]) is State.DELIVERED)
