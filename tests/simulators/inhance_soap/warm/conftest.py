"""Books in memory and in a file, and the thread that writes them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from partnerlab.simulators.inhance_soap.services import warm
from partnerlab.simulators.kit.world.store import Store
from tests.simulators.inhance_soap.warm.books import After, Books, opened, pay
from tests.simulators.inhance_soap.warm.handed_over import HELD_S, MOST, Writer


@pytest.fixture
def books() -> Iterator[Books]:
    store = Store("sqlite://")
    yield Books(store)
    store.close()


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Books]:
    books = opened(tmp_path / "world.db")
    yield books
    books.store.close()


@pytest.fixture
def after(file: Books, tmp_path: Path) -> After:
    return After(file, tmp_path)


@pytest.fixture
def writer(monkeypatch: pytest.MonkeyPatch) -> Writer:
    monkeypatch.setattr(warm, "MOST_WAITING", MOST)
    monkeypatch.setattr(warm, "MOST_BEHIND", MOST)
    return Writer(monkeypatch)


@pytest.fixture(params=["before it writes", "before it commits"])
def held(request: pytest.FixtureRequest, file: Books, writer: Writer) -> Iterator[Writer]:
    """p0 to p2 are being written, p3 and p4 wait behind them."""
    writer.when = request.param
    writer.hold()
    for number in range(MOST + 2):
        assert pay(file, f"p{number}").number == number + 1
    assert writer.begun.wait(HELD_S)
    yield writer
    writer.go_on()  # before the file is closed, which waits for it
