"""The factory: joins settings, store, lanes and ports with the ledger and the doors in front of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from partnerlab.contracts.catalogue import magic_values
from partnerlab.contracts.data import read_bytes
from partnerlab.simulators.ic_webservices import seeds
from partnerlab.simulators.ic_webservices.access import Access
from partnerlab.simulators.ic_webservices.cashier import Cashier
from partnerlab.simulators.ic_webservices.cloud_payments import CloudPayments
from partnerlab.simulators.ic_webservices.domain.payments import TestNumber, TestNumbers
from partnerlab.simulators.ic_webservices.exports import Exports
from partnerlab.simulators.ic_webservices.ledger import Ledger
from partnerlab.simulators.ic_webservices.outbox import Outbox
from partnerlab.simulators.ic_webservices.pages import PagesApp
from partnerlab.simulators.ic_webservices.postbacks import Postbacks
from partnerlab.simulators.ic_webservices.presentment import Balances, Presentment
from partnerlab.simulators.ic_webservices.registrations import Registrations
from partnerlab.simulators.ic_webservices.schedules import Schedules
from partnerlab.simulators.ic_webservices.settings import Settings
from partnerlab.simulators.ic_webservices.tables import TABLES
from partnerlab.simulators.ic_webservices.texts import Texts
from partnerlab.simulators.ic_webservices.uploads import Uploads
from partnerlab.simulators.ic_webservices.wallet import Wallet
from partnerlab.simulators.kit.asmx.front import AsmxService
from partnerlab.simulators.kit.http.routes import Routes
from partnerlab.simulators.kit.world.lanes import Lane, Lanes
from partnerlab.simulators.kit.world.simulator import Due, Simulator
from partnerlab.simulators.kit.world.store import Store

if TYPE_CHECKING:
    from flask import Blueprint

__all__ = ["InvoiceCloud", "World", "create_simulator", "test_numbers"]

NAME = "ic"
INVOICING_PATH = "/portal/webservices/CloudInvoicing.asmx"
MANAGEMENT_PATH = "/portal/webservices/CloudManagement.asmx"
REMOTE_PATH = "/portal/webservices/RemoteAuthenticationWS.asmx"
REST_PATH = "/api/v1"
CLOUD_PAYMENTS_PATH = "/cloudpaymentsapi/v2"
PAGE_PATHS = ("/portal", "/cloudsso", "/cloudpayments")


@dataclass(frozen=True, slots=True)
class World:
    """Everything behind the doors. `base_url` is the sandbox's origin, for addresses in a biller's settings."""

    settings: Settings
    store: Store
    lanes: Lanes
    ledger: Ledger
    cashier: Cashier
    presentment: Presentment
    uploads: Uploads
    outbox: Outbox
    access: Access
    registrations: Registrations
    exports: Exports
    wallet: Wallet
    schedules: Schedules
    postbacks: Postbacks
    cloud_payments: CloudPayments
    texts: Texts
    base_url: Callable[[], str] | None = None


@dataclass(frozen=True, slots=True)
class InvoiceCloud(Simulator):
    """The Invoice Cloud simulator. `start` once the events port can be called, `close` before the store is closed."""

    world: World

    def biller(self, lane: str, guid: str) -> dict[str, Any]:
        """A biller as the control API shows it, for the data pump's directory. Raises `NotFound`."""
        from partnerlab.simulators.ic_webservices.control_views import biller_view

        found = self.world.lanes.get(lane)
        base_url = self.world.base_url() if self.world.base_url else ""
        return biller_view(self.world.ledger.biller(found, guid), base_url, found)

    def start(self) -> None:
        """Offer what a former process left in the outbox, and send the postbacks it left."""
        self.world.outbox.start()
        self.world.postbacks.start()

    def close(self) -> None:
        """Stop offering events and sending postbacks in the background."""
        self.world.postbacks.close()
        self.world.outbox.close()


def create_simulator(
    settings: Settings,
    store: Store,
    lanes: Lanes,
    *,
    events: Callable[[dict[str, Any]], None],
    balances: Balances,
    base_url: Callable[[], str] | None = None,
) -> InvoiceCloud:
    """
    The simulator of Invoice Cloud.

    Args:
        events: Takes an event (`contracts/datapump/event.schema.json`) and returns once it is durable there; raises
            where it is not, and is then asked again. May see the same id twice.
        balances: Asks the partner for a balance; see `presentment.Balances`.
        base_url: Gives the sandbox's origin, as in `http://127.0.0.1:8700`; without it the one a request came to.
    """
    store.add(TABLES)
    outbox = Outbox(store, events, retry_s=settings.retry_s)
    ledger = Ledger(store, outbox)
    access = Access(store, password_cost=settings.password_cost)
    cashier = Cashier(store, outbox, test_numbers())
    presentment = Presentment(store, balances)
    wallet = Wallet(store, test_numbers())
    postbacks = Postbacks(store, lanes)
    world = World(
        settings=settings,
        store=store,
        lanes=lanes,
        ledger=ledger,
        cashier=cashier,
        presentment=presentment,
        uploads=Uploads(ledger),
        outbox=outbox,
        access=access,
        registrations=Registrations(ledger, access),
        exports=Exports(ledger),
        wallet=wallet,
        schedules=Schedules(store, cashier, ledger),
        postbacks=postbacks,
        cloud_payments=CloudPayments(store, cashier, presentment, access, wallet, postbacks),
        texts=Texts(store),
        base_url=base_url,
    )
    return InvoiceCloud(
        name=NAME,
        doors={
            INVOICING_PATH: _invoicing(world),
            MANAGEMENT_PATH: _management(world),
            REMOTE_PATH: _remote_authentication(world),
            REST_PATH: _rest(world),
            CLOUD_PAYMENTS_PATH: _cloud_payments(world),
            **dict.fromkeys(PAGE_PATHS, PagesApp(world)),
        },
        seed=lambda tx, lane: seeds.seed(tx, lane, settings),
        control=partial(_control, world),
        control_contract="ic_webservices/control.yaml",
        due=partial(_due, world),
        world=world,
    )


def test_numbers() -> TestNumbers:
    """The catalogue's card and bank account numbers [A-19]."""
    return {
        kind: {magic.value: TestNumber(magic.effect, magic.brand) for magic in magic_values(kind)}
        for kind in ("card", "bank_account")
    }


def _invoicing(world: World) -> AsmxService:
    from partnerlab.simulators.ic_webservices.wire import invoicing, types

    return AsmxService(
        name="CloudInvoicing",
        service=invoicing.declare(world.ledger, world.uploads, world.exports),
        namespace=types.INVOICING,
        wsdl=read_bytes("ic_webservices/CloudInvoicing.wsdl"),
        inline=False,  # a bill file of 30 MB takes seconds
        max_body=world.settings.max_upload_bytes,
        flat_forms=True,
    )


def _management(world: World) -> AsmxService:
    from partnerlab.simulators.ic_webservices.wire import management, types

    return AsmxService(
        name="CloudManagement",
        service=management.declare(world.ledger, world.exports),
        namespace=types.MANAGEMENT,
        wsdl=read_bytes("ic_webservices/CloudManagement.wsdl"),
    )


def _due(world: World, lane: Lane, until: datetime) -> Iterator[Due]:
    yield from world.cashier.due(lane, until)
    yield from world.schedules.due(lane, until)
    yield from world.postbacks.due(lane, until)


def _remote_authentication(world: World) -> AsmxService:
    from partnerlab.simulators.ic_webservices.wire import remote_authentication, remote_types

    return AsmxService(
        name="RemoteAuthenticationWS",
        service=remote_authentication.declare(world.ledger, world.access, world.registrations),
        namespace=remote_types.REMOTE,
        wsdl=read_bytes("ic_webservices/RemoteAuthenticationWS.wsdl"),
    )


def _rest(world: World) -> Routes:
    from partnerlab.simulators.ic_webservices.wire import rest_operations
    from partnerlab.simulators.ic_webservices.wire.basic_auth import Credentials
    from partnerlab.simulators.ic_webservices.wire.rest import create_door

    operations = rest_operations.operations(world.ledger, world.access, world.registrations)
    return create_door("REST", Credentials(world.store), operations)


def _cloud_payments(world: World) -> Routes:
    from partnerlab.simulators.ic_webservices.wire import cloud_payments
    from partnerlab.simulators.ic_webservices.wire.basic_auth import Credentials
    from partnerlab.simulators.ic_webservices.wire.rest import create_door

    return create_door("CloudPayments", Credentials(world.store), cloud_payments.operations(world.cloud_payments))


def _control(world: World) -> Blueprint:
    from partnerlab.simulators.ic_webservices.control import create_blueprint

    return create_blueprint(world)
