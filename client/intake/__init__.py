"""
Taking in what partners send: bill files to invoices, with a report on what was kept out.

Pure: nothing here opens a connection or stores anything.
"""

from partnerlab.client.intake.bif import RECORD_TYPES, FileChanged, InvoiceFile, invoice_of, put_invoice, read_invoices
from partnerlab.client.intake.models import Customer, Invoice, InvoiceLine, MeterReading
from partnerlab.client.intake.report import render_json, render_text
from partnerlab.client.intake.watersmart import (
    Adjustment,
    CsvValues,
    convert,
    csv_table,
    read_csv_adjustments,
    read_csv_invoices,
)

__all__ = [
    "RECORD_TYPES",
    "Adjustment",
    "CsvValues",
    "Customer",
    "FileChanged",
    "Invoice",
    "InvoiceFile",
    "InvoiceLine",
    "MeterReading",
    "convert",
    "csv_table",
    "invoice_of",
    "put_invoice",
    "read_csv_adjustments",
    "read_csv_invoices",
    "read_invoices",
    "render_json",
    "render_text",
]
