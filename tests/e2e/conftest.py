"""A running sandbox for the tests of a worker, and a lane of its own for each test."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from partnerlab.demo.sides import Sides, both_sides
from partnerlab.sandbox import Sandbox
from partnerlab.settings import SandboxSettings


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """One for all tests of the worker: there is one data pump to a process."""
    with Sandbox(SandboxSettings(port=0)) as running:
        yield running


@pytest.fixture
def lane(request: pytest.FixtureRequest) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "-", request.node.name)[:64]


@pytest.fixture
def sides(sandbox: Sandbox, lane: str) -> Iterator[Sides]:
    with both_sides(sandbox, lane) as found:
        yield found
