"""The invoices of a bill file as the policy terms that the insurer made it from."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from partnerlab.contracts.files import InvoiceGroup
from partnerlab.simulators.tccs_rest.domain.errors import ValueInvalid
from partnerlab.simulators.tccs_rest.domain.money import read_cents
from partnerlab.simulators.tccs_rest.domain.numbers import read_invoice_number, term_of
from partnerlab.simulators.tccs_rest.domain.policies import Charge, Insured, Policy
from partnerlab.simulators.tccs_rest.domain.quotes import DUE_AFTER, MONTH
from partnerlab.simulators.tccs_rest.domain.text import read_line

__all__ = ["policy_term"]

ADDRESS = ("Address1", "Address2", "City", "State", "Zip", "Phone")  # in the order of `Insured`


def policy_term(group: InvoiceGroup, today: date) -> tuple[Policy, list[Charge]]:
    """
    The term of an invoice, with charges that make its balances *today* those of the file.

    A file says what is owed of a term, not how it is billed. What of TotalAmountDue is billed, MinimumAmountDue or
    without one all of it, becomes one instalment; the rest becomes another one, billed in a month. A total below zero
    is a credit.

    Raises:
        ValueInvalid: a number, name or amount is none that the ledger takes.
    Source: "TCCS Technical Design", field mapping 10 to 21, 60 to 66, 186.
    """
    invoice, customer = group.invoice, group.customer
    number = read_invoice_number("InvoiceNumber", invoice.InvoiceNumber)
    total_cents = _cents("TotalAmountDue", invoice.TotalAmountDue)
    owed_cents = max(total_cents, 0)
    billed_cents = owed_cents
    if owed_cents and invoice.MinimumAmountDue is not None:
        billed_cents = _cents("MinimumAmountDue", invoice.MinimumAmountDue)
        if not 0 <= billed_cents <= owed_cents:
            raise ValueInvalid("MinimumAmountDue", invoice.MinimumAmountDue, f"is no part of what {number} owes")
    charges = []
    if billed_cents:
        billed_on = min(invoice.InvoiceDate, today)  # billed it is, whatever day a test's file gives
        charges.append(Charge(1, "instalment", billed_on, invoice.InvoiceDueDate, billed_cents))
    if rest_cents := owed_cents - billed_cents:
        billed_on = today + MONTH
        charges.append(Charge(len(charges) + 1, "instalment", billed_on, billed_on + DUE_AFTER, rest_cents))
    insured = Insured(
        read_line("CustomerName", customer.CustomerName),
        *(read_line(name, getattr(customer, name) or "") for name in ADDRESS),
    )
    policy = Policy(
        number,
        *term_of(number),
        insured,
        late_fee_cents=read_cents("LateFeeAmount", invoice.LateFeeAmount) if invoice.LateFeeAmount else 0,
        paid_cents=owed_cents - total_cents,
    )
    return policy, charges


def _cents(field: str, amount: Decimal) -> int:
    cents = read_cents(field, abs(amount)) if amount else 0
    return -cents if amount < 0 else cents
