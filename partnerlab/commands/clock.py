"""`partnerlab clock`: read and move a lane's clock."""

from __future__ import annotations

from typing import Any

import click

from partnerlab.commands.ranges import above_zero
from partnerlab.groups import Group
from partnerlab.remote import connect, lane_options


@click.group(cls=Group)
def command() -> None:
    """Read and move a lane's clock.

    \b
    Example:
        partnerlab clock advance 3d
    """


@command.command()
@lane_options
def show(url: str, lane: str) -> None:
    """Print the lane's time.

    \b
    Example:
        partnerlab clock show --lane mine
    """
    _print(connect(url, lane).get("/_sandbox/clock"))


@command.command(cls=above_zero("DURATION"))
@click.argument("duration")
@lane_options
def advance(duration: str, url: str, lane: str) -> None:
    """Move the clock on by DURATION (3d, 2h30m, 45s) and run what falls due, in order.

    \b
    Example:
        partnerlab clock advance 2h30m
    """
    _print(connect(url, lane).patient().post("/_sandbox/clock/advance", {"duration": duration}))


@command.command()
@click.argument("moment", required=False)
@lane_options
def freeze(moment: str | None, url: str, lane: str) -> None:
    """Stop the clock, at MOMENT (ISO 8601) or where it stands.

    \b
    Example:
        partnerlab clock freeze 2026-07-01T09:00:00-05:00
    """
    _print(connect(url, lane).post("/_sandbox/clock/freeze", {"at": moment} if moment else {}))


@command.command()
@lane_options
def unfreeze(url: str, lane: str) -> None:
    """Let a stopped clock go on from where it stands.

    \b
    Example:
        partnerlab clock unfreeze
    """
    _print(connect(url, lane).post("/_sandbox/clock/unfreeze"))


def _print(clock: dict[str, Any]) -> None:
    for entry in clock.get("timeline", []):
        click.echo(f"{entry['at']}  {entry['label']}: {entry['outcome']}")
    click.echo(f"{clock['now']}{'  (frozen)' if clock.get('frozen') else ''}")
