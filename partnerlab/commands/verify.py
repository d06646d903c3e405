"""`partnerlab verify`: is somebody's implementation right, with evidence."""

from __future__ import annotations

import click

from partnerlab.verifying.commands import provider

__all__ = ["command"]


@click.group()
def command() -> None:
    """Grade an implementation by the requirements of the sources.

    \b
    Example:
        partnerlab verify provider tccs --url https://insurer.example/invoicecloudapi --invoice 4541-06/16/2020
    """


command.add_command(provider)
