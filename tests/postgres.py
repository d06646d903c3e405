"""A PostgreSQL server for tests: the one `PARTNERLAB_TEST_POSTGRES` names, or their own from the programs here."""

from __future__ import annotations

import glob
import os
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

VARIABLE = "PARTNERLAB_TEST_POSTGRES"
MEMORY = Path("/dev/shm")  # where a database is made ten times as fast
ROOM = 2 << 30


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
    try:
        if user is not None:
            shutil.chown(home, user)
        data = home / "data"
        options = ["-A", "trust", "-U", "postgres", "-D", str(data), "--no-sync"]
        subprocess.run([programs / "initdb", *options], check=True, user=user, capture_output=True, cwd=home)
        settings = ["listen_addresses=", "max_connections=200", "autovacuum=off"]
        settings += ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]  # nobody needs it after a crash
        arguments = [part for setting in settings for part in ("-c", setting)]
        with (home / "log").open("wb") as log:
            server = subprocess.Popen(
                [programs / "postgres", "-D", str(data), "-k", str(home), *arguments],
                user=user,
                cwd=home,
                stdout=log,
                stderr=log,
            )
        try:
            url = f"postgresql://postgres@/postgres?host={home}"
            _wait(url, home / "log")
            yield url
        finally:
            server.send_signal(signal.SIGINT)  # fast: it does not wait for who is still connected
            server.wait(timeout=20)
    finally:
        shutil.rmtree(home, ignore_errors=True)


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


def _wait(url: str, log: Path) -> None:
    ends = time.monotonic() + 30
    while True:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            assert time.monotonic() < ends, log.read_text("utf-8", "replace")
            time.sleep(0.05)
        else:
            return
