"""
CSV files of partners: one table of columns for each, and the codec that executes it.

    table = table_of(data, [load_table("watersmart_invoices"), load_table("watersmart_balances")])
    for line, row in read_csv(data, table): ...                     # typed rows; bad ones are quarantined
    write_csv(stream, load_table("watersmart_payments"), rows)
"""

from partnerlab.contracts.files.csv.cells import NOTES
from partnerlab.contracts.files.csv.reader import CsvReading, check_csv, read_csv
from partnerlab.contracts.files.csv.recognise import rows_digest, table_of
from partnerlab.contracts.files.csv.report import RECEIVED_RULES, RULES, CsvRejected, CsvReport, QuarantinedRow
from partnerlab.contracts.files.csv.table import Column, CsvTable, load_table, parse_table, tables
from partnerlab.contracts.files.csv.writer import WRITTEN_RULES, CsvWritten, write_csv

__all__ = [
    "NOTES",
    "RECEIVED_RULES",
    "RULES",
    "WRITTEN_RULES",
    "Column",
    "CsvReading",
    "CsvRejected",
    "CsvReport",
    "CsvTable",
    "CsvWritten",
    "QuarantinedRow",
    "check_csv",
    "load_table",
    "parse_table",
    "read_csv",
    "rows_digest",
    "table_of",
    "tables",
    "write_csv",
]
