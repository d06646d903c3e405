"""Layouts with every kind of column, and cells and values that a rule could take for others."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from partnerlab.contracts.files import load_layout, parse_layout, with_columns

__all__ = ["CELLS", "GOOD_CELLS", "GOOD_VALUES", "LAYOUT", "LAYOUTS", "OTHERS", "SHAPED", "VALUES"]

LAYOUT = load_layout("inhance_v2")
OTHERS = parse_layout(
    {
        "extends": "inhance_v2",
        "name": "odd",
        "record": [
            {
                "code": "IH",
                "fields": [{"id": 14, "name": "F", "kind": "filler"}, {"id": 999, "name": "F", "kind": "filler"}],
            },
            {
                "code": "CR",
                "fields": [
                    {"id": 300, "name": "A", "kind": "number", "required": True},
                    {"id": 301, "name": "B", "kind": "guid"},
                    {"id": 302, "name": "C", "kind": "flag", "required": True},
                    {"id": 303, "name": "D", "kind": "integer"},
                    {"id": 304, "name": "E", "kind": "text", "constant": "{x}'\""},
                    {"id": 305, "name": "M", "kind": "amount", "constant": "1.00", "required": True},
                    {"id": 306, "name": "P", "kind": "text", "pattern": "[a-z]+", "shape": "small letters"},
                    {"id": 307, "name": "S", "kind": "text", "pattern": "t.*", "shape": "t", "required": True},
                ],
            },
            {"code": "ID", "fields": [{"id": 400, "name": "Filler", "kind": "filler"}]},
        ],
    }
)
LAYOUTS = (
    LAYOUT,
    LAYOUT.for_biller(InvoiceFormatGuid="88888888-8888-4888-8888-88888888888A", InvoiceTypeID="1"),
    load_layout("tccs"),
    OTHERS,
    with_columns(LAYOUT, "by_file_spec_id"),
)
GUID = "88888888-8888-4888-8888-88888888888a"
CELLS = (
    "", " ", "R", "N", "1", "0", "2", "12", "007", "-3", "12.5", "12.50", "-0.01", "12,50", "1,200.00", "1E2", "NaN",
    "abc", "03/02/2026", "02/30/2026", "3/2/2026", "03/02/2026;", "03/02/2026;;;;03/03/2026", ";", ";;;;", ";;;;;",
    "1;2;3;4;5", "1;2;x", "a;b", GUID, GUID.upper(), "Zoë", "\t", "٣", "²", "12345678901234567.00", "9999999999",
    "{x}'\"", "1.00", "\u2028",
)  # fmt: skip
VALUES = (
    None, "", " ", "R", "N", "text", "a|b", "a\nb", "a;b", "\ud800", "x\x85", "\t", "12.50", GUID, "{x}'\"", object,
    True, False, 0, 1, -1, 10**9, 1.5,
    Decimal("12.50"), Decimal("12.5"), Decimal(12), Decimal("1E+3"), Decimal("1E-9"), Decimal("NaN"), Decimal("sNaN"),
    Decimal("-0.00"), Decimal("123456789012345.00"), Decimal("1234567890123456.00"), Decimal("-123456789012345.00"),
    date(2026, 3, 2), date(1, 1, 1), datetime(2026, 3, 2, tzinfo=UTC),
    (), (None,), ("",), ("a", "b"), ("a;b",), ("a", None), ("",) * 2, (None,) * 5, (None,) * 6,
    (date(2026, 3, 2), None), (Decimal(1), None, Decimal("2.5")), (1,), [], ["a"],
)  # fmt: skip
SHAPED = "HO-1042-03/01/2027"  # TCCS's InvoiceNumber
GOOD_CELLS = {
    "text": "text", "date": "03/02/2026", "amount": "12.50", "number": "12", "integer": "1", "flag": "1", "guid": GUID,
    "filler": "",
}  # fmt: skip
GOOD_VALUES = {
    "text": "text", "date": date(2026, 3, 2), "amount": Decimal("12.50"), "number": Decimal(12), "integer": 1,
    "flag": True, "guid": GUID,
}  # fmt: skip
