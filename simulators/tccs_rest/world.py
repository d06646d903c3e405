"""What is joined behind the insurer's doors."""

from __future__ import annotations

from partnerlab.contracts.records import dataclass
from partnerlab.simulators.kit.world.days import Days
from partnerlab.simulators.kit.world.lanes import Lane, Lanes
from partnerlab.simulators.kit.world.store import Store
from partnerlab.simulators.tccs_rest.domain.events import Cause
from partnerlab.simulators.tccs_rest.services.ledger import PolicyLedger
from partnerlab.simulators.tccs_rest.services.outgoing import Outgoing
from partnerlab.simulators.tccs_rest.services.policies import PolicyService
from partnerlab.simulators.tccs_rest.settings import Settings
from partnerlab.simulators.tccs_rest.tables import TABLES

__all__ = ["World", "create_world"]


@dataclass(frozen=True, slots=True)
class World:
    """Settings, store and services of one insurer."""

    settings: Settings
    store: Store
    lanes: Lanes
    days: Days
    ledger: PolicyLedger
    policies: PolicyService
    outgoing: Outgoing

    def cause(self, request_id: str, lane: Lane) -> Cause:
        """A request, or a job, as the cause of what changes now."""
        now = lane.now()
        return Cause(request_id, now, self.days.of(now))


def create_world(settings: Settings, store: Store, lanes: Lanes) -> World:
    """The services over *store*; nothing is shared with a world over another store."""
    store.add(TABLES)
    days = Days(settings.time_zone)
    return World(
        settings,
        store,
        lanes,
        days,
        PolicyLedger(store, days, warm=settings.warm),
        PolicyService(store, days),
        Outgoing(store, days),
    )
