"""A sandbox in several processes, as docker-compose.yml runs it: a process a system, one ledger in PostgreSQL."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest

from partnerlab.parts import Parts
from partnerlab.remote import Remote
from partnerlab.replicas import free_port
from partnerlab.sandbox import Sandbox
from partnerlab.settings import SandboxSettings
from partnerlab.simulators import ic_webservices
from partnerlab.simulators.kit.world.jobs import Runner
from tests.postgres import drop_database, new_database

PROCESSES = (("invoice-cloud",), ("inhance", "tccs"), ("watersmart", "pump"))
IC = ic_webservices.Settings()
PG = "postgresql://database/sandbox"


@pytest.fixture
def parts(postgres_server: str) -> Iterator[dict[str, str]]:
    """The origins of the parts by name, each healthy."""
    ports = [free_port() for _ in PROCESSES]
    origins = {
        part: f"http://127.0.0.1:{port}" for port, served in zip(ports, PROCESSES, strict=True) for part in served
    }
    database = new_database(postgres_server)
    environment = {
        **os.environ,
        "PARTNERLAB_SANDBOX_DATABASE": database,
        "PARTNERLAB_SANDBOX_PEERS": ",".join(f"{part}={origin}" for part, origin in origins.items()),
    }
    running: list[subprocess.Popen[str]] = []
    try:
        for port, served in zip(ports, PROCESSES, strict=True):
            only = [word for part in served for word in ("--only", part)]
            command = [sys.executable, "-m", "partnerlab", "sandbox", "--port", str(port), "--quiet", *only]
            process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
            running.append(process)
            assert process.stdout is not None
            assert process.stdout.readline().strip() == f"http://127.0.0.1:{port}"
        yield origins
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(60)
            assert process.stdout is not None
            process.stdout.close()
        drop_database(postgres_server, database)


def within(seconds: float, look: Any) -> Any:
    """What *look* gives, as soon as it gives something."""
    until = time.monotonic() + seconds
    while not (found := look()) and time.monotonic() < until:
        time.sleep(0.05)
    return found


@pytest.mark.postgres
def test_each_part_has_its_own_doors_and_all_one_ledger(parts: dict[str, str]) -> None:
    platform, utility, pump = (Remote(parts[name]) for name in ("invoice-cloud", "inhance", "pump"))
    with closing(platform), closing(utility), closing(pump):
        paid = (("10000101", IC.utility_guid, "40.00"), ("454100010", IC.insurance_guid, "120.00"))
        for account, guid, amount in paid:
            order = {"account_number": account, "amount": amount, "biller_guid": guid, "tender": "credit_card"}
            platform.post("/_sandbox/ic/payments", {**order, "card_number": "4111111111111111"})
        assert within(60, lambda: utility.get("/_sandbox/inhance/accounts/10000101")["balance"] == "85.50")
        calls = within(60, lambda: done(utility, "MakePaymentExtended") and done(utility, "Pay_Input"))
        assert calls, utility.get("/_sandbox/journal")
        assert len(pump.get("/_pump/deliveries")["deliveries"]) == 2

        # A payer opens a bill at Invoice Cloud, which asks the utility at its own origin.
        seen = platform.post("/_sandbox/ic/invoices/500001/open", {"biller_guid": IC.utility_guid})
        assert seen["invoice"]["balance_due"] == "85.50"

    wsdl = {"inhance": "/iCloud/iCloud.asmx", "invoice-cloud": "/portal/webservices/CloudInvoicing.asmx"}
    served = {(at, of): httpx.get(f"{parts[at]}{wsdl[of]}?wsdl").status_code for at in wsdl for of in wsdl}
    assert served == {(at, of): 200 if at == of else 404 for at in wsdl for of in wsdl}


def done(part: Remote, operation: str) -> bool:
    return any(
        one["operation"] == operation and one["status"] == 200 for one in part.get("/_sandbox/journal")["entries"]
    )


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"only": ("inhance",)}, "needs a PostgreSQL database"),
        ({"only": ("inhance",), "database": PG}, "where invoice-cloud is, which inhance calls"),
        ({"only": ("pump", "tccs"), "database": PG, "peers": ("inhance=http://a",)}, "where invoice-cloud is"),
    ],
)
def test_what_does_not_go_together_is_said(changes: dict[str, Any], rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        Sandbox(SandboxSettings(**changes))


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"only": ("utility",)}, "'utility', which is none of inhance, tccs, invoice-cloud, watersmart, pump"),
        ({"peers": ("inhance=http://a", "tccs=b")}, "'tccs=b', which is no part and origin"),
        ({"peers": ("utility=http://a",)}, "'utility=http://a', which is no part"),
    ],
)
def test_what_cannot_be_is_said(changes: dict[str, Any], rule: str) -> None:
    assert any(rule in text for text in SandboxSettings(**changes).problems().values())


def test_addresses_at_this_process_are_led_to_the_part_whose_they_are() -> None:
    here, doors = "http://127.0.0.1:8700", {"/iCloud/iCloud.asmx": "inhance", "/invoicecloudapi": "tccs"}
    parts = Parts.of(("invoice-cloud",), ("inhance=http://inhance:8700", "tccs=http://tccs:8700/"))
    for given, led in {
        f"{here}/iCloud/iCloud.asmx": "http://inhance:8700/iCloud/iCloud.asmx",
        f"{here}/lane/a/InvoiceCloudAPI/api": "http://tccs:8700/lane/a/InvoiceCloudAPI/api",
        f"{here}/invoicecloudapis": f"{here}/invoicecloudapis",
        "https://utility.example/iCloud.asmx": "https://utility.example/iCloud.asmx",
        "no address": "no address",
    }.items():
        assert parts.directed(given, here, doors) == led
    assert Parts.of((), ()).directed(f"{here}/iCloud/iCloud.asmx", here, doors) == f"{here}/iCloud/iCloud.asmx"
    assert [parts.is_peer(url) for url in ("http://tccs:8700/x", "http://tccs:87001/x", here)] == [True, False, False]


def test_a_part_does_its_own_due_work_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Runner] = []
    monkeypatch.setattr(Runner, "start", lambda runner: started.append(runner))
    with Sandbox(SandboxSettings(port=0), in_process=True) as sandbox:
        for part in ("inhance", "tccs", "pump"):
            sandbox.parts = Parts.of([part], [])
            sandbox.run_jobs()
        assert started == list(sandbox.runners[:2])
        assert started[0] is not started[1]
