"""A soak whose sandboxes are processes, killed at moments of the seed: its books balance all the same."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from partnerlab.cli import main
from partnerlab.soak.processes import ProcessWorld
from partnerlab.soak.world import Refused
from tests.postgres import new_database

pytestmark = [
    pytest.mark.durability,
    pytest.mark.postgres,
    pytest.mark.timeout(420),  # replicas take time to start, and the soak says itself what did not come
]


def test_the_books_balance_after_real_kills(postgres_server: str, tmp_path: Path) -> None:
    """On PostgreSQL, with two replicas that share the work; what another sandbox is set to is not theirs."""
    log = tmp_path / "log"
    command = ["soak", "--engine", "dbos", "--seed", "13", "--days", "3", "--accounts", "6", "--log", str(log)]
    command += ["--database", new_database(postgres_server)]
    done = CliRunner().invoke(main, command, env={"PARTNERLAB_SANDBOX_TOKEN": "of-another-sandbox-1"})
    assert done.exit_code == 0, done.output
    assert "all books balance" in done.output
    assert " of 2 killed, and started anew" in log.read_text("utf-8")


def test_where_a_soak_breaks_it_tells_what_its_sandboxes_logged_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their log ends with the soak, and an answer of 500 only says that it is there."""

    def breaks(self: ProcessWorld) -> None:
        with self._log.open("a", encoding="utf-8") as log:
            log.write("ERROR what it was\n")
        raise Refused(500, "The server's log has it")

    monkeypatch.setattr(ProcessWorld, "settle", breaks)
    database = ["--database", str(tmp_path / "soak.db")]
    done = CliRunner().invoke(main, ["soak", "--engine", "dbos", "--days", "3", "--accounts", "2", *database])
    assert done.exit_code == 1
    assert "log has it\n  the sandboxes' log ends with\n" in done.output
    assert done.output.endswith("    ERROR what it was\n")


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_soak_that_is_ended_leaves_no_sandbox_behind(tmp_path: Path, how: signal.Signals) -> None:
    database = tmp_path / "soak.db"
    command = [sys.executable, "-m", "partnerlab", "soak", "--engine", "dbos", "--database", str(database)]
    with subprocess.Popen([*command, "--days", "60"], stderr=subprocess.PIPE, text=True) as soak:
        children = Path(f"/proc/{soak.pid}/task/{soak.pid}/children")
        ends = time.monotonic() + 120
        while not database.exists() and time.monotonic() < ends:
            time.sleep(0.05)
        begun = children.read_text().split()
        soak.send_signal(how)
        _, said = soak.communicate(timeout=120)
    assert begun
    assert "Aborted!" in said
    assert [pid for pid in begun if Path(f"/proc/{pid}").exists()] == []
