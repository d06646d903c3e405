"""Files as partners exchange them: left in a folder, taken by Invoice Cloud, and its exports fetched."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from partnerlab.remote import Remote
from partnerlab.sandbox import Sandbox
from partnerlab.settings import SandboxSettings

INVOICE = (
    "20000202,Pond View Apartments,7 Pond View,,Northfield,MN,55057,09/01/2026,09/21/2026,12.50,,{number},1,0,0,\r\n"
)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("exchange")


@pytest.fixture(scope="module")
def exchange(root: Path) -> Iterator[Sandbox]:
    with Sandbox(SandboxSettings(port=0, files=str(root), files_quiet_s=0.1)) as running:
        yield running


@pytest.fixture
def control(exchange: Sandbox) -> Iterator[Remote]:
    remote = Remote(exchange.url, "default")
    yield remote
    remote.close()


def until(there: Callable[[], bool]) -> None:
    """Wait for what the machine does on its own thread."""
    deadline = time.monotonic() + 60
    while not there():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def leave(folder: Path, name: str, content: bytes) -> None:
    """As a careful writer does it: under a temporary name first."""
    part = folder / f"{name}.part"
    part.write_bytes(content)
    part.rename(folder / name)


def test_a_file_left_in_the_inbox_is_taken_and_its_report_lies_beside_it(root: Path, control: Remote) -> None:
    biller = root / "watersmart"
    broken = INVOICE.format(number="77-2").replace("12.50", "1.000")
    leave(biller / "inbox", "daily.csv", f"{INVOICE.format(number='77-1')}{broken}".encode())
    report = biller / "done" / "daily.csv.report.txt"
    until((biller / "done" / "daily.csv").exists)
    assert "daily.csv: loaded, as U0000" in report.read_text()
    assert "line 2, column 10, TotalAmountDue: '1.000'" in report.read_text()
    assert "77-2" in (biller / "done" / "daily.csv.quarantine.csv").read_text()
    invoice = control.get("/_sandbox/ic/invoices/77-1", biller_guid=control.biller("watersmart")["guid"])
    assert invoice["balance_due"] == "12.50"
    leave(biller / "inbox", "again.csv", (biller / "done" / "daily.csv").read_bytes())
    until((biller / "done" / "again.csv").exists)
    told = (biller / "done" / "again.csv.report.txt").read_text()
    assert "Nothing was applied: the rows are those of daily.csv" in told
    leave(biller / "inbox", "notes.pdf", b"%PDF")
    until((biller / "rejected" / "notes.pdf").exists)


def test_what_is_exported_lies_in_the_outbox_whoever_asked_for_it(root: Path, control: Remote) -> None:
    guid = control.biller("watersmart")["guid"]
    control.post("/_sandbox/ic/customers/20000201/paperless", {"biller_guid": guid, "enrolled": True})
    made = control.post("/_sandbox/ic/exports", {"kind": "changes", "split": False, "biller_guid": guid})["export"]
    outbox = root / "watersmart" / "outbox"
    until((outbox / made["files"][0]["name"]).exists)
    assert (outbox / made["files"][0]["name"]).read_text().startswith("20000201,")
