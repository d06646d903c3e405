"""Databases that cannot be used, said in a line before anything is started."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from partnerlab.contracts.database_errors import said_by_database
from partnerlab.simulators.kit.world.store import shown_url

__all__ = ["check_database", "database_errors"]

SQLITE = b"SQLite format 3\0"


def check_database(database: str, *, beside: str = "") -> None:
    """
    Look at a SQLite file before it is opened, and at one beside it, whose name goes on with *beside*.

    *database* is as in `SandboxSettings`: empty, a path or a URL. Raises `click.ClickException`: there is no such
    folder, the file or its folder cannot be written to, or it is no SQLite database.
    """
    path = database.removeprefix("sqlite:///")
    if not path or "://" in path:
        return
    for file in dict.fromkeys((Path(path), Path(f"{path}{beside}"))):
        if problem := _problem(file):
            raise click.ClickException(f"{file}: {problem}")


def _problem(file: Path) -> str:
    if not file.parent.is_dir():
        return f"there is no folder {file.parent}"
    if file.is_dir():
        return "is a folder, not a SQLite file"
    if not os.access(file.parent, os.W_OK):  # SQLite keeps its log beside the file
        return f"the folder {file.parent} cannot be written to"
    if not file.exists():
        return ""
    for way, said in ((os.R_OK, "read"), (os.W_OK, "written to")):
        if not os.access(file, way):
            return f"cannot be {said}"
    with file.open("rb") as stream:
        head = stream.read(len(SQLITE))
    return "" if head in (b"", SQLITE) else "is not a SQLite database"


@contextmanager
def database_errors(database: str) -> Iterator[None]:
    """
    In this block an error of the database ends the command with a line that names it, without its password.

    *database* is named where the error does not name the file itself: a sandbox has two.
    """
    try:
        yield
    except Exception as error:
        said = said_by_database(error)
        if said is None:
            raise
        raise click.ClickException(f"{getattr(error, 'file', '') or shown_url(database)}: {said}") from error
