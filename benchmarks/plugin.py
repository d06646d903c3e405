"""W7: a thousand tests with the pytest plugin, each in a world of its own; and what such a world costs."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

from benchmarks.tools import Row, row
from partnerlab.simulators.kit.world.lanes import Lanes

TESTS = """
import pytest

@pytest.mark.parametrize("number", range({count}))
def test_a_world_of_its_own(number, partner):
    assert partner.payments("10000101") == []
"""
AIM_S, CORES = 15.0, 2
AIM_MS = 3.0
LARGE, LARGE_AIM_MS = 100_000, 200.0


def run(scale: float = 1.0) -> list[Row]:
    """Processor time throughout: it says what the work takes, whatever else the machine does."""
    return [*thousand_tests(scale), *lanes(scale)]


def thousand_tests(scale: float) -> list[Row]:
    """With two workers, their start included."""
    count = max(50, round(1_000 * scale))
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "test_worlds.py").write_text(TESTS.format(count=count), "utf-8")
        options = ("-q", "-p", "no:cacheprovider", "-p", "partnerlab.pytest_plugin", "-p", "xdist", "-n", str(CORES))
        environ = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        before, started = _children_s(), time.monotonic()
        subprocess.run([sys.executable, "-m", "pytest", *options], cwd=folder, env=environ, check=True)
        taken, wall = _children_s() - before, time.monotonic() - started
    note = f"aim for 1,000: {AIM_S:g} s on {CORES} cores; {wall:.1f} s by the clock"
    work = f"W7 {count:,} isolated tests of the pytest plugin"
    return [
        row(
            work,
            "aim",
            ours=taken,
            theirs=AIM_S * CORES * count / 1_000,
            unit="s of processor",
            aim=1,
            less=True,
            note=note,
        )
    ]


def lanes(scale: float) -> list[Row]:
    """A fresh lane, a copy, and a reset, each with the whole seed."""
    from partnerlab.sandbox import Sandbox
    from partnerlab.settings import SandboxSettings

    times = max(20, round(200 * scale))
    with Sandbox(SandboxSettings(port=0), in_process=True) as sandbox:
        lanes = sandbox.lanes
        steps: dict[str, Callable[[int], object]] = {
            "fresh lane": lambda n: lanes.get(f"fresh-{n}"),
            "fork": lambda n: lanes.fork("default", f"fork-{n}"),
            "reset": lambda n: lanes.reset(f"fork-{n}"),
        }
        return [
            *(
                row(f"W7 {name}", "aim", ours=_each_ms(step, times), theirs=AIM_MS, unit="ms", aim=1, less=True)
                for name, step in steps.items()
            ),
            *_large(lanes, max(1_000, round(LARGE * scale))),
        ]


def _large(lanes: Lanes, accounts: int) -> list[Row]:
    """
    A copy of a lane of so many accounts with a bill each.

    Rows stand by lane: of one whose name comes after all others they are added at the end, else between others.
    """
    seeded = lanes.export("default")
    account, bill = seeded["inhance_accounts"][0], seeded["inhance_bills"][0]
    names = [f"{number:08}" for number in range(accounts)]
    lanes.load(
        "large",
        {
            "inhance_accounts": [{**account, "account_number": name} for name in names],
            "inhance_bills": [{**bill, "account_number": name, "invoice_number": name} for name in names],
        },
    )
    return [
        row(
            f"W7 fork of a lane of {accounts:,} accounts{where}",
            "aim",
            ours=_fork_ms(lanes, copy),
            theirs=LARGE_AIM_MS * accounts / LARGE,
            unit="ms",
            aim=1,
            less=True,
        )
        for copy, where in (("large", ""), ("before", ", before another of that size"))
    ]


def _fork_ms(lanes: Lanes, copy: str) -> float:
    """The quickest of three copies, which all stay."""
    names = (f"{copy}-{number}" for number in count(1))
    return min(_each_ms(lambda _: lanes.fork("large", next(names)), 1) for _ in range(3))


def _each_ms(step: Callable[[int], object], times: int) -> float:
    before = time.process_time()
    for number in range(times):
        step(number)
    return (time.process_time() - before) / times * 1_000


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
