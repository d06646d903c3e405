"""A database of an older release is brought to today's tables when it is opened, with everything that is in it."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from partnerlab.client.datapump.migrations import HISTORY as PUMP_HISTORY
from partnerlab.contracts.history import DatabaseNewer, DatabaseUnknown, History
from partnerlab.sandbox import Sandbox
from partnerlab.simulators.kit.world import schema
from partnerlab.simulators.kit.world.metadata import metadata
from partnerlab.simulators.kit.world.store import Statement, Store
from partnerlab.simulators.migrations import HISTORY

OLD = Path(__file__).parents[1] / "samples" / "databases" / "world-0001.sql"
"""As the last release before the revisions left it, with payments, a fault and a clock that stands."""
STORES = ["file", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(scope="module")
def tables() -> dict[str, schema.Table]:
    """Those that the simulators declare."""
    sandbox = Sandbox(in_process=True)
    try:
        return sandbox.store.tables
    finally:
        sandbox.stop()


@pytest.fixture
def old(request: pytest.FixtureRequest, tmp_path: Path, tables: dict[str, schema.Table]) -> str:
    """The URL of a database as that release left it."""
    path = tmp_path / "old.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(OLD.read_text())
        rows = {name: _rows(connection, name) for (name,) in connection.execute(NAMES)}
    if request.param == "file":
        return f"sqlite:///{path}"
    # The same in PostgreSQL: today's tables without what came since.
    url = str(request.getfixturevalue("postgres"))
    opened(url, tables).close()
    taken_back(url)
    with psycopg.connect(url.replace("+psycopg", "")) as postgres:
        for name, (columns, values) in rows.items():
            places = ", ".join(["%s"] * len(columns))
            sql = f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({places})"
            postgres.cursor().executemany(sql.encode(), values)
    return url


NAMES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"


def _rows(connection: sqlite3.Connection, name: str) -> tuple[list[str], list[Any]]:
    cursor = connection.execute(f"SELECT * FROM {name}")
    return [column[0] for column in cursor.description], cursor.fetchall()


def _declared(tables: Any) -> schema.Tables:
    declared = schema.Tables()
    declared.tables = {table.name: table for table in tables}
    return declared


def opened(url: str, tables: dict[str, schema.Table]) -> Store:
    store = Store(url, HISTORY)
    store.add(_declared(tables.values()))
    store.create()
    return store


def taken_back(url: str) -> None:
    """Bring a database to the oldest revision, where none was noted."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(HISTORY.scripts))
        config.attributes |= {"connection": connection, "version_table": HISTORY.table}
        command.downgrade(config, HISTORY.oldest)
        connection.exec_driver_sql(f"DROP TABLE {HISTORY.table}")


def differences(url: str, tables: dict[str, schema.Table]) -> list[Any]:
    """What Alembic finds different between a database and the declared tables."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    ours = {"include_object": lambda thing, name, kind, reflected, other: kind != "table" or name in tables}
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, **ours})
        return list(compare_metadata(context, metadata(tables.values())))


@pytest.mark.parametrize("old", STORES, indirect=True)
def test_an_older_database_has_todays_tables_and_all_its_rows(old: str, tables: dict[str, schema.Table]) -> None:
    assert differences(old, tables) != []
    store = opened(old, tables)
    with store.read() as tx:
        payments = tx.all(Statement("SELECT payment_guid, amount_cents, state FROM ic_payments ORDER BY payment_guid"))
        posted = tx.all(Statement("SELECT account_number, amount_cents FROM inhance_payments WHERE lane = 'default'"))
        lanes = tx.all(Statement("SELECT lane, frozen_at FROM lanes"))
        unused = tx.all(Statement("SELECT lane FROM lanes WHERE used_on IS NULL"))
        noted = tx.all(Statement(HISTORY.asking()))
    store.close()
    assert [(guid, cents) for guid, cents, _ in payments] == [("old-0", 1000), ("old-1", 1), ("old-ach", 100)]
    assert ("10000101", 1000) in posted
    assert lanes == [("default", "2026-06-16T10:00:00+00:00")]
    assert (unused, noted) == ([], [(HISTORY.newest,)])
    assert differences(old, tables) == []


@pytest.mark.parametrize("old", STORES, indirect=True)
def test_an_older_database_has_todays_keys(old: str, tables: dict[str, schema.Table]) -> None:
    """Alembic compares no keys, and knows nothing of SQLite's row numbers."""
    opened(old, tables).close()
    engine = sa.create_engine(old, poolclass=sa.NullPool)
    with engine.connect() as connection:
        found = sa.inspect(connection)
        keys = {name: found.get_pk_constraint(name)["constrained_columns"] for name in tables}
        assert keys == {name: [column.name for column in table.primary_key] for name, table in tables.items()}
        if engine.dialect.name == "sqlite":
            made = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'table'").all()
            rowid = {name: not sql.endswith("WITHOUT ROWID") for name, sql in made if name in tables}
            assert rowid == {name: table.rowid for name, table in tables.items()}


@pytest.mark.parametrize("old", STORES, indirect=True)
def test_an_older_database_keeps_every_bill_payment_and_event(old: str, tables: dict[str, schema.Table]) -> None:
    def rows(name: str) -> set[sa.Row[Any]]:
        columns = ", ".join(tables[name].c)
        with sa.create_engine(old, poolclass=sa.NullPool).connect() as connection:
            return set(connection.exec_driver_sql(f"SELECT {columns} FROM {name}"))

    moved = ("inhance_bills", "inhance_payments", "inhance_events")
    before = {name: rows(name) for name in moved}
    opened(old, tables).close()
    assert {name: rows(name) for name in moved} == before
    assert all(before.values())


@pytest.mark.parametrize("store_url", STORES, indirect=True)
def test_a_new_database_is_of_the_newest_revision_and_alembic_finds_nothing_to_do(
    store_url: str, tables: dict[str, schema.Table]
) -> None:
    store = opened(store_url, tables)
    with store.read() as tx:
        assert tx.all(Statement(HISTORY.asking())) == [(HISTORY.newest,)]
    store.close()
    assert differences(store_url, tables) == []


@pytest.mark.parametrize("old", STORES, indirect=True)
def test_two_processes_that_start_at_once_bring_it_up_to_date_once(old: str, tables: dict[str, schema.Table]) -> None:
    program = (
        "import sys; from partnerlab.simulators.migrations import HISTORY;"
        " HISTORY.upgrade(sys.argv[1], HISTORY.oldest, {})"
    )
    processes = [subprocess.Popen([sys.executable, "-c", program, old]) for _ in range(2)]
    assert [process.wait(120) for process in processes] == [0, 0]
    opened(old, tables).close()
    assert differences(old, tables) == []


def test_one_from_before_the_revisions_that_cannot_be_converted_is_told_and_left_alone(
    tmp_path: Path, tables: dict[str, schema.Table]
) -> None:
    path = tmp_path / "older.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(OLD.read_text())
        connection.execute("DROP TABLE inhance_payments")
        before = list(connection.iterdump())
    with pytest.raises(DatabaseUnknown, match=r"older\.db was made by a version of partnerlab from before"):
        opened(f"sqlite:///{path}", tables)
    with closing(sqlite3.connect(path)) as connection:
        assert list(connection.iterdump()) == before


@pytest.mark.parametrize("kept", [True, False], ids=["with a revision", "without one"])
@pytest.mark.parametrize("old", STORES, indirect=True)
def test_one_that_lacks_a_column_which_no_script_makes_keeps_its_tables_and_its_revision(
    old: str, kept: bool, tables: dict[str, schema.Table]
) -> None:
    """All scripts can be run on it, and still it is not of this release."""

    def standing() -> dict[str, list[str]]:
        found = sa.inspect(sa.create_engine(old, poolclass=sa.NullPool))
        return {name: [column["name"] for column in found.get_columns(name)] for name in found.get_table_names()}

    with sa.create_engine(old, poolclass=sa.NullPool).begin() as connection:
        connection.exec_driver_sql("ALTER TABLE ic_users DROP COLUMN text_phone")
        if kept:
            connection.exec_driver_sql(f"CREATE TABLE {HISTORY.table} (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
            connection.exec_driver_sql(f"INSERT INTO {HISTORY.table} (version_num) VALUES ('0001')")
    before = standing()
    for _ in range(2):  # the second start says the same
        said = "of its revision 0001 have" if kept else "from before its tables had revisions"
        with pytest.raises(DatabaseUnknown, match=rf"{said}.*\(it lacks ic_users\.text_phone\)\. Nothing was"):
            opened(old, tables)
        assert standing() == before
    if kept:
        with sa.create_engine(old, poolclass=sa.NullPool).connect() as connection:
            assert connection.exec_driver_sql(HISTORY.asking()).scalar_one() == "0001"


def test_one_of_a_newer_release_is_refused_and_left_alone(tmp_path: Path, tables: dict[str, schema.Table]) -> None:
    url = f"sqlite:///{tmp_path / 'new.db'}"
    opened(url, tables).close()
    with closing(sqlite3.connect(tmp_path / "new.db")) as connection:
        connection.execute(f"UPDATE {HISTORY.table} SET version_num = '9999'")
        connection.commit()
    with pytest.raises(DatabaseNewer, match="a newer release"):
        opened(url, tables)


@pytest.mark.parametrize("history", [HISTORY, PUMP_HISTORY], ids=["world", "pump"])
def test_the_newest_revision_is_the_last_script(history: History) -> None:
    config = Config()
    config.set_main_option("script_location", str(history.scripts))
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_current_head() == history.newest
    assert scripts.get_base() == history.oldest


def test_a_database_that_is_up_to_date_is_opened_without_alembic_or_sqlalchemy(tmp_path: Path) -> None:
    program = (
        "import sys; from partnerlab.sandbox import Sandbox; from partnerlab.settings import SandboxSettings;"
        "s = Sandbox(SandboxSettings(port=0, database=sys.argv[1])); s.lanes.get('default');"
        "assert not {'alembic', 'sqlalchemy'} & set(sys.modules), 'imported'; s.stop()"
    )
    for _ in range(2):
        subprocess.run([sys.executable, "-c", program, str(tmp_path / "world.db")], check=True, timeout=60)
