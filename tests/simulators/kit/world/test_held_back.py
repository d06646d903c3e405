"""Rows that are held back: written before any other transaction, forgotten before one that may write them."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from partnerlab.contracts.checkpoints import checkpoint
from partnerlab.simulators.kit.http.messages import Request
from partnerlab.simulators.kit.journal.journal import Journal
from partnerlab.simulators.kit.world.lanes import Lanes, in_world
from partnerlab.simulators.kit.world.store import LaneReplaced, RolledBack, Statement, Store, rolling_back
from partnerlab.simulators.kit.world.store_errors import HeldBackLeft
from tests.simulators.kit.conftest import TABLES

ADD = Statement("INSERT INTO kit_test_world (lane, name, value) VALUES ('a', :name, 0)")
NAMES = Statement("SELECT name FROM kit_test_world WHERE lane = 'a' ORDER BY name")


class Names:
    """Holds names back; `remembers` until the store says to forget."""

    def __init__(self, store: Store) -> None:
        self.store, self.names = store, [""] * 0
        self.remembers = True
        self.error: Exception | None = None

    @property
    def waiting(self) -> bool:
        return bool(self.names)

    def write(self) -> None:
        with self.store.batch() as tx:
            tx.run_many(ADD, [(name,) for name in self.names])
            if self.error is not None:
                raise self.error
        self.names = []

    def forget(self) -> None:
        self.remembers = False

    def settle(self, lock: threading.RLock) -> None:
        with lock:
            self.write()

    def wait(self) -> None:
        pass

    def resume(self) -> None:
        self.names.append("left")
        self.write()

    def close(self) -> None:
        self.write()


@pytest.fixture(params=["memory", "file"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made = Store("sqlite://" if request.param == "memory" else f"sqlite:///{tmp_path / 'world.db'}")
    made.add(TABLES)
    made.create()
    made.take()
    yield made
    made.close()


@pytest.fixture
def held(store: Store) -> Names:
    store.held_back.append(names := Names(store))
    names.names.append("held")
    return names


def read(store: Store) -> list[str]:
    with store.read() as tx:
        return [name for (name,) in tx.all(NAMES)]


def test_a_read_finds_it_written_and_leaves_it_remembered(store: Store, held: Names) -> None:
    assert read(store) == ["held"]
    assert (held.names, held.remembers) == ([], True)
    assert read(store) == ["held"], "once"


def test_a_read_of_another_thread_finds_it_written(store: Store, held: Names) -> None:
    found: list[str] = []
    reading = threading.Thread(target=lambda: found.extend(read(store)))
    reading.start()
    reading.join(timeout=30)
    assert (found, held.names) == (["held"], [])


def test_a_write_finds_it_written_and_has_it_forgotten(store: Store, held: Names) -> None:
    with store.write() as tx:
        assert [name for (name,) in tx.all(NAMES)] == ["held"]
        assert not held.remembers
        tx.run(ADD, name="written")
    assert read(store) == ["held", "written"]


def test_a_write_that_is_undone_does_not_undo_it(store: Store, held: Names) -> None:
    with pytest.raises(RolledBack), rolling_back(), store.write() as tx:
        tx.run(ADD, name="undone")
    assert (read(store), held.names) == (["held"], [])


def test_a_write_aside_leaves_it_held_and_remembered(store: Store, held: Names) -> None:
    with store.write(aside=True) as tx:
        assert tx.all(NAMES) == []
        tx.run(ADD, name="aside")
    assert (held.names, held.remembers) == (["held"], True)
    assert read(store) == ["aside", "held"]


def test_a_turn_that_writes_finds_it_written_and_has_it_forgotten(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'world.db'}")
    store.add(TABLES)
    store.create()
    store.held_back.append(held := Names(store))
    group = store.group()
    assert group is not None
    with group:
        held.names.append("read")
        assert read(store) == ["read"]
        held.names.append("turn")
        with store.write() as tx:
            assert [name for (name,) in tx.all(NAMES)] == ["read", "turn"]
        assert not held.remembers
        with store.still() as still:
            assert still is None, "the turn's transaction is open"
    group.commit()
    store.close()


def test_what_cannot_be_written_stops_whoever_would_not_see_it_and_is_written_later(store: Store, held: Names) -> None:
    held.error = sqlite3.OperationalError("database or disk is full")
    for begin in (store.read, store.write):
        with pytest.raises(sqlite3.OperationalError, match="disk is full"), begin():
            pytest.fail("the block is not entered")
    assert (held.names, held.remembers) == (["held"], True)
    held.error = None
    assert read(store) == ["held"]


def test_nobody_begins_while_it_is_still(store: Store) -> None:
    begun = threading.Event()

    def write() -> None:
        with store.write():
            begun.set()

    with store.still() as still:
        assert still is not None
        assert still.tx.all(NAMES) == []
        writing = threading.Thread(target=write)
        writing.start()
        assert not begun.wait(0.05)
    writing.join(timeout=30)
    assert begun.is_set()


def test_it_is_not_still_where_rows_must_be_written_the_plain_way(store: Store) -> None:
    lane = Lanes(store).get("a")
    for around in (rolling_back, lambda: in_world(lane), store.write):
        with around(), store.still() as still:
            assert still is None
    with store.still() as still:
        assert still is not None


def test_who_does_not_wait_is_told_of_another_threads_transaction(store: Store) -> None:
    held, done = threading.Event(), threading.Event()

    def write() -> None:
        with store.write():
            held.set()
            done.wait(30)

    writing = threading.Thread(target=write)
    writing.start()
    assert held.wait(30)
    with store.still(wait=False) as still:
        assert still is None
    done.set()
    writing.join(timeout=30)


def test_before_requests_are_noted_in_a_file_what_they_did_is_written(store: Store, held: Names) -> None:
    lanes = Lanes(store)
    lane, journal = lanes.get("a"), Journal(lanes)
    journal.flush()  # the first looks how much there is
    held.names, held.remembers = ["held too"], True
    request = Request("GET", "/", "", {}, b"", "http://x", "r1", lane)
    journal.append(request, "GET", "door", "op", None, 0)
    journal.flush()
    assert held.remembers
    assert held.names == (["held too"] if store.in_memory else [])


def test_a_file_is_still_only_once_it_is_taken_and_what_was_left_is_written_then(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'world.db'}")
    store.add(TABLES)
    store.held_back.append(held := Names(store))
    with store.still() as still:
        assert still is None
    store.take()
    with store.still() as still:
        assert still is not None
        assert still.tx.all(NAMES) == [("left",)]
    held.names.append("held")
    store.close()
    again = Store(store.url)
    again.add(TABLES)
    assert read(again) == ["held", "left"]
    again.close()


def test_who_waited_while_a_file_was_given_back_writes_nothing_in_it(tmp_path: Path) -> None:
    """It may be another process's by then, which goes by what it remembers of it."""
    store = Store(f"sqlite:///{tmp_path / 'world.db'}")
    store.add(TABLES)
    store.take()
    given: list[object] = []
    refused: list[BaseException] = []

    def keep() -> None:
        with waited_for as still:
            given.append(still)
        try:
            with store.write() as tx:
                tx.run(ADD, ("late",))
        except sqlite3.Error as error:
            refused.append(error)

    waited_for = store.still()
    with store._lock:
        waiting = threading.Thread(target=keep)
        waiting.start()
        store.close()
    waiting.join(timeout=30)
    assert given == [None]
    assert "is closed" in str(refused)
    again = Store(store.url)
    again.add(TABLES)
    assert read(again) == []
    again.close()


def test_work_that_waited_while_its_lane_was_reset_writes_nothing_after_it(store: Store, held: Names) -> None:
    """Whether it may hold rows back is decided before it waits, and only by what is its own thread's."""
    lanes = Lanes(store)
    lane = lanes.get("a")
    done: list[object] = []
    begun = threading.Event()

    def keep() -> None:
        try:
            with in_world(lane):
                with store.still() as still:
                    done.append(still)
                begun.set()
                with store.write() as tx:
                    tx.run(ADD, ("late",))
        except LaneReplaced as error:
            done.append(type(error))

    with store._lock:
        waiting = threading.Thread(target=keep)
        waiting.start()
        assert begun.wait(30)
        lanes.reset("a")
    waiting.join(timeout=30)
    assert done == [None, LaneReplaced]
    assert read(store) == []


def test_a_file_that_was_not_taken_is_left_alone_at_the_end(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'world.db'}")
    store.add(TABLES)
    store.held_back.append(held := Names(store))
    held.names.append("held")
    store.close()
    assert held.names == ["held"]


def test_a_file_that_is_taken_away_takes_nothing_until_it_is_back(tmp_path: Path) -> None:
    path, away = tmp_path / "world.db", tmp_path / "away.db"
    store = Store(f"sqlite:///{path}")
    store.add(TABLES)
    store.take()
    with store.write() as tx:
        tx.run(ADD, ("before",))
    path.rename(away)
    for begin in (store.write, store.batch):
        with pytest.raises(sqlite3.OperationalError, match=r"world\.db was moved, deleted or replaced"), begin() as tx:
            tx.run(ADD, ("lost",))
    away.rename(path)
    with store.write() as tx:
        tx.run(ADD, ("after",))
    assert read(store) == ["after", "before"]
    store.close()


@pytest.mark.parametrize("spoiled", ["overwritten", "log deleted"])
def test_a_file_that_is_spoiled_in_its_place_takes_nothing(tmp_path: Path, spoiled: str) -> None:
    """`cp backup.db world.db` writes into the file that is open, and what was written after that was nobody's."""
    path = tmp_path / "world.db"
    store = Store(f"sqlite:///{path}")
    store.add(TABLES)
    store.take()
    with store.write() as tx:
        tx.run(ADD, ("before",))
    checkpoint(str(path))
    shutil.copy(path, tmp_path / "backup.db")
    with store.write() as tx:
        tx.run_many(ADD, [(f"{number}" * 900,) for number in range(9)])
    checkpoint(str(path))
    with store.write() as tx:
        tx.run(ADD, ("last",))
    if spoiled == "overwritten":
        shutil.copyfile(tmp_path / "backup.db", path)
    else:
        Path(f"{path}-wal").unlink()
    for begin in (store.write, store.batch):
        with pytest.raises(sqlite3.OperationalError, match="was moved, deleted or replaced"), begin() as tx:
            tx.run(ADD, ("lost",))
    store.close()
    if spoiled == "log deleted":
        assert len(read(Store(f"sqlite:///{path}"))) == 11


def test_what_cannot_be_written_at_the_end_is_said_and_all_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "world.db"
    store = Store(f"sqlite:///{path}")
    store.add(TABLES)
    store.take()
    store.held_back.append(held := Names(store))
    path.rename(tmp_path / "away.db")
    held.names.append("held")
    with pytest.raises(HeldBackLeft, match=r"not all payments are in the database \(.*moved, deleted or replaced"):
        store.close()
    (tmp_path / "away.db").rename(path)
    again = Store(f"sqlite:///{path}")
    again.add(TABLES)
    again.take()
    again.close()


def test_a_thread_that_comes_later_does_not_write_in_the_file_that_replaced_it(tmp_path: Path) -> None:
    """Its connection was opened then, found the other file in its place and took it for the world's."""
    path, away = tmp_path / "world.db", tmp_path / "away.db"
    store = Store(f"sqlite:///{path}")
    store.add(TABLES)
    store.take()
    shutil.copy(path, tmp_path / "backup.db")
    path.rename(away)
    (tmp_path / "backup.db").rename(path)

    def write() -> None:
        with store.write() as tx:
            tx.run(ADD, ("lost",))

    with ThreadPoolExecutor(1) as later, pytest.raises(sqlite3.OperationalError, match="moved, deleted or replaced"):
        later.submit(write).result(60)
    away.rename(path)
    write()
    assert read(store) == ["lost"]
    store.close()
