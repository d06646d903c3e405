"""What the documentation says is what the code does: pages made from data, and every name in its place."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from partnerlab import reference
from partnerlab.cli import COMMANDS, main
from partnerlab.contracts import catalogue, settings

ROOT = Path(__file__).resolve().parent.parent
PROSE = [*ROOT.glob("*.md"), *ROOT.joinpath("docs").rglob("*.md")]


@pytest.mark.parametrize("name", reference.PAGES)
def test_a_reference_page_is_what_the_data_makes(name: str) -> None:
    stands = (ROOT / "docs" / "reference" / name).read_text("utf-8")
    assert stands == reference.render(name), "run `make reference`"


def test_every_link_leads_somewhere() -> None:
    for page in PROSE:
        for target in re.findall(r"\]\((?!https?://)([^)#]+)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.relative_to(ROOT)} links to {target}"


def test_every_assumption_that_is_used_is_listed_with_a_place_that_exists() -> None:
    text = (ROOT / "docs" / "assumptions.md").read_text("utf-8")
    numbers = [int(number) for number in re.findall(r"^\| A-(\d+) \|", text, re.MULTILINE)]
    listed = set(numbers)
    used: set[int] = set()
    for room in ("client", "contracts", "generators", "partnerlab", "simulators"):
        for path in (ROOT / room).rglob("*"):
            if path.suffix in (".py", ".toml", ".wsdl", ".yaml", ".json"):
                used |= {int(number) for number in re.findall(r"\[A-(\d+)\]", path.read_text("utf-8"))}
    used |= {int(r.assumption[2:]) for r in catalogue.requirements().values() if r.assumption}
    assert used <= listed, f"not in docs/assumptions.md: {sorted(used - listed)}"
    assert sorted(numbers) == list(range(1, len(numbers) + 1)), "a number is missing or stands twice"
    for row in re.findall(r"^\| A-\d+ \|.*$", text, re.MULTILINE):
        places = re.findall(r"`([a-z_]+/[^`]+)`", row.rpartition(" | ")[2])
        assert places or row.endswith("| none yet |"), row[:60]
        assert [place for place in places if not (ROOT / place).exists()] == [], row[:60]


def commands(group: click.Command, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], click.Command]]:
    found = [(path, group)]
    if isinstance(group, click.Group):
        context = click.Context(group)
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None
            found += commands(command, (*path, name))
    return found


@pytest.mark.parametrize("path", [path for path, _ in commands(main) if len(path) == 1 or path == ()])
def test_the_help_of_a_command_has_an_example(path: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(main, [*path, "--help"])
    assert shown.exit_code == 0
    assert "Example:" in shown.output


def test_every_command_is_in_the_documentation() -> None:
    text = "\n".join(page.read_text("utf-8") for page in PROSE)
    for name in COMMANDS:
        assert f"partnerlab {name}" in text


def test_settings_and_faults_have_no_two_names_alike() -> None:
    names = [setting.name for setting in settings.settings().values()]
    assert len(names) == len(set(names))
    assert all(fault.layer in ("socket", "protocol", "commit", "file") for fault in catalogue.faults().values())
