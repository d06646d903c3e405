"""Why a database cannot be a store, and how it is named."""

from __future__ import annotations

from partnerlab.contracts.database_errors import DatabaseUnusable, said_by_database
from partnerlab.contracts.first_use import pattern

__all__ = ["HeldBackLeft", "StoreOutdated", "StoreTaken", "shown_url"]

_PASSWORD = pattern(r"(?<=://)([^:/]*:)[^/]*(?=@)")


def shown_url(url: str) -> str:
    """A database's URL without its password."""
    return _PASSWORD.sub(r"\1***", url)


class HeldBackLeft(DatabaseUnusable):
    """What was held back could not be written at the end, because of *error*: the log beside the file has it."""

    def __init__(self, url: str, error: Exception) -> None:
        place = url.removeprefix("sqlite:///")
        super().__init__(
            f"{place}: not all payments are in the database ({said_by_database(error) or error}); the next start writes"
            f" them from {place}-redo"
        )


class StoreOutdated(DatabaseUnusable):
    """The database was made by another version: `missing` are the columns it lacks, as `table.column`."""

    def __init__(self, url: str, missing: list[str]) -> None:
        self.missing = missing
        named = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
        super().__init__(
            f"{shown_url(url)} was made by another version of partnerlab and lacks {named}."
            " It is not converted: delete it, or name another database."
        )


class StoreTaken(DatabaseUnusable):
    """The file is another process's. Simulators remember lanes of a file, so one process has it at a time."""

    def __init__(self, url: str) -> None:
        super().__init__(
            f"{url.removeprefix('sqlite:///')} is in use by another sandbox; several share one in PostgreSQL"
            " (--db postgresql://…)"
        )
