"""`partnerlab verify consumer …`: a command for each role that a partner plays towards a sandbox."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping
from typing import Any

import click
from click.core import ParameterSource

from partnerlab.command_group import Group
from partnerlab.contracts.masking import printable
from partnerlab.remote import ADDRESS, DEFAULT_URL
from partnerlab.verifying.options import FILE_IN, REPORT_OPTIONS, check_only
from partnerlab.verifying.plan import NOTHING, Plan, read_plan

__all__ = ["consumer"]

ROLES = {
    "inhance-portal": "A customer portal as the inHance Portal is: REST, then single sign-on.",
    "watersmart": "A portal as WaterSmart is: its calls, its pages, its files.",
    "inhance-v1": "The timed jobs of Harris inHance v1: uploads, balances, downloads.",
    "inhance-v2": "A caller of iCloud.asmx (Harris inHance v2), and the utility's bill files.",
    "tccs": "A caller of a TCCS service, and the insurer's bill files.",
    "cloud-payments": "Who asks for Cloud Payments pages, and what it makes of postbacks.",
}
"""The roles of `contracts.verification.consumer.roles` (a test compares), which are loaded when one is verified."""
SETTINGS = ("url", "lane", "caller", "held", "held_command", "postback_url")
RUN = {"wait": int, "faults": bool, "strict": bool, "only": list}
WAIT_S = 300


class _Seconds(click.ParamType[int]):
    """A time: `90`, `90s` or `5m`."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        found = re.fullmatch(r"(\d{1,5})(s|m|min)?", str(value).strip())
        if found is None or not int(found[1]):
            self.fail(f"{value!r} is not a time such as 90, 90s or 5m", param, ctx)
        return int(found[1]) * (1 if found[2] in (None, "s") else 60)


@click.group(cls=Group)
def consumer() -> None:
    """Grade software by what it sent to a lane of a sandbox: point its base URL there, use it, and ask.

    \b
    Exit codes: 0 all that must hold and was seen holds, 1 a requirement failed, 2 misused,
    3 the run is set up wrongly (nothing is graded), 4 nothing was verified.

    \b
    Example:
        partnerlab verify consumer inhance-portal --lane acme --wait 5m --html report.html
    """


OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "--url", type=ADDRESS, default=DEFAULT_URL, show_default=True, envvar="PARTNERLAB_URL", help="The sandbox."
    ),
    click.option(
        "--lane", default="default", show_default=True, envvar="PARTNERLAB_LANE", help="The lane that was called."
    ),
    click.option(
        "--wait",
        type=_Seconds(),
        is_flag=False,
        flag_value=str(WAIT_S),
        help="Wait for calls and say whose turn it is, for 5 minutes or the time given (90s, 10m).",
    ),
    click.option(
        "--faults", is_flag=True, help="Wait, and lose the answers to payments, returns or uploads, two each."
    ),
    click.option(
        "--name",
        "names",
        multiple=True,
        metavar="NAME=VALUE",
        help="A value for the instructions, such as account=10000102; may be repeated.",
    ),
    click.option("--caller", default="", help="Grade only calls with this in their User-Agent."),
    click.option("--plan", type=FILE_IN, help="Read these options from a TOML file."),
    click.option("--only", multiple=True, metavar="ID", help="Only this check or requirement; may be repeated."),
    click.option("--strict", is_flag=True, help="Fail the run on rules that only should or may hold, too."),
    *REPORT_OPTIONS,
)
POSTBACK_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "--held",
        default="",
        metavar="URL",
        help="Send postbacks, and ask this address how many payments {reference} has.",
    ),
    click.option("--held-command", default="", metavar="CMD", help="As --held, but a command that prints the number."),
    click.option("--ask", is_flag=True, help="As --held, but you are asked."),
    click.option(
        "--postback-url", default="", metavar="URL", help="An address on another machine that postbacks may be sent to."
    ),
)


def _command(name: str, text: str) -> click.Command:
    @click.pass_context
    def run(context: click.Context, /, **given: Any) -> None:
        _verify(context, name, given)

    run.__doc__ = f"{text}\n\n\b\nExample:\n    partnerlab verify consumer {name} --lane acme --wait --html report.html"
    command: Any = run
    for option in reversed((*OPTIONS, *(POSTBACK_OPTIONS if name == "cloud-payments" else ()))):
        command = option(command)
    made: click.Command = click.command(name=name)(command)
    return made


def _verify(context: click.Context, name: str, given: Mapping[str, Any]) -> None:
    from partnerlab.contracts.verification.consumer.control import Control
    from partnerlab.contracts.verification.consumer.roles import role
    from partnerlab.contracts.verification.consumer.run import Options, verify
    from partnerlab.contracts.verification.provider.direct import Direct
    from partnerlab.verifying.outputs import check_writable, pack_signer, write_reports

    subject = role(name)
    plan = NOTHING
    if given["plan"] is not None:
        plan = read_plan(given["plan"], name, SETTINGS, run_options=RUN, names=subject.names or ["account"])
    chosen = _chosen(context, plan, given)
    check_only(chosen["only"], subject.suite.checks)
    signer = pack_signer(given)
    check_writable(given)
    wait_s = chosen["wait"] or (WAIT_S if chosen["faults"] else 0)
    if chosen["faults"] and not subject.faults:
        raise click.UsageError(f"{name} has no call that --faults could lose", context)
    direct = Direct()
    try:
        options = Options(
            only=tuple(chosen["only"]),
            excluded=plan.excluded,
            names={**plan.names, **_names(given["names"], subject.names, context)},
            wait_s=wait_s,
            lose_answers=chosen["faults"],
            caller=chosen["caller"],
            held=_held(chosen, given, direct.send),
            postback_url=chosen.get("postback_url", ""),
        )
        control = Control(direct.send, chosen["url"], chosen["lane"], os.environ.get("PARTNERLAB_TOKEN", ""))
        run = verify(
            subject, control, options, send=direct.send, say=lambda line: click.echo(printable(line), err=True)
        )
    finally:
        direct.close()
    write_reports(run, given, signer)
    sys.exit(run.exit_code(strict=chosen["strict"]))


def _chosen(context: click.Context, plan: Plan, given: Mapping[str, Any]) -> dict[str, Any]:
    """What command line and plan say together; the command line goes first."""

    def typed(name: str) -> bool:
        return context.get_parameter_source(name) is ParameterSource.COMMANDLINE

    said = {**plan.settings, **plan.run}
    names = [name for name in (*SETTINGS, *RUN) if name in given]
    chosen = {name: said[name] if name in said and not typed(name) else given[name] for name in names}
    chosen["url"] = ADDRESS.convert(chosen["url"], None, context)
    return chosen


def _names(given: tuple[str, ...], known: Mapping[str, str], context: click.Context) -> dict[str, str]:
    found = dict(one.partition("=")[::2] for one in given)
    if strange := sorted(found.keys() - known.keys()):
        there = ", ".join(known) or "no names"
        raise click.BadParameter(f"{strange[0]}: there are {there}", context, param_hint="--name")
    return found


def _held(chosen: Mapping[str, Any], given: Mapping[str, Any], send: Any) -> Any:
    """How the partner is asked what it holds, None where it is not."""
    from partnerlab.verifying.held import by_address, by_command, by_question

    ways = [chosen.get("held"), chosen.get("held_command"), given.get("ask")]
    if sum(map(bool, ways)) > 1:
        raise click.UsageError("give one of --held, --held-command and --ask")
    if chosen.get("held"):
        return by_address(chosen["held"], send)
    if chosen.get("held_command"):
        return by_command(chosen["held_command"])
    return by_question if given.get("ask") else None


for _name, _text in ROLES.items():
    consumer.add_command(_command(_name, _text))
