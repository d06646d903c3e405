"""`partnerlab clock`: read and move a lane's clock."""

from __future__ import annotations

from typing import Any

import click

from partnerlab.command_group import Group
from partnerlab.commands.ranges import above_zero
from partnerlab.moments import moment
from partnerlab.output import tell
from partnerlab.remote import connect, json_option, lane_options


@click.group(cls=Group)
def command() -> None:
    """Read and move a lane's clock.

    \b
    Example:
        partnerlab clock advance 3d
    """


@command.command()
@json_option
@lane_options
def show(url: str, lane: str, *, as_json: bool) -> None:
    """Print the lane's time.

    \b
    Example:
        partnerlab clock show --lane mine
    """
    _tell(connect(url, lane).get("/_sandbox/clock"), as_json=as_json)


@command.command(cls=above_zero("DURATION"))
@click.argument("duration")
@json_option
@lane_options
def advance(duration: str, url: str, lane: str, *, as_json: bool) -> None:
    """Move the clock on by DURATION (3d, 2h30m, 45s) and run what falls due, in order.

    \b
    Example:
        partnerlab clock advance 2h30m
    """
    _tell(connect(url, lane).patient().post("/_sandbox/clock/advance", {"duration": duration}), as_json=as_json)


@command.command()
@click.argument("moment", required=False)
@json_option
@lane_options
def freeze(moment: str | None, url: str, lane: str, *, as_json: bool) -> None:
    """Stop the clock, at MOMENT (ISO 8601) or where it stands.

    \b
    Example:
        partnerlab clock freeze 2026-07-01T09:00:00-05:00
    """
    _tell(connect(url, lane).post("/_sandbox/clock/freeze", {"at": moment} if moment else {}), as_json=as_json)


@command.command()
@json_option
@lane_options
def unfreeze(url: str, lane: str, *, as_json: bool) -> None:
    """Let a stopped clock go on from where it stands.

    \b
    Example:
        partnerlab clock unfreeze
    """
    _tell(connect(url, lane).post("/_sandbox/clock/unfreeze"), as_json=as_json)


def _tell(clock: dict[str, Any], *, as_json: bool) -> None:
    lines = [f"{moment(entry['at'])}  {entry['label']}: {entry['outcome']}" for entry in clock.get("timeline", [])]
    tell(clock, [*lines, f"{moment(clock['now'])}{'  (frozen)' if clock.get('frozen') else ''}"], as_json=as_json)
