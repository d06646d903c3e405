"""Is what the service says as the contract has it: WSDL, answers, faults. Nothing here changes anything."""

from __future__ import annotations

from decimal import Decimal

from partnerlab.contracts.verification.provider.exchange import Asked
from partnerlab.contracts.verification.provider.inhance.utility import SUITE, Utility
from partnerlab.contracts.verification.provider.probe import money
from partnerlab.contracts.verification.provider.soap import envelope, read_answer
from partnerlab.contracts.verification.provider.wsdl import differences, read, served

CENT = Decimal("0.01")
PREFIXES = ("unprefixed",)


@SUITE.check("inhance/wsdl", "ASMX-WSDL-1", "INH2-ADR-2")
def wsdl_declares_the_operations(utility: Utility) -> None:
    """?WSDL declares the five operations with the contract's parameters and results: names, order, types, namespace."""
    reply = utility.line.ask(Asked("WSDL", "GET", f"{utility.target.url}?WSDL"))
    found, contract = served(reply.answer), read(utility.wsdl)
    assert contract is not None
    if found is None:
        utility.fail("?WSDL", "a WSDL", read_answer(reply).said, reply.number)
    utility.expect(
        found.namespace == contract.namespace, "targetNamespace", contract.namespace, found.namespace, reply.number
    )
    utility.expect_none(differences(contract, found), reply.number)


@SUITE.check("inhance/wsdl-ports", "ASMX-WSDL-2")
def wsdl_has_the_ports(utility: Utility) -> None:
    """The WSDL has a port each for SOAP 1.1, SOAP 1.2 and HTTP POST, at the address that was asked."""
    reply = utility.line.ask(Asked("WSDL", "GET", f"{utility.target.url}?WSDL"))
    found = served(reply.answer)
    ports = {} if found is None else found.ports
    for kind in ("SOAP 1.1", "SOAP 1.2", "HTTP POST"):
        utility.expect(kind in ports, "WSDL, service", f"a port for {kind}", ", ".join(ports) or "none", reply.number)
    for kind, address in ports.items():
        same = address.lower() == utility.target.url.lower()
        utility.expect(same, f"WSDL, port for {kind}", utility.target.url, address, reply.number)


@SUITE.check("inhance/help-page", "ASMX-PAGE-1")
def get_shows_a_page(utility: Utility) -> None:
    """GET of the address answers a page that names the operations."""
    reply = utility.line.ask(Asked("help page", "GET", utility.target.url))
    text = reply.answer.text
    named = [name for name in utility.contract.operations if name not in text]
    utility.expect(reply.answer.status == 200, "status", "200", str(reply.answer.status), reply.number)
    utility.expect(
        not named, "the page", ", ".join(utility.contract.operations), f"no {', '.join(named)}", reply.number
    )


@SUITE.check("inhance/balance", "INH2-RTDR-1", "ASMX-SOAP-1")
def balance_check_answers(utility: Utility) -> None:
    """BalanceCheck of the account answers Success true, Balance and FutureBalance."""
    utility.balances()


@SUITE.check("inhance/balance-valid", "INH2-RTDR-1", "ASMX-ANS-2")
def balance_answer_is_valid(utility: Utility) -> None:
    """The answer of BalanceCheck is valid: status, content type, envelope, and every element by the schema."""
    answer = utility.call("BalanceCheck")
    found = [one for one in utility.findings(answer.reply) if one.rule not in PREFIXES]
    utility.expect_none(found, answer.number)


@SUITE.check("inhance/unprefixed", "ASMX-ANS-1")
def answers_have_no_prefixes(utility: Utility) -> None:
    """The elements of an answer have no prefix: consumers match them as text."""
    answer = utility.call("BalanceCheck")
    utility.expect_none((one for one in utility.findings(answer.reply) if one.rule in PREFIXES), answer.number)


@SUITE.check("inhance/amounts", "INH2-RTDR-1")
def amounts_are_plain_decimals(utility: Utility) -> None:
    """Balance and FutureBalance are plain decimals of whole cents, as in 125.50."""
    answer = utility.call("BalanceCheck")
    for name in ("Balance", "FutureBalance"):
        text = answer.result.get(name, "").strip()
        value = money(text)
        plain = value is not None and "e" not in text.lower() and value == value.quantize(CENT)
        utility.expect(plain, name, "a decimal with at most two places", repr(text), answer.number)


@SUITE.check("inhance/future-covers-balance", "INH2-RTDR-1")
def future_balance_covers_balance(utility: Utility) -> None:
    """FutureBalance, everything owed, is never less than Balance, what is due now."""
    found = utility.balances()
    utility.expect(
        found.future >= found.balance,
        "FutureBalance",
        f"at least Balance, {found.balance}",
        str(found.future),
        found.exchange,
    )


@SUITE.check("inhance/balance-repeats", "INH2-RTDR-1")
def asking_changes_nothing(utility: Utility) -> None:
    """BalanceCheck asked twice answers the same: asking changes nothing."""
    first = utility.balances()
    utility.expect_unchanged(first, "a BalanceCheck")


@SUITE.check("inhance/invoice-zero", "INH2-RTDR-8")
def invoice_number_zero_is_taken(utility: Utility) -> None:
    """LastInvoiceNumber 0, sent where the invoice's number is no integer, is answered with the account's balance."""
    utility.expect_same(utility.call("BalanceCheck", LastInvoiceNumber="0"), "LastInvoiceNumber 0")


@SUITE.check("inhance/soap12", "ASMX-SOAP-2")
def soap_12_is_answered(utility: Utility) -> None:
    """BalanceCheck over SOAP 1.2 answers in SOAP 1.2, and the same balance."""
    answer = utility.call("BalanceCheck", "1.2")
    utility.expect_same(answer, "over SOAP 1.2")
    found = [one for one in utility.findings(answer.reply) if one.rule not in PREFIXES]
    utility.expect_none(found, answer.number)


@SUITE.check("inhance/form-post", "ASMX-FORM-1")
def form_post_is_answered(utility: Utility) -> None:
    """BalanceCheck as a form POST answers the result alone, as XML valid by the schema, and the same balance."""
    answer = utility.form("BalanceCheck")
    utility.expect_same(answer, "by form")
    utility.expect_none(utility.findings(answer.reply), answer.number)


@SUITE.check("inhance/refusal-has-words", "INH2-RTDR-1", kind="input")
def refusal_has_words(utility: Utility) -> None:
    """A refusal carries an ErrorMessage, and a success none."""
    good = utility.call("BalanceCheck")
    message = good.result.get("ErrorMessage", "").strip()
    utility.expect(not message, "ErrorMessage of a success", "absent or empty", repr(message), good.number)
    bad = utility.call("BalanceCheck", AccountNumber="VERIFY-NO-SUCH-ACCOUNT-1")
    words = bad.fault or bad.result.get("ErrorMessage", "").strip()
    utility.expect(bool(words), "ErrorMessage of a refusal", "why it was refused", "nothing", bad.number)


@SUITE.check("inhance/fault-soap-action", "ASMX-FLT-1", kind="input")
def unknown_action_is_a_fault(utility: Utility) -> None:
    """A SOAPAction that is no operation's is answered 500 with ASP.NET's words."""
    body = envelope(utility.target.namespace, "BalanceCheck", utility.fields("BalanceCheck", {}))
    answer = utility.send("BalanceCheck", body, action=f'"{utility.target.namespace}VerifyNoSuchOperation"')
    words = "Server did not recognize the value of HTTP Header SOAPAction"
    utility.expect(words in answer.fault, "Fault", words, answer.said, answer.number)
    utility.expect(answer.reply.answer.status == 500, "status", "500", str(answer.reply.answer.status), answer.number)
