"""The pump's own tables are the truth: what the engine lost or hands out too early neither strands nor overtakes."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator

import pytest
import sqlalchemy as sa

from partnerlab.client.datapump import DataPump
from partnerlab.client.datapump.engine.durable import DurableEngine
from partnerlab.client.datapump.engine.installed import EngineChanged
from partnerlab.client.datapump.engine.rounds import SHARDS, shard_of
from partnerlab.client.datapump.states import State
from partnerlab.client.datapump.store import Begin
from partnerlab.client.settings import Biller
from tests.client.datapump.conftest import PATIENT, QUICK, make_event, state_of, submit, wait_for, worker_of
from tests.client.datapump.partner import DROP, OK, THROTTLE, Partner
from tests.client.datapump.test_lanes import held
from tests.postgres import new_database

Billers = Callable[[str, str], Biller]


def rows_of_the_engine(pump: DataPump, sql: str) -> None:
    """Do something to the engine's rows behind its back: `{}` stands for their table."""
    with pump._database.begin() as tx:
        tx.exec_driver_sql(sql.format(table_of(pump)))


def table_of(pump: DataPump) -> str:
    return "workflow_status" if pump._database.dialect.name == "sqlite" else "dbos.workflow_status"


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("partnerlab.client.datapump.upkeep.SWEEP_S", 0.1)
    monkeypatch.setattr("partnerlab.client.datapump.upkeep.QUEUED_MS", 100)


@pytest.mark.parametrize(
    "harm", ["DELETE FROM {}", "UPDATE {} SET status = 'SUCCESS'", "UPDATE {} SET status = 'ERROR'"]
)
@pytest.mark.parametrize("later", [2, 3], ids=["another one comes", "nothing comes"])
def test_what_the_engine_lost_is_delivered_and_not_overtaken(
    url: str, billers: Billers, partner: Partner, harm: str, later: int
) -> None:
    events = [make_event() for _ in range(3)]
    with DataPump(url, billers, QUICK).start(worker=False) as quiet:
        submit(quiet, *events[:later])
        rows_of_the_engine(quiet, harm)
        submit(quiet, *events[later:])
    with DataPump(url, billers, QUICK, poll_s=0.02) as pump:
        wait_for(lambda: pump.counts() == {State.DELIVERED: 3})
    assert [s.fields["PaymentReference"] for s in partner.seen] == [e["payment"]["reference"] for e in events]


def test_what_has_no_bell_is_found_within_a_second_or_so(
    url: str, billers: Billers, partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where an event is committed after the round that was to see it. It need not wait for the next take-over."""
    monkeypatch.setattr("partnerlab.client.datapump.upkeep.SWEEP_S", 3_600.0)
    with DataPump(url, billers, QUICK, poll_s=0.02) as pump:
        time.sleep(0.3)  # the first look is over
        with monkeypatch.context() as losing:
            losing.setattr(pump._writing, "_ring", lambda *_: None)
            [id] = submit(pump, make_event())
        wait_for(lambda: state_of(pump, id) is State.DELIVERED)


def test_what_gets_its_bell_between_two_looks_is_not_lost(
    url: str, billers: Billers, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A bell and its event are committed after the look for bells, and before that for events."""
    monkeypatch.setattr("partnerlab.client.datapump.upkeep.QUEUED_MS", -1_000)
    with DataPump(url, billers, QUICK).start(worker=False) as quiet:
        engine = quiet._engine
        assert isinstance(engine, DurableEngine)
        [id] = submit(quiet, make_event())
        looks = iter([[*range(SHARDS)]])
        silent = engine.silent
        monkeypatch.setattr(engine, "silent", lambda: next(looks, None) or silent())
        engine.upkeep(quiet._store)._ring_for_lost()
        assert quiet.delivery(id).delivery.run == 1
        assert not caplog.records
        rows_of_the_engine(quiet, "DELETE FROM {}")
        engine.upkeep(quiet._store)._ring_for_lost()
        assert quiet.delivery(id).delivery.run == 2


def test_answered_bells_are_deleted_after_a_while_and_nothing_else(
    url: str, billers: Billers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rows(pump: DataPump) -> list[tuple[str, str]]:
        with pump._database.connect() as connection:
            return sorted(map(tuple, connection.exec_driver_sql(f"SELECT name, status FROM {table_of(pump)}")))

    with DataPump(url, billers, QUICK, poll_s=0.02) as pump:
        submit(pump, *(make_event(account_number=str(n)) for n in range(3)))
        wait_for(lambda: pump.counts() == {State.DELIVERED: 3})
        wait_for(lambda: [status for _, status in rows(pump)] == ["SUCCESS"] * 3)
        rows_of_the_engine(
            pump,
            "UPDATE {0} SET name = 'a job of theirs' WHERE workflow_uuid = (SELECT min(workflow_uuid) FROM {0})",
        )
        monkeypatch.setattr("partnerlab.client.datapump.upkeep.FORGET_S", 0.0)
        time.sleep(0.5)
        assert len(rows(pump)) == 3, "they were answered just now"
        monkeypatch.setattr("partnerlab.client.datapump.upkeep.ANSWERED_MS", 0)
        wait_for(lambda: rows(pump) == [("a job of theirs", "SUCCESS")])


@pytest.mark.parametrize(
    "harm",
    ["DELETE FROM {}", "UPDATE {} SET status = 'SUCCESS'", "UPDATE {} SET status = 'CANCELLED', queue_name = NULL"],
)
def test_what_the_engine_loses_beside_a_running_worker_is_delivered_in_order(
    url: str, billers: Billers, partner: Partner, harm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its bells are harmed as they are rung: when the events come, and when the one that waits falls due."""
    wills = iter([THROTTLE])
    partner.will = lambda operation, fields: next(wills, OK)
    with DataPump(url, billers, PATIENT, poll_s=0.02) as pump:
        engine = pump._engine
        assert isinstance(engine, DurableEngine)
        ring = engine.ring
        losing: Iterator[int] = iter(())

        def ring_and_lose(tx: sa.Connection, accounts: Iterable[int]) -> None:
            ring(tx, accounts)
            if next(losing, None) is not None:
                tx.exec_driver_sql(harm.format(table_of(pump)))

        monkeypatch.setattr(engine, "ring", ring_and_lose)
        losing = iter(range(3))
        events = [make_event() for _ in range(3)]
        first, *_ = submit(pump, *events)
        wait_for(lambda: pump.counts() == {State.WAITING: 1, State.ACCEPTED: 2})
        account = pump.delivery(first).delivery.account
        wait_for(lambda: shard_of(account) in engine.silent())
        losing = iter(range(1))
        pump.wake()
        wait_for(lambda: pump.counts() == {State.DELIVERED: 3})
        assert next(losing, None) is None, "no bell was lost"
    told = [s.fields["PaymentReference"] for s in partner.seen]
    assert told == [events[at]["payment"]["reference"] for at in (0, 0, 1, 2)]
    assert set(partner.posted().values()) == {1}


def test_a_shard_is_silent_that_has_no_bell(url: str, billers: Billers, partner: Partner) -> None:
    """Neither one that is queued nor one that is being answered."""
    go_on = threading.Event()

    def hold(*_: object) -> str:
        go_on.wait(30)
        return OK

    partner.will = hold
    with DataPump(url, billers, PATIENT, poll_s=0.02) as pump:
        engine = pump._engine
        assert isinstance(engine, DurableEngine)
        ids = submit(pump, make_event(), make_event())
        wait_for(lambda: [state_of(pump, id) for id in ids] == [State.SENDING, State.ACCEPTED])
        account = pump.delivery(ids[0]).delivery.account
        assert engine.silent() == sorted({*range(SHARDS)} - {shard_of(account)})
        go_on.set()
        wait_for(lambda: pump.counts() == {State.DELIVERED: 2})
        wait_for(lambda: len(engine.silent()) == SHARDS)
    assert len(partner.seen) == 2


@pytest.mark.parametrize("harm", ["DELETE FROM {}", "UPDATE {} SET status = 'CANCELLED', queue_name = NULL"])
def test_what_waits_goes_on_though_the_engine_lost_it(url: str, billers: Billers, partner: Partner, harm: str) -> None:
    with held(url, billers, partner) as pump:
        [id] = submit(pump, make_event())
        wait_for(lambda: state_of(pump, id) is State.WAITING)
        rows_of_the_engine(pump, harm)
        pump.wake()
        wait_for(lambda: state_of(pump, id) is State.DELIVERED)


def test_one_lost_run_does_not_strand_those_that_fell_due_with_it(url: str, billers: Billers, partner: Partner) -> None:
    with held(url, billers, partner) as pump:
        ids = submit(pump, *(make_event(account_number=str(n)) for n in range(3)))
        wait_for(lambda: pump.counts() == {State.WAITING: 3})
        shard = shard_of(pump.delivery(ids[1]).delivery.account)
        rows_of_the_engine(pump, f"DELETE FROM {{}} WHERE queue_partition_key = '{shard}'")
        pump.wake()
        wait_for(lambda: pump.counts() == {State.DELIVERED: 3})


def test_a_run_handed_out_before_its_turn_is_put_back(url: str, billers: Billers, partner: Partner) -> None:
    """Whatever the engine believes of the line: the pump's own tables say who is first."""
    with DataPump(url, billers, QUICK).start(worker=False) as pump:
        first, second = submit(pump, make_event(), make_event())
        ahead = pump.delivery(second).delivery
        assert worker_of(pump).deliver(ahead).state is State.WAITING
        with pump._database.begin() as tx:
            assert not pump._store.begin_attempts(tx, [Begin(ahead, "X", "x", idempotent=False)])
        assert partner.seen == []
        assert {state_of(pump, first), state_of(pump, second)} == {State.ACCEPTED}


def test_an_open_attempt_that_the_engine_lost_becomes_unknown(
    url: str, billers: Billers, partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("partnerlab.client.datapump.upkeep.SENDING_MS", 100)
    with DataPump(url, billers, QUICK).start(worker=False) as quiet:
        [id] = submit(quiet, make_event())
        with quiet._database.begin() as tx:
            found = quiet.delivery(id).delivery
            assert quiet._store.begin_attempts(tx, [Begin(found, "X", "x", idempotent=False)])
        rows_of_the_engine(quiet, "DELETE FROM {}")
    with DataPump(url, billers, QUICK, poll_s=0.02) as pump:
        wait_for(lambda: state_of(pump, id) is State.UNKNOWN)
    assert partner.seen == []


# -- a person's verbs for what is on its way ------------------------------------------------------------------------


def test_what_is_accepted_can_be_given_up_or_queued_anew(url: str, billers: Billers, partner: Partner) -> None:
    with DataPump(url, billers, QUICK).start(worker=False) as quiet:
        given_up, anew = submit(quiet, make_event(), make_event())
        quiet.dismiss(given_up, "paid at the counter")
        rows_of_the_engine(quiet, "DELETE FROM {}")
        quiet.replay(anew, "the engine lost it")
        assert quiet.delivery(anew).delivery.run == 2
    with DataPump(url, billers, QUICK, poll_s=0.02) as pump:
        wait_for(lambda: state_of(pump, anew) is State.DELIVERED)
        assert state_of(pump, given_up) is State.DISMISSED
    assert sum(partner.posted().values()) == 1


def test_an_open_attempt_can_be_declared_lost_and_its_late_answer_still_counts(
    url: str, billers: Billers, partner: Partner
) -> None:
    answers = threading.Event()
    partner.will = lambda operation, fields: OK if answers.wait(60) else DROP
    with DataPump(url, billers, QUICK, poll_s=0.02) as pump:
        [id] = submit(pump, make_event())
        wait_for(lambda: state_of(pump, id) is State.SENDING)
        pump.abandon(id, "that machine is gone")
        assert state_of(pump, id) is State.UNKNOWN
        answers.set()
        wait_for(lambda: state_of(pump, id) is State.DELIVERED)
        assert [note.verb for note in pump.delivery(id).notes] == ["abandon"]
    assert len(partner.seen) == 1


# -- what the pump relies on ------------------------------------------------------------------------------------------


def test_an_engine_whose_table_changed_is_refused_with_words(
    url: str, billers: Billers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("partnerlab.client.datapump.engine.installed.COLUMNS", {"status", "of_the_future"})
    with pytest.raises(EngineChanged, match=re.escape("workflow_status has no of_the_future")):
        DataPump(url, billers).start()


@pytest.mark.postgres
def test_an_engine_without_its_table_is_refused_with_words(postgres_server: str, billers: Billers) -> None:
    """As its other tables say that it was made, nobody makes it again; it was a stack of calls."""
    url = new_database(postgres_server)
    with DataPump(url, billers) as pump:
        pass
    rows_of_the_engine(pump, "DROP TABLE {} CASCADE")
    pump._database.dispose()
    with pytest.raises(EngineChanged, match="lacks its table workflow_status"):
        DataPump(url, billers).start()


def test_an_engine_that_ends_what_is_parked_is_refused_with_words(
    url: str, billers: Billers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DurableEngine, "_statuses", lambda self, connection, ids: dict.fromkeys(ids, "ERROR"))
    with pytest.raises(EngineChanged, match="parked stands as"):
        DataPump(url, billers).start()
    monkeypatch.undo()
    with DataPump(url, billers, QUICK, poll_s=0.02) as pump:
        assert pump.submit(make_event()).status == "accepted"
        assert pump.drain()


def test_the_probe_leaves_nothing_behind(url: str, billers: Billers) -> None:
    with DataPump(url, billers, PATIENT) as pump:
        assert pump._engine._client.list_workflows() == []  # type: ignore[attr-defined]
