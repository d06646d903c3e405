"""
Payments as the rows that they come to, and many of them written together.

`books.post` by way of `Books` writes the same rows one by one; here they are made of the values at once, because
making a value for each, and of each a row, takes as long as everything else of a payment. Tests compare both.
"""

from __future__ import annotations

from collections.abc import Sequence
from json.encoder import encode_basestring, encode_basestring_ascii
from operator import itemgetter
from typing import Any, NamedTuple

from partnerlab.simulators.inhance_soap.domain.billing import Bill, settle
from partnerlab.simulators.inhance_soap.domain.events import Cause
from partnerlab.simulators.inhance_soap.domain.opened import Standing
from partnerlab.simulators.inhance_soap.domain.payments import Payment
from partnerlab.simulators.inhance_soap.services.books import money_text
from partnerlab.simulators.inhance_soap.store import EVENT_ROWS, PAYMENT_ROWS, standing_row
from partnerlab.simulators.kit.world.store import ManyRows, Row, Tx
from partnerlab.simulators.kit.world.table import Table, utc_text

__all__ = ["PaymentBatch", "Posting", "posting", "record_of"]


def _adding(table: Table[Any]) -> ManyRows:
    columns = ("lane", *table.columns)
    return ManyRows(f"INSERT INTO {table.table.name} ({', '.join(columns)}) VALUES {{rows}}", len(columns))


_PAYMENTS, _EVENTS = _adding(PAYMENT_ROWS), _adding(EVENT_ROWS)
_BILLS = ManyRows(
    "UPDATE inhance_bills SET open_cents = new.column1 FROM (VALUES {rows}) AS new"
    " WHERE lane = new.column2 AND invoice_number = new.column3",
    3,
)
_ACCOUNTS = ManyRows(
    "UPDATE inhance_accounts SET credit_cents = new.column1, payments = new.column2, events = new.column3,"
    " revision = new.column4 FROM (VALUES {rows}) AS new WHERE lane = new.column5 AND account_number = new.column6",
    6,
)

_account = itemgetter(4, 5)


class Posting(NamedTuple):
    """What one payment comes to: its row, its event's, the bills that took of it, and the credit left, in cents."""

    payment: Row
    event: Row
    bills: tuple[Bill, ...]
    credit_cents: int


def posting(lane: str, account: Standing, payment: Payment, cause: Cause) -> Posting:
    """What *payment* comes to by the rules of `books.post`, for an *account* on v2; nothing is changed."""
    number, first, at = account.payments + 1, account.first, utc_text(cause.at)
    bills, applied, credit_cents = settle(account.bills, account.credit_cents + payment.amount_cents, cause.day)
    taken = ",".join([f'{encode_basestring(invoice)}:"{money_text(cents)}"' for invoice, cents in applied])
    duplicate = "" if first is None else f',"duplicate_of":{first}'
    detail = (
        f'{{"payment":{number},"reference":{encode_basestring(payment.reference)},'
        f'"amount":"{money_text(payment.amount_cents)}","convenience_fee":"{money_text(payment.fee_cents)}",'
        f'"applied":{{{taken}}},"credit":"{money_text(credit_cents)}"{duplicate}}}'
    )
    return Posting(
        (
            *(lane, account.number, number, payment.reference, payment.document_number, payment.type),
            *(payment.amount_cents, payment.fee_cents, utc_text(payment.paid_at), first, cause.request_id, at, None),
        ),
        (lane, account.number, account.events + 1, "payment_posted", detail, cause.request_id, at),
        bills,
        credit_cents,
    )


def record_of(payment: Row) -> bytes:
    """A payment's row as JSON."""
    lane, account, number, reference, document, type, cents, fee, paid_at, first, request_id, at, _ = payment
    q = encode_basestring_ascii
    return (
        f"[{q(lane)}, {q(account)}, {number}, {q(reference)}, {q(document)}, {q(type)}, {cents}, {fee}, {q(paid_at)},"
        f" {'null' if first is None else first}, {q(request_id)}, {q(at)}, null]"
    ).encode()


class PaymentBatch:
    """What payments of any lanes come to, to be written together."""

    __slots__ = ("_accounts", "_bills", "_events", "_frozen", "_payments")

    def __init__(self) -> None:
        self._payments: list[Row] = []
        self._events: list[Row] = []
        self._bills: dict[tuple[str, str], int] = {}
        self._accounts: dict[tuple[str, str], Standing] = {}
        self._frozen: list[Row] = []

    def __len__(self) -> int:
        return len(self._payments)

    def note(self, lane: str, posting: Posting, account: Standing) -> None:
        """A payment, and the account as it stands after it, or will when this is written or frozen."""
        payment, event, bills, _ = posting
        self._payments.append(payment)
        self._events.append(event)
        for bill in bills:
            self._bills[lane, bill.invoice_number] = bill.open_cents
        self._accounts[lane, account.number] = account

    @property
    def rows(self) -> Sequence[Row]:
        """The payments' rows, each with its lane, in the order in which they were noted."""
        return self._payments

    def freeze(self) -> None:
        """Keep the accounts as they stand now: they are paid again before this is written."""
        self._frozen = self._account_rows()

    def write(self, tx: Tx) -> None:
        """Write it all."""
        # In the order of their keys, so that each page is found once.
        tx.run_rows(_PAYMENTS, sorted(self._payments))
        tx.run_rows(_EVENTS, sorted(self._events))
        tx.run_rows(_BILLS, [(cents, *key) for key, cents in sorted(self._bills.items())])
        tx.run_rows(_ACCOUNTS, sorted(self._frozen or self._account_rows(), key=_account))

    def _account_rows(self) -> list[Row]:
        return [standing_row(lane, account) for (lane, _), account in self._accounts.items()]
