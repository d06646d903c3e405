"""
Checking a bill file: the report, without its values; a large file in two processes where there are two cores (`apart`).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from os import PathLike
from pathlib import Path

from partnerlab.contracts.files.layout import Layout
from partnerlab.contracts.files.lines import Source
from partnerlab.contracts.files.problems import FileRejected, Quarantined, Report
from partnerlab.contracts.files.reader import Reading
from partnerlab.contracts.first_use import importing

__all__ = ["check"]

LEAST = 32 << 20
"""Bytes of a file that is checked in two processes without being asked: below it the second one gains too little."""


def check(
    source: Source,
    layout: Layout,
    *,
    strict: bool = False,
    on_quarantine: Callable[[Quarantined], None] | None = None,
    progress: Callable[[int], None] | None = None,
    processes: int | None = None,
) -> Report:
    """
    The report on a file, rejected or not; the file is read to its end.

    Args:
        progress: Is told the bytes read so far, from the beginning again where the parts cannot tell of the file.
        processes: How many check a file that is given by its path. None: two where there are two cores and the file
            has 32 MB or more, else one.
    Raises:
        PartLost: One of these processes ended early, as one that was killed; the file can be checked again.
    """
    if isinstance(source, (str, PathLike)):
        size = os.stat(source).st_size
        count = _processes(size) if processes is None else processes
        if count > 1 and _can_start() and (path := _path_for_all(source)):
            with importing:
                from partnerlab.contracts.files.apart import check_in_parts  # only here: a start needs no processes

            report = check_in_parts(path, size, layout, count, strict=strict, progress=progress)
            if report is not None:
                for broken in report.quarantine if on_quarantine is not None else ():
                    on_quarantine(broken)  # type: ignore[misc]
                return report
    reading = Reading(source, layout, strict=strict, on_quarantine=on_quarantine, progress=progress, values=False)
    try:
        for _ in reading:
            pass
    except FileRejected as rejected:
        return rejected.report
    return reading.report


def _processes(size: int) -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return 2 if size >= LEAST and cores > 1 else 1


def _path_for_all(path: str | PathLike[str]) -> str:
    """The path of a regular file as any process can open it; empty where none can, as a pipe or a deleted file."""
    real = os.fsdecode(os.path.realpath(path))  # /dev/stdin is another file in another process
    return real if os.path.isfile(real) and os.path.samefile(real, path) else ""


def _can_start() -> bool:
    """Whether this program is Python and not one that Python is built into."""
    if getattr(sys, "frozen", False):
        return False
    return bool(sys.executable) and Path(sys.executable).name.lower().startswith(("python", "pypy"))
