"""SIGTERM, which deploys send, ends pump and sandbox as Ctrl-C does: what is under way is answered and written down."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from partnerlab.client.datapump import DataPump
from partnerlab.client.datapump.states import State
from partnerlab.client.settings import Biller
from partnerlab.replicas import free_port
from tests.client.datapump.conftest import BILLER, KEY, make_event, wait_for
from tests.client.datapump.partner import Partner
from tests.postgres import new_database

PAYMENTS = 10


def say_twice(process: subprocess.Popen[Any], number: int) -> int:
    """Send a signal, and once more as an impatient process manager does; the exit code."""
    os.kill(process.pid, number)
    time.sleep(0.2)
    if number == signal.SIGTERM and process.poll() is None:
        os.kill(process.pid, number)
    return process.wait(120)


@pytest.mark.parametrize(
    ("store", "number"),
    [
        ("sqlite", signal.SIGTERM),
        ("sqlite", signal.SIGINT),
        pytest.param("postgres", signal.SIGTERM, marks=pytest.mark.postgres),
    ],
)
def test_a_pump_that_is_ended_writes_down_what_is_under_way(
    request: pytest.FixtureRequest, tmp_path: Path, store: str, number: signal.Signals
) -> None:
    port = free_port()
    if store == "postgres":
        database = new_database(request.getfixturevalue("postgres_server"))
    else:
        database = f"sqlite:///{tmp_path / 'pump.db'}"
    with Partner(delay_s=1.5) as partner:
        settings = "\n".join(f'{id} = "{partner.url if id in (11, 14) else KEY}"' for id in (11, 13, 14, 16))
        (tmp_path / "billers.toml").write_text(
            f'[[biller]]\nguid = "{BILLER}"\npartner = "inhance_v2"\n[biller.settings]\n{settings}\n'
        )
        command = [sys.executable, "-m", "partnerlab", "pump", "--billers", str(tmp_path / "billers.toml")]
        process = subprocess.Popen([*command, "--db", database, "--port", str(port)], stderr=subprocess.DEVNULL)
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60) as http:

                def answers() -> bool:
                    try:
                        return http.get("/health").status_code == 200
                    except httpx.TransportError:
                        return False

                wait_for(answers, 180)
                for n in range(PAYMENTS):
                    assert http.post("/events", json=make_event(account_number=f"a{n}")).status_code == 202
                wait_for(lambda: len(partner.seen) == PAYMENTS, 120)
            assert say_twice(process, number) == 0
        finally:
            process.kill()
            process.wait()
    with DataPump(database, lambda lane, guid: Biller(guid, "x", {})).start(worker=False) as pump:
        assert pump.counts() == {State.DELIVERED: PAYMENTS}


def test_a_sandbox_that_is_ended_writes_down_what_is_under_way(tmp_path: Path) -> None:
    database = tmp_path / "sandbox.db"
    process = subprocess.Popen(
        [sys.executable, "-m", "partnerlab", "sandbox", "--quiet", "--port", "0", "--db", str(database)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    with process.stdout:
        try:
            url = process.stdout.readline().strip()
            slow = {"name": "slow", "operation": "MakePaymentExtended", "params": {"delay_s": 1.5}}
            with httpx.Client(base_url=url, trust_env=False, timeout=60) as http:
                assert http.post("/_sandbox/faults", json=slow).status_code == 201
                body = {
                    "account_number": "10000101",
                    "amount": "1.00",
                    "tender": "credit_card",
                    "card_number": "4111111111111111",
                }
                assert http.post("/_sandbox/ic/payments", json=body).status_code == 201

                def at_the_door() -> bool:
                    [fault] = http.get("/_sandbox/faults").json()["faults"]
                    return bool(fault["fired"])

                wait_for(at_the_door, 120)
            assert say_twice(process, signal.SIGTERM) == 0
        finally:
            process.kill()
            process.wait()
    with DataPump(f"sqlite:///{database}.pump", lambda lane, guid: Biller(guid, "x", {})).start(worker=False) as pump:
        assert pump.counts() == {State.DELIVERED: 1}
