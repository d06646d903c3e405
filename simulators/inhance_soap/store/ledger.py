"""
Where the utility's ledger is kept: accounts, bills, payments and events, each row in a lane.

Payments and events are numbered within their account, whose row is locked by whoever writes: no counter is shared
between accounts, so they do not wait for each other, and replicas on PostgreSQL agree.

Some statements are written by hand: those of the balance answer and of a posted payment, which the benchmarks measure,
and those that change one column where it still has its old value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from partnerlab.contracts.numbers import number_sql
from partnerlab.contracts.records import dataclass
from partnerlab.simulators.inhance_soap.domain.accounts import Account, Integration
from partnerlab.simulators.inhance_soap.domain.billing import Bill
from partnerlab.simulators.inhance_soap.domain.errors import AccountUnknown, InvoiceTaken
from partnerlab.simulators.inhance_soap.domain.events import Event
from partnerlab.simulators.inhance_soap.domain.opened import OpenAccount, Standing
from partnerlab.simulators.inhance_soap.domain.payments import PostedPayment
from partnerlab.simulators.inhance_soap.store.received import ReceivedBooks
from partnerlab.simulators.inhance_soap.tables import ACCOUNTS, BILLS, EVENTS, PAYMENTS
from partnerlab.simulators.kit.world.store import Row, Statement
from partnerlab.simulators.kit.world.table import ByNumber, Table

__all__ = [
    "EVENT_ROWS",
    "OPEN_LEFT",
    "PAYMENT_ROWS",
    "STANDS",
    "AccountBill",
    "Books",
    "OpenItems",
    "standing_row",
]


@dataclass(frozen=True, slots=True)
class AccountBill:
    """
    A bill with its account; `billed` says that its day has come.

    `revision` counts its changes; it was uploaded up to `sent_revision`, and `refused` says why it was not taken.
    """

    account_number: str
    bill: Bill
    billed: bool
    revision: int = 1
    sent_revision: int = 0
    refused: str = ""

    @property
    def is_sent(self) -> bool:
        """Whether Invoice Cloud took it from an upload."""
        return bool(self.billed and self.sent_revision and not self.refused)


OpenItems = tuple[str | None, str | None, int, list[tuple[date, int]]]
"""What a balance is told from: e-mail, phone, credit, and of each open bill its day and what is open, in cents."""

_day = date.fromisoformat
_ACCOUNTS = Table(
    ACCOUNTS,
    OpenAccount,
    names={"account.number": "account_number"},
    searched=("account_number", "customer_name", "address1", "address2", "city", "state", "zip"),
)
_BILLS = Table(BILLS, AccountBill)
NUMBER = ByNumber("invoice_number")
PAYMENT_ROWS = Table(PAYMENTS, PostedPayment)
EVENT_ROWS = Table(EVENTS, Event)

_OPEN_ITEMS = Statement(
    "SELECT a.email, a.phone, a.credit_cents, b.billed_on, b.open_cents, a.integration FROM inhance_accounts AS a"
    " LEFT JOIN inhance_bills AS b ON b.lane = a.lane AND b.account_number = a.account_number AND b.open_cents > 0"
    " WHERE a.lane = :lane AND a.account_number = :account_number"
)
_STAND = Statement(
    "SELECT a.integration, a.credit_cents, a.payments, a.events, a.revision,"
    " (SELECT min(p.number) FROM inhance_payments AS p WHERE p.lane = a.lane AND p.account_number = a.account_number"
    " AND p.reference = :reference),"
    " b.invoice_number, b.billed_on, b.due_on, b.amount_cents, b.open_cents FROM inhance_accounts AS a"
    " LEFT JOIN inhance_bills AS b ON b.lane = a.lane AND b.account_number = a.account_number AND b.open_cents > 0"
    " WHERE a.lane = :lane AND a.account_number = :account_number"
)
_LOCK = Statement(
    "SELECT 1 FROM inhance_accounts WHERE lane = :lane AND account_number = :account_number", locking=True
)
STANDS = Statement(
    "UPDATE inhance_accounts SET credit_cents = :credit_cents, payments = :payments, events = :events,"
    " revision = :revision WHERE lane = :lane AND account_number = :account_number"
)
_FIRST = Statement(
    "SELECT min(number) FROM inhance_payments"
    " WHERE lane = :lane AND account_number = :account_number AND reference = :reference"
)
_REFERENCES = Statement("SELECT reference FROM inhance_payments WHERE lane = :lane AND account_number = :account")
OPEN_LEFT = Statement(
    "UPDATE inhance_bills SET open_cents = :open_cents WHERE lane = :lane AND invoice_number = :invoice_number"
)
_UNSENT_BILLS = Statement(
    f"SELECT {', '.join(f'inhance_bills.{name}' for name in _BILLS.columns)} FROM inhance_bills"
    " JOIN inhance_accounts ON inhance_accounts.lane = inhance_bills.lane"
    " AND inhance_accounts.account_number = inhance_bills.account_number"
    " WHERE inhance_bills.lane = :lane AND inhance_bills.revision > inhance_bills.sent_revision"
    " AND inhance_bills.billed = 1 AND inhance_accounts.integration = :integration"
    f" ORDER BY inhance_bills.billed_on, {', '.join(number_sql('inhance_bills.invoice_number'))} LIMIT :limit"
)
_BILLS_BETWEEN = Statement(
    f"SELECT {', '.join(_BILLS.columns)} FROM inhance_bills WHERE lane = :lane"
    " AND account_number > :after AND account_number <= :until"
    f" ORDER BY account_number, due_on, billed_on, {', '.join(number_sql('invoice_number'))}"
)
_BILL_SENT = Statement(
    "UPDATE inhance_bills SET sent_revision = :revision, refused = :refused"
    " WHERE lane = :lane AND invoice_number = :invoice_number AND sent_revision < :revision"
)
_UNSENT_BALANCES = Statement(
    "SELECT account_number, revision FROM inhance_accounts WHERE lane = :lane AND revision > sent_revision"
    " AND integration = 'v1' ORDER BY account_number LIMIT :limit"
)
_ALL_BALANCES = Statement(
    "SELECT account_number, revision FROM inhance_accounts WHERE lane = :lane AND integration = 'v1'"
    " ORDER BY account_number LIMIT :limit"
)
_BALANCE_SENT = Statement(
    "UPDATE inhance_accounts SET sent_revision = :revision"
    " WHERE lane = :lane AND account_number = :account_number AND sent_revision < :revision"
)
_BILLED = Statement(
    "UPDATE inhance_bills SET billed = 1 WHERE lane = :lane AND invoice_number = :invoice_number AND billed = 0"
)


class Books(ReceivedBooks):
    """The books of one lane in one transaction: the ledger, and what was received."""

    __slots__ = ()

    def open_items(self, account_number: str, *, served: bool = False) -> OpenItems:
        """
        E-mail, phone, credit and open items of an account.

        Raises `AccountUnknown`, where it is to be *served* by a web service also for one of the utility on v1.
        """
        rows = self.tx.all(_OPEN_ITEMS, (self.lane, account_number))
        if not rows or (served and rows[0][5] != "v2"):
            raise AccountUnknown(account_number)
        email, phone, credit, *_ = rows[0]
        return email, phone, credit, [(date.fromisoformat(row[3]), row[4]) for row in rows if row[3] is not None]

    def account(self, account_number: str) -> Account:
        """Raises `AccountUnknown`."""
        found = _ACCOUNTS.get(self.tx, self.lane, account_number)
        if found is None:
            raise AccountUnknown(account_number)
        return found.account

    def accounts(self, search: Mapping[str, str], *, text: str, after: str, limit: int) -> list[Account]:
        """Accounts by number, those after *after* with these columns and *text* in number, name or address."""
        found = _ACCOUNTS.find(self.tx, self.lane, search, text=text, order="account_number", after=after, limit=limit)
        return [one.account for one in found]

    def lock(self, account_number: str, *, create: bool = False) -> OpenAccount:
        """
        An account for writing: whoever else wants it waits until this transaction ends.

        Raises `AccountUnknown` where there is none and *create* is off.
        """
        if create:
            _ACCOUNTS.add(self.tx, self.lane, OpenAccount(Account(account_number)))
        opened = _ACCOUNTS.lock(self.tx, self.lane, account_number)
        if opened is None:
            raise AccountUnknown(account_number)
        return opened

    def open_all(self, accounts: Iterable[OpenAccount], bills: Iterable[AccountBill], events: Iterable[Event]) -> None:
        """Write what a lane begins with."""
        _ACCOUNTS.put_all(self.tx, self.lane, accounts)
        _BILLS.put_all(self.tx, self.lane, bills)
        EVENT_ROWS.put_all(self.tx, self.lane, events)

    def save(self, opened: OpenAccount) -> None:
        """Write back a locked account."""
        _ACCOUNTS.save(self.tx, self.lane, opened)

    def stand(self, account_number: str, reference: str) -> Standing:
        """
        An account for a payment of that *reference*, locked as `lock` does.

        Raises `AccountUnknown`.
        """
        # Locked first: what is read in the statement that waits for a lock may be older than the lock.
        self.tx.lock(_LOCK, (self.lane, account_number))
        rows = self.tx.all(_STAND, (reference, self.lane, account_number))
        if not rows:
            raise AccountUnknown(account_number)
        bills = [Bill(row[6], _day(row[7]), _day(row[8]), row[9], row[10]) for row in rows if row[6] is not None]
        integration, credit_cents, payments, events, revision, first = rows[0][:6]
        return Standing(account_number, integration, credit_cents, payments, events, revision, first, bills)

    def first_payment(self, account_number: str, reference: str) -> int | None:
        """The number of the first payment of a PaymentReference to an account."""
        found = self.tx.one(_FIRST, (self.lane, account_number, reference))
        return None if found is None else found[0]

    def references(self, account_number: str) -> list[str]:
        """The PaymentReferences of an account's payments."""
        return [reference for (reference,) in self.tx.all(_REFERENCES, (self.lane, account_number))]

    def save_standing(self, standing: Standing) -> None:
        """Write back what a payment changed of a locked account."""
        self.tx.run(STANDS, standing_row(self.lane, standing))

    def bills(self, account_number: str) -> list[Bill]:
        """Every bill of an account, the oldest due first."""
        return self._bills({"account_number": account_number}, order=("due_on", "billed_on", NUMBER))

    def open_bills(self, account_number: str) -> list[Bill]:
        """The bills of an account that are not paid in full."""
        return self._bills({"account_number": account_number}, order=(NUMBER,), where="open_cents > 0")

    def bill(self, invoice_number: str) -> AccountBill | None:
        """An invoice with the account it belongs to."""
        found = _BILLS.find(self.tx, self.lane, {"invoice_number": invoice_number}, order="invoice_number", limit=1)
        return found[0] if found else None

    def put_bill(self, account_number: str, bill: Bill, *, billed: bool, sent: bool = False) -> None:
        """
        Add a bill or replace the one of its number; *billed* says that its day has come, *sent* that Invoice Cloud
        has it so already.

        Raises `InvoiceTaken` where another account has a bill of that number.
        """
        row = AccountBill(account_number, bill, billed, 1, int(sent))
        if not _BILLS.add(self.tx, self.lane, row):
            held = _BILLS.lock(self.tx, self.lane, account_number, bill.invoice_number)
            if held is None:
                raise InvoiceTaken(bill.invoice_number)
            revision = held.revision + 1
            row = AccountBill(account_number, bill, billed, revision, revision if sent else held.sent_revision)
            _BILLS.save(self.tx, self.lane, row)

    def save_open(self, bills: Iterable[Bill]) -> None:
        """Write back what is open on bills."""
        for bill in bills:
            self.tx.run(OPEN_LEFT, (bill.open_cents, self.lane, bill.invoice_number))

    def unbilled(self, today: date) -> list[AccountBill]:
        """Bills whose day has come and that were not yet billed."""
        # The condition is that of the index, literally: of a parameter SQLite would not know that it is the same.
        where = "billed = 0 AND billed_on <= :today"
        return _BILLS.find(self.tx, self.lane, order=("billed_on", NUMBER), where=where, today=today.isoformat())

    def mark_billed(self, invoice_number: str) -> bool:
        """Say that a bill's day has come; False where somebody did already."""
        return self.run(_BILLED, invoice_number=invoice_number) > 0

    def add_payment(self, posted: PostedPayment) -> None:
        """Append a payment; its number is new, because the account is locked."""
        added = PAYMENT_ROWS.add(self.tx, self.lane, posted)
        assert added

    def payments(
        self,
        *,
        account_number: str | None = None,
        reference: str | None = None,
        duplicates_only: bool = False,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[PostedPayment]:
        """Payments in the order they were posted: those of an account, of a PaymentReference, or all."""
        search = {"account_number": account_number, "reference": reference}
        return PAYMENT_ROWS.find(
            self.tx,
            self.lane,
            {name: value for name, value in search.items() if value is not None},
            order=("posted_at", "account_number", "number") if account_number is None else "number",
            where="duplicate_of IS NOT NULL" if duplicates_only else "",
            limit=limit,
            offset=offset,
        )

    def payment(self, account_number: str, number: int) -> PostedPayment | None:
        """A posted payment."""
        mine = {"account_number": account_number}
        found = PAYMENT_ROWS.find(self.tx, self.lane, mine, order="number", where="number = :number", number=number)
        return found[0] if found else None

    def save_payment(self, posted: PostedPayment) -> None:
        """Write back a posted payment."""
        PAYMENT_ROWS.save(self.tx, self.lane, posted)

    def add_event(self, event: Event) -> None:
        """Append an event; its number is new, because the account is locked."""
        added = EVENT_ROWS.add(self.tx, self.lane, event)
        assert added

    def events(self, account_number: str) -> list[Event]:
        """What happened to an account, in order."""
        return EVENT_ROWS.find(self.tx, self.lane, {"account_number": account_number}, order="number")

    def _bills(self, equal: dict[str, str | int], *, order: tuple[str, ...], where: str = "") -> list[Bill]:
        return [one.bill for one in _BILLS.find(self.tx, self.lane, equal, order=order, where=where)]

    # What goes to Invoice Cloud

    def unsent_bills(self, integration: Integration, *, limit: int) -> list[AccountBill]:
        """Bills of a utility whose day has come and that are new or changed since they were uploaded, oldest first."""
        return [_BILLS.load(row) for row in self.all(_UNSENT_BILLS, integration=integration, limit=limit)]

    def account_bills(self, account_number: str) -> list[AccountBill]:
        """An account's billed bills, the oldest first."""
        billed: dict[str, str | int] = {"account_number": account_number, "billed": 1}
        return _BILLS.find(self.tx, self.lane, billed, order=("billed_on", NUMBER))

    def bills_between(self, after: str, until: str) -> list[AccountBill]:
        """Every bill of the accounts after *after* up to *until*, by account, the oldest due first."""
        return [_BILLS.load(row) for row in self.all(_BILLS_BETWEEN, after=after, until=until)]

    def bill_sent(self, invoice_number: str, revision: int, refused: str) -> None:
        """Note up to which change a bill was uploaded, and why it was not taken."""
        self.run(_BILL_SENT, invoice_number=invoice_number, revision=revision, refused=refused)

    def balances_to_send(self, *, everything: bool, limit: int) -> list[tuple[str, int]]:
        """Accounts of the utility on v1 whose balance changed, or all, with the revision they are at."""
        statement = _ALL_BALANCES if everything else _UNSENT_BALANCES
        return [(row[0], row[1]) for row in self.all(statement, limit=limit)]

    def balance_sent(self, account_number: str, revision: int) -> None:
        """Note up to which change a balance was sent."""
        self.run(_BALANCE_SENT, account_number=account_number, revision=revision)


def standing_row(lane: str, one: Standing) -> Row:
    """What a payment changes of an account, for `STANDS`."""
    return one.credit_cents, one.payments, one.events, one.revision, lane, one.number
