"""`partnerlab audit`: what became of each payment of a lane."""

from __future__ import annotations

from typing import Any

import click

from partnerlab.auditing.judging import AS_POSTED, UNKNOWN
from partnerlab.auditing.report import audit_lines
from partnerlab.commands.judging import exit_codes, judged_options, show
from partnerlab.contracts.masking import printable
from partnerlab.output import told_by
from partnerlab.remote import Remote, connect, lane_options

__all__ = ["command"]


@click.command()
@click.option("--all", "every", is_flag=True, help="Show every payment, not only those with something to mend.")
@judged_options
@lane_options
@exit_codes
def command(*, every: bool, json_file: str | None, url: str, lane: str) -> bool:
    """Say of each payment what became of it: posted once, lost, doubled, unknown, wrong amount or account.

    Exit codes: 0 clean, 1 something to mend, 2 misused, 3 the sandbox cannot be reached.

    \b
    Example:
        partnerlab audit --json audit.json
    """
    remote = connect(url, lane)
    done = remote.patient().get("/_sandbox/auditing/payments")
    show(json_file, done, audit_lines(done, every=every))
    if then := _next(done, remote):
        click.echo(printable(f"Next: {then}"), err=True)
    return bool(done["clean"])


def _next(done: dict[str, Any], remote: Remote) -> str:
    """How the first payment is resolved of which the data pump does not know what its partner's books show."""
    for row in done["payments"]:
        if row["verdict"] == UNKNOWN and row["detail"].endswith(AS_POSTED):
            id = told_by(remote, row["payment_guid"])
            return f'partnerlab deliveries resolve {id} --posted --reason "{row["reference"]} is in the books"'
    return ""
