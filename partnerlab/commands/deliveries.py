"""`partnerlab deliveries`: see, replay and settle what the data pump delivers."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

import click
from click.core import ParameterSource

from partnerlab import output
from partnerlab.command_group import Group
from partnerlab.contracts.paths import at
from partnerlab.remote import DEFAULT_URL, Remote, address_option, connect, json_option, print_json, url_option

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
STATES = (
    *("accepted", "sending", "waiting", "delivered", "skipped"),
    *("dead", "unknown", "not_understood", "dismissed"),
)

OF_A_SANDBOX = "/_pump"
"""Where a sandbox has its data pump, which knows no lanes but by their deliveries."""


def pump_options(function: Decorated) -> Decorated:
    """
    The options of every command that talks to a data pump; the command is given the `pump` that they name.

    What the command line names goes before what the environment names. A pump of its own never sees a sandbox's token.
    """

    @functools.wraps(function)
    def told(*args: Any, url: str, pump: str | None, token: str | None, **options: Any) -> Any:
        typed = [name for name in ("url", "pump") if _source(name) is ParameterSource.COMMANDLINE]
        if len(typed) == 2:
            raise click.UsageError("--url names a sandbox, --pump a data pump that is a service of its own: say one")
        if pump is None or typed == ["url"]:
            remote = Remote(f"{url}{OF_A_SANDBOX}", token=token)
        else:
            remote = Remote(pump, token=token or "", started_by="partnerlab pump")
        return function(*args, pump=remote, **options)

    decorated: Any = told
    for option in (
        click.option("--token", envvar="PARTNERLAB_PUMP_TOKEN", help="Bearer token, where the pump asks for one."),
        address_option("--pump", "A data pump that is a service of its own.", envvar="PARTNERLAB_PUMP"),
        url_option,
    ):
        decorated = option(decorated)
    return cast(Decorated, decorated)


def _source(option: str) -> ParameterSource | None:
    return click.get_current_context().get_parameter_source(option)


def decision_options(function: Decorated) -> Decorated:
    """The options of every command by which a person decides."""
    for option in (
        json_option,
        click.option("--by", default="operator", show_default=True, envvar="USER", help="Who says so."),
        click.option("--reason", required=True, help="Why; kept with the delivery."),
        click.argument("delivery", metavar="ID"),
    ):
        function = option(function)
    return function


@click.group(cls=Group)
def command() -> None:
    """See, replay and settle what the data pump delivers.

    \b
    Example:
        partnerlab deliveries list --state unknown
    """


@command.command(name="list")
@click.option("--state", type=click.Choice(STATES), help="Only one state.")
@click.option("--lane", help="Only one lane.  [default: all]")
@click.option("--account", help="Only one account number.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 500), help="The newest N deliveries.")
@json_option
@pump_options
def list_(
    state: str | None,
    lane: str | None,
    account: str | None,
    limit: int,
    *,
    as_json: bool,
    pump: Remote,
) -> None:
    """List deliveries, newest first.

    \b
    Example:
        partnerlab deliveries list --state dead
    """
    if lane and pump.url.endswith(OF_A_SANDBOX):
        connect(pump.url.removesuffix(OF_A_SANDBOX), lane)
    found = pump.get("/deliveries", state=state, lane=lane, account_number=account, limit=limit)["deliveries"]
    if as_json:
        print_json(found)
        return
    if not found:
        click.echo("there are no such deliveries" if state or lane or account else "there are no deliveries", err=True)
    for row in found:
        click.echo(
            f"{row['id']}  {row['kind']:<9} {row['account_number']:<14} {row['state']:<14}"
            f" {row['attempts']} attempt{'' if row['attempts'] == 1 else 's'}  {row['message']}".rstrip()
        )


@command.command()
@click.argument("delivery", metavar="ID")
@json_option
@pump_options
def show(delivery: str, *, as_json: bool, pump: Remote) -> None:
    """Show a delivery with its event, attempts and notes.

    \b
    Example:
        partnerlab deliveries show default:3f2c…
    """
    found = pump.get(at("/deliveries/{}", delivery))
    output.tell(found, output.delivery(found), as_json=as_json, then=_next(found, pump))


def _next(row: dict[str, Any], pump: Remote) -> str:
    """What a person does about a delivery that waits for one."""
    url = pump.url.removesuffix(OF_A_SANDBOX)
    where = f"--pump {url}" if url == pump.url else "" if url == DEFAULT_URL else f"--url {url}"
    to = f"{row['id']} {where}".rstrip()
    if row["state"] in ("unknown", "not_understood"):
        return f'partnerlab deliveries resolve {to} --posted --reason "seen there"   # or --not-posted; look first'
    if row["state"] == "dead":
        return f'partnerlab deliveries replay {to} --reason "what was wrong is mended"   # or dismiss'
    return ""


@command.command()
@click.argument("delivery", metavar="ID")
@json_option
@pump_options
def balance(delivery: str, *, as_json: bool, pump: Remote) -> None:
    """Ask the partner for the balance of a payment's account, to settle an unknown one.

    \b
    Example:
        partnerlab deliveries balance default:3f2c…
    """
    found = pump.get(at("/deliveries/{}/balance", delivery))
    lines = [f"{name.replace('_', ' ')} {value} USD" for name, value in found.items() if value is not None]
    output.tell(found, lines, as_json=as_json)


@command.command()
@decision_options
@pump_options
def replay(delivery: str, reason: str, by: str, *, as_json: bool, pump: Remote) -> None:
    """Try a dead or dismissed delivery again, a waiting one now, or queue an accepted one anew.

    \b
    Example:
        partnerlab deliveries replay default:3f2c… --reason "key corrected"
    """
    done = pump.post(at("/deliveries/{}/replay", delivery), {"reason": reason, "by": by})
    output.tell(done, output.delivery(done), as_json=as_json)


@command.command()
@decision_options
@pump_options
def dismiss(delivery: str, reason: str, by: str, *, as_json: bool, pump: Remote) -> None:
    """Give up a delivery: it is not sent.

    \b
    Example:
        partnerlab deliveries dismiss default:3f2c… --reason "paid at the counter"
    """
    done = pump.post(at("/deliveries/{}/dismiss", delivery), {"reason": reason, "by": by})
    output.tell(done, output.delivery(done), as_json=as_json)


@command.command()
@decision_options
@pump_options
def abandon(delivery: str, reason: str, by: str, *, as_json: bool, pump: Remote) -> None:
    """Say that nobody works on a delivery's open attempt any more, so that its outcome is unknown.

    \b
    Example:
        partnerlab deliveries abandon default:3f2c… --reason "that machine is gone"
    """
    done = pump.post(at("/deliveries/{}/abandon", delivery), {"reason": reason, "by": by})
    output.tell(done, output.delivery(done), as_json=as_json)


@command.command()
@click.option("--posted/--not-posted", required=True, help="Whether the partner has it.")
@decision_options
@pump_options
def resolve(delivery: str, reason: str, by: str, *, posted: bool, as_json: bool, pump: Remote) -> None:
    """Say whether the partner has a delivery whose outcome is unknown or not understood.

    With --not-posted it is sent again; if the partner has it after all, it will have it twice.

    \b
    Example:
        partnerlab deliveries resolve default:3f2c… --posted --reason "seen in Open Transactions"
    """
    body = {"reason": reason, "by": by, "posted": posted}
    done = pump.post(at("/deliveries/{}/resolve", delivery), body)
    output.tell(done, output.delivery(done), as_json=as_json)
