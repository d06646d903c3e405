"""
What the insurer uploads to Invoice Cloud: policy terms that are new or changed.

What was sent is noted by the revision that was sent, so what changes meanwhile is sent again. Source: "TCCS Technical
Design", Invoice and field mapping.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from partnerlab.contracts.records import dataclass
from partnerlab.simulators.kit.world.days import Days
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Store
from partnerlab.simulators.tccs_rest.domain.events import Cause
from partnerlab.simulators.tccs_rest.domain.policies import Policy, bill_dates, open_charges
from partnerlab.simulators.tccs_rest.services.books import owed, record
from partnerlab.simulators.tccs_rest.store import Books

__all__ = ["Outgoing", "OutgoingTerm"]

MOST_TERMS = 5_000
"""What one run sends; the rest goes with the next."""


@dataclass(frozen=True, slots=True)
class OutgoingTerm:
    """
    A policy term as it is sent; amounts in cents.

    `late_fee_cents` is 0 where the due date is over: the fee is among the charges then, or was never due.
    """

    policy: Policy
    revision: int
    invoiced_on: date
    due_on: date
    outstanding_cents: int
    billed_cents: int
    late_fee_cents: int


class Outgoing:
    """What is to be sent, in every lane."""

    def __init__(self, store: Store, days: Days) -> None:
        self._store, self._days = store, days

    def has_terms(self, lane: Lane) -> bool:
        """Whether a policy term is to be uploaded."""
        with self._store.read() as tx:
            return bool(Books(tx, lane.name).unsent(limit=1))

    def terms(self, lane: Lane) -> list[OutgoingTerm]:
        """Policy terms that are new or changed since they were uploaded."""
        today = self._days.of(lane.now())
        found = []
        with self._store.read() as tx:
            books = Books(tx, lane.name)
            for opened in books.unsent(limit=MOST_TERMS):
                policy = opened.policy
                charges = books.charges(policy.invoice_number)
                balances = owed(charges, policy, today)
                invoiced_on, due_on = bill_dates(policy, open_charges(charges, policy.paid_cents, today))
                found.append(
                    OutgoingTerm(
                        policy,
                        opened.revision,
                        invoiced_on,
                        due_on,
                        balances.outstanding_cents,
                        max(balances.billed_due_cents, 0),
                        policy.late_fee_cents if due_on >= today else 0,
                    )
                )
        return found

    def terms_sent(self, lane: Lane, cause: Cause, sent: Iterable[tuple[str, int]], refused: Mapping[str, str]) -> None:
        """Note these numbers and revisions as uploaded; *refused* were not taken, and go again when they change."""
        with self._store.write() as tx:
            books = Books(tx, lane.name)
            for number, revision in sorted(sent):
                if number in refused:
                    opened = books.lock_policy(number)
                    record(books, opened, "bill_refused", {"message": refused[number]}, cause)
                    books.save_policy(opened)
                books.policy_sent(number, revision, refused.get(number, ""))
