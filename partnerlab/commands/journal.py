"""`partnerlab journal`: what was asked and answered, with the contract's verdict."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from difflib import get_close_matches
from typing import Any

import click

from partnerlab.contracts.doors import doors, operations
from partnerlab.remote import Remote, connect, lane_options, print_json

POLL_S = 0.5
READ_AT_ONCE = 1_000


@click.command()
@click.argument("entry", required=False)
@click.option("--door", help="Only one door, as in `inhance`.")
@click.option("--operation", help="Only one operation, as in `BalanceCheck`.")
@click.option("--invalid", is_flag=True, help="Only entries that break the contract; exit code 1 if there are any.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000), help="The newest N entries.")
@click.option("--follow", is_flag=True, help="Go on with what comes, until interrupted.")
@click.option("--json", "as_json", is_flag=True, help="JSON in place of text; with --follow an entry a line.")
@lane_options
def command(
    entry: str | None,
    *,
    door: str | None,
    operation: str | None,
    invalid: bool,
    limit: int,
    follow: bool,
    as_json: bool,
    url: str,
    lane: str,
) -> None:
    """List the lane's journal, or show ENTRY whole.

    A line is the entry's id, its time, door and operation, the status, the contract's verdict and the outcome. What
    breaks the contract stands below it: whose fault, where, what was expected and found.

    \b
    Example:
        partnerlab journal --operation MakePaymentExtended --invalid
        partnerlab journal --follow
    """
    remote = connect(url, lane)
    if entry:
        print_json(remote.get(f"/_sandbox/journal/{entry}"))
        return
    _check_door(door)
    query = {"door": door, "operation": operation, "invalid": "true" if invalid else None}
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
    sys.exit(1 if invalid and found else 0)


def lines(row: dict[str, Any]) -> list[str]:
    """An entry as text: a line, and one more for each way in which it breaks the contract."""
    findings = row["findings"]
    verdict = "-" if findings is None else "valid" if not findings else f"{len(findings)} broken"
    columns = (row["id"], row["at"], f"{row['door']:<10}", f"{row['operation']:<24}", f"{row['status']:>3}")
    found = ["  ".join((*columns, f"{verdict:<9}", row["outcome"]))]
    found += [
        f"    {finding['side']}, {finding['where']}: {finding['rule']}:"
        f" expected {finding['expected']}, found {finding['found']}"
        for finding in findings or ()
    ]
    return [_printable(line) for line in found]


def _following(remote: Remote, query: dict[str, Any], rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """These entries, and then each that is written, without end."""
    last = 0
    while True:
        yield from rows
        last = max([last, *(row["number"] for row in rows)])
        if len(rows) < READ_AT_ONCE:
            time.sleep(POLL_S)
        rows = remote.get("/_sandbox/journal", since=last, limit=READ_AT_ONCE, **query)["entries"]


def _check_door(door: str | None) -> None:
    if door is not None and door not in doors():
        raise click.BadParameter(_unknown("door", door, sorted(doors())), param_hint="--door")


def _check_operation(door: str | None, operation: str) -> None:
    known = sorted({name for one in ([door] if door else doors()) for name in operations(one)})
    if known and operation not in known:
        raise click.BadParameter(_unknown("operation", operation, known), param_hint="--operation")


def _unknown(kind: str, name: str, known: list[str]) -> str:
    near = get_close_matches(name.lower(), [each.lower() for each in known], 1)
    meant = next((each for each in known if near and each.lower() == near[0]), None)
    hint = f"did you mean {meant}?" if meant else f"there are {', '.join(known)}"
    return f"there is no {kind} {name!r}; {hint}"


def _printable(text: str) -> str:
    """Other systems' text reaches the terminal without control characters."""
    return "".join(char if char.isprintable() else " " for char in text)


def _json_line(row: dict[str, Any]) -> str:
    import json

    return json.dumps(row, ensure_ascii=False)
