"""One checkpointer of a SQLite file, which works while nobody writes, where SQLite's own checkpoints are not safe."""

from __future__ import annotations

import errno
import os
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from partnerlab.client.datapump.database import create_database
from partnerlab.contracts import checkpoints
from partnerlab.contracts.checkpoints import LOG_BYTES, checkpoint, leave_checkpoints, log_bytes
from partnerlab.contracts.sqlite_files import SAFE_FOR_SEVERAL
from partnerlab.simulators.kit.world.store import Statement, Store
from tests.client.datapump.conftest import wait_for

OLD = (3, 40, 1)
HALF_A_MEGABYTE = "x" * 512 * 1024


def a_file(folder: Path) -> Path:
    path = folder / "some.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, text TEXT)")
    return path


def size_of_log(path: Path) -> int:
    return Path(f"{path}-wal").stat().st_size


def pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


@pytest.mark.parametrize(("version", "own"), [(OLD, 0), (SAFE_FOR_SEVERAL, 1000)])
def test_a_connection_checkpoints_by_itself_only_where_that_is_safe(
    tmp_path: Path, version: tuple[int, ...], own: int
) -> None:
    path = a_file(tmp_path)
    with closing(sqlite3.connect(path)) as connection:
        leave_checkpoints(connection, str(path), version=version)
        assert pragma(connection, "wal_autocheckpoint") == own


def test_what_opens_files_leaves_checkpoints_to_the_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left: list[str] = []
    for module in ("partnerlab.simulators.kit.world.store", "partnerlab.client.datapump.sqlite"):
        monkeypatch.setattr(f"{module}.leave_checkpoints", lambda connection, path: left.append(Path(path).name))
    store = Store(f"sqlite:///{tmp_path / 'world.db'}")
    with store.read() as tx:
        tx.one(Statement("SELECT 1"))
    store.close()
    database = create_database(f"sqlite:///{tmp_path / 'pump.db'}")
    with database.connect() as first, database.connect() as second:
        first.exec_driver_sql("SELECT 1")
        second.exec_driver_sql("SELECT 1")
    database.dispose()
    assert left == ["world.db", "pump.db", "pump.db"]


def test_the_thread_keeps_the_log_short(tmp_path: Path) -> None:
    path = a_file(tmp_path)
    with closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as connection:
        connection.execute("PRAGMA wal_autocheckpoint=0")
        for _ in range(3 * LOG_BYTES // len(HALF_A_MEGABYTE)):
            connection.execute("INSERT INTO t (text) VALUES (?)", (HALF_A_MEGABYTE,))
        assert log_bytes(str(path)) > LOG_BYTES
        leave_checkpoints(connection, str(path), version=OLD)

        def short() -> bool:
            connection.execute("INSERT INTO t (text) VALUES ('a little')")
            return log_bytes(str(path)) <= LOG_BYTES

        wait_for(short)
        assert connection.execute("SELECT count(*) FROM t WHERE text <> 'a little'").fetchone() == (24,)


def test_a_log_that_begins_anew_keeps_the_room_it_has_up_to_a_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "KEPT_BYTES", 8 * 1024 * 1024)
    monkeypatch.setattr(checkpoints, "LOG_BYTES", 1024 * 1024 * 1024)  # the thread leaves this one alone
    path = a_file(tmp_path)
    with closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as connection:
        leave_checkpoints(connection, str(path), version=OLD)
        for written, kept in ((5, 5), (12, 8)):  # half megabytes: 2.5 and 6, and then 10
            for _ in range(2 * written):
                connection.execute("INSERT INTO t (text) VALUES (?)", (HALF_A_MEGABYTE,))
            before = size_of_log(path)
            assert before > written * 1024 * 1024
            assert log_bytes(str(path)) == before
            assert checkpoint(str(path))
            connection.execute("INSERT INTO t (text) VALUES ('a little')")
            assert size_of_log(path) == (before if kept == written else 8 * 1024 * 1024)
            assert 0 < log_bytes(str(path)) < 64 * 1024


def test_the_length_of_a_log_is_told_page_by_page(tmp_path: Path) -> None:
    path = a_file(tmp_path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("INSERT INTO t (text) VALUES ('a')")
        for most in range(1, 12):  # logs of 1 to 11 pages, in a file that has more
            connection.execute("INSERT INTO t (text) VALUES (?)", (HALF_A_MEGABYTE,))
            assert checkpoint(str(path))
            expected = 32
            for number in range(most):
                connection.execute("UPDATE t SET text = ? WHERE n = 1", (f"{most}/{number}",))
                expected += 24 + 4096
                assert log_bytes(str(path)) == expected


def test_nobody_writes_during_a_checkpoint_and_it_waits_for_who_does(tmp_path: Path) -> None:
    path = a_file(tmp_path)
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("INSERT INTO t (text) VALUES ('a')")
        writer.execute("BEGIN IMMEDIATE")
        assert not checkpoint(str(path), wait_s=0.05)
        writer.execute("ROLLBACK")
        assert checkpoint(str(path), wait_s=5)
        # All of it is in the file: a copy without the log has it.
        (tmp_path / "copy.db").write_bytes(path.read_bytes())
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert copy.execute("SELECT text FROM t").fetchall() == [("a",)]


def test_the_log_goes_to_the_disk_while_others_may_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, synced = a_file(tmp_path), []
    fsync = os.fsync

    def write_meanwhile(log: int) -> None:
        assert os.path.samestat(os.fstat(log), os.stat(f"{path}-wal"))
        fsync(log)
        writer.execute("INSERT INTO t (text) VALUES ('meanwhile')")
        synced.append(log)

    with closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as writer:
        writer.execute("INSERT INTO t (text) VALUES ('before')")
        monkeypatch.setattr(os, "fsync", write_meanwhile)
        assert checkpoint(str(path))
        assert len(synced) == 1
        (tmp_path / "copy.db").write_bytes(path.read_bytes())
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert copy.execute("SELECT text FROM t").fetchall() == [("before",), ("meanwhile",)]


WRITER = """
import sqlite3, sys
from partnerlab.contracts.checkpoints import checkpoint, leave_checkpoints
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)
leave_checkpoints(connection, sys.argv[1], version=(3, 40, 1))
for number in range(int(sys.argv[2])):
    connection.execute("INSERT INTO t (text) VALUES (?)", (str(number) * 500,))
    if number % 10 == 0:
        checkpoint(sys.argv[1])
"""


def test_two_processes_that_write_and_checkpoint_at_once_leave_a_whole_file(tmp_path: Path) -> None:
    path, count = a_file(tmp_path), 150
    command = [sys.executable, "-c", WRITER, str(path), str(count)]
    writers = [subprocess.Popen(command) for _ in range(2)]
    assert [writer.wait(120) for writer in writers] == [0, 0]
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (2 * count,)


def test_the_thread_goes_on_where_a_log_cannot_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where as many files are open as may be: nobody else ever writes the logs back."""
    monkeypatch.setattr(checkpoints, "LOOK_S", 0.01)
    path = a_file(tmp_path)
    looks: list[str] = []

    def full(log: str) -> int:
        looks.append(log)
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(checkpoints, "log_bytes", full)
    with closing(sqlite3.connect(path)) as connection:
        leave_checkpoints(connection, str(path), version=OLD)
        wait_for(lambda: looks.count(str(path.resolve())) > 1)


def test_what_a_disk_says_once_is_not_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite, which brings the log to the disk after that, would not be told again."""
    path = a_file(tmp_path)

    def failed(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_autocheckpoint=0")
        connection.execute("INSERT INTO t (text) VALUES ('kept')")
        connection.commit()
        monkeypatch.setattr(os, "fsync", failed)
        with pytest.raises(OSError, match="Input/output"):
            checkpoint(str(path))
        monkeypatch.undo()
        assert checkpoint(str(path))


def test_a_file_that_is_gone_is_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "LOOK_S", 0.01)
    path = a_file(tmp_path)
    with closing(sqlite3.connect(path)) as connection:
        leave_checkpoints(connection, str(path), version=OLD)
    path.unlink()
    wait_for(lambda: str(path.resolve()) not in checkpoints._files)
    assert any(thread.name == "sqlite-checkpoints" for thread in threading.enumerate())
