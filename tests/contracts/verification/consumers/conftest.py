"""One sandbox in this process for all consumers, and the line of who grades them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from partnerlab.contracts.verification.provider.direct import Direct
from partnerlab.testing.sandboxes import SandboxForTests, in_this_process


@pytest.fixture(scope="package")
def sandbox() -> Iterator[SandboxForTests]:
    with in_this_process() as running:
        yield running


@pytest.fixture(scope="package")
def direct() -> Iterator[Direct]:
    made = Direct()
    yield made
    made.close()
