"""
Where WaterSmart's books are kept, each row in a lane.

Entries are numbered within their account, whose row is locked by whoever writes; files and links by a counter of the
lane.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

from partnerlab.contracts.numbers import number_sql
from partnerlab.simulators.kit.world.searching import literally
from partnerlab.simulators.kit.world.store import Statement
from partnerlab.simulators.kit.world.table import ByNumber, LaneTx, Table, utc_text
from partnerlab.simulators.watersmart import tables
from partnerlab.simulators.watersmart.domain.customers import RENEW_USER, Cause, Customer, Entry, Invoice
from partnerlab.simulators.watersmart.domain.errors import CustomerUnknown
from partnerlab.simulators.watersmart.domain.received import ExchangedFile, Payment, Reject
from partnerlab.simulators.watersmart.domain.users import Link, User

__all__ = ["CUSTOMERS", "FILES", "INVOICES", "LINKS", "PAYMENTS", "REJECTS", "USERS", "Books"]

CUSTOMERS = Table(
    tables.CUSTOMERS,
    Customer,
    searched=(
        *("account_number", "display_account_number", "customer_name"),
        *("address1", "address2", "city", "state", "zip"),
    ),
)
INVOICES = Table(tables.INVOICES, Invoice)
NUMBER = ByNumber("invoice_number")
_AGE = ("invoiced_on", *number_sql(NUMBER))
ENTRIES = Table(tables.ENTRIES, Entry)
PAYMENTS = Table(tables.PAYMENTS, Payment)
REJECTS = Table(tables.REJECTS, Reject)
USERS = Table(tables.USERS, User)
LINKS = Table(tables.LINKS, Link)
FILES = Table(tables.FILES, ExchangedFile)

_COUNT_ON = Statement(
    "INSERT INTO watersmart_counters (lane, name, value) VALUES (:lane, :name, 1)"
    " ON CONFLICT (lane, name) DO UPDATE SET value = watersmart_counters.value + 1 RETURNING value"
)
_WAITING_INVOICES = Statement(
    f"SELECT {', '.join(INVOICES.columns)} FROM watersmart_invoices"
    " WHERE lane = :lane AND file_number IS NULL ORDER BY "
    + ", ".join(("invoiced_on", *number_sql("invoice_number")))
    + " LIMIT :limit"
)
# The bills of an account, of which at least one must have gone out, and all that did arrived.
_BILLS = (
    "SELECT 1 FROM watersmart_invoices AS i LEFT JOIN watersmart_files AS f ON f.lane = i.lane"
    " AND f.number = i.file_number WHERE i.lane = c.lane AND i.account_number = c.account_number"
)
_UNSENT = (
    "(SELECT COALESCE(SUM(amount_cents), 0) FROM watersmart_invoices AS i WHERE i.lane = c.lane"
    " AND i.account_number = c.account_number AND i.file_number IS NULL)"
)
_BALANCES_TO_SAY = Statement(
    f"SELECT {', '.join(CUSTOMERS.columns)}, {_UNSENT} FROM watersmart_customers AS c WHERE lane = :lane"
    " AND (balance_waits = 1 OR balance_again_at <= :now OR :every = 1)"
    f" AND EXISTS ({_BILLS} AND i.file_number IS NOT NULL) AND NOT EXISTS ({_BILLS} AND f.state = 'waiting')"
    " ORDER BY account_number LIMIT :limit"
)
_UNSENT_OF = Statement(
    "SELECT COALESCE(SUM(amount_cents), 0) FROM watersmart_invoices"
    " WHERE lane = :lane AND account_number = :account_number AND file_number IS NULL"
)
_LAST_BROUGHT = Statement(
    "SELECT max(at) FROM watersmart_entries WHERE lane = :lane AND account_number = :account_number"
    " AND kind IN ('paid', 'returned')"
)
_RENEWED = Statement(
    "SELECT 1 FROM watersmart_entries WHERE lane = :lane AND account_number = :account_number"
    " AND kind = 'adjusted' AND at >= :since AND detail LIKE :renewed LIMIT 1"
)
# What the last bill of an account asks for, of those with a bill in a file, against what is owed but for bills that no
# file has had. One that came in an earlier file is not the last word: a balance may have been said since.
_MOVED = Statement(
    "UPDATE watersmart_customers AS c SET balance_waits = 1 WHERE lane = :lane AND account_number IN"
    " (SELECT account_number FROM watersmart_invoices WHERE lane = :lane AND file_number = :number)"
    f" AND (balance_cents - {_UNSENT}, :number)"
    " <> (SELECT total_cents, file_number FROM watersmart_invoices AS i WHERE i.lane = c.lane"
    " AND i.account_number = c.account_number AND i.file_number IS NOT NULL"
    f" ORDER BY {', '.join(f'{one} DESC' for one in _AGE)} LIMIT 1)"
)
_ENTERED_AS = Statement(
    "SELECT detail FROM watersmart_entries WHERE lane = :lane AND account_number = :account_number AND kind = 'paid'"
    " AND detail LIKE :named ESCAPE '!' ORDER BY number DESC"
)
_SUMS = Statement(
    "SELECT kind, SUM(amount_cents), COUNT(*) FROM watersmart_entries WHERE lane = :lane AND amount_cents <> 0"
    " GROUP BY kind"
)
_TOTAL = Statement("SELECT COUNT(*), COALESCE(SUM(balance_cents), 0) FROM watersmart_customers WHERE lane = :lane")
_APART = Statement(
    "SELECT account_number FROM watersmart_customers AS c WHERE lane = :lane AND balance_cents <> (SELECT"
    " COALESCE(SUM(amount_cents), 0) FROM watersmart_entries AS e WHERE e.lane = c.lane"
    " AND e.account_number = c.account_number) ORDER BY account_number LIMIT 100"
)
_RENAME_LINKS = Statement("UPDATE watersmart_links SET username = :new WHERE lane = :lane AND username = :old")


class Books(LaneTx):
    """The books of one lane in one transaction."""

    __slots__ = ()

    def next_number(self, name: str) -> int:
        """The next number of a counter, from 1."""
        return int(self.all(_COUNT_ON, name=name)[0][0])

    def customer(self, account_number: str) -> Customer:
        """Raises `CustomerUnknown`."""
        found = CUSTOMERS.get(self.tx, self.lane, account_number)
        if found is None:
            raise CustomerUnknown(account_number)
        return found

    def lock(self, account_number: str) -> Customer:
        """A customer for writing; whoever else wants it waits. Raises `CustomerUnknown`."""
        found = CUSTOMERS.lock(self.tx, self.lane, account_number)
        if found is None:
            raise CustomerUnknown(account_number)
        return found

    def record(self, customer: Customer, kind: str, cents: int, detail: dict[str, Any], cause: Cause) -> Customer:
        """Append an entry to a locked customer and write it back; the customer as it is then."""
        customer = replace(customer, entries=customer.entries + 1, balance_cents=customer.balance_cents + cents)
        entry = Entry(customer.account_number, customer.entries, kind, cents, detail, cause.request_id, cause.at)
        assert ENTRIES.add(self.tx, self.lane, entry)
        CUSTOMERS.put(self.tx, self.lane, customer)
        return customer

    def entries(self, account_number: str, *, limit: int = 1_000) -> list[Entry]:
        """The last entries of an account, in order."""
        search = {"account_number": account_number}
        found = ENTRIES.find(self.tx, self.lane, search, order="number", limit=limit, last_first=True)
        return found[::-1]

    def came_as(self, payment: Payment) -> str:
        """The account number that a payment came with; empty where it is the one that it was posted to."""
        named = f"%{literally(json.dumps(payment.payment_guid, ensure_ascii=False))}%"
        found = self.all(_ENTERED_AS, account_number=payment.account_number, named=named)
        details = (json.loads(detail) for (detail,) in found)
        return next((str(one.get("came_as", "")) for one in details if one["payment_guid"] == payment.payment_guid), "")

    def waiting_invoices(self, limit: int) -> list[Invoice]:
        """Invoices that no file has had, by number."""
        return [INVOICES.load(row) for row in self.all(_WAITING_INVOICES, limit=limit)]

    def balances_to_say(self, now: datetime, limit: int, *, every: bool = False) -> list[tuple[Customer, int]]:
        """
        Customers for the next balance file, by account number, and what they owe in cents but for bills that no file
        has had, which would be asked for a second time: those whose balance waits or is to be said again by *now*; or
        *every* one.

        One with a bill in a file that may not have arrived waits for that. So does one that has no bill in a file yet,
        which Invoice Cloud does not know.
        """
        found = self.all(_BALANCES_TO_SAY, now=utc_text(now), limit=limit, every=int(every))
        customers = [(CUSTOMERS.load(row[:-1]), int(row[-1])) for row in found]
        return [(customer, customer.balance_cents - unsent) for customer, unsent in customers]

    def unsent(self, account_number: str) -> int:
        """What an account's bills that no file has had ask for, in cents."""
        row = self.one(_UNSENT_OF, account_number=account_number)
        return int(row[0]) if row else 0

    def last_brought(self, account_number: str) -> datetime | None:
        """When a file of Invoice Cloud's last brought a payment of an account or took one back."""
        row = self.one(_LAST_BROUGHT, account_number=account_number)
        return datetime.fromisoformat(row[0]) if row and row[0] else None

    def renewed(self, account_number: str, since: datetime) -> bool:
        """Whether "Renew User" set what an account owes, then or later."""
        row = self.one(_RENEWED, account_number=account_number, since=utc_text(since), renewed=f'%"{RENEW_USER}"%')
        return row is not None

    def let_moved_wait(self, file_number: int) -> None:
        """Mark for the next balance file who got a bill by this file, unless the last of them asks for what is owed."""
        self.run(_MOVED, number=file_number)

    def links(self, *, username: str = "", account_number: str = "") -> list[Link]:
        """The links of a user or an account, the oldest first."""
        search = {"username": username} if username else {"account_number": account_number}
        return LINKS.find(self.tx, self.lane, search, order="position")

    def rename_user(self, user: User, username: str) -> None:
        """Give a user another name."""
        USERS.delete(self.tx, self.lane, user.username)
        USERS.put(self.tx, self.lane, replace(user, username=username))
        self.run(_RENAME_LINKS, old=user.username, new=username)

    def sums(self) -> dict[str, tuple[int, int]]:
        """By kind of entry: the sum in cents and how many."""
        return {kind: (int(cents), count) for kind, cents, count in self.all(_SUMS)}

    def total(self) -> tuple[int, int]:
        """How many customers there are, and what they owe together, in cents."""
        row = self.one(_TOTAL)
        assert row is not None
        return int(row[0]), int(row[1])

    def apart(self) -> list[str]:
        """Accounts whose balance is not the sum of their entries: none, ever."""
        return [row[0] for row in self.all(_APART)]
