"""Many payments as the rows that they come to, written together: what `Books` writes for each, in few statements."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from partnerlab.simulators.inhance_soap.domain.billing import Bill
from partnerlab.simulators.inhance_soap.domain.events import Event
from partnerlab.simulators.inhance_soap.domain.opened import Standing
from partnerlab.simulators.inhance_soap.store import EVENT_ROWS, OPEN_LEFT, PAYMENT_ROWS, STANDS, standing_row
from partnerlab.simulators.kit.world.store import Row, Tx

__all__ = ["PaymentBatch"]


class PaymentBatch:
    """What payments of any lanes come to, noted as `Books` would write each, to be written together."""

    __slots__ = ("_accounts", "_bills", "_events", "_payments")

    def __init__(self) -> None:
        self._payments: list[Row] = []
        self._events: list[Row] = []
        self._bills: dict[tuple[str, str], int] = {}
        self._accounts: dict[tuple[str, str], Standing] = {}

    def __len__(self) -> int:
        return len(self._payments)

    def note(self, lane: str, payment: Row, bills: Iterable[Bill], event: Event, account: Standing) -> None:
        """A payment's row, with the bills that it changed, its event, and the account as it stands after it."""
        self._payments.append(payment)
        self._events.append(EVENT_ROWS.added(lane, event))
        for bill in bills:
            self._bills[lane, bill.invoice_number] = bill.open_cents
        self._accounts[lane, account.number] = account

    @property
    def rows(self) -> Sequence[Row]:
        """The payments' rows, each with its lane, in the order in which they were noted."""
        return self._payments

    def write(self, tx: Tx) -> None:
        """Write it all."""
        # In the order of their keys, so that each page is found once.
        whole = PAYMENT_ROWS.add_all(tx, sorted(self._payments)) and EVENT_ROWS.add_all(tx, sorted(self._events))
        assert whole
        tx.run_many(OPEN_LEFT, [(cents, *key) for key, cents in self._bills.items()])
        tx.run_many(STANDS, [standing_row(lane, account) for (lane, _), account in self._accounts.items()])
