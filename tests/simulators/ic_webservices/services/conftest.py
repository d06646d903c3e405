"""What the services' tests share beside the simulator itself."""

from __future__ import annotations

import pytest

from tests.simulators.ic_webservices.checkouts import Checkout
from tests.simulators.ic_webservices.harness import Harness


@pytest.fixture
def checkout(harness: Harness) -> Checkout:
    """Cloud Payments pages of the simulator."""
    return Checkout(harness)
