"""The insurer as checks see it: its calls, and the balances read whatever their answer's form."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import quote_plus

from lxml import etree

from partnerlab.contracts.data import read_bytes
from partnerlab.contracts.verification import rest as verdicts
from partnerlab.contracts.verification.findings import Finding, Verdict
from partnerlab.contracts.verification.grading import Suite
from partnerlab.contracts.verification.provider.exchange import Asked
from partnerlab.contracts.verification.provider.line import Line, MembersOf, Reply
from partnerlab.contracts.verification.provider.probe import Probe, money, now_in
from partnerlab.contracts.verification.provider.soap import FORM

__all__ = ["STATE", "SUITE", "Answer", "Balances", "Insurer", "Target"]

STATE, PAY, RETURN = "ARState_Output", "Pay_Input", "Insufficient_Pay_Report"
PAPERLESS, RECURRING, IMAGE = "Paperless_Bill", "Recurring_Pay", "Retrieve_Bill_Image"
WRONG = "VERIFY-WRONG-0"
UNKNOWN_INVOICE = "VERIFYNOSUCHPOLICY0-01/01/2001"


@dataclass(frozen=True, slots=True)
class Target:
    """
    An insurer's service and what may be used of it.

    `version` is that of the service (setting 35): 2 takes a PaymentGUID. `quote` is the number of a quote whose
    deposit may be paid. `paperless` and `recurring` say how the policy stands, so that it can be left so. `time_zone`
    is the insurer's, of which the day of a payment is; empty, this machine's. `fuzz` is how many seconds of random
    contents there are, drawn from `fuzz_seed`.
    """

    url: str
    consumer_guid: str
    entry_key: str
    invoice: str
    quote: str = ""
    version: int = 2
    amount: Decimal = Decimal("1.37")
    paperless: bool = False
    recurring: bool = False
    time_zone: str = ""
    fuzz: float = 0
    fuzz_seed: int = 1


class Balances(NamedTuple):
    """What ARState_Output told, and the exchange in which it did."""

    record: Decimal
    total: Decimal
    exchange: int


class Answer(MembersOf):
    """An answer of the insurer's service, in JSON or XML."""

    __slots__ = ()

    @property
    def success(self) -> bool:
        """Whether it was done: status 200 and Success true."""
        return self.status == 200 and str(self.members.get("Success")).lower() == "true"


SUITE: Suite[Insurer] = Suite("tccs", ("TCCS-",))


class Insurer(Probe):
    """The service behind a line."""

    def __init__(self, line: Line, target: Target) -> None:
        super().__init__(line)
        self.target = target
        self._verdict = _verdict()

    def url(self, operation: str, prefix: str | None = None) -> str:
        """Where an operation stands: below `/api`, but for the bill image."""
        prefix = ("" if operation == IMAGE else "/api") if prefix is None else prefix
        return f"{self.target.url}{prefix}/{operation}"

    def call(self, operation: str, content: str | None, **more: Any) -> Answer:
        """Call an operation; *more* as for `request`."""
        return self.read(self.line.ask(self.request(operation, content, **more)))

    def request(
        self,
        operation: str,
        content: str | None,
        *,
        url: str = "",
        headers: Mapping[str, str] | None = None,
        names: Mapping[str, str] | None = None,
        **changes: str | None,
    ) -> Asked:
        """A call; *changes* are other values of the form, None leaves a field out, *names* spell fields anew."""
        target = self.target
        sent: dict[str, str | None] = {
            "consumerGUID": target.consumer_guid,
            "entryKey": target.entry_key,
            "contentInfo": content,
            **changes,
        }
        spelt = names or {}
        form = "&".join(
            f"{spelt.get(name, name)}={quote_plus(value)}" for name, value in sent.items() if value is not None
        )
        own = {"content-type": FORM, "accept": "application/json"}
        return Asked(operation, "POST", url or self.url(operation), {**own, **(headers or {})}, form.encode())

    @staticmethod
    def read(reply: Reply) -> Answer:
        """Take an answer apart."""
        return Answer(reply, _members(reply.answer.body))

    def findings(self, reply: Reply) -> list[Finding]:
        """What in an answer breaks the contract."""
        asked, answer = reply.asked, reply.answer
        content_type = answer.headers.get("content-type", "")
        found = self._verdict(asked.label, asked.body, asked.headers, answer.status, answer.body, content_type)
        return [one for one in found if one.side == "response"]

    def balances(self, invoice: str = "") -> Balances:
        """The balances of an invoice, the run's own by default. Raises `Failed` where the answer does not tell them."""
        answer = self.call(STATE, invoice or self.target.invoice)
        record, total = (money(str(answer.members.get(name, ""))) for name in ("Record bal", "Total Balance"))
        if answer.status != 200 or record is None or total is None:
            self.fail(STATE, "status 200, Record bal and Total Balance", answer.said, answer.number)
        return Balances(record, total, answer.number)

    def pay(
        self, *, invoice: str = "", amount: str = "", type: str = "CC", guid: str | None = "", **more: Any
    ) -> Answer:
        """Post a payment; with a PaymentGUID of its own where the service takes one and *guid* gives no other."""
        said = f"{invoice or self.target.invoice}|{amount or self.target.amount}:{type}"
        return self.call(PAY, said + self.suffix(guid), **more)

    def today(self) -> str:
        """The date of transaction of a payment that was just posted."""
        return now_in(self.target.time_zone).strftime("%m/%d/%Y")

    def report_return(
        self, amount: object, *, invoice: str = "", day: str = "", word: str = "IFR", **more: Any
    ) -> Answer:
        """Report a payment as returned: one of *amount* that was posted today."""
        return self.call(RETURN, f"{invoice or self.target.invoice}:{day or self.today()}|{amount}|{word}", **more)

    def suffix(self, guid: str | None = "") -> str:
        """`@PaymentGUID` as the service's version has it; None leaves it out."""
        if guid is None or (not guid and self.target.version < 2):
            return ""
        return f"@{guid or self.new_reference()}"

    def expect_done(self, answer: Answer, what: str) -> None:
        """Raises `Failed` unless a call was done."""
        self.expect(answer.success, what, "status 200 with Success true", answer.said, answer.number)

    def expect_refused(self, answer: Answer, what: str, *, unknown: bool = False) -> None:
        """
        Raises `Failed` unless a call was refused: a status of 400 or more, or Success false.

        404 is a refusal only of what is *unknown* to the insurer: of anything else it says that the service does not
        have the operation, which refuses nothing.
        """
        absent = (405, 501) if unknown else (404, 405, 501)
        refused = (400 <= answer.status < 500 and answer.status not in absent) or (
            answer.status == 200 and str(answer.members.get("Success")).lower() == "false"
        )
        codes = "4xx" if unknown else "4xx, but not 404"
        self.expect(refused, what, f"a refusal: status {codes}, or Success false", answer.said, answer.number)

    def expect_status(self, answer: Answer, status: int, what: str) -> None:
        """Raises `Failed` where the status is another."""
        self.expect(answer.status == status, what, f"status {status}", answer.said, answer.number)

    def expect_same(self, answer: Answer, what: str) -> None:
        """Raises `Failed` unless the balances of an answer are those of the plain call."""
        plain = self.balances()
        told = tuple(money(str(answer.members.get(name, ""))) for name in ("Record bal", "Total Balance"))
        expected = f"{plain.record} and {plain.total}, as in the plain call"
        self.expect(told == plain[:2], f"the balances, {what}", expected, answer.said, answer.number)

    def expect_moved(self, before: Balances, by: Decimal, what: str, invoice: str = "") -> None:
        """Raises `Failed` unless both balances moved by *by* since *before*."""
        after = self.balances(invoice)
        for name, old, new in (
            ("Record bal", before.record, after.record),
            ("Total Balance", before.total, after.total),
        ):
            self.expect(
                new - old == by,
                name,
                f"{old + by}: {old} before, {what}",
                f"{new}, moved by {new - old}",
                after.exchange,
            )


def _members(body: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(body.decode("utf-8-sig"), parse_float=Decimal, parse_int=Decimal)
        return found if isinstance(found, dict) else {}
    except (ValueError, RecursionError):
        pass
    try:
        root = etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    except (etree.XMLSyntaxError, ValueError):
        return {}
    if etree.QName(root).localname.lower() == "html":
        return {}
    return {
        etree.QName(child).localname.replace("_x0020_", " "): (child.text or "").strip()
        for child in root
        if isinstance(child.tag, str)
    }


@cache
def _verdict() -> Verdict:
    return verdicts.verdict(read_bytes("tccs_rest/openapi.yaml"))
