"""
Taking in what partners send: bill files to invoices, with a report on what was kept out.

Pure: nothing here opens a connection or stores anything.
"""

from partnerlab.client.intake.bif import RECORD_TYPES, FileChanged, InvoiceFile, invoice_of, put_invoice, read_invoices
from partnerlab.client.intake.csv_files import (
    Adjustment,
    CsvValues,
    convert,
    read_csv_adjustments,
    read_csv_invoices,
    recognise_csv,
)
from partnerlab.client.intake.models import Customer, Invoice, InvoiceLine, MeterReading
from partnerlab.client.intake.report import render_json, render_text

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
    "invoice_of",
    "put_invoice",
    "read_csv_adjustments",
    "read_csv_invoices",
    "read_invoices",
    "recognise_csv",
    "render_json",
    "render_text",
]
