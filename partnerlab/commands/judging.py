"""What `audit` and `reconcile` have in common: where the result goes, and the exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

import click

from partnerlab.contracts.masking import printable
from partnerlab.remote import RemoteUnreachable, print_json

__all__ = ["exit_codes", "judged_options", "show"]

FOUND, UNREACHABLE = 1, 3

judged_options = click.option(
    "--json",
    "json_file",
    metavar="[FILE]",
    is_flag=False,
    flag_value="-",
    help="JSON in place of text, or written to FILE beside it.",
)


def exit_codes(command: Callable[..., bool]) -> Callable[..., None]:
    """Exit 0 where *command* says that all is clean, 1 where not, 3 where nobody answers."""

    @wraps(command)
    def run(*args: Any, **options: Any) -> None:
        try:
            clean = command(*args, **options)
        except RemoteUnreachable as error:
            error.show()
            sys.exit(UNREACHABLE)
        if not clean:
            sys.exit(FOUND)

    return run


def show(json_file: str | None, value: Any, lines: Iterable[str]) -> None:
    """JSON into a file or on stdout; text on stdout unless JSON is there."""
    if json_file == "-":
        print_json(value)
        return
    if json_file:
        text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
        try:
            with open(json_file, "w", encoding="utf-8") as stream:
                stream.write(text)
        except OSError as error:
            raise click.BadParameter(f"{json_file}: {error.strerror}", param_hint="--json") from None
    for line in lines:
        click.echo(printable(line))
