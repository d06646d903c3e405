"""What the pump's database holds, and how well it keeps it."""

from __future__ import annotations

import gc
import sqlite3
import warnings
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from partnerlab.client.datapump import DataPump
from partnerlab.client.datapump.sqlite import Connection
from partnerlab.client.datapump.states import State
from partnerlab.client.datapump.store import DeliveryStore
from partnerlab.client.settings import Biller
from tests.client.datapump.conftest import KEY, make_event, submit
from tests.postgres import new_database


def test_the_engines_tables_hold_no_payload_and_no_secret(pump: DataPump, tmp_path: Path) -> None:
    submit(pump, make_event(payer_name="Willows Laundry"), make_event("email"))
    assert pump.drain()
    with sqlite3.connect(tmp_path / "pump.db") as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        whole = {name: str(connection.execute(f"SELECT * FROM {name}").fetchall()) for name in tables}
    connection.close()
    assert any("10000101" in text for name, text in whole.items() if name.startswith("pump_"))
    for name, text in whole.items():
        assert KEY not in text, name
        if not name.startswith("pump_"):
            assert "10000101" not in text, name
            assert "Willows" not in text, name
            assert "willows@example.com" not in text, name


def test_a_look_brings_no_line_that_is_being_worked_on_and_goes_on_behind_it(url: str) -> None:
    with DataPump(url, lambda lane, guid: Biller(guid, "", {})).start(worker=False) as pump:
        submit(pump, *(make_event(account_number=f"{number}") for number in range(5)))
        store = pump._store
        heads, _ = store.next_in(range(8), 8, after=0, limit=10)
        accounts = [head.account for head in heads]
        assert len(accounts) == 5
        busy = accounts[1:3]
        assert store.next_in(range(8), 8, after=0, limit=10, busy=busy)[0] == [heads[0], heads[3], heads[4]]
        assert store.next_in(range(8), 8, after=0, limit=2, busy=busy) == ([heads[0]], accounts[1])
        assert store.next_in(range(8), 8, after=accounts[1], limit=2, busy=busy) == ([heads[3]], accounts[3])


def test_a_question_that_stands_alone_leaves_no_transaction_open(url: str) -> None:
    with DataPump(url, lambda lane, guid: Biller(guid, "", {})).start(worker=False) as pump:
        for connect, open_after in ((pump._store.reading, False), (pump._store.database.connect, True)):
            with connect() as connection:
                pump._store.first(connection, "SELECT count(*) FROM pump_deliveries")
                driver = connection.connection.dbapi_connection
                assert driver is not None
                in_transaction = driver.info.transaction_status != 0 if "postgresql" in url else driver.in_transaction
                assert in_transaction is (open_after and "postgresql" in url)


def first_in_lines(store: DeliveryStore) -> object:
    with store.database.connect() as connection:
        return store.first_in_lines(connection, [1])


@pytest.mark.parametrize(
    "query",
    [
        lambda store: store.due(),
        first_in_lines,
        lambda store: store.next_in(range(8), 8, after=0, limit=10),
        lambda store: store.on_its_way("default"),
        lambda store: store.standing(),
        lambda store: store.by_id("default", "x"),
        lambda store: store.bring_forward("default", None, now=0),
        lambda store: store.find({"state": "dead"}, before=None, limit=10),
        lambda store: store.heads(State.ACCEPTED, 0, 0, 8),
        lambda store: store.payments_in_doubt("default", "x", "1", 0),
    ],
)
def test_no_frequent_query_walks_through_all_deliveries(
    pump: DataPump, query: Callable[[DeliveryStore], object]
) -> None:
    """SQLite finds a partial index only where the query repeats its condition word for word."""
    said: list[str] = []

    class Spy(DeliveryStore):
        def _execute(self, tx: sa.Connection, sql: str, values: Any, *, reading: bool = False) -> Any:
            said.extend(row[3] for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values))
            return super()._execute(tx, sql, values, reading=reading)

    spy = Spy(pump._database)
    said.clear()  # of the tables' version
    query(spy)
    assert said
    scans = [step.split()[1] for step in said if step.startswith("SCAN") and "USING" not in step]
    assert not {*scans} - {"stepping", "page", "json_each"}, said  # what the query itself made


@pytest.mark.postgres
def test_postgres_searches_for_what_is_next_and_does_not_read_all_that_was_delivered(postgres_server: str) -> None:
    """It did, in a table of a thousand: at each look, and at the end of each attempt."""
    pump = DataPump(new_database(postgres_server), lambda lane, guid: Biller(guid, "", {})).start(worker=False)
    submit(pump, *(make_event(account_number=f"{number}") for number in range(20)))
    plans: list[str] = []

    class Spy(DeliveryStore):
        def _execute(self, tx: sa.Connection, sql: str, values: Any, *, reading: bool = False) -> Any:
            rows = super()._execute(tx, f"EXPLAIN {sql}", values, reading=True)
            plans.append("\n".join(row[0] for row in rows))
            return super()._execute(tx, sql, values, reading=reading)

    with pump._database.begin() as tx:
        tx.exec_driver_sql(
            "INSERT INTO pump_deliveries (lane, event_id, kind, biller_guid, account_number, account, seq, event,"
            " state, run, attempts, tries, message, accepted_at, updated_at) SELECT lane, account || '-old-' || n,"
            " kind, biller_guid, account_number, account, -n, event, 'delivered', 1, 1, 1, '', n, n"
            " FROM generate_series(1, 100) AS n, pump_deliveries"
        )
    spy = Spy(pump._database)
    plans.clear()  # of the tables' version
    heads, _ = spy.next_in(range(8), 8, after=0, limit=100)
    accounts = [head.account for head in heads]
    with pump._database.connect() as tx:
        assert spy.first_in_lines(tx, accounts[:7]) == {head.account: head for head in heads[:7]}
    assert len(accounts) == 20
    assert len(plans) == 2
    for plan in plans:
        assert "Seq Scan on pump_deliveries" not in plan
        assert "Hash" not in plan.replace("hashed SubPlan", ""), plan
    pump.stop()


def test_a_commit_survives_a_power_failure(pump: DataPump) -> None:
    with pump._database.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://x/y"])
def test_a_database_that_forgets_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="data pump keeps"):
        DataPump(url, lambda lane, guid: Biller(guid, "x", {}))


def test_a_connection_that_outlives_its_pool_is_closed_without_a_warning(tmp_path: Path) -> None:
    """A thread of the engine may hold one when the pump stops; Python 3.13 warns of those that nobody closed."""
    (tmp_path / "pump.db").touch()
    connection = Connection(tmp_path / "pump.db", check_same_thread=False)
    looked_at = weakref.ref(connection)
    gc.collect()  # what others left is theirs
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        del connection
        gc.collect()
    assert looked_at() is None
    with pytest.raises(sqlite3.OperationalError):  # never opened, so there is nothing to close
        Connection(tmp_path / "missing" / "pump.db")


def test_a_statement_on_a_connection_that_is_gone_fails_as_sqlalchemy_says(url: str) -> None:
    """Whoever holds a connection for long may find that the server closed it between two statements."""
    pump = DataPump(url, lambda lane, guid: Biller(guid, "", {})).start(worker=False)
    with pump._database.connect() as connection:
        connection.connection.dbapi_connection.close()  # type: ignore[union-attr]
        with pytest.raises(sa.exc.DBAPIError):
            pump._store.first(connection, "SELECT 1")
        connection.invalidate()
    pump.stop()


def test_a_file_whose_log_is_deleted_takes_nothing(pump: DataPump, tmp_path: Path) -> None:
    submit(pump, make_event())
    assert pump.drain()
    log, away = tmp_path / "pump.db-wal", tmp_path / "away"
    log.rename(away)
    with pytest.raises(sa.exc.OperationalError, match=r"pump\.db-wal, .* was moved"):
        pump.submit(make_event())
    away.rename(log)
    assert pump.submit(make_event()).status == "accepted"
    assert pump.drain()


@pytest.mark.parametrize("replaced", [False, True])
def test_a_file_that_is_taken_away_takes_nothing_until_it_is_back(
    pump: DataPump, tmp_path: Path, *, replaced: bool
) -> None:
    """It was written on, where nobody finds it: what was accepted ended with the process."""
    path, away = tmp_path / "pump.db", tmp_path / "away.db"
    submit(pump, make_event())
    assert pump.drain()
    path.rename(away)
    if replaced:
        path.touch()
    event = make_event()
    with pytest.raises(sa.exc.OperationalError, match=r"pump\.db (was moved, deleted|is not there any)"):
        pump.submit(event)
    away.rename(path)
    assert pump.submit(event).status == "accepted"
    assert pump.drain()
    assert pump.counts() == {State.DELIVERED: 2}
