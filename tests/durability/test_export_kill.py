"""kill -9 of the exporting process at its marks and at any step, and of the sandbox between them: case 20."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.durability.test_payment_job_kill import KILLS, fork_and_kill
from tests.durability.test_sandbox_kill import Process

pytestmark = pytest.mark.durability

WORKER = Path(__file__).with_name("export_worker.py")
STEPS = (
    "before the number",
    "numbered, no file",
    "half a file",
    "written, not named",
    "in the outbox, not marked",
    "marked",
)


class World:
    """A sandbox in a process of its own, and the folder that its exports come into."""

    def __init__(self, folder: Path, module: str) -> None:
        self.folder = folder / "outbox"
        self.folder.mkdir()
        self.sandbox = Process(folder, module)
        self.taken: list[str] = []

    def ask(self, path: str) -> Any:
        return httpx.get(f"{self.sandbox.url}/_sandbox/ic/{path}", timeout=30).json()

    def pay(self, many: int) -> None:
        biller = next(one for one in self.ask("billers")["billers"] if one["partner"] == "watersmart")["guid"]
        order = {
            "account_number": "20000202",
            "amount": "0.01",
            "tender": "credit_card",
            "card_number": "4111111111111111",
            "donation": "standalone",
            "biller_guid": biller,
        }
        for _ in range(many):
            answer = httpx.post(f"{self.sandbox.url}/_sandbox/ic/payments", json=order, timeout=30)
            self.taken.append(answer.json()["payment_guid"])

    def export(self, step: str) -> int:
        """The exit code of an export that dies at that step."""
        command = [sys.executable, str(WORKER), step, self.sandbox.url, str(self.folder)]
        return subprocess.run(command, capture_output=True, timeout=120, check=False).returncode

    def export_and_kill(self, kills: int) -> None:
        """Exports with payments between them, until so many were killed at a random step; then one that is not."""
        told = fork_and_kill("export", self.sandbox.url, self.folder, kills)
        assert told["killed"] == kills
        self.taken += told["paid"]
        sys.stdout.write(f"{told['killed']} of {told['runs']} exports killed, {len(self.taken)} payments\n")

    def check(self) -> None:
        """Each payment is in one file, and each batch comes again byte for byte."""
        found: dict[str, set[str]] = {}
        guids: list[str] = []
        for path in self.folder.glob("ICPayments_*.csv"):
            content = path.read_bytes().decode()
            lines = [line.split(",") for line in content.splitlines()]
            guids += [cells[4] for cells in lines]
            (number,) = {cells[16] for cells in lines}
            found.setdefault(number, set()).add(content)
            page = self.ask(f"exports/{number}/files/{path.name}?page=0")
            assert page["content"] == content, "asked for by its number it comes byte for byte"
        assert sorted(guids) == sorted(self.taken), "each payment in exactly one file"
        assert all(len(contents) == 1 for contents in found.values())


@pytest.fixture
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path, getattr(request, "param", "partnerlab"))
    yield made
    made.sandbox.kill()


def test_a_killed_export_goes_on_and_no_number_stands_for_two_contents(world: World) -> None:
    world.pay(10)
    for step in STEPS:
        assert world.export(step) == -signal.SIGKILL, step
        world.pay(1)
        if step == "numbered, no file":
            world.sandbox.kill()
            world.sandbox.start()
    world.export_and_kill(KILLS)
    world.check()


@pytest.mark.parametrize("world", ["tests.durability.moved_mark"], indirect=True)
def test_a_mark_that_is_moved_by_one_is_found(world: World) -> None:
    """The check above can fail."""
    world.export_and_kill(1)
    with pytest.raises(AssertionError, match="each payment in exactly one file"):
        world.check()
