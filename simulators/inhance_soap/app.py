"""The factory: joins settings, store and lanes with the services and the doors in front of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Protocol

from partnerlab.contracts.first_use import importing
from partnerlab.contracts.records import dataclass
from partnerlab.simulators.inhance_soap.domain.billing import Bill
from partnerlab.simulators.inhance_soap.domain.events import Cause
from partnerlab.simulators.inhance_soap.seeds import seed_accounts
from partnerlab.simulators.inhance_soap.settings import Settings
from partnerlab.simulators.inhance_soap.wire.doors import create_doors
from partnerlab.simulators.inhance_soap.world import World, create_world
from partnerlab.simulators.kit.world.due import Due
from partnerlab.simulators.kit.world.jobs import Runner, TimedJobs, jobs_of
from partnerlab.simulators.kit.world.lanes import Lane, Lanes
from partnerlab.simulators.kit.world.simulator import Simulator
from partnerlab.simulators.kit.world.store import Store, Tx

if TYPE_CHECKING:
    from partnerlab.simulators.kit.control.controls import Controls

__all__ = ["InHance", "JobPort", "create_simulator"]


class JobPort(Protocol):
    """What the utilities' own programs do on a timer, over their books: whoever joins the simulator gives it."""

    def run(self, world: World, partner: str, lane: Lane, name: str) -> str:
        """Do one run of a job of `inhance_v1` or `inhance_v2`, and say what came of it."""

    def idle(self, world: World, partner: str, lane: Lane, name: str) -> bool:
        """Whether a run would find nothing to do."""


@dataclass(frozen=True, slots=True)
class InHance(Simulator):
    """The simulator of the utilities on inHance."""

    world: World


def create_simulator(
    settings: Settings, store: Store, lanes: Lanes, *, runner: Runner | None = None, jobs: JobPort | None = None
) -> InHance:
    """
    The utilities over *store*, one on v2 and one on v1; nothing is shared with others over another store.

    With *jobs* their timed jobs run on *runner*.
    """
    world = create_world(settings, store, lanes)
    days = world.days
    timed = (
        ()
        if runner is None or jobs is None
        else tuple(
            TimedJobs(
                store,
                runner,
                partner,
                jobs_of(partner, days.zone, partial(jobs.run, world, partner), partial(jobs.idle, world, partner)),
            )
            for partner in ("inhance_v1", "inhance_v2")
        )
    )

    def seed(tx: Tx, lane: Lane) -> None:
        cause = world.cause("seed", lane)
        world.ledger.seed(tx, lane, seed_accounts(cause.day), cause)
        for each in timed:
            each.seed(tx, lane)

    def control() -> Controls:
        with importing:
            from partnerlab.simulators.inhance_soap.control import create_controls

        return create_controls(world)

    def due(lane: Lane, until: datetime) -> Iterable[Due]:
        for one in world.ledger.unbilled(lane, until):
            yield _due(world, lane, one.account_number, one.bill)
        for each in timed:
            yield from each.due(lane, until)

    return InHance(
        name="inhance",
        doors=create_doors(world),
        seed=seed,
        control=control,
        control_contract="inhance_soap/control.yaml",
        due=due,
        jobs=timed,
        world=world,
    )


def _due(world: World, lane: Lane, account_number: str, bill: Bill) -> Due:
    at = world.days.begin(bill.billed_on)
    # What became due in the past happens now.
    now = max(at, lane.now())
    cause = Cause("clock", now, world.days.of(now))
    return Due(
        at,
        f"inHance bills invoice {bill.invoice_number}",
        lambda: world.ledger.bill_due(lane, cause, account_number, bill),
    )
