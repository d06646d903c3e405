"""The factory: joins settings, store and lanes with the services and the doors in front of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

from partnerlab.simulators.inhance_soap.domain.billing import Bill
from partnerlab.simulators.inhance_soap.domain.events import Cause
from partnerlab.simulators.inhance_soap.seeds import seed_accounts
from partnerlab.simulators.inhance_soap.settings import Settings
from partnerlab.simulators.inhance_soap.wire.doors import create_doors
from partnerlab.simulators.inhance_soap.world import World, create_world
from partnerlab.simulators.kit.world.due import Due
from partnerlab.simulators.kit.world.lanes import Lane, Lanes
from partnerlab.simulators.kit.world.simulator import Simulator
from partnerlab.simulators.kit.world.store import Store, Tx

if TYPE_CHECKING:
    from partnerlab.simulators.kit.control.controls import Controls

__all__ = ["create_simulator"]


def create_simulator(settings: Settings, store: Store, lanes: Lanes) -> Simulator:
    """The utility over *store*; nothing is shared with another one over another store."""
    world = create_world(settings, store, lanes)

    def seed(tx: Tx, lane: Lane) -> None:
        now = lane.now()
        world.ledger.seed(tx, lane, seed_accounts(now.date()), Cause("seed", now))

    def control() -> Controls:
        from partnerlab.simulators.inhance_soap.control import create_controls

        return create_controls(world)

    def due(lane: Lane, until: datetime) -> Iterable[Due]:
        for one in world.ledger.unbilled(lane, until):
            yield _due(world, lane, one.account_number, one.bill)

    return Simulator(
        name="inhance",
        doors=create_doors(world),
        seed=seed,
        control=control,
        control_contract="inhance_soap/control.yaml",
        due=due,
    )


def _due(world: World, lane: Lane, account_number: str, bill: Bill) -> Due:
    at = datetime.combine(bill.billed_on, time(), UTC)
    # What became due in the past happens now.
    cause = Cause("clock", max(at, lane.now()))
    return Due(
        at,
        f"inHance bills invoice {bill.invoice_number}",
        lambda: world.ledger.bill_due(lane, cause, account_number, bill),
    )
