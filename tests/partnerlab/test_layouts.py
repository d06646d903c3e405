"""A layout of the user's own, and columns that stand by id, reach the commands."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from partnerlab.cli import main

OWN = """
extends = "{partner}"
name = "example_city"

[[record]]
code = "IH"
fields = [{{ id = 14, name = "Filler14", kind = "filler" }}]
"""


def typed(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


@pytest.mark.parametrize("partner", ["inhance_v2", "tccs"])
def test_a_layout_of_ones_own_writes_reads_and_damages(tmp_path: Path, partner: str) -> None:
    own, file = tmp_path / "own.toml", str(tmp_path / "bills.bif")
    own.write_text(OWN.format(partner=partner), "utf-8")
    make = ("generate", "bif", "--partner", partner, "--invoices", "20", "--layout", str(own), "--out", file)
    assert typed(*make).exit_code == 0
    assert typed("files", "check", file, "--layout", partner).exit_code == 1
    assert typed("files", "check", file, "--layout", str(own)).exit_code == 0
    assert typed(*make, "--damage", "required-empty").exit_code == 0
    assert "required-empty" in typed("files", "check", file, "--layout", str(own)).stdout


@pytest.mark.parametrize(("partner", "meters"), [("inhance_v2", "25"), ("tccs", "1")])
def test_columns_by_id_are_written_and_told_from_the_declared_ones(tmp_path: Path, partner: str, meters: str) -> None:
    file = str(tmp_path / "bills.bif")
    make = ("generate", "bif", "--partner", partner, "--invoices", "20", "--meters", meters, "--out", file)
    assert typed(*make, "--columns", "by_file_spec_id").exit_code == 0
    done = typed("files", "check", file, "--layout", partner)
    assert done.exit_code == 0, done.output
    assert "note: the columns stand by file spec id, not declared" in done.stdout


def test_what_is_no_layout_is_named(tmp_path: Path) -> None:
    file, own = tmp_path / "bills.bif", tmp_path / "own.toml"
    file.write_text("", "utf-8")
    done = typed("files", "check", str(file), "--layout", "tcs")
    assert done.exit_code == 2
    assert "'tcs' is neither a file nor one of inhance_v1, inhance_v2, tccs" in done.stderr
    own.write_text('extends = "inhance_v2"\nname = "own"\ncolumns = "wide"\n', "utf-8")
    for command in (("files", "check", str(file)), ("generate", "bif", "--out", str(file))):
        done = typed(*command, "--layout", str(own))
        assert done.exit_code == 2
        assert "layout own, columns: 'wide' is none of declared, by_file_spec_id" in done.stderr
