"""`partnerlab prune`: forget what was over long ago in a sandbox."""

from __future__ import annotations

import click

from partnerlab.commands.ranges import DAYS
from partnerlab.output import tell
from partnerlab.remote import Remote, json_option, url_option

__all__ = ["command"]


@click.command()
@click.option("--older-than", default=90, show_default=True, type=DAYS, help="Days since it was over.")
@click.option("--lanes-unused", default=30, show_default=True, type=DAYS, help="Days without use.")
@click.option("--dry-run", is_flag=True, help="Count what would go, and let it stand.")
@json_option
@url_option
def command(older_than: int, lanes_unused: int, url: str, *, dry_run: bool, as_json: bool) -> None:
    """Forget what was over long ago: settled events and deliveries, postbacks, exports, upload reports, unused lanes.

    Safe while the sandbox works, and its replicas. Accounts, bills and payments stay, and so does what waits for a
    person. The lane `default` is never dropped. A data pump of its own has `partnerlab pump prune`.

    \b
    Example:
        partnerlab prune --older-than 30 --dry-run
    """
    body = {"older_than_days": older_than, "lanes_unused_days": lanes_unused, "dry_run": dry_run}
    done = Remote(url).patient().post("/_sandbox/prune", body)["pruned"]
    lines = [f"{row['what']}: {row['count']}{' would go' if dry_run else ''}" for row in done]
    tell(done, lines, as_json=as_json)
