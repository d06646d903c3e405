"""kill -9 of the exporting process at each of its steps and at random, and of the sandbox between them: case 20."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.durability.test_payment_job_kill import KILLS, fork_and_kill
from tests.durability.test_sandbox_kill import Process

pytestmark = [pytest.mark.durability, pytest.mark.xdist_group("durability")]

WORKER = Path(__file__).with_name("export_worker.py")
STEPS = (
    "before the number",
    "numbered, no file",
    "half a file",
    "written, not named",
    "in the outbox, not marked",
    "marked",
)


def test_a_killed_export_goes_on_and_no_number_stands_for_two_contents(tmp_path: Path) -> None:
    folder = tmp_path / "outbox"
    folder.mkdir()
    process = Process(tmp_path)
    taken: list[str] = []

    def pay(many: int) -> None:
        biller = next(one for one in ask("billers")["billers"] if one["partner"] == "watersmart")["guid"]
        for _ in range(many):
            order = {
                "account_number": "20000202",
                "amount": "0.01",
                "tender": "credit_card",
                "card_number": "4111111111111111",
                "donation": "standalone",
                "biller_guid": biller,
            }
            answer = httpx.post(f"{process.url}/_sandbox/ic/payments", json=order, timeout=30)
            taken.append(answer.json()["payment_guid"])

    def ask(path: str) -> Any:
        return httpx.get(f"{process.url}/_sandbox/ic/{path}", timeout=30).json()

    def export(step: str) -> int:
        command = [sys.executable, str(WORKER), step, process.url, str(folder)]
        return subprocess.run(command, capture_output=True, timeout=120, check=False).returncode

    try:
        pay(10)
        for step in STEPS:
            assert export(step) == -signal.SIGKILL, step
            pay(1)
            if step == "numbered, no file":
                process.kill()
                process.start()
        told = fork_and_kill("export", process.url, folder, KILLS)
        taken += told["paid"]
        sys.stdout.write(f"{told['killed']} of {told['runs']} runs killed, {len(taken)} payments\n")
        assert export("never") == 0
        found: dict[str, set[str]] = {}
        guids: list[str] = []
        for path in folder.glob("ICPayments_*.csv"):
            content = path.read_bytes().decode()
            lines = [line.split(",") for line in content.splitlines()]
            guids += [cells[4] for cells in lines]
            (number,) = {cells[16] for cells in lines}
            found.setdefault(number, set()).add(content)
            page = ask(f"exports/{number}/files/{path.name}?page=0")
            assert page["content"] == content, "asked for by its number it comes byte for byte"
        assert sorted(guids) == sorted(taken)
        assert all(len(contents) == 1 for contents in found.values())
    finally:
        process.kill()
