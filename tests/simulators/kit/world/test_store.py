"""The store: the same promises on memory, a file and PostgreSQL."""

from __future__ import annotations

import gc
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from partnerlab.simulators.kit.world import schema
from partnerlab.simulators.kit.world.lane import TABLES as LANES
from partnerlab.simulators.kit.world.store import (
    RolledBack,
    Statement,
    Store,
    StoreOutdated,
    TransactionOpen,
    rolling_back,
)
from tests.simulators.conftest import STORES
from tests.simulators.kit.conftest import TABLES, WORLD

ADD = Statement("INSERT INTO kit_test_world (lane, name, value) VALUES (:lane, :name, :value)")
READ = Statement("SELECT value FROM kit_test_world WHERE lane = :lane AND name = :name")
ALL = Statement("SELECT name, value FROM kit_test_world WHERE lane = :lane ORDER BY name")
UP = Statement("UPDATE kit_test_world SET value = value + 1 WHERE lane = :lane AND name = :name")


def test_a_store_in_memory_has_large_pages(memory: Store) -> None:
    with memory.write() as tx:
        assert tx.one(Statement("PRAGMA page_size")) == (8192,)


def test_what_was_written_is_read_as_tuples(store: Store) -> None:
    with store.write() as tx:
        assert tx.run(ADD, lane="a", name="n", value=7) == 1
        tx.run_many(ADD, [{"lane": "a", "name": f"m{n}", "value": n} for n in range(3)])
        tx.run_many(ADD, [])
    with store.read() as tx:
        assert tx.one(READ, lane="a", name="n") == (7,)
        assert tx.one(READ, lane="a", name="none") is None
        assert tx.all(ALL, lane="a") == [("m0", 0), ("m1", 1), ("m2", 2), ("n", 7)]


def test_a_block_that_raises_writes_nothing(store: Store) -> None:
    def write() -> None:
        with store.write() as tx:
            tx.run(ADD, lane="a", name="n", value=7)
            raise KeyError

    with pytest.raises(KeyError):
        write()
    with store.read() as tx:
        assert tx.all(ALL, lane="a") == []


def test_rolling_back_undoes_a_write_and_says_so(store: Store) -> None:
    with pytest.raises(RolledBack), rolling_back(), store.write() as tx:
        tx.run(ADD, lane="a", name="n", value=7)
    with store.write() as tx:
        tx.run(ADD, lane="a", name="after", value=1)
    with store.read() as tx:
        assert tx.all(ALL, lane="a") == [("after", 1)]


def test_rolling_back_concerns_the_thread_that_asked_for_it(store: Store) -> None:
    with rolling_back(), ThreadPoolExecutor(1) as other:
        other.submit(_add, store, "other").result()
    with store.read() as tx:
        assert tx.all(ALL, lane="a") == [("other", 1)]


def _add(store: Store, name: str) -> None:
    with store.write() as tx:
        tx.run(ADD, lane="a", name=name, value=1)


def test_32_threads_lose_no_update(store: Store) -> None:
    with store.write() as tx:
        tx.run(ADD, lane="a", name="n", value=0)

    def add() -> None:
        for _ in range(25):
            with store.write() as tx:
                tx.run(UP, lane="a", name="n")

    threads = [threading.Thread(target=add) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.read() as tx:
        assert tx.one(READ, lane="a", name="n") == (800,)


@pytest.mark.parametrize("store_url", STORES[1:], indirect=True)  # in memory, writers wait until the reader is done
def test_a_read_sees_one_moment(store: Store) -> None:
    with store.write() as tx:
        tx.run(ADD, lane="a", name="n", value=1)
    with store.read() as tx:
        before = tx.one(READ, lane="a", name="n")
        with ThreadPoolExecutor(1) as other:
            other.submit(_up, store).result()
        assert tx.one(READ, lane="a", name="n") == before
    with store.read() as tx:
        assert tx.one(READ, lane="a", name="n") == (2,)


def _up(store: Store) -> None:
    with store.write() as tx:
        tx.run(UP, lane="a", name="n")


@pytest.mark.parametrize(("outer", "inner"), [(o, i) for o in ("read", "write") for i in ("read", "write")])
def test_no_transaction_begins_in_another(store: Store, outer: str, inner: str) -> None:
    """On PostgreSQL a read in a write made the write read-only or lost what it had done, and in memory it went well."""
    _add(store, "before")
    with pytest.raises(TransactionOpen, match="hand its `Tx` on"), getattr(store, outer)(), getattr(store, inner)():
        pytest.fail("it began")
    with store.write() as tx:
        with pytest.raises(TransactionOpen), store.read():
            pytest.fail("it began")
        tx.run(ADD, lane="a", name="after", value=1)
    with store.read() as tx:
        assert tx.all(ALL, lane="a") == [("after", 1), ("before", 1)], "what was refused hurt nobody"


def test_a_file_is_there_for_the_next_store(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'world.db'}"
    first = Store(url)
    first.add(TABLES)
    _add(first, "kept")
    first.close()
    second = Store(url)
    with second.read() as tx:
        assert tx.all(ALL, lane="a") == [("kept", 1)]
    second.close()


@pytest.mark.parametrize("store_url", STORES[1:], indirect=True)
def test_a_database_of_another_version_is_refused_by_name_and_left_as_it_is(store_url: str) -> None:
    before = schema.Tables()
    name, lane = WORLD.name, schema.Column("lane", schema.Text, primary_key=True)
    schema.Table(name, before, lane, schema.Column("name", schema.Text))
    old = Store(store_url)
    old.add(before)
    old.create()
    old.close()
    store = Store(store_url)
    store.add(LANES)
    store.add(TABLES)
    with pytest.raises(StoreOutdated, match="delete it, or name another database") as refused:
        store.create()
    with pytest.raises(StoreOutdated), store.read():
        pass
    store.close()
    assert refused.value.missing == ["kit_test_world.value"]
    assert "kit_test_world.value" in str(refused.value)
    left = Store(store_url)
    with left.read() as tx:
        assert tx.all(Statement(f"SELECT * FROM {name}")) == []
        with pytest.raises(left.Error):
            tx.all(Statement("SELECT * FROM lanes"))
    left.close()


def test_two_stores_hold_the_tables_that_were_declared_to_each() -> None:
    one, two = Store("sqlite://"), Store("sqlite://")
    one.add(LANES)
    one.add(LANES)
    two.add(TABLES)
    assert set(one.tables) == {"lanes"}
    assert set(two.tables) == {"kit_test_world", "kit_test_log"}
    with two.read() as tx, pytest.raises(two.Error):
        tx.all(Statement("SELECT * FROM lanes"))
    one.close()
    two.close()


def test_two_declarations_under_one_name_are_refused() -> None:
    store, other = Store("sqlite://"), schema.Tables()
    store.add(TABLES)
    schema.Table(WORLD.name, other, schema.Column("lane", schema.Text, primary_key=True))
    with pytest.raises(ValueError, match="two tables are declared under the name kit_test_world"):
        store.add(other)
    store.close()


def test_a_thread_that_ends_gives_its_connection_back(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'world.db'}")
    store.add(TABLES)
    for n in range(5):
        thread = threading.Thread(target=_add, args=(store, f"n{n}"))
        thread.start()
        thread.join()
    gc.collect()
    assert len(store._opened) == 0
    store.close()


def test_a_driver_error_is_the_stores_error(store: Store) -> None:
    _add(store, "twice")
    with pytest.raises(store.Error):
        _add(store, "twice")


def test_a_file_that_cannot_be_locked_is_not_said_to_be_in_use(tmp_path: Path) -> None:
    """As on a full disk, which has no room for the journal of the lock either."""
    (tmp_path / "world.db.lock-journal").mkdir()
    store = Store(f"sqlite:///{tmp_path / 'world.db'}")
    with pytest.raises(sqlite3.OperationalError):
        store.take()
    store.close()
