"""Files as partners exchange them (WS-WAY-1, WS-WAY-2): left in a folder, taken, and the exports fetched."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import asyncssh
import pytest

from partnerlab.client import jobs
from partnerlab.client.exports import ExportedPayment
from partnerlab.client.jobs.ways import FolderWay, SftpWay
from partnerlab.remote import Remote
from partnerlab.sandbox import Sandbox
from partnerlab.settings import SandboxSettings
from partnerlab.simulators import ic_webservices, watersmart
from tests.client.jobs.test_exchange import Books
from tests.e2e.flows.water_sides import APARTMENTS, CARD, GUID, LAUNDROMAT, NURSERY, WaterSides

MOST, PASSWORD = 400_000, "sandbox-api-key-watersmart"
INVOICE = (
    "20000202,Pond View Apartments,7 Pond View,,Northfield,MN,55057,09/01/2026,09/21/2026,12.50,,{number},1,0,0,\r\n"
)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("exchange")


@pytest.fixture(scope="module")
def exchange(root: Path) -> Iterator[Sandbox]:
    settings = SandboxSettings(port=0, files=str(root), files_quiet_s=0.1, sftp_port=0)
    ic, water = ic_webservices.Settings(max_upload_bytes=MOST), watersmart.Settings(balance_forward=True)
    with Sandbox(settings, ic, water) as running:
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
    # Case 26: an empty file of a first, failed attempt is no success, and the whole one after it is taken.
    leave(biller / "inbox", "twice.csv", b"")
    until((biller / "rejected" / "twice.csv.report.txt").exists)
    assert "loaded" not in (biller / "rejected" / "twice.csv.report.txt").read_text()
    leave(biller / "inbox", "twice.csv", INVOICE.format(number="77-3").encode())
    until((biller / "done" / "twice.csv").exists)
    leave(biller / "inbox", "notes.pdf", b"%PDF")
    until((biller / "rejected" / "notes.pdf").exists)


def test_what_is_exported_lies_in_the_outbox_whoever_asked_for_it(root: Path, control: Remote) -> None:
    guid = control.biller("watersmart")["guid"]
    control.post("/_sandbox/ic/customers/20000201/paperless", {"biller_guid": guid, "enrolled": True})
    made = control.post("/_sandbox/ic/exports", {"kind": "changes", "split": False, "biller_guid": guid})["export"]
    outbox = root / "watersmart" / "outbox"
    until((outbox / made["files"][0]["name"]).exists)
    assert (outbox / made["files"][0]["name"]).read_text().startswith("20000201,")


class OpenSsh:
    """OpenSSH's own client, for one user: with a password, or with a key file."""

    def __init__(self, exchange: Sandbox, home: Path, user: str = "watersmart", *, key: Path | None = None) -> None:
        if shutil.which("sftp") is None:
            pytest.skip("there is no OpenSSH client")
        assert exchange.exchange is not None
        server = exchange.exchange.sftp
        assert server is not None
        known = home / "known_hosts"
        known.write_text(f"[127.0.0.1]:{server.port} {server.host_key}\n")
        self.home, self.where = home, f"{user}@127.0.0.1"
        options = {
            "Port": server.port,
            "BatchMode": "yes" if key else "no",  # before -b, which would switch passwords off
            "UserKnownHostsFile": known,
            "StrictHostKeyChecking": "yes",
            "IdentitiesOnly": "yes",
            "IdentityFile": key or "none",
            "PreferredAuthentications": "publickey" if key else "password",
            "NumberOfPasswordPrompts": "1",
        }
        self.options = ["-F", "/dev/null", *(f"-o{name}={value}" for name, value in options.items())]

    def environment(self, password: str) -> dict[str, str]:
        ask = self.home / "ask"
        ask.write_text(f"#!/bin/sh\necho {shlex.quote(password)}\n")
        ask.chmod(0o700)
        return {**os.environ, "SSH_ASKPASS": str(ask), "SSH_ASKPASS_REQUIRE": "force", "HOME": str(self.home)}

    def sftp(self, *lines: str, password: str = PASSWORD) -> subprocess.CompletedProcess[str]:
        """Run a batch; a line that begins with `-` may fail."""
        command = ["sftp", *self.options, "-b", "-", self.where]
        batch, environment = "\n".join(lines) + "\n", self.environment(password)
        return subprocess.run(
            command,
            input=batch,
            env=environment,
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


def test_openssh_s_sftp_leaves_a_file_that_is_taken_and_fetches_the_exports(
    exchange: Sandbox, root: Path, control: Remote, tmp_path: Path
) -> None:
    guid, biller = control.biller("watersmart")["guid"], root / "watersmart"
    control.post("/_sandbox/ic/customers/20000202/paperless", {"biller_guid": guid, "enrolled": True})
    made = control.post("/_sandbox/ic/exports", {"kind": "changes", "split": False, "biller_guid": guid})["export"]
    until((biller / "outbox" / made["files"][0]["name"]).exists)
    (tmp_path / "up.csv").write_text(INVOICE.format(number="78-1"))
    (tmp_path / "large.csv").write_bytes(b"x" * (MOST + 1))
    client = OpenSsh(exchange, tmp_path)
    done = client.sftp(
        "put -p up.csv inbox/up.csv.part",
        "rename inbox/up.csv.part inbox/up.csv",
        f"get outbox/{made['files'][0]['name']} got.csv",
        f"rm outbox/{made['files'][0]['name']}",
        "-put large.csv inbox/large.csv",
        "-get /etc/passwd",
        "-get ../../.state/ssh_host_key",
        "-put up.csv outbox/up.csv",
        "-ln -s inbox/up.csv inbox/link.csv",
        "-mkdir inbox/folder",
        "cd ..",
        "pwd",
        "ls",
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("Remote working directory: /\nsftp> ls\ndone      inbox     outbox    rejected  \n")
    assert [line.rpartition(": ")[2] for line in done.stderr.splitlines()] == [
        "Failure",
        'File "/etc/passwd" not found.',
        'File "/../../.state/ssh_host_key" not found.',
        "Permission denied",
        "Operation unsupported",
        "Operation unsupported",
    ]
    assert (tmp_path / "got.csv").read_text().startswith("20000202,")
    until((biller / "done" / "up.csv").exists)
    assert "up.csv: loaded" in (biller / "done" / "up.csv.report.txt").read_text()
    assert not list((biller / "inbox").iterdir())
    assert not list(biller.glob("*/large*")), "a part of it is no file"
    assert not (biller / "outbox" / made["files"][0]["name"]).exists()


def test_an_upload_whose_client_is_killed_is_not_taken(exchange: Sandbox, root: Path, tmp_path: Path) -> None:
    inbox = root / "watersmart" / "inbox"
    (tmp_path / "slow.csv").write_bytes(INVOICE.format(number="79-1").encode() * 4_000)
    client = OpenSsh(exchange, tmp_path)
    command = ["sftp", *client.options, "-l", "40", "-b", "-", client.where]
    killed = subprocess.Popen(
        command, stdin=subprocess.PIPE, env=client.environment(PASSWORD), cwd=tmp_path, start_new_session=True
    )
    assert killed.stdin is not None
    killed.stdin.write(b"put slow.csv inbox/slow.csv\n")
    killed.stdin.close()
    until(lambda: any(path.stat().st_size for path in inbox.glob(".upload-*")))
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait(60)
    until(lambda: not list(inbox.iterdir()))
    assert not list((root / "watersmart").glob("*/slow*"))


def test_who_is_let_in_and_to_what(exchange: Sandbox, control: Remote, tmp_path: Path) -> None:
    """By password of the configuration or by key; nobody else, and to nothing but SFTP."""
    client = OpenSsh(exchange, tmp_path)
    assert client.sftp("ls", password="wrong").returncode != 0
    assert OpenSsh(exchange, tmp_path, "nobody").sftp("ls").returncode != 0
    refused = subprocess.run(
        ["ssh", *client.options, client.where, "id"],
        env=client.environment(PASSWORD),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (refused.returncode != 0, refused.stdout) == (True, "")
    key = asyncssh.generate_private_key("ssh-ed25519")
    key.write_private_key(tmp_path / "key")
    (tmp_path / "key").chmod(0o600)
    billers = f"/_sandbox/ic/billers/{control.biller('tccs')['guid']}"
    own = {"SFTP": {"Password": "of its own", "Keys": ["no key", key.export_public_key().decode()]}}
    control.patch(billers, {"configuration": own})
    assert OpenSsh(exchange, tmp_path, "tccs", key=tmp_path / "key").sftp("ls inbox").returncode == 0
    assert OpenSsh(exchange, tmp_path, "tccs").sftp("ls", password="of its own").returncode == 0
    assert OpenSsh(exchange, tmp_path, "tccs").sftp("ls", password="sandbox-api-key-tccs").returncode != 0
    assert OpenSsh(exchange, tmp_path, key=tmp_path / "key").sftp("ls").returncode != 0, "another biller's key"


def test_with_balance_forward_on_both_sides_the_books_agree(exchange: Sandbox, lane: str) -> None:
    """WS-BOOKS-1: the biller's questionnaire says so, and a bill carries what the account owed before."""
    sides = WaterSides(exchange, lane)
    questionnaire = {"configuration": {"Questionnaire": {"BalanceForward": True}}}
    sides.remote.patch(f"/_sandbox/ic/billers/{GUID}", questionnaire)
    sides.pay(APARTMENTS, "100.00", card_number=CARD)
    sides.water("POST", f"/customers/{APARTMENTS}/bills", {"amount": "42.10"})
    sides.water("POST", f"/customers/{LAUNDROMAT}/bills", {"amount": "30.00"})
    sides.water("POST", f"/customers/{LAUNDROMAT}/entries", {"kind": "counter_payment", "amount": "20.00"})
    sides.advance("1d")
    assert sides.agree() == {LAUNDROMAT: "74.20", APARTMENTS: "252.85", NURSERY: "88.40"}
    (invoice,) = sides.remote.get("/_sandbox/ic/invoices", biller_guid=GUID, account_number=APARTMENTS, status="open")[
        "invoices"
    ]
    assert invoice["balance_due"] == "252.85", "the bill before is closed"
    sides.remote.close()


def test_a_bill_in_a_file_that_came_a_night_late_does_not_ask_for_what_was_paid_meanwhile(
    exchange: Sandbox, lane: str
) -> None:
    """The file is sent again as it is [A-87]: its total is of the night before the payment was collected."""
    sides = WaterSides(exchange, lane)
    sides.begin("2026-11-28T00:30:00-05:00")
    sides.remote.patch(f"/_sandbox/ic/billers/{GUID}", {"configuration": {"Questionnaire": {"BalanceForward": True}}})
    sides.advance("1d")
    sides.water("POST", f"/customers/{LAUNDROMAT}/bills", {"amount": "30.00"})
    sides.remote.post("/_sandbox/faults", {"name": "http-503", "operation": "UploadInvoiceFile"})
    sides.advance("1d")
    sides.remote.delete("/_sandbox/faults")
    sides.pay(LAUNDROMAT, "64.20", card_number=CARD)
    sides.advance("1d")
    assert sides.agree()[LAUNDROMAT] == "30.00"
    late = {"amount": "5.00", "invoiced_on": "2026-11-01", "due_on": "2026-11-21"}
    sides.water("POST", f"/customers/{LAUNDROMAT}/bills", late)
    sides.advance("1d")
    assert sides.agree()[LAUNDROMAT] == "35.00", "also where the bill is of an earlier day than the last"
    sides.remote.close()


@pytest.mark.parametrize("kind", ["folder", "sftp", "lane"])
def test_the_production_exchange_sends_and_collects_by_a_folder_and_by_sftp_in_any_lane(
    exchange: Sandbox, root: Path, control: Remote, tmp_path: Path, kind: str
) -> None:
    """As a partner of its own runs it: `client.jobs` over books of its own, both ways against the sandbox."""
    assert exchange.exchange is not None
    server = exchange.exchange.sftp
    assert server is not None
    user = "watersmart"
    if kind == "lane":
        control.post("/_sandbox/lanes", {"name": "mine"})
        control, user = control.in_lane("mine"), "watersmart+mine"
    way: FolderWay | SftpWay = FolderWay(root / user, quiet_s=0)
    if kind != "folder":
        known = tmp_path / "known_hosts"
        known.write_text(f"[127.0.0.1]:{server.port} {server.host_key}\n")
        way = SftpWay("127.0.0.1", user, port=server.port, password=PASSWORD, known_hosts=known)
        assert PASSWORD not in repr(way)
    guid, number, account = control.biller("watersmart")["guid"], f"own-{kind}", f"2999-{kind}"
    bill = jobs.InvoiceRow(
        account, "Of its own", number, date(2026, 9, 1), date(2026, 9, 21), Decimal("9.00"), past_due=Decimal("0.00")
    )
    books = Books([bill], prefix=kind)
    (said,) = jobs.send_invoice_file(books, way).splitlines()
    done = root / user / "done" / books.arrived[0]
    until(done.exists)
    assert "put into" in said
    assert control.get(f"/_sandbox/ic/invoices/{number}", biller_guid=guid)["balance_due"] == "9.00"
    paid = {"biller_guid": guid, "account_number": account, "invoice_number": number, "amount": "9.00"}
    payment = control.post("/_sandbox/ic/payments", {**paid, "tender": "credit_card", "card_number": CARD})
    made = control.post("/_sandbox/ic/exports", {"kind": "payments", "split": True, "biller_guid": guid})["export"]
    outbox = root / user / "outbox"
    until(lambda: all((outbox / file["name"]).exists() for file in made["files"]))
    jobs.collect_exports(books, way, ZoneInfo("America/New_York"))
    guids = {row.payment_guid for rows in books.taken.values() for row in rows if isinstance(row, ExportedPayment)}
    assert payment["payment_guid"] in guids
    assert not any((outbox / file["name"]).exists() for file in made["files"])
