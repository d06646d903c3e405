"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import click

__all__ = ["OUT", "out", "whole"]

OUT = click.Path(dir_okay=False, allow_dash=True, path_type=Path)
"""The type of an option that names a file for `out`."""


@contextmanager
def whole(path: Path) -> Iterator[IO[bytes]]:
    """
    A file that takes its place when it is whole; after an error or Ctrl-C what was there before is there.

    What is no file, a pipe or a device, is written as it comes. Raises `OSError` that names *path*.
    """
    if path.exists() and not path.is_file():
        with path.open("wb") as stream:
            yield stream
        return
    path = Path(os.path.realpath(path))
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        stream = beside.open("xb")
    except OSError as error:
        raise type(error)(error.errno, error.strerror, str(path)) from error
    try:
        with stream:
            yield stream
        os.replace(beside, path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


@contextmanager
def out(path: Path) -> Iterator[IO[bytes]]:
    """A file as `whole` writes it; `-` is standard output."""
    if str(path) == "-":
        stdout = sys.stdout.buffer
        yield stdout
        stdout.flush()  # a full disk is told, which it is not when the file is closed
        return
    with whole(path) as stream:
        yield stream
