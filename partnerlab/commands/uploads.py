"""`partnerlab uploads`: the files that Invoice Cloud was sent, what was wrong in them, and those that wait."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from partnerlab.atomic_files import whole
from partnerlab.command_group import Group
from partnerlab.contracts.masking import printable
from partnerlab.contracts.paths import at
from partnerlab.moments import moment
from partnerlab.output import tell
from partnerlab.output import upload as told_of
from partnerlab.remote import Remote, connect, json_option, lane_options, print_json


@click.group(cls=Group)
def command() -> None:
    """The files that partners sent to Invoice Cloud.

    \b
    Example:
        partnerlab uploads list
    """


@command.command(name="list")
@click.option("--biller", default="", help="Only one biller: its partner or BillerGUID.")
@json_option
@lane_options
def list_(biller: str, *, as_json: bool, url: str, lane: str) -> None:
    """List the files with their state and counts, the oldest first.

    \b
    Example:
        partnerlab uploads list --biller watersmart
    """
    remote = connect(url, lane)
    guid = remote.biller(biller)["guid"] if biller else None
    found = _every(remote, "/_sandbox/ic/uploads", "uploads", "upload_id", biller_guid=guid)
    if as_json:
        print_json(list(found))
        return
    none = True
    for row in found:
        none = False
        counts = f"{row['accepted']} accepted, {row['rejected']} rejected"
        line = f"{row['upload_id']}  {moment(row['received_at'])}  {row['state']:<9}  {counts}  {row['file_name']}"
        click.echo(printable(f"{line}  {row['message']}".rstrip()))
    if none:
        click.echo(f"Invoice Cloud was sent no file{' for that biller' if biller else ''}", err=True)


@command.command()
@click.argument("upload_id")
@click.option(
    "--quarantine",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write what is quarantined to FILE, to be corrected and sent again.",
)
@json_option
@lane_options
def show(upload_id: str, quarantine: Path | None, url: str, lane: str, *, as_json: bool) -> None:
    """Show a file's report: counts, notes, problems by line and column, and what a balance file did.

    \b
    Example:
        partnerlab uploads show U00000001 --quarantine mend.csv
    """
    remote = connect(url, lane)
    path = at("/_sandbox/ic/uploads/{}", upload_id)
    report = remote.get(path)
    report["problems"] = list(_every(remote, f"{path}/problems", "problems", "position"))
    report["adjustments"] = list(_every(remote, f"{path}/adjustments", "adjustments", "position"))
    if quarantine is not None:
        with whole(quarantine) as stream:
            for text in _pages(remote, f"{path}/quarantine"):
                stream.write(text.encode())
    tell(report, [*told_of(report), *map(_adjusted, report["adjustments"])], as_json=as_json)


@command.command()
@click.argument("upload_id")
@json_option
@lane_options
def accept(upload_id: str, url: str, lane: str, *, as_json: bool) -> None:
    """Load a file that waits for a person because its rows came before and add to balances.

    \b
    Example:
        partnerlab uploads accept U00000003
    """
    done = connect(url, lane).patient().post(at("/_sandbox/ic/uploads/{}/accept", upload_id))
    tell(done, _counted(done), as_json=as_json)


@command.command()
@click.argument("upload_id")
@json_option
@lane_options
def dismiss(upload_id: str, url: str, lane: str, *, as_json: bool) -> None:
    """Dismiss a file that waits for a person; nothing of it is applied.

    \b
    Example:
        partnerlab uploads dismiss U00000003
    """
    done = connect(url, lane).post(at("/_sandbox/ic/uploads/{}/dismiss", upload_id))
    tell(done, _counted(done), as_json=as_json)


def _counted(row: dict[str, Any]) -> list[str]:
    return told_of({"problems": (), **row})


def _adjusted(row: dict[str, Any]) -> str:
    account, before, after = row["account_number"], row["before"], row["after"]
    return f"  line {row['line']}: {row['effect']} {row['amount']} USD on {account}, {before} before, {after} after"


def _every(remote: Remote, path: str, name: str, key: str, **query: Any) -> Iterator[dict[str, Any]]:
    after: Any = None
    while found := remote.get(path, after=after, limit=1000, **query)[name]:
        yield from found
        after = found[-1][key]


def _pages(remote: Remote, path: str) -> Iterator[str]:
    page: int | None = 0
    while page is not None:
        answer = remote.get(path, page=page)
        yield answer["content"]
        page = answer["next"]
