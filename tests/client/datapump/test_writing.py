"""What shares a commit: each has its own result, and one that fails or was not first takes nobody along."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from partnerlab.client.datapump import DataPump
from partnerlab.client.datapump.states import State
from partnerlab.client.datapump.store import Begin, End, Handed, Move
from partnerlab.client.datapump.tables import Delivery
from partnerlab.client.datapump.writing import Known, Moved
from partnerlab.client.settings import Biller
from tests.client.datapump.conftest import make_event, state_of, submit, wait_for


@pytest.fixture
def pump(url: str) -> Any:
    """One that only takes events in."""
    with DataPump(url, lambda lane, guid: Biller(guid, "", {})).start(worker=False) as pump:
        yield pump


def at_once(pump: DataPump, wishes: Sequence[Callable[[], object]]) -> list[object]:
    """Each wish's result or error; all wait while the first commit goes on, and share the next."""
    store, commits = pump._store, 0
    together = pump._writing._together
    with ThreadPoolExecutor(len(wishes) + 1) as pool:
        with together._lock:
            together._led = True
        futures = [pool.submit(wish) for wish in wishes]
        wait_for(lambda: len(together._waiting) == len(wishes))

        def one(_: object) -> None:
            nonlocal commits
            commits += 1

        sa.event.listen(store.database, "commit", one)
        together._waiting[0].called.set()
        found: list[object] = [future.exception(30) or future.result(30) for future in futures]
    sa.event.remove(store.database, "commit", one)
    found.append(commits)
    return found


def begin(pump: DataPump, found: Delivery) -> Callable[[], object]:
    return lambda: pump._writing.begin(Begin(found, "X", "x", idempotent=False))


def test_attempts_of_several_accounts_begin_in_one_commit(pump: DataPump) -> None:
    ids = submit(pump, *(make_event(account_number=str(n)) for n in range(5)))
    found = [pump.delivery(id).delivery for id in ids]
    assert at_once(pump, [begin(pump, each) for each in found]) == [True] * 5 + [1]
    assert {state_of(pump, id) for id in ids} == {State.SENDING}
    assert [len(pump.delivery(id).attempts) for id in ids] == [1] * 5


def test_a_claim_that_lost_writes_nothing_and_takes_nobody_along(pump: DataPump) -> None:
    """One was begun by another process, one is not first in its line, one was put off."""
    ids = submit(pump, *(make_event(account_number=number) for number in ("1", "2", "2", "3", "4")))
    found = [pump.delivery(id).delivery for id in ids]
    assert begin(pump, found[0])()
    pump.dismiss(ids[3], "by hand")
    begun = at_once(pump, [begin(pump, each) for each in found])
    assert begun[:-1] == [False, True, False, False, True]
    states = [State.SENDING, State.SENDING, State.ACCEPTED, State.DISMISSED, State.SENDING]
    assert [state_of(pump, id) for id in ids] == states
    assert [len(pump.delivery(id).attempts) for id in ids] == [1, 1, 0, 0, 1]


def test_events_ends_and_beginnings_share_a_commit(pump: DataPump) -> None:
    """With the end of an attempt comes what is next in its account's line."""
    first, second, other = submit(pump, make_event(), make_event(), make_event(account_number="2"))
    opened = replace(pump.delivery(first).delivery, state=State.SENDING, attempts=1, tries=1)
    assert begin(pump, pump.delivery(first).delivery)()
    end = End("delivered", "thanks", State.DELIVERED, Move(opened, State.DELIVERED, "thanks"))
    handed = Handed("default", "new", "payment", "b", "9", "{}")
    done, begun, taken, commits = at_once(
        pump,
        [
            lambda: pump._writing.end(end),
            begin(pump, pump.delivery(other).delivery),
            lambda: pump._writing.accept(handed),
        ],
    )
    assert (done, begun, taken, commits) == (Moved(State.DELIVERED, pump.delivery(second).delivery), True, None, 1)
    assert pump.delivery(first).attempts[0].message == "thanks"
    assert state_of(pump, "default:new") is State.ACCEPTED


def test_of_one_event_that_is_handed_in_several_times_at_once_one_is_new(pump: DataPump) -> None:
    """The others of that commit, of the same account and of another, are as if they had been alone."""
    handed = [Handed("default", id, "payment", "b", account, "{}") for id, account in ("a1", "a1", "b1", "c2")]
    found = at_once(pump, [lambda each=each: pump._writing.accept(each) for each in handed])[:-1]  # type: ignore[misc]
    assert [type(each) for each in found if each is not None] == [Known]
    assert found[2:] == [None, None]
    assert sorted(each.event_id for each in pump.deliveries()) == ["a", "b", "c"]
    assert [each.seq for each in pump.deliveries(account_number="1")] == [2, 1]


@pytest.mark.parametrize("url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
def test_a_row_that_somebody_holds_holds_up_its_own_delivery_alone(pump: DataPump) -> None:
    """A lane that is being dropped, say, or what a person has begun by hand. A SQLite file has one writer."""
    store = pump._store
    ids = submit(pump, *(make_event(account_number=str(n)) for n in range(3)))
    found = [pump.delivery(id).delivery for id in ids]
    with ThreadPoolExecutor(1) as pool:
        with store.database.begin() as tx:
            store.one(tx, "SELECT 1 FROM pump_deliveries WHERE number = :number FOR UPDATE", number=found[0].number)
            begun = pool.submit(at_once, pump, [begin(pump, each) for each in found])
            wait_for(lambda: [state_of(pump, id) for id in ids[1:]] == [State.SENDING] * 2)
        assert begun.result(30)[:-1] == [True] * 3
