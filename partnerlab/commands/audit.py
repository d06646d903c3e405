"""`partnerlab audit`: what became of each payment of a lane."""

from __future__ import annotations

import click

from partnerlab.auditing.report import audit_lines
from partnerlab.commands.judging import exit_codes, judged_options, show
from partnerlab.remote import connect, lane_options

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
    done = connect(url, lane).patient().get("/_sandbox/auditing/payments")
    show(json_file, done, audit_lines(done, every=every))
    return bool(done["clean"])
