"""What the measurements share: a row of the report, load from wrk, and child processes that end."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx

ROOT = Path(__file__).resolve().parent.parent

Row = dict[str, Any]


class Served(NamedTuple):
    """A server: the origin it answers on, and the process that does."""

    origin: str
    process_id: int


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
) -> Row:
    """A row of the report. `ratio` is how many times better ours is; *less* says that smaller figures are better."""
    ratio = theirs / ours if less else ours / theirs
    figures = {"ours": ours, "theirs": theirs, "unit": unit, "ratio": ratio}
    return {"work": work, "peer": peer, **figures, "aim": aim, "note": note}


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
    return _load(url, script, r"Requests/sec:\s*([\d.]+)", connections=connections, seconds=seconds, core=core)


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
    return int(_load(url, script, r"(\d+) requests in", connections=connections, seconds=seconds))


def cpu_s(process_id: int) -> float:
    """Processor time of a process so far, user and system, of all its threads. Linux only."""
    fields = Path(f"/proc/{process_id}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _load(url: str, script: str, figure: str, *, connections: int, seconds: float, core: int | None = None) -> float:
    program = shutil.which("wrk")
    if program is None:
        raise RuntimeError("wrk is not installed; on Debian: apt install wrk")
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        command = [program, "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "-s", file.name, url]
        if core is not None:
            command = ["taskset", "--cpu-list", str(core), *command]
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, check=True)
    if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        raise RuntimeError(f"{url}: {done.stdout}")
    found = re.search(figure, done.stdout)
    assert found is not None
    return float(found[1])


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


def wait_for(url: str, timeout_s: float = 20) -> str:
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
