"""Simulators in process, as a provider's line sees them: a request in, an answer out, no socket between."""

from __future__ import annotations

import atexit
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from partnerlab.contracts.verification.grading import Run
from partnerlab.contracts.verification.provider import inhance, invoice_cloud, tccs
from partnerlab.contracts.verification.provider.exchange import Answered, Asked, Send
from partnerlab.contracts.verification.provider.line import Line
from partnerlab.contracts.verification.provider.run import Options, verify
from partnerlab.contracts.verification.provider.secrets import Secrets
from partnerlab.simulators import ic_webservices, inhance_soap, tccs_rest
from partnerlab.simulators.kit.control.app import create_control_app
from partnerlab.simulators.kit.faults.faults import Faults
from partnerlab.simulators.kit.http.site import Site
from partnerlab.simulators.kit.journal.journal import Journal
from partnerlab.simulators.kit.world.clock import Clock
from partnerlab.simulators.kit.world.lanes import Lanes
from partnerlab.simulators.kit.world.simulator import Simulator
from partnerlab.simulators.kit.world.store import Store

__all__ = [
    "INHANCE",
    "INVOICE_CLOUD",
    "TCCS",
    "World",
    "inhance_world",
    "invoice_cloud_world",
    "line_to",
    "tccs_world",
    "verify_inhance",
    "verify_invoice_cloud",
    "verify_tccs",
]

ORIGIN = "http://127.0.0.1:8700"
INHANCE = inhance.Target(
    url=f"{ORIGIN}/iCloud/iCloud.asmx", key=inhance_soap.Settings().key, account="10000101", invoice=500001
)
TCCS = tccs.Target(
    url=f"{ORIGIN}/invoicecloudapi",
    consumer_guid=tccs_rest.Settings().consumer_guid,
    entry_key=tccs_rest.Settings().entry_key,
    invoice="454100010-06/16/2020",
    quote="Q454100010-03/01/2019",
)
INVOICE_CLOUD = invoice_cloud.Target(
    url=ORIGIN,
    api_key=ic_webservices.Settings().utility_api_key,
    biller_guid=ic_webservices.Settings().utility_guid,
    web_service_key=ic_webservices.Settings().utility_web_service_key,
    account="10000101",
    invoice="500001",
    username=ic_webservices.Settings().utility_email,
    password=ic_webservices.Settings().utility_password,
)
WRITING = Options(allow_writes=True, given=("quote", "username", "password"))


_IMAGES: dict[tuple[str, bytes], Answered] = {}


@dataclass
class World:
    """One simulator behind a site; `lane` is where calls go, and a name that nobody used is a new world."""

    settings: Any
    simulator: Simulator
    store: Store
    site: Site
    lane: str = "default"
    _numbers: Any = field(default_factory=itertools.count, repr=False)

    def fresh(self) -> World:
        """The same simulator in a lane of its own."""
        return World(
            self.settings, self.simulator, self.store, self.site, f"verify-{next(self._numbers)}", self._numbers
        )

    def send(self, asked: Asked, timeout_s: float = 0) -> Answered:
        """Answer a request. A bill's page is drawn once for all worlds: it is half the time of a run."""
        if asked.label != "Retrieve_Bill_Image":
            return self._answer(asked)
        if (asked.url, asked.body) not in _IMAGES:
            _IMAGES[asked.url, asked.body] = self._answer(asked)
        return _IMAGES[asked.url, asked.body]

    def _answer(self, asked: Asked) -> Answered:
        parts = urlsplit(asked.url)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        headers = {**asked.headers, "host": parts.netloc, "x-sandbox-lane": self.lane}
        response, _ = self.site.accept(asked.method, target.encode(), headers, asked.body, ORIGIN, "127.0.0.1").run()
        assert response is not None
        sent = {name.lower(): value for name, value in response.headers}
        return Answered(response.status, {**sent, "content-type": response.content_type}, response.body)


def _world(settings: Any, create: Callable[[Any, Store, Lanes], Simulator]) -> World:
    store = Store("sqlite://")
    lanes = Lanes(store)
    simulator = create(settings, store, lanes)
    lanes.seeders.append(simulator.seed)
    store.create()
    site = Site(lanes, Journal(lanes), Faults(lanes))
    for path, app in simulator.doors.items():
        site.mount(path, app)
    return World(settings, simulator, store, site)


@cache
def _inhance() -> World:
    return _world(inhance_soap.Settings(), inhance_soap.create_simulator)


@cache
def _tccs() -> World:
    return _world(tccs_rest.Settings(), tccs_rest.create_simulator)


@cache
def _invoice_cloud() -> World:
    def create(settings: ic_webservices.Settings, store: Store, lanes: Lanes) -> Simulator:
        simulator = ic_webservices.create_simulator(
            settings, store, lanes, events=lambda event: None, balances=lambda *_: {}, base_url=lambda: ORIGIN
        )
        atexit.register(simulator.close)
        return simulator

    world = _world(ic_webservices.Settings(), create)
    site = world.site
    simulators = (world.simulator,)
    control = create_control_app(
        site.lanes, site.journal, site.faults, Clock(site.lanes, simulators), simulators, hosts=("127.0.0.1",)
    )
    site.mount("/_sandbox", control, door=False)
    return world


def inhance_world() -> World:
    """A utility, new."""
    return _inhance().fresh()


def tccs_world() -> World:
    """An insurer, new."""
    return _tccs().fresh()


def invoice_cloud_world() -> World:
    """A platform with one payment and one enrolment, new."""
    world = _invoice_cloud().fresh()
    order = (
        b'{"account_number": "10000101", "amount": "1.00", "tender": "credit_card", "card_number": "4111111111111111"}'
    )
    headers = {"content-type": "application/json"}
    paid = world.send(Asked("pay", "POST", f"{ORIGIN}/_sandbox/ic/payments", headers, order))
    assert paid.status == 201, paid.body
    enrolled = f"{ORIGIN}/_sandbox/ic/customers/10000101/paperless"
    changed = world.send(Asked("enrol", "POST", enrolled, headers, b'{"enrolled": true}'))
    assert changed.status == 200, changed.body
    return world


class _Shown(Secrets):
    """Nothing is masked: a third of a run's time, which hundreds of mutants need not spend."""

    def masked(self, text: str, most: int = 4_000) -> str:
        return text[:most]

    def curl(self, asked: Asked) -> str:
        return ""


def line_to(send: Send, url: str, *, plain: bool = False, **secrets: str) -> Line:
    """A line without pauses, whatever its rate; a *plain* one masks nothing."""
    return Line(send, url, (_Shown if plain else Secrets)(secrets), rate=0.01, sleep=lambda _: None)


def verify_inhance(
    send: Send, target: inhance.Target = INHANCE, options: Options = WRITING, *, plain: bool = False
) -> Run:
    """A run over the utility's checks; a *plain* one masks nothing and replays no pact."""
    line = line_to(send, target.url, plain=plain, INHANCE_KEY=target.key)
    utility = inhance.Utility(line, target)
    operations = list(utility.contract.operations)
    suite = inhance.CHECKS if plain else inhance.SUITE
    return verify(suite, utility, line, inhance.preflight, target=target.url, operations=operations, options=options)


def verify_tccs(send: Send, target: tccs.Target = TCCS, options: Options = WRITING, *, plain: bool = False) -> Run:
    """A run over the insurer's checks; *plain* as above."""
    line = line_to(send, target.url, plain=plain, TCCS_ENTRY_KEY=target.entry_key)
    insurer = tccs.Insurer(line, target)
    operations = ["ARState_Output", "Insufficient_Pay_Report", "Pay_Input", "Paperless_Bill", "Recurring_Pay"]
    operations.append("Retrieve_Bill_Image")
    suite = tccs.CHECKS if plain else tccs.SUITE
    return verify(suite, insurer, line, tccs.preflight, target=target.url, operations=operations, options=options)


def verify_invoice_cloud(
    send: Send, target: invoice_cloud.Target = INVOICE_CLOUD, options: Options = WRITING, *, plain: bool = False
) -> Run:
    """A run over the platform's checks; *plain* as above."""
    line = line_to(
        send,
        target.url,
        plain=plain,
        IC_API_KEY=target.api_key,
        IC_WEB_SERVICE_KEY=target.web_service_key,
        IC_PASSWORD=target.password,
    )
    platform = invoice_cloud.Platform(line, target)
    return verify(
        invoice_cloud.CHECKS if plain else invoice_cloud.SUITE,
        platform,
        line,
        invoice_cloud.preflight,
        target=target.url,
        operations=invoice_cloud.OPERATIONS,
        options=options,
    )
