"""`partnerlab audit`: what became of each payment of a lane."""

from __future__ import annotations

import click

from partnerlab.auditing import audit, read_lane
from partnerlab.auditing.reading import read_attempts
from partnerlab.auditing.report import audit_json, audit_lines
from partnerlab.commands.judging import exit_codes, judged_options, show
from partnerlab.remote import connect, lane_options

__all__ = ["command"]


@click.command()
@click.option("--all", "every", is_flag=True, help="Show every payment, not only what is to be mended.")
@judged_options
@lane_options
@exit_codes
def command(*, every: bool, json_file: str | None, url: str, lane: str) -> bool:
    """Say of each payment what became of it: posted once, lost, doubled, unknown, wrong amount or account.

    Exit codes: 0 clean, 1 something to mend, 2 misused, 3 the sandbox cannot be reached.

    \b
    Example:
        partnerlab audit --json -
    """
    control = connect(url, lane)
    books = read_lane(control, lane)
    known = {one.event_id for one in books.deliveries}
    wanted = {
        event.event_id
        for one in audit(books).findings
        for event in books.events
        if event.payment_guid == one.payment.guid and event.event_id in known
    }
    attempts = {id: read_attempts(control, lane, id) for id in sorted(wanted)}
    done = audit(books.with_attempts(attempts))
    show(json_file, audit_json(done), audit_lines(done, every=every))
    return not done.findings
