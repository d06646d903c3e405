"""What is asked before a bell is rung, and what an event that came unasked is seen by."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable

import pytest

from partnerlab.client.datapump import DataPump
from partnerlab.client.datapump.engine import bells, rounds
from partnerlab.client.datapump.engine.durable import DurableEngine
from partnerlab.client.datapump.states import State
from partnerlab.client.settings import Biller
from tests.client.datapump.conftest import QUICK, make_event, submit, wait_for
from tests.client.datapump.partner import Partner

Billers = Callable[[str, str], Biller]


def test_a_bell_that_was_just_seen_in_the_queue_is_not_looked_for_again(
    url: str, billers: Billers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bells, "SEEN_S", 3_600.0)
    with DataPump(url, billers, QUICK).start(worker=False) as pump:
        engine, asked = pump._engine, itertools.count()
        assert isinstance(engine, DurableEngine)
        looked = engine._bells
        monkeypatch.setattr(engine, "_bells", lambda tx: (next(asked), looked(tx))[1])

        def ring() -> int:
            before = next(asked)
            with pump._database.begin() as tx:
                engine.ring(tx, [3, 3 + rounds.SHARDS])
            return next(asked) - before - 1

        assert [ring(), ring(), ring(), ring()] == [1, 1, 0, 0], "the second one sees what the first one queued"
        with pump._database.begin() as tx:
            tx.exec_driver_sql(f"DELETE FROM {engine._table()}")
        assert 3 in engine.silent()
        assert [ring(), ring(), ring()] == [1, 1, 0], "one that is gone is rung for again"


def test_what_was_queued_and_rolled_back_was_not_seen(
    url: str, billers: Billers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bells, "SEEN_S", 3_600.0)
    with DataPump(url, billers, QUICK).start(worker=False) as pump:
        engine = pump._engine
        assert isinstance(engine, DurableEngine)
        with pump._database.connect() as tx:
            engine.ring(tx, [3])
            tx.rollback()
        with pump._database.begin() as tx:
            engine.ring(tx, [3])
        assert 3 not in engine.silent()


def test_a_round_lingers_far_longer_than_a_bell_counts_as_seen() -> None:
    assert rounds.LINGER_S >= 10 * bells.SEEN_S


def test_events_that_come_as_rounds_end_are_all_seen(
    url: str, billers: Billers, partner: Partner, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """At every moment of a round's last second, and just after it; none is found only because it was lost."""
    monkeypatch.setattr(rounds, "LINGER_S", 0.2)
    monkeypatch.setattr(bells, "SEEN_S", 0.02)
    with DataPump(url, billers, QUICK, poll_s=0.02) as pump:
        for pause in range(24):
            submit(pump, make_event(account_number="a"), make_event(account_number="b"))
            time.sleep(0.1 + pause * 0.01)
        wait_for(lambda: pump.counts() == {State.DELIVERED: 48})
    assert set(partner.posted().values()) == {1}
    assert [record.getMessage() for record in caplog.records if "queued anew" in record.getMessage()] == []
