"""W4: from the start of the process to the first answer, and to the thousandth; memory, and its growth."""

from __future__ import annotations

import http.client
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.soap import BALANCE, KEY, script
from benchmarks.tools import ROOT, Row, child, node_modules, row, wrk

HEADERS = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '"http://tempuri.org/BalanceCheck"'}


def run(scale: float = 1.0) -> list[Row]:
    """Start-up in turns with node's `soap` server; memory of ours alone."""
    times: dict[str, list[tuple[float, float]]] = {"ours": [], "node": []}
    node_modules(ROOT / "benchmarks" / "node")
    for _ in range(max(2, round(5 * scale))):
        times["ours"].append(start_and_call(ours, "10000101"))
        times["node"].append(start_and_call(node, "20000000"))
    rows = []
    for place, title in ((0, "first answer"), (1, "start and first 1,000 calls")):
        mine, peer = (statistics.median(pair[place] for pair in times[name]) for name in ("ours", "node"))
        limit = (0.25, 1.0)[place]
        note = f"aim of its own: ≤ {limit} s, {'met' if mine <= limit else 'missed'}; all simulators and the data pump"
        rows.append(
            row(f"W4 {title}", "node `soap` server", ours=mine, theirs=peer, unit="s", aim=None, less=True, note=note)
        )
    return rows + memory(scale)


def memory(scale: float) -> list[Row]:
    """Resident memory after the first calls, and what 100,000 requests add to it."""
    with ours() as (process_id, url):
        text = script(["10000101"], pay=False, salt="")
        wrk(url, text, connections=8, seconds=2)
        before = resident_mb(process_id)
        requests = 0.0
        started = time.monotonic()
        while requests < 100_000 * scale and time.monotonic() - started < 120:
            requests += wrk(url, text, connections=8, seconds=5) * 5
        growth = (resident_mb(process_id) - before) * 100_000 / requests
    return [
        row("W4 memory", "aim", ours=before, theirs=60, unit="MB", aim=1, less=True),
        row(
            "W4 memory growth per 100,000 requests",
            "aim",
            ours=max(growth, 0.01),
            theirs=5,
            unit="MB",
            aim=1,
            less=True,
        ),
    ]


@contextmanager
def ours() -> Iterator[tuple[int, str]]:
    with child(sys.executable, "-m", "partnerlab", "sandbox", "--port", "0", "--quiet") as process:
        assert process.stdout is not None
        yield process.pid, process.stdout.readline().strip() + "/iCloud/iCloud.asmx"


@contextmanager
def node() -> Iterator[tuple[int, str]]:
    wsdl = ROOT / "contracts" / "inhance_soap" / "iCloud.wsdl"
    with child("node", "server.js", str(wsdl), KEY, cwd=ROOT / "benchmarks" / "node") as process:
        assert process.stdout is not None
        yield process.pid, f"http://127.0.0.1:{process.stdout.readline().strip()}/iCloud.asmx"


def start_and_call(server: Callable[[], object], account: str) -> tuple[float, float]:
    """Seconds from the start of the process to its first and to its thousandth answer."""
    body = BALANCE.format(account=account)
    started = time.perf_counter()
    with server() as (_, url):  # type: ignore[attr-defined]  # both are context managers
        address = urlsplit(url)
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
        first = 0.0
        for number in range(1000):
            connection.request("POST", address.path, body, HEADERS)
            answer = connection.getresponse().read()
            assert b"Success>true</" in answer, answer
            if number == 0:
                first = time.perf_counter() - started
        total = time.perf_counter() - started
        connection.close()
    return first, total


def resident_mb(process_id: int) -> float:
    """Resident memory of a process, MB. Linux only."""
    for entry in Path(f"/proc/{process_id}/status").read_text("ascii").splitlines():
        if entry.startswith("VmRSS:"):
            return int(entry.split()[1]) / 1024
    raise RuntimeError("no VmRSS")
