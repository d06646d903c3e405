"""An answer that arrived is written down, however long the database cannot take it, and whatever is in it."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from partnerlab.client.datapump import DataPump
from partnerlab.client.datapump.outcomes import Outcome
from partnerlab.client.datapump.statements import writable
from partnerlab.client.datapump.states import State
from partnerlab.client.datapump.writing import Moved
from partnerlab.client.errors import RequestInvalid
from partnerlab.client.settings import Biller
from tests.client.datapump.conftest import QUICK, MakePump, make_event, state_of, submit, wait_for
from tests.client.datapump.partner import OK, Partner
from tests.client.datapump.test_restarts import hand, open_attempt
from tests.postgres import new_database

Billers = Callable[[str, str], Biller]


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("partnerlab.client.datapump.worker.DATABASE_RETRY_S", 0.05)


def held(partner: Partner) -> tuple[threading.Event, threading.Event]:
    """Makes the partner answer late; set when it was asked, and to be set when it shall answer."""
    asked, go_on = threading.Event(), threading.Event()

    def will(operation: str, fields: dict[str, str]) -> str:
        asked.set()
        go_on.wait(60)
        return OK

    partner.will = will
    return asked, go_on


def test_a_locked_database_only_delays_it(
    make_pump: MakePump, partner: Partner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("partnerlab.client.datapump.sqlite.BUSY_TIMEOUT_MS", 500)
    asked, go_on = held(partner)
    pump = make_pump()
    [id] = submit(pump, make_event())
    assert asked.wait(60)
    lock = sqlite3.connect(tmp_path / "pump.db", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    go_on.set()
    threading.Event().wait(1.5)
    assert state_of(pump, id) is State.SENDING
    lock.execute("ROLLBACK")
    lock.close()
    wait_for(lambda: state_of(pump, id) is State.DELIVERED)
    assert len(partner.seen) == 1


@pytest.mark.postgres
def test_a_fail_over_that_only_reads_only_delays_it(postgres_server: str, billers: Billers, partner: Partner) -> None:
    url = new_database(postgres_server)
    name = sa.make_url(url).database
    asked, go_on = held(partner)
    with DataPump(url, billers, QUICK, poll_s=0.02) as pump, psycopg.connect(postgres_server, autocommit=True) as root:
        [id] = submit(pump, make_event())
        assert asked.wait(60)
        root.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'.encode())
        ours = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
        root.execute(ours, (name,))
        go_on.set()
        threading.Event().wait(1.5)
        assert state_of(pump, id) is State.SENDING
        root.execute(f'ALTER DATABASE "{name}" RESET default_transaction_read_only'.encode())
        root.execute(ours, (name,))

        def delivered() -> bool:
            with suppress(sa.exc.OperationalError):  # asked on a connection that was being closed
                return state_of(pump, id) is State.DELIVERED
            return False

        wait_for(delivered, 30)
    assert len(partner.seen) == 1


@pytest.mark.parametrize(
    "error",
    [
        sa.exc.TimeoutError("QueuePool limit of size 20 overflow 0 reached"),
        sa.exc.InternalError("UPDATE", {}, Exception("cannot execute UPDATE in a read-only transaction")),
        MemoryError(),
    ],
)
def test_whatever_keeps_it_from_being_written_it_is_tried_again(
    url: str, billers: Billers, partner: Partner, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    with DataPump(url, billers).start(worker=False) as pump:
        [id] = submit(pump, make_event())
        open_attempt(pump, id)
        opened, worker = pump.delivery(id).delivery, hand(pump)
        failures, write = iter([error] * 3), worker._settle

        def settle(*args: object, **kwargs: object) -> Moved:
            for failure in failures:
                raise failure
            return write(*args, **kwargs)  # type: ignore[arg-type]

        monkeypatch.setattr(worker, "_settle", settle)
        assert worker.settle(opened, Outcome(State.DELIVERED, "")).state is State.DELIVERED
        assert state_of(pump, id) is State.DELIVERED


def test_what_no_database_takes_is_made_writable(url: str, billers: Billers, partner: Partner) -> None:
    """A NUL in an error page, half a surrogate pair in a message."""
    with DataPump(url, billers).start(worker=False) as pump:
        [id] = submit(pump, make_event())
        open_attempt(pump, id)
        said = "status 500: <b>\x00\ud800</b>"
        found = pump.delivery(id).delivery
        assert hand(pump).settle(found, Outcome(State.UNKNOWN, said)).state is State.UNKNOWN
        record = pump.delivery(id)
        assert record.delivery.message == record.attempts[0].message == "status 500: <b>\ufffd\ufffd</b>"
        pump.dismiss(id, "see \x00", by="me\ud800")
        assert (pump.delivery(id).notes[0].reason, pump.delivery(id).notes[0].by) == ("see \ufffd", "me\ufffd")


def test_what_cannot_be_written_after_all_is_written_without_its_text(
    url: str, billers: Billers, partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("partnerlab.client.datapump.store.writable", lambda text: text)
    with DataPump(url, billers).start(worker=False) as pump:
        [id] = submit(pump, make_event())
        open_attempt(pump, id)
        opened = pump.delivery(id).delivery
        assert hand(pump).settle(opened, Outcome(State.DELIVERED, "\ud800")).state is State.DELIVERED
        assert "what was said cannot be kept" in pump.delivery(id).delivery.message


def test_only_what_no_database_takes_is_changed() -> None:
    assert writable("Zürich 🚰 \t\n\x01") == "Zürich 🚰 \t\n\x01"
    assert writable("a\x00b\udfffc") == "a\ufffdb\ufffdc"


@pytest.mark.parametrize("text", ["10\x0001", "10\ud80001"])
def test_an_event_with_text_that_no_database_takes_is_refused(pump: DataPump, text: str) -> None:
    with pytest.raises(RequestInvalid, match="account_number"):
        pump.submit(make_event(account_number=text))


def test_a_stop_waits_for_the_answer_to_be_written(
    make_pump: MakePump, partner: Partner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("partnerlab.client.datapump.sqlite.BUSY_TIMEOUT_MS", 500)
    asked, go_on = held(partner)
    pump = make_pump()
    [id] = submit(pump, make_event())
    assert asked.wait(60)
    lock = sqlite3.connect(tmp_path / "pump.db", isolation_level=None, check_same_thread=False)
    lock.execute("BEGIN IMMEDIATE")
    go_on.set()
    threading.Timer(1.5, lock.close).start()
    pump.stop()
    later = make_pump(worker=False)
    assert state_of(later, id) is State.DELIVERED
