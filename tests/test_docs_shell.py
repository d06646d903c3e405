"""The commands of the documentation run as printed, against a sandbox."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path

import pytest

from partnerlab.sandbox import Sandbox
from partnerlab.settings import SandboxSettings

ROOT = Path(__file__).parent.parent
PRINTED = "http://127.0.0.1:8700"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
SHELL = ("", "sh", "shell", "console")
PROGRAMS = ("partnerlab", "curl", "make", "pip", "pytest")
EXPORT = re.compile(r"(\w+)=(\S+)")

# What is not run here, and why. Of a server, and of a command that needs an id, the options are checked.
ELSEWHERE = {
    "make": "the Makefile's targets take minutes; CI runs them",
    "pip": "tests/packaging installs the wheel",
    "partnerlab sandbox": "a server",
    "partnerlab pump": "a server, or its database",
    "partnerlab soak --engine dbos": "kills processes for half a minute; tests/durability/test_soak_kill.py runs it",
    "partnerlab journal --follow": "has no end; tests/e2e/test_first_hour.py interrupts it",
    "partnerlab verify matrix": "writes beside the pacts of a checkout; tests/pacts/test_matrix.py runs it",
    "partnerlab verify provider sandbox": "takes its minute; tests/contracts/verification/test_sandbox_fuzz.py runs it",
    "ID": "of a delivery in that state, an entry of the journal; tests/e2e/test_commands.py has them",
}
PAGES = sorted(
    str(path.relative_to(ROOT))
    for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "docs" / "start").glob("*.md"))
    if BLOCK.search(path.read_text("utf-8"))
)


def commands(page: str) -> list[str]:
    """The commands of a page in order; in a block with prompts the other lines are their output."""
    found = []
    for match in BLOCK.finditer((ROOT / page).read_text("utf-8")):
        if match[1] not in SHELL:
            continue
        lines = match[2].replace("\\\n", " ").splitlines()
        prompted = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
        found += [line.removeprefix(".venv/bin/") for line in prompted or lines]
    return [line for line in found if line.split(" ")[0] in PROGRAMS]


def exports(page: str) -> dict[str, str]:
    """What a page has its reader export, as far as it says which value; in whatever order, since none says two."""
    lines = [line for match in BLOCK.finditer((ROOT / page).read_text("utf-8")) for line in match[2].splitlines()]
    said = [line.removeprefix("$ ") for line in lines if line.removeprefix("$ ").startswith("export ")]
    found = {name: value for line in said for name, value in EXPORT.findall(line) if not re.search("[…$]", value)}
    return {name: value for name, value in found.items() if not name.startswith("PARTNERLAB_")}


def answers(page: str) -> dict[str, str]:
    """The JSON that a page shows below a command, by the command."""
    found = {}
    for match in BLOCK.finditer((ROOT / page).read_text("utf-8")):
        lines = match[2].replace("\\\n", " ").splitlines()
        found.update({line: below for line, below in pairwise(lines) if below.startswith("{")})
    return found


def files(page: str) -> list[tuple[str, str]]:
    """Files that a page shows, each with its name in a comment on its first line."""
    return re.findall(
        r"^```(?:toml|python)\n# (\S+)\n(.*?)^```", (ROOT / page).read_text("utf-8"), re.DOTALL | re.MULTILINE
    )


def elsewhere(command: str) -> bool:
    return " ID" in command or any(command == name or command.startswith(f"{name} ") for name in ELSEWHERE)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A page is read beside a sandbox in which nothing happened yet."""
    with Sandbox(SandboxSettings(port=0)) as running:
        yield running


def run(
    command: str, url: str, folder: Path, exported: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "BROWSER": "true",
        "PARTNERLAB_URL": url,
        **(exported or {}),
    }
    command = re.sub(r"(^|\| *)curl ", r"\1curl --fail-with-body --silent --show-error ", command.replace(PRINTED, url))
    return subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def test_there_are_commands_on_every_page_that_shows_some() -> None:
    assert {page for page in PAGES if commands(page)} >= {
        "README.md",
        "docs/files.md",
        "docs/pages.md",
        "docs/sandbox.md",
    }
    assert sum(len(commands(page)) for page in PAGES) > 20
    assert answers("docs/tccs.md")


@pytest.mark.parametrize("page", [page for page in PAGES if commands(page)])
def test_the_commands_of_a_page_run_in_their_order(page: str, sandbox: Sandbox, tmp_path: Path) -> None:
    for name, text in files(page):
        (tmp_path / name).write_text(text.replace(PRINTED, sandbox.url), "utf-8")
    for command in commands(page):
        if elsewhere(command):
            if command.startswith("partnerlab"):
                words = command.partition("#")[0]
                done = run(f"{words} --help", sandbox.url, tmp_path)
                assert done.returncode == 0, f"{page}: {command}: {done.stderr}"
            continue
        if command.startswith("curl") and shutil.which("curl") is None:
            pytest.skip("there is no curl")
        done = run(command, sandbox.url, tmp_path, exports(page))
        assert done.returncode == 0, f"{page}: {command}: {done.stdout[-500:]} {done.stderr[-500:]}"
        if command in answers(page):
            assert done.stdout.strip() == answers(page)[command]
