"""What is written reads back the same, for any invoices that the table allows."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from partnerlab.contracts.files import Field, InvoiceGroup, Row, check, load_layout, read_bif, write_bif
from tests.bill_files import line_of

LAYOUT = load_layout("inhance_v2")
HEADER = LAYOUT.record("FH").make(BillerGuid="22222222-2222-4222-8222-222222222222", FileCreationDate=date(2026, 3, 2))

# Any text but what a file cannot hold.
TEXT = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"), exclude_characters="|;"), min_size=0, max_size=20
)
FILLED = TEXT.filter(lambda text: text.strip() != "" and not text.isspace())
KINDS: dict[str, st.SearchStrategy[Any]] = {
    "date": st.dates(),
    "amount": st.integers(-(10**15), 10**15).map(lambda cents: Decimal(cents).scaleb(-2)),
    "number": st.decimals(Decimal(-(10**9)), Decimal(10**9), places=3).filter(lambda d: d.is_finite()),
    "integer": st.integers(0, 10**9 - 1),
    "flag": st.booleans(),
    "guid": st.uuids().map(str),
}


def value_of(field: Field) -> st.SearchStrategy[Any]:
    if field.name in ("AccountNumber", "InvoiceNumber"):
        # A number is what it looks like, and the spaces around it are read as a column's.
        return FILLED.map(lambda number: number.strip(" ")).filter(str.isprintable)
    if field.kind == "text":
        one: st.SearchStrategy[Any] = FILLED if field.required else TEXT
        item: st.SearchStrategy[Any] = TEXT
    else:
        one = KINDS[field.kind] if field.required else st.none() | KINDS[field.kind]
        item = st.none() | KINDS[field.kind]
    if field.many:
        return st.lists(item, max_size=field.values).map(tuple).filter(lambda values: values not in ((None,), ("",)))
    return one


VALUES = {
    (record.code, field.name): value_of(field)
    for record in LAYOUT.records
    for field in record.named
    if not field.constant
}


@st.composite
def row_of(draw: st.DrawFn, code: str) -> Row:
    """A row with its required fields and up to four of the others."""
    record = LAYOUT.record(code)
    free = [field for field in record.named if not field.constant]
    optional = [field for field in free if not field.required]
    chosen = draw(st.lists(st.sampled_from(optional), max_size=4, unique=True))
    return record.make(
        **{field.name: draw(VALUES[code, field.name]) for field in free if field.required or field in chosen}
    )


GROUPS = st.lists(
    st.builds(
        InvoiceGroup,
        row_of("IH"),
        row_of("CR"),
        st.lists(row_of("ID"), min_size=1, max_size=2).map(tuple),
    ),
    max_size=3,
    unique_by=lambda group: group.invoice.InvoiceNumber,
)


def written(groups: list[InvoiceGroup]) -> bytes:
    stream = io.BytesIO()
    result = write_bif(stream, LAYOUT, HEADER, groups)
    assert result.replaced == 0
    return stream.getvalue()


@settings(max_examples=60, deadline=None)
@given(groups=GROUPS)
def test_what_is_written_reads_back(groups: list[InvoiceGroup]) -> None:
    data = written(groups)
    reading = read_bif(data, LAYOUT, strict=True)
    assert list(reading) == groups
    assert reading.report.header is not None
    assert reading.report.header.InvoiceCount == len(groups)
    assert reading.report.total_amount_due == sum(group.invoice.TotalAmountDue for group in groups)


@settings(max_examples=30, deadline=None)
@given(groups=GROUPS)
def test_what_is_read_writes_back_byte_for_byte(groups: list[InvoiceGroup]) -> None:
    data = written(groups)
    reading = read_bif(data, LAYOUT)
    again = list(reading)
    stream = io.BytesIO()
    assert reading.report.header is not None
    write_bif(stream, LAYOUT, reading.report.header, again)
    assert stream.getvalue() == data


@settings(max_examples=30, deadline=None)
@given(groups=GROUPS, cuts=st.lists(st.integers(1, 400), min_size=1, max_size=20))
def test_the_cut_of_the_chunks_changes_nothing(groups: list[InvoiceGroup], cuts: list[int]) -> None:
    data = written(groups)
    chunks, at = [], 0
    while at < len(data):
        size = cuts[len(chunks) % len(cuts)]
        chunks.append(data[at : at + size])
        at += size
    assert check(chunks, LAYOUT) == check(data, LAYOUT)


@settings(max_examples=150, deadline=None)
@given(
    noise=st.lists(
        st.sampled_from(
            (b"FH", b"IH", b"CR", b"ID", b"XX", b"|", b"||||", b"\n", b"\r\n", b"\x00", b"\x81", b"1", b"12.00")
        )
        | st.binary(max_size=8),
        max_size=60,
    )
)
def test_no_bytes_make_the_reader_raise_anything_else(noise: list[bytes]) -> None:
    cells = {"FileCreationDate": "03/02/2026", "InvoiceCount": "1", "TotalInvoiceAmount": "12.00"}
    header = f"{line_of(LAYOUT, 'FH', BillerGuid=HEADER.BillerGuid, **cells)}\n".encode()
    for data in (b"".join(noise), header + b"".join(noise)):
        report = check(data, LAYOUT)
        assert report == check(data, LAYOUT)
        assert report.good + report.quarantined >= report.invoices


@settings(max_examples=100, deadline=None)
@given(order=st.lists(st.integers(0, 9), max_size=30))
def test_every_row_of_a_file_is_loaded_or_quarantined(order: list[int]) -> None:
    """Whatever the order of good rows, none disappears."""
    lines = written(
        [
            InvoiceGroup(
                LAYOUT.record("IH").make(
                    InvoiceFormatGuid="88888888-8888-4888-8888-888888888888",
                    InvoiceNumber=str(number),
                    InvoiceDate=date(2026, 3, 2),
                    InvoiceDueDate=date(2026, 3, 2),
                    TotalAmountDue=Decimal("1.00"),
                    InvoiceTypeID=1,
                ),
                LAYOUT.record("CR").make(AccountNumber="1", CustomerName="A"),
                (LAYOUT.record("ID").make(), LAYOUT.record("ID").make()),
            )
            for number in range(2)
        ]
    ).splitlines()[1:]
    rows = [(*lines, b"XX|", b"CR|1")[at] for at in order]
    invoices = sum(row.startswith(b"IH") for row in rows)
    head = line_of(
        LAYOUT,
        "FH",
        BillerGuid=HEADER.BillerGuid,
        FileCreationDate="03/02/2026",
        InvoiceCount=f"{invoices}",
        TotalInvoiceAmount=f"{invoices}.00",
    )
    reading = read_bif(b"\n".join([head.encode(), *rows, b""]), LAYOUT)
    loaded = sum(2 + len(group.details) for group in reading)
    assert reading.report.invoices == invoices
    kept = [row for entry in reading.report.quarantine for row in entry.rows]
    assert loaded + len(kept) == len(rows)
    assert all(entry.problems for entry in reading.report.quarantine)
    for entry in reading.report.quarantine:
        assert entry.rows[0].encode() == rows[entry.line - 2]
