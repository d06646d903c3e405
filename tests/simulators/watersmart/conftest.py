"""A WaterSmart for each test, on each kind of store where that matters."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from partnerlab.simulators.kit.world.store import Store
from tests.simulators.watersmart.water import Water


@pytest.fixture
def water() -> Iterator[Water]:
    """In memory."""
    store = Store("sqlite://")
    made = Water(store)
    yield made
    made.simulator.world.runner.close()
    store.close()


@pytest.fixture
def shared(store_url: str) -> Iterator[Water]:
    """On each kind of store in turn."""
    store = Store(store_url)
    made = Water(store)
    yield made
    made.simulator.world.runner.close()
    store.close()
