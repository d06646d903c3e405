"""What is remembered of rows is what they say, whoever writes them and whenever."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from partnerlab.simulators.kit.world import remembered
from partnerlab.simulators.kit.world.lanes import Lanes, in_world
from partnerlab.simulators.kit.world.remembered import Remembered
from partnerlab.simulators.kit.world.store import RolledBack, Statement, Store, Tx, rolling_back
from tests.simulators.kit.conftest import TABLES

ADD = Statement("INSERT INTO kit_test_world (lane, name, value) VALUES ('a', 'n', 0)")
SET = Statement("UPDATE kit_test_world SET value = value + 1 WHERE lane = 'a'")
VALUE = Statement("SELECT value FROM kit_test_world WHERE lane = 'a' AND name = 'n'")

Values = Remembered[str, tuple[int]]


def read(tx: Tx) -> tuple[int]:
    found = tx.one(VALUE)
    assert found is not None
    return (found[0],)


def known(store: Store) -> Values:
    """Values of which `n` was asked for once, and so is kept from now on."""
    values = Values(store)
    assert values.look("n", read) is None
    return values


def change(store: Store) -> None:
    with store.write() as tx:
        tx.run(SET)


@pytest.fixture(params=["memory", "file"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made = Store("sqlite://" if request.param == "memory" else f"sqlite:///{tmp_path / 'world.db'}")
    made.add(TABLES)
    made.take()
    with made.write() as tx:
        tx.run(ADD)
    yield made
    made.close()


def test_a_value_is_known_until_something_is_written(store: Store) -> None:
    values = known(store)
    assert values.get("n") is None
    assert values.look("n", read) == values.get("n") == (0,)
    with store.write(aside=True):
        pass
    assert values.get("n") == (0,), "what is aside may have changed nothing of it"
    change(store)
    assert values.get("n") is None
    assert values.look("n", read) == values.get("n") == (1,)


def test_a_write_that_is_undone_has_it_read_again(store: Store) -> None:
    values = known(store)
    values.look("n", read)
    with pytest.raises(RolledBack), rolling_back():
        change(store)
    assert values.get("n") is None
    assert values.look("n", read) == (0,)


def test_nothing_is_read_while_somebody_writes(store: Store) -> None:
    values = known(store)
    values.look("n", read)
    changed, done = threading.Event(), threading.Event()

    def write() -> None:
        with store.write() as tx:
            tx.run(SET)
            changed.set()
            done.wait(30)

    writing = threading.Thread(target=write)
    writing.start()
    assert changed.wait(30)
    assert values.get("n") is None, "forgotten before the write begins"
    assert values.look("n", read) is None, "it is not committed"
    done.set()
    writing.join(30)
    assert values.look("n", read) == (1,)


def test_nothing_is_known_of_a_turn_that_is_not_committed(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'world.db'}")
    store.add(TABLES)
    store.take()
    with store.write() as tx:
        tx.run(ADD)
    values, group = known(store), store.group()
    assert group is not None
    values.look("n", read)
    with group:
        change(store)
        assert values.get("n") is None
        assert values.look("n", read) is None
    group.commit()
    assert values.look("n", read) == (1,)
    store.close()


def test_what_cannot_be_read_is_not_known(store: Store) -> None:
    def missing(_: Tx) -> tuple[int]:
        raise LookupError

    values = known(store)
    for _ in range(2):
        with pytest.raises(LookupError):
            values.look("n", missing)
    assert values.get("n") is None


def test_keys_that_are_asked_for_once_are_forgotten_too(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "MOST", 2)
    values = Values(store)
    for name in "abcde":
        assert values.look(name, read) is None
        assert len(values._asked) <= 4
    assert values.look("a", read) is None


def test_many_are_known_at_once_whichever_order_they_are_asked_for_in(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remembered, "MOST", 3)
    values = Values(store)
    names = "abcdef"
    assert [values.look(name, read) for name in names] == [None] * 6
    assert [values.look(name, read) for name in names[:3]] == [(0,)] * 3
    assert [values.get(name) for name in names[:3]] == [(0,)] * 3


def test_no_more_are_known_than_may_be(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "MOST", 2)
    values = Values(store)
    for name in "abc":
        assert [values.look(name, read) for _ in range(2)] == [None, (0,)]
    assert [values.get(name) for name in "abc"] == [None, None, (0,)]


def test_it_is_read_the_plain_way_where_it_must_be(store: Store) -> None:
    lane, values = Lanes(store).get("a"), known(store)
    for around in (rolling_back, lambda: in_world(lane)):
        with around():
            assert values.look("n", read) is None
    off = Values(store, on=False)
    assert [off.look("n", read) for _ in range(2)] == [None, None]


def test_nothing_is_known_of_a_file_that_others_may_write(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'world.db'}")
    store.add(TABLES)
    assert known(store).look("n", read) is None
    store.close()
