"""The pump's tables of an older release are brought to today's, with all deliveries; a newer one's are refused."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from click.testing import CliRunner

from partnerlab.cli import main
from partnerlab.client.datapump import DataPump
from partnerlab.client.datapump.migrations import HISTORY
from partnerlab.client.datapump.states import State
from partnerlab.client.datapump.store import DeliveryStore, OtherVersion
from partnerlab.client.datapump.tables import METADATA
from partnerlab.client.settings import Biller
from partnerlab.contracts.history import DatabaseUnknown
from tests.client.datapump.conftest import make_event, state_of, submit, wait_for
from tests.client.datapump.partner import Partner
from tests.postgres import new_database

OLD = Path(__file__).parents[2] / "samples" / "databases" / "pump-0001.sql"
"""As the first release left it: one delivered, one between two attempts, one dead, one behind it."""
Billers = Callable[[str, str], Biller]


@pytest.fixture
def old_file(tmp_path: Path) -> Path:
    path = tmp_path / "old.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(OLD.read_text())
    return path


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def old(request: pytest.FixtureRequest, old_file: Path) -> str:
    """The URL of a database as the first release left it."""
    if request.param == "sqlite":
        return f"sqlite:///{old_file}"
    url = new_database(request.getfixturevalue("postgres_server"))
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"), poolclass=sa.NullPool)
    METADATA.create_all(engine)
    with psycopg.connect(url) as connection, closing(sqlite3.connect(old_file)) as file:
        connection.execute("DROP TABLE pump_pruned; DROP INDEX pump_deliveries_doubt, pump_deliveries_ready")
        for name in ("pump_accounts", "pump_deliveries", "pump_attempts", "pump_notes"):
            cursor = file.execute(f"SELECT * FROM {name}")
            columns = [f'"{column[0]}"' for column in cursor.description]
            places = ", ".join(["%s"] * len(columns))
            sql = f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({places})"
            connection.cursor().executemany(sql.encode(), cursor.fetchall())
        for name in ("pump_accounts", "pump_deliveries"):
            connection.execute(f"SELECT setval('{name}_number_seq', 5)".encode())
    return url


def differences(pump: DataPump) -> list[Any]:
    """What Alembic finds different between the database and the declared tables."""
    ours = {"include_object": lambda thing, name, kind, reflected, other: kind != "table" or name in METADATA.tables}
    with pump._database.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, **ours})
        return list(compare_metadata(context, METADATA))


def test_deliveries_of_the_first_release_go_on(old: str, billers: Billers, partner: Partner) -> None:
    with DataPump(old, billers).start(worker=False) as pump:
        assert differences(pump) == []
        states = {delivery.event_id: delivery.state for delivery in pump.deliveries()}
        assert states == {
            "old-1": State.DELIVERED,
            "old-2": State.WAITING,
            "old-4": State.DEAD,
            "old-5": State.ACCEPTED,
        }
        assert [note.reason for note in pump.delivery("default:old-4").notes] == ["the account was made"]
        submit(pump, make_event(reference="new-1"))
        last = pump.deliveries(limit=1)[0].number
        with pump._database.begin() as tx:
            tx.exec_driver_sql(f"DELETE FROM pump_deliveries WHERE number = {last}")
        submit(pump, make_event(reference="new-2"))
        assert pump.deliveries(limit=1)[0].number > last > 5, "a number is never given twice"
    with DataPump(old, billers).start() as pump:
        pump.wake()
        wait_for(lambda: state_of(pump, "default:old-2") is State.DELIVERED)
        wait_for(lambda: state_of(pump, "default:old-5") is State.DELIVERED)
    assert [seen.fields["PaymentReference"] for seen in partner.seen].count("ref-2") == 1


def test_those_with_a_version_of_their_own_are_brought_up_to_date(url: str, billers: Billers) -> None:
    with DataPump(url, billers).start(worker=False) as pump:
        submit(pump, make_event())
        with pump._database.begin() as tx:
            tx.exec_driver_sql(f"DROP TABLE {HISTORY.table}")
            tx.exec_driver_sql("DROP INDEX pump_deliveries_ready")
            tx.exec_driver_sql("CREATE TABLE pump_version (version INTEGER NOT NULL PRIMARY KEY)")
            tx.exec_driver_sql("INSERT INTO pump_version (version) VALUES (2)")
    with DataPump(url, billers).start(worker=False) as pump:
        assert len(pump.deliveries()) == 1
        assert differences(pump) == []
        assert "pump_version" not in sa.inspect(pump._database).get_table_names()


def test_those_of_a_newer_release_are_refused_with_words_and_left_alone(url: str, billers: Billers) -> None:
    with DataPump(url, billers).start(worker=False) as pump:
        submit(pump, make_event())
        with pump._database.begin() as tx:
            tx.exec_driver_sql(f"UPDATE {HISTORY.table} SET version_num = '0077'")
    later = DataPump(url, billers)
    with pytest.raises(OtherVersion, match=f"of revision 0077, and this release knows them up to {HISTORY.newest}"):
        later.start()
    with pytest.raises(OtherVersion):
        later.payments_in_doubt("default", "x", "1")
    with later._database.connect() as tx:
        assert tx.exec_driver_sql("SELECT count(*) FROM pump_deliveries").scalar_one() == 1
    later.stop()


def test_those_that_lack_a_column_which_no_script_makes_are_refused_and_left_alone(old: str, billers: Billers) -> None:
    engine = sa.create_engine(old.replace("postgresql://", "postgresql+psycopg://"), poolclass=sa.NullPool)
    with engine.begin() as tx:
        tx.exec_driver_sql("ALTER TABLE pump_attempts DROP COLUMN request")
    before = sorted(sa.inspect(engine).get_table_names())
    for _ in range(2):  # the second start says the same
        pump = DataPump(old, billers)
        with pytest.raises(DatabaseUnknown, match=r"\(it lacks pump_attempts\.request\)\. Nothing was changed"):
            pump.start(worker=False)
        pump.stop()
        assert sorted(sa.inspect(engine).get_table_names()) == before


def test_the_command_says_so_in_a_line(tmp_path: Path, billers: Billers) -> None:
    path = tmp_path / "pump.db"
    with DataPump(f"sqlite:///{path}", billers).start(worker=False) as pump, pump._database.begin() as tx:
        tx.exec_driver_sql(f"UPDATE {HISTORY.table} SET version_num = '0077'")
    (tmp_path / "billers.toml").write_text("")
    arguments = ["pump", "--billers", str(tmp_path / "billers.toml"), "--db", str(path)]
    found = CliRunner().invoke(main, arguments)
    assert (found.exit_code, found.output.count("\n")) == (1, 1)
    assert found.output.startswith("Error: the data pump's tables are of revision 0077")


def test_an_older_one_is_brought_up_to_date_before_anything_is_asked_of_it(old_file: Path, billers: Billers) -> None:
    pump = DataPump(f"sqlite:///{old_file}", billers)
    try:
        doubt = pump.payments_in_doubt("default", "22222222-2222-4222-8222-222222222222", "10000102")
        assert doubt == ["old-4", "old-5"]
        assert isinstance(pump._opened(), DeliveryStore)
    finally:
        pump.stop()
