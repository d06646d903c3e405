"""The platform as checks see it: REST by JSON and HTTP Basic, and three SOAP services, on one origin."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from partnerlab.contracts.data import read_bytes
from partnerlab.contracts.doors import operations
from partnerlab.contracts.verification import rest as rest_verdicts
from partnerlab.contracts.verification import soap as soap_verdicts
from partnerlab.contracts.verification.findings import Finding, Verdict
from partnerlab.contracts.verification.grading import Suite
from partnerlab.contracts.verification.provider.exchange import Asked
from partnerlab.contracts.verification.provider.line import Line, MembersOf, Reply
from partnerlab.contracts.verification.provider.probe import Probe
from partnerlab.contracts.verification.provider.soap import (
    Fields,
    SoapAnswer,
    envelope,
    form_call,
    read_answer,
    soap_call,
)

__all__ = ["OPERATIONS", "SUITE", "Platform", "RestAnswer", "Target"]

WEB_SERVICES = "https://www.invoicecloud.com/portal/webservices"
INVOICING, MANAGEMENT, REMOTE = "CloudInvoicing", "CloudManagement", "RemoteAuthenticationWS"
SERVICES = (INVOICING, MANAGEMENT, REMOTE)
STATUS = "/api/v1/biller/status"
USERS, LOGIN = "/api/v1/remoteauthentication/RetrieveUsers", "/api/v1/remoteauthentication/RemoteAuthentication"
REGISTER = "/api/v1/remoteauthentication/RegisterAccounts"
USER_ACCOUNTS = "/api/v1/remoteauthentication/RetrieveUserAccounts"
CUSTOMER_GUID, CREATE = "/api/v1/customer/RetrieveCustomerGuid", "/api/v1/customer/CreateCustomerRecord"
PAYMENTS = "/cloudpaymentsapi/v2"
LABELS = {"status": "BillerStatus", "account": "RetrieveCustomerAccount", "v2": "CloudPaymentsV2"}
"""Operations that a path's end does not name."""
NO_DATE = "0001-01-01"
"""How a date that is not set begins."""
UNKNOWN, WRONG = "VERIFY-NO-SUCH-ACCOUNT-0", "00000000-0000-4000-8000-000000000000"
DOORS = ("REST", *SERVICES)
OPERATIONS = sorted({name for door in DOORS for name in operations(door)})


@dataclass(frozen=True, slots=True)
class Target:
    """
    A biller at the platform and what may be used of it; `url` is the origin. `username` is a portal user's. `layout`
    is that of the biller's bill files, with its InvoiceFormatGuid and InvoiceTypeID. `fuzz` is how many seconds of
    random requests there are, drawn from `fuzz_seed`.
    """

    url: str
    api_key: str
    biller_guid: str
    web_service_key: str
    account: str
    invoice: str
    username: str = ""
    password: str = ""
    layout: str = ""
    format_guid: str = ""
    invoice_type: str = "1"
    fuzz: float = 0
    fuzz_seed: int = 1


class RestAnswer(MembersOf):
    """An answer of a REST service; members only where it is a JSON object."""

    __slots__ = ()

    @property
    def success(self) -> bool:
        """Whether it says so, with status 200."""
        return self.status == 200 and self.members.get("Success") is True


SUITE: Suite[Platform] = Suite("invoice-cloud", ("ICWS-", "ICP-", "CPV2-"))


class Platform(Probe):
    """The services behind a line."""

    def __init__(self, line: Line, target: Target) -> None:
        super().__init__(line)
        self.target = target

    def rest(self, path: str, body: Any = None, **more: Any) -> RestAnswer:
        """Call a REST operation, as `request` has it."""
        reply = self.line.ask(self.request(path, body, **more))
        return RestAnswer(reply, reply.answer.members)

    def request(
        self, path: str, body: Any = None, *, credential: str | None = None, headers: Mapping[str, str] | None = None
    ) -> Asked:
        """
        A call of a REST operation: POST with a body, which may be text as it is, else GET. *credential* is the text of
        the Authorization header, empty for none.
        """
        sent = {"accept": "application/json", "authorization": self.basic() if credential is None else credential}
        sent = {name: value for name, value in sent.items() if value}
        content = b""
        if body is not None:
            content = (body if isinstance(body, str) else json.dumps(body)).encode()
            sent["content-type"] = "application/json"
        label = path.rpartition("/")[2]
        label = LABELS.get(label, label)
        method = "GET" if body is None else "POST"
        return Asked(label, method, f"{self.target.url}{path}", {**sent, **(headers or {})}, content)

    def basic(self, key: str | None = None) -> str:
        """The Authorization header of an API key, by default the biller's."""
        return "Basic " + base64.b64encode((self.target.api_key if key is None else key).encode()).decode("ascii")

    def soap(
        self, service: str, operation: str, fields: Fields = (), *, version: str = "1.1", **keys: str
    ) -> SoapAnswer:
        """Call a SOAP operation; *keys* are other values of BillerGUID and WebServiceKey."""
        namespace = f"{WEB_SERVICES}/{service}/"
        body = envelope(namespace, operation, self._fields(service, fields, keys), version)
        return read_answer(self.line.ask(soap_call(self.address(service), namespace, operation, body, version=version)))

    def form(self, service: str, operation: str, fields: Fields) -> SoapAnswer:
        """Call an operation by a form, which holds the members of Req, or the arguments."""
        flat = [("BillerGUID", self.target.biller_guid), ("WebServiceKey", self.target.web_service_key), *fields]
        return read_answer(self.line.ask(form_call(self.address(service), operation, flat)))

    def address(self, service: str) -> str:
        """Where a SOAP service stands."""
        return f"{self.target.url}/portal/webservices/{service}.asmx"

    def invoice(self, **keys: str) -> SoapAnswer:
        """ViewInvoiceByInvoiceNumber of the run's invoice."""
        return self.soap(INVOICING, "ViewInvoiceByInvoiceNumber", [("InvoiceNumber", self.target.invoice)], **keys)

    def customer(self, **keys: str) -> SoapAnswer:
        """ViewCustomerRecord of the run's account."""
        return self.soap(MANAGEMENT, "ViewCustomerRecord", [("AccountNumber", self.target.account)], **keys)

    def findings(self, reply: Reply) -> list[Finding]:
        """What in an answer breaks the contract."""
        asked, answer = reply.asked, reply.answer
        path = urlsplit(asked.url).path
        service = next((one for one in SERVICES if f"/{one}.asmx" in path), "")
        content_type = answer.headers.get("content-type", "")
        found = _verdict(service)(asked.label, asked.body, asked.headers, answer.status, answer.body, content_type)
        return [one for one in found if one.side == "response"]

    def expect_valid(self, answer: SoapAnswer | RestAnswer) -> None:
        """Raises `Failed` where an answer breaks the contract; prefixes are a check of their own."""
        self.expect_none((one for one in self.findings(answer.reply) if one.rule != "unprefixed"), answer.number)

    def expect_done(self, answer: SoapAnswer | RestAnswer, what: str) -> None:
        """Raises `Failed` unless a call was done, and its answer is valid."""
        self.expect(answer.success, what, "Success true", answer.said, answer.number)
        self.expect_valid(answer)

    def expect_refused(self, answer: SoapAnswer | RestAnswer, what: str) -> None:
        """Raises `Failed` unless the answer has Success false and says why, as every refusal by the rules does."""
        if isinstance(answer, RestAnswer):
            refused = answer.status < 500 and answer.members.get("Success") is False
            words = answer.members.get("ErrorMessage")
        else:
            refused = answer.result.get("Success", "").strip().lower() == "false"
            words = answer.result.get("ErrorMessage")
        self.expect(refused and bool(words), what, "Success false, and an ErrorMessage", answer.said, answer.number)

    @staticmethod
    def _wrapped(service: str) -> bool:
        return service == INVOICING

    def _fields(self, service: str, fields: Fields, keys: Mapping[str, str]) -> Fields:
        own = {"BillerGUID": self.target.biller_guid, "WebServiceKey": self.target.web_service_key, **keys}
        whole = [*own.items(), *fields]
        return [("Req", whole)] if self._wrapped(service) else whole


@cache
def _verdict(service: str) -> Verdict:
    if service:
        return soap_verdicts.verdict(read_bytes(f"ic_webservices/{service}.wsdl"))
    return rest_verdicts.verdict(read_bytes("ic_webservices/openapi.yaml"))
