"""What the worker does with a run, on the in-process engine: nothing here waits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from partnerlab.client.datapump import DataPump
from partnerlab.client.datapump.engine.in_process import InProcessEngine
from partnerlab.client.datapump.states import State
from partnerlab.client.datapump.worker import OWN_RETRY_LONGEST_S, OWN_RETRY_S
from partnerlab.client.settings import Biller
from tests.client.datapump.conftest import make_event, worker_of

NOON_MS = 1_781_000_000_000


@pytest.fixture
def pump(monkeypatch: pytest.MonkeyPatch) -> Iterator[DataPump]:
    """One whose biller directory is away, at noon."""

    def nobody(lane: str, guid: str) -> Biller:
        raise ConnectionError("the directory is away")

    for module in ("queries", "store", "worker"):
        monkeypatch.setattr(f"partnerlab.client.datapump.{module}.now_ms", lambda: NOON_MS, raising=False)
    with DataPump("sqlite://", nobody, engine=InProcessEngine).start(worker=False) as pump:
        yield pump


@pytest.mark.parametrize(("dice", "longest"), [(0.0, 1.0), (1.0, 0.5)])
def test_after_a_failure_of_our_own_it_is_tried_again_in_seconds_that_double(
    pump: DataPump, dice: float, longest: float
) -> None:
    worker, id = worker_of(pump), pump.submit(make_event()).id
    worker._dice, worker._now = lambda: dice, lambda lane: NOON_MS
    found = pump.delivery(id).delivery
    [wait_s, doubled_s, most_s] = [(worker._own_retry_at(found, before) - NOON_MS) / 1000 for before in (0, 1, 30)]
    assert (wait_s, doubled_s, most_s) == (
        OWN_RETRY_S * longest,
        OWN_RETRY_S * 2 * longest,
        OWN_RETRY_LONGEST_S * longest,
    )


def test_a_run_of_what_was_found_before_it_was_over_ends(pump: DataPump) -> None:
    """A look may find it just before another thread has done with it, or its lane is dropped."""
    id = pump.submit(make_event()).id
    worker, found = worker_of(pump), pump.delivery(id).delivery
    pump.dismiss(id, "by hand")
    assert worker.work(found) == "dismissed"
    assert worker.work(replace(found, state=State.SENDING)) == "dismissed"
    pump.drop_lane("default")
    assert worker.work(found) == "gone"


def test_only_what_stands_long_enough_at_the_head_of_a_line_of_a_shard_is_looked_for(pump: DataPump) -> None:
    first = pump.submit(make_event())
    pump.submit(make_event())
    other = pump.submit(make_event(account_number="2"))

    def heads(age_ms: int, shard: int = 0, shards: int = 1) -> set[str]:
        return {head.id for head in pump._store.heads(State.ACCEPTED, age_ms, shard, shards)}

    assert [heads(age_ms) for age_ms in (0, 1, -1)] == [{first.id, other.id}, set(), {first.id, other.id}]
    account = pump.delivery(first.id).delivery.account
    assert heads(0, account % 64, 64) == {first.id}
    assert heads(0, (account + 33) % 64, 64) == set()
    assert pump._store.heads(State.SENDING, 0, 0, 1) == []
