"""Is the run set up rightly: address, API key, BillerGUID, web service key, account, invoice."""

from __future__ import annotations

from partnerlab.contracts.verification.provider.configuration import Misconfigured, check_http, claims_xml, reaching
from partnerlab.contracts.verification.provider.invoice_cloud.platform import STATUS, WRONG, Platform

__all__ = ["preflight"]


def preflight(platform: Platform) -> list[str]:
    """Ask who the biller is, then for the customer and the invoice. Raises `Misconfigured`."""
    with reaching():
        _check_rest(platform)
        _check_soap(platform)
    return []


def _check_rest(platform: Platform) -> None:
    answer = platform.rest(STATUS)
    if answer.status == 401 and answer.members:
        raise Misconfigured("wrong-key", f"the API key is refused: {answer.said}", answer.number)
    check_http(answer.reply)
    guid = answer.members.get("BillerGUID")
    if "Success" not in answer.members:
        raise Misconfigured(
            "not-the-service", f"the biller's status is expected, and {answer.said} came", answer.number
        )
    if answer.success and str(guid).lower() != platform.target.biller_guid.lower():
        text = f"the API key is of biller {guid}, and --biller-guid is {platform.target.biller_guid}"
        raise Misconfigured("wrong-biller", text, answer.number)


def _check_soap(platform: Platform) -> None:
    answer = platform.customer()
    check_http(answer.reply)
    if answer.problem and not claims_xml(answer.reply.answer):
        raise Misconfigured("not-the-service", f"CloudManagement is expected, and {answer.said} came", answer.number)
    if not answer.success and not answer.fault and not answer.problem:
        by_key = platform.customer(WebServiceKey=WRONG)
        name = "wrong-key" if by_key.said == answer.said else "wrong-account"
        raise Misconfigured(name, f"ViewCustomerRecord of {platform.target.account}: {answer.said}", answer.number)
    found = platform.invoice()
    if not found.success and not found.fault and not found.problem:
        text = f"ViewInvoiceByInvoiceNumber of {platform.target.invoice}: {found.said}"
        raise Misconfigured("wrong-invoice", text, found.number)
