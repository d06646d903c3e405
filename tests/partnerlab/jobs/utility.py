"""Invoice Cloud, the utilities on inHance and the insurer over one store, the client between them: no sockets."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from partnerlab.client.http import HttpRequest, HttpResponse, Transport
from partnerlab.simulators import ic_webservices, inhance_soap, tccs_rest
from partnerlab.simulators.ic_webservices.domain.payments import Order
from partnerlab.simulators.kit.http.messages import Request
from partnerlab.simulators.kit.world.clock import Clock
from partnerlab.simulators.kit.world.jobs import Runner, TimedJobs
from partnerlab.simulators.kit.world.lanes import Lane, Lanes
from partnerlab.simulators.kit.world.store import Store
from partnerlab.systems import inhance, tccs
from partnerlab.systems.to_invoice_cloud import ToInvoiceCloud

LANE = "v1"
START = datetime(2026, 6, 1, 12, 7, tzinfo=UTC)  # a Monday
AT = START.isoformat()
_ids = itertools.count(1)


class InProcess(Transport):
    """Calls the doors of the simulators. `dies` is `before` or `after` where the connection breaks then."""

    def __init__(self, world: UtilityWorld) -> None:
        super().__init__(allow_http=True)
        self._world = world
        self.sent: list[str] = []
        self.dies = ""

    def send(self, request: HttpRequest) -> HttpResponse:
        if self.dies == "before":
            raise ConnectionError
        self.sent.append(request.operation)
        path = urlsplit(request.url).path.removeprefix(f"/lane/{LANE}")
        headers = {name.lower(): value for name, value in request.headers.items()}
        door = self._world.ic.doors[path]
        asked = Request(
            request.method, path, "", headers, request.content, "http://127.0.0.1:9", f"r{next(_ids)}", self._world.lane
        )
        answer = door(asked)
        if self.dies == "after":
            raise ConnectionError
        return HttpResponse(answer.status, {"content-type": answer.content_type}, answer.body)


class UtilityWorld:
    """The simulators in lane `v1`, whose clock stands at noon of a Monday until it is advanced."""

    def __init__(self, store: Store) -> None:
        self.store, self.lanes = store, Lanes(store)
        self.transport = InProcess(self)
        port = ToInvoiceCloud(lambda: "http://127.0.0.1:9", lambda: self.ic, transport=self.transport)
        self.jobs = inhance.Jobs(port)
        self.runner = Runner(store, self.lanes)
        self.unsettled: dict[str, set[str]] = {}
        """By account: the PaymentGUIDs that the data pump would have without a certain outcome."""
        self.ic = ic_webservices.create_simulator(
            ic_webservices.Settings(),
            store,
            self.lanes,
            events=lambda event: None,
            balances=lambda *_: {},
            unsettled=lambda lane, biller, account, since: self.unsettled.get(account, set()),
        )
        self.inhance = inhance_soap.create_simulator(
            inhance_soap.Settings(), store, self.lanes, runner=self.runner, jobs=self.jobs
        )
        self.tccs = tccs_rest.create_simulator(
            tccs_rest.Settings(), store, self.lanes, runner=self.runner, jobs=tccs.Jobs(port)
        )
        simulators = (self.inhance, self.tccs, self.ic)
        self.clock = Clock(self.lanes, simulators)
        for simulator in simulators:  # as of that Monday, whatever day it is
            self.lanes.seeders.append(lambda tx, lane, seed=simulator.seed: seed(tx, replace(lane, frozen_at=AT)))
        self.lanes.set_clock(LANE, offset=timedelta(0), frozen_at=START)
        self.guid = ic_webservices.Settings().utility_v1_guid

    @property
    def lane(self) -> Lane:
        return self.lanes.get(LANE)

    @property
    def timed(self) -> TimedJobs:
        return self.inhance.jobs[0]

    def close(self) -> None:
        self.runner.close()
        self.ic.close()
        self.store.close()

    def run(self, job: str) -> str:
        """One run of a job of v1, as it is; errors are the test's."""
        return self.jobs.run(self.inhance.world, "inhance_v1", self.lane, job)

    def advance(self, **by: float) -> list[str]:
        return [f"{one.at:%a %H:%M} {one.outcome}" for one in self.clock.advance(LANE, timedelta(**by))]

    def pay(self, account: str, cents: int, **more: Any) -> str:
        """A payment at Invoice Cloud; its PaymentGUID."""
        values: dict[str, Any] = {"tender": "credit_card", "number": "4111111111111111", "invoice_number": "", **more}
        order = Order(account, amount_cents=cents, **values)
        return self.ic.world.services.cashier.pay(self.lane, self.guid, order, cause="test")[0].payment_guid

    def owed(self, account: str) -> tuple[int, int]:
        """What the account owes in cents: in the utility's books, and at Invoice Cloud."""
        books = self.inhance.world.ledger.view(self.lane, account).balances.balance_cents
        services = self.ic.world.services
        customer = services.ledger.customer(self.lane, self.guid, account)
        return books, services.ledger.customer_account(self.lane, self.guid, customer.customer_guid)[1]
