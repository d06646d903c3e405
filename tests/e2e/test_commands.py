"""The command line against a running sandbox, as a person types it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result

from partnerlab.both_sides import InHanceSides
from partnerlab.cli import main
from partnerlab.remote import Remote
from partnerlab.sandbox import Sandbox

Type = Callable[..., Result]


@pytest.fixture
def type_(sandbox: Sandbox, lane: str) -> Type:
    """Run a command line on the test's lane."""
    sandbox.lanes.get(lane)

    def run(*arguments: str, fails: bool = False) -> Result:
        environment = {
            "PARTNERLAB_URL": sandbox.url,
            "PARTNERLAB_LANE": lane,
        }
        done = CliRunner().invoke(main, list(arguments), env=environment)
        assert (done.exit_code != 0) is fails, done.output
        return done

    return run


def test_a_payment_is_triggered_delivered_and_found_in_the_journal(type_: Type, sides: InHanceSides, lane: str) -> None:
    payment = json.loads(type_("trigger", "pay", "10000101", "40.00", "--fee", "2.50", "--json").stdout)
    sides.settle()
    listed = type_("deliveries", "list", "--lane", lane).stdout
    assert f"{lane}:{payment['payment_guid']}" in listed
    assert "delivered" in listed
    shown = json.loads(type_("deliveries", "show", f"{lane}:{payment['payment_guid']}", "--json").stdout)
    assert shown["event"]["payment"]["amount"] == "40.00"
    assert "MakePaymentExtended" in type_("journal").stdout
    assert type_("journal", "--invalid").stdout == ""
    entry = type_("journal", "--operation", "MakePaymentExtended").stdout.split()[0]
    exchange = json.loads(type_("journal", "show", entry, "--json").stdout)
    assert "<PaymentAmount>40.00</PaymentAmount>" in exchange["request"]
    assert "11111111-1111-4111-8111-111111111111" not in exchange["request"]


def test_an_audit_says_how_a_payment_is_resolved_whose_answer_was_lost(type_: Type, sides: InHanceSides) -> None:
    type_("faults", "add", "commit-then-drop", "--operation", "MakePaymentExtended")
    type_("trigger", "pay", "10000101", "40.00")
    sides.settle()
    found = type_("audit", fails=True)
    program, *then = shlex.split(found.stderr.removeprefix("Next: "))
    assert program == "partnerlab"
    type_(*then)
    clean = type_("audit")
    assert "1 posted once" in clean.stdout
    assert clean.stderr == ""


def test_the_mailbox_lists_and_shows_what_a_payer_would_have_read_and_is_emptied(type_: Type) -> None:
    type_("trigger", "pay", "10000101", "40.00")
    listed = type_("mailbox", "list", "--kind", "receipt", "--to", "willows@example.com").stdout
    assert len(listed.splitlines()) == 1
    assert listed.split()[1].endswith("Z"), "the time says that it is UTC"
    assert listed.rstrip().endswith("receipt of your payment of $40.00")
    shown = type_("mailbox", "show", "1").stdout
    assert shown.startswith("To: willows@example.com\nDate: ")
    assert "Paid by Visa ending in 1111." in shown
    assert json.loads(type_("mailbox", "list", "--json", "--account", "10000101").stdout)[0]["number"] == 1
    assert json.loads(type_("mailbox", "clear", "--json").stdout) == {"dropped": 1}
    assert type_("mailbox", "list").stdout == ""
    assert "message" in type_("mailbox", "show", "1", fails=True).output


def test_deliveries_asks_the_pump_of_the_sandbox_that_is_named_before_one_of_the_environment(sandbox: Sandbox) -> None:
    def listed(*options: str, **environment: str) -> Result:
        return CliRunner().invoke(main, ["deliveries", "list", *options], env=environment)

    nobody = "http://127.0.0.1:1"
    assert listed("--url", sandbox.url, PARTNERLAB_PUMP=nobody).exit_code == 0
    assert listed("--pump", f"{sandbox.url}/_pump", PARTNERLAB_URL=nobody).exit_code == 0
    assert nobody in listed(PARTNERLAB_URL=sandbox.url, PARTNERLAB_PUMP=nobody).output
    assert listed("--url", sandbox.url, "--pump", f"{sandbox.url}/_pump").exit_code == 2


def test_a_pump_of_its_own_is_not_sent_the_token_of_a_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[tuple[str, str | None]] = []

    class Asked(Remote):
        def __init__(self, url: str, **options: Any) -> None:
            super().__init__(url, **options)
            made.append((url, self._headers.get("Authorization")))

    monkeypatch.setattr("partnerlab.commands.deliveries.Remote", Asked)
    environment = {"PARTNERLAB_TOKEN": "the-sandbox-s"}
    CliRunner().invoke(main, ["deliveries", "list", "--url", "http://127.0.0.1:1"], env=environment)
    CliRunner().invoke(main, ["deliveries", "list", "--pump", "http://127.0.0.1:1"], env=environment)
    assert made == [("http://127.0.0.1:1/_pump", "Bearer the-sandbox-s"), ("http://127.0.0.1:1", None)]


def test_switches_and_the_email_address_reach_the_partner(type_: Type, sides: InHanceSides) -> None:
    type_("trigger", "paperless", "10000101", "on")
    type_("trigger", "autopay", "10000101", "on")
    type_("trigger", "email", "10000101", "payer@example.com")
    sides.settle()
    account = sides.account("10000101")
    assert (account["paperless"], account["autopay"], account["email"]) == (True, True, "payer@example.com")


def test_a_generated_file_is_checked_and_uploaded(type_: Type, tmp_path: Path, sides: InHanceSides) -> None:
    file = tmp_path / "bills.bif"
    type_("generate", "bif", "--invoices", "40", "--meters", "25", "--as-of", "2026-01-31", "--out", str(file))
    assert "40 invoices" in type_("files", "check", str(file)).stdout
    receipt = json.loads(type_("trigger", "upload", str(file), "--json").stdout)
    assert (receipt["invoices_accepted"], receipt["invoices_rejected"]) == (40, 0)
    opened = json.loads(type_("trigger", "open", "1000001", "--json").stdout)
    assert opened["invoice"]["invoice_number"] == "1000001"


def test_a_damaged_file_fails_the_check_with_the_error_of_the_catalogue(type_: Type, tmp_path: Path) -> None:
    file = tmp_path / "truncated.bif"
    type_("generate", "bif", "--invoices", "40", "--damage", "truncated", "--out", str(file))
    report = json.loads(type_("files", "check", str(file), "--json", fails=True).stdout)
    assert not report["accepted"]
    assert report["problems"][0]["rule"] == "wrong-invoice-count"


def test_the_clock_is_moved_and_says_what_fell_due(type_: Type, sides: InHanceSides) -> None:
    type_("trigger", "pay", "10000101", "1.00", "--tender", "ach", "--number", "000111111113")
    sides.settle()
    assert "return" in type_("clock", "advance", "8d").stdout
    frozen = type_("clock", "freeze").stdout
    assert "(frozen)" in frozen
    assert type_("clock", "show").stdout == frozen
    assert "(frozen)" not in type_("clock", "unfreeze").stdout


def test_a_clerk_is_told_where_the_partner_does_not_hear_of_an_entry(type_: Type) -> None:
    entry = ("clerk", "payment", "10000101", "1.00", "--cash")
    assert "inhance_v2, whose next balance counts: enter it in its books too" in type_(*entry).stderr
    assert type_("clerk", "payment", "20000201", "1.00", "--cash", "--biller", "watersmart").stderr == ""


def test_an_unknown_payment_is_settled_by_a_person(type_: Type, sides: InHanceSides, lane: str) -> None:
    with sides.fault("commit-then-drop", "MakePaymentExtended"):
        guid = json.loads(type_("trigger", "pay", "10000101", "3.00", "--json").stdout)["payment_guid"]
        sides.settle()
    delivery = f"{lane}:{guid}"
    assert delivery in type_("deliveries", "list", "--state", "unknown").stdout
    assert json.loads(type_("deliveries", "balance", delivery, "--json").stdout)["balance"] == "122.50"
    type_("deliveries", "replay", delivery, "--reason", "try again", fails=True)
    said = ("--posted", "--reason", "seen there", "--json")
    settled = json.loads(type_("deliveries", "resolve", delivery, *said).stdout)
    assert settled["state"] == "delivered"
    assert settled["notes"][-1]["reason"] == "seen there"


def test_what_the_server_refuses_ends_with_its_words_and_an_exit_code(type_: Type) -> None:
    done = type_("trigger", "pay", "10000101", "forty", fails=True)
    assert done.exit_code == 2
    assert "amount" in done.stderr
    done = type_("trigger", "pay", "10000101", "1.00", "--number", "4242424242424242", fails=True)
    assert "test number" in done.stderr
    assert type_("trigger", "pay", "10000101", "9999.00", fails=True).exit_code == 1
    assert "4242424242424242" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [("page", "bills"), ("page", "cloud-payment"), ("journey", "paperless", "agent-new-policy"), ("journey", "--list")],
)
def test_a_sandbox_may_be_on_another_machine(
    type_: Type, sandbox: Sandbox, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client takes plain http to this machine only, unless it is told that it speaks to a sandbox."""
    monkeypatch.setattr("partnerlab.client.http.request.LOOPBACK", frozenset())
    more = ("--url", sandbox.url) if arguments[0] == "journey" else ()
    assert type_(*arguments, *more).stdout


@pytest.mark.parametrize("biller", ["inhance_v2", "watersmart"])
def test_a_billers_own_payer_opens_its_pages(type_: Type, biller: str) -> None:
    opened = httpx.get(type_("page", "bills", "--biller", biller).stdout.strip(), follow_redirects=True)
    assert (opened.status_code, "Your bills" in opened.text) == (200, True)


def test_where_nobody_is_registered_the_page_of_guests_is_named(type_: Type) -> None:
    done = type_("page", "bills", "--biller", "tccs", fails=True)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "the biller tccs has no registered users; cloud-payment is the page of guests" in done.stderr


def test_a_job_that_there_is_not_is_told_with_the_one_that_was_meant(type_: Type) -> None:
    done = type_("jobs", "run", "inhance_v1", "paymentz", fails=True)
    assert done.exit_code == 2
    assert "there is no job of inhance_v1 'paymentz'; did you mean payments?" in done.stderr


@pytest.mark.parametrize("page", ["bills", "cloud-payment"])
def test_a_page_says_whose_it_is_where_nothing_frames_it(type_: Type, page: str) -> None:
    def shown(*more: str) -> str:
        return httpx.get(type_("page", page, *more).stdout.strip(), follow_redirects=True).text

    assert '<p class="site-name">Sandbox Utility</p>' in shown()
    assert 'class="site-name"' not in shown("--framed")


def test_a_list_of_deliveries_is_one_line_each(type_: Type, sides: InHanceSides, lane: str) -> None:
    sides.pay("10000101", "1.00")
    (line,) = type_("deliveries", "list", "--lane", lane).stdout.splitlines()
    assert line.split()[-3:] == ["delivered", "1", "attempt"]


def test_no_server_is_said_in_plain_words() -> None:
    done = CliRunner().invoke(main, ["clock", "show", "--url", "http://127.0.0.1:9"])
    assert done.exit_code == 1
    assert "Is the server running?" in done.stderr
