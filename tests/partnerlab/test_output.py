"""What commands say to people and to programs: a line or two, and JSON in one way."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import httpx
import pytest
from click.testing import CliRunner, Result

from partnerlab.cli import COMMANDS, main
from partnerlab.remote import json_option
from partnerlab.sandbox import Sandbox
from partnerlab.settings import SandboxSettings

NO_JSON = {
    "page": "an address",
    "export": "names of files",
    "lanes drop": "nothing",
    "lanes export": "JSON always",
    "faults clear": "nothing",
    "demo": "a story",
    "journey": "a story",
    "soak": "an event log",
}
OTHER_WORDS = {"audit", "journal", "reconcile", "verify"}
"""Whose `--json` takes a file beside the text, or prints a line for each entry that comes."""


def every(command: click.Command, name: str = "") -> Iterator[tuple[str, click.Command]]:
    if name and (not isinstance(command, click.Group) or command.invoke_without_command):
        yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for each in command.list_commands(context):
            if (found := command.get_command(context, each)) is not None:
                yield from every(found, f"{name} {each}".strip())


def options(command: click.Command) -> dict[str, click.Parameter]:
    return {name: one for one in command.params for name in one.opts}


def test_every_command_that_asks_a_sandbox_speaks_json_in_the_same_way() -> None:
    wanted = options(json_option(click.command()(lambda: None)))["--json"].to_info_dict()
    asking = [(name, options(each)) for name, each in every(main) if "--url" in options(each)]
    assert len(asking) > 40
    assert {name for name, known in asking if "--json" not in known} <= set(NO_JSON)
    for name, known in asking:
        if "--json" in known and name.partition(" ")[0] not in OTHER_WORDS:
            assert known["--json"].to_info_dict() == wanted, name
    assert {name.partition(" ")[0] for name in NO_JSON} <= set(COMMANDS)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxSettings(port=0), in_process=True) as running:
        yield running


def typed(sandbox: Sandbox, *arguments: str, code: int = 0) -> Result:
    done = CliRunner().invoke(main, list(arguments), env={"PARTNERLAB_URL": sandbox.url})
    assert done.exit_code == code, done.output
    return done


@pytest.mark.parametrize(
    ("given", "said", "then"),
    [
        (
            ("10000101", "40.00"),
            "Paid 40.00 USD on 10000101, invoice 500001, by credit card ending in 1111: ",
            "partnerlab deliveries show default:",
        ),
        (
            ("20000201", "5.00", "--fee", "1.00", "--tender", "ach"),
            "Paid 5.00 USD and a fee of 1.00 USD on 20000201, invoice 20000201-0001, by ACH ending in 6789: ",
            "partnerlab jobs run watersmart collect",
        ),
        (
            ("30000301", "5.00", "--biller", "inhance_v1"),
            "Paid 5.00 USD on 30000301, invoice 530001, by credit card ending in 1111: ",
            "partnerlab jobs run inhance_v1 payments",
        ),
        (
            ("10000101", "2.00", "--donation", "inline", "--invoice", "500001"),
            "Paid 2.00 USD (inline donation) on 10000101, invoice 500001, by credit card ending in 1111: ",
            "nothing; inHance v2 is not told: an inline donation is not posted (INT-2997)",
        ),
    ],
)
def test_a_payment_is_told_in_a_line_and_where_it_goes(
    sandbox: Sandbox, given: tuple[str, ...], said: str, then: str
) -> None:
    done = typed(sandbox, "trigger", "pay", *given)
    (line,) = done.stdout.splitlines()
    assert line.startswith(said)
    assert line.endswith(", accepted")
    assert done.stderr.startswith(f"Next: {then}")
    if then.startswith("partnerlab"):
        sandbox.settle("default")
        typed(sandbox, *done.stderr.removeprefix("Next: partnerlab ").partition("#")[0].split())
        assert " lost" not in CliRunner().invoke(main, ["audit", "--url", sandbox.url]).stdout


def test_an_account_is_found_at_its_biller_and_one_that_nobody_has_is_refused(sandbox: Sandbox) -> None:
    assert typed(sandbox, "trigger", "open", "454100010-06/16/2020").stdout
    assert "30000302" in typed(sandbox, "clerk", "block", "30000302", "bank", "on").stdout
    assert typed(sandbox, "trigger", "pay", "99", "1.00", code=1).stderr == "Error: There is no customer '99'.\n"
    wrong = typed(sandbox, "trigger", "pay", "20000201", "1.00", "--biller", "inhance_v2", code=1)
    assert wrong.stderr == "Error: There is no customer '20000201'.\n"


def test_an_account_of_several_billers_needs_its_biller(sandbox: Sandbox) -> None:
    for guid in ("22222222-2222-4222-8222-222222222222", "66666666-6666-4666-8666-666666666666"):
        customer = {"BillerGUID": guid, "AccountNumber": "7", "CustomerName": "Twice"}
        key = {"2": "sandbox-api-key", "6": "sandbox-api-key-watersmart"}[guid[0]]
        url = f"{sandbox.url}/api/v1/customer/CreateCustomerRecord"
        assert httpx.post(url, json=customer, auth=(key, "")).json()["Success"]
    done = typed(sandbox, "trigger", "paperless", "7", "on", code=2)
    assert "7 is an account of several: inhance_v2, watersmart; say which" in done.stderr
    assert typed(sandbox, "trigger", "paperless", "7", "on", "--biller", "watersmart")


def test_a_delivery_is_told_with_its_attempts_and_what_people_said(sandbox: Sandbox) -> None:
    guid = json.loads(typed(sandbox, "trigger", "pay", "10000101", "1.00", "--json").stdout)["payment_guid"]
    assert sandbox.settle("default")
    again = typed(sandbox, "deliveries", "replay", f"default:{guid}", "--reason", "once more", "--by", "Dana", code=1)
    assert "delivered" in again.output
    first, attempt = typed(sandbox, "deliveries", "show", f"default:{guid}").stdout.splitlines()
    assert first == f"default:{guid}  payment of 10000101: delivered, 1 attempt"
    assert "MakePaymentExtended  delivered  (account 10000101, 1.00" in attempt
    balance, future = typed(sandbox, "deliveries", "balance", f"default:{guid}").stdout.splitlines()
    assert re.fullmatch(r"balance \d+\.\d\d USD", balance)
    assert re.fullmatch(r"future balance \d+\.\d\d USD", future)


def test_a_delivery_that_waits_for_a_person_says_how_to_decide(sandbox: Sandbox) -> None:
    url = ("--url", sandbox.url)
    typed(sandbox, "lanes", "create", "deciding", *url)
    typed(sandbox, "faults", "add", "commit-then-drop", "--count", "1", "--lane", "deciding")
    typed(sandbox, "trigger", "pay", "10000101", "1.00", "--lane", "deciding")
    assert sandbox.settle("deciding")
    (row,) = json.loads(typed(sandbox, "deliveries", "list", "--lane", "deciding", "--json").stdout)
    shown = typed(sandbox, "deliveries", "show", row["id"])
    assert shown.stdout.count("MakePaymentExtended: ") == 1, "in the first line, not in the attempt's again"
    then = shlex.split(shown.stderr.removeprefix("Next: partnerlab "), comments=True)
    assert then[:3] == ["deliveries", "resolve", row["id"]]
    done = typed(sandbox, *then)
    assert "delivered" in done.stdout
    assert typed(sandbox, "deliveries", "show", row["id"]).stderr == ""


def test_an_entry_of_the_journal_is_shown_as_it_stood_on_the_wire(sandbox: Sandbox) -> None:
    typed(sandbox, "trigger", "open", "500001")
    entry = typed(sandbox, "journal", "--operation", "BalanceCheck").stdout.split()[0]
    shown = typed(sandbox, "journal", "show", entry).stdout
    assert shown.startswith(entry)
    assert "\nPOST /iCloud/iCloud.asmx\n" in shown
    assert "\n200  text/xml; charset=utf-8  " in shown
    assert shown.index("<BalanceCheck ") < shown.index("<BalanceCheckResult>")
    assert typed(sandbox, "journal", "show", entry, "--as", "curl", "--json", code=2).stdout == ""


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("trigger", "paperless", "10000101", "on"), "Paperless billing of 10000101, Willows Laundry: on\n"),
        (("clerk", "enrol", "10000101", "autopay", "on"), "AutoPay of 10000101, Willows Laundry: on\n"),
        (
            ("trigger", "email", "10000101", "a@example.com"),
            "E-mail address of 10000101, Willows Laundry: a@example.com\n",
        ),
        (("clerk", "block", "10000101", "bank", "on"), "Payments from a bank account of 10000101, Willows Laundry: "),
        (("clerk", "payment", "10000101", "1.00", "--cash"), "Entered 1.00 USD on 10000101, invoice 500001, by cash: "),
        (("trigger", "open", "500001"), "500001, account 10000101: open, due "),
    ],
)
def test_what_is_changed_is_told_in_a_line(sandbox: Sandbox, given: tuple[str, ...], said: str) -> None:
    done = typed(sandbox, *given)
    assert done.stdout.startswith(said)
    assert len(done.stdout.splitlines()) <= 2
    assert isinstance(json.loads(typed(sandbox, *given, "--json").stdout), dict)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("uploads", "list"), "Invoice Cloud was sent no file\n"),
        (("uploads", "list", "--biller", "tccs"), "Invoice Cloud was sent no file for that biller\n"),
        (("journal",), "the journal is empty\n"),
        (("journal", "--door", "tccs"), "the journal has no such entry\n"),
        (("deliveries", "list"), "there are no such deliveries\n"),
        (("export", "payments", "--out", "{folder}"), "Invoice Cloud has no new payments for watersmart\n"),
    ],
)
def test_where_there_is_nothing_that_is_said(
    sandbox: Sandbox, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    name = f"nothing-{len(said)}"
    typed(sandbox, "lanes", "create", name)
    done = typed(sandbox, *(one.format(folder=tmp_path) for one in arguments), "--lane", name)
    assert (done.stdout, done.stderr) == ("", said)


def test_a_partner_is_named_with_a_hyphen_too(sandbox: Sandbox) -> None:
    assert "inhance_v1" in typed(sandbox, "jobs", "list", "--partner", "inhance-v1").stdout
    assert typed(sandbox, "jobs", "run", "inhance-v1", "payments").stdout.startswith("payments: ")
    assert typed(sandbox, "clerk", "block", "30000302", "bank", "on", "--biller", "inhance-v1").stdout
    assert typed(sandbox, "capabilities", "inhance-v1", "--supports", "conveyance").stdout.startswith("Conveyance: ")
    meant = typed(sandbox, "capabilities", "inhance_v1", "--supports", "conveyanc", code=1)
    assert meant.stderr == "Error: inhance_v1 says nothing of 'conveyanc'; did you mean Conveyance?\n"


def test_days_are_written_as_durations_are_too(sandbox: Sandbox) -> None:
    assert typed(sandbox, "prune", "--older-than", "30d", "--lanes-unused", "40", "--dry-run").stdout
    wrong = typed(sandbox, "prune", "--older-than", "a month", code=2)
    assert "'a month' is not a valid number of days" in wrong.stderr


def test_the_catalogue_shows_what_has_a_text(sandbox: Sandbox) -> None:
    assert typed(sandbox, "catalogue", "requirements", "icws-read-1").stdout.startswith("ICWS-READ-1")
    assert list(json.loads(typed(sandbox, "catalogue", "faults", "drop", "--json").stdout)) == ["faults"]
    none = typed(sandbox, "catalogue", "faults", "nothing like it", code=1)
    assert none.stderr == "Error: nothing of the faults has 'nothing like it' in a name or sentence\n"
