"""`partnerlab faults`: what a lane gets wrong on purpose."""

from __future__ import annotations

from typing import Any

import click

from partnerlab.command_group import Group
from partnerlab.commands.ranges import Number
from partnerlab.contracts.catalogue import faults
from partnerlab.contracts.doors import not_asked, not_passing
from partnerlab.contracts.masking import printable
from partnerlab.contracts.paths import at
from partnerlab.output import tell
from partnerlab.remote import connect, json_option, lane_options, print_json

NAMES = tuple(faults())


@click.group(cls=Group)
def command() -> None:
    """What a lane gets wrong on purpose: on the socket, in the protocol, around the commit and in files.

    `partnerlab catalogue faults` says what each does. A single request asks for one with the header X-Sandbox-Fault.

    \b
    Example:
        partnerlab faults add commit-then-drop --operation MakePaymentExtended --count 1
    """


@command.command(name="list")
@json_option
@lane_options
def list_(*, as_json: bool, url: str, lane: str) -> None:
    """List the lane's faults: number, name, where it strikes, how often it has and still will.

    \b
    Example:
        partnerlab faults list --lane mine
    """
    found = connect(url, lane).get("/_sandbox/faults")["faults"]
    if as_json:
        print_json(found)
        return
    for one in found:
        click.echo(_line(one))
    if not found:
        click.echo("the lane has no faults", err=True)


@command.command()
@click.argument("name", type=click.Choice(NAMES), metavar="NAME")
@click.option("--operation", help="Only in one operation, as in MakePaymentExtended; for files, ICPayments.")
@click.option("--path", help="Only where the path begins so.")
@click.option("--count", type=click.IntRange(1), help="How often it strikes.  [default: until it is cleared]")
@click.option("--probability", type=Number(0, 1, min_open=True), help="How likely it strikes, by the lane's seed.")
@click.option("--delay-s", type=Number(0, 3600), help="Of slow, dribble and commit-then-timeout, in seconds.")
@json_option
@lane_options
def add(
    name: str,
    operation: str | None,
    path: str | None,
    count: int | None,
    probability: float | None,
    delay_s: float | None,
    *,
    as_json: bool,
    url: str,
    lane: str,
) -> None:
    """Give the lane the fault NAME.

    \b
    Example:
        partnerlab faults add answer-twice --operation Pay_Input --probability 0.1
        partnerlab faults add line-missing --operation ICPayments --count 1
    """
    of_files = faults()[name].layer == "file"
    if operation and (refused := (not_passing if of_files else not_asked)(operation)):
        raise click.BadParameter(refused, param_hint="--operation")
    params = None if delay_s is None else {"delay_s": delay_s}
    given = {"operation": operation, "path": path, "count": count, "probability": probability, "params": params}
    body = {"name": name, **{key: value for key, value in given.items() if value is not None}}
    done = connect(url, lane).post("/_sandbox/faults", body)
    tell(done, [_line(done)], as_json=as_json)


@command.command()
@click.argument("number", type=click.IntRange(1), required=False)
@lane_options
def clear(number: int | None, *, url: str, lane: str) -> None:
    """Take the fault NUMBER from the lane, or all of them.

    \b
    Example:
        partnerlab faults clear --lane mine
    """
    connect(url, lane).delete("/_sandbox/faults" if number is None else at("/_sandbox/faults/{}", number))


def _line(one: dict[str, Any]) -> str:
    where = " ".join(part for part in (one["operation"] or "any operation", one["path"]) if part)
    left = "until cleared" if one["remaining"] is None else f"{one['remaining']} left"
    likely = "" if one["probability"] == 1 else f", {one['probability'] * 100:g}% of them"
    waits = "".join(f", {key} {value:g}" for key, value in one["params"].items())
    return printable(f"{one['number']:>4}  {one['name']:<18}  {where}  struck {one['fired']}, {left}{likely}{waits}")
