"""The factory: joins settings, store, lanes and ports with the ledger and the doors in front of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from contracts.catalogue import magic_values
from contracts.data import read_bytes
from simulators.ic_webservices import seeds
from simulators.ic_webservices.cashier import Cashier
from simulators.ic_webservices.domain.payments import TestNumber, TestNumbers
from simulators.ic_webservices.ledger import Ledger
from simulators.ic_webservices.outbox import Outbox
from simulators.ic_webservices.presentment import Balances, Presentment
from simulators.ic_webservices.settings import Settings
from simulators.ic_webservices.uploads import Uploads
from simulators.kit.asmx import AsmxService
from simulators.kit.lanes import Lanes
from simulators.kit.simulator import Simulator
from simulators.kit.store import Store

if TYPE_CHECKING:
    from flask import Blueprint

__all__ = ["InvoiceCloud", "World", "create_simulator", "test_numbers"]

NAME = "ic"
INVOICING_PATH = "/portal/webservices/CloudInvoicing.asmx"
MANAGEMENT_PATH = "/portal/webservices/CloudManagement.asmx"


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
    base_url: Callable[[], str] | None = None


@dataclass(frozen=True, slots=True)
class InvoiceCloud(Simulator):
    """The Invoice Cloud simulator. `start` once the events port can be called, `close` before the store is closed."""

    world: World

    def biller(self, lane: str, guid: str) -> dict[str, Any]:
        """A biller as the control API shows it, for the data pump's directory. Raises `NotFound`."""
        from simulators.ic_webservices.control_views import biller_view

        found = self.world.lanes.get(lane)
        base_url = self.world.base_url() if self.world.base_url else ""
        return biller_view(self.world.ledger.biller(found, guid), base_url, found)

    def start(self) -> None:
        """Offer what a former process left in the outbox."""
        self.world.outbox.start()

    def close(self) -> None:
        """Stop offering events in the background."""
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
    outbox = Outbox(store, events, retry_s=settings.retry_s)
    ledger = Ledger(store, outbox)
    world = World(
        settings=settings,
        store=store,
        lanes=lanes,
        ledger=ledger,
        cashier=Cashier(store, outbox, test_numbers()),
        presentment=Presentment(store, balances),
        uploads=Uploads(ledger),
        outbox=outbox,
        base_url=base_url,
    )
    return InvoiceCloud(
        name=NAME,
        doors={INVOICING_PATH: _invoicing(world), MANAGEMENT_PATH: _management(world)},
        seed=lambda tx, lane: seeds.seed(tx, lane, settings),
        control=partial(_control, world),
        control_contract="ic_webservices/control.yaml",
        due=world.cashier.due,
        world=world,
    )


def test_numbers() -> TestNumbers:
    """The catalogue's card and bank account numbers [A-19]."""
    return {
        kind: {magic.value: TestNumber(magic.effect, magic.brand) for magic in magic_values(kind)}
        for kind in ("card", "bank_account")
    }


def _invoicing(world: World) -> AsmxService:
    from simulators.ic_webservices.wire import invoicing, types

    return AsmxService(
        name="CloudInvoicing",
        service=invoicing.declare(world.ledger, world.uploads),
        namespace=types.INVOICING,
        wsdl=read_bytes("ic_webservices/CloudInvoicing.wsdl"),
        inline=False,  # a bill file of 30 MB takes seconds
        max_body=world.settings.max_upload_bytes,
    )


def _management(world: World) -> AsmxService:
    from simulators.ic_webservices.wire import management, types

    return AsmxService(
        name="CloudManagement",
        service=management.declare(world.ledger),
        namespace=types.MANAGEMENT,
        wsdl=read_bytes("ic_webservices/CloudManagement.wsdl"),
    )


def _control(world: World) -> Blueprint:
    from simulators.ic_webservices.control import create_blueprint

    return create_blueprint(world)
