"""`partnerlab generate`: realistic fixture files, whole or damaged."""

from __future__ import annotations

import io
import sys
import tempfile
from datetime import date, datetime
from pathlib import Path
from typing import IO

import click

from partnerlab.atomic_files import OUT, out
from partnerlab.command_group import Group
from partnerlab.commands.names import PartnerName
from partnerlab.contracts.catalogue import damages
from partnerlab.contracts.files import Layout, LayoutInvalid, load_layout, read_layout, with_columns
from partnerlab.contracts.files.layout import COLUMNS
from partnerlab.generators.bif import Generated, generate_bif
from partnerlab.generators.csv_damage import CSV_DAMAGED, damage_csv
from partnerlab.generators.damage import DamageUnknown, damage_lines
from partnerlab.generators.tccs_bif import generate_tccs_bif
from partnerlab.generators.watersmart import KINDS as CSV_KINDS
from partnerlab.generators.watersmart import ZONE, generate_csv

PARTNERS = ("inhance_v2", "inhance_v1", "tccs")
INHANCE_BILLERS = {
    "inhance_v2": "22222222-2222-4222-8222-222222222222",
    "inhance_v1": "12121212-1212-4212-8212-121212121212",
}
"""The sandbox's billers of inHance, one product with one bill file [A-108]."""
DAMAGES = sorted(name for name, kind in damages().items() if kind.format == "bif")

# Not the day in UTC, which is a day ahead in New York's evening: what is billed on a day to come nobody owes yet.
AS_OF = click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    help=f"Day of the billing run.  [default: today in {ZONE}, where the sandbox's billers are]",
)


@click.group(cls=Group)
def command() -> None:
    """Write realistic fixture files. The same seed and date give the same bytes.

    \b
    Example:
        partnerlab generate bif --invoices 1000 --out bills.bif
    """


@command.command()
@click.option(
    "--partner",
    type=PartnerName(PARTNERS),
    default=PARTNERS[0],
    show_default=True,
    help="The partner whose file it is.",
)
@click.option("--invoices", default=1000, show_default=True, type=click.IntRange(1), help="Invoices in the file.")
@click.option("--seed", default=1, show_default=True, help="The same seed gives the same bytes.")
@AS_OF
@click.option(
    "--meters", default=1, show_default=True, type=click.IntRange(1, 25), help="inHance: most meters of an invoice."
)
@click.option(
    "--layout",
    "own",
    type=click.Path(exists=True, dir_okay=False),
    help="A layout of your own, TOML.  [default: the partner's]",
)
@click.option("--columns", type=click.Choice(COLUMNS), help="Where its columns stand.  [default: as the layout says]")
@click.option(
    "--damage",
    type=click.Choice(DAMAGES),
    metavar="NAME",
    help="Damage the file in this way (`partnerlab catalogue damages`).",
)
@click.option("--out", "file", required=True, type=OUT, help="The file; - for stdout.")
def bif(
    partner: str,
    invoices: int,
    seed: int,
    as_of: datetime | None,
    meters: int,
    own: str | None,
    columns: str | None,
    damage: str | None,
    file: Path,
) -> None:
    """Write a partner's bill file (BIF). WaterSmart's are CSV: `partnerlab generate csv`.

    \b
    Example:
        partnerlab generate bif --invoices 100 --damage truncated --out truncated.bif
        partnerlab generate bif --partner tccs --out policies.bif
    """
    if meters > 1 and partner not in INHANCE_BILLERS:
        raise click.UsageError(f"--meters is for inHance; a file of {partner} has none")
    day = (as_of or datetime.now(ZONE)).date()
    try:
        layout = load_layout(partner) if own is None else read_layout(own)
        layout = with_columns(layout, columns or layout.columns)
    except LayoutInvalid as error:
        raise click.UsageError(str(error)) from error
    if damage is None:
        with out(file) as stream:
            made = _generate(partner, layout, stream, invoices, day, seed, meters)
        click.echo(
            f"{made.invoices:,} invoices, {made.rows:,} rows, {made.bytes:,} bytes, total {made.total_amount_due:,}",
            err=True,
        )
        return
    with tempfile.TemporaryFile() as whole:
        _generate(partner, layout, whole, invoices, day, seed, meters)
        whole.seek(0)
        try:
            with out(file) as stream:
                stream.writelines(damage_lines(whole, damage, layout=layout))
        except DamageUnknown as error:
            raise click.UsageError(str(error)) from error
    kind = damages()[damage]
    click.echo(f"damaged: {kind.text} A reader must say: {kind.error} ({kind.scope})", err=True)


@command.command()
@click.option("--kind", type=click.Choice(tuple(CSV_KINDS)), default="invoices", show_default=True, help="Which file.")
@click.option("--invoices", default=1000, show_default=True, type=click.IntRange(1), help="Bills of the billing run.")
@click.option("--seed", default=1, show_default=True, help="Files of one seed belong together.")
@AS_OF
@click.option(
    "--damage",
    type=click.Choice(sorted(CSV_DAMAGED)),
    metavar="NAME",
    help="Damage the file in this way (`partnerlab catalogue damages`).",
)
@click.option("--out", "file", required=True, type=OUT, help="The file; - for stdout.")
def csv(kind: str, invoices: int, seed: int, as_of: datetime | None, damage: str | None, file: Path) -> None:
    """Write one of WaterSmart's CSV files.

    \b
    Example:
        partnerlab generate csv --kind invoices --invoices 100 --out invoices.csv
        partnerlab generate csv --kind balances --damage csv-adjustment-word --out balances.csv
    """
    day = (as_of or datetime.now(ZONE)).date()
    if damage is None:
        with out(file) as stream:
            rows = generate_csv(stream, kind, invoices, as_of=day, seed=seed)
        click.echo(f"{rows:,} rows", err=True)
        return
    whole = io.BytesIO()
    generate_csv(whole, kind, invoices, as_of=day, seed=seed)
    try:
        with out(file) as stream:
            stream.write(damage_csv(whole.getvalue(), damage, kind))
    except DamageUnknown as error:
        raise click.UsageError(str(error)) from error
    row = damages()[damage]
    click.echo(f"damaged: {row.text} A reader must say: {row.error} ({row.scope})", err=True)


def _generate(
    partner: str, layout: Layout, stream: IO[bytes], invoices: int, day: date, seed: int, meters: int
) -> Generated:
    done = 0
    with click.progressbar(length=invoices, label="invoices", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:

        def progress(count: int) -> None:
            nonlocal done
            bar.update(count - done)
            done = count

        if partner == "tccs":
            return generate_tccs_bif(stream, invoices, as_of=day, seed=seed, layout=layout, progress=progress)
        return generate_bif(
            stream,
            invoices,
            as_of=day,
            seed=seed,
            layout=layout,
            biller_guid=INHANCE_BILLERS[partner],
            meters=(1, meters) if meters > 1 else 1,
            progress=progress,
        )
