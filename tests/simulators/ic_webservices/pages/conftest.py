"""A visit for each test."""

from __future__ import annotations

import pytest

from tests.simulators.ic_webservices.checkouts import Checkout
from tests.simulators.ic_webservices.harness import Harness
from tests.simulators.ic_webservices.pages.visit import Visit


@pytest.fixture
def visit(harness: Harness) -> Visit:
    return Visit(harness)


@pytest.fixture
def checkout(harness: Harness) -> Checkout:
    """Cloud Payments pages of the simulator."""
    return Checkout(harness)
