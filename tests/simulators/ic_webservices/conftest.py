"""A simulator for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.kit.lanes import Lanes
from simulators.kit.store import Store
from tests.client.datapump.postgres import new_database, running_postgres
from tests.simulators.ic_webservices.harness import Harness


@pytest.fixture
def harness() -> Iterator[Harness]:
    """The simulator on SQLite in memory."""
    store = Store("sqlite://")
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


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL server, or a skip."""
    with running_postgres() as url:
        yield url


@pytest.fixture(params=["memory", "file", pytest.param("postgres", marks=pytest.mark.postgres)])
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Harness]:
    """The simulator on each kind of store in turn, for many at once and for a bill's whole life."""
    if request.param == "postgres":
        url = new_database(request.getfixturevalue("postgres")).replace("postgresql://", "postgresql+psycopg://", 1)
    else:
        url = {"memory": "sqlite://", "file": f"sqlite:///{tmp_path / 'world.db'}"}[request.param]
    store = Store(url)
    harness = Harness(store, Lanes(store))
    yield harness
    harness.close()
    store.close()
