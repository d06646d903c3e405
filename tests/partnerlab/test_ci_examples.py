"""The examples for CI in docs/verify.md: YAML of the shape that each service reads, and commands that run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from partnerlab.cli import main
from partnerlab.client.tccs import TccsClient
from partnerlab.contracts.verification.provider import direct
from partnerlab.testing.books import TccsBooks, partner_books
from partnerlab.testing.sandboxes import in_this_process
from tests.contracts.verification.worlds import TCCS, tccs_world

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "verify.md").read_text("utf-8")
FILES: dict[str, Any] = {
    name: yaml.safe_load(text)
    for name, text in re.findall(r"^```yaml\n# (\S+)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
}
PLAN = re.findall(r"^```toml\n# plan\.toml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)[0]


def lines(value: Any) -> Iterator[str]:
    """Every text in a document."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from lines(one)


def test_both_services_have_an_example() -> None:
    assert FILES.keys() == {".github/workflows/verify.yml", ".gitlab-ci.yml"}
    steps = FILES[".github/workflows/verify.yml"]["jobs"]["verify"]["steps"]
    assert all(("uses" in step) != ("run" in step) for step in steps)
    job = FILES[".gitlab-ci.yml"]["verify"]
    assert job["artifacts"]["reports"]["junit"] in " ".join(job["script"])


@pytest.mark.parametrize("name", FILES)
def test_the_commands_of_an_example_run(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plan.toml").write_text(PLAN, "utf-8")
    world = tccs_world()
    monkeypatch.setattr(direct.Direct, "send", lambda self, asked, timeout_s: world.send(asked))
    commands = [command for command in partnerlab_commands(name) if command[1] == "provider"]
    assert commands
    for command in commands:
        done = CliRunner().invoke(main, [*command, "--rate", "100/s"], env={"TCCS_ENTRY_KEY": TCCS.entry_key})
        assert done.exit_code == 0, done.output
        assert_written(command, tmp_path)


@pytest.mark.parametrize("name", FILES)
def test_the_commands_of_a_consumers_example_run(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    commands = [command for command in partnerlab_commands(name) if command[1] == "consumer"]
    assert commands
    with in_this_process() as sandbox, sandbox.lane("ci") as lane:
        books = partner_books(lane, "tccs")
        assert isinstance(books, TccsBooks)
        with TccsClient(books.url, books.consumer_guid, books.entry_key, allow_http=True) as client:
            client.balance(TCCS.invoice)
        for command in commands:
            done = CliRunner().invoke(main, command, env={"PARTNERLAB_URL": sandbox.url})
            assert done.exit_code == 0, done.output
            assert_written(command, tmp_path)


def partnerlab_commands(name: str) -> list[list[str]]:
    """The commands of an example, without the program's name."""
    return [shlex.split(line)[1:] for line in lines(FILES[name]) if line.startswith("partnerlab ")]


def assert_written(command: list[str], folder: Path) -> None:
    assert all((folder / word).exists() for word in command if word.endswith((".html", ".xml", ".json")))
