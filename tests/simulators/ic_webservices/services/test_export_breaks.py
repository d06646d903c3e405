"""
An export that dies at any step and runs again yields the same file or goes on: it never skips and never repeats.

`partnerlab export` itself against the control API in one process, with a death before or after each of its steps.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
import pytest

from partnerlab.client.exports import files
from partnerlab.commands import export
from partnerlab.simulators.ic_webservices.services.export_batches import _Making
from partnerlab.simulators.kit.world.lanes import Lanes
from partnerlab.simulators.kit.world.store import Store
from tests.durability.moved_mark import payment_rows
from tests.simulators.ic_webservices.harness import WATERSMART, Harness

RUNS = 200


class Died(BaseException):
    """What a SIGKILL is for the process itself: nothing of it goes on."""


class Steps:
    """Dies before or after one of the steps that are still to come; without a number, never."""

    def __init__(self) -> None:
        self.left = -1

    def take(self, step: Callable[[], Any]) -> Any:
        self._count()
        found = step()
        self._count()
        return found

    def _count(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise Died


class Remote:
    """The control API, called as the command calls a sandbox."""

    def __init__(self, harness: Harness, steps: Steps) -> None:
        self.harness, self.steps = harness, steps

    def in_this_world(self) -> Remote:
        """As the command asks; no lane is replaced here."""
        return self

    def patient(self) -> Remote:
        """As the command asks; nothing is waited for here."""
        return self

    def biller(self, name: str) -> dict[str, str]:
        return {"guid": WATERSMART}

    def get(self, path: str, **query: Any) -> Any:
        asked = {name: str(value) for name, value in query.items()}
        return self.steps.take(lambda: self.harness.get(path.removeprefix("/_sandbox/ic/"), **asked))

    def post(self, path: str, body: Any = None) -> Any:
        path = path.removeprefix("/_sandbox/ic/")
        return self.steps.take(lambda: self.harness.control("POST", path, body).json)


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch, harness: Harness) -> Steps:
    return stepping(monkeypatch, harness)


def stepping(monkeypatch: pytest.MonkeyPatch, harness: Harness) -> Steps:
    """The command's steps over that simulator."""
    steps = Steps()
    monkeypatch.setattr(export, "connect", lambda url, lane: Remote(harness, steps))
    link = os.link
    monkeypatch.setattr(files.os, "fsync", lambda handle: steps.take(lambda: None))  # type: ignore[attr-defined]
    monkeypatch.setattr(files.os, "link", lambda old, new: steps.take(lambda: link(old, new)))  # type: ignore[attr-defined]
    return steps


def run(folder: Path, batch: int | None = None) -> None:
    given = {"kind": "payments", "biller": "watersmart", "folder": folder, "split": False, "batch": batch}
    with click.Context(export.command) as context:
        context.invoke(export.command, **given, url="", lane="")


def runs(harness: Harness, steps: Steps, folder: Path, many: int) -> list[str]:
    """So many exports, each with some new payments and most with a death; every PaymentGUID that was taken."""
    dice = random.Random(20261127)
    taken: list[str] = []
    for _ in range(many):
        for _ in range(dice.randrange(3)):
            order = {
                "account_number": "20000202",
                "amount": "0.01",
                "biller_guid": WATERSMART,
                "donation": "standalone",
            }
            taken.append(harness.pay(**order).json["payment_guid"])
        steps.left = dice.randrange(24)
        with suppress(Died):
            run(folder)
        names = [path.name for path in folder.iterdir() if not path.name.endswith(".part")]
        assert all(len(name) == len("ICPayments_YYYYMMDDHHMMSS.csv") for name in names), names
    steps.left = -1
    run(folder)
    return taken


def rows(folder: Path) -> Iterator[tuple[str, list[str]]]:
    for path in sorted(folder.glob("ICPayments_*.csv")):
        for line in path.read_text("utf-8").splitlines():
            yield path.name, line.split(",")


def check(harness: Harness, folder: Path, taken: list[str]) -> None:
    found = list(rows(folder))
    assert sorted(cells[4] for _, cells in found) == sorted(taken), "each payment in exactly one file"
    numbers = {(name, cells[16]) for name, cells in found}
    assert len(numbers) == len({number for _, number in numbers}) == len({name for name, _ in numbers})
    batches = harness.get("exports", limit="1000", biller_guid=WATERSMART)["exports"]
    assert {number for _, number in numbers} == {str(batch["report_id"]) for batch in batches}
    assert all(batch["delivered_at"] for batch in batches)


def test_a_death_at_any_step_of_200_runs_skips_and_repeats_nothing(
    harness: Harness, steps: Steps, tmp_path: Path
) -> None:
    taken = runs(harness, steps, tmp_path, RUNS)
    check(harness, tmp_path, taken)
    again = tmp_path / "again"
    again.mkdir()
    for batch in harness.get("exports", limit="1000", biller_guid=WATERSMART)["exports"]:
        run(again, batch["report_id"])
    assert {path.name: path.read_bytes() for path in again.iterdir()} == {
        path.name: path.read_bytes() for path in tmp_path.glob("ICPayments_*.csv")
    }, "asked for by its number, each batch comes byte for byte"


@pytest.mark.postgres
def test_a_death_at_any_step_skips_and_repeats_nothing_on_postgresql(
    postgres: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    store = Store(postgres)
    harness = Harness(store, Lanes(store))
    check(harness, tmp_path, runs(harness, stepping(monkeypatch, harness), tmp_path, 12))
    harness.close()
    store.close()


def test_a_mark_that_is_moved_by_one_is_found(
    harness: Harness, steps: Steps, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check above can fail: here each row is marked with the payment behind it."""
    monkeypatch.setattr(_Making, "_payment_rows", payment_rows)
    taken = runs(harness, steps, tmp_path, 12)
    with pytest.raises(AssertionError, match="each payment in exactly one file"):
        check(harness, tmp_path, taken)
