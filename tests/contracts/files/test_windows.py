"""
A file read by whole invoices, with their values or without, against the same file read row by row, in pure Python.

What comes out must be the same to the byte: groups, problems, quarantine, notes, counts and sums.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from partnerlab.contracts.files import (
    FileRejected,
    InvoiceGroup,
    Layout,
    Quarantined,
    Report,
    check,
    load_layout,
    read_bif,
    reader,
    with_columns,
)
from partnerlab.contracts.files.invoices import Window, windows
from partnerlab.contracts.files.lines import Batch
from partnerlab.generators.damage import damage, damages_of
from tests.contracts.files.broken import LAYOUTS, broken_files, good_file

Outcome = tuple[list[Any], Report, list[Quarantined]]


def _by_rows(batch: Batch) -> Iterator[Window]:
    yield Window(batch.lines, batch.first, ())


def _read(data: bytes, layout: Layout, *, strict: bool, piece: int = 1 << 17) -> Outcome:
    aside: list[Quarantined] = []
    chunks = [data[at : at + piece] for at in range(0, len(data), piece)]
    reading = read_bif(chunks, layout, strict=strict, on_quarantine=aside.append)
    groups: list[InvoiceGroup] = []
    try:
        groups.extend(reading)
        report = reading.report
    except FileRejected as rejected:
        report = rejected.report
    return (
        [(one, one.line, [list(map(str, row)) for row in (one.invoice, *one.details)]) for one in groups],
        report,
        aside,
    )


def _assert_same(data: bytes, layout: Layout, monkeypatch: pytest.MonkeyPatch, *, strict: bool = False) -> Report:
    monkeypatch.setenv("PARTNERLAB_PURE", "1")
    with monkeypatch.context() as patched:
        patched.setattr(reader, "windows", _by_rows)
        plain = _read(data, layout, strict=strict)
    # Of a file without a header no more than the first piece is read, and its line ends noted.
    for piece in (1 << 17, 3_000) if plain[1].header else (1 << 17,):
        assert _read(data, layout, strict=strict, piece=piece) == plain
    aside: list[Quarantined] = []
    assert check(data, layout, strict=strict, on_quarantine=aside.append) == plain[1]
    assert aside == plain[2]
    assert (plain[1].given, plain[1].given_total) == (
        len(plain[0]),
        sum(group.invoice[layout.totals.of] for group, _, _ in plain[0]),
    )
    return plain[1]


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("strict", [False, True])
def test_named_damages(name: str, strict: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    layout = load_layout(name)
    data = good_file(name)
    assert _assert_same(data, layout, monkeypatch, strict=strict).good
    for one in sorted(damages_of(name)):
        _assert_same(damage(data, one, at=5, layout=layout), layout, monkeypatch, strict=strict)


@pytest.mark.parametrize("name", LAYOUTS)
def test_random_damage(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows left out, doubled, moved, blank, cut, with other cells: a few in each file."""
    layout = load_layout(name)
    reports = [
        _assert_same(data, layout, monkeypatch, strict=at % 5 == 4)
        for at, data in enumerate(broken_files(name, Random(name), 120))
    ]
    assert sum(report.accepted for report in reports) > 10
    assert sum(not report.accepted for report in reports) > 10
    assert len({problem.rule for report in reports for problem in report.problems}) > 12


def test_columns_by_id(monkeypatch: pytest.MonkeyPatch) -> None:
    padded = with_columns(load_layout("inhance_v2"), "by_file_spec_id")
    data = good_file("inhance_v2", padded)
    for layout in (padded, load_layout("inhance_v2")):
        assert _assert_same(data, layout, monkeypatch).good == 30


def test_windows_take_whole_invoices_alone() -> None:
    lines = ["ID|0", "IH|1", "CR|", "ID|", "IH|2", "CR|", "ID|", "ID|", "IH|3", "CR|"]
    found = list(windows(Batch(lines, 11)))
    assert [window.first for window in found] == [11, 12, 19]
    assert [list(window.starts) for window in found] == [[], [0, 3], []]
    assert [line for window in found for line in window.lines] == lines
    flagged = list(windows(Batch(lines, 11, {13: "not-text"})))
    assert [list(window.starts) for window in flagged] == [[], [], []]
