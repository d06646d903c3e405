"""
What the jobs need of a utility's own books.

Each method that writes does so in one transaction. Of that two things are made: a run that dies begins again where it
stopped, and what comes twice is entered once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from partnerlab.client.jobs.models import AccountChange, BalanceToSend, BillRun

if TYPE_CHECKING:
    from partnerlab.client.invoice_cloud.models import ExportedPayment

__all__ = ["BalanceBooks", "BillBooks", "ChangeBooks", "PaymentBooks"]


class BillBooks(Protocol):
    """Where bills come from."""

    def bills_to_send(self) -> BillRun | None:
        """What is new or changed since it was sent last, with its revisions; None where nothing is."""

    def bills_sent(self, run: BillRun, refused: Mapping[str, str]) -> None:
        """
        Note that these revisions were sent; *refused* are the numbers that Invoice Cloud did not take, and why.

        A bill that changed meanwhile stays to be sent.
        """


class PaymentBooks(Protocol):
    """Where payments go."""

    def payments_mark(self) -> datetime | None:
        """The mark of the last `take_payments`; None before the first."""

    def take_payments(self, payments: Sequence[ExportedPayment], mark: datetime) -> int:
        """Enter those whose PaymentGUID is new and keep the mark, in one transaction; how many were new."""


class BalanceBooks(PaymentBooks, Protocol):
    """Where balances come from; they are held against the payments that the books have."""

    def balances_to_send(self, *, everything: bool) -> Sequence[BalanceToSend]:
        """Balances that changed since they were sent last, or all; payments that wait to be posted count as paid."""

    def balance_sent(self, balance: BalanceToSend, refused: str) -> None:
        """Note that this revision was sent; *refused* says why Invoice Cloud did not take it, or is empty."""

    def unknown_payments(self, payment_guids: Collection[str]) -> Collection[str]:
        """Those of these payments that the books do not have."""


class ChangeBooks(Protocol):
    """Where payers' changes go."""

    def changes_mark(self, job: str) -> datetime | None:
        """The mark of the job's last `take_changes`; None before the first."""

    def take_changes(self, job: str, changes: Sequence[AccountChange], mark: datetime) -> int:
        """
        Enter what the account does not have yet and keep the job's mark, in one transaction; how many were new.

        A change that was entered before, by kind, value and time, is not entered again: the books may know better
        since.
        """
