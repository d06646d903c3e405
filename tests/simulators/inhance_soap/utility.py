"""A simulated utility of a test's own, and how the test talks to it."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from html import escape
from typing import Any

from lxml import etree

from partnerlab.simulators.inhance_soap import InHance, Settings, create_simulator
from partnerlab.simulators.kit.control.app import ControlApp
from partnerlab.simulators.kit.http.messages import App, Request, Response
from partnerlab.simulators.kit.world.clock import Clock
from partnerlab.simulators.kit.world.lanes import Lane, Lanes
from partnerlab.simulators.kit.world.store import Store

PATH = "/iCloud/iCloud.asmx"
NS = "http://tempuri.org/"
KEY = Settings().key
ENVELOPES = {
    "1.1": "http://schemas.xmlsoap.org/soap/envelope/",
    "1.2": "http://www.w3.org/2003/05/soap-envelope",
}
PARAMETERS = {
    "BalanceCheck": ("AccountNumber", "LastInvoiceNumber", "WebServiceKey"),
    "MakePaymentExtended": (
        "AccountNumber",
        "PaymentDate",
        "PaymentReference",
        "DocumentNumber",
        "PaymentTypeDesc",
        "PaymentAmount",
        "ConvenienceFee",
        "WebserviceKey",
    ),
    "SetPaperless": ("Accountnumber", "PaperlessOnOff", "WebserviceKey"),
    "SetAutopay": ("Accountnumber", "AutoPayOnOff", "WebserviceKey"),
    "SetEmail": ("Accountnumber", "NewEmail", "WebserviceKey"),
}
DEFAULTS = {
    "LastInvoiceNumber": "0",
    "PaymentDate": "2026-11-21T10:00:00",
    "DocumentNumber": "",
    "PaymentTypeDesc": "Credit Card",
    "ConvenienceFee": "0.00",
    "WebServiceKey": KEY,
    "WebserviceKey": KEY,
}

_ids = itertools.count(1)


def envelope(operation: str, fields: dict[str, str], version: str = "1.1") -> bytes:
    inner = "".join(f"<{name}>{escape(value, quote=False)}</{name}>" for name, value in fields.items())
    return (
        f'<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="{ENVELOPES[version]}"><soap:Body>'
        f'<{operation} xmlns="{NS}">{inner}</{operation}></soap:Body></soap:Envelope>'
    ).encode()


def headers(operation: str, version: str = "1.1") -> dict[str, str]:
    if version == "1.1":
        return {"content-type": "text/xml; charset=utf-8", "soapaction": f'"{NS}{operation}"'}
    return {"content-type": f'application/soap+xml; charset=utf-8; action="{NS}{operation}"'}


@dataclass
class Utility:
    """The simulator over one store, in lane `default` unless another is said."""

    store: Store
    settings: Settings = field(default_factory=Settings)
    lane: str = "default"
    lanes: Lanes = field(init=False)
    simulator: InHance = field(init=False)
    app: App = field(init=False)
    control: ControlApp = field(init=False)

    def __post_init__(self) -> None:
        self.lanes = Lanes(self.store)
        self.simulator = create_simulator(self.settings, self.store, self.lanes)
        self.lanes.seeders.append(self.simulator.seed)
        self.app = self.simulator.doors[self.settings.path]
        self.control = ControlApp(lambda: [(self.simulator.control_contract, self.simulator.control())])

    def now(self) -> datetime:
        return self.lanes.get(self.lane).now()

    def today(self) -> date:
        return self.simulator.world.days.of(self.now())

    def send(
        self, method: str, path: str, *, query: str = "", headers: dict[str, str] | None = None, body: bytes = b""
    ) -> Request:
        lane: Lane = self.lanes.get(self.lane)
        return Request(method, path, query, headers or {}, body, "http://127.0.0.1:8700", f"r{next(_ids)}", lane)

    def soap(self, operation: str, version: str = "1.1", **fields: str) -> Response:
        """Call an operation with every parameter in its place; those not given have everyday values."""
        given = {**DEFAULTS, **fields}
        sent = {name: given[name] for name in PARAMETERS[operation] if name in given}
        asked = self.send("POST", PATH, headers=headers(operation, version), body=envelope(operation, sent, version))
        return self.app(asked)

    def call(self, operation: str, version: str = "1.1", **fields: str) -> dict[str, str]:
        """The result's fields as text."""
        response = self.soap(operation, version, **fields)
        assert response.status == 200, response.body
        result = etree.fromstring(response.body)[-1][0][0]
        assert result.tag == f"{{{NS}}}{operation}Result"
        return {etree.QName(one).localname: one.text or "" for one in result}

    def balance(self, account: str = "10000101") -> tuple[str, str]:
        answer = self.call("BalanceCheck", AccountNumber=account)
        assert answer["Success"] == "true", answer
        return answer["Balance"], answer["FutureBalance"]

    def pay(self, amount: str, account: str = "10000101", reference: str = "", **fields: str) -> dict[str, str]:
        reference = reference or f"IC-{next(_ids)}"
        return self.call(
            "MakePaymentExtended",
            AccountNumber=account,
            PaymentReference=reference,
            PaymentAmount=amount,
            **fields,
        )

    def api(self, method: str, path: str, *, body: Any = None, query: str = "", text: str | None = None) -> Any:
        """Status and JSON of a control route below `/_sandbox/inhance`."""
        raw = text.encode() if text is not None else b"" if body is None else json.dumps(body).encode()
        content_type = {"content-type": "text/plain" if text is not None else "application/json"}
        response = self.control(
            self.send(method, f"/_sandbox/inhance{path}", query=query, headers=content_type, body=raw)
        )
        return response.status, json.loads(response.body)

    def account(self, number: str = "10000101") -> dict[str, Any]:
        status, account = self.api("GET", f"/accounts/{number}")
        assert status == 200, account
        return dict(account)

    def advance(self, by: timedelta) -> list[str]:
        """Move the lane's clock forward, through everything that falls due on the way; what happened."""
        return [done.outcome for done in Clock(self.lanes, [self.simulator]).advance(self.lane, by)]
