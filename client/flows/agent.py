"""
The payer stories of TCCS's agents: an agent leaves TCCS by its button "Make Payment" and lands on a Cloud Payments
page.

The agent is transferred with the whole window, so ViewMode is 0 unless said otherwise (assumed [A-70]).

Source: TCCS Technical Design, Payer Experience - Agent (New Policy) and Agent (Existing Policy); Quote Deposit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal

from partnerlab.client.errors import RequestInvalid
from partnerlab.client.flows.cloud_payments import PaymentPage, payment_page
from partnerlab.client.flows.story import Flow, Steps, rest_story
from partnerlab.client.invoice_cloud.account import RestAccount
from partnerlab.client.invoice_cloud.operations.cloud_payments import (
    CloudCustomer,
    CloudInvoice,
    CloudPaymentRequest,
    InvoiceOptions,
    PageResultOptions,
    PaymentSettings,
    ViewMode,
)
from partnerlab.client.tccs import rules as tccs

__all__ = ["existing_policy_payment", "new_policy_deposit", "policy_number"]

_DATED = re.compile(r"(?P<number>.+)-[0-9]{2}/[0-9]{2}/[0-9]{4}", re.DOTALL)
# An agent pays what was clicked: nothing on the page can be taken away or looked up.
_PAGE = PageResultOptions(invoice_options=InvoiceOptions(allow_remove=False))


@rest_story("Agent (New Policy)")
def new_policy_deposit(
    do: Steps,
    account: RestAccount,
    *,
    quote_number: str,
    insured_name: str,
    deposit: Decimal,
    post_back_url: str | None = None,
    return_url: str | None = None,
    biller_reference: str = "",
    account_number: str = "",
    type_id: str | None = None,
    email_address: str | None = None,
    view_mode: ViewMode = ViewMode.WINDOW,
) -> Flow[PaymentPage]:
    """
    An agent pays the deposit on a quote that was accepted.

    No bill file brings a quote, so the page is told all of it, and the customer is created (assumed [A-71]).

    Args:
        quote_number: The invoice's number, `Q454100010-03/01/2019`: the `Q` is how TCCS tells a deposit.
        insured_name: Goes to TCCS with the payment, so it must hold none of the separators `|`, `@` and `:`.
        deposit: US dollars in whole cents, above zero; it cannot be paid in part.
        account_number: The quote's number without its date where not given (assumed [A-71]).

    Raises `RequestInvalid`, `FlowFailed`.
    """
    if not tccs.is_quote(quote_number):
        raise RequestInvalid("quote_number", quote_number, "must begin with Q")
    _check("quote_number", quote_number, _invoice_number)
    _check("insured_name", insured_name, tccs.render_insured_name)
    if not isinstance(deposit, Decimal) or not deposit.is_finite() or deposit <= 0:
        raise RequestInvalid("deposit", deposit, "must be a Decimal above zero")
    quote = CloudInvoice(quote_number, type_id=type_id, balance_due=deposit, allow_partial_payments=False)
    customer = CloudCustomer(
        account_number or policy_number(quote_number),
        name=insured_name,
        email_address=email_address,
        invoices=(quote,),
    )
    request = CloudPaymentRequest(
        customers=(customer,),
        post_back_url=post_back_url,
        return_url=return_url,
        biller_reference=biller_reference,
        view_mode=view_mode,
        settings=PaymentSettings(allow_swipe=False, create_customer_record=True),
        page_result_options=_PAGE,
    )
    return (yield from payment_page(do, account, request))


@rest_story("Agent (Existing Policy)")
def existing_policy_payment(
    do: Steps,
    account: RestAccount,
    *,
    account_number: str,
    invoices: Mapping[str, Decimal] | None = None,
    name: str | None = None,
    post_back_url: str | None = None,
    return_url: str | None = None,
    biller_reference: str = "",
    view_mode: ViewMode = ViewMode.WINDOW,
) -> Flow[PaymentPage]:
    """
    An agent pays on a policy found by Billing Inquiry.

    Args:
        account_number: The policy's number.
        invoices: What the inquiry shows as due, invoice number to amount in whole cents; Invoice Cloud's own open
            invoices of the policy where not given. None may be a quote's: TCCS would take the payment for a deposit.

    Raises `RequestInvalid`, `FlowFailed`.
    """
    listed = None
    if invoices is not None:
        for number in invoices:
            if tccs.is_quote(number):
                raise RequestInvalid("invoices", number, "is a quote: new_policy_deposit asks for its deposit")
            _check("invoices", number, _invoice_number)
        listed = tuple(CloudInvoice(number, balance_due=amount) for number, amount in invoices.items())
    request = CloudPaymentRequest(
        customers=(CloudCustomer(account_number, name=name, invoices=listed),),
        post_back_url=post_back_url,
        return_url=return_url,
        biller_reference=biller_reference,
        view_mode=view_mode,
        settings=PaymentSettings(allow_swipe=False),
        page_result_options=_PAGE,
    )
    return (yield from payment_page(do, account, request))


def _check(field: str, value: str, rule: Callable[[str], object]) -> None:
    """
    Raises `RequestInvalid` for *field* where *rule* refuses the value: TCCS could take no payment made with it.
    """
    try:
        rule(value)
    except RequestInvalid as error:
        raise RequestInvalid(field, error.value, error.rule) from None


def _invoice_number(value: str) -> None:
    if not _DATED.fullmatch(tccs.render_invoice_number(value)):
        raise RequestInvalid("InvoiceNumber", value, "must end in the term's expiration date, -MM/DD/YYYY")


def policy_number(invoice_number: str) -> str:
    """The number without its date: `454100010-06/16/2020` is `454100010`. Source: File Mapping, 10 InvoiceNumber."""
    found = _DATED.fullmatch(invoice_number)
    return found["number"] if found else invoice_number
