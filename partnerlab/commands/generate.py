"""`partnerlab generate`: realistic fixture files, whole or damaged."""

from __future__ import annotations

import sys
import tempfile
from datetime import UTC, date, datetime
from typing import IO

import click

from contracts.catalogue import damages
from generators.bif import Generated, generate_bif
from generators.damage import DamageUnknown, damage_lines

DAMAGES = sorted(name for name, kind in damages().items() if kind.format == "bif")


@click.group()
def command() -> None:
    """Write realistic fixture files. The same seed and date give the same bytes.

    \b
    Example:
        partnerlab generate bif --invoices 1000 --out bills.bif
    """


@command.command()
@click.option("--invoices", default=1000, show_default=True, type=click.IntRange(1))
@click.option("--seed", default=1, show_default=True, help="The same seed gives the same bytes.")
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="Day of the billing run.  [default: today]")
@click.option("--meters", default=1, show_default=True, type=click.IntRange(1, 25), help="At most so many on a line.")
@click.option("--damage", type=click.Choice(DAMAGES), help="Break it so; `partnerlab catalogue damages` explains.")
@click.option("--out", required=True, type=click.File("wb", lazy=False), help="The file; - for stdout.")
def bif(invoices: int, seed: int, as_of: datetime | None, meters: int, damage: str | None, out: IO[bytes]) -> None:
    """Write an inHance bill file (BIF).

    \b
    Example:
        partnerlab generate bif --invoices 100 --damage truncated --out truncated.bif
    """
    day = (as_of or datetime.now(UTC)).date()
    if damage is None:
        made = _generate(out, invoices, day, seed, meters)
        click.echo(
            f"{made.invoices:,} invoices, {made.rows:,} rows, {made.bytes:,} bytes, total {made.total_amount_due:,}",
            err=True,
        )
        return
    with tempfile.TemporaryFile() as whole:
        _generate(whole, invoices, day, seed, meters)
        whole.seek(0)
        try:
            out.writelines(damage_lines(whole, damage))
        except DamageUnknown as error:
            raise click.UsageError(str(error)) from error
    kind = damages()[damage]
    click.echo(f"damaged: {kind.text} A reader must say: {kind.error} ({kind.scope})", err=True)


def _generate(stream: IO[bytes], invoices: int, day: date, seed: int, meters: int) -> Generated:
    done = 0
    with click.progressbar(length=invoices, label="invoices", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:

        def progress(count: int) -> None:
            nonlocal done
            bar.update(count - done)
            done = count

        return generate_bif(
            stream, invoices, as_of=day, seed=seed, meters=(1, meters) if meters > 1 else 1, progress=progress
        )
