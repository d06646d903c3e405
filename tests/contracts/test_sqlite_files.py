"""Who can read a database file, and when a warning says that two processes share one."""

from __future__ import annotations

import logging
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from partnerlab.contracts.sqlite_files import SAFE_FOR_SEVERAL, open_elsewhere, prepare
from partnerlab.simulators.kit.world.store import Store

OLD, NEW = (3, 45, 1), SAFE_FOR_SEVERAL
HOLDER = """
import sqlite3, sys
c = sqlite3.connect(sys.argv[1])
c.execute("PRAGMA journal_mode=WAL")
c.execute("CREATE TABLE IF NOT EXISTS t (a)")
c.commit()
print("open", flush=True)
sys.stdin.read()
"""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions and locks")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_database_file_and_what_stands_beside_it_is_its_owners(tmp_path: Path) -> None:
    path = tmp_path / "world.db"
    store = Store(f"sqlite:///{path}")
    with store.write():
        pass
    assert {file.name: oct(mode(file)) for file in tmp_path.iterdir()} == {
        file.name: "0o600" for file in tmp_path.iterdir()
    }
    assert path.exists()
    store.close()


def test_the_data_pumps_file_is_its_owners(tmp_path: Path) -> None:
    from partnerlab.client.datapump import DataPump

    with DataPump(f"sqlite:///{tmp_path / 'pump.db'}", lambda lane, guid: None):  # type: ignore[arg-type, return-value]
        assert {oct(mode(file)) for file in tmp_path.iterdir()} == {"0o600"}


def test_a_file_that_is_there_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "shared.db"
    path.touch(0o640)
    path.chmod(0o640)
    prepare(str(path))
    assert mode(path) == 0o640


def test_a_file_is_made_where_a_link_says(tmp_path: Path) -> None:
    """It was made by SQLite for all to read, and then refused as gone."""
    path, link = tmp_path / "volume.db", tmp_path / "world.db"
    link.symlink_to(path)
    store = Store(f"sqlite:///{link}")
    with store.write():
        pass
    store.close()
    assert (link.is_symlink(), oct(mode(path))) == (True, "0o600")


def test_two_processes_on_one_file_are_warned_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "pump.db"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        assert open_elsewhere(str(path))
        with caplog.at_level(logging.WARNING):
            prepare(f"{tmp_path}/./pump.db-other", version=OLD)
            assert not caplog.records
            prepare(str(path), version=OLD)
            assert "open in another process" in caplog.text
        holder.communicate("")
    caplog.clear()
    assert not open_elsewhere(str(path))


def test_a_library_that_is_safe_is_not_warned_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("partnerlab.contracts.sqlite_files.open_elsewhere", lambda path: pytest.fail(path))
    prepare(str(tmp_path / "new.db"), version=NEW)


def test_a_file_of_ones_own_is_no_reason_to_warn(tmp_path: Path) -> None:
    path = tmp_path / "own.db"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE t (a)")
    connection.close()
    assert not open_elsewhere(str(path))
