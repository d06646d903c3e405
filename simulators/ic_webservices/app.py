"""The factory: joins settings, store, lanes and ports with the services and the doors in front of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from partnerlab.contracts.first_use import importing
from partnerlab.contracts.records import dataclass
from partnerlab.simulators.ic_webservices import seeds
from partnerlab.simulators.ic_webservices.pages import PAGE_PATHS, PagesApp
from partnerlab.simulators.ic_webservices.services.bill_images import ImagePort, no_image
from partnerlab.simulators.ic_webservices.services.postbacks import Post, PostbackSent
from partnerlab.simulators.ic_webservices.services.presentment import Balances
from partnerlab.simulators.ic_webservices.services.unsettled import UnsettledPort
from partnerlab.simulators.ic_webservices.settings import Settings
from partnerlab.simulators.ic_webservices.wire.doors import create_doors
from partnerlab.simulators.ic_webservices.world import Services, World, create_world
from partnerlab.simulators.kit.egress.pinned_post import post_form
from partnerlab.simulators.kit.keys import Keys
from partnerlab.simulators.kit.world.due import Due
from partnerlab.simulators.kit.world.lanes import Lane, Lanes
from partnerlab.simulators.kit.world.simulator import Simulator
from partnerlab.simulators.kit.world.store import Store

if TYPE_CHECKING:
    from partnerlab.simulators.kit.control.controls import Controls

__all__ = ["InvoiceCloud", "create_simulator"]

NAME = "ic"


@dataclass(frozen=True, slots=True)
class InvoiceCloud(Simulator):
    """The Invoice Cloud simulator. `start` once the events port can be called, `close` before the store is closed."""

    world: World
    origin: Callable[[], str] = str

    def biller(self, lane: str, guid: str) -> dict[str, Any]:
        """A biller as the control API shows it, for the data pump's directory. Raises `NotFound`, `LaneNotFound`."""
        with importing:
            from partnerlab.simulators.ic_webservices.control.views import biller_view

        found, services = self.world.lanes.existing(lane), self.world.services
        return biller_view(services.ledger.biller(found, guid), self.origin(), found, services.keys, services.settings)

    def start(self) -> None:
        """Go on with what a former process left: events in the outbox, postbacks."""
        self.world.runner.start()

    def close(self) -> None:
        """Stop offering events and sending postbacks in the background."""
        self.world.runner.close()


def _nothing(*_: object) -> Collection[str]:
    return ()


def create_simulator(
    settings: Settings,
    store: Store,
    lanes: Lanes,
    *,
    events: Callable[[dict[str, Any]], None],
    balances: Balances,
    images: ImagePort = no_image,
    unsettled: UnsettledPort = _nothing,
    keys: Keys = Keys(),  # noqa: B008 - frozen
    base_url: Callable[[], str] = str,
    posted_back: Callable[[PostbackSent], None] | None = None,
    post: Post = post_form,
) -> InvoiceCloud:
    """
    The simulator of Invoice Cloud.

    Args:
        events: Takes an event (`contracts/datapump/event.schema.json`) and returns once it is durable there; raises
            where it is not, and is then asked again. May see the same id twice.
        balances: Asks the partner for a balance; see `presentment.Balances`.
        images: Asks the partner for a bill as a PDF; see `bill_images.ImagePort`.
        unsettled: Gives the payments of an account that the data pump has without a certain outcome; see
            `services.unsettled`. Without it only the outbox is looked at.
        keys: What stands for the documented keys; without it those count.
        base_url: Gives the sandbox's own origin, as in `http://127.0.0.1:8700`, by which the data pump calls partners.
        posted_back: Hears of each attempt to send a postback.
        post: Posts the form of a postback.
    """
    world = create_world(
        settings,
        store,
        lanes,
        events=events,
        balances=balances,
        images=images,
        unsettled=unsettled,
        keys=keys,
        posted_back=posted_back,
        post=post,
    )
    return InvoiceCloud(
        name=NAME,
        doors={**create_doors(world.services), **dict.fromkeys(PAGE_PATHS, PagesApp(world.services))},
        seed=lambda tx, lane: seeds.seed(tx, lane, settings),
        control=partial(_control, world.services),
        control_contract="ic_webservices/control.yaml",
        due=partial(_due, world.services),
        prunes=world.prunes,
        world=world,
        origin=base_url,
    )


def _due(services: Services, lane: Lane, until: datetime) -> Iterator[Due]:
    yield from services.cashier.due(lane, until)
    yield from services.asking.due(lane, until)
    yield from services.schedules.due(lane, until)
    yield from services.late_fees.due(lane, until)
    yield from services.notices.due(lane, until)
    yield from services.postbacks.due(lane, until)


def _control(services: Services) -> Controls:
    with importing:
        from partnerlab.simulators.ic_webservices.control import create_controls

    return create_controls(services)
