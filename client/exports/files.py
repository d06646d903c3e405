"""A file's name, and how it comes into a folder: whole or not at all, and never over another."""

from __future__ import annotations

import filecmp
import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from partnerlab.contracts.files.csv import load_table

__all__ = ["FileStands", "export_name", "place_file"]


class FileStands(OSError):
    """Another file of that name, with other content, stands in the folder; it was not touched."""


def export_name(kind: str, at: datetime, zone: ZoneInfo, *, part: str = "") -> str:
    """
    The name of a file that is made at *at* (aware), as in `ICPayments_20260915140509.csv`.

    Args:
        kind: `payments`, `changes` or `rejects`.
        part: `amex`, `card` or `bank` of a split payment file.
    Raises:
        KeyError: There is no such part.
    """
    table = load_table(f"watersmart_{kind}")
    local = at.astimezone(zone)
    return f"{table.split[part] if part else table.file_name}{local.year:04}{local:%m%d%H%M%S}.csv"


def place_file(folder: Path, name: str, content: Iterable[bytes]) -> Path:
    """
    Put a file into a folder under its final name; who lists the folder sees it whole or not at all.

    The same content under the same name is done already, so an export that was cut off can simply be run again. The
    content is on the disk when this returns.

    Raises:
        FileStands: A file of that name with other content is there.
        OSError: The folder cannot be written to; nothing stands under the name.
    """
    target = folder / name
    handle, path = tempfile.mkstemp(dir=folder, prefix=f".{name}.", suffix=".part")
    waiting = Path(path)
    try:
        with os.fdopen(handle, "wb") as stream:
            for block in content:
                stream.write(block)
            stream.flush()
            os.fsync(stream.fileno())
        _link(waiting, target)
    finally:
        with suppress(FileNotFoundError):
            waiting.unlink()
    _sync_folder(folder)
    return target


def _link(waiting: Path, target: Path) -> None:
    try:
        os.link(waiting, target)  # unlike a rename, it never replaces
    except FileExistsError:
        if not filecmp.cmp(waiting, target, shallow=False):
            raise FileStands(f"{target} stands already and has other content") from None


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
