"""A utility for each test, on each kind of store where that matters."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from partnerlab.simulators.kit.world.store import Store
from tests.simulators.inhance_soap.utility import Utility


@pytest.fixture
def utility() -> Iterator[Utility]:
    """In memory."""
    store = Store("sqlite://")
    yield Utility(store)
    store.close()


@pytest.fixture
def shared(store_url: str) -> Iterator[Utility]:
    """On each kind of store in turn."""
    store = Store(store_url)
    yield Utility(store)
    store.close()
