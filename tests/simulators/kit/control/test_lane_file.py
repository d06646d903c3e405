"""An export as a file, written and read row by row."""

from __future__ import annotations

import io
import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partnerlab.simulators.kit.control import lane_file
from partnerlab.simulators.kit.control.lane_file import LaneFile, write_lane
from partnerlab.simulators.kit.control.refusals import Refused

TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"))
ROWS = st.lists(st.dictionaries(TEXTS, st.one_of(st.none(), st.integers(), TEXTS), max_size=4), max_size=5)
TABLES = st.dictionaries(TEXTS.filter(bool), ROWS, max_size=4)


def as_read(file: io.BytesIO) -> dict[str, list[Any]]:
    return {name: [*rows] for name, rows in LaneFile(file).items()}


@given(TABLES, st.integers(1, 40), st.sampled_from([None, 2]), st.booleans(), st.booleans())
def test_what_is_written_is_read_whatever_the_pieces(
    tables: dict[str, list[Any]], piece: int, indent: int | None, ascii: bool, bom: bool
) -> None:
    written = io.BytesIO()
    write_lane(written, "mine", tables.items())
    assert json.loads(written.getvalue()) == {"lane": "mine", "tables": tables}
    text = json.dumps({"tables": tables, "lane": "x"}, indent=indent, ensure_ascii=ascii).encode()
    before, lane_file.PIECE = lane_file.PIECE, piece
    try:
        assert as_read(written) == tables
        assert as_read(io.BytesIO(b"\xef\xbb\xbf" + text if bom else text)) == tables
    finally:
        lane_file.PIECE = before


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("", "body"),
        ("[]", "body"),
        ("7", "body"),
        ("{", "body"),
        ('{"tables": {}} x', "body"),
        ('{"tables": {}', "body"),
        ('{"lane": "x"}', "tables"),
        ('{"lane": 7, "tables": {}}', "lane"),
        ('{"tables": []}', "tables"),
        ('{"tables": {}, "tables": {}}', "tables"),
        ('{"more": {}, "tables": {}}', "more"),
        ('{"tables": {"a": {}}}', "tables.a"),
        ('{"tables": {"a": [], "a": []}}', "tables.a"),
        ('{"tables": {"a": [{}, 7]}}', "tables.a.1"),
        ('{"tables": {"a": [{"b": 1, "b": 2}]}}', "b"),
        ('{"tables": {"a": [{"b": NaN}]}}', "body"),
        ('{"tables": {"a": [{"b": 1e999}]}}', "tables.a.0.b"),
        ('{"tables": {"a": [{"b": "\\ud800"}]}}', "tables.a.0.b"),
        ('{"tables": {"a": [{"b": "\\u0000"}]}}', "tables.a.0.b"),
        ('{"tables": {"a": [{}{}]}}', "body"),
        ('{"tables": {"a": [{},]}}', "body"),
        ('{"tables": {"a" [{}]}}', "body"),
        ('{"tables": {"a": [' + "[" * 100_000, "body"),
        ('{"tables": {"a": [{"b": ' + "[" * 40 + "]" * 40 + "}]}}", "tables"),
    ],
)
def test_what_is_no_export_is_refused_with_its_place(text: str, field: str) -> None:
    with pytest.raises(Refused) as refused:
        LaneFile(io.BytesIO(text.encode()))
    assert (refused.value.status, refused.value.field) == (400, field)


def test_bytes_that_are_no_utf_8_are_refused() -> None:
    with pytest.raises(Refused, match="not JSON"):
        LaneFile(io.BytesIO(b'{"tables": {"a": [{"b": "\xff"}]}}'))


def test_a_large_lane_takes_no_more_memory_than_a_small_one(tmp_path: Any) -> None:
    def rows(count: int) -> Any:
        return ({"number": number, "text": "x" * 100} for number in range(count))

    taken = []
    for count in (5_000, 50_000):
        with (tmp_path / "lane.json").open("w+b") as file:
            tracemalloc.start()
            write_lane(file, "x", [("a", rows(count))])
            assert sum(1 for _ in LaneFile(file)["a"]) == count
            taken.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    assert taken[1] < taken[0] * 1.2
