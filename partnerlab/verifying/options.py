"""What every verification is told: where its reports go, and which checks are run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from partnerlab.contracts import catalogue
from partnerlab.contracts.verification.near import nearest

__all__ = ["FILE_IN", "REPORT_OPTIONS", "check_only"]

FILE = click.Path(dir_okay=False, path_type=Path)
FILE_IN = click.Path(exists=True, dir_okay=False, path_type=Path)

REPORT_OPTIONS = (
    click.option("--html", type=FILE, help="Write the report for people."),
    click.option("--junit", type=FILE, help="Write JUnit XML."),
    click.option("--json", "json_file", type=FILE, help="Write the run as JSON, for `partnerlab report compare`."),
    click.option("--ctrf", type=FILE, help="Write CTRF JSON."),
    click.option("--md", type=FILE, help="Write a summary in Markdown, for a pull request."),
    click.option("--pack", type=FILE, help="Write all reports as one signed file; needs --sign-key."),
    click.option("--sign-key", type=FILE_IN, help="Ed25519 private key, PEM."),
)


def check_only(only: Sequence[str], checks: Mapping[str, Any]) -> None:
    """Raises `click.BadParameter` for an id of `--only` that is no check of *checks* and that none of them grades."""
    for id in only:
        if id not in checks and not any(id in check.requirements for check in checks.values()):
            known = "no check grades it" if id in catalogue.requirements() else "it is no check and no requirement"
            meant = nearest(id, {*checks, *(one for check in checks.values() for one in check.requirements)})
            hint = f"did you mean {meant}?" if meant else "docs/reference/checks.md lists them"
            raise click.BadParameter(f"{id}: {known}; {hint}", param_hint="--only")
