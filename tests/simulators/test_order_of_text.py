"""Text is ordered by code points on PostgreSQL too, whatever the database's locale: as SQLite and Python order it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from partnerlab.client.datapump import DataPump
from partnerlab.client.datapump.migrations import HISTORY as PUMP_HISTORY
from partnerlab.client.datapump.tables import METADATA
from partnerlab.client.settings import Biller
from partnerlab.contracts.history import History
from partnerlab.contracts.numbers import number_key, number_sql
from partnerlab.sandbox import Sandbox
from partnerlab.settings import SandboxSettings
from partnerlab.simulators.migrations import HISTORY
from tests.postgres import drop_database, new_database

pytestmark = pytest.mark.postgres

NAMES = ["a-1", "a10", "B2", "ab", "a-", "A", "z", "É", "é"]
TEXTS = (
    "SELECT table_name, column_name FROM information_schema.columns"
    " WHERE table_schema = current_schema() AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'"
)
BILL = (
    "INSERT INTO inhance_bills (lane, account_number, invoice_number, billed_on, due_on, amount_cents, open_cents,"
    " billed, revision, sent_revision, refused)"
    " VALUES ('default', '1', %s, '2026-06-01', '2026-06-20', 100, 100, 1, 1, 1, '')"
)
ACCOUNT = "INSERT INTO pump_accounts (lane, biller_guid, account_number, seq) VALUES ('default', 'b', %s, 1)"


@pytest.fixture
def database(postgres_server: str) -> Iterator[str]:
    """The URL of a database whose own order is that of en-US."""
    url = new_database(postgres_server, locale="en-US")
    yield url
    drop_database(postgres_server, url)


def asked(database: str, sql: str) -> list[str]:
    """The first column of what a statement finds."""
    engine = sa.create_engine(database.replace("postgresql://", "postgresql+psycopg://"), poolclass=sa.NullPool)
    with engine.connect() as connection:
        return [row[0] for row in connection.exec_driver_sql(sql)]


def filled(database: str, table: str, insert: str) -> None:
    """Put a row of each name into a table, and leave no other in it."""
    engine = sa.create_engine(database.replace("postgresql://", "postgresql+psycopg://"), poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"DELETE FROM {table}")
        for name in NAMES:
            connection.exec_driver_sql(insert, (name,))


def world(database: str) -> None:
    """A sandbox on the database, which makes its tables or brings them up to date."""
    sandbox = Sandbox(SandboxSettings(port=0, database=database))
    try:
        sandbox.lanes.get("default")
    finally:
        sandbox.stop()


def pump(database: str) -> None:
    """The same of a pump's."""
    DataPump(database, lambda lane, guid: Biller(guid, "", {})).start(worker=False).stop()


def taken_back(database: str, history: History) -> None:
    """As the release before this revision left it."""
    engine = sa.create_engine(database.replace("postgresql://", "postgresql+psycopg://"), poolclass=sa.NullPool)
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(history.scripts))
        config.attributes |= {"connection": connection, "version_table": history.table}
        command.downgrade(config, "0004")


OF = {
    "world": (world, HISTORY, "inhance_bills", "invoice_number", BILL),
    "pump": (pump, PUMP_HISTORY, "pump_accounts", "account_number", ACCOUNT),
}


@pytest.mark.parametrize("of", OF)
def test_new_tables_are_ordered_as_python_orders(of: str, database: str) -> None:
    make, _, table, column, insert = OF[of]
    make(database)
    filled(database, table, insert)
    assert asked(database, f"SELECT {column} FROM {table} ORDER BY {column}") == sorted(NAMES)
    assert asked(database, f"SELECT {column} FROM {table} WHERE {column} > 'a' ORDER BY {column}") == sorted(
        name for name in NAMES if name > "a"
    )
    ours = sorted(METADATA.tables) if of == "pump" else None
    assert [name for name in asked(database, TEXTS) if ours is None or name in ours] == []


@pytest.mark.parametrize("of", OF)
def test_those_of_the_revision_before_are_so_from_now_on_with_all_their_rows(of: str, database: str) -> None:
    make, history, table, column, insert = OF[of]
    make(database)
    taken_back(database, history)
    filled(database, table, insert)
    before = asked(database, f"SELECT {column} FROM {table} ORDER BY {column}")
    assert before != sorted(NAMES), "the database has an order of its own"
    assert sorted(before) == sorted(NAMES)
    make(database)
    assert asked(database, f"SELECT {column} FROM {table} ORDER BY {column}") == sorted(NAMES)
    assert [name for name in asked(database, TEXTS) if of == "world" or name in METADATA.tables] == []


def test_bills_are_in_the_order_of_their_numbers(database: str) -> None:
    """Who is paid first hangs on it [A-121]."""
    world(database)
    filled(database, "inhance_bills", BILL)
    found = asked(
        database, f"SELECT invoice_number FROM inhance_bills ORDER BY {', '.join(number_sql('invoice_number'))}"
    )
    assert found == sorted(NAMES, key=number_key)
