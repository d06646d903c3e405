"""The matrix in git: what is not known counts as no."""

from __future__ import annotations

import re
from importlib.metadata import version
from pathlib import Path

import pytest
from click.testing import CliRunner

from partnerlab.cli import main
from partnerlab.contracts.verification.pact.matrix import PACTS, can_deploy, pact_files, read_matrix

NAME = "data-pump-inhance.json"


def asked(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["verify", "matrix", *arguments])
    return done.exit_code, done.output


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / NAME).write_bytes((PACTS / NAME).read_bytes())
    return tmp_path


def test_this_version_is_known_to_keep_every_pact_as_it_is() -> None:
    answers = list(can_deploy(version("partnerlab"), rows=read_matrix()))
    assert len(answers) == len(pact_files()) == 4
    stale = [f"{one.provider} for {one.consumer}: {one.reason}" for one in answers if not one.holds]
    assert not stale, "`python -m tests.pacts` verifies and records them"


def test_what_is_not_known_is_no(folder: Path) -> None:
    code, said = asked("--pacts", str(folder), "--version", "7.4")
    assert (code, said) == (1, "  ? inhance for data-pump: version 7.4 was never verified\n")


def test_what_was_recorded_is_known_until_the_pact_changes(folder: Path) -> None:
    of = ("--pacts", str(folder), "--provider", "inhance", "--version", "7.4")
    assert asked(*of, "--record")[0] == 0
    code, said = asked(*of)
    assert code == 0
    assert re.match(r"  ✓ inhance for data-pump: holds on \d{4}-\d\d-\d\d", said)
    assert asked(*of[:-1], "7.5")[0] == 1
    (folder / NAME).write_bytes((folder / NAME).read_bytes() + b"\n")
    code, said = asked(*of)
    assert (code, said) == (1, "  ? inhance for data-pump: the pact changed since version 7.4 was verified\n")


def test_a_broken_one_is_no_and_the_newest_word_counts(folder: Path) -> None:
    of = ("--pacts", str(folder), "--provider", "inhance", "--version", "7.4")
    asked(*of, "--record")
    assert asked(*of, "--record", "--broken")[0] == 1
    assert len(read_matrix(folder / "matrix.toml")) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--record",), 2, "--record needs --provider and --version"),
        (("--provider", "nobody"), 1, "there is no pact with nobody"),
    ],
)
def test_misuse_is_said(arguments: tuple[str, ...], code: int, words: str) -> None:
    found = asked(*arguments)
    assert found[0] == code
    assert words in found[1]


def test_a_matrix_that_is_none_is_said(folder: Path) -> None:
    (folder / "matrix.toml").write_text("[[verified]]\nx = 1\n")
    code, said = asked("--pacts", str(folder))
    assert code == 1
    assert "matrix.toml" in said
