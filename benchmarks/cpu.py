"""
`python -m benchmarks.cpu [--against CHECKOUT …] [work …]`: processor time per request of the server's whole process.

Requests a second swing by a factor where others use the machine; the processor's time, user and system of all threads,
holds within a tenth. Servers take turns in one run: this checkout, others that have a `.venv`, and a peer.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks import soap, web
from benchmarks.http_peers import mockserver, wiremock
from benchmarks.tools import ROOT, child, cpu_s, node_modules, requests

__all__ = ["main"]

CONNECTIONS = (1, 32)


class Work(NamedTuple):
    """One kind of request; *kept* is where ours keeps it: `memory` or a `file`."""

    path: str
    kept: str
    script: Callable[[list[str], str], str]


def _soap(*, pay: bool) -> Callable[[list[str], str], str]:
    return lambda accounts, salt: soap.script(accounts, pay=pay, salt=salt)


def _web(work: str) -> Callable[[list[str], str], str]:
    return lambda _, __: web.scripts()[work]


WORKS = {
    "W1": Work("/iCloud/iCloud.asmx", "memory", _soap(pay=False)),
    "W5": Work("/iCloud/iCloud.asmx", "memory", _soap(pay=True)),
    "W5-file": Work("/iCloud/iCloud.asmx", "file", _soap(pay=True)),
    "W2": Work(web.LOOK_UP, "memory", _web("W2")),
    web.COLD: Work(web.LOOK_UP, "memory", _web(web.COLD)),
    "W3": Work(web.CREATE, "memory", _web("W3")),
    "W3-file": Work(web.CREATE, "file", _web("W3")),
}


class Running(NamedTuple):
    """A server under load."""

    name: str
    process_id: int
    url: str
    accounts: list[str]


def main() -> int:
    """Print a line for each work and number of connections: µs per request of each server, and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("works", nargs="*", help=f"of {', '.join(WORKS)}; all where none is named")
    parser.add_argument("--against", action="append", default=[], type=Path, help="another checkout, with its .venv")
    parser.add_argument("--peers", action="store_true", help="node's soap server, MockServer and WireMock, warm, too")
    parser.add_argument("--bound", action="store_true", help="a server that gives one fixed answer, too")
    parser.add_argument("--seconds", type=int, default=2, help="of load, each round")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    names = arguments.works or list(WORKS)
    for name in names:
        work = WORKS[name]
        with ExitStack() as stack:
            servers = [stack.enter_context(_sandbox(checkout, work)) for checkout in (ROOT, *arguments.against)]
            if arguments.peers:
                servers.append(stack.enter_context(_peer(name)))
            if arguments.bound:
                servers.append(stack.enter_context(_bound(work)))
            for connections in CONNECTIONS:
                found = _measure(servers, work, connections, arguments.seconds, arguments.rounds)
                ours = found[0][1]
                shown = ", ".join(f"{one} {us:.1f} ({us / ours:.2f})" for one, us in found)
                print(f"{name:8} {connections:2}: {shown}", flush=True)
    return 0


def _measure(
    servers: list[Running], work: Work, connections: int, seconds: int, rounds: int
) -> list[tuple[str, float]]:
    times: dict[str, list[float]] = {server.name: [] for server in servers}
    for turn in range(-1, rounds):
        first = turn % len(servers)  # who comes first after a pause pays for it at one connection
        for server in servers[first:] + servers[:first]:
            text = work.script(server.accounts, f"{turn}-{connections}-")
            before = cpu_s(server.process_id)
            count = requests(server.url, text, connections=connections, seconds=1 if turn < 0 else seconds)
            time.sleep(0.2)  # what is written afterwards belongs to it
            if turn >= 0:
                times[server.name].append((cpu_s(server.process_id) - before) / count * 1e6)
    return [(name, statistics.median(found)) for name, found in times.items()]


@contextmanager
def _sandbox(checkout: Path, work: Work) -> Iterator[Running]:
    """A checkout's sandbox with what the work asks for."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        options = ("--db", f"{folder}/world.db") if work.kept == "file" else ()
        python = sys.executable if checkout == ROOT else str(checkout / ".venv/bin/python")
        command = (python, "-m", "partnerlab", "sandbox", "--port", "0", "--quiet")
        process = stack.enter_context(child(*command, *options, cwd=checkout))
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        accounts: list[str] = []
        if work.path.endswith(".asmx"):
            accounts = soap.load_accounts(url)
        else:
            web.load_policies(url)
        yield Running(checkout.name, process.pid, url + work.path, accounts)


@contextmanager
def _peer(name: str) -> Iterator[Running]:
    """Who does that work elsewhere, warm."""
    if name.startswith("W2"):
        with mockserver(web.LOOK_UP, web.CANNED) as served:
            yield _warm(Running("MockServer", served.process_id, served.origin + web.LOOK_UP, []), "W2")
    elif name.startswith("W3"):
        with wiremock(web.CREATE, web.ANSWER) as served:
            yield _warm(Running("WireMock", served.process_id, served.origin + web.CREATE, []), "W3")
    else:
        folder = node_modules(ROOT / "benchmarks" / "node")
        wsdl = ROOT / "contracts" / "inhance_soap" / "iCloud.wsdl"
        with child("node", "server.js", str(wsdl), soap.KEY, cwd=folder) as process:
            assert process.stdout is not None
            url = f"http://127.0.0.1:{process.stdout.readline().strip()}/iCloud.asmx"
            yield Running("node", process.pid, url, [str(20000000 + n) for n in range(1000)])


@contextmanager
def _bound(work: Work) -> Iterator[Running]:
    """A server that does nothing of that work and answers it."""
    with child(sys.executable, "-m", "benchmarks.fixed_answer", cwd=ROOT) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip() + work.path
        yield Running("fixed answer", process.pid, url, [str(20000000 + n) for n in range(1000)])


def _warm(running: Running, work: str) -> Running:
    requests(running.url, web.scripts()[work], connections=32, seconds=web.WARM_UP_S)
    return running


if __name__ == "__main__":
    sys.exit(main())
