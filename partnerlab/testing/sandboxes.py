"""A sandbox for tests, in this process or elsewhere, and the lanes that tests take of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Protocol

from partnerlab.contracts.first_use import importing
from partnerlab.contracts.paths import at
from partnerlab.remote import Remote

if TYPE_CHECKING:
    from partnerlab.sandbox import Sandbox

__all__ = ["LaneOfTest", "SandboxForTests", "in_this_process", "running_at"]

__tracebackhide__ = True  # to pytest: a test that fails here is shown by its own line and the error alone

WARM = "warm-for-tests"
"""The lane that is seeded once; a test's own is a copy of it."""
SETTLE_S = 30.0
LOOK_EVERY_S = 0.02


class LaneOfTest:
    """
    A world of one test's own.

    `url` is the origin of the lane: the real paths stand below it. `headers` name the lane where the origin is the
    sandbox's.
    """

    def __init__(self, sandbox_url: str, name: str, control: Remote, settle: Callable[[str, float], bool]) -> None:
        self.name = name
        self.url = f"{sandbox_url}/lane/{name}"
        self.headers = {"X-Sandbox-Lane": name}
        self.control = control
        self._settle = settle

    def settle(self, timeout_s: float = SETTLE_S) -> None:
        """
        Have everything delivered that is due on the lane's clock.

        What waits for its next attempt waits on. Raises `TimeoutError`.
        """
        if not self._settle(self.name, timeout_s):
            raise TimeoutError(f"lane {self.name}: something is still on its way after {timeout_s:.0f} s")

    def __str__(self) -> str:
        return self.name


class SandboxForTests(Protocol):
    """A sandbox as tests use it. `url` is its origin."""

    url: str

    def lane(self, name: str) -> AbstractContextManager[LaneOfTest]:
        """A new lane, seeded, and dropped with the block."""


@contextmanager
def in_this_process() -> Iterator[SandboxForTests]:
    """A sandbox of this process, in memory, on a port that is free."""
    with importing:
        from partnerlab.sandbox import Sandbox
        from partnerlab.settings import SandboxSettings

    with Sandbox(SandboxSettings(port=0), in_process=True) as running:
        remote = Remote(running.url)
        try:
            yield _OwnSandbox(running, remote)
        finally:
            remote.close()


@contextmanager
def running_at(url: str) -> Iterator[SandboxForTests]:
    """
    The sandbox that runs at *url*, asked with the environment's `PARTNERLAB_TOKEN` where it has one.

    Raises `RemoteRefused` where there is none.
    """
    remote = Remote(url)
    try:
        remote.get("/_sandbox/health")
        yield _OtherSandbox(remote)
    finally:
        remote.close()


class _OwnSandbox:
    def __init__(self, running: Sandbox, remote: Remote) -> None:
        self.url, self._running, self._remote = running.url, running, remote
        running.lanes.get(WARM)

    @contextmanager
    def lane(self, name: str) -> Iterator[LaneOfTest]:
        lanes = self._running.lanes
        lanes.fork(WARM, name)
        try:
            yield LaneOfTest(self.url, name, self._remote.in_lane(name), self._settle)
        finally:
            lanes.drop(name)

    def _settle(self, lane: str, timeout_s: float) -> bool:
        return self._running.settle(lane, timeout_s=timeout_s)


class _OtherSandbox:
    def __init__(self, remote: Remote) -> None:
        self.url, self._remote = remote.url, remote

    @contextmanager
    def lane(self, name: str) -> Iterator[LaneOfTest]:
        self._remote.post("/_sandbox/lanes", {"name": name})
        try:
            yield LaneOfTest(self.url, name, self._remote.in_lane(name), self._settle)
        finally:
            self._remote.delete(at("/_sandbox/lanes/{}", name))

    def _settle(self, lane: str, timeout_s: float) -> bool:
        """Look until nothing is on its way: not what stands behind a delivery that waits for a later time."""
        control = self._remote.in_lane(lane)
        ends = time.monotonic() + timeout_s
        while control.get("/_sandbox/ic/events", state="waiting", limit=1)["events"] or not self._settled(lane):
            if time.monotonic() > ends:
                return False
            time.sleep(LOOK_EVERY_S)
        return True

    def _settled(self, lane: str) -> bool:
        answer: dict[str, bool] = self._remote.get("/_pump/settled", lane=lane)
        return answer["settled"]
