"""
Named ways to break a bill file, each paired in the catalogue with the error that a reader must give.

Everything else in the file stays right: count and total are those of the rows, unless they are what is damaged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from partnerlab.contracts.files import Layout, load_layout

__all__ = ["DAMAGED", "DamageUnknown", "damage", "damage_lines", "damages_of"]

OTHER_GUID = b"99999999-9999-4999-8999-999999999999"

Rows = list[bytes]

Cells = Mapping[str, tuple[str, str, bytes]]

# One cell of the header, or of the first row of that type in the damaged invoice: in every partner's file ...
CELLS: Cells = {
    "header-bad-date": ("FH", "FileCreationDate", b"2026-03-02"),
    "header-bad-count": ("FH", "InvoiceCount", b"many"),
    "header-bad-total": ("FH", "TotalInvoiceAmount", b"1,000.00"),
    "header-empty-biller": ("FH", "BillerGuid", b""),
    "other-biller": ("FH", "BillerGuid", OTHER_GUID),
    "unreadable-total": ("IH", "TotalAmountDue", b"12,00"),
    "impossible-date": ("IH", "InvoiceDueDate", b"02/30/2026"),
    "iso-date": ("IH", "InvoiceDate", b"2026-03-02"),
    "two-digit-year": ("IH", "InvoiceDate", b"03/02/26"),
    "bad-guid": ("IH", "InvoiceFormatGuid", b"88888888"),
    "other-format": ("IH", "InvoiceFormatGuid", OTHER_GUID),
    "bad-type-id": ("IH", "InvoiceTypeID", b"one"),
    "required-empty": ("CR", "CustomerName", b""),
    "required-blank": ("CR", "AccountNumber", b"   "),
    "hidden-character": ("CR", "AccountNumber", "1000\u200b0101".encode()),
    "over-long-number": ("CR", "AccountNumber", b"1" * 251),
    "wrong-record-type": ("IH", "RecordType", b"X"),
    "wrong-constant-flag": ("IH", "AllowPartialPayments", b"0"),
    "nul-byte": ("CR", "CustomerName", b"Willow\0s"),
    "stray-carriage-return": ("CR", "Address1", b"1 Main\rStreet"),
    "undecodable-byte": ("CR", "CustomerName", b"Willow\x81s"),
    "stray-delimiter": ("CR", "Address1", b"1 Main|Street"),
    "over-long-row": ("ID", "Description", b"x" * 20_000),
}

# ... and in one partner's, by the name of its layout; inHance v1 and v2 are one product.
INHANCE: Cells = {
    "bad-amount": ("ID", "LineItemTotal", b"twelve"),
    "comma-decimals": ("ID", "LineItemTotal", b"12,00"),
    "thousands-separator": ("ID", "LineItemTotal", b"1,234.00"),
    "one-decimal": ("ID", "CustomField1", b"12.5"),
    "currency-sign": ("ID", "LineItemTotal", b"$12.00"),
    "bad-reading": ("ID", "CustomField22", b"12k"),
    "six-meters": ("ID", "CustomField11", b"1;2;3;4;5;6"),
}
OWN_CELLS: Mapping[str, Cells] = {
    "inhance_v2": INHANCE,
    "inhance_v1": INHANCE,
    "tccs": {
        "bad-amount": ("IH", "MinimumAmountDue", b"twelve"),
        "comma-decimals": ("IH", "MinimumAmountDue", b"12,00"),
        "thousands-separator": ("IH", "MinimumAmountDue", b"1,234.00"),
        "one-decimal": ("IH", "MinimumAmountDue", b"12.5"),
        "currency-sign": ("IH", "MinimumAmountDue", b"$12.00"),
        "replace-record-type": ("IH", "RecordType", b"R"),
        "no-expiration-date": ("IH", "InvoiceNumber", b"454100010"),
        "iso-expiration-date": ("IH", "InvoiceNumber", b"454100010-2027-03-01"),
        "separator-in-number": ("IH", "InvoiceNumber", b"HO:454100010-03/01/2027"),
        "unparsed-late-fee": ("IH", "LateFeeAmount", b"LATEFEE=10.00;DAYS=10"),
        "late-fee-days": ("IH", "LateFeeDate", b"10"),
        "late-fee-if-unpaid": ("IH", "ApplyLateFeeIfNoPaymentsOnly", b"1"),
        "flag-in-words": ("IH", "AllowPartialPayments", b"Y"),
    },
}


class DamageUnknown(ValueError):
    """No damage of that name, or the file has no such invoice to damage."""


def damage(data: bytes, name: str, *, at: int = 2, layout: Layout | None = None) -> bytes:
    """A bill file's bytes, damaged. See `damage_lines`."""
    return b"".join(damage_lines(data.splitlines(keepends=True), name, at=at, layout=layout))


def damage_lines(lines: Iterable[bytes], name: str, *, at: int = 2, layout: Layout | None = None) -> Iterator[bytes]:
    """
    A well-formed bill file's lines, damaged, as a stream: one invoice is held at a time.

    Args:
        lines: Each with its line end, as an open binary file gives them.
        name: As in the catalogue (`partnerlab catalogue damages`).
        at: Which invoice is damaged, from 1. `duplicate-invoice` needs one before it.
    Raises:
        DamageUnknown: No such damage, or the file ended before the invoice *at*.
    """
    layout = load_layout("inhance_v2") if layout is None else layout
    known = damages_of(_partner(layout))
    if name not in known:
        raise DamageUnknown(f"there is no damage {name!r} for the {layout.title}; there are {', '.join(sorted(known))}")
    if at < 1 or (name == "duplicate-invoice" and at < 2):
        raise DamageUnknown(f"{name}: there is no invoice {at} that it can be done to")
    return _damage(iter(lines), name, at, layout)


def damages_of(partner: str) -> frozenset[str]:
    """The damages that can be done to a partner's file; *partner* is the name of its layout, as in `tccs`."""
    return frozenset({*CELLS, *OWN_CELLS.get(partner, {}), *HEADERS, *GROUPS, "utf-16"})


def _partner(layout: Layout) -> str:
    """Whose file it is: a user's own layout has another name, and the source of the one that it extends."""
    return next((name for name in OWN_CELLS if load_layout(name).source == layout.source), layout.name)


def _damage(lines: Iterator[bytes], name: str, at: int, layout: Layout) -> Iterator[bytes]:
    if name == "utf-16":
        yield b"\xff\xfe"
        for line in lines:
            yield line.decode().encode("utf-16-le")
        return
    cell = {**CELLS, **OWN_CELLS.get(_partner(layout), {})}.get(name)
    in_header = name in HEADERS or (cell is not None and cell[0] == "FH")
    header: Rows = []
    before: Rows = []
    for number, rows in enumerate(_groups(lines)):
        header = header or rows
        if number == (0 if in_header else at):
            site = Site(rows, header, before, layout)
            if cell is not None:
                yield from _set_cell(site, *cell)
            else:
                yield from (HEADERS if in_header else GROUPS)[name](site)
            if name in ENDS:
                return
        else:
            yield from rows
        before = rows
    if not in_header and number < at:
        raise DamageUnknown(f"{name}: the file ended before invoice {at}")


class Site(NamedTuple):
    """Where it happens: the rows of the header or an invoice, the header, the rows before, the layout."""

    rows: Rows
    header: Rows
    before: Rows
    layout: Layout

    def of(self, code: str) -> Rows:
        """The rows of one type."""
        return [row for row in self.rows if row.startswith(code.encode())]

    def number_before(self) -> bytes:
        """The number of the invoice before."""
        return _cells(self.before[0])[_column(self.layout, "IH", self.layout.totals.key)]


def _groups(lines: Iterator[bytes]) -> Iterator[Rows]:
    """The header's rows, then the rows of each invoice."""
    rows: Rows = []
    for line in lines:
        if line.startswith(b"IH|"):
            yield rows
            rows = []
        rows.append(line)
    yield rows


def _column(layout: Layout, code: str, field: str) -> int:
    return [column.name for column in layout.record(code).fields].index(field)


def _cells(row: bytes) -> list[bytes]:
    return row.rstrip(b"\r\n").split(b"|")


def _replace(rows: Rows, code: str, change: Callable[[bytes], Rows]) -> Rows:
    at = next(at for at, row in enumerate(rows) if row.startswith(code.encode()))
    return [*rows[:at], *change(rows[at]), *rows[at + 1 :]]


def _set_cell(site: Site, code: str, field: str, text: bytes) -> Rows:
    def change(row: bytes) -> Rows:
        cells = _cells(row)
        cells[_column(site.layout, code, field)] = text
        return [b"|".join(cells) + b"\n"]

    return _replace(site.rows, code, change)


def _change_header(site: Site, field: str, change: Callable[[str], str]) -> Rows:
    text = _cells(site.rows[0])[_column(site.layout, "FH", field)]
    return _set_cell(site, "FH", field, change(text.decode()).encode())


def _without_last_column(row: bytes) -> Rows:
    return [row.rpartition(b"|")[0] + b"\n"]


# What is done to the header.
HEADERS: Mapping[str, Callable[[Site], Rows]] = {
    "empty-file": lambda _: [],
    "missing-header": lambda _: [],
    "header-missing-column": lambda site: _replace(site.rows, "FH", _without_last_column),
    "wrong-count": lambda site: _change_header(site, site.layout.totals.count, lambda text: str(int(text) + 1)),
    "wrong-total": lambda site: _change_header(
        site, site.layout.totals.sum, lambda text: str(Decimal(text) + Decimal("0.01"))
    ),
    "detail-outside-invoice": lambda site: [
        *site.rows,
        b"ID" + b"|" * (len(site.layout.record("ID").fields) - 1) + b"\n",
    ],
}

# What is done to an invoice.
GROUPS: Mapping[str, Callable[[Site], Rows]] = {
    "second-header": lambda site: site.rows + site.header,
    "missing-invoice": lambda site: site.of("CR") + site.of("ID"),
    "missing-customer": lambda site: site.of("IH") + site.of("ID"),
    "missing-detail": lambda site: site.of("IH") + site.of("CR"),
    "second-customer": lambda site: _replace(site.rows, "CR", lambda row: [row, row]),
    "customer-before-invoice": lambda site: site.of("CR") + site.of("IH") + site.of("ID"),
    "detail-before-customer": lambda site: site.of("IH") + site.of("ID")[:1] + site.of("CR") + site.of("ID")[1:],
    "too-many-details": lambda site: _replace(site.rows, "ID", lambda row: [row] * 1_001),
    "duplicate-invoice": lambda site: _set_cell(site, "IH", site.layout.totals.key, site.number_before()),
    "unknown-row-type": lambda site: _replace(site.rows, "ID", lambda row: [b"XX" + row[2:]]),
    "extra-column": lambda site: _replace(site.rows, "ID", lambda row: [row[:-1] + b"|\n"]),
    "missing-column": lambda site: _replace(site.rows, "ID", _without_last_column),
    "invoice-missing-column": lambda site: _replace(site.rows, "IH", _without_last_column),
    # After these two the file ends.
    "truncated": lambda _: [],
    "truncated-row": lambda site: [*site.of("IH"), site.of("CR")[0][: len(site.of("CR")[0]) // 2]],
}

ENDS = ("empty-file", "truncated", "truncated-row")

DAMAGED = frozenset(name for partner in OWN_CELLS for name in damages_of(partner))
"""Every damage that can be done here; the catalogue says what each must cause."""
