"""The stub of these tests, and the clients that speak to it, sync and async."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.client.invoice_cloud.stub import Answer, Stub


@pytest.fixture
def invoice_cloud(serve: Callable[..., Any]) -> Iterator[Callable[..., Stub]]:
    """Start a stub: `invoice_cloud(RetrieveUsers=good(Users=[]))`. What broke the contract fails the test."""
    started: list[Stub] = []

    def start(**answers: Answer | list[Answer]) -> Stub:
        started.append(Stub(serve, answers))
        return started[-1]

    yield start
    assert [problem for stub in started for problem in stub.problems] == []
