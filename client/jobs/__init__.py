"""
What partners run on a timer, as functions over a port to the utility's own books and a client of Invoice Cloud.

    upload_bills         new and changed bills as a BIF               inHance v1 and v2, TCCS
    send_balances        balances that changed, or all                inHance v1
    download_payments    payments since the last run, each once       inHance v1
    download_changes     AutoPay; paperless, e-mail and phone         inHance v1
    collect_exports      payments, rejects and changes from files     WaterSmart
    send_invoice_file    what was billed, as a CSV file               WaterSmart
    send_balance_file    balances that changed, as a CSV file         WaterSmart

A function does one run and says what it did. Whoever keeps the books keeps the marks, too: a run that dies begins
again where it stopped, and one that runs twice changes nothing more. Files go by a way: `partnerlab.client.jobs.ways`.
`partnerlab.client.jobs.engine` runs the jobs by their timetable, each once across processes (extra `pump`).
"""

from partnerlab.client.jobs.balances import send_balances
from partnerlab.client.jobs.changes import AUTOPAY, CUSTOMER, download_changes
from partnerlab.client.jobs.exchange import collect_exports, send_balance_file, send_invoice_file
from partnerlab.client.jobs.models import (
    AccountChange,
    BalanceRow,
    BalanceToSend,
    Bill,
    BillLine,
    BillRun,
    InvoiceRow,
)
from partnerlab.client.jobs.payments import download_payments
from partnerlab.client.jobs.ports import (
    BalanceBooks,
    BillBooks,
    ChangeBooks,
    FileBooks,
    FileSource,
    FileTarget,
    FileToSend,
    PaymentBooks,
    ReceivedBatch,
    ReceivedFileBooks,
)
from partnerlab.client.jobs.uploads import upload_bills

__all__ = [
    "AUTOPAY",
    "CUSTOMER",
    "AccountChange",
    "BalanceBooks",
    "BalanceRow",
    "BalanceToSend",
    "Bill",
    "BillBooks",
    "BillLine",
    "BillRun",
    "ChangeBooks",
    "FileBooks",
    "FileSource",
    "FileTarget",
    "FileToSend",
    "InvoiceRow",
    "PaymentBooks",
    "ReceivedBatch",
    "ReceivedFileBooks",
    "collect_exports",
    "download_changes",
    "download_payments",
    "send_balance_file",
    "send_balances",
    "send_invoice_file",
    "upload_bills",
]
