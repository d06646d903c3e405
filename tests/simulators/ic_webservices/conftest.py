"""A simulator for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from partnerlab.simulators.kit.world.lanes import Lanes
from partnerlab.simulators.kit.world.store import Store
from tests.simulators.ic_webservices.harness import Harness


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A payer is kept until the first attempt of a postback is over, however busy the machine is."""
    monkeypatch.setattr("partnerlab.simulators.ic_webservices.services.postbacks.PAYER_WAITS_S", 60.0)


@pytest.fixture
def harness() -> Iterator[Harness]:
    """The simulator on SQLite in memory."""
    store = Store("sqlite://")
    harness = Harness(store, Lanes(store))
    yield harness
    harness.close()
    store.close()


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.postgres)])
def both(request: pytest.FixtureRequest) -> Iterator[Harness]:
    """The simulator in memory and on PostgreSQL, for rules of money that statements of SQL decide."""
    store = Store("sqlite://" if request.param == "memory" else request.getfixturevalue("postgres"))
    harness = Harness(store, Lanes(store))
    yield harness
    harness.close()
    store.close()


@pytest.fixture
def filed(tmp_path: Path) -> Iterator[Harness]:
    """The simulator on a SQLite file, for a second process or what is on the disk."""
    store = Store(f"sqlite:///{tmp_path / 'world.db'}")
    harness = Harness(store, Lanes(store))
    yield harness
    harness.close()
    store.close()


@pytest.fixture
def shared(store_url: str) -> Iterator[Harness]:
    """The simulator on each kind of store in turn, for many at once and for a bill's whole life."""
    store = Store(store_url)
    harness = Harness(store, Lanes(store))
    yield harness
    harness.close()
    store.close()
