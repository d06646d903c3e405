"""A simulator for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.kit.lanes import Lanes
from simulators.kit.store import Store
from tests.simulators.ic_webservices.harness import Harness


@pytest.fixture(params=["memory", "file"])
def harness(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Harness]:
    """The simulator on SQLite, in memory and in a file."""
    store = Store("sqlite://" if request.param == "memory" else f"sqlite:///{tmp_path / 'world.db'}")
    harness = Harness(store, Lanes(store))
    yield harness
    harness.close()
    store.close()


@pytest.fixture
def filed(tmp_path: Path) -> Iterator[Harness]:
    """The simulator on a SQLite file, for what needs many threads or a second process."""
    store = Store(f"sqlite:///{tmp_path / 'world.db'}")
    harness = Harness(store, Lanes(store))
    yield harness
    harness.close()
    store.close()
