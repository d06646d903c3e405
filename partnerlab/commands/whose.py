"""The biller of a command that names an account or an invoice: by default the one that has it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeVar

import click

from partnerlab.contracts.paths import at
from partnerlab.remote import Remote, RemoteMissing

__all__ = ["biller_of", "whose_option"]

Kind = Literal["account", "invoice"]
Decorated = TypeVar("Decorated", bound=Callable[..., Any])
PATHS = {"account": "/_sandbox/ic/customers/{}", "invoice": "/_sandbox/ic/invoices/{}"}


def whose_option(kind: Kind) -> Callable[[Decorated], Decorated]:
    """The option `--biller` of a command that is about one account or invoice."""
    return click.option(
        "--biller", default="", help=f"The biller: its partner or BillerGUID.  [default: the one that has the {kind}]"
    )


def biller_of(remote: Remote, name: str, kind: Kind, number: str) -> dict[str, Any]:
    """
    The lane's biller of that name, or, where it is empty, the one that has the account or invoice.

    Where no biller has it, it is the first: what is asked of that is refused in words.

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
    return (found or billers)[0]


def _has(remote: Remote, kind: Kind, number: str, biller_guid: str) -> bool:
    try:
        remote.get(at(PATHS[kind], number), biller_guid=biller_guid)
    except RemoteMissing:
        return False
    return True
