"""Other people's servers for form and JSON traffic: each a context manager that gives the origin it serves."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from benchmarks.tools import ROOT, Served, child, free_port, node_modules, wait_for

__all__ = ["flask_on_granian", "flask_on_ours", "mockserver", "prism", "wiremock"]

FOLDER = ROOT / "benchmarks" / "peers"


@contextmanager
def flask_on_granian() -> Iterator[Served]:
    """The Flask peer on granian."""
    port = free_port()
    command = ["-m", "granian", "--interface", "wsgi", "--port", str(port), "--no-access-log", "--log-level", "error"]
    with child(sys.executable, *command, "benchmarks.flask_peer:app", cwd=ROOT) as process:
        yield Served(wait_for(f"http://127.0.0.1:{port}"), process.pid)


@contextmanager
def flask_on_ours() -> Iterator[Served]:
    """The same Flask peer on our own server, without journal, lanes or faults."""
    with child(sys.executable, "-m", "benchmarks.flask_on_ours", cwd=ROOT) as process:
        assert process.stdout is not None
        yield Served(process.stdout.readline().strip(), process.pid)


@contextmanager
def prism(contract: Path) -> Iterator[Served]:
    """Prism's mock server on an OpenAPI document: validates the request, answers the document's example."""
    program = node_modules(FOLDER) / "node_modules" / ".bin" / "prism"
    port = free_port()
    with child(str(program), "mock", "-p", str(port), "-v", "silent", str(contract)) as process:
        yield Served(wait_for(f"http://127.0.0.1:{port}"), process.pid)


@contextmanager
def wiremock(path: str, answer: str) -> Iterator[Served]:
    """WireMock with one templated answer for POSTs to *path*."""
    mapping = {
        "request": {"method": "POST", "urlPath": path},
        "response": {
            "status": 200,
            "headers": {"Content-Type": "application/json"},
            "body": answer,
            "transformers": ["response-template"],
        },
    }
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        options = ("--port", str(port), "--root-dir", folder, "--disable-banner", "--no-request-journal")
        with child("java", "-jar", str(_jar("wiremock/build/*.jar")), *options) as process:
            origin = wait_for(f"http://127.0.0.1:{port}", timeout_s=120)
            httpx.post(f"{origin}/__admin/mappings", json=mapping, timeout=60).raise_for_status()
            yield Served(origin, process.pid)


@contextmanager
def mockserver(path: str, answer: dict[str, Any]) -> Iterator[Served]:
    """MockServer with one canned answer for POSTs to *path*."""
    expectation = {
        "httpRequest": {"method": "POST", "path": path},
        "httpResponse": {
            "statusCode": 200,
            "headers": {"Content-Type": ["application/json"]},
            "body": json.dumps(answer),
        },
    }
    port = free_port()
    quiet = ("-Dmockserver.logLevel=OFF", "-Dmockserver.disableLogging=true", "-Dmockserver.maxLogEntries=1")
    jar = str(_jar("mockserver-node/*.jar"))
    with (
        tempfile.TemporaryDirectory() as folder,  # it writes a certificate where it runs
        child("java", *quiet, "-jar", jar, "-serverPort", str(port), cwd=Path(folder)) as process,
    ):
        origin = wait_for(f"http://127.0.0.1:{port}", timeout_s=120)
        httpx.put(f"{origin}/mockserver/expectation", json=expectation, timeout=60).raise_for_status()
        yield Served(origin, process.pid)


def _jar(pattern: str) -> Path:
    """The jar that an npm package carries."""
    return next((node_modules(FOLDER) / "node_modules").glob(pattern))
