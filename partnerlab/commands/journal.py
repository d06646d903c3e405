"""`partnerlab journal`: what was asked and answered, with the contract's verdict."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import click

from partnerlab.command_group import Group, refuse_before
from partnerlab.contracts.doors import doors, not_asked, unknown
from partnerlab.contracts.masking import printable
from partnerlab.contracts.paths import at
from partnerlab.contracts.verification.findings import Finding
from partnerlab.moments import moment
from partnerlab.output import tell
from partnerlab.remote import Remote, connect, json_option, lane_options, print_json

READ_AT_ONCE = 1_000
LANGUAGES = ("curl", "python", "pytest")


@click.group(cls=Group, invoke_without_command=True)
@click.option("--door", help="Only one door, such as `inhance`.")
@click.option("--operation", help="Only one operation, such as `BalanceCheck`.")
@click.option(
    "--direction", type=click.Choice(["in", "out"]), help="Only what came in, or every call that Invoice Cloud made."
)
@click.option("--event", help="Only calls about an event or payment, by its id.")
@click.option("--search", help="Only entries with this text in path, query, headers or body.")
@click.option("--invalid", is_flag=True, help="Only entries that break the contract; exit code 1 if there are any.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000), help="The newest N entries.")
@click.option("--follow", is_flag=True, help="Go on listing what comes, until interrupted.")
@click.option("--json", "as_json", is_flag=True, help="JSON in place of text; with --follow one line an entry.")
@lane_options
@click.pass_context
def command(
    context: click.Context,
    *,
    door: str | None,
    operation: str | None,
    direction: str | None,
    event: str | None,
    search: str | None,
    invalid: bool,
    limit: int,
    follow: bool,
    as_json: bool,
    url: str,
    lane: str,
) -> None:
    """List the lane's journal, or show an entry.

    A line is the entry's id, its time, door and operation, the status, the verdict and the outcome. The verdict is
    `valid` where the call meets the contract and was accepted, else `valid, refused: wrong key` and the like. What
    breaks the contract stands below: whose fault, where, what was expected and found, and what was probably meant.

    A call of Invoice Cloud to the sandbox itself is listed once; --direction out lists all that it made.

    \b
    Example:
        partnerlab journal --operation MakePaymentExtended --invalid
        partnerlab journal --search 10000101
        partnerlab journal show 1a21cc5adb2ceea-000005 --as curl
    """
    if context.invoked_subcommand:
        refuse_before(context)
        return
    remote = connect(url, lane)
    _check_door(door)
    query = {"door": door, "operation": operation, "direction": direction, "event": event, "search": search}
    query["invalid"] = "true" if invalid else None
    found = remote.get("/_sandbox/journal", limit=limit, **query)["entries"]
    if not found and operation and not follow:
        _check_operation(door, operation)
    if follow:
        with suppress(KeyboardInterrupt):
            for row in _following(remote, query, found):
                click.echo(_json_line(row) if as_json else "\n".join(lines(row)))
    elif as_json:
        print_json(found)
    else:
        for row in found:
            click.echo("\n".join(lines(row)))
        if not found:
            any_ = any(value is not None for value in query.values())
            click.echo("the journal has no such entry" if any_ else "the journal is empty", err=True)
    context.exit(1 if invalid and found else 0)


@command.command()
@click.argument("entry")
@click.option("--as", "language", type=click.Choice(LANGUAGES), help="Print its call as a program.")
@json_option
@lane_options
def show(entry: str, *, language: str | None, as_json: bool, url: str, lane: str) -> None:
    """Show ENTRY whole: request, answer and verdict; or its call as a curl command, a Python program or a test.

    Secrets are not kept; each is an environment variable, which what is printed names.

    \b
    Example:
        partnerlab journal show 1a21cc5adb2ceea-000005
        partnerlab journal show 1a21cc5adb2ceea-000005 --as pytest > test_again.py
    """
    remote = connect(url, lane)
    if language is None:
        found = remote.get(at("/_sandbox/journal/{}", entry))
        tell(found, [*lines(found), *_exchange(found)], as_json=as_json)
    elif as_json:
        raise click.UsageError("--as and --json do not go together")
    else:
        click.echo(remote.get(at("/_sandbox/journal/{}/as/{}", entry, language))["text"], nl=False)


def lines(row: dict[str, Any]) -> list[str]:
    """An entry as text: a line, and one more for each way in which it breaks the contract."""
    columns = (
        row["id"],
        moment(row["at"], "milliseconds"),
        f"{row['door']:<15}",
        f"{row['operation']:<24}",
        f"{row['status']:>3}",
    )
    about = [row["sender"], f"event {row['event']}" if row["event"] else ""]
    said = row["outcome"] if row["meaning"]["kind"] == "accepted" or row["faults"] else row["meaning"]["words"]
    told = [f"{row['verdict']:<9}", "" if said and said in row["verdict"] else said, ", ".join(filter(None, about))]
    found = ["  ".join((*columns, *filter(None, told)))]
    found += [f"    {Finding(**finding)}" for finding in row["findings"] or ()]
    return [printable(line) for line in found]


def _exchange(row: dict[str, Any]) -> Iterator[str]:
    """The request and the answer of an entry, line by line, as they stood on the wire."""
    yield ""
    yield f"{row['method']} {row['path']}" + (f"?{row['query']}" if row["query"] else "")
    yield from (f"{name}: {value}" for name, value in row["headers"].items())
    yield from ("", *row["request"].splitlines())
    yield from ("", f"{row['status'] or 'no answer'}  {row['answer_type']}  {row['duration_ms']:.0f} ms", "")
    yield from row["answer"].splitlines()


def _following(remote: Remote, query: dict[str, Any], rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """These entries, and then each that is written, without end."""
    last = 0
    yield from rows
    for _ in remote.listen("/_sandbox/events", lane=remote.lane):
        while True:
            last = max([last, *(row["number"] for row in rows)])
            rows = remote.get("/_sandbox/journal", since=last, limit=READ_AT_ONCE, **query)["entries"]
            yield from rows
            if len(rows) < READ_AT_ONCE:
                break


def _check_door(door: str | None) -> None:
    if door is not None and door not in doors():
        raise click.BadParameter(unknown("door", door, doors()), param_hint="--door")


def _check_operation(door: str | None, operation: str) -> None:
    if refused := not_asked(operation, door or ""):
        raise click.BadParameter(refused, param_hint="--operation")


def _json_line(row: dict[str, Any]) -> str:
    import json

    return json.dumps(row, ensure_ascii=False)
