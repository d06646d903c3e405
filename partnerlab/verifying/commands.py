"""`partnerlab verify provider …`: a command for each subject, its options made from the subject's settings."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import click
from click.core import ParameterSource

from partnerlab.command_group import Group
from partnerlab.contracts.masking import printable
from partnerlab.contracts.verification.provider.configuration import is_here
from partnerlab.verifying.options import FILE_IN, REPORT_OPTIONS, check_only
from partnerlab.verifying.plan import ENV, NOTHING, RUN, Plan, read_plan
from partnerlab.verifying.subjects import PROVIDERS, Provider, SettingInvalid

__all__ = ["provider"]

MISCONFIGURED, MOST_PER_S = 3, 100


class _Rate(click.ParamType[float]):
    """Requests a second: `5/s`, `30/min`, or a number."""

    name = "rate"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        found = re.fullmatch(r"(\d+(?:\.\d+)?)(?:/(s|min))?", str(value).strip())
        rate = float(found[1]) / (60 if found[2] == "min" else 1) if found else 0
        if not 0 < rate <= MOST_PER_S:
            self.fail(f"{value!r} is not a rate such as 5/s or 30/min, at most {MOST_PER_S}/s", param, ctx)
        return rate


@click.group(cls=Group)
def provider() -> None:
    """Drive a service and grade it. Reads only, unless --allow-writes; keys come from the environment or a plan.

    \b
    Exit codes: 0 all that must hold and was tried holds, 1 a requirement failed, 2 misused,
    3 the run is set up wrongly (nothing is graded), 4 nothing was verified.

    \b
    Example:
        INHANCE_KEY=… partnerlab verify provider inhance --url https://utility.example/iCloud.asmx --account 10000101
    """


OPTIONS = (
    click.option("--allow-writes", is_flag=True, help="Also post small payments and switch enrolments there."),
    click.option("--plan", type=FILE_IN, help="Read these options from a TOML file."),
    click.option("--only", multiple=True, metavar="ID", help="Only this check or requirement; may be repeated."),
    click.option("--rate", type=_Rate(), help="Requests a second, on average.  [default: 5/s, to this machine 100/s]"),
    click.option(
        "--budget", type=click.IntRange(1, 100_000), default=2_000, show_default=True, help="Most requests of the run."
    ),
    click.option("--strict", is_flag=True, help="Fail the run on rules that only should or may hold, too."),
    click.option("--allow-http", is_flag=True, help="Allow keys to be sent over http to another machine."),
    click.option(
        "--ca-file", type=click.Path(exists=True, dir_okay=False), help="Certificates to trust beside the system's."
    ),
    *REPORT_OPTIONS,
)


@dataclass(frozen=True, slots=True)
class _Chosen:
    """What command line, plan and environment say together."""

    values: Mapping[str, Any]
    secrets: Mapping[str, str]
    run: Mapping[str, Any]
    excluded: Mapping[str, str]


def _command(subject: Provider) -> click.Command:
    @click.pass_context
    def run(context: click.Context, /, **given: Any) -> None:
        plan = NOTHING
        if given["plan"] is not None:
            plan = read_plan(given["plan"], subject.name, [one.name for one in subject.settings], subject.secrets)
        _verify(subject, _chosen(context, subject, plan, given), given)

    run.__doc__ = (
        f"{subject.help}\n\n\b\nExample:\n    partnerlab verify provider {subject.name} \\\n        {subject.example}"
    )
    command: Any = run
    for option in reversed(OPTIONS):
        command = option(command)
    for setting in reversed(subject.settings):
        flag = f"--{setting.name.replace('_', '-')}"
        text = setting.help + (f" Better: the variable {setting.variable}." if setting.variable else "")
        command = click.option(flag, help=text, envvar=setting.variable or None)(command)
    made: click.Command = click.command(name=subject.name)(command)
    return made


def _chosen(context: click.Context, subject: Provider, plan: Plan, given: Mapping[str, Any]) -> _Chosen:
    def typed(name: str) -> bool:
        return context.get_parameter_source(name) is ParameterSource.COMMANDLINE

    texts: dict[str, str] = {}
    variables: dict[str, str] = {}
    for setting in subject.settings:
        text = given[setting.name] or ""
        if setting.name in plan.settings and not typed(setting.name):
            text = plan.settings[setting.name]
            if setting.variable and text.startswith(ENV):
                variables[setting.name] = variable = text.removeprefix(ENV)
                text = os.environ.get(variable, "")
                if not text:
                    _stop(f"{setting.name}: the plan takes it from {variable}, which is not set", "Set the variable.")
        if setting.required and not text:
            where = f" or the variable {setting.variable}" if setting.variable else ""
            raise click.UsageError(f"Give --{setting.name.replace('_', '-')}{where}: {setting.help.lower()}", context)
        texts[setting.name] = text
    try:
        values = subject.values(texts)
    except SettingInvalid as error:
        raise click.BadParameter(str(error), context, param_hint=f"--{error.name.replace('_', '-')}") from None
    secrets = {variables.get(name, variable): texts[name] for name, variable in subject.secrets.items()}
    run = {name: given[name] if typed(name) or name not in plan.run else plan.run[name] for name in RUN}
    here = is_here(urlsplit(values["url"]).hostname or "")
    run["rate"] = _Rate().convert(run["rate"] or ("100/s" if here else "5/s"), None, context)
    return _Chosen(values, secrets, run, plan.excluded)


def _stop(text: str, advice: str) -> None:
    """End for a set-up that cannot even be tried."""
    click.echo(printable(f"Configuration, secret-missing: {text}\n  {advice}", lines=True), err=True)
    sys.exit(MISCONFIGURED)


def _verify(subject: Provider, chosen: _Chosen, given: Mapping[str, Any]) -> None:
    from partnerlab.contracts.verification.grading import CheckResult, Outcome
    from partnerlab.contracts.verification.provider.configuration import check_address
    from partnerlab.contracts.verification.provider.direct import Direct
    from partnerlab.contracts.verification.provider.line import Line
    from partnerlab.contracts.verification.provider.run import Options, verify
    from partnerlab.contracts.verification.provider.secrets import Secrets
    from partnerlab.verifying.outputs import check_writable, pack_signer, write_reports

    url, wanted = chosen.values["url"], chosen.run
    if not re.match(r"https?://[^/\s]", url):
        raise click.BadParameter(f"{url!r} is not an http or https address", param_hint="--url")
    try:
        direct = Direct(ca_file=given["ca_file"])
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--ca-file") from None

    signer = pack_signer(given)
    check_writable(given)

    def preflight(probe: Any) -> list[str]:
        check_address(url, allow_http=wanted["allow_http"])
        return bound.preflight(probe)

    marks = {Outcome.PASSED: "✓", Outcome.FAILED: "✗"}

    def progress(result: CheckResult) -> None:
        if result.outcome is not Outcome.NOT_EXERCISED:
            click.echo(printable(f"  {marks.get(result.outcome, '-')} {result.check}"), err=True)

    line = Line(direct.send, url, Secrets(chosen.secrets), rate=wanted["rate"], budget=wanted["budget"])
    # Hypothesis keeps tables for its next run in the folder that it is started in: not in our user's.
    kept = tempfile.TemporaryDirectory(prefix="partnerlab-", ignore_cleanup_errors=True)
    os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", kept.name)
    try:
        bound = subject.bind(line, chosen.values)
        check_only(wanted["only"], bound.suite.checks)
        options = Options(wanted["allow_writes"], tuple(wanted["only"]), chosen.excluded, tuple(chosen.values))
        run = verify(
            bound.suite,
            bound.probe,
            line,
            preflight,
            target=url,
            operations=bound.operations,
            options=options,
            progress=progress,
        )
    finally:
        direct.close()
        kept.cleanup()
    write_reports(run, given, signer)
    sys.exit(run.exit_code(strict=wanted["strict"]))


for _subject in PROVIDERS.values():
    provider.add_command(_command(_subject))
