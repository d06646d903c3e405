"""
Where the utility's ledger is kept: accounts, bills, payments and events, each row in a lane.

Payments and events are numbered within their account, whose row is locked by whoever writes: no counter is shared
between accounts, so they do not wait for each other, and replicas on PostgreSQL agree.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa

from partnerlab.simulators.inhance_soap.domain.accounts import Account
from partnerlab.simulators.inhance_soap.domain.billing import Bill
from partnerlab.simulators.inhance_soap.domain.errors import AccountUnknown, InvoiceTaken
from partnerlab.simulators.inhance_soap.domain.events import Cause, Event
from partnerlab.simulators.inhance_soap.domain.payments import Payment, PostedPayment
from partnerlab.simulators.inhance_soap.tables import ACCOUNTS, BILLS, EVENTS, PAYMENTS
from partnerlab.simulators.kit.world.store import Statement, Tx

__all__ = ["OpenAccount", "Rows"]

_to_json = json.JSONEncoder(ensure_ascii=False).encode

_A, _B, _P, _E = ACCOUNTS.c, BILLS.c, PAYMENTS.c, EVENTS.c
_LANE: sa.BindParameter[str] = sa.bindparam("lane")
_NUMBER: sa.BindParameter[str] = sa.bindparam("account_number")


def _of(table: sa.Table) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return table.c.lane == _LANE, table.c.account_number == _NUMBER


def _insert(table: sa.Table) -> sa.Insert:
    return sa.insert(table).values({column.name: sa.bindparam(column.name) for column in table.columns})


_ACCOUNT_COLUMNS = (
    _A.account_number,
    _A.customer_name,
    _A.email,
    _A.phone,
    _A.paperless,
    _A.autopay,
    _A.credit_cents,
)
_BILL_COLUMNS = (_B.invoice_number, _B.billed_on, _B.due_on, _B.amount_cents, _B.open_cents)
_PAYMENT_COLUMNS = (
    _P.account_number,
    _P.number,
    _P.reference,
    _P.document_number,
    _P.type,
    _P.amount_cents,
    _P.fee_cents,
    _P.paid_at,
    _P.duplicate_of,
    _P.request_id,
    _P.posted_at,
)
_EVENT_COLUMNS = (_E.account_number, _E.number, _E.kind, _E.detail, _E.request_id, _E.at)

_IS_OPEN = sa.text("inhance_bills.open_cents > 0")

_STANDING = Statement(
    sa.select(_A.email, _A.phone, _A.credit_cents, _B.billed_on, _B.open_cents)
    .select_from(ACCOUNTS.outerjoin(BILLS, (_B.lane == _A.lane) & (_B.account_number == _A.account_number) & _IS_OPEN))
    .where(*_of(ACCOUNTS))
)
_LOCK = Statement(sa.select(*_ACCOUNT_COLUMNS, _A.payments, _A.events).where(*_of(ACCOUNTS)).with_for_update())
_ACCOUNT = Statement(sa.select(*_ACCOUNT_COLUMNS).where(*_of(ACCOUNTS)))
_ACCOUNTS = Statement(
    sa.select(*_ACCOUNT_COLUMNS)
    .where(_A.lane == _LANE, _A.account_number > sa.bindparam("after"))
    .order_by(_A.account_number)
    .limit(sa.bindparam("limit"))
)
_ADD_ACCOUNT = Statement(
    "INSERT INTO inhance_accounts (lane, account_number, customer_name, email, phone, paperless, autopay,"
    " credit_cents, payments, events) VALUES (:lane, :account_number, '', NULL, NULL, 0, 0, 0, 0, 0)"
    " ON CONFLICT DO NOTHING"
)
_SAVE_ACCOUNT = Statement(
    sa.update(ACCOUNTS)
    .where(_A.lane == sa.bindparam("in_lane"), _A.account_number == sa.bindparam("of_account"))
    .values({name: sa.bindparam(name) for name in ACCOUNTS.c.keys()[2:]})
)
_BILLS = Statement(sa.select(*_BILL_COLUMNS).where(*_of(BILLS)).order_by(_B.due_on, _B.invoice_number))
_OPEN_BILLS = Statement(sa.select(*_BILL_COLUMNS).where(*_of(BILLS), _IS_OPEN))
_BILL = Statement(
    sa.select(_B.account_number, *_BILL_COLUMNS).where(
        _B.lane == _LANE, _B.invoice_number == sa.bindparam("invoice_number")
    )
)
_PUT_BILL = Statement(
    "INSERT INTO inhance_bills (lane, invoice_number, account_number, billed_on, due_on, amount_cents, open_cents,"
    " billed) VALUES (:lane, :invoice_number, :account_number, :billed_on, :due_on, :amount_cents, :open_cents,"
    " :billed) ON CONFLICT (lane, invoice_number) DO UPDATE SET billed_on = :billed_on, due_on = :due_on,"
    " amount_cents = :amount_cents, open_cents = :open_cents, billed = :billed"
    " WHERE inhance_bills.account_number = :account_number"
)
_OPEN_LEFT = Statement(
    "UPDATE inhance_bills SET open_cents = :open_cents WHERE lane = :lane AND invoice_number = :invoice_number"
)
_UNBILLED = Statement(
    sa.select(_B.account_number, *_BILL_COLUMNS)
    .where(_B.lane == _LANE, _B.billed == 0, _B.billed_on <= sa.bindparam("today"))
    .order_by(_B.billed_on, _B.invoice_number)
)
_BILLED = Statement(
    "UPDATE inhance_bills SET billed = 1 WHERE lane = :lane AND invoice_number = :invoice_number AND billed = 0"
)
_FIRST_OF_REFERENCE = Statement(
    sa.select(sa.func.min(_P.number)).where(*_of(PAYMENTS), _P.reference == sa.bindparam("reference"))
)
_ADD_PAYMENT = Statement(_insert(PAYMENTS))
_PAYMENTS = (
    sa.select(*_PAYMENT_COLUMNS)
    .where(_P.lane == _LANE, sa.or_(sa.bindparam("singles", type_=sa.Integer) == 1, _P.duplicate_of.is_not(None)))
    .limit(sa.bindparam("limit"))
    .offset(sa.bindparam("offset"))
)
_ACCOUNTS_PAYMENTS = Statement(_PAYMENTS.where(_P.account_number == _NUMBER).order_by(_P.number))
_ALL_PAYMENTS = Statement(_PAYMENTS.order_by(_P.posted_at, _P.account_number, _P.number))
_ADD_EVENT = Statement(_insert(EVENTS))
_EVENTS = Statement(sa.select(*_EVENT_COLUMNS).where(*_of(EVENTS)).order_by(_E.number))


@dataclass(slots=True)
class OpenAccount:
    """An account locked for writing, with its counters."""

    account: Account
    payments: int
    events: int


class Rows:
    """The rows of one lane in one transaction."""

    __slots__ = ("_lane", "_tx")

    def __init__(self, tx: Tx, lane: str) -> None:
        self._tx = tx
        self._lane = lane

    def standing(self, account_number: str) -> tuple[str | None, str | None, int, list[tuple[date, int]]]:
        """E-mail, phone, credit and open items of an account. Raises `AccountUnknown`."""
        rows = self._tx.all(_STANDING, lane=self._lane, account_number=account_number)
        if not rows:
            raise AccountUnknown(account_number)
        email, phone, credit, _, _ = rows[0]
        return email, phone, credit, [(date.fromisoformat(row[3]), row[4]) for row in rows if row[3] is not None]

    def account(self, account_number: str) -> Account:
        """Raises `AccountUnknown`."""
        row = self._tx.one(_ACCOUNT, lane=self._lane, account_number=account_number)
        if row is None:
            raise AccountUnknown(account_number)
        return _account(row)

    def accounts(self, *, after: str, limit: int) -> list[Account]:
        """Accounts by number, those after *after*."""
        return [_account(row) for row in self._tx.all(_ACCOUNTS, lane=self._lane, after=after, limit=limit)]

    def lock(self, account_number: str, *, create: bool = False) -> OpenAccount:
        """
        An account for writing: whoever else wants it waits until this transaction ends.

        Raises:
            AccountUnknown: there is none, and *create* is off.
        """
        if create:
            self._tx.run(_ADD_ACCOUNT, lane=self._lane, account_number=account_number)
        row = self._tx.one(_LOCK, lane=self._lane, account_number=account_number)
        if row is None:
            raise AccountUnknown(account_number)
        return OpenAccount(_account(row), row[7], row[8])

    def save(self, opened: OpenAccount) -> None:
        """Write back a locked account."""
        account = opened.account
        self._tx.run(
            _SAVE_ACCOUNT,
            in_lane=self._lane,
            of_account=account.number,
            customer_name=account.customer_name,
            email=account.email,
            phone=account.phone,
            paperless=int(account.paperless),
            autopay=int(account.autopay),
            credit_cents=account.credit_cents,
            payments=opened.payments,
            events=opened.events,
        )

    def bills(self, account_number: str) -> list[Bill]:
        """Every bill of an account, the oldest due first."""
        return [_bill(row) for row in self._tx.all(_BILLS, lane=self._lane, account_number=account_number)]

    def open_bills(self, account_number: str) -> list[Bill]:
        """The bills of an account that are not paid in full."""
        return [_bill(row) for row in self._tx.all(_OPEN_BILLS, lane=self._lane, account_number=account_number)]

    def bill(self, invoice_number: str) -> tuple[str, Bill] | None:
        """An invoice and the account it belongs to."""
        row = self._tx.one(_BILL, lane=self._lane, invoice_number=invoice_number)
        return None if row is None else (row[0], _bill(row[1:]))

    def put_bill(self, account_number: str, bill: Bill, *, billed: bool) -> None:
        """
        Add a bill or replace the one of its number; *billed* says that its day has come.

        Raises:
            InvoiceTaken: another account has a bill of that number.
        """
        count = self._tx.run(
            _PUT_BILL,
            lane=self._lane,
            invoice_number=bill.invoice_number,
            account_number=account_number,
            billed_on=bill.billed_on.isoformat(),
            due_on=bill.due_on.isoformat(),
            amount_cents=bill.amount_cents,
            open_cents=bill.open_cents,
            billed=int(billed),
        )
        if not count:
            raise InvoiceTaken(bill.invoice_number)

    def save_open(self, bills: Iterable[Bill]) -> None:
        """Write back what is open on bills."""
        for bill in bills:
            self._tx.run(_OPEN_LEFT, lane=self._lane, invoice_number=bill.invoice_number, open_cents=bill.open_cents)

    def unbilled(self, today: date) -> list[tuple[str, Bill]]:
        """Bills whose day has come and that were not yet billed, with their accounts."""
        return [(row[0], _bill(row[1:])) for row in self._tx.all(_UNBILLED, lane=self._lane, today=today.isoformat())]

    def mark_billed(self, invoice_number: str) -> bool:
        """Say that a bill's day has come; False where somebody did already."""
        return self._tx.run(_BILLED, lane=self._lane, invoice_number=invoice_number) > 0

    def first_of_reference(self, account_number: str, reference: str) -> int | None:
        """Number of the account's first payment of a reference."""
        row = self._tx.one(_FIRST_OF_REFERENCE, lane=self._lane, account_number=account_number, reference=reference)
        return None if row is None else row[0]

    def add_payment(self, posted: PostedPayment) -> None:
        """Append a payment."""
        payment = posted.payment
        self._tx.run(
            _ADD_PAYMENT,
            lane=self._lane,
            account_number=posted.account_number,
            number=posted.number,
            reference=payment.reference,
            document_number=payment.document_number,
            type=payment.type,
            amount_cents=payment.amount_cents,
            fee_cents=payment.fee_cents,
            paid_at=_iso(payment.paid_at),
            duplicate_of=posted.duplicate_of,
            request_id=posted.request_id,
            posted_at=_iso(posted.posted_at),
        )

    def payments(
        self, *, account_number: str | None = None, duplicates_only: bool = False, limit: int = 1000, offset: int = 0
    ) -> list[PostedPayment]:
        """Payments in the order they were posted."""
        wanted = {"lane": self._lane, "singles": int(not duplicates_only), "limit": limit, "offset": offset}
        if account_number is None:
            rows = self._tx.all(_ALL_PAYMENTS, **wanted)
        else:
            rows = self._tx.all(_ACCOUNTS_PAYMENTS, **wanted, account_number=account_number)
        return [_payment(row) for row in rows]

    def add_event(self, account_number: str, number: int, kind: str, detail: dict[str, Any], cause: Cause) -> None:
        """Append an event."""
        self._tx.run(
            _ADD_EVENT,
            lane=self._lane,
            account_number=account_number,
            number=number,
            kind=kind,
            detail=_to_json(detail),
            request_id=cause.request_id,
            at=_iso(cause.at),
        )

    def events(self, account_number: str) -> list[Event]:
        """What happened to an account, in order."""
        rows = self._tx.all(_EVENTS, lane=self._lane, account_number=account_number)
        return [
            Event(row[0], row[1], row[2], json.loads(row[3]), row[4], datetime.fromisoformat(row[5])) for row in rows
        ]


def _iso(at: datetime) -> str:
    # One width for all, so that text sorts as time does.
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _account(row: tuple[Any, ...]) -> Account:
    return Account(row[0], row[1], row[2], row[3], bool(row[4]), bool(row[5]), row[6])


def _bill(row: tuple[Any, ...]) -> Bill:
    return Bill(row[0], date.fromisoformat(row[1]), date.fromisoformat(row[2]), row[3], row[4])


def _payment(row: tuple[Any, ...]) -> PostedPayment:
    payment = Payment(row[2], row[3], row[4], row[5], row[6], datetime.fromisoformat(row[7]))
    return PostedPayment(row[0], row[1], payment, row[8], row[9], datetime.fromisoformat(row[10]))
