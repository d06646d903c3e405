"""`partnerlab verify matrix`: which pacts a version of a provider is known to keep."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from importlib.metadata import version as installed
from pathlib import Path

import click

__all__ = ["matrix"]

MARKS = {True: "✓", False: "✗", None: "?"}


@click.command()
@click.option("--provider", default="", help="Only one provider, such as `inhance`.")
@click.option("--version", help="The provider's version.  [default: this installation's]")
@click.option(
    "--record", "recording", is_flag=True, help="Record that it keeps its pacts; needs --provider and --version."
)
@click.option("--broken", is_flag=True, help="With --record: that it does not keep them.")
@click.option(
    "--pacts",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of pact files.  [default: those that are installed]",
)
@click.option(
    "--file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The matrix file.  [default: in the folder of pacts]",
)
def matrix(
    *, provider: str, version: str | None, recording: bool, broken: bool, pacts: Path | None, file: Path | None
) -> None:
    """Say whether a version of a provider may be deployed: whether it is known to keep every pact as it is now.

    What is not known counts as no. The matrix is a file in git, so that no broker is needed.

    \b
    Exit codes: 0 every pact is known to be kept, 1 one is not or is not known, 2 misused.

    \b
    Example:
        partnerlab verify matrix
        partnerlab verify matrix --record --provider inhance --version 7.4
    """
    from partnerlab.contracts.verification.pact import matrix as known

    if broken and not recording:
        raise click.UsageError("--broken: only with --record; without it nothing is written")
    folder = pacts or known.PACTS
    path = file or folder / known.MATRIX.name
    try:
        if recording:
            if not (provider and version):
                raise click.UsageError("--record needs --provider and --version")
            _record(provider, version, holds=not broken, folder=folder, path=path)
        rows = known.read_matrix(path)
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    answers = list(known.can_deploy(version or installed("partnerlab"), rows=rows, folder=folder, provider=provider))
    for one in answers:
        click.echo(f"  {MARKS[one.holds]} {one.provider} for {one.consumer}: {one.reason}")
    if not answers:
        raise click.ClickException(f"there is no pact{f' with {provider}' if provider else ''} in {folder}")
    sys.exit(0 if all(one.holds for one in answers) else 1)


def _record(provider: str, version: str, *, holds: bool, folder: Path, path: Path) -> None:
    import json

    from partnerlab.contracts.verification.pact import matrix as known

    for file in known.pact_files(folder):
        content = file.read_bytes()
        pact = json.loads(content)
        if pact["provider"]["name"] == provider:
            today = datetime.now(UTC).date().isoformat()
            row = known.Row(pact["consumer"]["name"], provider, known.digest(content), version, holds, today)
            known.record(row, path)
