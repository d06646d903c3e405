"""
The sandbox: simulators, data pump and the ports that join them, in one process on one origin.

In this room alone the client and the simulators meet. Invoice Cloud's events go into the data pump, which calls the
partner over the same HTTP that a real one would see. Requests for balances and for bills as PDF go out through the
client.
"""

from __future__ import annotations

import logging
import random
import tempfile
import threading
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Self

from partnerlab.certificates import certificate_of
from partnerlab.client.settings import Biller
from partnerlab.console import PREFIX, Console
from partnerlab.contracts.first_use import importing
from partnerlab.databases import what_is_wrong
from partnerlab.entrances import PUMP_PATH, entrances
from partnerlab.own_keys import access
from partnerlab.parts import CENTER, Parts, check_parts
from partnerlab.sandbox import loaded_late
from partnerlab.sandbox.biller_directory import Directory
from partnerlab.sandbox.enquiries import Enquiries
from partnerlab.sandbox.outgoing import Outgoing
from partnerlab.sandbox.pump_port import PumpPort, service_of
from partnerlab.sandbox.replay import Resending, credentials, keys_of
from partnerlab.sandbox.verdicts import verdicts
from partnerlab.settings import SandboxSettings
from partnerlab.simulators import ic_webservices
from partnerlab.simulators.kit.control.app import ControlApp, create_control_app, limits_of
from partnerlab.simulators.kit.egress.pinned_post import post_form
from partnerlab.simulators.kit.faults.faults import Faults
from partnerlab.simulators.kit.http import nowhere
from partnerlab.simulators.kit.http.guard import Guard
from partnerlab.simulators.kit.http.server import Server
from partnerlab.simulators.kit.http.site import Site
from partnerlab.simulators.kit.http.wsgi import WsgiApp
from partnerlab.simulators.kit.journal.journal import Journal
from partnerlab.simulators.kit.world.clock import Clock
from partnerlab.simulators.kit.world.jobs import Runner
from partnerlab.simulators.kit.world.lanes import DEFAULT, Lane, Lanes
from partnerlab.simulators.kit.world.simulator import Simulator
from partnerlab.simulators.kit.world.store import Store
from partnerlab.simulators.migrations import HISTORY
from partnerlab.systems import PARTNER_SYSTEMS, SYSTEMS, Joints, every
from partnerlab.systems.to_invoice_cloud import ToInvoiceCloud

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from partnerlab.client.datapump import DataPump
    from partnerlab.folders import Exchange
    from partnerlab.soak.stand_ins import StandIns

__all__ = ["PUMP_PATH", "Sandbox", "SandboxRuns"]

log = logging.getLogger("partnerlab.sandbox")

SETTLE_IN_S = 1.5
CALLS_S = 3.0
"""So long the pump's calls get at the end, and then the server its own: a container is killed after ten seconds."""
AGAIN_S = 5.0
"""A database of the data pump's that could not be used is asked for again after this."""
ENVELOPE_BYTES = 1 << 20  # what stands around an uploaded file


class SandboxRuns(RuntimeError):
    """This process has a sandbox already, and a second could deliver nothing: the durable pump is one per process."""

    def __init__(self, url: str) -> None:
        super().__init__(
            f"a sandbox runs in this process already, on {url}, and there is one data pump per process: take a lane of"
            f" it ({url}/lane/<name>), stop it first, or start the other in a process of its own"
        )


class Sandbox:
    """
    The running whole: a context manager, or `start` and `stop`. One per process, because the durable data pump is.

    *systems* are settings of simulated systems, as `inhance_soap.Settings(…)`; one that is not given has its defaults.

    *in_process* is for tests: the pump has no threads and no file, and delivers when `settle` is called or a lane's
    clock is advanced. There may be several of these in one process. With *stand_ins*, for soaks, it is not started and
    nothing happens on another thread: whoever made it calls its `site`; it may have a database, to be opened again.
    """

    _running: Sandbox | None = None
    _claiming = threading.Lock()

    def __init__(
        self,
        settings: SandboxSettings = SandboxSettings(),  # noqa: B008 - frozen
        *systems: DataclassInstance,
        in_process: bool = False,
        stand_ins: StandIns | None = None,
    ) -> None:
        if in_process and settings.database:
            raise ValueError("in_process: the data pump of tests keeps nothing, so there is no database to name")
        in_process = in_process or stand_ins is not None
        settings.check_reach()
        settings.check_effect()
        check_parts(settings.only, settings.peers, settings.database)
        self.settings = settings
        self.parts = Parts.of(settings.only, settings.peers)
        given = every(systems)
        ic = given.of(ic_webservices.Settings)
        self.access = access(given, token=settings.token if settings.shared else "")
        self.certificate = certificate_of(settings)
        self._trust = None if self.certificate is None else self.certificate.trusting()
        self._in_process = in_process
        self._folder = tempfile.TemporaryDirectory(prefix="partnerlab-")
        store_url, pump_url = settings.databases(Path(self._folder.name))
        self.store = Store(store_url, HISTORY)
        self.lanes = Lanes(self.store)
        self._doors: dict[str, str] = {}
        self._directory = Directory(settings, self.parts, self._doors, lambda: self.ic, lambda: self.url)
        self._pump = self._made_pump("sqlite://" if in_process and not settings.database else pump_url, stand_ins)
        self.lanes.attached.append(self._pump)
        self._enquiries = Enquiries(
            self.biller,
            self._directory.check_egress,
            lambda: self._outgoing,
            trust=self._trust,
            transport=stand_ins.payers_transport() if stand_ins else None,
        )
        self.ic = self._made_invoice_cloud(ic, stand_ins)
        self._to_invoice_cloud = self._made_way_to_invoice_cloud(stand_ins)
        joints = Joints(
            *(self.store, self.lanes, given, self.access.settings, self.access.keys, self._to_invoice_cloud)
        )
        joined = {one.part: one.join(joints) for one in PARTNER_SYSTEMS}
        self._runners = {part: one.runner for part, one in joined.items()}
        self.simulators: dict[str, Simulator] = {
            one.part: joined[one.part].simulator if one.part in joined else self.ic for one in SYSTEMS
        }
        self.lanes.seeders.extend(simulator.seed for simulator in self.simulators.values())
        self.journal = self._made_journal()
        self.faults = Faults(self.lanes)
        try:
            self.store.create()
        except BaseException:
            self.store.close()
            self._folder.cleanup()
            raise
        self.clock = Clock(self.lanes, tuple(self.simulators.values()))
        self.clock.sources.append(self._pump.due)
        self.clock.each_step.append(self._pump.deliver)
        self.clock.after_advance.append(self._pump.bring_forward)
        self._control = self._made_control()
        guard = Guard((settings.host, *settings.hosts), settings.token)
        self.site = Site(self.lanes, self.journal, self.faults, guard, forwarded=settings.forwarded)
        self._outgoing = Outgoing(self.journal, self.lanes, lambda: self.url, self.site.new_id)
        for part, simulator in self.simulators.items():
            self._doors |= dict.fromkeys(simulator.doors, part)
        limits = limits_of(guard, ic.max_upload_bytes + ENVELOPE_BYTES, settings.max_import_bytes)
        shown = entrances(self.access.settings, self.parts.served)
        password = self.access.of(ic_webservices.Settings).utility_password
        self._console = Console(lambda: self.site, shown, password, limits.body_bytes)
        self._mount()
        if stand_ins:
            for runner in self.runners:
                runner.by_hand = True
        self.server = Server(
            *(self.site, settings.host, settings.port),
            ssl_context=None if self.certificate is None else self.certificate.serving(),
            limits=limits,
        )
        self._stopping = threading.Event()
        self._settling = threading.Thread(target=self._settle_in, name="settle-in", daemon=True)
        self.exchange: Exchange | None = None

    def _made_pump(self, url: str, stand_ins: StandIns | None) -> PumpPort:
        return PumpPort(
            url,
            self.biller,
            self._directory.check_egress,
            kept=bool(self.settings.database),
            clock=self._now if self._in_process else None,
            told=lambda *call: self._outgoing.pumped(*call),
            trust=self._trust,
            dice=stand_ins.dice if stand_ins else random.random,
            http=stand_ins.wire if stand_ins else None,
            worker="pump" in self.parts.served,
            waits=lambda event: self.ic.world.services.outbox.waits(event),
        )

    def _made_invoice_cloud(
        self, settings: ic_webservices.Settings, stand_ins: StandIns | None
    ) -> ic_webservices.InvoiceCloud:
        return ic_webservices.create_simulator(
            settings,
            self.store,
            self.lanes,
            events=stand_ins.offer(self._pump.submit) if stand_ins else self._pump.submit,
            balances=self._enquiries.balances,
            images=self._enquiries.bill_image,
            unsettled=self._pump.payments_in_doubt,
            keys=self.access.keys,
            base_url=lambda: self.url,
            posted_back=lambda sent: self._outgoing.posted_back(sent),
            post=stand_ins.post if stand_ins else post_form,
        )

    def _made_way_to_invoice_cloud(self, stand_ins: StandIns | None) -> ToInvoiceCloud:
        return ToInvoiceCloud(
            lambda: self.parts.origin(CENTER, self.url),
            lambda: self.ic,
            stand_ins.transport() if stand_ins else None,
            trust=self._trust,
            arrives=lambda lane, operation, content: self.faults.file(lane, operation, content),
        )

    def _made_journal(self) -> Journal:
        keys = keys_of(self.access.settings) | frozenset(self.access.keys.own)
        judges = {**verdicts(), nowhere.NAME: nowhere.no_such_path(lambda: self.site.paths())}
        return Journal(self.lanes, judges, secrets=lambda: keys, noticed=self.access.keys.noticed)

    def _made_control(self) -> ControlApp:
        return create_control_app(
            *(self.lanes, self.journal, self.faults, self.clock, tuple(self.simulators.values())),
            hosts=(self.settings.host, *self.settings.hosts),
            as_program=loaded_late.as_program,
            authority=None if self.certificate is None else self.certificate.authority.read_bytes(),
            resend=Resending(lambda: self.server.site, credentials(self.access.settings)),
            more={"auditing/control.yaml": lambda: loaded_late.auditing(lambda: self.site)},
        )

    def _mount(self) -> None:
        """Serve the doors of the parts that this process has, and what is in all of them."""
        for simulator in self.simulators.values():
            for path, app in simulator.doors.items():
                if self._doors[path] in self.parts.served:
                    self.site.mount(path, app)
        self.site.mount("/_sandbox", self._control, door=False)
        self.site.mount(PUMP_PATH, WsgiApp("pump", lambda: service_of(self._pump, PUMP_PATH)), door=False)
        if self.settings.console:
            for path in ("/", PREFIX):
                self.site.mount(path, self._console, door=False)

    @property
    def url(self) -> str:
        """The origin, as in `http://127.0.0.1:8700`; with a certificate that was given, under the first of `hosts`."""
        if self.settings.tls_certificate and self.settings.hosts:
            return f"https://{self.settings.hosts[0]}:{self.server.port}"
        return self.server.url

    @property
    def address(self) -> str:
        """The origin for those who use it: under the first of `hosts`, where other machines reach it by that name."""
        if self.settings.shared and self.settings.hosts:
            return f"{self.server.scheme}://{self.settings.hosts[0]}:{self.server.port}"
        return self.url

    @property
    def pump(self) -> DataPump:
        """The data pump, started on first use: the first answer of a simulator need not wait for it."""
        return self._pump.started()

    def start(self) -> Self:
        """
        Listen, and soon after begin to deliver what a former run left.

        Raises `SandboxRuns` where this process has one that was not stopped, `OSError` where the port is taken,
        `FoldersUnusable`, `StoreTaken` where its file is another sandbox's, `LogUnreadable`; nothing is left of this
        one then.
        """
        with Sandbox._claiming:
            other = None if self._in_process else Sandbox._running
            if other is None and not self._in_process:
                Sandbox._running = self
        if other is not None:
            self.stop()
            raise SandboxRuns(other.url)
        try:
            self.store.take()
            self.lanes.get(DEFAULT)
            self.server.start()
            if self.settings.exchanges_files:
                with importing:
                    from partnerlab.folders import open_exchange

                self.exchange = open_exchange(self.settings, self.ic, Path(self._folder.name) / "files")
        except BaseException:
            self.stop()
            raise
        self._settling.start()
        return self

    @property
    def runners(self) -> tuple[Runner, ...]:
        """What does due work, one for each that keeps its own."""
        return tuple(self._runners.get(one.part, self.ic.world.runner) for one in SYSTEMS)

    def run_jobs(self) -> None:
        """Let the partners' timed jobs run by themselves as the lanes' clocks go, not only when one is advanced."""
        for part in self._runners.keys() & self.parts.served:
            self._runners[part].start()

    def wind_down(self) -> None:
        """Let the pump's calls end that are under way, while their partners, which are served here, still answer."""
        self._stopping.set()
        self._pump.wind_down(CALLS_S)

    def stop(self) -> None:
        """Finish what is under way and let go of everything. Raises `HeldBackLeft`, at the end."""
        self._console.close()
        self.wind_down()
        for runner in self._runners.values():
            runner.close()  # what it is at may call the partners that are served here
        self.ic.close()
        self.server.stop()
        if self._settling.ident is not None:
            self._settling.join()
        if self.exchange is not None:
            self.exchange.stop()
            self.exchange = None
        self._pump.stop()
        self._to_invoice_cloud.close()
        self.journal.close()
        self._enquiries.close()
        self.lanes.locks.close()
        try:
            self.store.close()
        finally:
            self._folder.cleanup()
            if Sandbox._running is self:
                Sandbox._running = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def settle(self, lane: str, *, timeout_s: float = 30.0) -> bool:
        """
        Give the data pump what waits in a lane's outbox, and wait until nothing of the lane is on its way there.

        Whether that came true. What waits for its next attempt waits on.
        """
        self.ic.world.services.outbox.flush_lane(lane)
        return self.pump.drain(lane, timeout_s=timeout_s)

    def biller(self, lane: str, guid: str) -> Biller:
        """A biller as the data pump's directory has it. Raises `BillerUnknown`."""
        return self._directory.biller(lane, guid)

    def _now(self, lane: str) -> datetime:
        """Without a look into the store, which may be locked for whoever waits for the pump."""
        return (self.lanes.cached(lane) or Lane(lane)).now()

    def _settle_in(self) -> None:
        """What can wait until the first calls are answered: imports take the interpreter from them."""
        if self._stopping.wait(SETTLE_IN_S):
            return
        kept = bool(self.settings.database)  # in memory nothing is left of a former run
        begun = not kept or self._pump_started()
        if kept and CENTER in self.parts.served:
            self.ic.start()
        self._control.warm()
        while not begun and not self._stopping.wait(AGAIN_S):
            begun = self._pump_started()

    def _pump_started(self) -> bool:
        """Start the pump; False where its database cannot be used now, which is logged."""
        try:
            return self.pump is not None
        except Exception as error:
            wrong = what_is_wrong(error, self.settings.database)
            if wrong is None:
                raise
            log.error("the data pump cannot start and tries again: %s", wrong)
            return False
