"""`partnerlab demo`: the whole journey, checked step by step."""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack

import click

from partnerlab.demo import inhance_v1, inhance_v2, tccs, watersmart
from partnerlab.journey import JOURNEYS
from partnerlab.remote import Remote, address_option
from partnerlab.sandbox import Sandbox
from partnerlab.settings import SandboxSettings
from partnerlab.story import Story


@click.command()
@click.option("--invoices", default=1000, show_default=True, type=click.IntRange(30), help="Size of the bill file.")
@click.option("--seed", default=1, show_default=True, help="The same seed gives the same file.")
@address_option("--url", "A running sandbox; without it one is started for the journey.")
def command(invoices: int, seed: int, url: str | None) -> None:
    """The whole journey, for each partner: a bill file is generated, uploaded, presented and paid, the
    payment reaches the partner through the data pump, and the next balance shows it. Then payers walk the hosted pages.

    Each step says what changed on both sides and which requirement it shows. Exit code 1 if any step is not as the
    contract says.

    \b
    Example:
        partnerlab demo --invoices 100
    """
    started = time.monotonic()
    story = Story()
    with ExitStack() as stack:
        if url is None:
            url = stack.enter_context(Sandbox(SandboxSettings(port=0))).url
        else:
            Remote(url).get("/_sandbox/health")
        for partner in (inhance_v2, inhance_v1, tccs, watersmart):
            partner.tell(story, url, invoices=invoices, seed=seed)
        for journey in JOURNEYS.values():
            journey.tell(story, url)
    sys.exit(story.conclude(time.monotonic() - started))
