"""
The revisions of a database's tables: which one a database has, and the way from an older one to the newest.

The way is a folder of Alembic's scripts. They are run where a database is older, and not read otherwise: to import
Alembic takes longer than a start may.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from partnerlab.contracts.database_errors import DatabaseUnusable
from partnerlab.contracts.records import dataclass

if TYPE_CHECKING:
    import sqlalchemy as sa

__all__ = ["DatabaseNewer", "DatabaseUnknown", "History", "missing", "run_scripts"]

BUSY_S = 60
"""How long a process waits for another one that brings the same SQLite file to the newest revision."""
_LACKS = re.compile(r"\Ano such (column|table)|does not exist|\Aduplicate column|already exists")


class DatabaseNewer(DatabaseUnusable):
    """The database was made or changed by a newer release; nothing was changed."""

    def __init__(self, place: str, revision: str, newest: str) -> None:
        super().__init__(
            f"{place} was changed by a newer release of partnerlab: its tables are of revision {revision}, and this"
            f" release knows them up to {newest}. Use that release, or the backup from before."
        )


class DatabaseUnknown(DatabaseUnusable):
    """
    The database is not of a revision that there is a way from; nothing was changed.

    `revision` is the one it keeps, None where it keeps none; `lacks` says what is missing.
    """

    def __init__(self, place: str, revision: str | None, lacks: str) -> None:
        self.revision, self.lacks = revision, lacks
        made = (
            "was made by a version of partnerlab from before its tables had revisions"
            if revision is None
            else f"does not have all that tables of its revision {revision} have"
        )
        super().__init__(
            f"{place} {made}, and cannot be brought to today's ({lacks})."
            " Nothing was changed: delete it, or name another database."
        )


@dataclass(frozen=True, slots=True)
class History:
    """
    The revisions of some tables of a database, with numbers as `0002`.

    `table` is the one in which a database keeps the number of its revision, as Alembic does; `newest` is what this
    release makes; `oldest` what a database is of that keeps none, because it was made before there were any; `scripts`
    is the folder of the way there.
    """

    table: str
    newest: str
    oldest: str
    scripts: Path

    def noting(self) -> tuple[str, ...]:
        """Statements that write down in a new database that it is of the newest revision."""
        key = f"CONSTRAINT {self.table}_pkc PRIMARY KEY (version_num)"
        return (
            f"CREATE TABLE {self.table} (version_num VARCHAR(32) NOT NULL, {key})",
            f"INSERT INTO {self.table} (version_num) VALUES ('{self.newest}')",
        )

    def asking(self) -> str:
        """The statement that reads the number of the revision."""
        return f"SELECT version_num FROM {self.table}"

    def is_newest(self, revision: str, place: str) -> bool:
        """Whether nothing is to be done for a database, which messages call *place*. Raises `DatabaseNewer`."""
        if revision > self.newest:
            raise DatabaseNewer(place, revision, self.newest)
        return revision == self.newest

    def upgrade(self, url: str, revision: str, needed: Mapping[str, Collection[str]]) -> None:
        """
        Bring a database from *revision* to the newest one, all of it or nothing.

        *url* is as SQLAlchemy reads it, *needed* the columns of each table that this release works with; a table that
        is not there yet is made by whoever needs it. Processes that start at once take turns; the second finds it done.

        Raises `DatabaseUnknown` where it keeps no revision and lacks what the scripts change, or where a table lacks a
        column at the end of the way.
        """
        import sqlalchemy as sa
        from alembic import command
        from alembic.config import Config

        sqlite = sa.make_url(url).get_backend_name() == "sqlite"
        # With SQLite the transaction is begun here, for the driver would begin one that a second reader can be in too.
        options = {"connect_args": {"timeout": BUSY_S, "isolation_level": None}} if sqlite else {}
        engine = sa.create_engine(url, poolclass=sa.NullPool, **options)
        try:
            with engine.connect() as connection:
                connection.exec_driver_sql(
                    "BEGIN IMMEDIATE" if sqlite else f"SELECT pg_advisory_xact_lock(hashtext('{self.table}'))"
                )
                config = Config()
                config.set_main_option("script_location", str(self.scripts).replace("%", "%%"))
                config.attributes |= {"connection": connection, "version_table": self.table}
                numbered = sa.inspect(connection).has_table(self.table)
                if not numbered:
                    command.stamp(config, revision)
                try:
                    command.upgrade(config, "head")
                except (sa.exc.OperationalError, sa.exc.ProgrammingError) as error:
                    lacks = str(error.orig).partition("\n")[0]
                    if numbered or not _LACKS.search(lacks):
                        raise
                    raise DatabaseUnknown(sa.make_url(url).render_as_string(), None, lacks) from error
                if lacks := missing(connection, needed):
                    place = sa.make_url(url).render_as_string()
                    raise DatabaseUnknown(place, revision if numbered else None, f"it lacks {lacks}")
                connection.commit()
        finally:
            engine.dispose()


def missing(connection: sa.Connection, needed: Mapping[str, Collection[str]], *, tables: bool = False) -> str:
    """
    The columns that tables which stand do not have, the first five of them by name; empty where they have all.

    With *tables* a table that does not stand is missing, too.
    """
    import sqlalchemy as sa

    found = {name: columns for (_, name), columns in sa.inspect(connection).get_multi_columns().items()}
    lacks = [name for name in sorted(set(needed) - set(found)) if tables]
    lacks += [
        f"{table}.{column}"
        for table in sorted(set(needed) & set(found))
        for column in sorted(set(needed[table]) - {one["name"] for one in found[table]})
    ]
    return ", ".join(lacks[:5]) + (f" and {len(lacks) - 5} more" if len(lacks) > 5 else "")


def run_scripts() -> None:
    """What a folder's `env.py` does: the scripts' statements go where `upgrade` says."""
    from alembic import context

    given = context.config.attributes
    context.configure(connection=given["connection"], version_table=given["version_table"])
    with context.begin_transaction():
        context.run_migrations()
