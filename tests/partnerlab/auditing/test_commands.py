"""`partnerlab audit` and `partnerlab reconcile`: what they print, write and exit with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner

from partnerlab.auditing.control import CONTRACT
from partnerlab.auditing.differences import KINDS
from partnerlab.auditing.judging import VERDICTS
from partnerlab.cli import main
from partnerlab.contracts.data import read_yaml
from partnerlab.sandbox import Sandbox
from partnerlab.settings import SandboxSettings
from tests.partnerlab.auditing.town import Town


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with Sandbox(SandboxSettings(port=0), in_process=True) as sandbox:
        made = Town(sandbox, "inhance_v2", "told", accounts=3)
        made.pay(made.accounts[0])
        made.pay(made.accounts[1], fault="commit-then-drop", operation="MakePaymentExtended")
        yield made
        made.close()


def run(town: Town, *arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, [*arguments, "--url", town.sandbox.url])
    return done.exit_code, done.stdout if done.exit_code < 2 else done.output


def test_a_finding_is_shown_with_its_story(town: Town) -> None:
    code, text = run(town, "audit", "--lane", "told")
    assert code == 1
    lines = text.splitlines()
    assert lines[0].startswith(
        "unknown       IC0000000002       21.01 USD  inHance v2, account 99000001: the delivery is"
    )
    assert [line.split()[0] for line in lines if "MakePaymentExtended: unknown: the connection broke" in line]
    assert text.count("the connection broke before the answer") == 2  # in the finding, and where it happened
    assert "Errno" not in text
    assert lines[-2:] == ["payments and returns in lane told, 2 in all: 1 posted once, 1 unknown", "1 to mend"]


def test_the_rows_of_both_are_flat_and_named(town: Town, tmp_path: Path) -> None:
    file = tmp_path / "audit.json"
    assert run(town, "audit", "--lane", "told", "--json", str(file))[0] == 1
    audit = json.loads(file.read_text("utf-8"))
    assert (audit["version"], audit["clean"]) == (1, False)
    assert audit["counts"] == {name: {"posted_once": 1, "unknown": 1}.get(name, 0) for name in VERDICTS}
    assert [row["finding"] for row in audit["payments"]] == [False, True]
    code, text = run(town, "reconcile", "--lane", "told", "--json", "-")
    reconciled = json.loads(text)
    assert (code, reconciled["clean"]) == (1, False)
    assert reconciled["totals"] == [
        {"partner": "inhance_v2", "taken": "41.01", "posted": "41.01", "difference": "0.00"}
    ]
    assert {row["kind"] for row in reconciled["differences"]} <= set(KINDS)


@pytest.mark.parametrize("name", ["payments", "differences"])
def test_the_control_api_gives_both_as_its_contract_says(town: Town, name: str) -> None:
    document = read_yaml(CONTRACT)
    path = f"/_sandbox/auditing/{name}"
    content = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
    answer = town.control.get(path)
    jsonschema.Draft202012Validator({**content["schema"], "components": document["components"]}).validate(answer)
    assert (answer["lane"], answer["clean"], bool(answer[name])) == ("told", False, True)


@pytest.mark.parametrize("command", ["audit", "reconcile"])
def test_exit_codes(town: Town, command: str) -> None:
    assert run(town, command)[0] == 0  # the lane `default`, in which nothing happened
    assert run(town, command, "--lane", "no-such-lane")[0] == 2
    assert CliRunner().invoke(main, [command, "--url", "http://127.0.0.1:1"]).exit_code == 3
