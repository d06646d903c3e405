"""One checkpointer of a SQLite file, which works while nobody writes, where SQLite's own checkpoints are not safe."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from partnerlab.client.datapump.database import create_database
from partnerlab.contracts import checkpoints
from partnerlab.contracts.checkpoints import LOG_BYTES, checkpoint, leave_checkpoints
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


def log_of(path: Path) -> int:
    log = Path(f"{path}-wal")
    return log.stat().st_size if log.exists() else 0


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
        leave_checkpoints(connection, str(path), version=OLD)
        for _ in range(3 * LOG_BYTES // len(HALF_A_MEGABYTE)):
            connection.execute("INSERT INTO t (text) VALUES (?)", (HALF_A_MEGABYTE,))
        assert log_of(path) > LOG_BYTES

        def short() -> bool:
            connection.execute("INSERT INTO t (text) VALUES ('a little')")
            return log_of(path) <= LOG_BYTES

        wait_for(short)
        assert connection.execute("SELECT count(*) FROM t WHERE text <> 'a little'").fetchone() == (24,)


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


def test_a_file_that_is_gone_is_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "LOOK_S", 0.01)
    path = a_file(tmp_path)
    with closing(sqlite3.connect(path)) as connection:
        leave_checkpoints(connection, str(path), version=OLD)
    path.unlink()
    wait_for(lambda: str(path.resolve()) not in checkpoints._files)
    assert any(thread.name == "sqlite-checkpoints" for thread in threading.enumerate())
