"""`partnerlab demo`: the whole journey, checked step by step."""

from __future__ import annotations

import sys
import time

import click

from partnerlab.demo import inhance_v2
from partnerlab.demo.story import Story
from partnerlab.sandbox import Sandbox
from partnerlab.settings import SandboxSettings


@click.command()
@click.option("--invoices", default=1000, show_default=True, type=click.IntRange(30), help="Size of the bill file.")
@click.option("--seed", default=1, show_default=True, help="The same seed gives the same file.")
def command(invoices: int, seed: int) -> None:
    """The whole journey in one process: a bill file is generated, uploaded, presented and paid, the payment reaches
    the partner through the data pump, and the next balance shows it.

    Each step says what changed on both sides and which requirement it shows. Exit code 1 if any step is not as the
    contract says.

    \b
    Example:
        partnerlab demo --invoices 100
    """
    started = time.monotonic()
    story = Story()
    with Sandbox(SandboxSettings(port=0)) as sandbox:
        inhance_v2.tell(story, sandbox, invoices=invoices, seed=seed)
    seconds = time.monotonic() - started
    if story.broken:
        names = ", ".join(dict.fromkeys(broken.requirement for broken in story.broken))
        click.secho(f"\n{len(story.broken)} of {len(story.met) + len(story.broken)} steps broken: {names}", fg="red")
        sys.exit(1)
    shown = len(set(story.met))
    click.secho(
        f"\n{len(story.met)} steps as the contract says, {shown} requirements shown, {seconds:.1f} s", fg="green"
    )
