"""What is joined behind the doors of Invoice Cloud: settings, store, lanes and the services over them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from partnerlab.contracts.catalogue import magic_values
from partnerlab.contracts.records import dataclass
from partnerlab.simulators.ic_webservices.domain.payments import TestNumber, TestNumbers
from partnerlab.simulators.ic_webservices.services.api_keys import ApiKeys
from partnerlab.simulators.ic_webservices.services.asking import Asking
from partnerlab.simulators.ic_webservices.services.authentication import Authentication
from partnerlab.simulators.ic_webservices.services.bill_images import BillImages, ImagePort
from partnerlab.simulators.ic_webservices.services.cashier import Cashier
from partnerlab.simulators.ic_webservices.services.clerk import Clerk
from partnerlab.simulators.ic_webservices.services.cloud_payments import CloudPayments
from partnerlab.simulators.ic_webservices.services.conveyed_before import say_billed, say_told
from partnerlab.simulators.ic_webservices.services.export_batches import ExportBatches
from partnerlab.simulators.ic_webservices.services.exports import Exports
from partnerlab.simulators.ic_webservices.services.late_fees import LateFees
from partnerlab.simulators.ic_webservices.services.ledger import BillerLedger
from partnerlab.simulators.ic_webservices.services.mailbox import Mailbox
from partnerlab.simulators.ic_webservices.services.notices import Notices
from partnerlab.simulators.ic_webservices.services.outbox import Outbox
from partnerlab.simulators.ic_webservices.services.page_sessions import PageSessions
from partnerlab.simulators.ic_webservices.services.pay_by_text import PayByText
from partnerlab.simulators.ic_webservices.services.postbacks import Post, Postbacks, PostbackSent
from partnerlab.simulators.ic_webservices.services.presentment import Balances, Presentment
from partnerlab.simulators.ic_webservices.services.records import Records
from partnerlab.simulators.ic_webservices.services.schedules import Schedules
from partnerlab.simulators.ic_webservices.services.shown_pages import ShownPages
from partnerlab.simulators.ic_webservices.services.unsettled import Unsettled, UnsettledPort
from partnerlab.simulators.ic_webservices.services.uploads import Uploads
from partnerlab.simulators.ic_webservices.services.user_accounts import UserAccounts
from partnerlab.simulators.ic_webservices.services.wallet import Wallet
from partnerlab.simulators.ic_webservices.settings import Settings
from partnerlab.simulators.ic_webservices.tables import TABLES
from partnerlab.simulators.ic_webservices.tables.old import PRUNES
from partnerlab.simulators.kit.egress.pinned_post import post_form
from partnerlab.simulators.kit.keys import Keys
from partnerlab.simulators.kit.world.jobs import Runner
from partnerlab.simulators.kit.world.lanes import Lanes
from partnerlab.simulators.kit.world.pruning import Prunable
from partnerlab.simulators.kit.world.store import Store

__all__ = ["Services", "World", "create_world", "test_numbers"]


@dataclass(frozen=True, slots=True)
class Services:
    """
    What wire, control and pages call.

    `keys` has what stands for the documented keys that lanes keep.
    """

    settings: Settings
    ledger: BillerLedger
    cashier: Cashier
    clerk: Clerk
    presentment: Presentment
    bill_images: BillImages
    uploads: Uploads
    asking: Asking
    outbox: Outbox
    authentication: Authentication
    user_accounts: UserAccounts
    exports: Exports
    export_batches: ExportBatches
    wallet: Wallet
    schedules: Schedules
    late_fees: LateFees
    notices: Notices
    mailbox: Mailbox
    postbacks: Postbacks
    cloud_payments: CloudPayments
    pay_by_text: PayByText
    page_sessions: PageSessions
    shown_pages: ShownPages
    records: Records
    api_keys: ApiKeys
    keys: Keys = Keys()


@dataclass(frozen=True, slots=True)
class World:
    """Settings, store, lanes, runner of due work and services of one Invoice Cloud; what of it goes once it is old."""

    settings: Settings
    store: Store
    lanes: Lanes
    runner: Runner
    services: Services
    prunes: Sequence[Prunable] = PRUNES


def create_world(
    settings: Settings,
    store: Store,
    lanes: Lanes,
    *,
    events: Callable[[dict[str, Any]], None],
    balances: Balances,
    images: ImagePort,
    unsettled: UnsettledPort,
    keys: Keys = Keys(),  # noqa: B008 - frozen
    posted_back: Callable[[PostbackSent], None] | None = None,
    post: Post = post_form,
) -> World:
    """The services over *store*; for the ports see `app.create_simulator`."""
    store.add(TABLES)
    lanes.came_since += [("ic_customers", "billed_apart", say_billed), ("ic_payments", "told_as", say_told)]
    numbers = test_numbers()
    runner = Runner(store, lanes)
    outbox = Outbox(store, runner, events, retry_s=settings.retry_s)
    uncertain = Unsettled(unsettled)
    ledger = BillerLedger(store, outbox, uncertain, runner, keys)
    authentication = Authentication(store, password_cost=settings.password_cost, keys=keys)
    cashier = Cashier(store, outbox, numbers)
    presentment = Presentment(store, balances, uncertain)
    wallet = Wallet(store, numbers)
    postbacks = Postbacks(store, lanes, runner, post, told=posted_back)
    services = Services(
        settings=settings,
        ledger=ledger,
        cashier=cashier,
        clerk=Clerk(store, cashier),
        presentment=presentment,
        bill_images=BillImages(store, images),
        uploads=Uploads(ledger, runner),
        asking=Asking(presentment, runner),
        outbox=outbox,
        authentication=authentication,
        user_accounts=UserAccounts(ledger, authentication),
        exports=Exports(ledger),
        export_batches=ExportBatches(store),
        wallet=wallet,
        schedules=Schedules(store, cashier, ledger, wallet, uncertain, runner),
        late_fees=LateFees(runner),
        notices=Notices(runner),
        mailbox=Mailbox(store),
        postbacks=postbacks,
        cloud_payments=CloudPayments(
            store, cashier, presentment, authentication, wallet, postbacks, warm=settings.warm
        ),
        pay_by_text=PayByText(store),
        page_sessions=PageSessions(store, authentication),
        shown_pages=ShownPages(store),
        records=Records(store),
        api_keys=ApiKeys(store, keys, warm=settings.warm),
        keys=keys,
    )
    return World(settings, store, lanes, runner, services)


def test_numbers() -> TestNumbers:
    """The catalogue's card and bank account numbers [A-19]."""
    return {
        kind: {magic.value: TestNumber(magic.effect, magic.brand) for magic in magic_values(kind)}
        for kind in ("card", "bank_account")
    }
