"""
What partners run on a timer, as functions over a port to the utility's own books and a client of Invoice Cloud.

    upload_bills         new and changed bills as a BIF               inHance v1 and v2, TCCS
    send_balances        balances that changed, or all                inHance v1
    download_payments    payments since the last run, each once       inHance v1
    download_changes     AutoPay; paperless, e-mail and phone         inHance v1

A function does one run and says what it did. Whoever keeps the books keeps the marks, too: a run that dies begins
again where it stopped, and one that runs twice changes nothing more. `partnerlab.client.jobs.engine` runs them by
their timetable, each once across processes (extra `pump`).
"""

from partnerlab.client.jobs.balances import send_balances
from partnerlab.client.jobs.changes import AUTOPAY, CUSTOMER, download_changes
from partnerlab.client.jobs.models import AccountChange, BalanceToSend, Bill, BillLine, BillRun
from partnerlab.client.jobs.payments import download_payments
from partnerlab.client.jobs.ports import BalanceBooks, BillBooks, ChangeBooks, PaymentBooks
from partnerlab.client.jobs.uploads import upload_bills

__all__ = [
    "AUTOPAY",
    "CUSTOMER",
    "AccountChange",
    "BalanceBooks",
    "BalanceToSend",
    "Bill",
    "BillBooks",
    "BillLine",
    "BillRun",
    "ChangeBooks",
    "PaymentBooks",
    "download_changes",
    "download_payments",
    "send_balances",
    "upload_bills",
]
