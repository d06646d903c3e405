"""A running sandbox for the tests of a worker, and a lane of its own for each test."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from partnerlab.both_sides import InHanceSides
from partnerlab.sandbox import Sandbox
from partnerlab.settings import SandboxSettings


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """
    One for the tests of a module, and then gone: the data pump's engine draws from Python's own random numbers, which
    the property tests of the same worker watch over.
    """
    with Sandbox(SandboxSettings(port=0)) as running:
        yield running


@pytest.fixture
def lane(request: pytest.FixtureRequest) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "-", request.node.name)[:64]


@pytest.fixture
def sides(sandbox: Sandbox, lane: str) -> Iterator[InHanceSides]:
    with InHanceSides.of(sandbox.url, lane) as found:
        yield found
