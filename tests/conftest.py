"""What every test shares: nothing may be skipped where `PARTNERLAB_REQUIRE_ALL` is set, and nobody is told of runs."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Generator, Iterator
from functools import cache
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, settings

from tests.postgres import running_postgres
from tests.scheduling import Pieces

os.environ.setdefault("PACT_DO_NOT_TRACK", "true")

# Each client would read the machine's certificates, which takes 25 ms, and tests make thousands for the loopback.
vars(httpx._transports.default)["create_ssl_context"] = cache(httpx.create_ssl_context)

# On a busy machine an answer may take more than the five seconds that httpx waits where nothing else is said.
vars(httpx._config.DEFAULT_TIMEOUT_CONFIG).update(dict.fromkeys(("connect", "read", "write", "pool"), 60.0))

# In the background of a shell SIGINT is ignored, and a process that a test interrupts would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes says how busy the machine is, not whether the property holds. A run is the same twice, so
# that red means a change; `PARTNERLAB_EXPLORE=1` looks for new examples.
settings.register_profile("partnerlab", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("explore", settings.get_profile("partnerlab"), derandomize=False)
settings.load_profile("explore" if os.environ.get("PARTNERLAB_EXPLORE") else "partnerlab")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Pieces:
    return Pieces(config, log)


def pytest_collection() -> None:
    """What is imported and collected is no garbage: looking through it again and again took a third of a run."""
    gc.disable()


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and os.environ.get("PARTNERLAB_REQUIRE_ALL"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and PARTNERLAB_REQUIRE_ALL allows no skip: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """URL of a PostgreSQL server on which databases may be made, or a skip."""
    with running_postgres() as url:
        yield url
