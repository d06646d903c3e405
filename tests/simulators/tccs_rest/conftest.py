"""An insurer for each test, on each kind of store where that matters."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from partnerlab.simulators.kit.world.store import Store
from tests.simulators.tccs_rest.insurer import Insurer


@pytest.fixture
def insurer() -> Iterator[Insurer]:
    """In memory."""
    store = Store("sqlite://")
    yield Insurer(store)
    store.close()


@pytest.fixture
def shared(store_url: str) -> Iterator[Insurer]:
    """On each kind of store in turn."""
    store = Store(store_url)
    yield Insurer(store)
    store.close()
