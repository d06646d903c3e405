"""`partnerlab report`: reports of verification beside each other."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from partnerlab.contracts.masking import printable

if TYPE_CHECKING:
    from partnerlab.contracts.verification.grading import Run

__all__ = ["command"]

REGRESSION = 3
REPORT = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def command() -> None:
    """Reports of `partnerlab verify`, as JSON.

    \b
    Example:
        partnerlab report compare monday.json friday.json
    """


@command.command()
@click.argument("old", type=REPORT)
@click.argument("new", type=REPORT)
def compare(old: Path, new: Path) -> None:
    """Say what changed from the run in OLD to the run in NEW.

    Exit code 0: nothing got worse; 3: what passed before fails now, or is not looked at any more.

    \b
    Example:
        partnerlab report compare monday.json friday.json
    """
    from partnerlab.contracts.verification.report.compare import NotComparable
    from partnerlab.contracts.verification.report.compare import compare as compared

    try:
        changes = compared(_read(old), _read(new))
    except NotComparable as error:
        raise click.ClickException(printable(str(error))) from None
    for change in changes:
        mark = "✗ worse " if change.is_regression else "✓ better" if change.is_better else "- other "
        before = change.before.value if change.before else "absent"
        after = change.after.value if change.after else "absent"
        click.echo(printable(f"{mark} {change.id}: {before}, now {after}. {change.sentence}"))
    worse = sum(change.is_regression for change in changes)
    click.echo(f"{worse} worse, {sum(change.is_better for change in changes)} better, {len(changes)} changed.")
    sys.exit(REGRESSION if worse else 0)


def _read(path: Path) -> Run:
    from partnerlab.contracts.verification.report.document import DocumentInvalid, read_json

    try:
        return read_json(path.read_bytes())
    except DocumentInvalid as error:
        raise click.ClickException(printable(f"{path}: {error}")) from None
