"""A database that cannot be used: a line and an exit code of the table in docs/sandbox.md, whoever meets it."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from partnerlab.cli import main
from partnerlab.client.datapump import DataPump
from partnerlab.client.datapump.migrations import HISTORY as OF_THE_PUMP
from partnerlab.client.datapump.slots import MAX_SLOTS, FileSlots
from partnerlab.client.settings import BillerUnknown
from partnerlab.replicas import running_replicas
from partnerlab.sandbox import Sandbox
from partnerlab.settings import SandboxSettings
from partnerlab.simulators.inhance_soap.services.warm import WarmBooks
from partnerlab.simulators.kit.http.server import Server
from partnerlab.simulators.kit.world.redo_log import HEAD
from partnerlab.simulators.migrations import HISTORY as OF_THE_SIMULATORS
from tests.postgres import new_database

PUMP = ("pump", "--port", "8719", "--billers", "{billers}")
PRUNE = ("pump", "prune")
SANDBOX = ("sandbox", "--port", "0")


def nobody(lane: str, guid: str) -> None:
    raise BillerUnknown(lane, guid)


@contextmanager
def made(path: Path, command: tuple[str, ...]) -> Iterator[None]:
    """A database as that command makes it."""
    if command is SANDBOX:
        with Sandbox(SandboxSettings(port=0, database=str(path)), in_process=False):
            pass
    else:
        DataPump(f"sqlite:///{path}", nobody).start(worker=False).stop()
    yield


def run(path: Path | str, command: tuple[str, ...], folder: Path, *, also: str = "Try ") -> tuple[int, str]:
    """The exit code, and what it said, which is one line."""
    (folder / "billers.toml").write_text("", "utf-8")
    words = [one.format(billers=folder / "billers.toml") for one in command]
    done = CliRunner().invoke(main, [*words, "--db", str(path)])
    assert not done.exception or isinstance(done.exception, SystemExit), done.exception
    lines = [
        line for line in done.output.splitlines() if not line.startswith(("Usage: ", "Try ", "the data", also)) and line
    ]
    assert len(lines) == 1, done.output
    return done.exit_code, lines[0]


def execute(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for sql in statements:
            connection.execute(sql)
        connection.commit()


BROKEN: list[tuple[str, tuple[tuple[str, ...], ...], tuple[str, ...], str]] = [
    (
        "a column of the pump's is missing",
        (PUMP, PRUNE),
        ("ALTER TABLE pump_attempts DROP COLUMN request",),
        "(it lacks pump_attempts.request)",
    ),
    ("a table of the pump's is missing", (PUMP, PRUNE), ("DROP TABLE pump_notes",), "(it lacks pump_notes)"),
    ("the pump's first is missing", (PUMP, PRUNE), ("DROP TABLE pump_deliveries",), "(it lacks pump_deliveries)"),
    ("the pump's revision is missing", (PRUNE,), ("DROP TABLE pump_revision",), "from before its tables had revisions"),
    *(
        (f"the engine's {table} is missing", (PUMP, PRUNE), (f"DROP TABLE {table}",), f"lacks its table {table}")
        for table in ("workflow_status", "application_versions", "dbos_migrations", "queues")
    ),
    (
        "the pump's tables are of a newer release",
        (PUMP, PRUNE),
        (f"UPDATE {OF_THE_PUMP.table} SET version_num = '0077'",),
        "of revision 0077",
    ),
    (
        "a column of the sandbox's is missing",
        (SANDBOX,),
        ("ALTER TABLE inhance_accounts DROP COLUMN customer_name",),
        "lacks inhance_accounts.customer_name",
    ),
    (
        "the sandbox's tables are of a newer release",
        (SANDBOX,),
        (f"UPDATE {OF_THE_SIMULATORS.table} SET version_num = '0077'",),
        "of revision 0077",
    ),
]


@pytest.mark.parametrize(
    ("command", "statements", "words"),
    [
        pytest.param(command, statements, words, id=f"{problem} ({' '.join(command[:2])})")
        for problem, commands, statements, words in BROKEN
        for command in commands
    ],
)
def test_tables_of_another_form_end_every_command_alike(
    tmp_path: Path, command: tuple[str, ...], statements: tuple[str, ...], words: str
) -> None:
    path = tmp_path / "world.db"
    with made(path, command):
        execute(path, *statements)
    code, said = run(path, command, tmp_path)
    assert (code, said[:7]) == (1, "Error: ")
    assert words in said


@pytest.mark.parametrize("command", [PUMP, PRUNE, SANDBOX], ids=lambda command: " ".join(command[:2]))
@pytest.mark.parametrize(
    ("database", "code"),
    [("{}/none/world.db", 1), ("{}", 1), ("mysql://x/y", 2), ("postgresql://h:port/db", 2)],
)
def test_so_does_what_cannot_be_a_database(tmp_path: Path, command: tuple[str, ...], database: str, code: int) -> None:
    assert run(database.format(tmp_path), command, tmp_path)[0] == code


@pytest.mark.parametrize("command", [PUMP, PRUNE, SANDBOX], ids=lambda command: " ".join(command[:2]))
def test_so_does_a_damaged_file(tmp_path: Path, command: tuple[str, ...]) -> None:
    path = tmp_path / "world.db"
    path.write_bytes(b"SQLite format 3\0" + b"\xff" * 8_192)
    code, said = run(path, command, tmp_path)
    assert (code, said) == (1, f"Error: {path}: file is not a database")


@pytest.mark.parametrize("command", [PUMP, PRUNE], ids=lambda command: " ".join(command[:2]))
def test_a_sandboxs_file_is_no_data_pumps(tmp_path: Path, command: tuple[str, ...]) -> None:
    """The pump made its tables in it, and prune ended with 0: what was to be forgotten stood in the file beside it."""
    path = tmp_path / "world.db"
    with made(path, SANDBOX):
        before = path.read_bytes()
    Path(f"{path}.pump").touch()
    words = f"is the database of a sandbox, not of a data pump; its data pump's is {path}.pump"
    assert run(path, command, tmp_path) == (1, f"Error: {path}: {words}")
    assert path.read_bytes() == before


def test_a_data_pumps_file_is_no_sandboxs(tmp_path: Path) -> None:
    path = tmp_path / "world.db"
    with made(path, PUMP):
        before = path.read_bytes()
    assert run(path, SANDBOX, tmp_path) == (1, f"Error: {path}: is the database of a data pump, not of a sandbox")
    assert path.read_bytes() == before


@pytest.mark.parametrize("command", [PUMP, PRUNE, SANDBOX], ids=lambda command: " ".join(command[:2]))
def test_nor_is_another_programs(tmp_path: Path, command: tuple[str, ...]) -> None:
    execute(tmp_path / "photos.db", "CREATE TABLE photos (name TEXT)")
    code, said = run(tmp_path / "photos.db", command, tmp_path)
    assert (code, said.partition(", not of a ")[0]) == (
        1,
        f"Error: {tmp_path}/photos.db: is the database of another program",
    )


def test_there_is_nothing_to_prune_where_no_data_pump_was(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    words = "has no table of a data pump"
    assert run(tmp_path / "empty.db", PRUNE, tmp_path) == (1, f"Error: {tmp_path}/empty.db: {words}")


@pytest.mark.postgres
def test_nor_in_a_postgresql_database(tmp_path: Path, postgres_server: str) -> None:
    code, said = run(new_database(postgres_server), PRUNE, tmp_path)
    assert (code, said.rpartition(": ")[2]) == (1, "has no table of a data pump")


def test_so_does_a_file_with_too_many_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_SLOTS > 1
    monkeypatch.setattr("partnerlab.client.datapump.slots.MAX_SLOTS", 1)
    slots = FileSlots(str(tmp_path / "world.db"))
    slots.take()
    try:
        assert run(tmp_path / "world.db", PUMP, tmp_path) == (1, "Error: 1 workers run on this database already")
    finally:
        slots.release()


def test_so_does_the_end_of_a_sandbox_whose_payments_are_not_all_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was logged with a traceback, and the exit code was 0."""

    def failing(_: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    path = tmp_path / "world.db"
    monkeypatch.setattr(Server, "run", lambda *_: None)
    monkeypatch.setattr(WarmBooks, "close", failing)
    code, said = run(path, (*SANDBOX, "--quiet"), tmp_path, also="http://")
    words = "not all payments are in the database (disk I/O error); the next start writes them from"
    assert (code, said) == (1, f"Error: {path}: {words} {path}-redo")


def test_so_does_a_log_that_no_release_wrote(tmp_path: Path) -> None:
    path = tmp_path / "world.db"
    with made(path, SANDBOX):
        Path(f"{path}-redo").write_bytes(HEAD.replace(b"2", b"9") + b"x" * 100)
    code, said = run(path, SANDBOX, tmp_path)
    assert code == 1
    assert "in a form that this version does not know" in said


def test_so_does_a_file_that_another_sandbox_has(tmp_path: Path) -> None:
    """In processes of their own: with an old SQLite the second warned of the first, too, before it was refused."""
    path = tmp_path / "world.db"
    with running_replicas(str(path), count=1):
        command = [sys.executable, "-m", "partnerlab", *SANDBOX, "--db", str(path)]
        second = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    said = f"Error: {path} is in use by another sandbox; several share one in PostgreSQL (--db postgresql://…)\n"
    assert (second.returncode, second.stdout, second.stderr) == (1, "", said)
