"""What is joined behind the insurer's doors."""

from __future__ import annotations

from partnerlab.contracts.records import dataclass
from partnerlab.simulators.kit.world.lanes import Lanes
from partnerlab.simulators.kit.world.store import Store
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
    ledger: PolicyLedger
    policies: PolicyService
    outgoing: Outgoing


def create_world(settings: Settings, store: Store, lanes: Lanes) -> World:
    """The services over *store*; nothing is shared with a world over another store."""
    store.add(TABLES)
    return World(settings, store, lanes, PolicyLedger(store, warm=settings.warm), PolicyService(store), Outgoing(store))
