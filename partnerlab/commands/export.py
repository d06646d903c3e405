"""`partnerlab export`: what Invoice Cloud sends to a partner, as files in a folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from partnerlab.client.exports import place_file
from partnerlab.command_group import refuse_typed
from partnerlab.contracts.paths import at
from partnerlab.remote import Remote, biller_option, connect, lane_options

KINDS = ("payments", "changes", "rejects")


@click.command()
@click.argument("kind", type=click.Choice(KINDS))
@biller_option("watersmart")
@click.option(
    "--out",
    "folder",
    required=True,
    type=click.Path(exists=True, file_okay=False, writable=True, path_type=Path),
    help="Folder to write the files to.",
)
@click.option("--split", is_flag=True, help="Payments: a file each for Amex, other cards and banks.")
@click.option("--batch", type=click.IntRange(1), help="Write this earlier batch again, byte for byte: its WSReportID.")
@lane_options
@click.pass_context
def command(
    context: click.Context,
    kind: str,
    biller: str,
    folder: Path,
    *,
    split: bool,
    batch: int | None,
    url: str,
    lane: str,
) -> None:
    """Write what Invoice Cloud has for a partner since the last export, and print the files' names, one a line.

    Each payment, change and return stands in exactly one batch. An export that broke off is finished first. Where
    nothing waits, nothing is written, and that is said on stderr.

    \b
    Example:
        partnerlab export payments --biller watersmart --out . --split
    """
    if split and kind != "payments":
        raise click.UsageError(f"--split is for payments; {kind} are one file")
    remote = connect(url, lane).in_this_world()  # a batch of the next world may have the number of one of this
    if batch is not None:
        refuse_typed(context, ("split",), "--batch writes a batch again as it was")
        made = remote.get(at("/_sandbox/ic/exports/{}", batch))
        if made["kind"] != kind:
            raise click.BadParameter(f"batch {batch} is one of {made['kind']}", param_hint="--batch")
        typed = context.get_parameter_source("biller") is not ParameterSource.DEFAULT
        if typed and made["biller_guid"] != remote.biller(biller)["guid"]:
            raise click.BadParameter(f"batch {batch} is another biller's than {biller}'s", param_hint="--batch")
        _place(remote, made, folder)
        return
    guid = remote.biller(biller)["guid"]
    none = True
    for export in _waiting(remote, guid, kind):
        _deliver(remote, export, folder)
        none = False
    made = remote.patient().post("/_sandbox/ic/exports", {"kind": kind, "split": split, "biller_guid": guid})["export"]
    if made is not None:
        _deliver(remote, made, folder)
    elif none:
        click.echo(f"Invoice Cloud has no new {kind} for {biller}", err=True)


def _waiting(remote: Remote, guid: str, kind: str) -> Iterator[dict[str, Any]]:
    """Batches that were made and whose files nobody has said to have."""
    after = 0
    while found := remote.get("/_sandbox/ic/exports", biller_guid=guid, kind=kind, waiting="true", after=after)[
        "exports"
    ]:
        yield from found
        after = found[-1]["report_id"]


def _deliver(remote: Remote, export: dict[str, Any], folder: Path) -> None:
    _place(remote, export, folder)
    whose = {"biller_guid": export["biller_guid"], "world": export["world"]}
    remote.post(at("/_sandbox/ic/exports/{}/delivered", export["report_id"]), whose)


def _place(remote: Remote, export: dict[str, Any], folder: Path) -> None:
    for file in export["files"]:
        path = at("/_sandbox/ic/exports/{}/files/{}", export["report_id"], file["name"])
        try:
            place_file(folder, file["name"], _pages(remote, path))
        except OSError as error:
            raise click.ClickException(str(error)) from error
        click.echo(file["name"])
    for warning in export["warnings"]:
        part = f"{warning['part']} file, " if warning["part"] else ""
        click.echo(
            f"note: {part}row {warning['row']}, column {warning['column']}, {warning['field']}: {warning['rule']}",
            err=True,
        )


def _pages(remote: Remote, path: str) -> Iterator[bytes]:
    page: int | None = 0
    while page is not None:
        answer = remote.get(path, page=page)
        yield answer["content"].encode()
        page = answer["next"]
