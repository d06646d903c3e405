"""A command that cannot do what was asked says so in a line and ends with an exit code, without a server."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from partnerlab.cli import COMMANDS, main
from partnerlab.replicas import free_port
from partnerlab.sandbox import Sandbox
from partnerlab.settings import SandboxSettings
from partnerlab.simulators.kit.world.store import Store
from tests.locked import stopped_writer

DEAD = "http://127.0.0.1:9"


def typed(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(main, list(arguments), env=environment)


def said(done: Result) -> str:
    """The last line, the only one that is not about usage."""
    assert not done.exception or isinstance(done.exception, SystemExit), done.exception
    assert "Traceback" not in done.output
    return done.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize("command", COMMANDS)
def test_h_is_help(command: str) -> None:
    assert typed(command, "-h").output == typed(command, "--help").output
    assert "Usage:" in typed(command, "-h").output


def test_no_list_of_commands_cuts_a_sentence_off() -> None:
    def look(command: click.Command, path: list[str]) -> None:
        if not isinstance(command, click.Group):
            return
        shown = CliRunner().invoke(main, [*path, "--help"], terminal_width=80).output
        assert "..." not in shown.partition("Commands:")[2], shown
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            look(below, [*path, name])

    look(main, [])


@pytest.mark.parametrize(("typo", "meant"), [("jurnal", "'journal'"), ("sandbx", "'sandbox'"), ("xyzzy", "")])
def test_a_mistyped_command_is_told_which_was_meant(typo: str, meant: str) -> None:
    done = typed(typo)
    assert done.exit_code == 2
    assert said(done) == f"Error: No such command '{typo}'." + (f" Did you mean {meant}?" if meant else "")


@pytest.mark.parametrize(
    "arguments",
    [
        ("clock", "show", "--url"),
        ("lanes", "list", "--url"),
        ("journal", "--url"),
        ("journey", "paperless", "--url"),
        ("demo", "--url"),
        ("page", "bills", "--url"),
        ("trigger", "pay", "10000101", "1.00", "--url"),
        ("deliveries", "list", "--pump"),
    ],
)
def test_a_dead_port_is_one_line_and_exit_code_1(arguments: tuple[str, ...]) -> None:
    done = typed(*arguments, DEAD)
    assert done.exit_code == 1
    assert said(done).startswith(f"Error: {DEAD}: ")
    server = "pump" if "--pump" in arguments else "sandbox"
    assert said(done).endswith(f"Is the server running? `partnerlab {server}` starts one.")
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("faults", "add", "slow", "--delay-s", "nan"), "'nan' is not a number"),
        (("faults", "add", "slow", "--probability", "nan"), "'nan' is not a number"),
        (("pump", "--grace", "inf"), "'inf' is not a number"),
        (("deliveries", "list", "--limit", "501"), "501 is not in the range 1<=x<=500"),
    ],
)
def test_a_number_that_cannot_be_is_refused_before_anybody_is_asked(arguments: tuple[str, ...], words: str) -> None:
    done = typed(*arguments)
    assert done.exit_code == 2
    assert words in said(done)


@pytest.mark.parametrize(
    "address", ["127.0.0.1:8700", "localhost", "ftp://127.0.0.1", "http://", "http://[::1", "http://x:a"]
)
def test_an_address_has_a_scheme_and_a_host(address: str) -> None:
    done = typed("clock", "show", "--url", address)
    assert done.exit_code == 2
    assert said(done) == (
        f"Error: Invalid value for '--url': {address!r} is not an address such as http://127.0.0.1:8700"
    )


def test_an_amount_below_zero_is_no_option() -> None:
    done = typed("trigger", "pay", "10000101", "-5.00")
    assert done.exit_code == 2
    assert said(done) == "Error: Invalid value for AMOUNT: -5.00 is not more than 0"
    assert "No such option" in said(typed("trigger", "pay", "10000101", "5.00", "--tendr", "ach"))


def test_a_mistyped_door_is_named_with_the_one_that_was_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("partnerlab.commands.journal.connect", lambda url, lane: None)
    done = typed("journal", "--door", "inhanse")
    assert (done.exit_code, said(done)) == (
        2,
        "Error: Invalid value for --door: there is no door 'inhanse'; did you mean inhance?",
    )
    assert "there are CloudInvoicing, " in said(typed("journal", "--door", "x"))


@pytest.mark.parametrize(
    ("fault", "operation", "meant"),
    [
        ("html", "BalanceChek", "there is no operation 'BalanceChek'; did you mean BalanceCheck?"),
        ("line-missing", "ICPayment", "there is no kind of file 'ICPayment'; did you mean ICPayments?"),
    ],
)
def test_a_fault_for_what_is_never_asked_is_refused(fault: str, operation: str, meant: str) -> None:
    done = typed("faults", "add", fault, "--operation", operation)
    assert (done.exit_code, said(done)) == (2, f"Error: Invalid value for --operation: {meant}")


def test_a_proxy_that_cannot_be_used_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "nonsense://x")
    done = typed("lanes", "list", "--url", "http://sandbox.example")
    assert (done.exit_code, said(done)[:62]) == (2, "Error: the proxy that the environment names cannot be used: Un")
    done = typed("lanes", "list", "--url", DEAD)  # no proxy reaches this machine
    assert (done.exit_code, "Is the server running?" in said(done)) == (1, True)


@pytest.mark.parametrize("command", ["sandbox", "pump", "pump prune"])
def test_a_database_whose_name_is_no_text_is_one_line(tmp_path: Path, command: str) -> None:
    (tmp_path / "billers.toml").touch()
    more = ("--billers", str(tmp_path / "billers.toml")) if command == "pump" else ()
    done = typed(*command.split(), *more, "--db", f"{tmp_path}/\udcff.db")
    assert (done.exit_code, said(done).rpartition("/")[2]) == (2, "\\udcff.db': the name of a database must be UTF-8")


def test_a_current_folder_that_was_deleted_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    done = typed("sandbox", "--port", "0", "--db", "s.db")
    monkeypatch.undo()
    assert (done.exit_code, said(done)) == (1, "Error: the current folder was deleted: go to another")


def test_a_database_without_a_name_is_one_line() -> None:
    done = typed("pump", "prune", "--db", "")
    assert (done.exit_code, said(done)[:32]) == (2, "Error: sqlite:///: the data pump")


@pytest.mark.parametrize("command", ["sandbox", "pump"])
def test_a_database_that_cannot_be_is_one_line(tmp_path: Path, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    billers = tmp_path / "billers.toml"
    billers.write_text("", "utf-8")
    more = ("--billers", str(billers)) if command == "pump" else ("--port", "0")
    (tmp_path / "notes.txt").write_text("no database at all", "utf-8")
    (tmp_path / "folder").mkdir()
    closed = {tmp_path / "read-only.db", tmp_path / "closed"}
    (tmp_path / "read-only.db").write_bytes(b"")
    (tmp_path / "closed").mkdir()
    (tmp_path / "closed" / "sandbox.db").write_bytes(b"")
    # Root may write whatever the file says.
    monkeypatch.setattr(os, "access", lambda path, way: way != os.W_OK or path not in closed)
    for name, rule in (
        ("missing/sandbox.db", f"there is no folder {tmp_path}/missing"),
        ("notes.txt", "is not a SQLite database"),
        ("folder", "is a folder, not a SQLite file"),
        ("read-only.db", "cannot be written to"),
        ("closed/sandbox.db", f"the folder {tmp_path}/closed cannot be written to"),
    ):
        done = typed(command, *more, "--db", str(tmp_path / name))
        assert (done.exit_code, said(done)) == (1, f"Error: {tmp_path / name}: {rule}")


@pytest.mark.parametrize(("command", "locked"), [("sandbox", "x.db"), ("pump", "x.db"), ("pump prune", "x.db")])
def test_a_file_that_a_stopped_process_writes_is_one_line(
    tmp_path: Path, command: str, locked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("simulators.kit.world.store", "contracts.history"):
        monkeypatch.setattr(f"partnerlab.{module}.BUSY_S", 0.2)
    monkeypatch.setattr("partnerlab.client.datapump.sqlite.BUSY_TIMEOUT_MS", 200)
    billers = tmp_path / "billers.toml"
    billers.write_text("", "utf-8")
    more = {"pump": ("--billers", str(billers), "--port", str(free_port())), "sandbox": ("--port", "0")}.get(
        command, ()
    )
    owned = "lanes" if command == "sandbox" else "pump_deliveries"
    for file, table in (("x.db", owned), ("x.db.pump", "pump_deliveries")):
        with closing(sqlite3.connect(tmp_path / file)) as made:
            made.execute("PRAGMA journal_mode=WAL")
            made.execute(f"CREATE TABLE {table} (x)")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    with stopped_writer(tmp_path / locked):
        done = typed(*command.split(), *more, "--db", str(tmp_path / "x.db"))
    assert (done.exit_code, said(done)[: len(f"Error: {tmp_path}/{locked}: database is locked: somebody")]) == (
        1,
        f"Error: {tmp_path}/{locked}: database is locked: somebody",
    )
    assert "kill -CONT" in said(done)
    assert [*(tmp_path / "temporary").iterdir()] == []


@pytest.mark.parametrize("command", ["sandbox", "pump"])
def test_a_dead_postgresql_is_one_line_without_its_password(tmp_path: Path, command: str) -> None:
    billers = tmp_path / "billers.toml"
    billers.write_text("", "utf-8")
    more = ["--billers", str(billers)] if command == "pump" else ["--port", "0"]
    database = "postgresql://me:hunter2@127.0.0.1:9/x?connect_timeout=2"
    arguments = [sys.executable, "-m", "partnerlab", command, *more, "--db", database]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "hunter2" not in done.stdout + done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert line.startswith("Error: postgresql://me:***@127.0.0.1:9/x")
    assert "Traceback" not in done.stderr


def test_a_second_sandbox_on_a_file_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "world.db"
    first = Store(f"sqlite:///{path}")
    first.take()
    try:
        found = CliRunner().invoke(main, ["sandbox", "--db", str(path), "--port", "0"])
    finally:
        first.close()
    assert (found.exit_code, found.output.count("\n")) == (1, 1), found.output
    assert "is in use by another sandbox" in found.output


def test_a_used_port_is_one_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = typed("sandbox", "--port", str(port))
    assert (done.exit_code, said(done)) == (
        1,
        f"Error: 127.0.0.1:{port} is taken by another program: give --port another port",
    )


def test_a_port_that_a_sandbox_has_is_told_so() -> None:
    with Sandbox(SandboxSettings(port=0), in_process=True) as running:
        port = running.server.port
        done = typed("sandbox", "--port", str(port))
    assert done.exit_code == 1
    assert said(done) == (
        f"Error: a sandbox runs on 127.0.0.1:{port} already: use that one, or give --port another port"
    )


def test_a_page_is_named_in_a_word() -> None:
    done = typed("page", "bill")
    assert done.exit_code == 2
    assert " page [OPTIONS] PAGE\n" in done.output
    assert said(done).startswith("Error: Invalid value for 'PAGE': 'bill' is not one of 'bills', ")


@pytest.mark.parametrize("duration", ["-3d", "-1", "-0h"])
def test_a_clock_goes_on_only(duration: str) -> None:
    done = typed("clock", "advance", duration)
    assert (done.exit_code, said(done)) == (
        2,
        f"Error: Invalid value for DURATION: {duration} is not more than 0",
    )
    assert "No such option" in said(typed("clock", "advance", "3d", "--lan", "x"))


@pytest.mark.parametrize(
    ("variable", "value", "rule"),
    [
        ("INHANCE_DUPLICATES", "maybe", "is none of flag, refuse"),
        ("INHANCE_PATH", "iCloud", "is not a path such as /invoicecloudapi"),
        ("INHANCE_KEY", "", "is empty, too long, or begins or ends with a blank"),
        ("TCCS_ENTRY_KEY", "", "is empty, too long, or begins or ends with a blank"),
        ("IC_UTILITY_GUID", "2222", "is not a GUID"),
        ("IC_WATERSMART_API_KEY", "sandbox-api-key", "is that of two billers"),
        ("IC_TIME_ZONE", "America/Nowhere", "is not a time zone such as America/New_York"),
        ("IC_POLICY_TOTAL", "340", "is not an amount such as 125.50"),
        ("IC_PASSWORD_COST", "1000", "is not a power of 2 from 2 to 1048576"),
        ("IC_MAX_UPLOAD_BYTES", "0", "is not more than 0"),
        ("IC_RETRY_S", "-1", "is not a number"),
        ("SANDBOX_PORT", "70000", "is not a port from 0 to 65535"),
        ("SANDBOX_TLS_CERTIFICATE", "/nonexistent.pem", "is not a file"),
    ],
)
def test_every_setting_is_checked_before_anything_starts(variable: str, value: str, rule: str) -> None:
    done = typed("sandbox", "--port", "0", **{f"PARTNERLAB_{variable}": value})
    assert done.exit_code == 2
    assert f"PARTNERLAB_{variable}" in said(done)
    assert said(done).endswith(rule)


def test_a_configuration_file_that_is_missing_is_named_once() -> None:
    done = typed("sandbox", "--config", "/nonexistent.toml")
    assert (done.exit_code, said(done)) == (2, "Error: /nonexistent.toml: No such file or directory")


def test_the_wrong_layout_is_told_from_a_broken_file(tmp_path: Path) -> None:
    file = tmp_path / "policies.bif"
    typed("generate", "bif", "--partner", "tccs", "--invoices", "30", "--out", str(file))
    done = typed("files", "check", str(file))
    assert done.exit_code == 1
    assert said(done) == "It reads as a file of tccs: try --layout tccs"
    assert typed("files", "check", str(file), "--layout", "tccs").exit_code == 0
    file.write_text("FH|x\n", "utf-8")
    broken = typed("files", "check", str(file))
    assert "try --layout" not in broken.output
    assert broken.stdout.count("is not a GUID") + broken.stdout.count("has 2 columns") == 1, "said once"


def test_colours_can_be_switched_off() -> None:
    arguments = [sys.executable, "-c", "from partnerlab.cli import main; main(['catalogue', 'faults'], color=True)"]
    plain = subprocess.run(arguments, capture_output=True, text=True, env={"NO_COLOR": "1", "PATH": ""}, check=True)
    assert "\x1b" not in plain.stdout
    coloured = subprocess.run(arguments, capture_output=True, text=True, env={"PATH": ""}, check=True)
    assert "\x1b" in coloured.stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the disk that is always full is one of Linux")
@pytest.mark.parametrize(
    "arguments",
    [
        ("generate", "bif", "--invoices", "2"),
        ("generate", "bif", "--invoices", "2", "--damage", "truncated"),
        ("generate", "csv", "--invoices", "2"),
        ("generate", "csv", "--invoices", "2", "--damage", "csv-account-empty"),
    ],
)
def test_a_full_disk_is_one_line_however_little_was_written(arguments: tuple[str, ...]) -> None:
    done = typed(*arguments, "--out", "/dev/full")
    assert done.exit_code == 1
    assert said(done) == "Error: What was written is not whole: No space left on device."


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("sandbox --peer inhance=http://inhance:8700", "peers: would have no effect, as this process serves all parts"),
        ("pump --db x.db prune --db y.db", "--db: has no effect before `prune`"),
        ("journal --lane acme show x", "--lane: has no effect before `show`"),
        ("page bills --account 10000101", "--account: is for cloud-payment; --user names who opens bills"),
        ("page cloud-payment --user x", "--user: cloud-payment is the page of guests; --account names one"),
        ("files check {csv} --strict", "--strict: is for bill files, and this is a .csv"),
        ("files check {csv} --layout tccs", "--layout: is for bill files, and this is a .csv"),
        ("files convert {csv} --out out --as json --created-on 2026-01-31", "--created-on: is for --as records"),
        ("files convert {csv} --out out --layout tccs", "--layout: is for bill files, and this is a .csv"),
        ("verify matrix --broken", "--broken: only with --record"),
    ],
)
def test_an_option_that_would_have_no_effect_is_refused(tmp_path: Path, arguments: str, words: str) -> None:
    csv = tmp_path / "invoices.csv"
    assert typed("generate", "csv", "--invoices", "3", "--out", str(csv)).exit_code == 0
    done = typed(*arguments.format(csv=csv).split())
    assert (done.exit_code, words in said(done)) == (2, True), done.output


def test_a_setting_that_would_have_no_effect_is_refused() -> None:
    done = typed("sandbox", PARTNERLAB_SANDBOX_PEERS="inhance=http://inhance:8700")
    assert (done.exit_code, "PARTNERLAB_SANDBOX_PEERS" in said(done)) == (2, True), done.output
