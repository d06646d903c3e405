"""The simulator with its ports in the test's hands: what was raised, what the partner would answer, and its doors."""

from __future__ import annotations

import base64
import io
import json
import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any
from xml.sax.saxutils import escape

import jsonschema
from lxml import etree

from partnerlab.contracts.data import read_bytes, read_yaml
from partnerlab.contracts.files import InvoiceGroup, load_layout, write_bif
from partnerlab.contracts.seeds import utility_accounts
from partnerlab.simulators.ic_webservices import EventRefused, InvoiceCloud, Settings, create_simulator
from partnerlab.simulators.kit.asmx.front import AsmxService
from partnerlab.simulators.kit.control.app import create_control_app
from partnerlab.simulators.kit.faults.faults import Faults
from partnerlab.simulators.kit.http.at_first_request import AtFirstRequest
from partnerlab.simulators.kit.http.messages import Request, Response
from partnerlab.simulators.kit.journal.journal import Journal
from partnerlab.simulators.kit.world.clock import Clock
from partnerlab.simulators.kit.world.lanes import DEFAULT, Lane, Lanes
from partnerlab.simulators.kit.world.store import Store

INVOICING = "https://www.invoicecloud.com/portal/webservices/CloudInvoicing/"
MANAGEMENT = "https://www.invoicecloud.com/portal/webservices/CloudManagement/"
SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"
REMOTE = "https://www.invoicecloud.com/portal/webservices/RemoteAuthenticationWS/"
UTILITY = Settings().utility_guid
WATERSMART, WATERSMART_KEY = Settings().watersmart_guid, Settings().watersmart_web_service_key
API_KEY = Settings().utility_api_key
USER, PASSWORD = Settings().utility_email, Settings().utility_password
KEY = Settings().utility_web_service_key
ACCOUNT, INVOICE = "10000101", "500001"
VISA, AMEX, DECLINED, FAILS = "4111111111111111", "378282246310005", "4000000000000002", "4000000000000119"
SETTLES, RETURNS = "000123456789", "000111111113"


OTHER_SEEDS = {bill.number for account in utility_accounts() for bill in account.bills} - {INVOICE}


@dataclass
class Answer:
    """A control answer."""

    status: int
    json: Any


@dataclass
class Harness:
    """One simulator on one store."""

    store: Store
    lanes: Lanes
    sim: InvoiceCloud = field(init=False)
    raised: list[dict[str, Any]] = field(default_factory=list)
    refuse_events: bool = False
    reject_events: bool = False
    balance: Callable[[str, str, str, str], Mapping[str, Any]] = field(default=lambda *_: {})
    asked: list[tuple[str, str, str, str]] = field(default_factory=list)
    image: Callable[[str, str, str], Mapping[str, Any]] = field(default=lambda *_: {"content": b"%PDF-1.4 %%EOF"})
    unsettled: set[str] = field(default_factory=set)
    """PaymentGUIDs that the data pump would have without a certain outcome."""
    settled_meanwhile: set[str] = field(default_factory=set)
    """PaymentGUIDs that the partner would have taken since it was asked for the balance."""
    lane_name: str = DEFAULT
    settings: Settings = field(default_factory=lambda: Settings(retry_s=0.01))

    def __post_init__(self) -> None:
        self.sim = create_simulator(
            self.settings,
            self.store,
            self.lanes,
            events=self.take_event,
            balances=self.give_balance,
            images=lambda *asked: self.image(*asked),
            unsettled=self.give_unsettled,
            base_url=lambda: "http://127.0.0.1:8700",
        )
        if not self.lanes.seeders:
            self.lanes.seeders.append(self.sim.seed)
        simulators = (self.sim,)
        self._control = create_control_app(
            self.lanes, Journal(self.lanes), Faults(self.lanes), Clock(self.lanes, simulators), simulators
        )

    def take_event(self, event: dict[str, Any]) -> None:
        if self.reject_events:
            raise EventRefused("another event has this id")
        if self.refuse_events:
            raise ConnectionError("the data pump is away, WebServiceKey=33333333-3333-4333-8333-333333333333")
        self.raised.append(event)

    def give_balance(self, lane: str, biller: str, account: str, invoice: str) -> Mapping[str, Any]:
        self.asked.append((lane, biller, account, invoice))
        return self.balance(lane, biller, account, invoice)

    def give_unsettled(self, lane: str, biller: str, account: str, since: datetime | None) -> set[str]:
        return self.unsettled | (set() if since is None else self.settled_meanwhile)

    def close(self) -> None:
        self.sim.close()

    @property
    def lane(self) -> Lane:
        return self.lanes.get(self.lane_name)

    def request(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None, query: str = ""
    ) -> Request:
        base = "http://127.0.0.1:9" if self.lane_name == DEFAULT else f"http://127.0.0.1:9/lane/{self.lane_name}"
        return Request(method, path, query, headers or {}, body, base, f"r-{uuid.uuid4().hex[:8]}", self.lane)

    # --- the control API ---

    def control(self, method: str, path: str, body: Any = None, **query: str) -> Answer:
        from urllib.parse import urlencode

        data = b"" if body is None else json.dumps(body).encode()
        request = self.request(
            method, f"/_sandbox/ic/{path}", data, {"content-type": "application/json"}, urlencode(query)
        )
        response = self._control(request)
        return Answer(response.status, json.loads(response.body or b"null"))

    def send(self, path: str, content: bytes, **query: str) -> Answer:
        """POST a text to the control API."""
        from urllib.parse import urlencode

        headers = {"content-type": "text/plain"}
        response = self._control(self.request("POST", f"/_sandbox/ic/{path}", content, headers, urlencode(query)))
        return Answer(response.status, json.loads(response.body))

    def get(self, path: str, **query: str) -> Any:
        answer = self.control("GET", path, **query)
        assert answer.status == 200, answer
        return answer.json

    def own_invoices(self, **query: str) -> list[Any]:
        """The utility's invoices, of the seeded ones the first alone."""
        return [one for one in self.get("invoices", **query)["invoices"] if one["invoice_number"] not in OTHER_SEEDS]

    def pay(self, **order: Any) -> Answer:
        order = {"account_number": ACCOUNT, "amount": "10.00", "tender": "credit_card", **order}
        if order["tender"] in ("credit_card", "debit_card"):
            order.setdefault("card_number", VISA)
        elif order["tender"] in ("ach", "online_bank_direct"):
            order.setdefault("bank_account", SETTLES)
        return self.control("POST", "payments", {name: value for name, value in order.items() if value is not None})

    def invoice(self, number: str = INVOICE) -> Any:
        return self.get(f"invoices/{number}")

    # --- the REST door ---

    def rest(self, operation: str, body: Any = None, *, key: str = API_KEY, **headers: str) -> Answer:
        """
        Call an operation by its path below `/api/v1/`: POST with a body, else GET. The answer is held against the
        contract, whatever it is.
        """
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        credential = base64.b64encode(key.encode()).decode("ascii")
        sent = {"authorization": f"Basic {credential}", "content-type": "application/json"}
        sent.update({name.replace("_", "-"): value for name, value in headers.items()})
        method = "GET" if body is None else "POST"
        response = self.sim.doors["/api/v1"](self.request(method, f"/api/v1/{operation}", data, sent))
        answer = Answer(response.status, json.loads(response.body))
        check_rest(method, f"/api/v1/{operation}", answer)
        return answer

    # --- the SOAP doors ---

    def soap(self, namespace: str, operation: str, inner: str, *, version: int = 1) -> etree._Element:
        response = self.call(namespace, operation, inner, version=version)
        assert response.status == 200, response.body
        answer = etree.fromstring(response.body)[0][0]
        schema(namespace).assertValid(answer)
        result = answer[0]
        assert etree.QName(result).localname == f"{operation}Result"
        return result

    def call(self, namespace: str, operation: str, inner: str, *, version: int = 1) -> Response:
        envelope = {1: SOAP11, 2: SOAP12}[version]
        body = (
            f'<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="{envelope}"><s:Body>'
            f'<{operation} xmlns="{namespace}">{inner}</{operation}></s:Body></s:Envelope>'
        )
        action = namespace + operation
        headers = (
            {"content-type": "text/xml; charset=utf-8", "soapaction": f'"{action}"'}
            if version == 1
            else {"content-type": f'application/soap+xml; charset=utf-8; action="{action}"'}
        )
        return self.door(namespace)(self.request("POST", self.path(namespace), body.encode(), headers))

    @staticmethod
    def path(namespace: str) -> str:
        return f"/portal/webservices/{namespace.rstrip('/').rpartition('/')[2]}.asmx"

    def door(self, namespace: str) -> AsmxService:
        later = self.sim.doors[self.path(namespace)]
        assert isinstance(later, AtFirstRequest)
        door = later.made()
        assert isinstance(door, AsmxService)
        return door

    def form(self, namespace: str, operation: str, fields: Mapping[str, Any]) -> Response:
        """Post a form to an operation; lists are sent with their name repeated."""
        from urllib.parse import urlencode

        body = urlencode(fields, doseq=True).encode()
        headers = {"content-type": "application/x-www-form-urlencoded"}
        return self.door(namespace)(self.request("POST", f"{self.path(namespace)}/{operation}", body, headers))

    def upload(self, content: bytes, name: str = "bills.bif", *, version: int = 1, **keys: str) -> dict[str, Any]:
        inner = elements({**keyed(**keys), "FileName": name, "FileContent": base64.b64encode(content).decode("ascii")})
        result = self.soap(INVOICING, "UploadInvoiceFile", f"<Req>{inner}</Req>", version=version)
        told = texts(result)
        told["Problems"] = [texts(problem) for problem in result.findall(f"{{{INVOICING}}}Problems/*")]
        return told


@cache
def schema(namespace: str) -> etree.XMLSchema:
    """The schema in the service's contract: every answer is held against it."""
    service = namespace.rstrip("/").rpartition("/")[2]
    wsdl = etree.fromstring(read_bytes(f"ic_webservices/{service}.wsdl"))
    (found,) = wsdl.iter("{http://www.w3.org/2001/XMLSchema}schema")
    return etree.XMLSchema(etree.fromstring(etree.tostring(found)))


@cache
def openapi() -> Any:
    """The contract of the REST door."""
    return read_yaml("ic_webservices/openapi.yaml")


def check_rest(method: str, path: str, answer: Answer) -> None:
    """Hold an answer against the contract; a path that is not in it has only the refusal to answer."""
    found = [item for template, item in openapi()["paths"].items() if _is_path(template, path)]
    operation = found[0].get(method.lower()) if found else None
    if operation is None:
        assert answer.status in (404, 405), answer
        response = openapi()["components"]["responses"]["NotFound"]
    else:
        response = operation["responses"].get(str(answer.status))
        assert response is not None, f"{method} {path}: {answer} is not in the contract"
        if reference := response.get("$ref"):
            response = openapi()["components"]["responses"][reference.rpartition("/")[2]]
    wanted = {**response["content"]["application/json"]["schema"], "components": openapi()["components"]}
    jsonschema.Draft202012Validator(wanted).validate(answer.json)


def _is_path(template: str, path: str) -> bool:
    return re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path.rstrip("/"), re.IGNORECASE) is not None


def keyed(biller: str = UTILITY, key: str = KEY) -> dict[str, str]:
    return {"BillerGUID": biller, "WebServiceKey": key}


def elements(values: Mapping[str, str]) -> str:
    return "".join(f"<{name}>{escape(value)}</{name}>" for name, value in values.items())


def texts(element: etree._Element) -> dict[str, Any]:
    """The element's children by local name, as text."""
    return {etree.QName(child).localname: child.text or "" for child in element}


def advance(harness: Harness, by: timedelta) -> list[str]:
    """Move the lane's clock and run what falls due on the way, in order; what happened."""
    done = Clock(harness.lanes, (harness.sim,)).advance(harness.lane_name, by)
    return [one.outcome for one in done]


def begin(harness: Harness, at: str = "2026-06-16T14:00:00+00:00") -> None:
    """As `freeze`, from the beginning of the lane on: its seeds are of that day, whatever day it is."""
    name = harness.lane_name
    if name not in [lane.name for lane in harness.lanes.all()]:
        harness.lanes.create(name, frozen_at=datetime.fromisoformat(at))
    freeze(harness, at)


def freeze(harness: Harness, at: str = "2026-06-16T14:00:00+00:00") -> None:
    """Freeze the lane's clock; 2026-06-16 is a Tuesday, and Friday of that week, Juneteenth, is a holiday."""
    harness.lanes.get(harness.lane_name)
    harness.lanes.set_clock(harness.lane_name, offset=timedelta(0), frozen_at=datetime.fromisoformat(at))


def group(number: str, account: str, due: str = "50.00", *, on: date = date(2026, 6, 1), **own: Any) -> InvoiceGroup:
    """One invoice of a bill file; *own* replaces fields by their name, in whichever record has it."""
    layout = load_layout("inhance_v2")
    invoice = {
        "InvoiceFormatGuid": Settings().invoice_format_guid,
        "InvoiceNumber": number,
        "InvoiceDate": on,
        "InvoiceDueDate": on + timedelta(days=30),
        "TotalAmountDue": Decimal(due),
        "BalanceDue": Decimal(due),
        "InvoiceTypeID": 1,
    }
    customer = {"AccountNumber": account, "CustomerName": f"Customer {account}", "Address1": "1 Main Street"}
    detail = {"Description": "Water", "LineItemTotal": Decimal(due)}
    for name, value in own.items():
        for code, values in (("IH", invoice), ("CR", customer), ("ID", detail)):
            if name in layout.record(code).row._fields:
                values[name] = value
                break
        else:
            raise KeyError(name)
    return InvoiceGroup(
        layout.record("IH").make(**invoice),
        layout.record("CR").make(**customer),
        (layout.record("ID").make(**detail),),
    )


def bill_file(groups: Iterable[InvoiceGroup], *, biller: str = UTILITY) -> bytes:
    layout = load_layout("inhance_v2")
    stream = io.BytesIO()
    header = layout.record("FH").make(BillerGuid=biller, FileCreationDate=datetime.now(UTC).date())
    write_bif(stream, layout, header, groups)
    return stream.getvalue()
