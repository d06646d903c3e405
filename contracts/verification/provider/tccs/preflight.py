"""Is the run set up rightly: address, credentials, invoice."""

from __future__ import annotations

from partnerlab.contracts.tccs_rest import ContentInfoInvalid, parse_content_info
from partnerlab.contracts.verification.provider.configuration import Misconfigured, check_http, claims_json, reaching
from partnerlab.contracts.verification.provider.tccs.insurer import STATE, UNKNOWN_INVOICE, WRONG, Answer, Insurer

__all__ = ["preflight"]


def preflight(insurer: Insurer) -> list[str]:
    """Ask for the invoice's balances, and where that fails find out why. Raises `Misconfigured`."""
    for name, number in (("--invoice", insurer.target.invoice), ("--quote", insurer.target.quote)):
        if number:
            _check_number(name, number)
    with reaching():
        answer = insurer.call(STATE, insurer.target.invoice)
        if answer.status == 404:
            _explain_404(insurer, answer)
        if answer.status != 401 or not answer.members:  # else it is the service's own word
            check_http(answer.reply)
        if answer.status == 401:
            raise Misconfigured("wrong-key", f"consumerGUID and entryKey are refused: {answer.said}", answer.number)
        if answer.status == 200 and not answer.members and not claims_json(answer.reply.answer):
            raise Misconfigured("not-the-service", f"balances are expected, and {answer.said} came", answer.number)
    return []


def _check_number(name: str, number: str) -> None:
    try:
        parse_content_info("invoice-number", number)
    except ContentInfoInvalid as error:
        raise Misconfigured("bad-value", f"{name} {number!r}: {error}") from None


def _explain_404(insurer: Insurer, answer: Answer) -> None:
    """Which of path and invoice is wrong: the one of which something certainly wrong is refused alike."""
    by_key = insurer.call(STATE, insurer.target.invoice, entryKey=WRONG)
    if by_key.status != 404:  # it looked at the key before it looked for the invoice, so the path is right
        raise Misconfigured("wrong-invoice", f"invoice {insurer.target.invoice}: {answer.said}", answer.number)
    by_path = insurer.call(STATE, UNKNOWN_INVOICE, url=insurer.url("Verify_No_Such_Call"))
    alike = _words(answer, STATE) == _words(by_path, "Verify_No_Such_Call")
    name = "wrong-path" if alike or not answer.members else "wrong-invoice"
    raise Misconfigured(name, f"{insurer.url(STATE)}: {answer.said}", answer.number)


def _words(answer: Answer, operation: str) -> str:
    return answer.said.replace(operation, "…")
