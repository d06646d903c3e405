"""
Payments without a certain outcome: taken from the payer, and the partner may have them or not [A-84].

Or they came back, and the partner may know it or not [A-112]. Their events wait in the outbox, or were refused there
and nobody settled it, or the data pump has them and they are not delivered, skipped or dismissed. While an account has
one, the partner's balance may not know of money that Invoice Cloud took, or gave back.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from datetime import datetime

from partnerlab.contracts.database_errors import what_failed
from partnerlab.contracts.masking import mask_text
from partnerlab.contracts.records import dataclass
from partnerlab.simulators.ic_webservices.domain.invoices import Invoice
from partnerlab.simulators.ic_webservices.domain.money import amount
from partnerlab.simulators.ic_webservices.domain.payments import RETURNED, Payment
from partnerlab.simulators.ic_webservices.store import PAYMENTS
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Statement, Tx

__all__ = ["Doubt", "Unsettled", "UnsettledPort"]

UnsettledPort = Callable[[str, str, str, datetime | None], Collection[str]]
"""
The port to the data pump. Takes lane, BillerGUID, account number and a moment (real time, or None).

Returns the PaymentGUIDs of payments and returns without a certain outcome, and of those that the partner took since
that moment. It only reads, and is also called in an open transaction.
"""

_IN_OUTBOX = Statement(
    "SELECT kind, event_id, body FROM ic_events WHERE lane = :lane AND biller_guid = :biller_guid"
    " AND account_number = :account_number AND kind IN ('payment', 'ach_reject') AND state IN ('waiting', 'refused')"
    " ORDER BY seq"
)


@dataclass(frozen=True, slots=True)
class Doubt:
    """
    What is not certain of an account: its `payments` without an outcome, oldest first, the GUIDs of others that
    Invoice Cloud does not know (any more), and why nobody could be asked.
    """

    payments: tuple[Payment, ...] = ()
    unknown: tuple[str, ...] = ()
    problem: str = ""

    @property
    def reason(self) -> str:
        """In words; empty where everything is certain."""
        if self.problem:
            return f"the data pump could not be asked for payments under way: {self.problem}"
        if self.payments:
            first = self.payments[0]
            what = "return" if first.state == RETURNED else "payment"
            return f"{what} {first.reference} of {amount(first.amount_cents)} has no certain outcome yet"
        return f"payment {self.unknown[0]} has no certain outcome yet" if self.unknown else ""

    def covers(self, invoice: Invoice) -> str:
        """
        Why the amounts of an invoice may hold money that was taken already; empty where they cannot.

        They cannot where the partner stated them before the payment: it is taken off them since; nor where the payment
        came back.
        """
        if self.problem or self.unknown:
            return self.reason
        return Doubt(self.before(invoice)).reason

    def before(self, invoice: Invoice) -> tuple[Payment, ...]:
        """Payments after which the partner stated the amounts of an invoice, perhaps without knowing of them."""
        return tuple(one for one in self.payments if one.reference <= invoice.stated_after and one.state != RETURNED)

    @property
    def returned(self) -> str:
        """The reason, where it is a payment that came back; empty where there is none."""
        return Doubt(tuple(one for one in self.payments if one.state == RETURNED)).reason


class Unsettled:
    """Payments of every lane without a certain outcome. *port* asks the data pump."""

    def __init__(self, port: UnsettledPort) -> None:
        self._port = port

    def ready(self, lane: Lane, biller_guid: str, account_number: str) -> None:
        """Ask the port once outside of a transaction, because its first answer may take seconds."""
        self._asked(lane, biller_guid, account_number, None)

    def doubt(self, tx: Tx, lane: Lane, biller_guid: str, account_number: str, since: datetime | None = None) -> Doubt:
        """
        What is not certain of an account, in the transaction that depends on it.

        With *since*, when a question left for the partner in real time, also what the partner took after that.
        """
        # The outbox first: an event that leaves it meanwhile is in the pump by then.
        rows = tx.all(_IN_OUTBOX, lane=lane.name, biller_guid=biller_guid, account_number=account_number)
        guids, problem = self._asked(lane, biller_guid, account_number, since)
        waiting = [
            id if kind == "payment" else json.loads(event)["ach_reject"]["payment_guid"] for kind, id, event in rows
        ]
        every = dict.fromkeys([*waiting, *sorted(guids)])
        found = {guid: PAYMENTS.get(tx, lane.name, guid) for guid in every}
        payments = sorted((one for one in found.values() if one is not None), key=lambda one: one.reference)
        return Doubt(tuple(payments), tuple(guid for guid, one in found.items() if one is None), problem)

    def _asked(
        self, lane: Lane, biller_guid: str, account_number: str, since: datetime | None
    ) -> tuple[Collection[str], str]:
        try:
            return self._port(lane.name, biller_guid, account_number, since), ""
        except Exception as error:  # noqa: BLE001 - whatever it is: nothing is certain then
            return (), mask_text(what_failed(error))[:200]
