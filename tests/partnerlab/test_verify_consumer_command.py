"""`partnerlab verify consumer` as a command: options, plans, exit codes, files, and how a partner is asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from partnerlab.cli import main
from partnerlab.client.tccs import TccsClient
from partnerlab.contracts.verification.consumer.postbacks import Page
from partnerlab.contracts.verification.provider.configuration import Misconfigured
from partnerlab.contracts.verification.provider.exchange import Answered, Asked, NoAnswer
from partnerlab.testing.books import TccsBooks, partner_books
from partnerlab.testing.sandboxes import SandboxForTests, in_this_process
from partnerlab.verifying.held import by_address, by_command, by_question

POLICY = "454100010-06/16/2020"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxForTests]:
    with in_this_process() as running, running.lane("acme") as lane:
        books = partner_books(lane, "tccs")
        assert isinstance(books, TccsBooks)
        with TccsClient(books.url, books.consumer_guid, books.entry_key, allow_http=True) as client:
            client.balance(POLICY)
        yield running


@pytest.fixture
def run(sandbox: SandboxForTests, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    monkeypatch.chdir(tmp_path)

    def invoke(*words: str, text: str = "") -> Result:
        variables = {"PARTNERLAB_URL": sandbox.url, "GITHUB_ACTIONS": ""}
        return CliRunner().invoke(main, ["verify", "consumer", *words], env=variables, input=text)

    return invoke


def test_a_lane_is_graded_and_all_reports_are_written(run: Any, tmp_path: Path) -> None:
    names = ("--html", "r.html", "--junit", "r.xml", "--json", "r.json", "--ctrf", "c.json", "--md", "sub/r.md")
    done = run("tccs", "--lane", "acme", *names)
    assert done.exit_code == 0, done.output
    assert "Called by partnerlab (1)." in done.stdout
    assert all((tmp_path / name).read_text("utf-8") for name in names[1::2])
    document = json.loads((tmp_path / "r.json").read_text("utf-8"))
    assert (document["run"]["side"], document["run"]["subject"]) == ("consumer", "tccs")
    assert document["run"]["operations"]["ARState_Output"] == 1


def test_a_report_that_cannot_be_written_is_told_before_the_run(run: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    done = run("tccs", "--lane", "acme", "--html", "r.html", "--junit", "file/r.xml")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "Could not open file 'file/r.xml'" in done.stderr
    assert not (tmp_path / "r.html").exists()


def test_where_no_sandbox_runs_it_says_how_to_start_one(run: Any) -> None:
    done = run("tccs", "--url", "http://127.0.0.1:9")
    assert done.exit_code == 3
    assert "no-sandbox: nothing listens at 127.0.0.1:9" in done.output
    assert "Start one by `partnerlab sandbox`" in done.output


def test_the_exit_code_says_what_became_of_it(run: Any) -> None:
    assert run("tccs", "--lane", "acme", "--only", "TCCS-RTDR-1").exit_code == 0
    assert run("inhance-portal", "--lane", "acme").exit_code == 4
    assert run("tccs", "--lane", "no-such-lane").exit_code == 3
    assert run("tccs", "--lane", "acme", "--url", "http://127.0.0.1:9").exit_code == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("tccs", "--only", "NOTHING-1"), "it is no check and no requirement"),
        (("tccs", "--only", "tccs/pay-imput"), "did you mean tccs/pay-input?"),
        (("tccs", "--only", "INH1-PAY-1"), "no check grades it"),
        (("tccs", "--wait", "soon"), "is not a time such as 90, 90s or 5m"),
        (("tccs", "--name", "colour=red"), "colour: there are policy, quote"),
        (("inhance-portal", "--faults"), "has no call that --faults could lose"),
        (("cloud-payments", "--ask", "--held", "http://127.0.0.1:9"), "give one of --held, --held-command and --ask"),
        (("tccs", "--held", "x"), "No such option"),
    ],
)
def test_what_cannot_be_asked_for_is_misuse(words: tuple[str, ...], said: str, run: Any) -> None:
    done = run(*words)
    assert (done.exit_code, said in done.output) == (2, True), done.output


def test_it_waits_and_says_whose_turn_it_is(run: Any) -> None:
    done = run("tccs", "--lane", "acme", "--wait", "1s", "--only", "TCCS-REJ-1", "--name", "policy=P-1")
    assert done.exit_code == 4
    assert "Your turn: report a payment of P-1 that came back (Insufficient_Pay_Report); 0:01 left." in done.stderr
    assert "The time is over" in done.stderr


def test_a_plan_says_everything_and_the_command_line_goes_before_it(run: Any, tmp_path: Path) -> None:
    plan = 'subject = "tccs"\n[settings]\nlane = "acme"\n[names]\npolicy = "P-1"\n[run]\nonly = ["TCCS-RTDR-1"]\n'
    (tmp_path / "plan.toml").write_text(plan + '[excluded]\n"TCCS-PDF-1" = "by template"\n')
    done = run("tccs", "--plan", "plan.toml", "--json", "r.json")
    assert done.exit_code == 0, done.output
    checks = json.loads((tmp_path / "r.json").read_text("utf-8"))["run"]["checks"]
    assert [one["check"] for one in checks] == ["tccs/arstate-output"]
    assert run("tccs", "--plan", "plan.toml", "--only", "TCCS-PAY-1").exit_code == 4
    for wrong, said in (
        ('subject = "inhance-v2"\n', "it is a plan for"),
        ('subject = "tccs"\n[names]\ncolour = "red"\n', "names.colour: there are policy, quote"),
        ('subject = "tccs"\n[run]\nbudget = 3\n', "run.budget: there are wait (int), faults (bool)"),
    ):
        (tmp_path / "wrong.toml").write_text(wrong)
        done = run("tccs", "--plan", "wrong.toml")
        assert (done.exit_code, said in done.output) == (2, True), done.output


def test_somebody_is_asked_until_the_answer_is_a_number() -> None:
    @click.command()
    def ask() -> None:
        click.echo(by_question(page("ref-1")))

    done = CliRunner().invoke(ask, input="many\n-1\n3\n")
    assert done.stdout == "3\n"
    assert done.stderr.count("for reference ref-1? ") == 3


def page(reference: str) -> Page:
    return Page("biller", "1", "2", None, reference, reference, "http://127.0.0.1:9")


@pytest.mark.parametrize(
    ("answer", "held"), [("3", 3), (" 0\n", 0), ('{"payments": 2}', 2), ('{"held": [1]}', 1), ("[]", 0)]
)
def test_an_address_says_how_many_payments_are_held(answer: str, held: int) -> None:
    asked: list[str] = []

    def send(one: Asked, timeout_s: float) -> Answered:
        asked.append(one.url)
        return Answered(200, {}, answer.encode())

    assert by_address("http://127.0.0.1:5000/held?ref={reference}", send)(page("a b&c")) == held
    assert asked == ["http://127.0.0.1:5000/held?ref=a%20b%26c"]


@pytest.mark.parametrize("answer", ["many", '{"payments": "3"}', "", "true", "-1x"])
def test_an_answer_that_is_no_number_ends_the_run(answer: str) -> None:
    with pytest.raises(Misconfigured, match="which is no number"):
        by_address("http://127.0.0.1:9", lambda *_: Answered(200, {}, answer.encode()))(page("r"))


def test_an_address_that_does_not_answer_ends_the_run() -> None:
    def nothing(asked: Asked, timeout_s: float) -> Answered:
        raise NoAnswer("connection-refused", "nothing listens there")

    for send in (nothing, lambda *_: Answered(404, {}, b"3")):
        with pytest.raises(Misconfigured):
            by_address("http://127.0.0.1:9", send)(page("r"))


def test_a_command_says_how_many_payments_are_held_and_no_shell_reads_the_reference() -> None:
    assert by_command("sh -c 'echo ${#PARTNERLAB_REFERENCE}'")(page("four")) == 4
    with pytest.raises(Misconfigured, match="which is no number"):
        by_command("echo {reference}")(page("$(echo 3); rm -rf /nowhere"))
    for command in ("false", "no-such-program-at-all", ""):
        with pytest.raises(Misconfigured):
            by_command(command)(page("r"))


def test_the_help_of_wait_names_what_it_takes(run: Any) -> None:
    shown = run("tccs", "--help").stdout
    assert "--wait TIME" in shown
    assert "--wait SECONDS" not in shown
