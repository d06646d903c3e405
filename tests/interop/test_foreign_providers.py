"""
Services on other stacks are graded as what they are: right where they are right, wrong where they were broken.

A small TCCS on plain Flask, in process; an `iCloud.asmx` on PHP's SoapServer, over a socket. Neither imports anything
of partnerlab.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from partnerlab.contracts.data import read_bytes
from partnerlab.contracts.verification.grading import Outcome, Run
from partnerlab.contracts.verification.provider.direct import Direct
from partnerlab.contracts.verification.provider.exchange import Answered, Asked, Send
from tests.contracts.verification.worlds import INHANCE, TCCS, verify_inhance, verify_tccs
from tests.interop.conftest import HERE, program
from tests.interop.flask_tccs import create_app

TRIES = 20


def failed(run: Run) -> set[str]:
    assert run.configuration is None, run.configuration
    return {one.check.partition("/")[2] for one in run.checks if one.outcome is Outcome.FAILED}


def flask_door(*broken: str) -> Send:
    app = create_app(TCCS.entry_key, broken)

    def send(asked: Asked, timeout_s: float) -> Answered:
        client = app.test_client()
        answer = client.open(
            urlsplit(asked.url).path, method=asked.method, headers=[*asked.headers.items()], data=asked.body
        )
        return Answered(answer.status_code, {name.lower(): value for name, value in answer.headers}, answer.data)

    return send


NO_COLUMN = {"malformed-place"}
"""It says what is wrong, and not where, which only should hold: no failure of the run."""


def test_a_tccs_on_flask_passes_where_it_is_right() -> None:
    run = verify_tccs(flask_door())
    assert failed(run) == NO_COLUMN
    assert run.exit_code() == 0


@pytest.mark.parametrize(
    ("broken", "caught"),
    [
        ("guids", {"guid-once", "guid-at-once", "quote"}),
        ("returns", {"return-once"}),
        ("case", {"path-case"}),
        (
            "keys",
            {
                "wrong-key",
                "wrong-consumer",
                "no-key",
                "bill-image-wrong-key",
                "payment-wrong-key",
                "paperless-refusals",
                "recurring-refusals",
                "return-refusals",
                "pact-the-balances-of-a-policy-with-a-wrong-entrykey",
            },
        ),
    ],
)
def test_a_tccs_on_flask_fails_where_it_was_broken(broken: str, caught: set[str]) -> None:
    assert failed(verify_tccs(flask_door(broken))) == caught | NO_COLUMN


@pytest.fixture
def php_door(tmp_path: Path) -> Iterator[Callable[[str], tuple[str, Send]]]:
    """Starts the PHP service, broken as said, and gives its address and the way to it."""
    executable = program("php")
    if "soap" not in subprocess.run([executable, "-m"], capture_output=True, text=True, check=True).stdout.split():
        pytest.skip("php has no soap extension")
    (tmp_path / "iCloud.wsdl").write_bytes(read_bytes("inhance_soap/iCloud.wsdl"))
    running: list[subprocess.Popen[bytes]] = []
    doors: list[Direct] = []

    def start(broken: str) -> tuple[str, Send]:
        environment = {
            **os.environ,
            "WSDL": str(tmp_path / "iCloud.wsdl"),
            "STATE": str(tmp_path / "state.json"),
            "BROKEN": broken,
            "PHP_CLI_SERVER_WORKERS": "4",
        }
        for _ in range(TRIES):  # PHP takes no port 0, and a free one may be taken before it listens
            with closing(socket.create_server(("127.0.0.1", 0))) as free:
                port = free.getsockname()[1]
            process = subprocess.Popen(
                [executable, "-S", f"127.0.0.1:{port}", str(HERE / "icloud.php")],
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            running.append(process)
            if _listens(process, port):
                door = Direct()
                doors.append(door)
                return f"http://127.0.0.1:{port}/iCloud.asmx", door.send
        raise AssertionError("php did not listen")

    yield start
    for door in doors:
        door.close()
    for process in running:
        if process.poll() is None:
            os.killpg(process.pid, 15)
        process.wait(30)
    shutil.rmtree(tmp_path, ignore_errors=True)


def _listens(process: subprocess.Popen[bytes], port: int) -> bool:
    until = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return True
        except OSError:
            time.sleep(0.02)
    return False


# What PHP's SoapServer does not do as ASP.NET does; found by the run, and each of it is so.
OF_SOAP_SERVER = {
    "wsdl-ports",  # it serves the file that it was given
    "help-page",
    "unprefixed",
    "form-post",
    "fault-soap-action",  # it goes by the body's element
    "not-a-number",  # a fault of the server, it says
}


@pytest.mark.interop
@pytest.mark.parametrize(
    ("broken", "caught"),
    [
        ("", set()),
        ("dimes", {"payment", "two-payments", "payments-at-once", "payment-types", "fee"}),
    ],
)
def test_a_utility_on_php_is_graded_as_what_it_is(
    php_door: Callable[[str], tuple[str, Send]], broken: str, caught: set[str]
) -> None:
    url, send = php_door(broken)
    run = verify_inhance(send, replace(INHANCE, url=url))
    assert failed(run) == OF_SOAP_SERVER | caught
