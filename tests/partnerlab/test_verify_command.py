"""`partnerlab verify` and `partnerlab report` as commands: options, plans, exit codes, files."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from partnerlab.cli import main
from partnerlab.contracts.verification.provider import direct
from partnerlab.contracts.verification.provider.exchange import Answered, Asked
from tests.contracts.verification.test_sandbox_fuzz import ORIGIN, Service
from tests.contracts.verification.worlds import INHANCE, TCCS, inhance_world, tccs_world

KEYS = {"TCCS_ENTRY_KEY": TCCS.entry_key, "INHANCE_KEY": INHANCE.key, "GITHUB_ACTIONS": ""}
ADDRESS = ("--url", TCCS.url, "--consumer-guid", TCCS.consumer_guid, "--invoice", TCCS.invoice)
PLAN = f"""
subject = "tccs"
url = "{TCCS.url}"
[settings]
consumer_guid = "{TCCS.consumer_guid}"
entry_key = "env:TCCS_ENTRY_KEY"
invoice = "{TCCS.invoice}"
"""


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """The command, its calls answered by a simulator in this process."""
    monkeypatch.chdir(tmp_path)
    world = tccs_world()
    other = inhance_world()
    monkeypatch.setattr(
        direct.Direct,
        "send",
        lambda self, asked, timeout_s: (other if "asmx" in asked.url.lower() else world).send(asked),
    )

    def invoke(*words: str, env: dict[str, str] | None = None) -> Result:
        return CliRunner().invoke(main, [*words], env={**KEYS, **(env or {})})

    return invoke


def test_checks_that_need_what_is_not_installed_are_told_to_be_left_out(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pact", None)
    done = run("verify", "provider", "tccs", *ADDRESS)
    assert done.exit_code == 0, done.output
    (line,) = [line for line in done.stdout.splitlines() if "left out" in line]
    assert re.fullmatch(r"  left out, 3 of \d+ checks: pacts are compared by pact-python: pip install '.*'", line)


def test_a_utility_is_graded_and_all_reports_are_written(run: Any, tmp_path: Path) -> None:
    names = ("--html", "r.html", "--junit", "sub/r.xml", "--json", "r.json", "--ctrf", "r.ctrf.json")
    done = run("verify", "provider", "inhance", "--url", INHANCE.url, "--account", INHANCE.account, *names)
    assert done.exit_code == 0, done.output
    assert "0 failed" in done.stdout
    assert "✓ inhance/balance" in done.stderr
    texts = [(tmp_path / name).read_text("utf-8") for name in names[1::2]]
    assert all(texts)
    assert INHANCE.key not in done.output + "".join(texts)


def test_sigterm_drops_the_lane_that_was_tried_in(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    service, tried = Service(), []

    def send(_: direct.Direct, asked: Asked, timeout_s: float) -> Answered:
        if asked.headers.get("x-sandbox-lane") == "verify":
            tried.append(asked.label)
            os.kill(os.getpid(), signal.SIGTERM)
        return service.send(asked, timeout_s)

    monkeypatch.setattr(direct.Direct, "send", send)
    before = signal.signal(signal.SIGTERM, lambda *_: None)  # an unheeded one must not end the tests
    try:
        done = run("verify", "provider", "sandbox", "--url", ORIGIN, "--fuzz", "1s", "--only", "sandbox/control-api")
    finally:
        signal.signal(signal.SIGTERM, before)
    assert (done.exit_code, len(tried)) == (1, 1), done.output
    assert "Aborted!" in done.stderr
    assert service.lanes == {"default", "a"}


def test_github_gets_annotations_and_a_summary_and_no_forged_command(
    run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    world = tccs_world()

    def forging(self: direct.Direct, asked: Asked, timeout_s: float) -> Answered:
        found = world.send(asked)
        named = b'{"::error::forged\\n::warning::forged":1,'
        return replace(found, body=found.body.replace(b"{", named, 1)) if found.status == 200 else found

    monkeypatch.setattr(direct.Direct, "send", forging)
    github = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md")}
    done = run("verify", "provider", "tccs", *ADDRESS, env=github)
    assert done.exit_code == 1
    commands = [line for line in done.stdout.splitlines() if line.lstrip().startswith("::")]
    assert [line.partition(" title=")[0] for line in commands if " title=" in line] == ["::error"]
    assert [line for line in commands if " title=" not in line and "stop-commands" not in line] == [commands[-1]]
    assert "tccs/balance-valid" in (tmp_path / "summary.md").read_text("utf-8")


def test_a_plan_says_everything_and_the_command_line_goes_before_it(run: Any, tmp_path: Path) -> None:
    (tmp_path / "plan.toml").write_text(PLAN + '[run]\nonly = ["tccs/balance"]\n[excluded]\n"TCCS-PDF-1" = "none"\n')
    done = run("verify", "provider", "tccs", "--plan", "plan.toml", "--json", "r.json")
    assert done.exit_code == 0, done.output
    found = json.loads((tmp_path / "r.json").read_text("utf-8"))["run"]
    assert [check["check"] for check in found["checks"]] == ["tccs/balance"]
    done = run("verify", "provider", "tccs", "--plan", "plan.toml", "--only", "TCCS-ADR-7", "--json", "r.json")
    found = json.loads((tmp_path / "r.json").read_text("utf-8"))["run"]
    assert [check["check"] for check in found["checks"]] == ["tccs/xml"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (PLAN.replace('"tccs"', '"inhance"', 1), "subject"),
        (PLAN.replace("env:TCCS_ENTRY_KEY", "sandbox-entry-key"), "a secret stands in the environment"),
        (PLAN.replace("invoice =", "invoise ="), "settings.invoise: there is no such setting"),
        (PLAN + '[run]\nrates = "5/s"\n', "run.rates"),
        (PLAN + "[run]\nbudget = true\n", "run.budget"),
        (PLAN + '[excluded]\n"TCCS-NO-1" = "x"\n', "there is no such requirement"),
        (PLAN + '[excluded]\n"TCCS-PDF-1" = ""\n', "say why"),
        (PLAN + "[extra]\n", "extra"),
        ("settings = 3\nsubject = 'tccs'\n", "must be a table"),
        ("subject = ", "plan.toml"),
    ],
)
def test_a_plan_that_cannot_be_is_misuse(run: Any, tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "plan.toml").write_text(text)
    done = run("verify", "provider", "tccs", "--plan", "plan.toml")
    assert done.exit_code == 2
    assert said in done.stderr


def test_a_variable_that_is_not_set_is_configuration(run: Any, tmp_path: Path) -> None:
    (tmp_path / "plan.toml").write_text(PLAN)
    done = run("verify", "provider", "tccs", "--plan", "plan.toml", env={"TCCS_ENTRY_KEY": ""})
    assert done.exit_code == 3
    assert "TCCS_ENTRY_KEY, which is not set" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--url", "ftp://x"), "not an http or https address"),
        (("--rate", "1000/s"), "not a rate"),
        (("--rate", "0/s"), "not a rate"),
        (("--budget", "0"), "--budget"),
        (("--only", "TCCS-NO-1"), "no check and no requirement"),
        (("--only", "TCCS-BLR-1"), "no check grades it"),
        (("--amount", "1.005"), "no amount"),
        (("--version", "3"), "neither 1 nor 2"),
        (("--paperless", "maybe"), "neither on nor off"),
        (("--html", "/proc/nowhere/report.html"), "/proc/nowhere"),
    ],
)
def test_misuse_is_told_by_option(run: Any, words: tuple[str, ...], said: str) -> None:
    done = run("verify", "provider", "tccs", *ADDRESS, *words)
    assert done.exit_code in (1, 2)
    assert said in done.stderr


def test_a_setting_that_is_missing_is_asked_for(run: Any) -> None:
    done = run("verify", "provider", "tccs", *ADDRESS, env={"TCCS_ENTRY_KEY": ""})
    assert done.exit_code == 2
    assert "--entry-key or the variable TCCS_ENTRY_KEY" in done.stderr


def test_keys_do_not_go_in_the_clear_to_another_machine(run: Any) -> None:
    address = ("--url", "http://insurer.example/x", *ADDRESS[2:])
    done = run("verify", "provider", "tccs", *address)
    assert done.exit_code == 3
    assert "plain-http" in done.stdout


def test_nothing_verified_is_an_exit_code(run: Any) -> None:
    done = run("verify", "provider", "tccs", *ADDRESS, "--only", "TCCS-GUID-3")
    assert done.exit_code == 4


def test_a_pack_is_signed_and_checked(run: Any, tmp_path: Path) -> None:
    assert run("report", "new-key", "verify.pem").exit_code == 0
    assert (tmp_path / "verify.pem").stat().st_mode & 0o077 == 0
    assert run("report", "new-key", "verify.pem").exit_code == 1, "a key is never written over"
    signing = ("--pack", "run.pack", "--sign-key", "verify.pem")
    assert run("verify", "provider", "tccs", *ADDRESS, *signing).exit_code == 0
    checked = run("report", "check", "run.pack", "--key", "verify.pem.pub", "--extract", "out")
    assert checked.exit_code == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "report.html",
        "results.xml",
        "run.json",
        "ctrf.json",
    }
    assert run("report", "compare", "out/run.json", "out/run.json").exit_code == 0
    (tmp_path / "run.pack").write_bytes((tmp_path / "run.pack").read_bytes().replace(b"TCCS", b"TCSS", 1))
    assert run("report", "check", "run.pack", "--key", "verify.pem.pub").exit_code == 1
    assert run("report", "check", "run.pack", "--key", "verify.pem").exit_code == 2
    assert run("verify", "provider", "tccs", *ADDRESS, "--pack", "other.pack").exit_code == 2
    assert run("verify", "provider", "tccs", *ADDRESS, "--pack", "x", "--sign-key", "run.pack").exit_code == 2


def test_reports_are_compared(run: Any, tmp_path: Path) -> None:
    assert run("verify", "provider", "tccs", *ADDRESS, "--json", "old.json").exit_code == 0
    document = json.loads((tmp_path / "old.json").read_text("utf-8"))
    assert run("report", "compare", "old.json", "old.json").exit_code == 0
    document["run"]["checks"][0]["outcome"] = "failed"
    del document["run"]["checks"][1]
    (tmp_path / "new.json").write_text(json.dumps(document))
    done = run("report", "compare", "old.json", "new.json")
    assert done.exit_code == 3
    assert "2 worse, 0 better" in done.stdout
    back = run("report", "compare", "new.json", "old.json")
    assert (back.exit_code, "2 better" in back.stdout) == (0, True)
    for broken in ("{}", "[]", "nothing", '{"format": "partnerlab-verification", "version": 2}'):
        (tmp_path / "new.json").write_text(broken)
        assert run("report", "compare", "old.json", "new.json").exit_code == 2
    document["run"]["subject"] = "inhance"
    (tmp_path / "new.json").write_text(json.dumps(document))
    other = run("report", "compare", "old.json", "new.json")
    assert (other.exit_code, "the old run is of provider tccs, the new one of" in other.stderr) == (2, True)
