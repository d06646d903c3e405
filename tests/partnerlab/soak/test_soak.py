"""One seed gives one run; books balance whatever goes wrong; a bug in the product is found, with its first step."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from partnerlab.cli import main
from partnerlab.soak import Options, soak
from partnerlab.soak.payers import HABITS, Payers
from tests.partnerlab.soak.bugs import BUGS

DAYS, ACCOUNTS = 6, 14
A_SECOND_BILL = 18
"""Days until some account has one."""
FOUND = {
    "sent_again_after_unknown": (9, DAYS, r"IC\d+: doubled: \d times in the books of inHance v2"),
    "overwritten_under_way": (13, DAYS, r"cents_off: \d+: .*it does not add up with IC\d+ \(accepted\)"),
    "return_opens_another_bill": (3, DAYS, r"cents_off: "),
    "settling_fails": (3, DAYS, r"DueFailed: payments settle at 2026-03-0\d"),
    "nobody_is_asked": (2, A_SECOND_BILL, r"cents_off: 81\d+-06/01/2028: "),
}
"""A seed and days that find the bug, and what it says."""


def test_one_seed_gives_one_run_to_the_byte(tmp_path: Path) -> None:
    """In this process and in another, whose hashes are other ones."""
    lines: list[str] = []
    outcome = soak(Options(5, DAYS, ACCOUNTS), lines.append)
    assert outcome.broken is None
    file = tmp_path / "log"
    command = ["-m", "partnerlab", "soak", "--seed", "5", "--days", f"{DAYS}", "--accounts", f"{ACCOUNTS}"]
    done = subprocess.run(
        [sys.executable, *command, "--log", str(file)],
        env={**os.environ, "PYTHONHASHSEED": "5"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert file.read_text("utf-8").splitlines() == lines
    assert outcome.digest in done.stdout
    text = "\n".join(lines)
    assert all(
        word in text for word in ("pays", "fault", "killed", "bills", "settle", "operator", "the trouble is over")
    )


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
