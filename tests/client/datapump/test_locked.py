"""A process that is stopped while it writes the pump's file: the others say so, and nothing is lost."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from partnerlab.client.datapump import DatabaseLocked, DataPump, create_service
from partnerlab.client.datapump.states import State
from tests.client.datapump.conftest import MakePump, make_event, submit, wait_for
from tests.locked import stopped_writer

SAID = "database is locked: somebody else is writing in the file and does not come to an end; nothing was written here."


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("partnerlab.client.datapump.sqlite.BUSY_TIMEOUT_MS", 200)


def test_an_event_that_could_not_be_taken_is_refused_in_words_and_taken_later(
    make_pump: MakePump, tmp_path: Path
) -> None:
    pump, event = make_pump(worker=False), make_event()
    with stopped_writer(tmp_path / "pump.db"), pytest.raises(DatabaseLocked) as refused:
        pump.submit(event)
    assert str(refused.value).startswith(f"{tmp_path}/pump.db: {SAID}")
    assert "kill -CONT" in str(refused.value)
    assert pump.counts() == {}
    assert pump.submit(event).status == "accepted"
    worker = make_pump()
    wait_for(lambda: worker.counts() == {State.DELIVERED: 1})


def test_whatever_else_writes_says_so_too(make_pump: MakePump, tmp_path: Path) -> None:
    pump = make_pump(worker=False)
    [id] = submit(pump, make_event())
    with stopped_writer(tmp_path / "pump.db"):
        for write in (
            lambda: pump.dismiss(id, "paid at the counter"),
            lambda: pump.wake(),
            lambda: pump.drop_lane("default"),
            lambda: DataPump(f"sqlite:///{tmp_path}/pump.db", lambda *_: None).start(worker=False),  # type: ignore[arg-type, return-value]
        ):
            with pytest.raises(DatabaseLocked) as refused:
                write()
            assert str(refused.value).startswith(f"{tmp_path}/pump.db: {SAID}")
    assert pump.counts() == {State.ACCEPTED: 1}


def test_over_http_it_is_503_and_when_to_try_again(make_pump: MakePump, tmp_path: Path) -> None:
    caller = create_service(make_pump(worker=False)).test_client()
    with stopped_writer(tmp_path / "pump.db"):
        answer = caller.post("/events", json=make_event())
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    error = answer.get_json()["error"]
    assert (error["code"], error["permanent"]) == ("no-database", False)
    assert error["message"].startswith(f"the database does not answer: {SAID}")
    assert str(tmp_path) not in error["message"]


def test_who_shares_a_commit_hears_it_in_time(make_pump: MakePump, tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    pump = make_pump(worker=False)
    with stopped_writer(tmp_path / "pump.db"), ThreadPoolExecutor(8) as pool:
        began = time.monotonic()
        futures = [pool.submit(pump.submit, make_event()) for _ in range(8)]
        assert {type(future.exception(30)) for future in futures} == {DatabaseLocked}
        assert time.monotonic() - began < 25
