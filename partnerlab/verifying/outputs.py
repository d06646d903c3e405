"""The run written where it was asked for: files, the terminal, and GitHub's log and summary."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from partnerlab.contracts.masking import printable
from partnerlab.contracts.verification.grading import Run
from partnerlab.contracts.verification.report import github
from partnerlab.contracts.verification.report.ctrf import to_ctrf
from partnerlab.contracts.verification.report.document import to_json
from partnerlab.contracts.verification.report.html import to_html
from partnerlab.contracts.verification.report.junit import to_junit
from partnerlab.contracts.verification.report.pack import KeyInvalid, read_private_key, write_pack
from partnerlab.contracts.verification.report.text import summary_lines

__all__ = ["check_writable", "pack_signer", "write_reports"]

WRITERS: Mapping[str, Callable[[Run], str | bytes]] = {
    "html": to_html,
    "junit": to_junit,
    "json_file": to_json,
    "ctrf": to_ctrf,
    "md": github.summary,
}


PACKED = {"report.html": "html", "results.xml": "junit", "run.json": "json_file", "ctrf.json": "ctrf"}
"""The files of a pack, and what writes each."""


def write_reports(run: Run, files: Mapping[str, Any], signer: Any = None) -> None:
    """
    Write what *files* names and say the outcome on stdout; a pack is signed by *signer*.

    Where `GITHUB_ACTIONS` is `true` the log gets annotations, and the file that `GITHUB_STEP_SUMMARY` names a summary.
    Raises `click.FileError` where a file cannot be written.
    """
    on_github = os.environ.get("GITHUB_ACTIONS") == "true"
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() and not on_github else 0
    for line in summary_lines(run, width):
        click.echo(printable(github.harmless(line) if on_github else line))
    if on_github:
        for line in github.annotation_lines(run):
            click.echo(line)
        if target := os.environ.get("GITHUB_STEP_SUMMARY"):
            with open(target, "a", encoding="utf-8") as file:
                file.write(github.summary(run))
    for name, write in WRITERS.items():
        if files.get(name) is not None:
            _write(files[name], write(run))
    if signer is not None:
        packed = {name: _bytes(WRITERS[writer](run)) for name, writer in PACKED.items()}
        _write(files["pack"], write_pack(packed, signer))


def check_writable(files: Mapping[str, Any]) -> None:
    """Raises `click.FileError` where a report that *files* names cannot be written: before the run, not after it."""
    for name in (*WRITERS, "pack"):
        if (path := files.get(name)) is not None:
            new = not path.exists()
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.open("ab").close()
                if new:
                    path.unlink()
            except OSError as error:
                raise click.FileError(str(path), error.strerror or str(error)) from None


def pack_signer(given: Mapping[str, Any]) -> Any:
    """The key that signs the pack, None where none is asked for. Raises `click.UsageError`, `click.BadParameter`."""
    if (given["pack"] is None) != (given["sign_key"] is None):
        raise click.UsageError("--pack and --sign-key go together; `partnerlab report new-key` makes a key")
    if given["sign_key"] is None:
        return None
    try:
        return read_private_key(given["sign_key"].read_bytes())
    except KeyInvalid as error:
        raise click.BadParameter(str(error), param_hint="--sign-key") from None


def _bytes(content: str | bytes) -> bytes:
    return content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content


def _write(path: Path, content: str | bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_bytes(content))
    except OSError as error:
        raise click.FileError(str(path), error.strerror or str(error)) from None
