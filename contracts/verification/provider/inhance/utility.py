"""The utility as checks see it: its five operations, and the balance read whatever its answer's form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import NamedTuple

from partnerlab.contracts.data import read_bytes
from partnerlab.contracts.verification import soap as verdicts
from partnerlab.contracts.verification.findings import Finding, Verdict
from partnerlab.contracts.verification.grading import Suite
from partnerlab.contracts.verification.provider.line import Line, Reply
from partnerlab.contracts.verification.provider.probe import Probe, money, now_in
from partnerlab.contracts.verification.provider.soap import SoapAnswer, envelope, form_call, read_answer, soap_call
from partnerlab.contracts.verification.wsdl import Contract, read_wsdl

__all__ = ["NAMESPACE", "SUITE", "Balances", "Target", "Utility"]

NAMESPACE = "http://tempuri.org/"
KEYS = {"BalanceCheck": "WebServiceKey"}
UNKNOWN_ACCOUNT = "VERIFY-NO-SUCH-ACCOUNT-0"
WRONG_KEY = "00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True, slots=True)
class Target:
    """
    A utility's service and what may be used of it.

    `amount` is what a test payment is of; its cents are odd so that rounding shows. `paperless` and `autopay` say how
    the account stands, so that it can be left so; unknown, it is left off. `time_zone` is the utility's, of which a
    PaymentDate is; empty, this machine's. `fuzz` is how many seconds of random messages there are, drawn from
    `fuzz_seed`.
    """

    url: str
    key: str
    account: str
    invoice: int = 0
    namespace: str = NAMESPACE
    amount: Decimal = Decimal("1.37")
    paperless: bool = False
    autopay: bool = False
    time_zone: str = ""
    fuzz: float = 0
    fuzz_seed: int = 1


class Balances(NamedTuple):
    """What BalanceCheck told, and the exchange in which it did."""

    balance: Decimal
    future: Decimal
    email: str
    exchange: int


SUITE: Suite[Utility] = Suite("inhance", ("INH2-", "ASMX-"))


class Utility(Probe):
    """The service behind a line."""

    def __init__(self, line: Line, target: Target) -> None:
        super().__init__(line)
        self.target = target
        self.wsdl = read_bytes("inhance_soap/iCloud.wsdl").replace(NAMESPACE.encode(), target.namespace.encode())
        self.contract, self._verdict = _contract(self.wsdl)

    def fields(self, operation: str, changes: Mapping[str, str | None]) -> list[tuple[str, str]]:
        """The parameters of a call in the contract's order: everyday values but for *changes*; None leaves one out."""
        target = self.target
        everyday: dict[str, dict[str, str]] = {
            "BalanceCheck": {"AccountNumber": target.account, "LastInvoiceNumber": str(target.invoice)},
            "MakePaymentExtended": {
                "AccountNumber": target.account,
                "PaymentDate": now_in(target.time_zone).strftime("%Y-%m-%dT%H:%M:%S"),
                "PaymentReference": "",
                "DocumentNumber": str(target.invoice or ""),
                "PaymentTypeDesc": "Credit Card",
                "PaymentAmount": str(target.amount),
                "ConvenienceFee": "0.00",
            },
            "SetPaperless": {"Accountnumber": target.account, "PaperlessOnOff": "Off"},
            "SetAutopay": {"Accountnumber": target.account, "AutoPayOnOff": "Off"},
            "SetEmail": {"Accountnumber": target.account, "NewEmail": ""},
        }
        given = {**everyday[operation], KEYS.get(operation, "WebserviceKey"): target.key}
        if operation == "MakePaymentExtended":
            given["PaymentReference"] = self.new_reference()
        sent: dict[str, str | None] = {**given, **changes}
        return [(name, value) for name, value in sent.items() if value is not None]

    def call(self, operation: str, version: str = "1.1", **changes: str | None) -> SoapAnswer:
        """Call an operation over SOAP."""
        body = envelope(self.target.namespace, operation, self.fields(operation, changes), version)
        return self.send(operation, body, version=version)

    def send(
        self,
        operation: str,
        body: str | bytes,
        *,
        version: str = "1.1",
        action: str | None = None,
        url: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> SoapAnswer:
        """Send a message as it is."""
        namespace = self.target.namespace
        asked = soap_call(
            url or self.target.url, namespace, operation, body, version=version, action=action, headers=headers
        )
        return read_answer(self.line.ask(asked))

    def form(self, operation: str, **changes: str | None) -> SoapAnswer:
        """Call an operation by a form."""
        asked = form_call(self.target.url, operation, self.fields(operation, changes))
        return read_answer(self.line.ask(asked))

    def findings(self, reply: Reply) -> list[Finding]:
        """What in an answer breaks the contract."""
        asked, answer = reply.asked, reply.answer
        content_type = answer.headers.get("content-type", "")
        found = self._verdict(asked.label, asked.body, asked.headers, answer.status, answer.body, content_type)
        return [one for one in found if one.side == "response"]

    def balances(self, *, invoice: str | None = None) -> Balances:
        """The account's balances. Raises `Failed` where the answer does not tell them."""
        changes = {} if invoice is None else {"LastInvoiceNumber": invoice}
        answer = self.call("BalanceCheck", "1.1", **changes)
        if not answer.success:
            self.fail("BalanceCheckResult", "Success true, Balance and FutureBalance", answer.said, answer.number)
        balance, future = (self._amount(answer, name) for name in ("Balance", "FutureBalance"))
        return Balances(balance, future, answer.result.get("Email", "").strip(), answer.number)

    def _amount(self, answer: SoapAnswer, name: str) -> Decimal:
        text = answer.result.get(name)
        value = money(text)
        if value is None:
            received = "no such element" if text is None else repr(text)
            self.fail(f"BalanceCheckResult/{name}", "a decimal, as in 125.50", received, answer.number)
        return value

    def expect_same(self, answer: SoapAnswer, what: str) -> None:
        """Raises `Failed` unless BalanceCheck, asked in another way, is answered as it is when plainly asked."""
        self.expect(answer.success, what, "Success true, as in the plain call", answer.said, answer.number)
        plain = self.balances()
        told = money(answer.result.get("Balance")), money(answer.result.get("FutureBalance"))
        expected = f"{plain.balance} and {plain.future}, as in the plain call"
        received = " and ".join(answer.result.get(name, "nothing") for name in ("Balance", "FutureBalance"))
        self.expect(told == plain[:2], f"Balance and FutureBalance, {what}", expected, received, answer.number)

    def expect_refused(self, answer: SoapAnswer, what: str) -> None:
        """Raises `Failed` unless a call was refused: Success false, or a fault or status that is no success."""
        status = answer.reply.answer.status
        refused = answer.refused or (not answer.success and (answer.fault != "" or status >= 400))
        self.expect(refused, what, "a refusal: Success false, with an ErrorMessage", answer.said, answer.number)

    def expect_unchanged(self, before: Balances, what: str) -> None:
        """Raises `Failed` where the balances moved since *before*."""
        after = self.balances()
        self.expect(
            after[:2] == before[:2],
            "Balance, FutureBalance",
            f"{before.balance} and {before.future}, as before: {what} changes nothing",
            f"{after.balance} and {after.future}",
            after.exchange,
        )


@cache
def _contract(wsdl: bytes) -> tuple[Contract, Verdict]:
    return read_wsdl(wsdl), verdicts.verdict(wsdl)
