"""A utility for each test, on each kind of store where that matters."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.kit.store import Store
from tests.client.datapump.postgres import new_database, running_postgres
from tests.simulators.inhance_soap.utility import Utility


@pytest.fixture
def utility() -> Iterator[Utility]:
    """In memory."""
    store = Store("sqlite://")
    yield Utility(store)
    store.close()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL server, or a skip."""
    with running_postgres() as url:
        yield url


@pytest.fixture(params=["memory", "file", pytest.param("postgres", marks=pytest.mark.postgres)])
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Utility]:
    """On each kind of store in turn."""
    if request.param == "postgres":
        url = new_database(request.getfixturevalue("postgres")).replace("postgresql://", "postgresql+psycopg://", 1)
    else:
        url = {"memory": "sqlite://", "file": f"sqlite:///{tmp_path / 'world.db'}"}[request.param]
    store = Store(url)
    yield Utility(store)
    store.close()
