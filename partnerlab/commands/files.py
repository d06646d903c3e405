"""`partnerlab files`: check and convert bill files and WaterSmart's CSV files."""

from __future__ import annotations

import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from partnerlab.client.errors import RequestInvalid
from partnerlab.client.exports import FileRefused
from partnerlab.command_group import Group, refuse_typed
from partnerlab.contracts.files import (
    FileRejected,
    Layout,
    PartLost,
    Problem,
    Report,
    ValueRefused,
    layouts,
    load_layout,
)
from partnerlab.contracts.files import check as check_file
from partnerlab.contracts.files.csv import CsvRejected, CsvReport
from partnerlab.file_kinds import (
    Kept,
    check_bif,
    check_csv_file,
    exported_kind,
    is_csv,
    read_export,
    write_json,
    write_records,
)
from partnerlab.layout_option import layout_option
from partnerlab.remote import print_json

SHOWN = 20
BILLER_GUID = "66666666-6666-4666-8666-666666666666"  # the sandbox's biller on WaterSmart
FORMAT_GUID = "88888888-8888-4888-8888-888888888888"


@click.group(cls=Group)
def command() -> None:
    """Check and convert files of bills: bill files, and WaterSmart's invoice and balance files (.csv).

    \b
    Example:
        partnerlab files check bills.bif
    """


quarantine_option = click.option(
    "--quarantine",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="FILE",
    help="Write what is quarantined to FILE, to be corrected and loaded again.",
)


@command.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@layout_option
@click.option("--strict", is_flag=True, help="Reject a bill file where one invoice is broken.")
@quarantine_option
@click.option("--json", "as_json", is_flag=True, help="JSON in place of text.")
@click.pass_context
def check(
    context: click.Context, file: Path, layout: Layout, quarantine: Path | None, *, strict: bool, as_json: bool
) -> None:
    """Read FILE to its end and report what is wrong with it, by line and field.

    A .csv is one of WaterSmart's two files, or of the three that Invoice Cloud sends it, told apart by their columns;
    any other is a bill file. Exit code 0: everything can be loaded; 1: something is quarantined or the file is
    rejected.

    \b
    Example:
        partnerlab files check bills.bif --strict
        partnerlab files check invoices.csv --quarantine mend.csv
    """
    kind = exported_kind(file)
    if kind or is_csv(file):
        refuse_typed(context, ("layout", "strict"), "is for bill files, and this is a .csv")
    if kind:
        refuse_typed(context, ("quarantine",), "a file that Invoice Cloud sent is taken whole or not at all")
        _check_export(file, kind, as_json=as_json)
        return
    size, done = file.stat().st_size, 0
    with click.progressbar(length=size, label=file.name, file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:

        def progress(count: int) -> None:
            nonlocal done
            bar.update(count - done)
            done = count

        words: list[str] = []
        report: Report | CsvReport
        if is_csv(file):
            report, words = check_csv_file(file, progress=progress, quarantine=quarantine)
        else:
            try:
                report = check_bif(file, layout, strict=strict, progress=progress, quarantine=quarantine)
            except PartLost as error:
                raise click.ClickException(str(error)) from error
    if as_json:
        print_json(_document(report))
    else:
        _tell(report, words)
    if isinstance(report, Report) and (hint := other_layout(file, layout, report)):
        click.echo(hint, err=True)
    sys.exit(0 if report.accepted and not report.quarantined else 1)


@command.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--out", required=True, type=click.Path(dir_okay=False, writable=True, path_type=Path), help="The file to write."
)
@click.option(
    "--as",
    "form",
    type=click.Choice(("records", "json")),
    help="Invoice Cloud's records, or JSON a line.  [default: records of a .csv, else json]",
)
@layout_option
@click.option("--biller-guid", default=BILLER_GUID, show_default=True, help="The records' BillerGuid.")
@click.option("--format-guid", default=FORMAT_GUID, show_default=True, help="The records' InvoiceFormatGuid.")
@click.option(
    "--created-on", type=click.DateTime(["%Y-%m-%d"]), help="The records' FileCreationDate.  [default: today]"
)
@quarantine_option
@click.pass_context
def convert(
    context: click.Context,
    file: Path,
    out: Path,
    form: str | None,
    layout: Layout,
    biller_guid: str,
    format_guid: str,
    created_on: datetime | None,
    quarantine: Path | None,
) -> None:
    """Write FILE in another form: WaterSmart's .csv as Invoice Cloud's own records, or any file as JSON, a line each.

    The records are FH, IH, CR and ID for invoices, AH and AD for adjustments. What is quarantined is left out. Exit
    code 0: everything was converted; 1: something was quarantined or the file is rejected, and then nothing is written.

    \b
    Example:
        partnerlab files convert invoices.csv --out invoices.bif
        partnerlab files convert bills.bif --out bills.jsonl
    """
    form = form or ("records" if is_csv(file) else "json")
    if form == "records" and not is_csv(file):
        raise click.UsageError("a bill file is made of records already; --as json reads them")
    if form == "json":
        refuse_typed(context, ("biller_guid", "format_guid", "created_on"), "is for --as records")
    if is_csv(file):
        refuse_typed(context, ("layout",), "is for bill files, and this is a .csv")
    report: Report | CsvReport
    with Kept() as kept:
        try:
            if form == "records":
                day = created_on.date() if created_on else date.today()  # noqa: DTZ011 - the user's own day
                guids = {"biller_guid": biller_guid, "format_guid": format_guid}
                report = write_records(file, out, kept, created_on=day, **guids)
            else:
                report = write_json(file, out, layout, kept)
        except (FileRejected, CsvRejected) as rejected:
            raise click.ClickException(str(rejected.report.rejection)) from rejected
        except (RequestInvalid, ValueRefused) as error:
            raise click.ClickException(str(error)) from error
        if quarantine is not None:
            kept.write(quarantine)
    _tell(report, [])
    sys.exit(1 if report.quarantined else 0)


def _check_export(file: Path, kind: str, *, as_json: bool) -> None:
    """A file that Invoice Cloud sent is taken whole or not at all."""
    rows, problems = 0, []
    try:
        rows = read_export(file, kind)
    except FileRefused as error:
        problems = [error.problem]
    if as_json:
        found = [_problem(problem) for problem in problems]
        print_json({"layout": f"watersmart_{kind}", "accepted": not problems, "rows": rows, "problems": found})
    else:
        click.echo(f"rejected: {kind}" if problems else f"accepted: {kind}: {rows:,} rows")
        for problem in problems:
            click.echo(f"  {problem.rule}: {problem}")
    sys.exit(1 if problems else 0)


def other_layout(file: Path, layout: Layout, report: Report) -> str:
    """Which other layout reads a file of which nothing could be loaded, or "" where none does better."""
    if report.loaded or not report.lines:
        return ""
    for name in layouts():
        if name != layout.name and check_file(file, load_layout(name)).loaded:
            return f"It reads as a file of {name}: try --layout {name}"
    return ""


def _tell(report: Report | CsvReport, words: list[str]) -> None:
    click.echo(_headline(report))
    for problem in report.problems[:SHOWN]:
        click.echo(f"  {problem.rule}: {problem}")
    if len(report.problems) > SHOWN:
        click.echo(f"  and {len(report.problems) - SHOWN:,} more; --json shows them")
    for note in (*words, *report.notes):
        click.echo(f"  note: {note}")


def _headline(report: Report | CsvReport) -> str:
    many, what = (report.invoices, "invoices") if isinstance(report, Report) else (report.rows, "rows")
    counts = f"{many:,} {what}, {report.loaded:,} loaded, {report.quarantined:,} quarantined"
    return f"{'accepted' if report.accepted else 'rejected'}: {counts}"


def _document(report: Report | CsvReport) -> dict[str, Any]:
    if isinstance(report, Report):
        counts = {"layout": report.layout, "accepted": report.accepted, "invoices": report.invoices}
        total = {"total_amount_due": str(report.total_amount_due)}
    else:
        counts = {"layout": report.table, "accepted": report.accepted, "rows": report.rows}
        total = {}
    return {
        **counts,
        "loaded": report.loaded,
        "quarantined": report.quarantined,
        **total,
        "problems": [_problem(problem) for problem in report.problems],
        "notes": [str(note) for note in report.notes],
    }


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "line": problem.line,
        "record": problem.record,
        "column": problem.column,
        "field": problem.field,
        "file_spec_id": problem.spec_id,
        "value": problem.value,
        "rule": problem.rule,
        "invoice_number": problem.invoice_number,
        "message": str(problem),
    }
