"""`partnerlab pump`: the data pump as a service of its own."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import click

from partnerlab.addresses import cannot_listen
from partnerlab.client.datapump import DataPump, read_billers
from partnerlab.client.datapump.service import serve
from partnerlab.client.errors import RequestInvalid
from partnerlab.databases import check_database, database_errors


@click.command()
@click.option(
    "--billers",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="TOML file of billers.",
)
@click.option("--db", required=True, help="A SQLite file, or a postgresql:// URL to share the load between several.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8710, show_default=True, type=click.IntRange(1, 65535))
@click.option("--token", envvar="PARTNERLAB_PUMP_TOKEN", help="Bearer token that callers must bring.")
def command(billers: Path, db: str, host: str, port: int, token: str | None) -> None:
    """Run the data pump: `POST /events` takes what happened, and each event reaches its partner once.

    \b
    Example:
        partnerlab pump --billers billers.toml --db pump.db
    """
    check_database(db)
    try:
        directory = read_billers(billers)
        pump = DataPump(db if "://" in db else f"sqlite:///{db}", directory)
        with ExitStack() as stack:
            with database_errors(db):
                stack.enter_context(pump)
            click.echo(f"data pump on http://{host}:{port}", err=True)
            serve(pump, host=host, port=port, token=token)
    except (RequestInvalid, ValueError) as error:
        raise click.UsageError(str(error)) from error
    except OSError as error:
        raise click.ClickException(cannot_listen(f"{host}:{port}", error)) from error
