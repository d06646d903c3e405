"""The biller of a command that names an account or an invoice: by default the one that has it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypeVar

import click

from partnerlab.contracts.paths import at
from partnerlab.remote import Remote, RemoteMissing

__all__ = ["biller_of", "biller_of_file", "whose_option"]

Kind = Literal["account", "invoice"]
Decorated = TypeVar("Decorated", bound=Callable[..., Any])
MOST_HEAD = 4_096
PATHS = {"account": "/_sandbox/ic/customers/{}", "invoice": "/_sandbox/ic/invoices/{}"}


def whose_option(kind: Kind) -> Callable[[Decorated], Decorated]:
    """The option `--biller` of a command that is about one account or invoice."""
    return click.option(
        "--biller", default="", help=f"The biller: its partner or BillerGUID.  [default: the one that has the {kind}]"
    )


def biller_of(remote: Remote, name: str, kind: Kind, number: str) -> dict[str, Any]:
    """
    The lane's biller of that name, or, where it is empty, the one that has the account or invoice.

    Where no biller has it, it is that of inHance v2: what is asked of it is refused in words.

    Raises:
        click.BadParameter: there is no such biller, or several have that number.
    """
    if name:
        return remote.biller(name)
    billers: list[dict[str, Any]] = remote.get("/_sandbox/ic/billers")["billers"]
    found = [row for row in billers if _has(remote, kind, number, row["guid"])]
    if len(found) > 1:
        partners = ", ".join(row["partner"] for row in found)
        raise click.BadParameter(f"{number} is an {kind} of several: {partners}; say which", param_hint="--biller")
    return found[0] if found else _else(billers)


def biller_of_file(remote: Remote, file: Path) -> dict[str, Any]:
    """
    The lane's biller whose BillerGUID stands in the first line of a bill file, of a .csv that of WaterSmart.

    Where there is none, it is that of inHance v2: Invoice Cloud says what is wrong with the file.
    """
    billers: list[dict[str, Any]] = remote.get("/_sandbox/ic/billers")["billers"]
    if file.suffix.lower() == ".csv":
        found = [row for row in billers if row["partner"] == "watersmart"]
    else:
        with file.open("rb") as stream:
            head = stream.readline(MOST_HEAD).decode("utf-8", "replace").lower()
        found = [row for row in billers if row["guid"] in head]
    return found[0] if found else _else(billers)


def _else(billers: list[dict[str, Any]]) -> dict[str, Any]:
    return next((row for row in billers if row["partner"] == "inhance_v2"), billers[0])


def _has(remote: Remote, kind: Kind, number: str, biller_guid: str) -> bool:
    try:
        remote.get(at(PATHS[kind], number), biller_guid=biller_guid)
    except RemoteMissing:
        return False
    return True
