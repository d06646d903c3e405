"""A PostgreSQL server of one's own, in a folder that goes with it, from the programs on this machine."""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

__all__ = ["postgres_programs", "running_postgres"]

MEMORY = Path("/dev/shm")  # noqa: S108 - where a database is made ten times as fast, in a folder of our own
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
Makes the server, and ends and removes it when its input ends: a program that is killed leaves nothing behind. QUIT
is the immediate shutdown, which waits for nobody and writes nothing: nobody needs the databases again.
"""


def postgres_programs() -> Path | None:
    """The folder of `initdb` and `postgres`, which are on the PATH or where Debian has them; None without them."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += [Path(place) for place in sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)]
    return next((f for f in folders if (f / "initdb").exists() and (f / "postgres").exists()), None)


@contextmanager
def running_postgres(programs: Path) -> Iterator[str]:
    """URL of a server for this block, on a socket alone. Raises `RuntimeError` where it does not start."""
    user = "postgres" if os.geteuid() == 0 else None  # the server refuses to be root
    # Not below a test's own folder: a socket's path may have a hundred characters.
    home = Path(tempfile.mkdtemp(prefix="partnerlab-pg-", dir=MEMORY if _has_room(MEMORY) else None))
    if user is not None:
        shutil.chown(home, user)
    with tempfile.TemporaryFile() as log:
        keeper = subprocess.Popen(  # noqa: S603 - the programs that were found
            ["/bin/sh", "-c", KEEPER, str(programs), str(home)],
            user=user,
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for us
        )
        assert keeper.stdin is not None
        try:
            url = f"postgresql://postgres@/postgres?host={home}"
            _wait(url, keeper, log)
            yield url
        finally:
            keeper.stdin.close()
            keeper.wait(timeout=200)


def _has_room(folder: Path) -> bool:
    return os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > ROOM


def _wait(url: str, keeper: subprocess.Popen[bytes], log: IO[bytes]) -> None:
    import psycopg

    ends = time.monotonic() + 120
    while True:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError as error:
            if keeper.poll() is not None or time.monotonic() > ends:
                log.seek(0)
                raise RuntimeError(log.read().decode("utf-8", "replace")) from error
            time.sleep(0.05)
        else:
            return
