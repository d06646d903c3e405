"""`partnerlab report`: compare two reports of verification, check a signed pack of them."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from partnerlab.command_group import Group
from partnerlab.contracts.masking import printable

if TYPE_CHECKING:
    from partnerlab.contracts.verification.grading import Run

__all__ = ["command"]

REGRESSION = 3
REPORT = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group(cls=Group)
def command() -> None:
    """Reports of `partnerlab verify`: compare two, check a signed pack.

    \b
    Example:
        partnerlab report compare monday.json friday.json
    """


@command.command()
@click.argument("old", type=REPORT)
@click.argument("new", type=REPORT)
def compare(old: Path, new: Path) -> None:
    """Say what changed from the run in OLD to the run in NEW.

    Exit code 0: nothing got worse; 3: what passed before fails now, or is not looked at any more; 2: the two cannot be
    compared, as they are of different subjects, or one is no report or graded nothing.

    \b
    Example:
        partnerlab report compare monday.json friday.json
    """
    from partnerlab.contracts.verification.report.compare import NotComparable
    from partnerlab.contracts.verification.report.compare import compare as compared

    try:
        changes = compared(_read(old), _read(new))
    except NotComparable as error:
        raise click.UsageError(printable(str(error))) from None
    for change in changes:
        mark = "✗ worse " if change.is_regression else "✓ better" if change.is_better else "- other "
        before = change.before.value if change.before else "absent"
        after = change.after.value if change.after else "absent"
        click.echo(printable(f"{mark} {change.id}: {before}, now {after}. {change.sentence}"))
    worse = sum(change.is_regression for change in changes)
    click.echo(f"{worse} worse, {sum(change.is_better for change in changes)} better, {len(changes)} changed.")
    sys.exit(REGRESSION if worse else 0)


@command.command()
@click.argument("pack", type=REPORT)
@click.option("--key", type=REPORT, required=True, help="The public key of whoever signed it, PEM.")
@click.option("--extract", type=click.Path(file_okay=False, path_type=Path), help="Write its files into this folder.")
def check(pack: Path, key: Path, extract: Path | None) -> None:
    """Check offline that PACK is whole, and signed by the owner of the key.

    Exit code 0: it is; 1: it is not.

    \b
    Example:
        partnerlab report check run.pack --key partner.pub
    """
    from partnerlab.contracts.verification.report.pack import KeyInvalid, PackInvalid, check_pack, read_public_key

    try:
        files = check_pack(pack.read_bytes(), read_public_key(key.read_bytes()))
    except KeyInvalid as error:
        raise click.BadParameter(f"{key}: {error}", param_hint="--key") from None
    except PackInvalid as error:
        raise click.ClickException(printable(f"{pack}: {error}")) from None
    for name, content in files.items():
        click.echo(f"{name}  {len(content):,} bytes")
        if extract is not None:
            extract.mkdir(parents=True, exist_ok=True)
            (extract / Path(name).name).write_bytes(content)
    click.echo(f"{pack} is whole, and signed by this key.")


@command.command("new-key")
@click.argument("private", type=click.Path(dir_okay=False, path_type=Path))
def new_key(private: Path) -> None:
    """Make a key pair for packs: PRIVATE, to be kept, and beside it PRIVATE.pub, to be given away.

    \b
    Example:
        partnerlab report new-key verify.pem
    """
    from partnerlab.contracts.verification.report.pack import new_key as made

    secret, public = made()
    try:
        with open(private, "xb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(secret)
        private.with_name(f"{private.name}.pub").write_bytes(public)
    except OSError as error:
        raise click.FileError(str(private), error.strerror or str(error)) from None
    click.echo(f"{private} signs, {private}.pub checks.")


def _read(path: Path) -> Run:
    from partnerlab.contracts.verification.report.document import DocumentInvalid, read_json

    try:
        return read_json(path.read_bytes())
    except DocumentInvalid as error:
        raise click.UsageError(printable(f"{path}: {error}")) from None
