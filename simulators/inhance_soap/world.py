"""What is joined behind the utility's doors."""

from __future__ import annotations

from partnerlab.contracts.records import dataclass
from partnerlab.simulators.inhance_soap.domain.events import Cause
from partnerlab.simulators.inhance_soap.services.customer_changes import CustomerChanges
from partnerlab.simulators.inhance_soap.services.downloads import Downloads
from partnerlab.simulators.inhance_soap.services.ledger import UtilityLedger
from partnerlab.simulators.inhance_soap.services.loaded import check_counts
from partnerlab.simulators.inhance_soap.services.outgoing import Outgoing
from partnerlab.simulators.inhance_soap.services.warm import warm_books
from partnerlab.simulators.inhance_soap.settings import Settings
from partnerlab.simulators.inhance_soap.tables import TABLES
from partnerlab.simulators.kit.world.days import Days
from partnerlab.simulators.kit.world.lanes import Lane, Lanes
from partnerlab.simulators.kit.world.store import Store

__all__ = ["World", "create_world"]


@dataclass(frozen=True, slots=True)
class World:
    """Settings, store and services of one utility."""

    settings: Settings
    store: Store
    lanes: Lanes
    days: Days
    ledger: UtilityLedger
    outgoing: Outgoing
    downloads: Downloads
    customer_changes: CustomerChanges

    def cause(self, request_id: str, lane: Lane) -> Cause:
        """A request, or a job, as the cause of what changes now."""
        now = lane.now()
        return Cause(request_id, now, self.days.of(now))


def create_world(settings: Settings, store: Store, lanes: Lanes) -> World:
    """The services over *store*; nothing is shared with a world over another store."""
    store.add(TABLES)
    lanes.loaded.append(check_counts)
    days = Days(settings.time_zone)
    return World(
        settings,
        store,
        lanes,
        days,
        UtilityLedger(
            store, days, duplicates=settings.duplicates, warm=warm_books(store, days) if settings.warm else None
        ),
        Outgoing(store, days),
        Downloads(store, days),
        CustomerChanges(store),
    )
