"""`partnerlab pump`: the data pump as a service of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Literal

import click

from partnerlab.client.datapump import DataPump, read_billers
from partnerlab.client.datapump.engine import EngineBusy
from partnerlab.client.datapump.engine.installed import EngineChanged
from partnerlab.client.datapump.observing import Observer, log_attempt
from partnerlab.client.datapump.pruning import DEFAULT_AGE
from partnerlab.client.datapump.service import serve
from partnerlab.client.errors import RequestInvalid
from partnerlab.client.settings import Biller, BillerUnknown
from partnerlab.command_group import Group, refuse_before
from partnerlab.commands.ranges import DAYS, Number
from partnerlab.databases import check_database, database_errors
from partnerlab.listening import cannot_listen
from partnerlab.logs import log_to_stderr
from partnerlab.signals import Ending
from partnerlab.simulators.kit.world.store import shown_url

GRACE_S = 75.0
"""Longer than a call may take to be answered."""

NOT_OURS = (EngineChanged, EngineBusy)
"""An engine that this process cannot work with, said by the error itself."""


@click.group(cls=Group, invoke_without_command=True)
@click.pass_context
@click.option(
    "--billers",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="TOML file of billers.",
)
@click.option("--db", help="A SQLite file, or a postgresql:// URL to share the load between several.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8710, show_default=True, type=click.IntRange(1, 65535), help="Port.")
@click.option("--token", envvar="PARTNERLAB_PUMP_TOKEN", help="Bearer token that callers must send.")
@click.option(
    "--grace",
    default=GRACE_S,
    show_default=True,
    type=Number(min=0),
    help="Seconds that calls under way get to end after SIGTERM or Ctrl-C. Let your process manager wait longer.",
)
@click.option(
    "--log",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="As text: warnings and errors. As JSON: a line for each attempt too.",
)
@click.option("--traces", is_flag=True, help="Send a span of each attempt by OTLP, to where OTEL_… say.")
def command(
    context: click.Context,
    billers: Path | None,
    db: str | None,
    host: str,
    port: int,
    token: str | None,
    grace: float,
    log: Literal["text", "json"],
    traces: bool,
) -> None:
    """Run the data pump: `POST /events` takes what happened, and each event reaches its partner once.

    SIGTERM and Ctrl-C end it: no new call begins, those under way are answered and written down.

    \b
    Example:
        partnerlab pump --billers billers.toml --db pump.db
    """
    log_to_stderr(log)
    if context.invoked_subcommand is not None:
        refuse_before(context, "log")
        return
    if billers is None or db is None:
        raise click.UsageError(f"Missing option '{'--billers' if billers is None else '--db'}'.")
    try:
        # To be stopped is no failure, however early; to cut the end short is one.
        with Ending() as ending, ExitStack() as stack, suppress(KeyboardInterrupt):
            check_database(db, "data pump")
            directory = read_billers(billers)
            pump = DataPump(_url(db), directory)
            pump.observe(log_attempt)
            if traces:
                pump.observe(stack.enter_context(_traced()))
            with ending.held(), database_errors(db):
                stack.enter_context(pump.running(grace_s=grace))
            click.echo(f"data pump on http://{host}:{port}", err=True)
            try:
                serve(pump, host=host, port=port, token=token)
            except OSError as error:
                raise click.ClickException(cannot_listen(f"{host}:{port}", error)) from error
    except (RequestInvalid, ValueError) as error:
        raise click.UsageError(str(error)) from error
    except NOT_OURS as error:
        raise click.ClickException(str(error)) from error


@command.command()
@click.option("--db", required=True, help="The pump's database: a SQLite file or a postgresql:// URL.")
@click.option("--days", default=DEFAULT_AGE.days, show_default=True, type=DAYS, help="Days since it was over.")
def prune(db: str, days: int) -> None:
    """Forget deliveries that were over long ago, and the engine's rows of them.

    Workers may run meanwhile. What is on its way, or waits for a person, stays, and so does what is needed to know each
    event again.

    \b
    Example:
        partnerlab pump prune --db pump.db
    """
    check_database(db, "data pump", made=False)
    try:
        with ExitStack() as stack, database_errors(db):
            pump = DataPump(_url(db), _nobody)
            stack.callback(pump.stop)
            if not pump.stands():
                raise click.ClickException(f"{shown_url(db)}: has no table of a data pump")
            pump.start(worker=False)
            gone = pump.prune(timedelta(days=days))
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    except NOT_OURS as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"forgotten: {gone.deliveries} deliveries, {gone.runs} rows of the engine's")


@contextmanager
def _traced() -> Iterator[Observer]:
    """Spans to the collector that the environment's `OTEL_…` name; what is not sent yet goes at the end."""
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import SERVICE_NAME, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ModuleNotFoundError as error:
        raise click.UsageError("--traces needs more: pip install 'partnerlab[telemetry]'") from error
    from partnerlab.client.datapump.tracing import trace_attempts

    named = "OTEL_SERVICE_NAME" in os.environ or f"{SERVICE_NAME}=" in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    provider = TracerProvider(resource=Resource.create({} if named else {SERVICE_NAME: "partnerlab-pump"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    try:
        yield trace_attempts(provider)
    finally:
        provider.shutdown()


def _url(db: str) -> str:
    return db if "://" in db else f"sqlite:///{db}"


def _nobody(lane: str, guid: str) -> Biller:
    raise BillerUnknown(lane, guid)
