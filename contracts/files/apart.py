"""
A large bill file checked by several processes, each a part of it.

The file is cut between two invoices; this process checks the first part, and each other one a part more, of which it
gives back counts, sums, broken invoices and the invoice numbers, no values (`parts`). The report is the same as that of
one process, to the last line number; where the parts alone cannot tell, there is none, and one process reads it all.
Why values are not read so: docs/adr/0017-a-file-in-two-processes.md.
"""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack, suppress
from os import PathLike
from typing import Any

from partnerlab.contracts.files.layout import Layout
from partnerlab.contracts.files.parts import Part, bytes_of, next_invoice, together
from partnerlab.contracts.files.problems import PartLost, Report
from partnerlab.contracts.files.reader import Reading

__all__ = ["check_in_parts"]

HEAD_START = 12 << 20
"""Bytes that are checked while another process starts."""
START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from partnerlab.contracts.files.parts import main; main()"
)


def check_in_parts(
    path: str | PathLike[str],
    size: int,
    layout: Layout,
    count: int,
    *,
    strict: bool,
    progress: Callable[[int], None] | None,
) -> Report | None:
    """
    The report; None where the parts alone cannot tell, where there are none, or no process can be started.

    The file must be a regular one, and *path* mean it in every process. Raises `PartLost`.
    """
    began = _version(path)
    cuts = _cuts(path, size, count)
    layout_found = _layout_found(path, layout)
    if not cuts or layout_found is None:
        return None
    with ExitStack() as stack:
        try:
            others = [
                stack.enter_context(_Other(path, start, end, layout_found))
                for start, end in zip(cuts, [*cuts[1:], size], strict=True)
            ]
        except OSError:  # as many files or processes are open as may be
            return None
        reading = Reading(bytes_of(path, 0, cuts[0]), layout, strict=strict, progress=progress, values=False)
        first = reading.tally()
        if first.rejection is not None:
            return None
        done = cuts[0]
        parts = []
        for other, start, end in zip(others, cuts, [*cuts[1:], size], strict=True):
            parts.append(other.part(done, progress))
            done += end - start
        if progress is not None:
            progress(size)
    return together(first, parts) if _version(path) == began else None


def _version(path: str | PathLike[str]) -> tuple[int, ...]:
    """Changes where a file is written to, or another takes its place."""
    found = os.stat(path)
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _cuts(path: str | PathLike[str], size: int, count: int) -> list[int]:
    """Where the parts behind the first begin. The first is longer, by what is read while the others start."""
    ahead = HEAD_START if size >= 2 * HEAD_START else 0
    step = (size - ahead) // count
    found = (next_invoice(path, ahead + step * number) for number in range(1, count))
    return sorted({cut for cut in found if cut is not None})


def _layout_found(path: str | PathLike[str], layout: Layout) -> Layout | None:
    """The layout whose columns the file has; None where it has no good header."""
    with open(path, "rb") as stream:
        tally = Reading(stream.readline(1 << 16), layout, values=False).tally()
    return None if tally.header is None or tally.rejection is not None else tally.layout


class _Other:
    """Another process that checks a part; leaving the block ends it."""

    def __init__(self, path: str | PathLike[str], start: int, end: int, layout: Layout) -> None:
        self._what = f"bytes {start:,} to {end:,} of {os.fspath(path)}"
        # Nothing in the current directory is imported. In a group of its own it hears no Ctrl-C: this process ends it.
        alone = "-I" if sys.flags.isolated else "-P"
        places = json.dumps([place for place in sys.path if isinstance(place, str)])
        self._process = subprocess.Popen(  # noqa: S603 - this Python, and this module's words
            [sys.executable, alone, "-c", START, places],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            process_group=None if sys.platform == "win32" else 0,
        )
        job = pickle.dumps((os.fspath(path), start, end, layout))
        assert self._process.stdin is not None
        with suppress(BrokenPipeError), self._process.stdin as jobs:
            jobs.write(job)

    def part(self, before: int, progress: Callable[[int], None] | None) -> Part | None:
        """What it found, once it is done. Raises `PartLost`."""
        answers = self._process.stdout
        assert answers is not None
        while (kind := answers.read(1)) == b"p":
            done = int.from_bytes(answers.read(8), "big")
            if progress is not None:
                progress(before + done)
        answer: Any = None
        if kind:
            with suppress(Exception):  # what came may be anything
                answer = pickle.load(answers)  # noqa: S301 - from the process that this one started
                if kind == b"r" and self._process.wait() == 0:
                    return answer  # type: ignore[no-any-return]
        why = answer if kind == b"e" else f"it ended with {self._process.wait()}"
        raise PartLost(f"the process that checked {self._what} gave no answer ({why}): nothing is known of the file")

    def __enter__(self) -> _Other:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(BrokenPipeError):
                    stream.close()
