"""A sandbox as the plugin makes it, and a lane of each test's own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from partnerlab.testing.sandboxes import LaneOfTest, SandboxForTests, in_this_process

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def own() -> Iterator[SandboxForTests]:
    with in_this_process() as sandbox:
        yield sandbox


@pytest.fixture
def own_lane(own: SandboxForTests) -> Iterator[LaneOfTest]:
    with own.lane(f"lane-{next(_numbers)}") as lane:
        yield lane
