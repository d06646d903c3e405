"""Bill files that are broken here and there, at random."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date
from functools import cache
from random import Random

from partnerlab.contracts.files import Layout, load_layout
from partnerlab.generators.bif import generate_bif
from partnerlab.generators.tccs_bif import generate_tccs_bif

__all__ = ["LAYOUTS", "broken_files", "good_file"]

LAYOUTS = ("inhance_v2", "tccs")
INVOICES = 30
CELLS = (
    "", " ", "x", "12.50", "-1.00", "12,00", "02/30/2026", "03/02/26", "Y", "1;2", "9" * 17, "Zo\u00eb", "\x00", " 7 ",
)  # fmt: skip


@cache
def good_file(name: str, layout: Layout | None = None) -> bytes:
    """A good file of thirty invoices, some of them of many meters."""
    stream = io.BytesIO()
    if name == "tccs":
        generate_tccs_bif(stream, INVOICES, as_of=date(2026, 3, 2))
    else:
        generate_bif(stream, INVOICES, as_of=date(2026, 3, 2), meters=8, layout=layout or load_layout(name))
    return stream.getvalue()


def broken_files(name: str, rng: Random, count: int) -> Iterator[bytes]:
    """Files made of a good one by one to four changes of its rows."""
    good = good_file(name).decode().split("\n")[:-1]
    for _ in range(count):
        lines = [*good]
        for _ in range(rng.randrange(1, 5)):
            _change(lines, rng)
        text = rng.choice(("\n", "\n", "\n", "\r\n")).join(lines) + rng.choice(("\n", "\n", ""))
        yield text.encode(rng.choice(("utf-8", "utf-8", "cp1252")))


def _change(lines: list[str], rng: Random) -> None:
    at = rng.randrange(0 if rng.random() < 0.1 else 1, len(lines))
    line = lines[at]
    match rng.randrange(8):
        case 0:
            del lines[at]
        case 1:
            lines.insert(rng.randrange(1, len(lines)), line)
        case 2:
            lines.insert(rng.randrange(1, len(lines)), lines.pop(at))
        case 3:
            lines.insert(at, rng.choice(("", "  ", "XX|1", "ID", "IH|", "CR|" * 3)))
        case 4:
            lines[at] = line[: rng.randrange(len(line) + 1)]
        case 5:
            lines[at] = line + rng.choice(("|", "x", " ", "|x"))
        case 6:  # another invoice once more
            start = next((at for at in range(at, len(lines)) if lines[at].startswith("IH|")), 1)
            lines += lines[start : start + 3]
        case _:
            cells = line.split("|")
            cells[rng.randrange(len(cells))] = rng.choice(CELLS)
            lines[at] = "|".join(cells)
