"""A PostgreSQL server for tests: the one `PARTNERLAB_TEST_POSTGRES` names, or their own from the programs here."""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import psycopg
import pytest
import sqlalchemy as sa

VARIABLE = "PARTNERLAB_TEST_POSTGRES"
MEMORY = Path("/dev/shm")  # where a database is made ten times as fast
ROOM = 2 << 30
KEEPER = """
trap 'rm -rf "$1"' EXIT
"$0/initdb" -A trust -U postgres -D "$1/data" --no-sync || exit
"$0/postgres" -D "$1/data" -k "$1" -c listen_addresses= -c max_connections=200 -c autovacuum=off \\
    -c fsync=off -c synchronous_commit=off -c full_page_writes=off &
read -r _
kill -QUIT $!
wait $!
"""
"""
Makes the server, and ends and removes it when its input ends: a test run that is killed leaves nothing behind. QUIT
is the immediate shutdown, which waits for nobody and writes nothing: nobody needs the databases again.
"""


@contextmanager
def running_postgres() -> Iterator[str]:
    """URL of a server on which databases may be made. Skips the test where there is neither URL nor programs."""
    if url := os.environ.get(VARIABLE):
        yield url
        return
    programs = _programs()
    if programs is None:
        pytest.skip(f"neither {VARIABLE} nor the programs of a PostgreSQL server")
    user = "postgres" if os.geteuid() == 0 else None  # the server refuses to be root
    # Not below pytest's own folder: a socket's path may have a hundred characters.
    home = Path(tempfile.mkdtemp(prefix="partnerlab-pg-", dir=MEMORY if _has_room(MEMORY) else None))
    if user is not None:
        shutil.chown(home, user)
    with tempfile.TemporaryFile() as log:
        keeper = subprocess.Popen(
            ["sh", "-c", KEEPER, str(programs), str(home)],
            user=user,
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for the tests
        )
        assert keeper.stdin is not None
        try:
            url = f"postgresql://postgres@/postgres?host={home}"
            _wait(url, keeper, log)
            yield url
        finally:
            keeper.stdin.close()
            keeper.wait(timeout=200)


def new_database(url: str, *, like: str | None = None) -> str:
    """URL of a new database on that server: empty, or a copy of the one of that URL, to which nobody is connected."""
    name = f"test_{uuid.uuid4().hex}"
    original = sa.make_url(like).database if like else "template1"
    with psycopg.connect(url, autocommit=True) as connection:
        copied = " STRATEGY FILE_COPY" if connection.info.server_version >= 150000 else ""  # as all did before
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{original}"{copied}'.encode())
    return sa.make_url(url).set(database=name).render_as_string(hide_password=False)


def drop_database(url: str, database: str) -> None:
    """Remove one that `new_database` made on the server of *url*, whoever is still connected to it."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{sa.make_url(database).database}" WITH (FORCE)'.encode())


def _has_room(folder: Path) -> bool:
    return os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > ROOM


def _programs() -> Path | None:
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += [Path(place) for place in sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)]
    return next((f for f in folders if (f / "initdb").exists() and (f / "postgres").exists()), None)


def _wait(url: str, keeper: subprocess.Popen[bytes], log: IO[bytes]) -> None:
    ends = time.monotonic() + 120
    while True:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            log.seek(0)
            said = log.read().decode("utf-8", "replace")
            assert keeper.poll() is None, said
            assert time.monotonic() < ends, said
            time.sleep(0.05)
        else:
            return
