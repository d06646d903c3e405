"""`partnerlab journey`: what payers do on the hosted pages, without a browser."""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack

import click

from partnerlab.journey import JOURNEYS
from partnerlab.remote import Remote, address_option
from partnerlab.sandbox import Sandbox
from partnerlab.settings import SandboxSettings
from partnerlab.story import Story


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(JOURNEYS)), metavar="[NAME]...")
@address_option("--url", "A running sandbox; without it one is started for the journeys.")
@click.option("--list", "listed", is_flag=True, help="Name them and stop.")
def command(names: tuple[str, ...], url: str | None, *, listed: bool) -> None:
    """Walk the payers' stories of the source documents through the hosted pages: all of them, or those named.

    Each is started by the client's flow of that story, walks the pages as a payer does, by labels and buttons, and
    looks at both ledgers afterwards. Exit code 1 if any step is not as the requirement says.

    \b
    Example:
        partnerlab journey paperless autopay
    """
    if listed:
        for name, journey in JOURNEYS.items():
            click.echo(f"{name:<22} {journey.title}")
        return
    started = time.monotonic()
    story = Story()
    with ExitStack() as stack:
        if url is None:
            url = stack.enter_context(Sandbox(SandboxSettings(port=0))).url
        else:
            Remote(url).get("/_sandbox/health")
        for name in names or JOURNEYS:
            JOURNEYS[name].tell(story, url)
    sys.exit(story.conclude(time.monotonic() - started))
