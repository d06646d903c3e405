"""Databases that cannot be used, said in a line before anything is started."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

__all__ = ["check_database", "database_errors"]

SQLITE = b"SQLite format 3\0"


def check_database(database: str) -> None:
    """
    Look at a SQLite file, and at the data pump's beside it, before they are opened.

    *database* is as in `SandboxSettings`: empty, a path or a URL. Raises `click.ClickException`: there is no such
    folder, it is none of ours to write, or it is no SQLite database.
    """
    path = database.removeprefix("sqlite:///")
    if not path or "://" in path:
        return
    for file in (Path(path), Path(f"{path}.pump")):
        if problem := _problem(file):
            raise click.ClickException(f"{file}: {problem}")


def _problem(file: Path) -> str:
    if not file.parent.is_dir():
        return f"there is no folder {file.parent}"
    if file.is_dir():
        return "is a folder, not a SQLite file"
    if not file.exists():
        return "" if os.access(file.parent, os.W_OK) else f"the folder {file.parent} cannot be written to"
    if not os.access(file, os.R_OK | os.W_OK):
        return "cannot be read and written"
    with file.open("rb") as stream:
        head = stream.read(len(SQLITE))
    return "" if head in (b"", SQLITE) else "is not a SQLite database"


@contextmanager
def database_errors(database: str) -> Iterator[None]:
    """In this block an error of the database ends the command with a line that names it, without its password."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError, DBAPIError

    try:
        yield
    except DBAPIError as error:
        shown = make_url(database).render_as_string() if "://" in database else database
        raise click.ClickException(f"{shown}: {_first_line(error.orig or error)}") from error
    except ArgumentError as error:
        raise click.ClickException(f"the database is not a SQLite file or a postgresql:// URL: {error}") from error


def _first_line(error: BaseException) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
