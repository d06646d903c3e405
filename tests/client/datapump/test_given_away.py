"""A shard that another process has: while it does, this one sends nothing of it, whatever the engine handed out."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from partnerlab.client.datapump import DataPump
from partnerlab.client.datapump.engine import Parked
from partnerlab.client.datapump.engine.durable import DurableEngine
from partnerlab.client.datapump.engine.rounds import SHARDS
from partnerlab.client.datapump.slots import _LOCK_CLASS, BLIP_S, PostgresSlots, slot_name, slots_of
from partnerlab.client.datapump.states import State
from partnerlab.client.settings import Biller
from tests.client.datapump.conftest import QUICK, make_event, state_of, submit, wait_for
from tests.client.datapump.partner import OK, Partner
from tests.client.datapump.test_reconcile import rows_of_the_engine
from tests.postgres import new_database

Billers = Callable[[str, str], Biller]


@contextmanager
def neighbour(pump: DataPump) -> Iterator[str]:
    """The slot of another worker that lives."""
    slots = slots_of(pump._database)
    try:
        yield slot_name(slots.take())
    finally:
        slots.release()


def test_what_was_given_away_is_not_gone_on_with(
    url: str, billers: Billers, partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    As where the connection that holds the lock of this process was lost. Its call ends and is written down; the
    account's next, and the next of its shard, are another's, until that one dies.
    """
    monkeypatch.setattr("partnerlab.client.datapump.upkeep.SWEEP_S", 0.1)
    go_on = threading.Event()
    partner.will = lambda *_: OK if go_on.wait(30) else "late"
    with DataPump(url, billers, QUICK, poll_s=0.02) as pump:
        with neighbour(pump) as slot:
            first, behind = submit(pump, make_event(), make_event())
            wait_for(lambda: state_of(pump, first) is State.SENDING)
            account = pump.delivery(first).delivery.account
            theirs = f"executor_id = '{slot}', owner_xid = 'theirs'"
            rows_of_the_engine(pump, f"UPDATE {{}} SET {theirs} WHERE status = 'PENDING'")
            wait_for(lambda: not pump._engine.holds(account))
            go_on.set()
            wait_for(lambda: state_of(pump, first) is State.DELIVERED)
            time.sleep(0.5)
            assert state_of(pump, behind) is State.ACCEPTED
        wait_for(lambda: state_of(pump, behind) is State.DELIVERED)
    assert [seen.posted for seen in partner.seen] == [True, True]


@pytest.mark.postgres
def test_a_worker_that_lost_its_lock_for_a_moment_keeps_its_shards_and_a_dead_one_does_not(
    postgres_server: str, billers: Billers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its payments under way became unknown at once."""
    monkeypatch.setattr("partnerlab.client.datapump.upkeep.SWEEP_S", 3_600.0)
    monkeypatch.setattr("partnerlab.client.datapump.upkeep.LOST_S", 3_600.0)
    with DataPump(new_database(postgres_server), billers, QUICK, poll_s=0.02) as pump:
        engine, neighbours = pump._engine, slots_of(pump._database)
        assert isinstance(engine, DurableEngine)
        assert isinstance(neighbours, PostgresSlots)
        wait_for(lambda: len(engine.silent()) == SHARDS)
        slot = neighbours.take()
        bell = claim(engine, slot_name(slot))

        def status() -> str:
            with pump._database.connect() as connection:
                return engine._statuses(connection, [bell])[bell]

        for _ in range(2):
            lose_lock(pump, slot)
            engine.take_over()
            assert neighbours.held()
            time.sleep(BLIP_S)
            engine.take_over()
            assert status() == "PENDING"
        neighbours.release()
        engine.take_over()
        assert status() == "PENDING", "it may be back in a moment"
        time.sleep(BLIP_S)
        engine.take_over()
        wait_for(lambda: status() != "PENDING" or bell in engine._active)


@pytest.mark.postgres
def test_the_shards_are_locked_again_with_the_slot(postgres_server: str, billers: Billers) -> None:
    with DataPump(new_database(postgres_server), billers, QUICK).start(worker=False) as pump:
        slots, others = slots_of(pump._database), slots_of(pump._database)
        slot = slots.take()
        others.take()
        with slots.shard(3) as first:
            assert first
            lose_lock(pump, slot)
            assert slots.held()
            with others.shard(3) as second:
                assert not second
        with others.shard(3) as second:
            assert second
        slots.release()
        others.release()


def lose_lock(pump: DataPump, slot: int) -> None:
    """End the connection that holds the lock of a slot."""
    holds = f"locktype = 'advisory' AND classid = {_LOCK_CLASS} AND objid = {slot}"
    with pump._database.begin() as tx:
        sql = f"SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE {holds} AND granted"
        assert tx.exec_driver_sql(sql).scalars().all() == [True]


def test_of_two_bells_of_a_shard_that_two_processes_claimed_the_later_is_put_back(url: str, billers: Billers) -> None:
    """On PostgreSQL the engine may hand both out at one moment: each process sees one of them in the queue."""
    with DataPump(url, billers, QUICK, poll_s=0.02) as pump, neighbour(pump) as slot:
        engine = pump._engine
        assert isinstance(engine, DurableEngine)
        wait_for(lambda: len(engine.silent()) == SHARDS)
        claim(engine, slot)
        ours = claim(engine, slot_name(engine._slot))
        with pytest.raises(Parked):
            engine.answer(ours, 3)
        with pump._database.connect() as connection:
            assert engine._statuses(connection, [ours]) == {ours: "ENQUEUED"}


def claim(engine: DurableEngine, slot: str) -> str:
    """A bell of shard 3 that a process has taken from the queue."""
    with engine._database.begin() as tx:
        engine.ring(tx, [3])
        sql = (
            f"UPDATE {engine._table()} SET status = 'PENDING', executor_id = :slot, owner_xid = :slot"
            " WHERE status IN ('ENQUEUED', 'DELAYED') RETURNING workflow_uuid"
        )
        return str(tx.execute(sa.text(sql), {"slot": slot}).scalar_one())


def test_what_an_earlier_release_queues_beside_this_one_is_no_bell(
    url: str, billers: Billers, partner: Partner
) -> None:
    """It queued each event under its account's number, which is a shard's here, and nobody takes that up."""
    with DataPump(url, billers, QUICK, poll_s=0.02) as pump:
        client = pump._engine._client  # type: ignore[attr-defined]
        former = {"workflow_name": "deliver", "queue_name": "deliveries", "app_version": "1"}
        with pump._database.begin() as tx:
            for shard in range(SHARDS):
                own = {"workflow_id": f"former-{shard}", "queue_partition_key": str(shard)}
                client.enqueue_in_transaction(tx, {**former, **own}, 1, 1)
        [id] = submit(pump, make_event())
        wait_for(lambda: state_of(pump, id) is State.DELIVERED)
