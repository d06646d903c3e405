"""
Bill files: one field table for each partner, and the codec that executes it.

    layout = load_layout("inhance_v2")
    report = check("bills.bif", layout)                       # counts, problems, notes
    for group in read_bif("bills.bif", layout): ...           # typed rows, provisional until the loop ends
    write_bif(stream, layout, header, groups)

A BIF is pipe-delimited, one record a line, no quoting: FH once; then for each invoice IH, CR and one or more ID.
"""

from partnerlab.contracts.files.checking import check
from partnerlab.contracts.files.fields import KINDS, Field, Kind
from partnerlab.contracts.files.groups import InvoiceGroup
from partnerlab.contracts.files.layout import Layout, LayoutInvalid, Record, Totals, with_columns
from partnerlab.contracts.files.layout_toml import layouts, load_layout, parse_layout, read_layout
from partnerlab.contracts.files.lines import Source
from partnerlab.contracts.files.problems import (
    RULES,
    FileError,
    FileRejected,
    Note,
    PartLost,
    Problem,
    Quarantined,
    Report,
    ValueRefused,
)
from partnerlab.contracts.files.reader import Reading, ReadingUnfinished, read_bif
from partnerlab.contracts.files.row import Row
from partnerlab.contracts.files.writer import Written, write_bif

__all__ = [
    "KINDS",
    "RULES",
    "Field",
    "FileError",
    "FileRejected",
    "InvoiceGroup",
    "Kind",
    "Layout",
    "LayoutInvalid",
    "Note",
    "PartLost",
    "Problem",
    "Quarantined",
    "Reading",
    "ReadingUnfinished",
    "Record",
    "Report",
    "Row",
    "Source",
    "Totals",
    "ValueRefused",
    "Written",
    "check",
    "layouts",
    "load_layout",
    "parse_layout",
    "read_bif",
    "read_layout",
    "with_columns",
    "write_bif",
]
