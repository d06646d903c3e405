"""A PostgreSQL server for tests: the one `PARTNERLAB_TEST_POSTGRES` names, or their own from the programs here."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
import sqlalchemy as sa

from partnerlab.postgres import postgres_programs
from partnerlab.postgres import running_postgres as server_of

VARIABLE = "PARTNERLAB_TEST_POSTGRES"


@contextmanager
def running_postgres() -> Iterator[str]:
    """URL of a server on which databases may be made. Skips the test where there is neither URL nor programs."""
    if url := os.environ.get(VARIABLE):
        yield url
        return
    programs = postgres_programs()
    if programs is None:
        pytest.skip(f"neither {VARIABLE} nor the programs of a PostgreSQL server")
    with server_of(programs) as url:
        yield url


def new_database(url: str, *, like: str | None = None, locale: str | None = None) -> str:
    """
    URL of a new database on that server: empty, or a copy of the one of that URL, to which nobody is connected.

    With *locale*, `en-US` say, an empty one whose text is ordered as ICU does there; a server before 15 has none.
    """
    name = f"test_{uuid.uuid4().hex}"
    original = sa.make_url(like).database if like else "template1"
    with psycopg.connect(url, autocommit=True) as connection:
        if locale is not None:
            if connection.info.server_version < 150000:
                pytest.skip("a server before PostgreSQL 15 has no database of an ICU locale")
            made = f"LOCALE_PROVIDER icu ICU_LOCALE '{locale}' ENCODING 'UTF8' TEMPLATE template0"
            connection.execute(f'CREATE DATABASE "{name}" {made}'.encode())
            return sa.make_url(url).set(database=name).render_as_string(hide_password=False)
        copied = " STRATEGY FILE_COPY" if connection.info.server_version >= 150000 else ""  # as all did before
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{original}"{copied}'.encode())
    return sa.make_url(url).set(database=name).render_as_string(hide_password=False)


def drop_database(url: str, database: str) -> None:
    """Remove one that `new_database` made on the server of *url*, whoever is still connected to it."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{sa.make_url(database).database}" WITH (FORCE)'.encode())
