"""A simulated insurer of a test's own, and how the test talks to it."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from partnerlab.simulators.kit.control.app import ControlApp
from partnerlab.simulators.kit.http.messages import App, Request, Response
from partnerlab.simulators.kit.world.clock import Clock
from partnerlab.simulators.kit.world.lanes import Lanes
from partnerlab.simulators.kit.world.store import Store
from partnerlab.simulators.tccs_rest import Settings, Tccs, create_simulator

BASE = "/invoicecloudapi"
POLICY = "454100010-06/16/2020"
QUOTE = "Q454100010-03/01/2019"
BOUND = "454100010-03/01/2019"
FORM = "application/x-www-form-urlencoded"
POSTED, AGAIN = (True, "Payment posted."), (True, "Payment had been posted already.")
CREDENTIALS = {"consumerGUID": "IC-SANDBOX", "entryKey": "sandbox-entry-key"}

_ids = itertools.count(1)


@dataclass
class Insurer:
    """The simulator over one store, in lane `default` unless another is said."""

    store: Store
    settings: Settings = field(default_factory=Settings)
    lane: str = "default"
    lanes: Lanes = field(init=False)
    simulator: Tccs = field(init=False)
    control: ControlApp = field(init=False)

    def __post_init__(self) -> None:
        self.lanes = Lanes(self.store)
        self.simulator = create_simulator(self.settings, self.store, self.lanes)
        self.lanes.seeders.append(self.simulator.seed)
        self.control = ControlApp(lambda: [(self.simulator.control_contract, self.simulator.control())])

    def today(self) -> date:
        return self.simulator.world.days.of(self.lanes.get(self.lane).now())

    def request(
        self, method: str, path: str, *, query: str = "", headers: dict[str, str] | None = None, body: bytes = b""
    ) -> Request:
        lane = self.lanes.get(self.lane)
        return Request(method, path, query, headers or {}, body, "http://127.0.0.1:8700", f"r{next(_ids)}", lane)

    def door(self, path: str) -> App:
        """The door a path is for: the longest that it begins with, as the site has it."""
        segments = path.lower().strip("/").split("/")
        for count in range(len(segments), 0, -1):
            for mount, app in self.simulator.doors.items():
                if mount.lower().strip("/").split("/") == segments[:count]:
                    return app
        raise LookupError(path)

    def send(
        self, path: str, body: bytes, *, content_type: str = FORM, accept: str = "", method: str = "POST"
    ) -> Response:
        headers = {"content-type": content_type} if content_type else {}
        headers |= {"accept": accept} if accept else {}
        return self.door(path)(self.request(method, path, headers=headers, body=body))

    def call(self, endpoint: str, content_info: str, *, base: str = f"{BASE}/api", accept: str = "") -> Response:
        """One of the seven calls, as Invoice Cloud sends it."""
        body = urlencode({**CREDENTIALS, "contentInfo": content_info}).encode()
        return self.send(f"{base}/{endpoint}", body, accept=accept)

    def result(self, endpoint: str, content_info: str) -> tuple[bool, str]:
        """`Success` and `Message` of an answer."""
        response = self.call(endpoint, content_info)
        assert response.status == 200, response.body
        answer = json.loads(response.body)
        assert list(answer) == ["Success", "Message"]
        return answer["Success"], answer["Message"]

    def balances(self, invoice_number: str = POLICY) -> tuple[str, str]:
        """Record bal and Total Balance as they stand in the answer, digit by digit."""
        response = self.call("ARState_Output", invoice_number)
        assert response.status == 200, response.body
        answer = json.loads(response.body, parse_float=str, parse_int=str)
        assert list(answer) == ["Record bal", "Total Balance"]
        return answer["Record bal"], answer["Total Balance"]

    def pay(self, amount: str, invoice_number: str = POLICY, *, type: str = "ACH", guid: str = "") -> tuple[bool, str]:
        return self.result("Pay_Input", f"{invoice_number}|{amount}:{type}" + (f"@{guid}" if guid else ""))

    def deposit(self, amount: str, number: str = QUOTE, *, name: str = "A Payer", guid: str = "") -> tuple[bool, str]:
        return self.result("Pay_Input", f"{number}|{name}|{amount}" + (f"@{guid}" if guid else ""))

    def give_back(self, amount: str, invoice_number: str = POLICY, *, on: date | None = None) -> tuple[bool, str]:
        on = on or self.today()
        return self.result("Insufficient_Pay_Report", f"{invoice_number}:{on:%m/%d/%Y}|{amount}|IFR")

    def pdf(self, invoice_number: str = POLICY) -> bytes:
        response = self.call("Retrieve_Bill_Image", invoice_number, base=BASE)
        assert (response.status, response.content_type) == (200, "application/pdf"), response.body
        return response.body

    def api(self, method: str, path: str, *, body: Any = None, query: str = "", file: bytes = b"") -> Any:
        """Status and JSON of a control route below `/_sandbox/tccs`."""
        raw = file if body is None else json.dumps(body).encode()
        headers = {"content-type": "text/plain" if file else "application/json"}
        response = self.control(self.request(method, f"/_sandbox/tccs{path}", query=query, headers=headers, body=raw))
        return response.status, json.loads(response.body)

    def policy(self, number: str = POLICY) -> dict[str, Any]:
        status, policy = self.api("GET", f"/policies/{number}")
        assert status == 200, policy
        return dict(policy)

    def quote(self, number: str = QUOTE) -> dict[str, Any]:
        status, found = self.api("GET", f"/quotes/{quote(number, safe='/')}")
        assert status == 200, found
        return dict(found)

    def payments(self, number: str | None = None) -> list[dict[str, Any]]:
        query = f"invoice_number={quote(number, safe='')}" if number else ""
        status, found = self.api("GET", "/payments", query=query)
        assert status == 200, found
        return list(found["payments"])

    def open(self, number: str, *amounts: str, billed: int = 0, **fields: Any) -> None:
        """A policy term with instalments a month apart, the first billed that many days from today."""
        assert self.api("PUT", f"/policies/{number}", body={"insured_name": "Test Insured", **fields})[0] == 201
        for index, amount in enumerate(amounts):
            day = self.today() + timedelta(days=billed + 30 * index)
            body = {"invoice_number": number, "amount": amount, "billed_on": day.isoformat()}
            assert self.api("POST", "/instalments", body=body)[0] == 201

    def advance(self, by: timedelta) -> list[str]:
        """Move the lane's clock forward, through everything that falls due on the way; what happened."""
        return [done.outcome for done in Clock(self.lanes, [self.simulator]).advance(self.lane, by)]

    def export(self) -> Any:
        """Every row of the lane but the journal's."""
        rows = self.lanes.export(self.lanes.get(self.lane).name)
        return {name: found for name, found in rows.items() if name.startswith("tccs_")}


def kinds(insurer: Insurer, number: str = POLICY) -> list[str]:
    """What happened to a policy term, in order."""
    return [event["kind"] for event in insurer.policy(number)["events"]]


def opens(insurer: Insurer, number: str = POLICY) -> list[str]:
    """What is open on each charge of a policy term, in the order in which money covers them."""
    return [charge["open"] for charge in insurer.policy(number)["charges"]]


def form(**changes: str | None) -> dict[str, str]:
    """The fields of a payment; None leaves one out."""
    fields = {**CREDENTIALS, "contentInfo": f"{POLICY}|24.00:CC", **changes}
    return {name: value for name, value in fields.items() if value is not None}
