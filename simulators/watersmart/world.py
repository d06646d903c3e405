"""What is joined behind WaterSmart's doors: settings, store, the runner of due work and the services."""

from __future__ import annotations

from partnerlab.contracts.records import dataclass
from partnerlab.simulators.kit.keys import Keys
from partnerlab.simulators.kit.world.days import Days
from partnerlab.simulators.kit.world.jobs import Runner
from partnerlab.simulators.kit.world.lanes import Lanes
from partnerlab.simulators.kit.world.store import Store
from partnerlab.simulators.watersmart.services.incoming import Incoming
from partnerlab.simulators.watersmart.services.ledger import CustomerLedger
from partnerlab.simulators.watersmart.services.outgoing import Outgoing
from partnerlab.simulators.watersmart.services.portal import Portal
from partnerlab.simulators.watersmart.services.ports import Call
from partnerlab.simulators.watersmart.settings import Settings
from partnerlab.simulators.watersmart.tables import TABLES

__all__ = ["World", "create_world"]


@dataclass(frozen=True, slots=True)
class World:
    """Settings, runner and services of one WaterSmart."""

    settings: Settings
    runner: Runner
    ledger: CustomerLedger
    outgoing: Outgoing
    incoming: Incoming
    portal: Portal


def create_world(settings: Settings, store: Store, lanes: Lanes, call: Call, keys: Keys = Keys()) -> World:  # noqa: B008 - frozen
    """The services over *store*; nothing is shared with a world over another store."""
    store.add(TABLES)
    days = Days(settings.time_zone)
    return World(
        settings,
        Runner(store, lanes),
        CustomerLedger(store, days, balance_forward=settings.balance_forward),
        Outgoing(store, days, balance_forward=settings.balance_forward),
        Incoming(store, balance_forward=settings.balance_forward),
        Portal(
            store,
            call,
            balance_forward=settings.balance_forward,
            password_cost=settings.password_cost,
            sync_links=settings.sync_links,
            keys=keys,
        ),
    )
