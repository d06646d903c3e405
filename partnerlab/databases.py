"""
Databases that cannot be used: how every command says so, in a line before anything is started.

It exits with 1, whatever is wrong with the database (`docs/sandbox.md` lists what may be), and with 2 only where what
it was given is the name of none.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Literal

import click

from partnerlab.contracts.database_errors import DatabaseUnusable, said_by_database
from partnerlab.contracts.first_use import pattern
from partnerlab.simulators.kit.world.store import shown_url

__all__ = ["check_database", "database_errors", "what_is_wrong"]

SQLITE = b"SQLite format 3\0"
Owner = Literal["sandbox", "data pump"]
OWNERS: dict[Owner, set[str]] = {
    "sandbox": {"lanes", "world_revision"},
    "data pump": {"pump_deliveries", "pump_revision"},
}
"""Whose database it is that has one of these tables."""
_SERVERS = pattern(
    r"postgres(ql)?(\+psycopg)?://([^/?#]*@)?((\[[^\]/]*\]|[^:,@/?#\[\]]*)(:\d*)?(,|(?=[/?#])|\Z))*([/?#]|\Z)"
)
"""As libpq reads it: several servers, each with its port, are one database."""


def check_database(database: str, owner: Owner, *, made: bool = True) -> None:
    """
    Look at a database's name, and at *owner*'s SQLite file before it is opened; a sandbox has its pump's beside it.

    *database* is as in `SandboxSettings`: empty, a path or a URL.

    Raises:
        click.ClickException: There is no such folder; the file or its folder cannot be written to; it is no SQLite
            database; it holds what is not *owner*'s; or it is not there and would not be *made*.
        click.UsageError: No database has that name.
    """
    path = database.removeprefix("sqlite:///")
    if not path:
        return
    try:
        path.encode()
    except UnicodeEncodeError:
        raise click.UsageError(f"{path!a}: the name of a database must be UTF-8") from None
    if "://" in path:
        if not _SERVERS.match(path):
            raise click.UsageError(
                f"{shown_url(path)}: a database is a SQLite file or postgresql://USER@HOST:PORT/NAME"
            )
        return
    Path(path).absolute()  # raises `FileNotFoundError` before anything is made where the current folder was deleted
    files: dict[Path, Owner] = {Path(path): owner}
    if owner == "sandbox":
        files[Path(f"{path}.pump")] = "data pump"
    for file, holder in files.items():
        if problem := _problem(file, holder, made=made):
            raise click.ClickException(f"{file}: {problem}")


def _problem(file: Path, owner: Owner, *, made: bool) -> str:
    if not file.parent.is_dir():
        return f"there is no folder {file.parent}"
    if file.is_dir():
        return "is a folder, not a SQLite file"
    if not os.access(file.parent, os.W_OK):  # SQLite keeps its log beside the file
        return f"the folder {file.parent} cannot be written to"
    if not file.exists():
        return "" if made else "there is no such file"
    for way, said in ((os.R_OK, "read"), (os.W_OK, "written to")):
        if not os.access(file, way):
            return f"cannot be {said}"
    with file.open("rb") as stream:
        head = stream.read(len(SQLITE))
    if head not in (b"", SQLITE):
        return "is not a SQLite database"
    return _problem_of_owner(file, owner)


def _problem_of_owner(file: Path, owner: Owner) -> str:
    """Whose the file is, where that is not *owner*: its tables would be made among the others."""
    tables: set[str] = set()
    # As it stands, without the log beside it: nothing is locked, and nothing left behind. A file that cannot be read
    # so is left to who opens it.
    address = f"{file.absolute().as_uri()}?immutable=1"
    with suppress(sqlite3.Error), closing(sqlite3.connect(address, uri=True)) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not tables or tables & OWNERS[owner]:
        return ""
    found = next((f"a {other}" for other, theirs in OWNERS.items() if tables & theirs), "another program")
    beside = file.with_name(f"{file.name}.pump")
    hint = f"; its data pump's is {beside}" if found == "a sandbox" and beside.exists() else ""
    return f"is the database of {found}, not of a {owner}{hint}"


@contextmanager
def database_errors(database: str) -> Iterator[None]:
    """
    In this block an error of the database ends the command with a line that names it, without its password.

    *database* is named where the error does not name the file itself: a sandbox has two.
    """
    try:
        yield
    except Exception as error:
        if (wrong := what_is_wrong(error, database)) is None:
            raise
        raise click.ClickException(wrong) from error


def what_is_wrong(error: Exception, database: str) -> str | None:
    """Which database cannot be used, and why, in a line without its password; None for any other error."""
    if isinstance(error, DatabaseUnusable):
        return str(error)
    said = said_by_database(error)
    return None if said is None else f"{getattr(error, 'file', '') or shown_url(database)}: {said}"
