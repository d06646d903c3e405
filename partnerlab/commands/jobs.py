"""`partnerlab jobs`: what partners run on a timer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import click

from partnerlab.command_group import Group
from partnerlab.commands.names import PartnerName
from partnerlab.contracts.doors import unknown
from partnerlab.contracts.jobs import partners
from partnerlab.contracts.paths import at
from partnerlab.moments import moment
from partnerlab.output import tell
from partnerlab.remote import Remote, connect, json_option, lane_options

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

PARTNER = PartnerName(partners())


@click.group(cls=Group)
def command() -> None:
    """What partners run on a timer: their jobs in a lane, each with its last and next run.

    A job runs as the lane's clock comes to its time; `partnerlab clock advance` moves it there.

    \b
    Example:
        partnerlab jobs list --partner inhance_v1
        partnerlab jobs run inhance_v1 payments
    """


def _which(function: Decorated) -> Decorated:
    for option in (click.argument("job"), click.argument("partner", type=PARTNER), json_option, lane_options):
        function = option(function)
    return function


@command.command("list")
@click.option("--partner", type=PARTNER, help="Only one partner.")
@json_option
@lane_options
def list_jobs(partner: str | None, url: str, lane: str, *, as_json: bool) -> None:
    """List the jobs with their last and next run, and what came of the last one.

    \b
    Example:
        partnerlab jobs list --partner watersmart
    """
    found = connect(url, lane).get("/_sandbox/jobs", partner=partner)["jobs"]
    tell(found, _table(found), as_json=as_json)


@command.command("next")
@click.option("--partner", type=PARTNER, help="Only one partner.")
@json_option
@lane_options
def next_jobs(partner: str | None, url: str, lane: str, *, as_json: bool) -> None:
    """List the jobs that are not paused in the order in which they run next.

    \b
    Example:
        partnerlab jobs next
    """
    remote = connect(url, lane)
    rows = [row for row in remote.get("/_sandbox/jobs", partner=partner)["jobs"] if row["state"] != "paused"]
    rows.sort(key=lambda row: str(row["next_at"]))
    lines = [f"{_time(row['next_at'])}  {row['partner']} {row['name']}: {row['title']}, {row['when']}" for row in rows]
    tell(rows, lines, as_json=as_json)
    click.echo(f"{_time(remote.get('/_sandbox/clock')['now'])}  the lane's time", err=True)


@command.command()
@_which
def run(partner: str, job: str, url: str, lane: str, *, as_json: bool) -> None:
    """Run JOB of PARTNER now and print its outcome. Exit code 1 where it failed.

    \b
    Example:
        partnerlab jobs run inhance_v1 payments
    """
    done = _with_job(url, lane, partner, job).patient().post(at("/_sandbox/jobs/{}/{}/run", partner, job))
    outcome = done["outcome"]
    tell(done, [outcome], as_json=as_json)
    if outcome.startswith(f"{job}: failed"):
        raise SystemExit(1)


@command.command()
@_which
def pause(partner: str, job: str, url: str, lane: str, *, as_json: bool) -> None:
    """Pause JOB of PARTNER until it is resumed.

    \b
    Example:
        partnerlab jobs pause inhance_v2 invoices
    """
    done = _with_job(url, lane, partner, job).post(at("/_sandbox/jobs/{}/{}/pause", partner, job))
    tell(done, _table([done]), as_json=as_json)


@command.command()
@_which
def resume(partner: str, job: str, url: str, lane: str, *, as_json: bool) -> None:
    """Resume JOB of PARTNER; it runs once for all the runs that it missed.

    \b
    Example:
        partnerlab jobs resume inhance_v2 invoices
    """
    done = _with_job(url, lane, partner, job).post(at("/_sandbox/jobs/{}/{}/resume", partner, job))
    tell(done, _table([done]), as_json=as_json)


def _with_job(url: str, lane: str, partner: str, job: str) -> Remote:
    """That lane. Raises `click.BadParameter` where the partner has no such job."""
    remote = connect(url, lane)
    known = [row["name"] for row in remote.get("/_sandbox/jobs", partner=partner)["jobs"]]
    if job not in known:
        raise click.BadParameter(unknown(f"job of {partner}", job, known), param_hint="JOB")
    return remote


def _table(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    lines = [("PARTNER", "JOB", "RUNS", "NEXT", "LAST", "")]
    lines += [
        (
            row["partner"],
            row["name"],
            row["when"],
            "paused" if row["state"] == "paused" else _time(row["next_at"]),
            _time(row["last_at"]) if row["last_at"] else "never",
            row["last_message"],
        )
        for row in rows
    ]
    widths = [max(len(line[column]) for line in lines) for column in range(5)]
    for *cells, message in lines:
        text = "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        yield f"{text}  {message}".rstrip()


def _time(text: str) -> str:
    return moment(text, "minutes")
