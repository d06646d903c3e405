"""
The Balance job and the Balance All job: what accounts owe, by SetInvoiceBalance.

A balance overwrites what Invoice Cloud has, payments that the utility has not downloaded yet included. So an account
with such a payment is left out of this run: its balance goes with a later one, when the books know the payment [A-109].
It is the number that the payment is told with that counts: a former owner's `CV-` number is an account of its own, so a
payment under it holds back nothing of the number from before, whose balance it never lowers [A-125].

Which payments those are is asked before the balances are read, so what a Payment job enters meanwhile is in them or
holds its account back; and both anew each minute. A payment of the seconds between is overwritten all the same, as
SetInvoiceBalance has no condition: it is asked for again until the job that downloads it and the next run of this one.

Source: Harris inHance v1 Integration Details, Adjustments/Balances.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import TYPE_CHECKING

from partnerlab.client.errors import PartnerFault
from partnerlab.client.jobs.models import BalanceToSend
from partnerlab.client.jobs.payments import BEGINNING
from partnerlab.client.jobs.ports import BalanceBooks

if TYPE_CHECKING:
    from partnerlab.client.invoice_cloud import InvoiceCloudClient

__all__ = ["send_balances"]

ASKED_AGAIN_S = 60.0
"""How long a run goes by one answer to which payments the books lack."""


def send_balances(books: BalanceBooks, invoice_cloud: InvoiceCloudClient, *, everything: bool = False) -> str:
    """
    One run: the balances that changed, or all; says how many were sent, held back and refused.

    Each is noted in the books as soon as it was sent, so a run that dies goes on behind it. Raises `TransportError`
    and `ProtocolError` of `client.errors`; what Invoice Cloud refuses is noted and does not end the run.
    """
    if not books.balances_to_send(everything=everything):
        return "nothing changed"
    sent = held_back = 0
    problems: list[str] = []
    done: set[str] = set()
    while True:
        uncertain = _not_in_the_books(books, invoice_cloud)
        left = [one for one in books.balances_to_send(everything=everything) if one.account_number not in done]
        until = time.monotonic() + ASKED_AGAIN_S
        for balance in left:
            done.add(balance.account_number)
            if balance.account_number in uncertain:
                held_back += 1
            else:
                refused = _sent(balance, invoice_cloud)
                problems += [f"invoice {balance.invoice_number} was refused: {refused}"] if refused else []
                books.balance_sent(balance, refused)
                sent += not refused
            if time.monotonic() >= until:
                break
        else:
            break
    said = [f"{sent} balance{'' if sent == 1 else 's'} sent"]
    if held_back:
        said.append(f"{held_back} held back until a payment is downloaded")
    return "; ".join([", ".join(said), *problems])


def _not_in_the_books(books: BalanceBooks, invoice_cloud: InvoiceCloudClient) -> Collection[str]:
    """The accounts of payments that Invoice Cloud has and the books do not, by the number that it tells them with."""
    payments = invoice_cloud.export_payments(books.payments_mark() or BEGINNING)
    unknown = set(books.unknown_payments([payment.payment_guid for payment in payments]))
    return {payment.account_number for payment in payments if payment.payment_guid in unknown}


def _sent(balance: BalanceToSend, invoice_cloud: InvoiceCloudClient) -> str:
    """Send a balance; why Invoice Cloud refused it, or nothing."""
    try:
        invoice_cloud.set_invoice_balance(balance.invoice_number, balance.balance, balance.balance)
    except PartnerFault as error:
        return error.message or str(error)
    return ""
