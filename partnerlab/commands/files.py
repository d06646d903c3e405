"""`partnerlab files`: check bill files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from partnerlab.contracts.files import Layout, Report, layouts, load_layout
from partnerlab.contracts.files import check as check_file
from partnerlab.layout_option import layout_option
from partnerlab.remote import print_json

SHOWN = 20


@click.group()
def command() -> None:
    """Check bill files.

    \b
    Example:
        partnerlab files check bills.bif
    """


@command.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@layout_option
@click.option("--strict", is_flag=True, help="Reject the file where one invoice is broken.")
@click.option("--json", "as_json", is_flag=True, help="JSON in place of text.")
def check(file: Path, layout: Layout, *, strict: bool, as_json: bool) -> None:
    """Read FILE to its end and report what is wrong with it, by line and field.

    Exit code 0: every invoice can be loaded; 1: something is quarantined or the file is rejected.

    \b
    Example:
        partnerlab files check bills.bif --strict
    """
    size, done = file.stat().st_size, 0
    with click.progressbar(length=size, label=file.name, file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:

        def progress(count: int) -> None:
            nonlocal done
            bar.update(count - done)
            done = count

        report = check_file(file, layout, strict=strict, progress=progress)
    if as_json:
        print_json(_document(report))
    else:
        click.echo(_headline(report))
        for problem in report.problems[:SHOWN]:
            click.echo(f"  {problem.rule}: {problem}")
        if len(report.problems) > SHOWN:
            click.echo(f"  and {len(report.problems) - SHOWN:,} more; --json shows them")
        for note in report.notes:
            click.echo(f"  note: {note}")
    if hint := other_layout(file, layout, report):
        click.echo(hint, err=True)
    sys.exit(0 if report.accepted and not report.quarantined else 1)


def other_layout(file: Path, layout: Layout, report: Report) -> str:
    """Which other layout reads a file of which nothing could be loaded, or "" where none does better."""
    if report.loaded or not report.lines:
        return ""
    for name in layouts():
        if name != layout.name and check_file(file, load_layout(name)).loaded:
            return f"It reads as a file of {name}: try --layout {name}"
    return ""


def _headline(report: Report) -> str:
    counts = f"{report.invoices:,} invoices, {report.loaded:,} loaded, {report.quarantined:,} quarantined"
    return f"{'accepted' if report.accepted else 'rejected'}: {counts}"


def _document(report: Report) -> dict[str, Any]:
    return {
        "layout": report.layout,
        "accepted": report.accepted,
        "invoices": report.invoices,
        "loaded": report.loaded,
        "quarantined": report.quarantined,
        "total_amount_due": str(report.total_amount_due),
        "problems": [
            {
                "line": problem.line,
                "record": problem.record,
                "field": problem.field,
                "file_spec_id": problem.spec_id,
                "value": problem.value,
                "rule": problem.rule,
                "invoice_number": problem.invoice_number,
                "message": str(problem),
            }
            for problem in report.problems
        ],
        "notes": [str(note) for note in report.notes],
    }
