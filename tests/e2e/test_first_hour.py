"""What a person meets in the first hour: exit codes, what a list says, and a sandbox that shows what it is asked."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner, Result

from partnerlab.cli import main
from partnerlab.sandbox import Sandbox

Type = Callable[..., Result]


@pytest.fixture
def type_(sandbox: Sandbox, lane: str) -> Type:
    """Run a command line on the test's lane; the result has its exit code."""
    sandbox.lanes.get(lane)

    def run(*arguments: str, on: str = lane) -> Result:
        environment = {"PARTNERLAB_URL": sandbox.url, "PARTNERLAB_LANE": on}
        return CliRunner().invoke(main, list(arguments), env=environment)

    return run


def broken_call(sandbox: Sandbox, lane: str) -> None:
    """A call that breaks the contract: BalanceCheck with a number that is none."""
    body = (
        '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
        '<BalanceCheck xmlns="http://tempuri.org/"><AccountNumber>10000101</AccountNumber>'
        "<LastInvoiceNumber>\x1b[31mmany</LastInvoiceNumber></BalanceCheck></soap:Body></soap:Envelope>"
    ).replace("\x1b", "")
    headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '"http://tempuri.org/BalanceCheck"'}
    httpx.post(f"{sandbox.url}/lane/{lane}/iCloud/iCloud.asmx", content=body, headers=headers)


def test_a_payment_that_is_not_taken_is_exit_code_1(type_: Type) -> None:
    taken = type_("trigger", "pay", "10000101", "1.00", "--json")
    assert (taken.exit_code, json.loads(taken.stdout)["state"]) == (0, "accepted")
    for number, state in (("4000000000000002", "declined"), ("4000000000000119", "failed")):
        done = type_("trigger", "pay", "10000101", "1.00", "--number", number, "--json")
        assert (done.exit_code, json.loads(done.stdout)["state"]) == (1, state)
        assert done.stderr.startswith(f"Error: not paid: {state}: ")


def test_an_inline_donation_needs_its_invoice_and_is_told_so_once(type_: Type) -> None:
    done = type_("trigger", "pay", "10000101", "1.00", "--donation", "inline")
    assert done.exit_code == 2
    assert done.stderr.count("invoice_number") == 1
    assert type_("trigger", "pay", "10000101", "1.00", "--donation", "inline", "--invoice", "500001").exit_code == 0


def test_a_message_names_its_field_once(type_: Type) -> None:
    done = type_("clock", "advance", "3")
    assert done.exit_code == 2
    assert done.stderr == (
        "Error: duration: must be a duration such as 3d, 2h30m or 45s (w, d, h, m, s in this order)\n"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("journal",),
        ("clock", "show"),
        ("page", "bills"),
        ("trigger", "pay", "10000101", "1.00"),
        ("trigger", "open", "500001"),
        ("deliveries", "list", "--lane", "mine-not"),
        ("faults", "add", "html"),
        ("jobs", "run", "inhance_v1", "payments"),
    ],
)
def test_a_mistyped_lane_is_not_made(type_: Type, arguments: tuple[str, ...]) -> None:
    done = type_(*arguments, on="mine-not")
    assert done.exit_code == 2
    assert "there is no lane 'mine-not'; " in done.stderr
    assert "`partnerlab lanes create mine-not` makes it." in done.stderr
    assert "mine-not" not in type_("lanes", "list").stdout


def test_a_mistyped_lane_is_named_with_the_one_that_was_meant(type_: Type) -> None:
    assert "there is no lane 'defualt'; did you mean default? `part" in type_("clock", "show", on="defualt").stderr


def test_faults_are_given_counted_and_taken(type_: Type, sandbox: Sandbox, lane: str) -> None:
    once = (
        "--operation",
        "BalanceCheck",
        "--path",
        "/icloud",
        "--count",
        "1",
        "--probability",
        "1",
        "--delay-s",
        "0.01",
    )
    assert type_("faults", "add", "slow", *once).stdout.split()[:4] == ["1", "slow", "BalanceCheck", "/icloud"]
    assert "until cleared, 50% of them" in type_("faults", "add", "reset", "--probability", "0.5").stdout
    assert type_("faults", "clear", "2").exit_code == 0
    for _ in range(2):
        broken_call(sandbox, lane)
    assert "struck 1, 0 left, delay_s 0.01" in type_("faults", "list").stdout
    assert json.loads(type_("faults", "list", "--json").stdout)[0]["remaining"] == 0
    assert type_("faults", "clear").exit_code == 0
    assert type_("faults", "list").stdout == ""
    assert type_("faults", "add", "none").exit_code == 2
    assert type_("faults", "clear", "9").exit_code == 1


def test_a_lane_is_made_forked_reset_and_dropped(type_: Type) -> None:
    def names() -> set[str]:
        return {line.split()[0] for line in type_("lanes", "list").stdout.splitlines()}

    assert type_("lanes", "create", "walk").stdout.startswith("walk  ")
    assert type_("trigger", "pay", "10000101", "1.00", on="walk").exit_code == 0
    assert type_("lanes", "fork", "walk", "walk-2").exit_code == 0
    assert names() >= {"walk", "walk-2"}
    assert type_("lanes", "reset", "walk").exit_code == 0
    assert type_("lanes", "drop", "walk-2").exit_code == 0
    made = type_("lanes", "create", "monday", "--frozen-at", "2026-03-02T11:00:00Z").stdout
    assert "2026-03-02" in made
    assert "frozen" in made
    assert names() & {"walk", "walk-2"} == {"walk"}
    assert type_("lanes", "drop", "walk-2").exit_code == 1
    for command in (("drop",), ("reset",), ("export",)):
        mistyped = type_("lanes", *command, "wlak")
        assert mistyped.exit_code == 1
        assert "there is no lane 'wlak'; did you mean walk?" in mistyped.stderr
    assert "did you mean walk?" in type_("lanes", "fork", "wlak", "walk-3").stderr
    assert type_("lanes", "create", "walk").exit_code == 1


def test_the_journal_says_what_is_broken_where_and_how_it_went(type_: Type, sandbox: Sandbox, lane: str) -> None:
    assert type_("journal", "--invalid").exit_code == 0
    assert type_("trigger", "open", "500001").exit_code == 0
    broken_call(sandbox, lane)
    done = type_("journal", "--invalid")
    assert done.exit_code == 1, "a CI job can be gated on it"
    first, *below = done.stdout.splitlines()
    assert re.search(r"inhance +BalanceCheck +\d{3}  \d broken, (refused|failed): \S", first)
    assert all(re.match(r"    request, \S.*: .+: expected .+, found .+", line) for line in below)
    assert any("LastInvoiceNumber" in line for line in below)
    good = type_("journal", "--door", "inhance").stdout.splitlines()[0]
    assert re.search(r"BalanceCheck +200  valid +done  balance request$", good)


def test_a_mistyped_operation_is_told_from_one_that_was_not_called(type_: Type) -> None:
    done = type_("journal", "--operation", "BalanceChek")
    assert done.exit_code == 2
    assert "there is no operation 'BalanceChek'; did you mean BalanceCheck?" in done.stderr
    unused = type_("journal", "--operation", "SetEmail")
    assert (unused.exit_code, unused.stdout) == (0, "")
    assert "there is no operation" in type_("journal", "--door", "tccs", "--operation", "SetEmail").stderr


def test_the_pages_of_each_biller_have_an_address(type_: Type) -> None:
    for biller in ("inhance_v2", "tccs"):
        done = type_("page", "cloud-payment", "--biller", biller)
        assert done.exit_code == 0, done.output
        assert httpx.get(done.stdout.strip()).status_code == 200


def test_a_page_is_that_of_the_biller_who_has_the_account_or_user(type_: Type) -> None:
    """Of another biller it made an account there, which had no bill to pay."""
    for account, due in (("20000202", "310.75"), ("454100010", "120.00")):
        page = type_("page", "cloud-payment", "--account", account).stdout.strip()
        assert due in httpx.get(page).text
    user = type_("page", "bills", "--user", "Brook@example.com")
    assert "20000201" in httpx.get(user.stdout.strip(), follow_redirects=True).text


def test_an_upload_of_another_partners_file_says_whose_it_is(type_: Type, tmp_path: Path) -> None:
    file = tmp_path / "policies.bif"
    type_("generate", "bif", "--partner", "tccs", "--invoices", "30", "--out", str(file))
    done = type_("trigger", "upload", str(file), "--biller", "inhance_v2")
    assert done.exit_code == 1
    assert done.stderr.splitlines()[-1] == "It reads as a file of tccs: try --biller tccs"


@pytest.mark.parametrize("partner", ["inhance_v2", "inhance_v1", "tccs"])
def test_an_upload_goes_to_the_biller_that_the_file_names(type_: Type, tmp_path: Path, partner: str) -> None:
    file = tmp_path / f"{partner}.bif"
    assert type_("generate", "bif", "--partner", partner, "--invoices", "30", "--out", str(file)).exit_code == 0
    done = type_("trigger", "upload", str(file))
    assert (done.exit_code, done.stdout.split(maxsplit=1)[1]) == (0, "30 accepted, 0 rejected\n")
    (row,) = json.loads(type_("uploads", "list", "--biller", partner, "--json").stdout)
    assert row["file_name"] == file.name


def test_an_upload_of_which_a_bill_is_rejected_is_exit_code_1(type_: Type, tmp_path: Path) -> None:
    file = tmp_path / "bills.bif"
    type_("generate", "bif", "--invoices", "30", "--damage", "required-empty", "--out", str(file))
    done = type_("trigger", "upload", str(file), "--json")
    assert (done.exit_code, json.loads(done.stdout)["invoices_rejected"]) == (1, 1)


@contextmanager
def program(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "partnerlab", *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environment) as running:
        watchdog = threading.Timer(120, running.kill)  # who waits for a line that does not come reads the end
        watchdog.start()
        try:
            yield running
        finally:
            watchdog.cancel()
            if running.poll() is None:
                running.send_signal(signal.SIGINT)
                try:
                    running.wait(60)
                except subprocess.TimeoutExpired:
                    running.kill()
                    raise


def test_the_journal_is_followed_until_interrupted(sandbox: Sandbox, lane: str) -> None:
    sandbox.lanes.get(lane)
    with program("journal", "--follow", "--url", sandbox.url, "--lane", lane) as follower:
        assert follower.stdout is not None
        ready: list[str] = []
        reader = threading.Thread(target=lambda: ready.append(follower.stdout.readline()))
        reader.start()
        ends = time.monotonic() + 60
        while reader.is_alive() and time.monotonic() < ends:
            broken_call(sandbox, lane)  # what was said before it looked is not what it follows
            reader.join(0.3)
    (line,) = ready
    assert "BalanceCheck" in line
    assert follower.returncode == 0


def test_a_sandbox_shows_each_exchange_on_its_screen() -> None:
    with program("sandbox", "--port", "0") as server:
        assert server.stdout is not None
        assert server.stderr is not None
        url = server.stdout.readline().split()[-1]
        httpx.get(f"{url}/api/v1/biller/status", auth=("sandbox-api-key", ""))
        line = server.stderr.readline()
    assert re.fullmatch(r"\d\d:\d\d:\d\dZ  REST  BillerStatus  200  \d+ ms  done\n", line), line
