"""A utility for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from partnerlab.simulators.kit.world.store import Store
from tests.partnerlab.jobs.utility import UtilityWorld


@pytest.fixture
def world() -> Iterator[UtilityWorld]:
    made = UtilityWorld(Store("sqlite://"))
    yield made
    made.close()
