"""The server starts, stops with what is in flight finished, and serves TLS."""

from __future__ import annotations

import logging
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

from partnerlab.simulators.kit.http.server import Server
from partnerlab.simulators.kit.world.store import Store
from tests.simulators.kit.conftest import Kit, Wire, make_kit


def test_a_port_in_use_is_an_error_at_start(kit: Kit) -> None:
    with pytest.raises(OSError, match=r"[Aa]ddress"):
        Server(kit.site, port=kit.server.port).start()


def test_stop_finishes_the_request_in_flight_and_closes_idle_connections(kit: Kit) -> None:
    started, release = threading.Event(), threading.Event()

    def wait() -> None:
        started.set()
        release.wait(60)

    kit.door.inline = False
    with kit.connect() as idle, kit.connect() as busy:
        idle.send("GET", "/door/Echo")
        assert idle.answer()[0] == 200
        kit.door.wait = wait
        busy.send("POST", "/door/Echo", body=b"x")
        started.wait(30)
        stopping = threading.Thread(target=kit.server.stop)
        stopping.start()
        assert idle.closed()
        release.set()
        status, headers, _ = busy.answer()
        assert (status, headers["connection"]) == (200, "close")
        stopping.join(30)
        assert not stopping.is_alive()
    with pytest.raises(ConnectionRefusedError):
        kit.connect()


def test_stop_is_fast_although_a_fault_holds_an_answer(kit: Kit) -> None:
    kit.faults.add("default", "commit-then-timeout")
    with kit.connect() as wire:
        wire.send("POST", "/door/Echo", body=b"x")
        while not kit.door.asked:
            time.sleep(0.01)
        time.sleep(0.05)
        started = time.monotonic()
        kit.server.stop()
        assert time.monotonic() - started < 10  # the fault holds for two minutes
        assert wire.rest() == b""


def test_stop_gives_up_after_its_grace(memory: Store) -> None:
    kit = make_kit(memory, grace_s=0.2)
    release = threading.Event()
    kit.door.inline, kit.door.wait = False, lambda: release.wait(60)
    kit.server.start()
    with kit.connect() as wire:
        wire.send("POST", "/door/Echo", body=b"x")
        while not kit.door.asked:
            time.sleep(0.01)
        started = time.monotonic()
        kit.server.stop()
        assert 0.1 < time.monotonic() - started < 40  # the request would take a minute
        release.set()
    kit.journal.close()


def test_a_server_starts_again(kit: Kit) -> None:
    port = kit.server.port
    kit.server.stop()
    kit.server.stop()
    kit.server.start()
    assert kit.server.port == port
    for inline in (True, False):
        kit.door.inline = inline
        assert kit.ask().endswith(b"<ok/>")


PROGRAM = """
import signal, sys, time
from partnerlab.simulators.kit.world.store import Store
from tests.simulators.kit.conftest import make_kit
kit = make_kit(Store("sqlite://"))
kit.door.inline = False
def wait():
    while signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # the main thread is not in `run` yet
        time.sleep(0.01)
    print("asked", flush=True)
    time.sleep(0.4)
kit.door.wait = wait
kit.server.start()
print(kit.server.port, flush=True)
kit.server.run()
print("stopped", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_finishes_the_request_in_flight(number: signal.Signals) -> None:
    root = Path(__file__).parents[4]
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        stdout=subprocess.PIPE,
        text=True,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
    ) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        with Wire(socket.create_connection(("127.0.0.1", port), timeout=30)) as wire:
            wire.send("POST", "/door/Echo", body=b"x")
            assert process.stdout.readline() == "asked\n"
            process.send_signal(number)
            assert wire.answer()[0] == 200
        assert process.stdout.readline() == "stopped\n"
        assert process.wait(30) == 0


def test_tls(memory: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    options = "-x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=localhost"
    files = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(["openssl", "req", *options.split(), *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    kit = make_kit(memory, ssl_context=context)
    with kit.server, caplog.at_level(logging.ERROR):
        assert kit.server.url.startswith("https://127.0.0.1:")
        verify = ssl.create_default_context(cafile=str(certificate))
        with httpx.Client(base_url=kit.server.url, verify=verify) as client:
            assert client.post("/door/Echo", content=b"x").text == "<ok/>"
            kit.faults.add("default", "commit-then-drop", count=1)
            with pytest.raises(httpx.TransportError):
                client.post("/door/Echo", content=b"x")
            assert client.post("/door/Echo", content=b"x").text == "<ok/>"
        assert kit.door.asked[0].base_url == kit.server.url
        with kit.connect() as plain:  # speaks no TLS
            plain.send("GET", "/door/Echo")
            assert b"HTTP" not in plain.rest()
    kit.journal.close()
    assert caplog.records == []


def test_the_url_is_one_a_client_can_use() -> None:
    def url(host: str) -> str:
        return Server(None, host, 8700).url  # type: ignore[arg-type]

    assert url("0.0.0.0") == "http://127.0.0.1:8700"
    assert url("::1") == "http://[::1]:8700"
    assert url("localhost") == "http://localhost:8700"
