"""The pool of connections that engine and pump share."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from partnerlab.client.datapump import sqlite
from partnerlab.contracts.sqlite_files import prepare

__all__ = ["create_database"]

POOL = 20


def create_database(url: str, *, memory: bool = False) -> sa.Engine:
    """
    A pool on `sqlite:///file.db` or `postgresql://…`; with *memory* also on `sqlite://`, gone when it is disposed of.

    Raises `ValueError` for anything else.
    """
    parsed = sa.make_url(url)
    size = POOL
    match parsed.get_backend_name():
        case "sqlite":
            if parsed.database not in (None, "", ":memory:"):
                prepare(parsed.database)
            elif memory:
                size = 1  # there is one connection: who needs it waits for it
            else:
                raise ValueError(f"{url}: the data pump keeps what it accepts; give it a file or PostgreSQL")
            options: dict[str, Any] = {
                "connect_args": {"factory": sqlite.Connection, "check_same_thread": False},
                "poolclass": sa.QueuePool,
            }
        case "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
            options = {"pool_pre_ping": True}
        case other:
            raise ValueError(f"{other}: the data pump keeps its deliveries in SQLite or PostgreSQL")
    return sa.create_engine(parsed, pool_size=size, max_overflow=0, pool_timeout=60, hide_parameters=True, **options)
