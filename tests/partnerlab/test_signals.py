"""Ctrl-C and SIGTERM while a program starts: it stands first, then it is stopped in order, and nothing is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

import partnerlab.folders
from partnerlab.cli import main
from partnerlab.client.datapump import service
from partnerlab.sandbox import Sandbox
from partnerlab.signals import Ending
from partnerlab.simulators.kit.http import server
from partnerlab.simulators.kit.world.store import Store

START = ["sandbox", "--port", "0", "--quiet", "--no-jobs"]


@pytest.fixture
def left() -> Callable[[], list[str]]:
    """The threads of a sandbox that are there and were not before the test: others of its process have their own."""
    before = set(threading.enumerate())
    return lambda: [
        thread.name for thread in set(threading.enumerate()) - before if thread.name in ("server", "settle-in")
    ]


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def struck(number: int, then: Callable[..., Any]) -> Callable[..., Any]:
    """What sends this process a signal, and does what it replaces when the main thread has had it."""

    def strike(*args: Any, **more: Any) -> Any:
        os.kill(os.getpid(), number)
        if threading.current_thread() is not threading.main_thread():
            threading.Event().wait(0.2)  # the main thread's turn
        return then(*args, **more)

    return strike


def assert_all_is_over(result: Result, left: Callable[[], list[str]]) -> None:
    assert (result.exit_code, result.exception) == (0, None), result.output
    assert Sandbox._running is None
    assert left() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    ("module", "name"),
    [(server, "_listen"), (server, "_new_loop"), (server, "_most_connections"), (partnerlab.folders, "open_exchange")],
)
def test_a_signal_while_the_sandbox_starts_ends_it(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    left: Callable[[], list[str]],
    number: int,
    module: Any,
    name: str,
) -> None:
    if name == "_most_connections":  # in the server's own thread, while the main one waits for it
        monkeypatch.setattr(server.Server, "_main", struck(number, server.Server._main))
    else:
        monkeypatch.setattr(module, name, struck(number, getattr(module, name)))
    assert_all_is_over(CliRunner().invoke(main, [*START, "--files", str(tmp_path)]), left)


def test_a_server_that_is_stopped_before_it_serves_stops(
    monkeypatch: pytest.MonkeyPatch, left: Callable[[], list[str]]
) -> None:
    made = server.Server(SimpleNamespace(lanes=SimpleNamespace(store=Store("sqlite://"))))
    held = threading.Event()
    serve = server.Server._main

    def late(self: server.Server, *args: Any) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        held.wait(30)
        serve(self, *args)

    monkeypatch.setattr(server.Server, "_main", late)
    with pytest.raises(KeyboardInterrupt):
        made.start()
    threading.Timer(0.1, held.set).start()
    made.stop()
    assert left() == []


def test_a_second_ctrl_c_does_not_wait() -> None:
    came = []

    def impatient() -> None:
        with Ending() as ending, ending.held():
            for turn in (1, 2, 3):
                os.kill(os.getpid(), signal.SIGINT)
                came.append(turn)

    with pytest.raises(KeyboardInterrupt):
        impatient()
    assert came == [1]


INTERRUPTED = """
import os, signal, sys
_, imported, *sys.argv[1:] = sys.argv
signal.signal(signal.SIGINT, signal.default_int_handler)
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == imported:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Finder())
from partnerlab.__main__ import run
run()
"""


@pytest.mark.parametrize(
    ("imported", "code", "said"),
    [
        ("click", -signal.SIGINT, ""),  # for every command
        ("partnerlab.commands.lanes", -signal.SIGINT, ""),  # for this one
        ("httpx", 1, "\nAborted!\n"),  # when it is at work
    ],
)
def test_a_ctrl_c_shows_no_traceback_however_early(imported: str, code: int, said: str) -> None:
    command = [sys.executable, "-c", INTERRUPTED, imported, "lanes", "list", "--url", "http://127.0.0.1:9"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (code, said)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("command", ["sandbox", "pump"])
@pytest.mark.parametrize("imported", ["click", "partnerlab.databases"])
def test_a_service_that_is_stopped_while_it_is_loaded_has_done_its_work(
    command: str, imported: str, number: int
) -> None:
    """It ended by the signal, of which a process manager tells, or a container's first process did not end at all."""
    program = INTERRUPTED.replace("getpid(), signal.SIGINT", f"getpid(), {number:d}")
    arguments = [sys.executable, "-c", program, imported, command, "--db", "/nowhere/x.db", "--port", "1"]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("command", ["sandbox", "pump"])
def test_a_service_that_is_stopped_before_it_opens_its_database_ends_in_order(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str, number: int
) -> None:
    (tmp_path / "billers.toml").touch()
    module = import_module(f"partnerlab.commands.{command}")
    monkeypatch.setattr(module, "check_database", struck(number, module.check_database))
    options = ["--billers", str(tmp_path / "billers.toml")] if command == "pump" else ["--quiet"]
    result = CliRunner().invoke(main, [command, *options, "--db", str(tmp_path / "x.db"), "--port", "1"])
    assert (result.exit_code, result.output, [*tmp_path.glob("x.db*")]) == (0, "", [])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_before_the_data_pumps_server_listens_ends_it_in_order(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, number: int
) -> None:
    """It had said where it is, and a process manager that stopped it then was told of a failure."""
    (tmp_path / "billers.toml").touch()
    monkeypatch.setattr(service, "create_service", struck(number, service.create_service))
    options = ["--billers", str(tmp_path / "billers.toml"), "--db", str(tmp_path / "pump.db"), "--port", "1"]
    result = CliRunner().invoke(main, ["pump", *options])
    assert (result.exit_code, "data pump on" in result.stderr) == (0, True), result.output
