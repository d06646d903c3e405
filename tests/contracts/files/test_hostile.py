"""A file that is rejected anyway is rejected soon, and takes no memory."""

from __future__ import annotations

import time
import tracemalloc

import pytest

from partnerlab.contracts.files import FileRejected, Layout, read_bif, row_by_row

MEGABYTES = 2


@pytest.mark.parametrize(
    "row",
    [
        b"IH\n",
        b"IH|\n",
        b"IH|1\nCR|1\n",
        b"CR\n",
        b"ID|\n",
        b"FH\n",
        b"x\n",
        b"\n",
        b" \n",
        b"\x00\n",
        b"\xff\n",
        b"IH" + b"|" * 5_000 + b"\n",
        b"IH|" + b"9" * 5_000 + b"\n",
        b"|",
        b"0",
    ],
)
def test_a_hopeless_file_is_given_up(make_file, layout: Layout, row: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_by_row, "MAX_BROKEN", 2_000)  # a row costs ten times as much beside tracemalloc
    header = make_file().split(b"\n")[0] + b"\n"
    data = header + (row * (MEGABYTES * 2**20 // len(row)))
    tracemalloc.start()
    started = time.process_time()
    with pytest.raises(FileRejected) as rejected:
        list(read_bif(data, layout))
    spent = time.process_time() - started
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert spent < 10, f"{spent:.2f} s"  # less than a second; one of these took twenty
    assert peak < 20 * 2**20
    assert rejected.value.report.rejection is not None


def test_with_more_good_rows_than_broken_ones_a_file_is_read_to_its_end(make_file, make_group, layout: Layout) -> None:
    good = make_file([make_group(600_001 + at) for at in range(11_000)]).decode().split("\n")
    lines = [line for line in good for line in ([line, "x"] if line.startswith("IH|") else [line])]
    reading = read_bif("\n".join(lines).encode(), layout)
    assert list(reading) == []
    assert reading.report.quarantined == 11_000
