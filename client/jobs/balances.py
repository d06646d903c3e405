"""
The Balance job and the Balance All job: what accounts owe, by SetInvoiceBalance.

A balance overwrites what Invoice Cloud has, payments that the utility has not downloaded yet included. So an account
with such a payment is left out of this run: its balance goes with a later one, when the books know the payment [A-109].

Source: Harris inHance v1 Integration Details, Adjustments/Balances.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from partnerlab.client.errors import PartnerFault
from partnerlab.client.jobs.payments import BEGINNING
from partnerlab.client.jobs.ports import BalanceBooks

if TYPE_CHECKING:
    from partnerlab.client.invoice_cloud import InvoiceCloudClient

__all__ = ["send_balances"]


def send_balances(books: BalanceBooks, invoice_cloud: InvoiceCloudClient, *, everything: bool = False) -> str:
    """
    One run: the balances that changed, or all; says how many were sent, held back and refused.

    Each is noted in the books as soon as it was sent, so a run that dies goes on behind it. Raises `TransportError`
    and `ProtocolError` of `client.errors`; what Invoice Cloud refuses is noted and does not end the run.
    """
    balances = books.balances_to_send(everything=everything)
    if not balances:
        return "nothing changed"
    payments = invoice_cloud.export_payments(books.payments_mark() or BEGINNING)
    unknown = set(books.unknown_payments([payment.payment_guid for payment in payments]))
    uncertain = {payment.account_number for payment in payments if payment.payment_guid in unknown}
    sent = held_back = 0
    problems = []
    for balance in balances:
        if balance.account_number in uncertain:
            held_back += 1
            continue
        refused = ""
        try:
            invoice_cloud.set_invoice_balance(balance.invoice_number, balance.balance, balance.balance)
        except PartnerFault as error:
            refused = error.message or str(error)
            problems.append(f"invoice {balance.invoice_number} was refused: {refused}")
        books.balance_sent(balance, refused)
        sent += not refused
    said = [f"{sent} balance{'' if sent == 1 else 's'} sent"]
    if held_back:
        said.append(f"{held_back} held back until a payment is downloaded")
    return "; ".join([", ".join(said), *problems])
