"""What the measurements share: a row of the report, load from wrk, child processes that end, peers that are missing."""

from __future__ import annotations

import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import httpx

ROOT = Path(__file__).resolve().parent.parent

Row = dict[str, Any]
T = TypeVar("T")

left_out: dict[str, str] = {}
"""Peers that this run did without, and why."""


class Served(NamedTuple):
    """A server: the origin it answers on, and the process that does."""

    origin: str
    process_id: int


class Load(NamedTuple):
    """What a server did under load: requests a second, and µs of processor time a request, of all its processes."""

    rate: float
    cpu_us: float


def row(
    work: str,
    peer: str,
    *,
    ours: float,
    theirs: float,
    unit: str,
    aim: float | None,
    note: str = "",
    less: bool = False,
    cpu_us: tuple[float, float] | None = None,
) -> Row:
    """
    A row of the report. `ratio` is how many times better ours is; *less* says that smaller figures are better.

    *cpu_us* is what a request takes of processor time, ours and the peer's.
    """
    ratio = theirs / ours if less else ours / theirs
    figures = {"ours": ours, "theirs": theirs, "unit": unit, "ratio": ratio}
    return {"work": work, "peer": peer, **figures, "aim": aim, "note": note, "cpu_us": cpu_us}


def median(found: Sequence[Load]) -> Load:
    """The middle of several, figure by figure."""
    return Load(*(statistics.median(figures) for figures in zip(*found, strict=True)))


def leave_out(peer: str, error: BaseException) -> None:
    """Go on without a peer that does not start or does not answer; the report says so."""
    reason = str(error).strip().partition("\n")[0][:200]
    left_out[peer] = f"{type(error).__name__}: {reason}" if reason else type(error).__name__
    print(f"{peer} is left out: {left_out[peer]}", file=sys.stderr, flush=True)


def start(stack: ExitStack, peer: str, make: Callable[[], AbstractContextManager[T]]) -> T | None:
    """Start a peer until the *stack* ends; None where it cannot be, which the report says."""
    try:
        return stack.enter_context(make())
    except Exception as error:  # noqa: BLE001 - whatever is wrong with a peer, the others are measured
        leave_out(peer, error)
        return None


@contextmanager
def child(*command: str, cwd: Path | None = None) -> Iterator[subprocess.Popen[str]]:
    """A process that is ended when the block ends, by its id."""
    process = subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
        if process.stdout:
            process.stdout.close()


def wrk(url: str, script: str, *, connections: int, seconds: float, core: int | None = None) -> float:
    """
    Requests per second of wrk with a Lua *script*, on that *core* alone where one is named.

    Raises `RuntimeError` where any answer is not a 2xx.
    """
    return _load(url, script, connections=connections, seconds=seconds, core=core)[1]


def load(process_id: int, url: str, script: str, *, connections: int, seconds: float, core: int | None = None) -> Load:
    """What a server did under load from wrk; else as `wrk`."""
    before = cpu_s(process_id)
    count, rate = _load(url, script, connections=connections, seconds=seconds, core=core)
    return Load(rate, (cpu_s(process_id) - before) / count * 1e6)


@contextmanager
def on_core(process_id: int, core: int) -> Iterator[None]:
    """Every thread of a process runs on that core alone while the block lasts. Linux only."""
    every = os.sched_getaffinity(0)
    _pin(process_id, {core})
    try:
        yield
    finally:
        _pin(process_id, every)


def _pin(process_id: int, cores: set[int]) -> None:
    for task in Path(f"/proc/{process_id}/task").iterdir():
        try:
            os.sched_setaffinity(int(task.name), cores)
        except ProcessLookupError:  # a thread that has ended meanwhile
            continue


def requests(url: str, script: str, *, connections: int, seconds: float) -> int:
    """How many requests wrk made; else as `wrk`."""
    return _load(url, script, connections=connections, seconds=seconds)[0]


def cpu_s(process_id: int) -> float:
    """Processor time so far of a process and its children, user and system, of all threads. Linux only."""
    fields = Path(f"/proc/{process_id}/stat").read_text("utf-8").rpartition(")")[2].split()
    children: list[str] = []
    for task in Path(f"/proc/{process_id}/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # a thread that has ended meanwhile
            children += (task / "children").read_text("ascii").split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") + sum(map(cpu_s, map(int, children)))


def _load(url: str, script: str, *, connections: int, seconds: float, core: int | None = None) -> tuple[int, float]:
    """How many requests wrk made, and how many a second."""
    program = shutil.which("wrk")
    if program is None:
        raise RuntimeError("wrk is not installed; on Debian: apt install wrk")
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        command = [
            program,
            "-t1",
            f"-c{connections}",
            f"-d{max(1, round(seconds))}s",
            "--timeout",
            "60s",
            "-s",
            file.name,
            url,
        ]
        if core is not None:
            command = ["taskset", "--cpu-list", str(core), *command]
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, check=True)
    if wrong := re.search(r"(?:Non-2xx|Socket errors).*", done.stdout):
        raise RuntimeError(f"{url}: {wrong[0]}")
    count, rate = re.search(r"(\d+) requests in", done.stdout), re.search(r"Requests/sec:\s*([\d.]+)", done.stdout)
    if count is None or rate is None or int(count[1]) == 0:
        raise RuntimeError(f"{url}: {done.stdout}")
    return int(count[1]), float(rate[1])


def node_modules(folder: Path) -> Path:
    """Install a folder's npm packages where they are missing."""
    if not (folder / "node_modules").exists():
        subprocess.run(
            ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--silent"], cwd=folder, check=True
        )
    return folder


def free_port() -> int:
    """A port that was free a moment ago, for a peer that cannot bind port 0."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(url: str, timeout_s: float = 60) -> str:
    """Wait until something answers at *url*, and give it back."""
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            httpx.get(url, timeout=1)
            return url
        except httpx.HTTPError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
