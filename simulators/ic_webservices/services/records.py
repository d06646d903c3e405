"""What is kept, by key or listed: reading without changing anything, for the control API and the pages."""

from __future__ import annotations

from collections.abc import Mapping

from partnerlab.simulators.ic_webservices.domain.billers import Biller, normal_guid
from partnerlab.simulators.ic_webservices.domain.cloud_payments import Checkout, Reminder
from partnerlab.simulators.ic_webservices.domain.customers import Change, Customer
from partnerlab.simulators.ic_webservices.domain.errors import NotFound
from partnerlab.simulators.ic_webservices.domain.invoices import Invoice
from partnerlab.simulators.ic_webservices.domain.payments import Payment
from partnerlab.simulators.ic_webservices.domain.postbacks import Postback
from partnerlab.simulators.ic_webservices.domain.schedules import SCHEDULED, Schedule
from partnerlab.simulators.ic_webservices.domain.uploads import Problem, Upload
from partnerlab.simulators.ic_webservices.domain.users import User, username_key
from partnerlab.simulators.ic_webservices.store import (
    BILLERS,
    CHANGES,
    CHECKOUTS,
    CUSTOMERS,
    INVOICES,
    PAYMENTS,
    POSTBACKS,
    PROBLEMS,
    REMINDERS,
    SCHEDULES,
    UPLOADS,
    USERS,
)
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Store

__all__ = ["Records"]

MOST_BILLERS = 1_000
Search = Mapping[str, str | int]
"""Values by column; all must be equal."""


class Records:
    """
    The records of every lane.

    A list takes the columns to *search* by, at most *limit* of what comes *after* a key; the lists that say so give
    the newest instead, or only what has a *text* in it.
    """

    def __init__(self, store: Store) -> None:
        self.store = store

    # --- by key; each raises `NotFound` ---

    def payment(self, lane: Lane, payment_guid: str) -> Payment:
        """A payment, of whichever biller."""
        found = self.payment_or_none(lane, payment_guid)
        if found is None:
            raise NotFound("payment", payment_guid[:60])
        return found

    def payment_or_none(self, lane: Lane, payment_guid: str) -> Payment | None:
        """A payment, or None."""
        with self.store.read() as tx:
            return PAYMENTS.get(tx, lane.name, payment_guid.replace("\0", ""))

    def schedule_or_none(self, lane: Lane, schedule_id: str) -> Schedule | None:
        """A scheduled payment of whichever user, or None."""
        with self.store.read() as tx:
            return SCHEDULES.get(tx, lane.name, schedule_id.replace("\0", ""))

    def upload(self, lane: Lane, upload_id: str) -> Upload:
        """A bill file that came."""
        with self.store.read() as tx:
            found = UPLOADS.get(tx, lane.name, upload_id.replace("\0", ""))
        if found is None:
            raise NotFound("upload", upload_id)
        return found

    def user(self, lane: Lane, biller_guid: str, username: str) -> User:
        """A biller's portal user."""
        with self.store.read() as tx:
            found = USERS.get(tx, lane.name, normal_guid(biller_guid), username_key(username))
        if found is None:
            raise NotFound("user", username)
        return found

    def checkout(self, lane: Lane, token_hash: str) -> Checkout:
        """A payment page, by the hash of its token."""
        with self.store.read() as tx:
            found = CHECKOUTS.get(tx, lane.name, token_hash.replace("\0", ""))
        if found is None:
            raise NotFound("cloud payment", token_hash[:80])
        return found

    # --- lists ---

    def billers(self, lane: Lane) -> list[Biller]:
        """All billers, by GUID."""
        with self.store.read() as tx:
            return BILLERS.find(tx, lane.name, {}, order="guid", limit=MOST_BILLERS)

    def customers(self, lane: Lane, search: Search, *, text: str = "", after: str = "", limit: int) -> list[Customer]:
        """Customers, by account number. *text* is in a number, a name or the address."""
        with self.store.read() as tx:
            return CUSTOMERS.find(tx, lane.name, search, text=text, order="account_number", after=after, limit=limit)

    def invoices(self, lane: Lane, search: Search, *, text: str = "", after: str = "", limit: int) -> list[Invoice]:
        """Invoices, by number. *text* is in this or in the account's."""
        with self.store.read() as tx:
            return INVOICES.find(tx, lane.name, search, text=text, order="invoice_number", after=after, limit=limit)

    def payments(
        self, lane: Lane, search: Search, *, text: str = "", after: str = "", limit: int, newest_first: bool = False
    ) -> list[Payment]:
        """Payments, by reference: oldest first. *text* is in the reference, the account or the invoice number."""
        with self.store.read() as tx:
            return PAYMENTS.find(
                tx,
                lane.name,
                search,
                order="reference",
                text=text,
                after=after,
                limit=limit,
                last_first=newest_first,
            )

    def payments_of(self, lane: Lane, invoice: Invoice, *, limit: int) -> list[Payment]:
        """An invoice's newest payments."""
        with self.store.read() as tx:
            return PAYMENTS.find(tx, lane.name, _of(invoice), order="reference", last_first=True, limit=limit)

    def schedules(self, lane: Lane, search: Search, *, after: str = "", limit: int) -> list[Schedule]:
        """Scheduled payments and AutoPay's, by id."""
        with self.store.read() as tx:
            return SCHEDULES.find(tx, lane.name, search, order="schedule_id", after=after, limit=limit)

    def scheduled_for(self, lane: Lane, invoice: Invoice) -> list[Schedule]:
        """What waits to pay an invoice, by whomever, in the order it runs."""
        with self.store.read() as tx:
            return SCHEDULES.find(tx, lane.name, _of(invoice) | {"state": SCHEDULED}, order="runs_at")

    def changes(self, lane: Lane, search: Search, *, after: int | str = "", limit: int) -> list[Change]:
        """What payers changed, oldest first."""
        with self.store.read() as tx:
            return CHANGES.find(tx, lane.name, search, order="seq", after=after, limit=limit)

    def users(self, lane: Lane, search: Search, *, after: str = "", limit: int) -> list[User]:
        """Portal users, by name."""
        with self.store.read() as tx:
            return USERS.find(tx, lane.name, search, order="username", after=after, limit=limit)

    def uploads(
        self, lane: Lane, search: Search, *, text: str = "", after: str = "", limit: int, newest_first: bool = False
    ) -> list[Upload]:
        """Bill files that came, oldest first. *text* is in the file's name."""
        with self.store.read() as tx:
            return UPLOADS.find(
                tx,
                lane.name,
                search,
                order="upload_id",
                text=text,
                after=after,
                limit=limit,
                last_first=newest_first,
            )

    def problems(self, lane: Lane, upload_id: str, *, after: int | str = "", limit: int) -> list[Problem]:
        """What was wrong in a bill file, in its order. Raises `NotFound`."""
        self.upload(lane, upload_id)
        with self.store.read() as tx:
            search = {"upload_id": upload_id}
            return PROBLEMS.find(tx, lane.name, search, order="position", after=after, limit=limit)

    def newest_checkouts(self, lane: Lane, search: Search, *, limit: int, offset: int = 0) -> list[Checkout]:
        """The newest payment pages."""
        with self.store.read() as tx:
            return CHECKOUTS.find(
                tx, lane.name, search, order=("created_at", "token_hash"), last_first=True, limit=limit, offset=offset
            )

    def newest_postbacks(self, lane: Lane, search: Search, *, limit: int, offset: int = 0) -> list[Postback]:
        """The newest postbacks."""
        with self.store.read() as tx:
            return POSTBACKS.find(
                tx, lane.name, search, order=("created_at", "postback_id"), last_first=True, limit=limit, offset=offset
            )

    def newest_reminders(self, lane: Lane, search: Search, *, limit: int) -> list[Reminder]:
        """The newest reminders."""
        with self.store.read() as tx:
            return REMINDERS.find(tx, lane.name, search, order="requested_at", last_first=True, limit=limit)


def _of(invoice: Invoice) -> dict[str, str]:
    return {
        "biller_guid": invoice.biller_guid,
        "account_number": invoice.account_number,
        "invoice_number": invoice.invoice_number,
    }
