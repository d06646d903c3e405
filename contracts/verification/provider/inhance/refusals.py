"""Is what is wrong refused, and nothing told. Nothing here changes anything."""

from __future__ import annotations

from partnerlab.contracts.verification.provider.inhance.utility import (
    SUITE,
    UNKNOWN_ACCOUNT,
    WRONG_KEY,
    Utility,
)
from partnerlab.contracts.verification.provider.probe import money
from partnerlab.contracts.verification.provider.soap import SoapAnswer, envelope


def expect_nothing_told(utility: Utility, answer: SoapAnswer) -> None:
    """Raises `Failed` where a refusal tells what is owed, or to whom mail goes."""
    told = [name for name in ("Balance", "FutureBalance") if (money(answer.result.get(name)) or 0) != 0]
    told += [name for name in ("Email", "Phone") if answer.result.get(name, "").strip()]
    utility.expect(not told, "a refusal", "no balance and no address in it", ", ".join(told), answer.number)


@SUITE.check("inhance/wrong-key", "INH2-ADR-3", kind="input")
def wrong_key_is_refused(utility: Utility) -> None:
    """BalanceCheck with a wrong key is refused, and tells nothing of the account."""
    answer = utility.call("BalanceCheck", WebServiceKey=WRONG_KEY)
    utility.expect_refused(answer, "a wrong key")
    expect_nothing_told(utility, answer)


@SUITE.check("inhance/no-key", "INH2-ADR-3", kind="input")
def missing_key_is_refused(utility: Utility) -> None:
    """BalanceCheck with an empty key, and without one, is refused."""
    for key in ("", None):
        answer = utility.call("BalanceCheck", WebServiceKey=key)
        utility.expect_refused(answer, "an empty key" if key == "" else "no key")
        expect_nothing_told(utility, answer)


@SUITE.check("inhance/part-of-key", "INH2-ADR-3", kind="input")
def part_of_the_key_is_refused(utility: Utility) -> None:
    """The key's beginning, and the key with something behind it, are refused."""
    key = utility.target.key
    for wrong in (key[:-1], f"{key}0"):
        answer = utility.call("BalanceCheck", WebServiceKey=wrong)
        utility.expect_refused(answer, "a part of the key" if len(wrong) < len(key) else "the key and a character")


@SUITE.check("inhance/unknown-account", "INH2-RTDR-1", kind="input")
def unknown_account_is_refused(utility: Utility) -> None:
    """BalanceCheck of an unknown account is refused: a balance of zero would be taken for paid."""
    answer = utility.call("BalanceCheck", AccountNumber=UNKNOWN_ACCOUNT)
    utility.expect_refused(answer, "an unknown account")
    expect_nothing_told(utility, answer)


@SUITE.check("inhance/no-account", "INH2-RTDR-1", kind="input")
def missing_account_is_refused(utility: Utility) -> None:
    """BalanceCheck without an account is refused."""
    answer = utility.call("BalanceCheck", AccountNumber=None)
    utility.expect_refused(answer, "no account")
    expect_nothing_told(utility, answer)


@SUITE.check("inhance/account-quote", "INH2-RTDR-1", kind="input")
def quote_in_account_is_a_character(utility: Utility) -> None:
    """An account number with a quotation mark is an unknown account like any other, and no part of a query."""
    for account in ("' OR '1'='1", f"{utility.target.account}'", f"{utility.target.account}%"):
        answer = utility.call("BalanceCheck", AccountNumber=account)
        utility.expect_refused(answer, f"account {account}")
        utility.expect_no_insides(answer.reply.answer.text, answer.number)


@SUITE.check("inhance/not-a-number", "ASMX-FLT-2", kind="input")
def unreadable_number_is_a_fault(utility: Utility) -> None:
    """LastInvoiceNumber that is no number is answered with a client's fault."""
    answer = utility.call("BalanceCheck", LastInvoiceNumber="12x")
    _expect_client_fault(utility, answer, "LastInvoiceNumber 12x")


@SUITE.check("inhance/not-xml", "ASMX-FLT-2", kind="input")
def broken_xml_is_a_fault(utility: Utility) -> None:
    """A message that is not well-formed is answered with a client's fault, or status 400."""
    body = envelope(utility.target.namespace, "BalanceCheck", utility.fields("BalanceCheck", {}))
    answer = utility.send("BalanceCheck", body.replace("</soap:Body>", ""))
    if answer.reply.answer.status == 400:
        return
    _expect_client_fault(utility, answer, "XML that is not well-formed")


@SUITE.check("inhance/insides", "ASMX-FLT-3", kind="input")
def faults_show_no_insides(utility: Utility) -> None:
    """The answers to a broken message and to an unreadable number show no stack and no path of the server."""
    body = envelope(utility.target.namespace, "BalanceCheck", utility.fields("BalanceCheck", {}))
    broken = utility.send("BalanceCheck", body.replace("</soap:Body>", ""))
    utility.expect_no_insides(broken.reply.answer.text, broken.number)
    unreadable = utility.call("BalanceCheck", LastInvoiceNumber="12x")
    utility.expect_no_insides(unreadable.reply.answer.text, unreadable.number)


@SUITE.check("inhance/entities", "ASMX-XML-1", kind="input")
def entities_are_not_expanded(utility: Utility) -> None:
    """An account number that is an entity of the request's own is not read as what the entity stands for."""
    body = envelope(utility.target.namespace, "BalanceCheck", utility.fields("BalanceCheck", {"AccountNumber": "@@"}))
    declared = f'<!DOCTYPE x [<!ENTITY verify "{utility.target.account}">]>\n<soap:Envelope'
    body = body.replace("<soap:Envelope", declared, 1).replace("@@", "&verify;")
    answer = utility.send("BalanceCheck", body)
    utility.expect(not answer.success, "an entity as the account", "a refusal or a fault", answer.said, answer.number)


def _expect_client_fault(utility: Utility, answer: SoapAnswer, what: str) -> None:
    utility.expect(bool(answer.fault), what, "a fault", answer.said, answer.number)
    code = answer.fault_code.rpartition(":")[2]
    utility.expect(
        code in ("Client", "Sender"), f"fault of {what}", "Client", answer.fault_code or "nothing", answer.number
    )
    status = answer.reply.answer.status
    utility.expect(status >= 400, f"status of the fault of {what}", "500", str(status), answer.number)
