"""No two processes have calls of one eighth of the accounts under way, whatever becomes of the engine's rows."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from partnerlab.client.datapump import DataPump
from partnerlab.client.datapump.engine.rounds import SHARDS
from partnerlab.client.datapump.slots import slots_of
from partnerlab.client.datapump.states import State
from partnerlab.client.settings import Biller
from partnerlab.replicas import free_port
from tests.client.datapump.conftest import QUICK, make_event, submit, wait_for
from tests.client.datapump.partner import OK, Partner

WORKER = Path(__file__).resolve().parents[2] / "durability" / "worker.py"

Billers = Callable[[str, str], Biller]


def test_a_bell_that_is_deleted_during_a_call_makes_no_second_one(url: str, billers: Billers, partner: Partner) -> None:
    """An e-mail went out again from the other process, which took the first one's call for a dead process's."""
    go_on, asked = threading.Event(), []

    def hold(operation: str, fields: dict[str, str]) -> str:
        asked.append(operation)
        if operation == "SetEmail":
            go_on.wait(60)
        return OK

    partner.will = hold
    with DataPump(url, billers, QUICK).start(worker=False) as quiet:
        [held] = submit(quiet, make_event("email"))
        shard = quiet.delivery(held).delivery.account % SHARDS
    other = subprocess.Popen([sys.executable, str(WORKER), url, partner.url, str(free_port())])
    try:
        wait_for(lambda: asked == ["SetEmail"])
        with DataPump(url, billers, QUICK, poll_s=0.02) as pump:
            with pump._database.begin() as tx:
                tx.exec_driver_sql(f"DELETE FROM {pump._engine._table()}")  # type: ignore[attr-defined]
            # Who hands an event in takes its bell, mostly.
            ids = submit(pump, *(make_event(account_number=f"a{n}") for n in range(2 * SHARDS)))
            beside = [id for id in ids if pump.delivery(id).delivery.account % SHARDS == shard]
            assert beside
            wait_for(lambda: pump.counts().get(State.DELIVERED) == len(ids) - len(beside))
            time.sleep(1.5)
            assert asked.count("SetEmail") == 1
            assert pump.counts()[State.SENDING] == 1
            go_on.set()
            wait_for(lambda: pump.counts() == {State.DELIVERED: len(ids) + 1})
            assert len(pump.delivery(held).attempts) == 1
    finally:
        go_on.set()
        other.kill()
        other.wait()
    assert asked.count("SetEmail") == 1


def test_a_shard_is_one_processes_until_it_lets_go(url: str, billers: Billers) -> None:
    with DataPump(url, billers, QUICK).start(worker=False) as pump:
        ours, theirs = slots_of(pump._database), slots_of(pump._database)
        ours.take()
        theirs.take()
        try:
            with ours.shard(3) as locked, theirs.shard(3) as too, theirs.shard(4) as another:
                assert (locked, too, another) == (True, False, True)
            with theirs.shard(3) as locked:
                assert locked
        finally:
            ours.release()
            theirs.release()


@pytest.mark.postgres
def test_who_lost_the_connection_of_its_slot_locks_no_shard(postgres_server: str) -> None:
    from sqlalchemy import make_url

    from partnerlab.client.datapump.slots import PostgresSlots

    slots = PostgresSlots(make_url(postgres_server).set(drivername="postgresql+psycopg"))
    with slots.shard(1) as locked:
        assert not locked, "it has no slot"
    slots.take()
    try:
        assert slots._mine is not None
        slots._mine.connection.dbapi_connection.close()  # type: ignore[union-attr]
        with slots.shard(1) as locked:
            assert not locked
        assert slots.held()
        with slots.shard(1) as locked:
            assert locked
    finally:
        slots.release()
