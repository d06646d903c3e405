"""`partnerlab files`: check and summarise bill files."""

from __future__ import annotations

import click


@click.group()
def command() -> None:
    """Check and summarise bill files.

    \b
    Example:
        partnerlab files check bills.bif
    """
