"""`partnerlab verify`: is somebody's implementation right, with evidence."""

from __future__ import annotations

import click

from partnerlab.command_group import Group
from partnerlab.signals import Ending
from partnerlab.verifying.commands import provider
from partnerlab.verifying.consumer_commands import consumer
from partnerlab.verifying.matrix_command import matrix

__all__ = ["command"]


@click.group(cls=Group)
@click.pass_context
def command(context: click.Context) -> None:
    """Grade an implementation by the requirements of the sources.

    \b
    Example:
        partnerlab verify provider tccs --url https://insurer.example/invoicecloudapi --invoice 4541-06/16/2020
        partnerlab verify consumer inhance-portal --lane acme --wait
        partnerlab verify matrix
    """
    context.with_resource(Ending())  # what a run made at a sandbox, a lane or faults, is taken away at SIGTERM, too


command.add_command(provider)
command.add_command(consumer)
command.add_command(matrix)
