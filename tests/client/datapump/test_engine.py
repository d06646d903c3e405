"""The engine's set-up: slots, take-over of a dead worker's deliveries, and SQLite's clock."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from partnerlab.client.datapump import DataPump, sqlite
from partnerlab.client.datapump.database import asking, create_database
from partnerlab.client.datapump.slots import MAX_SLOTS, FileSlots, NoSlot, PostgresSlots, slot_of
from partnerlab.client.datapump.states import State
from partnerlab.client.settings import Biller
from tests.client.datapump.conftest import BILLER, QUICK, make_event, settings_for, state_of, wait_for
from tests.client.datapump.partner import Partner
from tests.postgres import new_database

# -- slots ------------------------------------------------------------------------------------------------------------


def check_slots(make: Callable[[], Any]) -> None:
    """What holds for slots of either kind."""
    first, second, third = make(), make(), make()
    assert (first.take_first(), second.take_first()) == (1, 2)
    assert first.held()
    with third.borrow(1) as dead:
        assert not dead
    first.release()
    assert not first.held()
    with third.borrow(1) as dead:
        assert dead
        with second.borrow(1) as twice:
            assert not twice
    assert third.take_first() == 1
    second.release()
    third.release()


def test_a_slot_beside_sqlite_has_one_holder(tmp_path: Path) -> None:
    check_slots(lambda: FileSlots(str(tmp_path / "pump.db")))


def test_there_are_no_more_slots_than_there_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("partnerlab.client.datapump.slots.MAX_SLOTS", 2)
    slots = [FileSlots(str(tmp_path / "pump.db")) for _ in range(3)]
    assert [slots[0].take(), slots[1].take()] == [1, 2]
    with pytest.raises(NoSlot):
        slots[2].take()
    for each in slots:
        each.release()
    assert MAX_SLOTS > 2


def test_where_the_disk_fails_the_slots_are_not_said_to_be_taken(tmp_path: Path) -> None:
    """A full disk has no room for the journal of a lock either."""
    slots = FileSlots(str(tmp_path / "pump.db"))
    for slot in (0, 1):
        (tmp_path / f"pump.db.slot-{slot}-journal").mkdir()
    with pytest.raises(sqlite3.OperationalError):
        slots.take()
    with pytest.raises(sqlite3.OperationalError), slots.starting():
        pass
    with slots.borrow(1) as free:
        assert not free


def test_the_slot_of_a_killed_process_is_free(tmp_path: Path) -> None:
    code = f"""
        import sys, time
        from partnerlab.client.datapump.slots import FileSlots
        slots = FileSlots({str(tmp_path / "pump.db")!r})
        print(slots.take(), flush=True)
        time.sleep(60)
    """
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout:
        assert process.stdout.readline() == "1\n"
        slots = FileSlots(str(tmp_path / "pump.db"))
        with slots.borrow(1) as dead:
            assert not dead
        process.kill()
        process.wait()
    with slots.borrow(1) as dead:
        assert dead


@pytest.mark.postgres
def test_a_slot_of_postgres_has_one_holder(postgres_server: str) -> None:
    url = sa.make_url(postgres_server).set(drivername="postgresql+psycopg")
    check_slots(lambda: PostgresSlots(url))


@pytest.mark.postgres
def test_a_lost_connection_is_noticed_and_the_slot_locked_again(postgres_server: str) -> None:
    url = sa.make_url(new_database(postgres_server)).set(drivername="postgresql+psycopg")
    slots, other = PostgresSlots(url), PostgresSlots(url)
    slot = slots.take()
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname ="
            " current_database()"
        )
    with other.borrow(slot) as dead:
        assert dead
        assert not slots.held()
    assert slots.held()
    with other.borrow(slot) as dead:
        assert not dead
    slots.release()
    other.release()


@pytest.mark.postgres
def test_a_worker_that_starts_while_another_has_no_connection_leaves_it_its_slot(postgres_server: str) -> None:
    """It took the free slot, and the calls that were under way for its own former ones: their payments were unknown."""
    database = new_database(postgres_server)
    url = sa.make_url(database).set(drivername="postgresql+psycopg")
    slots, starting = PostgresSlots(url), PostgresSlots(url)
    slot = slots.take()
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        locks = f"SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = {slot}"
        ended = connection.exec_driver_sql(f"SELECT pg_terminate_backend(pid, 5000) FROM ({locks}) AS holder")
        assert ended.scalars().all() == [True]
    assert starting.take() != slot
    assert slots.held()
    with slots.shard(3) as locked:
        assert locked
    starting.release()
    slots.release()


@pytest.mark.postgres
def test_a_worker_that_gets_no_connection_says_so_and_not_that_every_slot_is_taken(postgres_server: str) -> None:
    url = sa.make_url(new_database(postgres_server)).set(drivername="postgresql+psycopg", database="there-is-none")
    for take in (PostgresSlots(url).take, PostgresSlots(url).take_first, PostgresSlots(url).starting().__enter__):
        with pytest.raises(sa.exc.OperationalError, match="there-is-none"):
            take()


def test_a_slot_is_known_by_its_name() -> None:
    assert [
        slot_of(name) for name in ("slot-1", "slot-2147483647", "slot-2147483648", "slot-0", "local", "slot-1x")
    ] == [
        1,
        2147483647,
        *[None] * 4,
    ]


@pytest.mark.postgres
def test_a_question_to_a_server_that_is_gone_is_given_up_like_its_silence(postgres_server: str) -> None:
    """While one is on its way no sign of life is asked for: no shard was locked for a quarter of an hour."""
    slots = PostgresSlots(sa.make_url(postgres_server).set(drivername="postgresql+psycopg"))
    with slots._engine.connect() as connection:
        used = connection.connection.dbapi_connection.info.get_parameters()  # type: ignore[union-attr]
    silent_s = int(used["keepalives_idle"]) + int(used["keepalives_interval"]) * int(used["keepalives_count"])
    assert int(used["tcp_user_timeout"]) == 1000 * silent_s == 25_000


@pytest.mark.postgres
def test_so_is_one_by_any_other_connection_unless_the_url_says_another_time(postgres_server: str) -> None:
    database = new_database(postgres_server)
    for url, wanted in ((database, "25000"), (f"{database}&tcp_user_timeout=4000", "4000")):
        pool = create_database(url if "?" in url else url.replace("&", "?", 1))
        for engine in (pool, asking(pool)):
            with engine.connect() as connection:
                used = connection.connection.dbapi_connection.info.get_parameters()  # type: ignore[union-attr]
                assert (used["tcp_user_timeout"], used["keepalives_idle"]) == (wanted, "10")
        pool.dispose()


# -- take-over --------------------------------------------------------------------------------------------------------

DYING = """
    import os, sys, threading
    from partnerlab.client.datapump import DataPump, RetryPolicy, Router
    from partnerlab.client.datapump.plans import PartnerRequest
    from partnerlab.client.settings import Biller

    url, poll_s = sys.argv[1], 0.02
    def route(event, biller, transport):
        def send():
            os.write(1, f"{event.id}\\n".encode())
            threading.Event().wait()
        return PartnerRequest("X", "x", send, idempotent=event.kind != "payment")

    routes = {"inhance_v2": {kind: route for kind in ("payment", "email")}}
    pump = DataPump(url, lambda lane, guid: Biller(guid, "inhance_v2", {}), router=Router(routes), poll_s=poll_s)
    pump.start()
    threading.Event().wait()
"""


@contextmanager
def killed_at_the_end(process: subprocess.Popen[str]) -> Iterator[None]:
    try:
        yield
    finally:
        process.kill()
        process.wait()


def check_take_over(url: str, partner: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A worker dies in the middle of two calls, with more behind them, and never comes back. The survivor, which has
    another slot, ends what may be repeated, asks a person about what may not, and goes on with the rest.
    """
    monkeypatch.setattr("partnerlab.client.datapump.upkeep.SWEEP_S", 0.2)
    accepting = DataPump(url, lambda lane, guid: Biller(guid, "x", {})).start(worker=False)
    payment, behind = make_event(account_number="a"), make_event(account_number="a")
    email = make_event("email", account_number="b")
    for event in (payment, behind, email):
        accepting.submit(event)
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(DYING), url],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    with process.stdout, killed_at_the_end(process):
        assert {process.stdout.readline().strip() for _ in range(2)} == {payment["id"], email["id"]}
        billers = lambda lane, guid: Biller(guid, "inhance_v2", settings_for(partner.url))  # noqa: E731
        with DataPump(url, billers, QUICK, poll_s=0.02) as survivor:
            time.sleep(1.0)
            assert state_of(survivor, payment["id"]) is State.SENDING, "the work of a living worker was taken"
            process.kill()
            process.wait()
            wait_for(lambda: state_of(survivor, payment["id"]) is State.UNKNOWN)
            wait_for(lambda: state_of(survivor, behind["id"]) is State.DELIVERED)
            wait_for(lambda: state_of(survivor, email["id"]) is State.DELIVERED)
    accepting.stop()
    assert partner.posted() == {behind["payment"]["reference"]: 1}


def test_a_dead_workers_deliveries_are_taken_over(
    tmp_path: Path, partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_take_over(f"sqlite:///{tmp_path / 'pump.db'}", partner, monkeypatch)


@pytest.mark.postgres
def test_a_dead_workers_deliveries_are_taken_over_on_postgres(
    postgres_server: str, partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_take_over(new_database(postgres_server), partner, monkeypatch)


@pytest.mark.postgres
def test_the_pump_works_on_postgres(postgres_server: str, partner: Partner) -> None:
    billers = lambda lane, guid: Biller(guid, "inhance_v2", settings_for(partner.url))  # noqa: E731
    events = [make_event(account_number=f"a{n % 4}") for n in range(40)]
    with DataPump(new_database(postgres_server), billers, QUICK, poll_s=0.02) as pump:
        for event in events:
            assert pump.submit(event).status == "accepted"
        assert pump.submit(events[0]).status == "duplicate"
        assert pump.drain()
        assert pump.counts() == {State.DELIVERED: 40}
        [refused] = [pump.submit(make_event(biller_guid=BILLER, reference="x" * 300))]
        wait_for(lambda: state_of(pump, refused.id) is State.DEAD)
        assert pump.dismiss(refused.id, "nothing to post").notes[0].by == "operator"
        assert [d.state for d in pump.deliveries(limit=2)] == [State.DISMISSED, State.DELIVERED]
    for account, seen in partner.accounts().items():
        wanted = [e["payment"]["reference"] for e in events if e["account_number"] == account]
        assert [s.fields["PaymentReference"] for s in seen] == wanted


# -- SQLite -----------------------------------------------------------------------------------------------------------


def test_sqlites_clock_has_milliseconds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whatever the library's version: the functions that stand in for an old one do so here too."""
    monkeypatch.setattr(sqlite, "KNOWS_SUBSECONDS", False)
    (tmp_path / "x.db").touch()
    connection = sqlite.Connection(str(tmp_path / "x.db"))
    try:
        now = time.time()
        [(unix, text, whole)] = connection.execute(
            "SELECT unixepoch('subsec') * 1000, strftime('%s', 'now') * 1000, unixepoch('2026-06-16')"
        ).fetchall()
        assert abs(unix - now * 1000) < 2000
        assert abs(text - now * 1000) < 2000
        assert whole == 1_781_568_000
        [(year,)] = connection.execute("SELECT strftime('%Y', '2026-06-16')").fetchall()
        assert year == "2026"
        fractions = {connection.execute("SELECT unixepoch('subsec')").fetchone()[0] % 1 for _ in range(20)}
        assert len(fractions) > 1
    finally:
        connection.close()


def test_readers_and_writers_do_not_fail_each_other(tmp_path: Path) -> None:
    path = str(tmp_path / "x.db")
    Path(path).touch()
    first, second = sqlite.Connection(path), sqlite.Connection(path)
    try:
        first.execute("CREATE TABLE t (x)")
        first.execute("INSERT INTO t VALUES (1)")
        assert second.execute("SELECT count(*) FROM t").fetchone() == (0,)
        first.commit()
        assert second.execute("SELECT count(*) FROM t").fetchone() == (1,)
        second.execute("CREATE TABLE v (y PRIMARY KEY)")
        second.execute("CREATE TABLE u (x REFERENCES v (y))")
        with pytest.raises(sqlite3.IntegrityError):
            second.execute("INSERT INTO u VALUES (3)")
    finally:
        first.close()
        second.close()
