"""`partnerlab reconcile`: whether all books of a lane agree."""

from __future__ import annotations

import click

from partnerlab.auditing.report import reconciliation_lines
from partnerlab.commands.judging import exit_codes, judged_options, show
from partnerlab.remote import connect, lane_options

__all__ = ["command"]


@click.command()
@click.option("--all", "every", is_flag=True, help="Show explained differences too.")
@judged_options
@lane_options
@exit_codes
def command(*, every: bool, json_file: str | None, url: str, lane: str) -> bool:
    """Compare deliveries, the partners' books, Invoice Cloud's books, postbacks and files: orphans, holes, cents off.

    Exit codes: 0 clean, 1 something to mend, 2 misused, 3 the sandbox cannot be reached.

    \b
    Example:
        partnerlab reconcile --all
    """
    done = connect(url, lane).patient().get("/_sandbox/auditing/differences")
    show(json_file, done, reconciliation_lines(done, every=every))
    return bool(done["clean"])
