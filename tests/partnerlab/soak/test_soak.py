"""One seed gives one run; books balance whatever goes wrong; a bug in the product is found, with its first step."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from partnerlab.cli import main
from partnerlab.simulators.kit.control import own
from partnerlab.soak import Options, payers, soak, town
from partnerlab.soak.in_process import InProcessWorld
from partnerlab.soak.payers import HABITS, Payers
from tests.partnerlab.soak.bugs import BUGS

DAYS, ACCOUNTS = 6, 14
A_SECOND_BILL = 18
"""Days until some account has one."""
FOUND = {
    "sent_again_after_unknown": (38, DAYS, r"IC\d+: doubled: \d times in the books of inHance v2"),
    "overwritten_under_way": (16, DAYS, r"cents_off: \d+: .*it does not add up with IC\d+ \(accepted\)"),
    "return_opens_another_bill": (1, DAYS, r"cents_off: "),
    "settling_fails": (1, DAYS, r"DueFailed: payments settle at 2026-03-0\d"),
    "nobody_is_asked": (2, A_SECOND_BILL, r"cents_off: 81\d+-06/01/2028: "),
    "text_asks_for_more": (18, DAYS, r"a text asks \d+ for 16\.80, and 15\.80 is due"),
    "bills_stay_with_a_conveyed_account": (4, DAYS, r"the new owner of \d+ is shown \d+"),
    "sent_again_after_a_restart": (38, DAYS, r"IC\d+: doubled: 2 times in the books of inHance v2"),
    "balance_before_its_bill": (4, DAYS, r"cents_off: 71\d+: Invoice Cloud 0, WaterSmart 7\.28"),
    "held_back_for_good": (63, DAYS, r"explained: 71\d+: Invoice Cloud 0\.00, WaterSmart 6\.14: .*\[A-85\]"),
}
"""A seed and days that find the bug, and what it says."""


def test_an_answer_that_stands_in_a_file_arrives_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the export of a lane in which much happened is empty."""
    monkeypatch.setattr(own, "HELD_BYTES", 100)
    with InProcessWorld(3, lambda _: None) as world:
        path = f"/_sandbox/lanes/{world.lane}/export"
        exported = world.control.get(path)
        assert len(exported["tables"]["ic_billers"]) == 4
        with httpx.Client(transport=world.browser, base_url=world.url) as browser:
            assert browser.get(path).json()["tables"]["ic_billers"] == exported["tables"]["ic_billers"]


def test_one_seed_gives_one_run_to_the_byte(tmp_path: Path) -> None:
    """In this process and in another, whose hashes are other ones."""
    lines: list[str] = []
    outcome = soak(Options(45, DAYS, ACCOUNTS), lines.append)
    assert outcome.broken is None
    file = tmp_path / "log"
    command = ["-m", "partnerlab", "soak", "--seed", "45", "--days", f"{DAYS}", "--accounts", f"{ACCOUNTS}"]
    done = subprocess.run(
        [sys.executable, *command, "--log", str(file)],
        env={**os.environ, "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert file.read_text("utf-8").splitlines() == lines
    assert outcome.digest in done.stdout
    text = "\n".join(lines)
    words = (
        "pays",
        "fault",
        "killed",
        "bills",
        "settle",
        "operator",
        "by a text",
        "watersmart enters",
        "the trouble is over",
    )
    assert [word for word in words if word not in text] == []


def test_another_seed_is_another_run_and_its_books_balance() -> None:
    outcomes = [soak(Options(seed, DAYS, ACCOUNTS, faults=faults)) for seed, faults in ((9, True), (9, False))]
    assert [outcome.broken for outcome in outcomes] == [None, None]
    assert len({outcome.digest for outcome in outcomes}) == 2


@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_is_found_with_its_seed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seed, days, said = FOUND[name]
    BUGS[name](monkeypatch)
    arguments = ["soak", "--seed", f"{seed}", "--days", f"{days}", "--accounts", f"{ACCOUNTS}"]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 1, done.output
    first, *problems = done.output.splitlines()
    assert re.match(rf"seed {seed}: .*: BROKEN at 2026-03-\d\dT[\d:]+, after .+; event log [0-9a-f]{{64}}$", first)
    assert any(re.search(said, problem) for problem in problems)


def test_every_habit_is_something_that_payers_do() -> None:
    assert all(callable(getattr(Payers, name)) for name in HABITS)


def test_a_run_ends_only_once_nothing_is_due_any_more() -> None:
    """AutoPay collected a bill in the last moment of this seed, whose payment no file had yet."""
    assert soak(Options(100012, DAYS, 12)).broken is None


def test_a_text_of_before_a_policys_next_instalment_is_no_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    """A policy keeps its invoice number, and the next instalment is asked for by a text of its own."""
    monkeypatch.setattr(payers, "HABITS", {"by_text": 1})
    monkeypatch.setattr(town, "SHARES", {"tccs": 1})
    for seed in (7, 9):
        assert soak(Options(seed, 20, 4, faults=False)).broken is None


def test_a_text_of_before_money_was_taken_at_the_counter_is_no_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next balance file lowers what is due on the bill that the text is about."""
    monkeypatch.setattr(payers, "HABITS", {"by_text": 1})
    monkeypatch.setattr(town, "SHARES", {"watersmart": 1})
    for seed in (2, 6):
        assert soak(Options(seed, 20, 20, faults=False)).broken is None


def test_a_database_is_for_the_durable_engine() -> None:
    done = CliRunner().invoke(main, ["soak", "--database", "x.db"])
    assert done.exit_code == 2
    assert "--database: only with --engine dbos" in done.output
    done = CliRunner().invoke(main, ["soak", "--engine", "dbos", "--database", "mysql://here/x"])
    assert done.exit_code == 2
    assert "mysql://here/x: a database is a SQLite file or postgresql://" in done.output
