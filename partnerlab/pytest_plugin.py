"""
The pytest plugin: a sandbox in the test's own process, and a world of its own for each test.

pytest loads it by its entry point, in every run where partnerlab is installed: so here only pytest and the standard
library are imported, and what a fixture needs when it is first asked for.

Every fixture has a long name, `partnerlab_clock`, and a short one, `clock`. The plugin's own fixtures ask for the long
ones only, so that a project may have a `clock` that is its own.
"""

from __future__ import annotations

import itertools
import os
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from partnerlab.testing.books import InvoiceCloudBooks, PartnerBooks
    from partnerlab.testing.sandboxes import LaneOfTest, SandboxForTests
    from partnerlab.testing.views import Clock, Faults, Journal

__all__: list[str] = []

MARKER = (
    "partnerlab(partner): whose books `partner` and `invoice_cloud` show: inhance_v2 (the default), tccs, watersmart"
)
DEFAULT_PARTNER = "inhance_v2"

_numbers = itertools.count(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("partnerlab").addoption(
        "--partnerlab-url",
        metavar="URL",
        default=os.environ.get("PARTNERLAB_TEST_URL", ""),
        help="Take the sandbox that runs there; without it each worker has one in its own process.",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", MARKER)


@pytest.fixture(scope="session")
def partnerlab_sandbox(pytestconfig: pytest.Config) -> Iterator[SandboxForTests]:
    """The sandbox: in this process, or the one at `--partnerlab-url`."""
    with ExitStack() as stack:
        try:
            from partnerlab.testing.sandboxes import in_this_process, running_at

            url: str = pytestconfig.getoption("--partnerlab-url")
            made = stack.enter_context(running_at(url) if url else in_this_process())
        except ModuleNotFoundError as error:
            pytest.fail(f"the fixture `sandbox` needs `pip install 'partnerlab[sandbox]'`: {error}", pytrace=False)
        yield made


@pytest.fixture
def partnerlab_lane(partnerlab_sandbox: SandboxForTests, request: pytest.FixtureRequest) -> Iterator[LaneOfTest]:
    """A world of the test's own: a copy of a seeded one, dropped after the test."""
    test = re.sub(r"[^A-Za-z0-9]+", "-", request.node.name)[:32].strip("-")
    # Several runs may share a running sandbox, so the name is nobody else's.
    with partnerlab_sandbox.lane(f"t{secrets.token_hex(4)}-{next(_numbers)}-{test}") as lane:
        yield lane


@pytest.fixture
def partnerlab_clock(partnerlab_lane: LaneOfTest) -> Clock:
    """The clock of the test's lane."""
    from partnerlab.testing.views import Clock

    return Clock(partnerlab_lane)


@pytest.fixture
def partnerlab_faults(partnerlab_lane: LaneOfTest) -> Faults:
    """The faults of the test's lane."""
    from partnerlab.testing.views import Faults

    return Faults(partnerlab_lane)


@pytest.fixture
def partnerlab_journal(partnerlab_lane: LaneOfTest) -> Journal:
    """What was said in the test's lane, with the contract's verdict."""
    from partnerlab.testing.views import Journal

    return Journal(partnerlab_lane)


@pytest.fixture
def partnerlab_partner(partnerlab_lane: LaneOfTest, request: pytest.FixtureRequest) -> PartnerBooks:
    """The partner's books in the test's lane."""
    from partnerlab.testing.books import partner_books

    return partner_books(partnerlab_lane, _partner_of(request))


@pytest.fixture
def partnerlab_invoice_cloud(partnerlab_lane: LaneOfTest, request: pytest.FixtureRequest) -> InvoiceCloudBooks:
    """Invoice Cloud's books of that partner's biller in the test's lane."""
    from partnerlab.testing.books import InvoiceCloudBooks

    return InvoiceCloudBooks(partnerlab_lane, _partner_of(request))


@pytest.fixture
def partnerlab_settled(partnerlab_lane: LaneOfTest) -> Callable[..., None]:
    """Call it to have everything delivered that is due; raises `TimeoutError` where something is still on its way."""
    return partnerlab_lane.settle


@pytest.fixture(scope="session")
def sandbox(partnerlab_sandbox: SandboxForTests) -> SandboxForTests:
    """`partnerlab_sandbox`: the sandbox, in this process or at `--partnerlab-url`."""
    return partnerlab_sandbox


@pytest.fixture
def lane(partnerlab_lane: LaneOfTest) -> LaneOfTest:
    """`partnerlab_lane`: a world of the test's own."""
    return partnerlab_lane


@pytest.fixture
def clock(partnerlab_clock: Clock) -> Clock:
    """`partnerlab_clock`: the lane's clock."""
    return partnerlab_clock


@pytest.fixture
def faults(partnerlab_faults: Faults) -> Faults:
    """`partnerlab_faults`: the lane's faults."""
    return partnerlab_faults


@pytest.fixture
def journal(partnerlab_journal: Journal) -> Journal:
    """`partnerlab_journal`: what was said in the lane."""
    return partnerlab_journal


@pytest.fixture
def partner(partnerlab_partner: PartnerBooks) -> PartnerBooks:
    """`partnerlab_partner`: the partner's books."""
    return partnerlab_partner


@pytest.fixture
def invoice_cloud(partnerlab_invoice_cloud: InvoiceCloudBooks) -> InvoiceCloudBooks:
    """`partnerlab_invoice_cloud`: Invoice Cloud's books."""
    return partnerlab_invoice_cloud


@pytest.fixture
def settled(partnerlab_settled: Callable[..., None]) -> Callable[..., None]:
    """`partnerlab_settled`: call it to have everything delivered that is due."""
    return partnerlab_settled


def _partner_of(request: pytest.FixtureRequest) -> str:
    """What the test's marker says."""
    marker = request.node.get_closest_marker("partnerlab")
    if marker is None:
        return DEFAULT_PARTNER
    if marker.args or [*marker.kwargs] != ["partner"]:
        pytest.fail('the mark `partnerlab` says whose books a test has: @pytest.mark.partnerlab(partner="tccs")')
    return str(marker.kwargs["partner"])
