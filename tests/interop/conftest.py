"""
A sandbox's inHance service on a real port, and the foreign clients that drive it.

Each client is a script that takes the WSDL's address, calls all five operations over SOAP 1.1 and 1.2, and prints
what it got as JSON: the tests compare that with what a human would expect.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from partnerlab.contracts.data import read_bytes
from partnerlab.contracts.verification.soap import verdict
from partnerlab.simulators.inhance_soap import Settings, create_simulator
from partnerlab.simulators.kit.faults.faults import Faults
from partnerlab.simulators.kit.http.server import Server
from partnerlab.simulators.kit.http.site import Site
from partnerlab.simulators.kit.journal.journal import Journal
from partnerlab.simulators.kit.world.lanes import Lanes
from partnerlab.simulators.kit.world.store import Store

HERE = Path(__file__).resolve().parent
NODE = HERE / "node"


@dataclass
class Live:
    """The service in a lane of its own."""

    url: str
    lane: str
    journal: Journal
    faults: Faults

    @property
    def service(self) -> str:
        return f"{self.url}/lane/{self.lane}/iCloud/iCloud.asmx"

    def broken(self) -> list[str]:
        """What the contract finds wrong with the lane's recorded exchanges."""
        return [
            f"{entry.operation}: {finding}"
            for entry in self.journal.find(self.lane, limit=1000)
            for finding in entry.findings or ()
        ]


@contextlib.contextmanager
def serving(settings: Settings) -> Iterator[tuple[Server, Journal, Faults]]:
    store = Store("sqlite://")
    lanes = Lanes(store)
    simulator = create_simulator(settings, store, lanes)
    lanes.seeders.append(simulator.seed)
    journal = Journal(lanes, {"inhance": verdict(read_bytes("inhance_soap/iCloud.wsdl"))})
    faults = Faults(lanes)
    site = Site(lanes, journal, faults)
    for path, app in simulator.doors.items():
        site.mount(path, app)
    with Server(site) as running:
        yield running, journal, faults
    journal.close()
    store.close()


@pytest.fixture(scope="session")
def server() -> Iterator[tuple[Server, Journal, Faults]]:
    with serving(Settings()) as running:
        yield running


@pytest.fixture(scope="session")
def spyne_server() -> Iterator[tuple[Server, Journal, Faults]]:
    with serving(Settings(soap="spyne")) as running:
        yield running


@pytest.fixture
def live(server: tuple[Server, Journal, Faults], request: pytest.FixtureRequest) -> Live:
    return Live(server[0].url, _lane(request), *server[1:])


@pytest.fixture
def spyne_live(spyne_server: tuple[Server, Journal, Faults], request: pytest.FixtureRequest) -> Live:
    """The same, its SOAP messages read and written by Spyne."""
    return Live(spyne_server[0].url, _lane(request), *spyne_server[1:])


def _lane(request: pytest.FixtureRequest) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in request.node.name).strip("-")[:60]


def program(name: str) -> str:
    """Path of a program, or a skip; where nothing may be skipped that is a failure."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def run(*command: str, cwd: Path = HERE) -> str:
    """Standard output of a program; its error output is in the failure where it fails."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, f"{command[0]} ended with {done.returncode}:\n{done.stderr}\n{done.stdout}"
    return done.stdout


@pytest.fixture(scope="session")
def node() -> Callable[..., Any]:
    """Run a script in `node/` and give back the JSON it prints; its packages are installed where they are missing."""
    executable, npm = program("node"), program("npm")
    if not (NODE / "node_modules" / "soap").exists():
        _install(npm)
    return lambda script, *arguments: json.loads(run(executable, script, *arguments, cwd=NODE))


@pytest.fixture(scope="session")
def php() -> Callable[..., Any]:
    """Run a PHP script of this folder and give back the JSON it prints."""
    executable = program("php")
    if "soap" not in run(executable, "-m").split():
        pytest.skip("php has no soap extension")
    return lambda script, *arguments: json.loads(
        run(executable, "-d", "soap.wsdl_cache_enabled=0", "-d", "display_errors=stderr", script, *arguments)
    )


def _install(npm: str) -> None:
    # Beside the place where it goes, and moved there whole: of several test workers one wins, and none sees a half.
    with tempfile.TemporaryDirectory(prefix="node_modules", dir=NODE) as folder:
        shutil.copy(NODE / "package.json", folder)
        options = ("--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error")
        run(npm, "install", *options, cwd=Path(folder))
        with contextlib.suppress(OSError):
            (Path(folder) / "node_modules").rename(NODE / "node_modules")
    assert (NODE / "node_modules" / "soap").exists()
