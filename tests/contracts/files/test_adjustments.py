"""Invoice Cloud's own adjustment records: written with count and total, read back, refused where they do not agree."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal

import pytest

from partnerlab.contracts.files import ValueRefused
from partnerlab.contracts.files.adjustments import (
    AdjustmentsRejected,
    load_adjustments,
    read_adjustments,
    write_adjustments,
)
from partnerlab.contracts.files.row import Row

FILE = load_adjustments("watersmart")
BILLER = "66666666-6666-4666-8666-666666666666"


def adjustment(account: str = "70010001", amount: str = "-5.00", type_id: int = 2) -> Row:
    return FILE.adjustment.make(AccountNumber=account, AdjustmentAmount=Decimal(amount), AdjustmentTypeID=type_id)


def written(*rows: Row) -> bytes:
    stream = io.BytesIO()
    assert write_adjustments(stream, FILE, BILLER, date(2026, 9, 1), rows) == len(rows)
    return stream.getvalue()


def test_the_records_are_those_of_the_source() -> None:
    assert [field.spec_id for field in FILE.header.fields] == [305, 306, 308, 309, 310]
    assert [field.spec_id for field in FILE.adjustment.fields] == [311, 313, 314, 316]


def test_a_file_is_read_back_as_it_was_written() -> None:
    rows = [adjustment(), adjustment("00700801", "12.50", 1)]
    data = written(*rows)
    assert data.splitlines() == [
        f"AH|{BILLER}|09/01/2026|2|7.50".encode(),
        b"AD|70010001|-5.00|2",
        b"AD|00700801|12.50|1",
    ]
    assert list(read_adjustments(data, FILE)) == rows


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ((b"|2|7.50", b"|3|7.50"), "wrong-count"),
        ((b"|2|7.50", b"|2|7.51"), "wrong-total"),
        ((b"-5.00", b"-5"), "not-an-amount"),
        ((b"AD|70010001", b"AX|70010001"), "wrong-constant"),
        ((b"|-5.00|2", b"|-5.00"), "too-few-columns"),
        ((b"70010001", b"7001\x000001"), "control-character"),
        ((b"AH|", b"FH|"), "wrong-constant"),
    ],
)
def test_a_file_that_does_not_agree_is_rejected_with_the_rule(change: tuple[bytes, bytes], rule: str) -> None:
    data = written(adjustment(), adjustment("00700801", "12.50", 1))
    with pytest.raises(AdjustmentsRejected) as rejected:
        list(read_adjustments(data.replace(*change), FILE))
    assert rejected.value.problem.rule == rule


@pytest.mark.parametrize(("data", "rule"), [(b"", "missing-header"), (b"\xff\xfeA\x00", "wrong-encoding")])
def test_a_file_without_a_header_is_rejected(data: bytes, rule: str) -> None:
    with pytest.raises(AdjustmentsRejected) as rejected:
        list(read_adjustments(data, FILE))
    assert rejected.value.problem.rule == rule


def test_nothing_is_written_where_one_row_is_refused() -> None:
    stream = io.BytesIO()
    with pytest.raises(ValueRefused, match=r"line 3, AD\.AdjustmentAmount"):
        write_adjustments(stream, FILE, BILLER, date(2026, 9, 1), [adjustment(), adjustment(amount="1.005")])
    assert stream.getvalue() == b""
