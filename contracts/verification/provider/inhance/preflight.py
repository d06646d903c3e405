"""Is the run set up rightly: address, namespace, key, account."""

from __future__ import annotations

from partnerlab.contracts.verification.provider.configuration import Misconfigured, check_http, claims_xml, reaching
from partnerlab.contracts.verification.provider.exchange import Asked
from partnerlab.contracts.verification.provider.inhance.utility import UNKNOWN_ACCOUNT, WRONG_KEY, Utility
from partnerlab.contracts.verification.provider.soap import SoapAnswer
from partnerlab.contracts.verification.provider.wsdl import served

__all__ = ["preflight"]

OPERATION = "BalanceCheck"


def preflight(utility: Utility) -> list[str]:
    """Ask for the account's balance, and where that fails find out why. Raises `Misconfigured`."""
    with reaching():
        answer = utility.call(OPERATION)
        check_http(answer.reply)
        if answer.problem and not claims_xml(answer.reply.answer):
            raise Misconfigured("not-the-service", f"a web service is expected, and {answer.said} came", answer.number)
        if answer.problem:
            return []  # it answers in XML, as the service would: what is wrong with that, the checks say by its place
        if answer.fault:
            _explain_fault(utility, answer)
        elif answer.refused:
            _explain_refusal(utility, answer)
    return []


def _explain_fault(utility: Utility, answer: SoapAnswer) -> None:
    """Why a right call is answered by a fault: another namespace, another service; else the checks say what."""
    asked = Asked("WSDL", "GET", f"{utility.target.url}?WSDL")
    found = served(utility.line.ask(asked).answer)
    if found is None:
        if "SOAPAction" in answer.fault:
            text = f"the service knows no {utility.target.namespace}{OPERATION}: {answer.fault}"
            raise Misconfigured("wrong-namespace", text, answer.number)
        return
    if OPERATION not in found.operations:
        text = f"the WSDL served there has {', '.join(sorted(found.operations)) or 'no operations'}"
        raise Misconfigured("wrong-service", text, len(utility.line.exchanges))
    if found.namespace != utility.target.namespace:
        text = f"the WSDL served there has the namespace {found.namespace}, not {utility.target.namespace}"
        raise Misconfigured("wrong-namespace", text, len(utility.line.exchanges))


def _explain_refusal(utility: Utility, answer: SoapAnswer) -> None:
    """Which of key and account is wrong: that of the two which a certainly wrong one is refused alike."""
    by_key = utility.call(OPERATION, WebServiceKey=WRONG_KEY)
    by_account = utility.call(OPERATION, AccountNumber=UNKNOWN_ACCOUNT)
    like_key = _words(answer) == _words(by_key)
    like_account = _words(answer, utility.target.account) == _words(by_account, UNKNOWN_ACCOUNT)
    if like_key and like_account:  # its words are all that is left to go by
        said = answer.said.lower()
        name = "wrong-key" if "key" in said else "wrong-account" if "account" in said else "key-or-account"
    else:
        name = "wrong-key" if like_key else "wrong-account"
    raise Misconfigured(name, f"BalanceCheck of account {utility.target.account}: {answer.said}", answer.number)


def _words(answer: SoapAnswer, account: str = "") -> str:
    return answer.said.replace(account, "…") if account else answer.said
