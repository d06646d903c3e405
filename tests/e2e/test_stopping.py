"""What the pump of a sandbox has under way ends before the sandbox does, and what it cannot start yet starts later."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from partnerlab.client.datapump.states import State
from partnerlab.client.http.connections import Connections
from partnerlab.remote import Remote
from partnerlab.sandbox import Sandbox
from partnerlab.sandbox import sandbox as module
from partnerlab.settings import SandboxSettings
from tests.client.datapump.conftest import wait_for
from tests.locked import stopped_writer


def pay(sandbox: Sandbox, amount: str) -> None:
    remote = Remote(sandbox.url, "default")
    order = {
        "account_number": "10000101",
        "amount": amount,
        "tender": "credit_card",
        "card_number": "4111111111111111",
        "biller_guid": remote.biller("inhance_v2")["guid"],
    }
    remote.post("/_sandbox/ic/payments", order)
    remote.close()


def test_a_call_on_its_way_to_the_sandbox_itself_is_answered_before_it_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its connection is idle at the server, which closed it and left the payment unknown."""
    settings = SandboxSettings(port=0, database=str(tmp_path / "sandbox.db"))
    on_its_way = threading.Event()
    take = Connections.take_direct

    def slowly(self: Connections, server: Any) -> Any:
        taken = take(self, server)
        if taken is not None:
            on_its_way.set()
            time.sleep(0.7)
        return taken

    with Sandbox(settings) as sandbox:
        pay(sandbox, "12.00")
        assert sandbox.settle("default")
        monkeypatch.setattr(Connections, "take_direct", slowly)
        pay(sandbox, "13.00")
        assert on_its_way.wait(30)
    with Sandbox(settings) as again:
        found = again.pump.deliveries()
        assert [(one.state, one.attempts) for one in found] == [(State.DELIVERED, 1)] * 2


def test_due_work_that_is_under_way_ends_while_the_sandbox_still_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A job's call to the sandbox's own Invoice Cloud found no server any more, and was noted as a failure."""
    began, answered = threading.Event(), list[int]()
    with Sandbox(SandboxSettings(port=0)) as sandbox:

        def slowly(*_: object) -> bool:
            began.set()
            time.sleep(0.7)
            answered.append(httpx.get(f"{sandbox.url}/_sandbox/health").status_code)
            return True

        runner = sandbox.runners[0]
        monkeypatch.setattr(runner, "_quietly", slowly)
        runner.submit(runner._works[0], "default", [("one",)])
        assert began.wait(30)
    assert answered == [200]


def test_the_pump_of_a_file_that_somebody_else_writes_starts_once_it_is_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings = SandboxSettings(port=0, database=str(tmp_path / "sandbox.db"))
    with Sandbox(settings) as sandbox:
        assert sandbox.pump.counts() == {}
    for name in ("SETTLE_IN_S", "AGAIN_S"):
        monkeypatch.setattr(module, name, 0.1)
    with ExitStack() as stack:
        with stopped_writer(tmp_path / "sandbox.db.pump"):
            with monkeypatch.context() as impatient:
                impatient.setattr("partnerlab.client.datapump.sqlite.BUSY_TIMEOUT_MS", 100)
                sandbox = stack.enter_context(Sandbox(settings))
                wait_for(lambda: "cannot start and tries again" in caplog.text)
            assert "kill -CONT" in caplog.text
        wait_for(lambda: not sandbox._settling.is_alive())
        pay(sandbox, "12.00")
        assert sandbox.settle("default")
        assert sandbox.pump.counts() == {State.DELIVERED: 1}


def test_a_pump_whose_tables_lack_a_column_says_so_and_starts_once_they_have_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The sandbox goes on; its thread ended with a traceback, at the first statement that needed the column."""
    settings = SandboxSettings(port=0, database=str(tmp_path / "sandbox.db"))
    with Sandbox(settings) as sandbox:
        assert sandbox.pump.counts() == {}
    with closing(sqlite3.connect(tmp_path / "sandbox.db.pump")) as pump:
        pump.execute("ALTER TABLE pump_attempts DROP COLUMN request")
    for name in ("SETTLE_IN_S", "AGAIN_S"):
        monkeypatch.setattr(module, name, 0.1)
    with Sandbox(settings) as sandbox:
        wait_for(lambda: "cannot start and tries again" in caplog.text)
        assert "(it lacks pump_attempts.request)" in caplog.text
        pay(sandbox, "12.00")
        with closing(sqlite3.connect(tmp_path / "sandbox.db.pump")) as pump:
            pump.execute("ALTER TABLE pump_attempts ADD COLUMN request TEXT NOT NULL DEFAULT ''")
        wait_for(lambda: not sandbox._settling.is_alive())
        assert sandbox.settle("default")
        assert sandbox.pump.counts() == {State.DELIVERED: 1}
