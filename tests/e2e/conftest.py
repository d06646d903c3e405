"""A running sandbox for the tests of a worker, and a lane of its own for each test."""

from __future__ import annotations

import re
from collections.abc import Iterator
from zlib import crc32

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
    """One of the test's own, and of each of its cases: a name has at most 64 characters."""
    name = re.sub(r"[^A-Za-z0-9._-]", "-", request.node.name)
    return name if len(name) <= 64 else f"{name[:55]}-{crc32(name.encode()):08x}"


@pytest.fixture
def sides(sandbox: Sandbox, lane: str) -> Iterator[InHanceSides]:
    with InHanceSides.of(sandbox.url, lane) as found:
        yield found
