"""`partnerlab soak`: a whole world on virtual time, from one seed."""

from __future__ import annotations

import logging
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TextIO

import click

from partnerlab.databases import check_database
from partnerlab.postgres import postgres_programs, running_postgres
from partnerlab.replicas import NotStarted
from partnerlab.signals import Ending
from partnerlab.soak import MakeWorld, Options, Outcome, soak
from partnerlab.soak.in_process import InProcessWorld
from partnerlab.soak.processes import ProcessWorld

__all__ = ["command"]


@click.command()
@click.option(
    "--seed", default=1, show_default=True, type=click.IntRange(0), help="The seed; with --runs, the first one."
)
@click.option("--days", default=30, show_default=True, type=click.IntRange(3, 3650), help="Days of virtual time.")
@click.option(
    "--accounts", default=200, show_default=True, type=click.IntRange(1, 20_000), help="Accounts, at all four partners."
)
@click.option(
    "--faults",
    type=click.Choice(["all", "none"]),
    default="all",
    show_default=True,
    help="Whether calls fail and processes are killed.",
)
@click.option(
    "--runs", default=1, show_default=True, type=click.IntRange(1), help="Number of seeds, one run after the other."
)
@click.option(
    "--engine",
    type=click.Choice(["in-process", "dbos"]),
    default="in-process",
    show_default=True,
    help="In this process, where one seed gives one run, or in real processes that are killed.",
)
@click.option(
    "--database",
    help="With --engine dbos, a SQLite file or a PostgreSQL URL.  [default: a PostgreSQL of its own where its programs"
    " are, else a SQLite file]",
)
@click.option("--log", type=click.File("w", encoding="utf-8"), help="Write the event log to a file; - for stdout.")
def command(
    *,
    seed: int,
    days: int,
    accounts: int,
    faults: str,
    runs: int,
    engine: str,
    database: str | None,
    log: TextIO | None,
) -> None:
    """Run a whole world for some days of virtual time, and audit its books.

    Bills arrive, payers pay, partners post, banks return, files go, calls fail, processes die and come back. It ends
    with audit and reconcile; what breaks is told with the seed and the first step after which it was broken. One seed
    gives one run, to the byte of its event log.

    With --engine dbos the same bills, payers, faults and kills meet real sandboxes with a data pump on DBOS, two of
    them on PostgreSQL: real kills, real races, and no two runs alike. The lane `soak` of the database is made anew.

    Exit codes: 0 all books balance, 1 something broke or the database cannot be used, 2 misused.

    \b
    Example:
        partnerlab soak --seed 7 --days 30 --accounts 2000
        partnerlab soak --runs 1000 --days 6 --accounts 12
        partnerlab soak --engine dbos --days 6 --accounts 12
    """
    if database and engine != "dbos":
        raise click.UsageError("--database: only with --engine dbos; in this process each run has a file of its own")
    logging.disable(logging.CRITICAL)  # what fails here is meant to
    click.get_current_context().call_on_close(lambda: logging.disable(logging.NOTSET))
    broken = 0
    with Ending(), ExitStack() as running:
        worlds = InProcessWorld if engine == "in-process" else _processes(database, running)
        for one in range(seed, seed + runs):
            try:
                outcome = soak(Options(one, days, accounts, faults == "all"), _writer(log), worlds)
            except NotStarted as error:
                raise click.ClickException(f"--database: {error}") from error
            if log is not None:
                log.flush()
            broken += outcome.broken is not None
            for line in _told(outcome):
                click.echo(line)
    if runs > 1:
        click.echo(f"{runs:,} seeds, {broken:,} broken")
    if broken:
        sys.exit(1)


def _processes(database: str | None, running: ExitStack) -> MakeWorld:
    """Worlds on *database*, or on one that ends with the command."""
    folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="partnerlab-soak-")))
    if not database:
        programs = postgres_programs()
        database = str(folder / "sandbox.db") if programs is None else running.enter_context(running_postgres(programs))
        click.echo(f"on {'a SQLite file' if programs is None else 'a PostgreSQL'} of its own", err=True)
    check_database(database, "sandbox")
    return partial(ProcessWorld, database=database, folder=folder)


def _writer(log: TextIO | None) -> Callable[[str], object]:
    return (lambda _: None) if log is None else (lambda line: log.write(f"{line}\n"))


def _told(outcome: Outcome) -> list[str]:
    options = outcome.options
    what = f"seed {options.seed}: {options.days} days, {options.accounts:,} accounts, {outcome.payments:,} payments"
    if outcome.broken is None:
        return [f"{what}: all books balance; event log {outcome.digest}"]
    broken = outcome.broken
    return [
        f"{what}: BROKEN at {broken.when}, after {broken.step}; event log {outcome.digest}",
        *(f"  {problem}" for problem in broken.problems),
    ]
