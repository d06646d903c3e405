"""
What the utility sends to Invoice Cloud: bills that are new or changed, and on v1 balances.

Each is known by its revision: what was sent is noted by the revision that was sent, so what changes meanwhile is sent
again. Source: "Harris inHance v1 Integration Details", Invoice and Adjustments/Balances.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from partnerlab.contracts.records import dataclass
from partnerlab.simulators.inhance_soap.domain.accounts import Account, Integration
from partnerlab.simulators.inhance_soap.domain.billing import Bill
from partnerlab.simulators.inhance_soap.domain.events import Cause
from partnerlab.simulators.inhance_soap.services.books import balances_of, record
from partnerlab.simulators.inhance_soap.store import AccountBill, Books
from partnerlab.simulators.kit.world.days import Days
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Store

__all__ = ["Outgoing", "OutgoingBalance", "OutgoingBill"]

MOST_BILLS = 5_000
MOST_BALANCES = 100_000
"""What one run sends; the rest goes with the next."""


@dataclass(frozen=True, slots=True)
class OutgoingBill:
    """
    A bill as it is sent: `owed_cents` is what it asks for, with what earlier bills left open, less credit and payments
    that wait to be posted; `past_due_cents` the part of it that is not this bill's.
    """

    account: Account
    bill: Bill
    revision: int
    owed_cents: int
    past_due_cents: int


@dataclass(frozen=True, slots=True)
class OutgoingBalance:
    """What an account owes, for its newest bill."""

    account_number: str
    invoice_number: str
    balance_cents: int
    revision: int


class Outgoing:
    """What is to be sent, in every lane."""

    def __init__(self, store: Store, days: Days) -> None:
        self._store, self._days = store, days

    def has_bills(self, lane: Lane, integration: Integration) -> bool:
        """Whether a bill is to be uploaded."""
        with self._store.read() as tx:
            return bool(Books(tx, lane.name).unsent_bills(integration, limit=1))

    def bills(self, lane: Lane, integration: Integration) -> list[OutgoingBill]:
        """Bills of a utility that are new or changed since they were uploaded, oldest first."""
        with self._store.read() as tx:
            books, today = Books(tx, lane.name), self._days.of(lane.now())
            return [_outgoing(books, today, row) for row in books.unsent_bills(integration, limit=MOST_BILLS)]

    def bills_sent(
        self, lane: Lane, cause: Cause, sent: Iterable[tuple[str, str, int]], refused: Mapping[str, str]
    ) -> None:
        """
        Note these accounts, numbers and revisions as uploaded.

        *refused* are the numbers that were not taken, and why: they are uploaded again when they change.
        """
        with self._store.write() as tx:
            books = Books(tx, lane.name)
            for account_number, number, revision in sorted(sent):
                books.bill_sent(number, revision, refused.get(number, ""))
                if number in refused:
                    opened = books.lock(account_number)
                    detail = {"invoice_number": number, "message": refused[number]}
                    record(books, opened, "bill_refused", detail, cause)
                    books.save(opened)

    def has_balances(self, lane: Lane) -> bool:
        """Whether a balance changed."""
        with self._store.read() as tx:
            return bool(Books(tx, lane.name).balances_to_send(everything=False, limit=1))

    def balances(self, lane: Lane, *, everything: bool) -> list[OutgoingBalance]:
        """
        Balances that changed, or all, by account number; of accounts whose newest bill Invoice Cloud has.

        Payments that wait to be posted count as paid [A-109].
        """
        today = self._days.of(lane.now())
        found = []
        with self._store.read() as tx:
            books = Books(tx, lane.name)
            for number, revision in books.balances_to_send(everything=everything, limit=MOST_BALANCES):
                bills = books.account_bills(number)
                if not bills or not bills[-1].sent_revision or bills[-1].refused:
                    continue
                balance = balances_of(books, number, today).balance_cents - books.pending_cents(number)
                found.append(OutgoingBalance(number, bills[-1].bill.invoice_number, balance, revision))
        return found

    def balance_sent(self, lane: Lane, cause: Cause, account_number: str, revision: int, refused: str) -> None:
        """
        Note a balance as sent. One that was *refused* goes again with each run until it is taken.

        A refusal that stands again is no event of its own.
        """
        with self._store.write() as tx:
            books = Books(tx, lane.name)
            if not refused:
                books.balance_sent(account_number, revision)
                return
            opened, detail = books.lock(account_number), {"message": refused, "revision": revision}
            if not any(one.kind == "balance_refused" and one.detail == detail for one in books.events(account_number)):
                record(books, opened, "balance_refused", detail, cause)
                books.save(opened)


def _outgoing(books: Books, today: date, row: AccountBill) -> OutgoingBill:
    """The newest bill asks for the account's balance, an older one for what was open when it came."""
    number = row.account_number
    bills = books.account_bills(number)
    at = next(place for place, one in enumerate(bills) if one.bill.invoice_number == row.bill.invoice_number)
    if at == len(bills) - 1:
        owed = balances_of(books, number, today).balance_cents - books.pending_cents(number)
    else:
        owed = sum(one.bill.open_cents for one in bills[: at + 1])
    return OutgoingBill(books.account(number), row.bill, row.revision, owed, owed - row.bill.open_cents)
