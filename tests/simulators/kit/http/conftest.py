"""The server's tests run with a door that answers in the event loop and one on a thread."""

from __future__ import annotations

import pytest

from tests.simulators.kit.conftest import Kit


@pytest.fixture(params=["inline", "threaded"])
def each(request: pytest.FixtureRequest, kit: Kit) -> Kit:
    """A kit whose door runs in the loop, then one on worker threads."""
    kit.door.inline = request.param == "inline"
    return kit
