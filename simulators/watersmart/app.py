"""The factory: joins settings, store, lanes and ports with the services, the jobs and the control routes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Protocol
from zoneinfo import ZoneInfo

from partnerlab.contracts.first_use import importing
from partnerlab.contracts.records import dataclass
from partnerlab.simulators.kit.keys import Keys
from partnerlab.simulators.kit.world.due import Due
from partnerlab.simulators.kit.world.jobs import TimedJobs, jobs_of
from partnerlab.simulators.kit.world.lanes import Lane, Lanes
from partnerlab.simulators.kit.world.simulator import Simulator
from partnerlab.simulators.kit.world.store import Store, Tx
from partnerlab.simulators.watersmart.domain.customers import Cause
from partnerlab.simulators.watersmart.seeds import openings
from partnerlab.simulators.watersmart.services.ports import Call
from partnerlab.simulators.watersmart.settings import Settings
from partnerlab.simulators.watersmart.world import World, create_world

if TYPE_CHECKING:
    from partnerlab.simulators.kit.control.controls import Controls

__all__ = ["ExchangePort", "WaterSmart", "create_simulator"]

NAME = "watersmart"


class ExchangePort(Protocol):
    """What WaterSmart's own programs do with files on a timer, over its books: whoever joins the simulator gives it."""

    def run(self, world: World, lane: Lane, name: str) -> str:
        """Do one run of `collect`, `invoices` or `balances`, and say what came of it."""


@dataclass(frozen=True, slots=True)
class WaterSmart(Simulator):
    """The WaterSmart simulator. Its `world.runner` is started once the ports can be called, closed before the store."""

    world: World


def create_simulator(
    settings: Settings,
    store: Store,
    lanes: Lanes,
    *,
    call: Call,
    exchange: ExchangePort,
    keys: Keys = Keys(),  # noqa: B008 - frozen
) -> WaterSmart:
    """
    WaterSmart over *store*; nothing is shared with another one over another store.

    Its three daily jobs run at the times of the contract; one that was paused catches up with one run [A-92].
    *keys* has what stands for the documented password; without it that counts.
    """
    world = create_world(settings, store, lanes, call, keys)
    timed = jobs_of(NAME, ZoneInfo(settings.time_zone), partial(exchange.run, world))
    jobs = TimedJobs(store, world.runner, NAME, timed)

    def seed(tx: Tx, lane: Lane) -> None:
        now = lane.now()
        world.ledger.seed(tx, lane, openings(settings, now), Cause("seed", now))
        jobs.seed(tx, lane)

    def control() -> Controls:
        with importing:
            from partnerlab.simulators.watersmart.control import create_controls

        return create_controls(world)

    def due(lane: Lane, until: datetime) -> Iterable[Due]:
        return jobs.due(lane, until)

    return WaterSmart(
        name=NAME,
        doors={},
        seed=seed,
        control=control,
        control_contract="watersmart/control.yaml",
        due=due,
        world=world,
        jobs=(jobs,),
    )
