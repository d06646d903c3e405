"""
Parts of a bill file, checked apart and put together: what comes of it is what one reading of the file says.

A part begins with an invoice and ends before another, or at the end of the file. What concerns more than one part is
left to one reading of the whole file: an invoice number that stands in two of them, a rejection, so many broken rows
that the rest might not be read (`together` then says None).
"""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from os import PathLike
from typing import IO, Any

from partnerlab.contracts.files.layout import Layout
from partnerlab.contracts.files.lines import BLOCK
from partnerlab.contracts.files.problems import Note, Quarantined, Report
from partnerlab.contracts.files.reader import Reading
from partnerlab.contracts.files.row import Row
from partnerlab.contracts.files.row_by_row import MAX_BROKEN
from partnerlab.contracts.files.tally import KEPT, Tally
from partnerlab.contracts.records import dataclass

__all__ = ["Part", "bytes_of", "next_invoice", "part_of", "serve", "together"]

Path = str | PathLike[str]

LOOKED_AT = 1 << 20  # bytes that are searched for the beginning of an invoice
STEP = 1 << 20  # bytes between two reports of progress


@dataclass(frozen=True, slots=True)
class Part:
    """What a part comes to; lines are counted from its own beginning."""

    lines: int
    broken: int
    invoices: int
    total: Decimal
    other: Decimal | None
    good: int
    good_total: Decimal
    quarantine: Sequence[Quarantined]
    notes: Sequence[Note]
    pages: dict[int, int]
    texts: frozenset[str]


def next_invoice(path: Path, at: int) -> int | None:
    """The first byte behind *at* where a part may begin: an IH row that follows an ID row. None: there is none near."""
    with open(path, "rb") as stream:
        stream.seek(at)
        data = stream.read(LOOKED_AT)
    found = data.find(b"\nIH|")
    while found >= 0:
        begin = data.rfind(b"\n", 0, found) + 1
        if begin and data[begin : begin + 3] == b"ID|":
            return at + found + 1
        found = data.find(b"\nIH|", found + 1)
    return None


def bytes_of(path: Path, start: int, end: int) -> Iterator[bytes]:
    """The bytes of a part, block by block."""
    with open(path, "rb") as stream:
        stream.seek(start)
        while start < end and (block := stream.read(min(BLOCK, end - start))):
            start += len(block)
            yield block


def part_of(
    path: Path, start: int, end: int, layout: Layout, *, progress: Callable[[int], None] | None = None
) -> Part | None:
    """What a part that begins with an invoice comes to; None where only a reading of the whole file can tell."""
    reading = Reading(bytes_of(path, start, end), layout, progress=progress, values=False)
    tally = reading.tally(Row())
    if tally.rejection is not None or tally.quarantined > KEPT or tally.seen.on_disk:
        return None
    return Part(
        lines=tally.lines,
        broken=tally.broken,
        invoices=tally.sums.invoices,
        total=tally.sums.total,
        other=tally.sums.other,
        good=tally.good,
        good_total=tally.given_total,
        quarantine=tuple(tally.kept),
        notes=tally.notes.found(),
        pages=tally.seen.pages,
        texts=frozenset(tally.seen.texts),
    )


def together(first: Tally, parts: Sequence[Part | None]) -> Report | None:
    """The report on a file, from what its first part was counted to and what the others come to."""
    if first.rejection is not None or first.quarantined > KEPT or first.seen.on_disk:
        return None
    for part in parts:
        if part is None or not _add(first, part):
            return None
    if first.rejection is not None or first.quarantined > KEPT or first.broken > MAX_BROKEN:
        return None
    first.compare()
    return first.report()


def _add(tally: Tally, part: Part) -> bool:
    """Count what follows; False where an invoice number stands in both."""
    if not tally.seen.add_held(part.pages, part.texts):
        return False
    before = tally.lines
    for entry in part.quarantine:
        problems = tuple(replace(problem, line=problem.line + before) for problem in entry.problems)
        tally.set_aside(replace(entry, line=entry.line + before, problems=problems))
    for note in part.notes:
        tally.notes.add(note.kind, note.message, note.line + before, note.count)
    tally.lines += part.lines
    tally.broken += part.broken
    tally.good += part.good
    tally.given += part.good
    tally.given_total += part.good_total
    tally.sums.invoices += part.invoices
    tally.sums.total += part.total
    tally.sums.add_other(part.other)
    return True


def serve(jobs: IO[bytes], answers: IO[bytes]) -> None:
    """
    Read one part that is told on *jobs*, in a process of its own.

    What is written: `p` and eight bytes for the bytes read so far, about once a megabyte; at last `r` and the pickled
    part, or `e` and the words of an error.
    """
    path, start, end, layout = pickle.load(jobs)  # noqa: S301 - from the process that started this one
    told = 0

    def progress(done: int) -> None:
        nonlocal told
        if done - told >= STEP:
            told = done
            answers.write(b"p" + done.to_bytes(8, "big"))
            answers.flush()

    answer: Any
    try:
        kind, answer = b"r", part_of(path, start, end, layout, progress=progress)
    except Exception as error:  # noqa: BLE001 - who asked raises it
        kind, answer = b"e", f"{type(error).__name__}: {error}"
    answers.write(kind + pickle.dumps(answer))
    answers.flush()


def main() -> None:
    """What `apart` starts."""
    try:
        serve(sys.stdin.buffer, sys.stdout.buffer)
    except BrokenPipeError:  # whoever asked is gone
        os._exit(1)
