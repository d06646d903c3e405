"""The workflows in the docs are ones: GitHub's and GitLab's own schemas, and every command in them exists."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from partnerlab.cli import COMMANDS

DOCS = Path(__file__).resolve().parents[2] / "docs"
BLOCKS = [
    (f"{path.stem}-{number}", text)
    for path in sorted(DOCS.glob("*.md"))
    for number, text in enumerate(re.findall(r"^```yaml\n(.*?)^```", path.read_text("utf-8"), re.MULTILINE | re.DOTALL))
]
GITHUB = [(name, text) for name, text in BLOCKS if "runs-on:" in text]
GITLAB = [(name, text) for name, text in BLOCKS if "runs-on:" not in text and "script:" in text]


@pytest.mark.parametrize(("schema", "blocks"), [("github-workflows", GITHUB), ("gitlab-ci", GITLAB)])
def test_the_schema_takes_them(schema: str, blocks: list[tuple[str, str]], tmp_path: Path) -> None:
    assert len(blocks) >= 2
    files = []
    for name, text in blocks:
        files.append(str(tmp_path / f"{name}.yml"))
        Path(files[-1]).write_text(text, "utf-8")
    program = str(Path(sys.executable).with_name("check-jsonschema"))
    done = subprocess.run([program, "--builtin-schema", f"vendor.{schema}", *files], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    Path(files[0]).write_text(
        blocks[0][1].replace("steps:" if "steps:" in blocks[0][1] else "script:", "stpes:"), "utf-8"
    )
    done = subprocess.run([program, "--builtin-schema", f"vendor.{schema}", files[0]], capture_output=True, text=True)
    assert done.returncode == 1


@pytest.mark.parametrize(("name", "text"), [*GITHUB, *GITLAB])
def test_every_command_in_them_is_one_of_ours(name: str, text: str) -> None:
    assert yaml.safe_load(text), name
    assert set(re.findall(r"(?<![\w\[.'/-])partnerlab ([a-z]+)", text)) <= set(COMMANDS)
