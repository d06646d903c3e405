"""When the journal's entries are written: soon, or once somebody wants them."""

from __future__ import annotations

import logging
import time

import pytest

from partnerlab.simulators.kit.journal import entries
from partnerlab.simulators.kit.journal import journal as journal_module
from partnerlab.simulators.kit.journal.journal import Journal
from partnerlab.simulators.kit.world.lanes import Lanes
from partnerlab.simulators.kit.world.store import Store
from tests.simulators.kit.journal.test_journal import note


def test_entries_are_written_without_anybody_reading(store: Store) -> None:
    lanes = Lanes(store)
    lanes.get("a")
    journal = Journal(lanes)
    if store.in_memory:  # what nobody is told of may wait there: whoever reads it writes it first
        journal.written.append(lambda lane, entry: None)
    note(journal)
    _wait_for(store, "r-1")
    journal.close()


def test_in_memory_what_nobody_reads_is_written_when_it_is_much(memory: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "ENOUGH", 30)
    lanes = Lanes(memory)
    for lane in "abc":
        lanes.get(lane)
    journal = Journal(lanes, keep=10)
    masked = _masked(journal, monkeypatch)
    for n in range(29):
        note(journal, id=f"r-{n}", lane="bca"[n % 3])
    assert journal._thread is None
    note(journal, id="r-29", lane="a")
    _wait_for(memory, "r-29")
    journal.close()
    assert sorted(masked) == sorted(f"r-{n}" for n in range(30))


def test_what_fell_out_of_the_ring_neither_waits_nor_is_masked(memory: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many requests a lane gets, its own ring is all that waits: nothing is written until somebody reads."""
    monkeypatch.setattr(journal_module, "ENOUGH", 30)
    monkeypatch.setattr(journal_module, "ENOUGH_BYTES", 30 * 1_000)
    lanes = Lanes(memory)
    lanes.get("a")
    journal = Journal(lanes, keep=10)
    masked = _masked(journal, monkeypatch)
    for n in range(200):
        note(journal, b"x" * (n + 500), id=f"r-{n}")
    assert journal._thread is None
    assert (journal._waiting_count, journal._waiting_bytes) == (10, sum(one.size for one in journal._waiting["a"]))
    assert [entry.id for entry in journal.find("a")] == masked == [f"r-{n}" for n in range(190, 200)]
    assert (journal._waiting_count, journal._waiting_bytes) == (0, 0)
    journal.close()


def _masked(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of requests that are made ready to be written, from now on."""
    masked: list[str] = []
    row = journal._row
    monkeypatch.setattr(journal, "_row", lambda entry: masked.append(entry.request.id) or row(entry))
    return masked


def _wait_for(store: Store, id: str) -> None:
    give_up = time.monotonic() + 30
    while time.monotonic() < give_up:
        time.sleep(0.01)
        with store.read() as tx:
            if tx.one(entries.GET, lane="a", id=id) is not None:
                return
    pytest.fail(f"{id} was not written in half a minute")


def test_a_store_that_fails_is_logged_and_the_thread_lives_on(
    memory: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    lanes = Lanes(memory)
    lanes.get("a")
    journal = Journal(lanes)
    journal.written.append(lambda lane, entry: None)
    with monkeypatch.context() as broken, caplog.at_level(logging.ERROR):
        broken.setattr(memory, "write", lambda: 1 / 0)
        note(journal, id="lost")
        give_up = time.monotonic() + 30
        while not caplog.records and time.monotonic() < give_up:
            time.sleep(0.01)
    assert "the journal could not be written" in caplog.text
    note(journal, id="kept")
    journal.close()
    assert [entry.id for entry in Journal(lanes).find("a")] == ["kept"]
