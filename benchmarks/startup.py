"""W4: from the start of the process to the first answer, and to the thousandth; memory, and its growth."""

from __future__ import annotations

import http.client
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.soap import BALANCE, KEY, PEERS, script
from benchmarks.tools import ROOT, Row, child, leave_out, left_out, node_modules, requests, row

FULL, MANY = 20_000, 100_000
SETTLES_S = 3.0
"""By then what was noted of the requests is written, and the ring is as large as it gets."""
PEER = PEERS["node"]
HEADERS = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '"http://tempuri.org/BalanceCheck"'}


def run(scale: float = 1.0) -> list[Row]:
    """Start-up in turns with node's `soap` server; memory of ours alone."""
    mine: list[tuple[float, float]] = []
    peers: list[tuple[float, float]] = []
    for _ in range(max(3, round(5 * scale))):
        mine.append(start_and_call(ours, "10000101"))
        try:
            if PEER not in left_out:
                peers.append(start_and_call(node, "20000000"))
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a peer, ours is measured
            leave_out(PEER, error)
    rows = []
    for place, (title, limit) in enumerate((("first answer", 0.25), ("start and first 1,000 calls", 1.0))):
        taken = statistics.median(pair[place] for pair in mine)
        note = "all simulators and the data pump"
        rows.append(row(f"W4 {title}", "aim", ours=taken, theirs=limit, unit="s", aim=1, less=True, note=note))
        if peers and PEER not in left_out:
            peer = statistics.median(pair[place] for pair in peers)
            rows.append(row(f"W4 {title}", PEER, ours=taken, theirs=peer, unit="s", aim=None, less=True))
    return rows + memory() + imports(scale)


def memory() -> list[Row]:
    """Resident memory once the journal's ring is full, and what 100,000 requests add to it; never fewer."""
    with ours() as (process_id, url):
        text = script(["10000101"], pay=False, salt="")
        _ask(url, text, FULL)
        time.sleep(SETTLES_S)
        before = resident_mb(process_id)
        count = _ask(url, text, MANY)
        growth = (resident_mb(process_id) - before) * MANY / count
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


def imports(scale: float) -> list[Row]:
    """What an import of the client takes beyond httpx and lxml, and a command until it has told how it is used."""
    times = max(3, round(9 * scale))
    below = _least_ms(times, "-c", "import httpx, lxml.etree")
    client = _least_ms(times, "-c", "import httpx, lxml.etree, partnerlab.client.inhance") - below
    title = "W4 import partnerlab.client.inhance, beyond httpx and lxml"
    rows = [row(title, "aim", ours=client, theirs=60, unit="ms of processor", aim=1, less=True)]
    click = _least_ms(times, "-c", "import click")
    for command in ("--help", "journal --help"):
        taken = _least_ms(times, "-m", "partnerlab", *command.split())
        title = f"W4 partnerlab {command}"
        rows.append(row(title, "import click", ours=taken, theirs=click, unit="ms of processor", aim=None, less=True))
    return rows


def _least_ms(times: int, *arguments: str) -> float:
    """Processor time of a Python process, the least of several."""
    found = []
    for _ in range(times):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(found) * 1_000


def _ask(url: str, text: str, most: int) -> int:
    """Ask so many times or a few more, for two minutes at most; how often it was."""
    count, started = 0, time.monotonic()
    while count < most and time.monotonic() - started < 120:
        count += requests(url, text, connections=8, seconds=2)
    return count


@contextmanager
def ours() -> Iterator[tuple[int, str]]:
    with child(sys.executable, "-m", "partnerlab", "sandbox", "--port", "0", "--quiet") as process:
        assert process.stdout is not None
        yield process.pid, process.stdout.readline().strip() + "/iCloud/iCloud.asmx"


@contextmanager
def node() -> Iterator[tuple[int, str]]:
    folder = node_modules(ROOT / "benchmarks" / "node")
    wsdl = ROOT / "contracts" / "inhance_soap" / "iCloud.wsdl"
    with child("node", "server.js", str(wsdl), KEY, cwd=folder) as process:
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
