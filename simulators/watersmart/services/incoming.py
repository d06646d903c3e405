"""
Invoice Cloud's files applied to the books: a file in one transaction, each row of it once.

A payment is known by its PaymentGUID and a reject by its reference, so a batch that comes again, whole, in other files
or in part, changes nothing. A file of a known name and content is not read twice; of a known name with other content
it is refused. What the books do not know is kept for a person, never dropped: a payment of an unknown account, a reject
whose payment has not come.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field, replace
from hashlib import sha256
from typing import Any

from partnerlab.contracts.records import dataclass
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Store
from partnerlab.simulators.watersmart.domain.customers import Cause, Customer
from partnerlab.simulators.watersmart.domain.errors import FileRefused, PaymentUnknown
from partnerlab.simulators.watersmart.domain.money import to_decimal
from partnerlab.simulators.watersmart.domain.received import (
    ChangeRow,
    ExchangedFile,
    Payment,
    PaymentState,
    Reject,
    number_before,
    switched,
)
from partnerlab.simulators.watersmart.store import CUSTOMERS, FILES, PAYMENTS, REJECTS, Books

__all__ = ["Incoming"]


@dataclass(slots=True)
class _Count:
    applied: int = 0
    known: int = 0
    waiting: int = 0
    unknown: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        said = [f"{self.applied} applied"]
        said += [f"{self.known} known already"] if self.known else []
        said += [f"{self.waiting} wait for a person"] if self.waiting else []
        said += [f"not of our accounts: {', '.join(self.unknown[:20])}"] if self.unknown else []
        return ", ".join(said)


class Incoming:
    """Files that come in, in every lane."""

    def __init__(self, store: Store, *, balance_forward: bool) -> None:
        self._store, self._balance_forward = store, balance_forward

    def payments(self, lane: Lane, cause: Cause, name: str, content: bytes, rows: Sequence[Payment]) -> str:
        """Apply a payment/lockbox file; what was done, in words. Raises `FileRefused`."""
        return self._take(lane, cause, "payments", name, content, rows, _payment)

    def rejects(self, lane: Lane, cause: Cause, name: str, content: bytes, rows: Sequence[Reject]) -> str:
        """Apply an ACH rejects file. Raises `FileRefused`."""
        return self._take(lane, cause, "rejects", name, content, rows, _reject)

    def changes(self, lane: Lane, cause: Cause, name: str, content: bytes, rows: Sequence[ChangeRow]) -> str:
        """Apply a change log file. Raises `FileRefused`."""
        return self._take(lane, cause, "changes", name, content, rows, _change)

    def assign(self, lane: Lane, cause: Cause, payment_guid: str, account_number: str) -> Payment:
        """
        Post a payment of an unknown account to the account that a person found for it.

        A bill that carried the balance forward meanwhile did not know of it: the next balance file says it.

        Raises `PaymentUnknown` (none of that PaymentGUID waits), `CustomerUnknown`.
        """
        with self._store.write() as tx:
            books = Books(tx, lane.name)
            customer = books.lock(account_number)
            payment = PAYMENTS.lock(tx, lane.name, payment_guid)
            if payment is None or payment.state != "unmatched":
                raise PaymentUnknown(payment_guid)
            customer = replace(customer, balance_waits=customer.balance_waits or self._balance_forward)
            came_as, payment = payment.account_number, replace(payment, account_number=account_number, state="posted")
            PAYMENTS.put(tx, lane.name, payment)
            _post(books, customer, payment, cause, came_as=came_as)
            return payment

    def _take(
        self,
        lane: Lane,
        cause: Cause,
        kind: str,
        name: str,
        content: bytes,
        rows: Sequence[Any],
        apply: Callable[[Books, Any, int, Cause, _Count], None],
    ) -> str:
        digest = sha256(content).hexdigest()
        with self._store.write() as tx:
            books = Books(tx, lane.name)
            number = books.next_number("file")  # locks the lane's files until the end
            for file in FILES.find(tx, lane.name, {"name": name}, order="number"):
                if file.digest != digest:
                    raise FileRefused(name, "a file of that name with other content was taken already")
                return f"taken already, as file {file.number}"
            count = _Count()
            for row in rows:
                apply(books, row, number, cause, count)
            taken = ExchangedFile(number, kind, name, "taken", digest, "", len(rows), str(count), cause.at)
            FILES.put(tx, lane.name, taken)
            return str(count)


def _payment(books: Books, payment: Payment, number: int, cause: Cause, count: _Count) -> None:
    if PAYMENTS.get(books.tx, books.lane, payment.payment_guid) is not None:
        count.known += 1
        return
    known = CUSTOMERS.lock(books.tx, books.lane, payment.account_number)
    state: PaymentState = "declined" if not payment.approved else "posted" if known else "unmatched"
    payment = replace(payment, file_number=number, state=state)
    PAYMENTS.put(books.tx, books.lane, payment)
    if state == "unmatched":
        count.waiting += 1
        return
    count.applied += 1
    if known is None or state == "declined":
        return
    _post(books, known, payment, cause)


def _post(books: Books, customer: Customer, payment: Payment, cause: Cause, *, came_as: str = "") -> None:
    detail = {
        "payment_guid": payment.payment_guid,
        "reference": payment.reference,
        "invoice_number": payment.invoice_number,
        "type": payment.type_words,
        "report_id": payment.report_id,
        **({"offline": True, "check_number": payment.check_number} if payment.offline else {}),
        **({"came_as": came_as} if came_as else {}),
    }
    if books.renewed(customer.account_number, payment.paid_at):
        customer = replace(customer, balance_waits=True)  # Invoice Cloud was told to ask for it again
    customer = books.record(customer, "paid", -payment.amount_cents, detail, cause)
    reject = REJECTS.get(books.tx, books.lane, payment.reference)
    if reject is not None and _is_of(reject, payment, came_as):  # it came first
        _take_back(books, customer, payment, reject, cause)


def _reject(books: Books, reject: Reject, number: int, cause: Cause, count: _Count) -> None:
    if REJECTS.get(books.tx, books.lane, reject.reference) is not None:
        count.known += 1
        return
    reject = replace(reject, file_number=number)
    REJECTS.put(books.tx, books.lane, reject)
    found = PAYMENTS.find(books.tx, books.lane, {"reference": reject.reference}, order="payment_guid")
    payment = next((one for one in found if _is_of(reject, one, books.came_as(one))), None)
    if payment is None:
        count.waiting += 1
        return
    _take_back(books, books.lock(payment.account_number), payment, reject, cause)
    count.applied += 1


def _is_of(reject: Reject, payment: Payment, came_as: str) -> bool:
    """
    Whether a reject takes a payment back: all of it, once.

    It names the account that the payment did: *came_as* where a person found another one for that. One that was
    conveyed since has its mark in the reject alone.
    """
    named = number_before(came_as or payment.account_number), payment.amount_cents
    is_its = named == (number_before(reject.account_number), reject.amount_cents)
    return is_its and payment.state == "posted" and not reject.applied


def _take_back(books: Books, customer: Customer, payment: Payment, reject: Reject, cause: Cause) -> None:
    """
    The money of a payment went back: the account owes it again.

    One of no bill, a donation, is on none at Invoice Cloud either: the next balance file says what is owed.
    """
    customer = customer if payment.invoice_number else replace(customer, balance_waits=True)
    PAYMENTS.put(books.tx, books.lane, replace(payment, state="returned"))
    REJECTS.put(books.tx, books.lane, replace(reject, applied=True))
    detail = {"reference": reject.reference, "code": reject.code, "amount": f"{to_decimal(reject.amount_cents):.2f}"}
    books.record(customer, "returned", payment.amount_cents, detail, cause)


def _change(books: Books, row: ChangeRow, _: int, cause: Cause, count: _Count) -> None:
    customer = CUSTOMERS.lock(books.tx, books.lane, row.account_number)
    if customer is None:
        count.unknown.append(row.account_number or "one without its number")
        return
    wanted: dict[str, Any] = {
        "autopay": switched(row.autopay_on_at, row.autopay_off_at),
        "paperless": switched(row.paperless_on_at, row.paperless_off_at),
        "email": row.email if row.email_changed_at else None,
        "phone": row.phone if row.phone_changed_at else None,
    }
    changed = {name: value for name, value in wanted.items() if value is not None and value != getattr(customer, name)}
    if not changed:
        count.known += 1
        return
    books.record(replace(customer, **changed), "changed", 0, {**changed, "by": "Invoice Cloud"}, cause)
    count.applied += 1
