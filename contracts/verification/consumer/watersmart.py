"""The role `watersmart`: what its rows cannot say."""

from __future__ import annotations

from partnerlab.contracts.files.csv import load_table, table_of
from partnerlab.contracts.verification.consumer.definition import define
from partnerlab.contracts.verification.consumer.record import Record
from partnerlab.contracts.verification.consumer.uploads import check_csv_files, doubled, uploads
from partnerlab.contracts.verification.grading.checks import NotExercised

__all__ = ["ROLE"]

ROLE = define("watersmart")

check_csv_files(ROLE.suite, {"IN": "watersmart_invoices", "ADJ": "watersmart_balances"}, ("WS-FILE-1",))


@ROLE.suite.check(
    "watersmart/invoice-file", "WS-SEND-1", kind="meaning", turn="send an invoice file (UploadInvoiceFile)"
)
def invoice_file(record: Record) -> None:
    """An invoice file that was answered does not come again; one whose answer was lost comes again byte for byte."""
    _sent(record, "watersmart_invoices")
    doubled(record)


@ROLE.suite.check(
    "watersmart/balance-file", "WS-SEND-2", kind="meaning", turn="send a balance file (UploadInvoiceFile)"
)
def balance_file(record: Record) -> None:
    """A balance file is sent, and taken."""
    _sent(record, "watersmart_balances")


def _sent(record: Record, name: str) -> None:
    """Raises `NotExercised` where no file of that table was taken."""
    tables = [load_table("watersmart_invoices"), load_table("watersmart_balances")]
    for one in uploads(record):
        table = None if one.content is None else table_of(one.content, tables)
        if table is not None and table.name == name and (one.call.done or one.call.unanswered):
            return
    raise NotExercised(f"no file of the {load_table(name).title} was taken")
