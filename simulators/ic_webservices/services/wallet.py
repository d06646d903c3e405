"""The cards and bank accounts that payers keep with a biller: the last four digits and what they do, never a number."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date

from partnerlab.contracts.records import dataclass
from partnerlab.simulators.ic_webservices.domain.billers import Biller, normal_guid
from partnerlab.simulators.ic_webservices.domain.errors import Conflict, NotFound
from partnerlab.simulators.ic_webservices.domain.methods import CARD, MOST_METHODS, Method
from partnerlab.simulators.ic_webservices.domain.payments import TestNumbers, saved_number
from partnerlab.simulators.ic_webservices.domain.users import username_key
from partnerlab.simulators.ic_webservices.services.cards import refuse_card_number
from partnerlab.simulators.ic_webservices.services.ledger import biller_of
from partnerlab.simulators.ic_webservices.store import AUTOPAYS, CUSTOMERS, METHODS, SCHEDULES
from partnerlab.simulators.kit.world.identifiers import new_id
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Store, Tx

__all__ = ["NewMethod", "Wallet", "method_of"]


@dataclass(frozen=True, slots=True)
class NewMethod:
    """
    A card or bank account (`kind`) to keep; of its number only what `saved_number` says is kept.

    `method_id` is its id, so that a form sent twice keeps one; without it a new one is made.
    """

    kind: str
    number: str
    holder: str
    expires_on: date | None = None
    method_id: str = ""

    def __repr__(self) -> str:
        return f"NewMethod(kind={self.kind!r})"


def method_of(tx: Tx, lane: Lane, biller: Biller, username: str, method_id: str) -> Method:
    """A method of that user at that biller. Raises `NotFound`, another user's method included."""
    method = METHODS.get(tx, lane.name, method_id.replace("\0", ""))
    if method is None or (method.biller_guid, method.username) != (biller.guid, username_key(username)):
        raise NotFound("payment method", method_id[:60])
    return method


class Wallet:
    """Payment methods of every lane. *numbers* are the test numbers that may be kept [A-19]."""

    def __init__(self, store: Store, numbers: TestNumbers) -> None:
        self.store, self.numbers = store, numbers

    def method(self, lane: Lane, biller_guid: str, username: str, method_id: str) -> Method:
        """One of a user's methods. Raises `NotFound`, another user's method included."""
        with self.store.read() as tx:
            return method_of(tx, lane, biller_of(tx, lane, biller_guid), username, method_id)

    def methods(self, lane: Lane, biller_guid: str, username: str) -> list[Method]:
        """A user's methods, the preferred one first, then as they were added."""
        with self.store.read() as tx:
            return self.methods_in(tx, lane, normal_guid(biller_guid), username)

    def methods_in(self, tx: Tx, lane: Lane, biller_guid: str, username: str) -> list[Method]:
        """`methods`, in an open transaction."""
        search = {"biller_guid": biller_guid, "username": username_key(username)}
        found = METHODS.find(tx, lane.name, search, order="added_at", limit=MOST_METHODS)
        return sorted(found, key=lambda method: (not method.preferred, method.added_at, method.method_id))

    def add(self, lane: Lane, biller_guid: str, username: str, new: NewMethod) -> Method:
        """
        Keep a card or bank account; a user's first is preferred.

        The same id again gives the one that stands. Raises `NotFound` (the biller), `ValueRefused` (no test number),
        `Conflict` (too many, or the id is another's).
        """
        with self.store.write() as tx:
            return self.add_in(tx, lane, biller_of(tx, lane, biller_guid, lock=True), username, new)

    def add_in(self, tx: Tx, lane: Lane, biller: Biller, username: str, new: NewMethod) -> Method:
        """`add`, in a transaction that locked the biller."""
        kept = saved_number(new.kind, new.number, self.numbers, "card_number" if new.kind == CARD else "bank_account")
        mine = self.methods_in(tx, lane, biller.guid, username)
        existing = METHODS.get(tx, lane.name, new.method_id) if new.method_id else None
        if existing is not None:
            if existing not in mine:
                raise Conflict("The payment method stands already, and is another's.")
            return existing
        if len(mine) >= MOST_METHODS:
            raise Conflict(f"At most {MOST_METHODS} payment methods can be kept; remove one first.")
        method = Method(
            method_id=new.method_id or new_id(),
            biller_guid=biller.guid,
            username=username_key(username),
            kind=new.kind,
            brand=kept.brand,
            last_four=kept.last_four,
            effect=kept.effect,
            holder=refuse_card_number("holder", new.holder),
            expires_on=new.expires_on if new.kind == CARD else None,
            preferred=not mine,
            added_at=lane.now().astimezone(UTC).isoformat(timespec="microseconds"),
        )
        METHODS.put(tx, lane.name, method)
        return method

    def change(
        self, lane: Lane, biller_guid: str, username: str, method_id: str, *, holder: str, expires_on: date | None
    ) -> Method:
        """Change the name on a method, and a card's last day. Raises `NotFound`, `ValueRefused`."""
        refuse_card_number("holder", holder)
        with self.store.write() as tx:
            biller = biller_of(tx, lane, biller_guid, lock=True)
            method = method_of(tx, lane, biller, username, method_id)
            method = replace(method, holder=holder, expires_on=expires_on if method.kind == CARD else None)
            METHODS.put(tx, lane.name, method)
            return method

    def make_default(self, lane: Lane, biller_guid: str, username: str, method_id: str) -> Method:
        """Prefer a method over the user's others. Raises `NotFound`."""
        with self.store.write() as tx:
            biller = biller_of(tx, lane, biller_guid, lock=True)
            chosen = method_of(tx, lane, biller, username, method_id)
            for method in self.methods_in(tx, lane, biller.guid, username):
                if method.preferred != (method == chosen):
                    METHODS.put(tx, lane.name, replace(method, preferred=method == chosen))
            return replace(chosen, preferred=True)

    def remove(self, lane: Lane, biller_guid: str, username: str, method_id: str) -> None:
        """
        Forget a method; the oldest of the others is preferred where it was.

        Raises `NotFound`, and `Conflict` while a scheduled payment or AutoPay relies on it (assumed [A-59]).
        """
        with self.store.write() as tx:
            biller = biller_of(tx, lane, biller_guid, lock=True)
            method = method_of(tx, lane, biller, username, method_id)
            self._check_unused(tx, lane, biller, method)
            METHODS.delete(tx, lane.name, method.method_id)
            left = self.methods_in(tx, lane, biller.guid, username)
            if method.preferred and left:
                METHODS.put(tx, lane.name, replace(left[0], preferred=True))

    def _check_unused(self, tx: Tx, lane: Lane, biller: Biller, method: Method) -> None:
        waiting = {"method_id": method.method_id, "state": "scheduled"}
        if found := SCHEDULES.find(tx, lane.name, waiting, order="runs_at", limit=1):
            raise Conflict(
                f"The {method.name} is set to pay invoice {found[0].invoice_number}:"
                " change or cancel that payment first."
            )
        used = {"biller_guid": biller.guid, "username": method.username, "method_id": method.method_id}
        for autopay in AUTOPAYS.find(tx, lane.name, used, order="account_number"):
            customer = CUSTOMERS.get(tx, lane.name, biller.guid, autopay.account_number)
            if customer is not None and customer.autopay:
                raise Conflict(
                    f"The {method.name} pays account {autopay.account_number} by AutoPay:"
                    " choose another one there first."
                )
