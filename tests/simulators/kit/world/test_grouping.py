"""Several requests in one transaction: what each may undo, who waits, and what a failure takes along."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from partnerlab.simulators.kit.world.grouping import Group, GroupLost
from partnerlab.simulators.kit.world.store import RolledBack, Statement, Store, TransactionOpen, rolling_back
from tests.simulators.kit.conftest import TABLES

ADD = Statement("INSERT INTO kit_test_world (lane, name, value) VALUES ('a', :name, 0)")
NAMES = Statement("SELECT name FROM kit_test_world WHERE lane = 'a' ORDER BY name")


class File:
    """A store in a file with a group, and what another process would see of it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.store = Store(f"sqlite:///{path}")
        self.store.add(TABLES)
        self.store.create()
        group = self.store.group()
        assert group is not None
        self.group: Group = group

    def add(self, name: str, *, error: Exception | None = None) -> None:
        """A request that writes a row, and fails after that with *error*."""
        with self.group, self.store.write() as tx:
            tx.run(ADD, name=name)
            if error is not None:
                raise error

    def names(self) -> list[str]:
        """What a request reads."""
        with self.group, self.store.read() as tx:
            return [row[0] for row in tx.all(NAMES)]

    def committed(self) -> list[str]:
        """What another connection reads."""
        with closing(sqlite3.connect(self.path, timeout=0)) as other:
            return [row[0] for row in other.execute("SELECT name FROM kit_test_world WHERE lane = 'a' ORDER BY name")]

    def run(self, sql: str) -> None:
        with closing(sqlite3.connect(self.path, timeout=0, isolation_level=None)) as other:
            other.execute(sql)


@pytest.fixture
def file(tmp_path: Path) -> Iterator[File]:
    made = File(tmp_path / "world.db")
    yield made
    made.store.close()


def fill_up(file: File) -> None:
    """From now on SQLite undoes the whole transaction at a row named full, as it does when the disk is."""
    file.run(
        "CREATE TRIGGER full BEFORE INSERT ON kit_test_world WHEN new.name = 'full'"
        " BEGIN SELECT RAISE(ROLLBACK, 'as when the disk is full'); END"
    )


def assert_only_the_next_is_kept(file: File) -> None:
    assert file.committed() == []
    file.add("later")
    file.group.commit()
    assert file.committed() == ["later"]


def test_nothing_is_committed_before_the_group_is(file: File) -> None:
    file.add("one")
    file.add("two")
    assert file.group.open
    assert file.committed() == []
    assert file.names() == ["one", "two"], "requests of the group see one another"
    file.group.commit()
    assert file.committed() == ["one", "two"]
    assert not file.group.open


def test_one_that_is_refused_leaves_the_others(file: File) -> None:
    file.add("one")
    with pytest.raises(KeyError):
        file.add("refused", error=KeyError())
    file.add("three")
    file.group.commit()
    assert file.committed() == ["one", "three"]


def test_the_first_may_be_refused_too(file: File) -> None:
    with pytest.raises(KeyError):
        file.add("refused", error=KeyError())
    assert not file.group.open, "nobody waits for a transaction in which there is nothing"
    file.add("two")
    file.group.commit()
    assert file.committed() == ["two"]


def test_one_that_is_to_be_rolled_back_is_so_alone(file: File) -> None:
    file.add("one")
    with rolling_back(), pytest.raises(RolledBack):
        file.add("two")
    file.group.commit()
    assert file.committed() == ["one"]


def test_a_request_says_whether_it_touched_the_group(file: File) -> None:
    file.names()
    assert not file.group.touched, "a read before the first write has a snapshot of its own"
    file.add("one")
    assert file.group.touched
    with file.group:
        pass
    assert not file.group.touched
    file.names()
    assert file.group.touched, "what it read is not committed yet"
    file.group.commit()


def test_no_transaction_begins_in_another(file: File) -> None:
    with file.group, file.store.write(), pytest.raises(TransactionOpen), file.store.read():
        pass
    file.add("one")
    with file.group, file.store.read(), pytest.raises(TransactionOpen), file.store.write():
        pass
    file.group.commit()
    assert file.committed() == ["one"]


def test_who_else_writes_waits_for_the_commit(file: File) -> None:
    file.add("one")
    wrote = threading.Event()

    def write() -> None:
        with file.store.write() as tx:
            assert [row[0] for row in tx.all(NAMES)] == ["one"]
            tx.run(ADD, name="two")
        wrote.set()

    other = threading.Thread(target=write)
    other.start()
    assert not wrote.wait(0.05)
    file.group.commit()
    assert wrote.wait(30)
    other.join()
    assert file.committed() == ["one", "two"]


def test_a_commit_that_fails_takes_all_along(file: File) -> None:
    # A reference to a row that is not there, which SQLite looks for when it commits.
    file.run("CREATE TABLE strict (name TEXT REFERENCES kit_test_log(text) DEFERRABLE INITIALLY DEFERRED)")
    file.run("CREATE UNIQUE INDEX strict_key ON kit_test_log (text)")
    strict = Statement("INSERT INTO strict (name) VALUES ('nobody')")
    file.store._connection().execute("PRAGMA foreign_keys = ON")
    file.add("one")
    with file.group, file.store.write() as tx:
        tx.run(strict)
    with pytest.raises(sqlite3.IntegrityError):
        file.group.commit()
    assert_only_the_next_is_kept(file)


def test_what_sqlite_undoes_as_a_whole_is_committed_by_nobody(file: File) -> None:
    fill_up(file)
    file.add("one")
    with pytest.raises(sqlite3.IntegrityError):
        file.add("full")
    with pytest.raises(GroupLost):
        file.add("three")
    with pytest.raises(GroupLost):
        file.names()
    with pytest.raises(GroupLost):
        file.group.commit()
    assert_only_the_next_is_kept(file)


def test_what_sqlite_undoes_is_lost_also_where_a_request_caught_the_error(file: File) -> None:
    """Else those before it would be told that they are committed, and those after it would be so one by one."""
    fill_up(file)
    with file.group, file.store.write() as tx:
        tx.run(ADD, name="one")
        with pytest.raises(sqlite3.IntegrityError):
            tx.run(ADD, name="full")
    with pytest.raises(GroupLost):
        file.add("two")
    with pytest.raises(GroupLost):
        file.group.commit()
    assert_only_the_next_is_kept(file)


def test_only_a_file_has_groups(memory: Store) -> None:
    assert memory.group() is None


KILLED = """
import sys
from pathlib import Path
from tests.simulators.kit.world.test_grouping import File
file = File(Path(sys.argv[1]))
file.add("answered")
file.group.commit()
file.add("one")
file.add("two")
print("written", flush=True)
sys.stdin.read()
"""


def test_a_process_that_is_killed_before_the_commit_leaves_nothing_of_it(tmp_path: Path) -> None:
    path = tmp_path / "world.db"
    command = [sys.executable, "-c", KILLED, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "written\n"
        os.kill(child.pid, signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    after = File(path)
    assert after.names() == ["answered"]
    after.store.close()
