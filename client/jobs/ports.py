"""
What the jobs need of a utility's own books, and the file exchange of its ways.

Each method that writes does so in one transaction. Of that two things are made: a run that dies begins again where it
stopped, and what comes twice is entered once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from partnerlab.client.jobs.models import AccountChange, BalanceRow, BalanceToSend, BillRun, InvoiceRow
from partnerlab.contracts.records import dataclass

if TYPE_CHECKING:
    from partnerlab.client import exports
    from partnerlab.client.invoice_cloud.models import ExportedPayment

__all__ = [
    "BalanceBooks",
    "BillBooks",
    "ChangeBooks",
    "FileBooks",
    "FileSource",
    "FileTarget",
    "FileToSend",
    "PaymentBooks",
    "ReceivedBatch",
    "ReceivedFileBooks",
]


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


# --- files ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FileToSend:
    """A file that the books keep until it arrived; `number` is the books' own."""

    number: int
    name: str
    content: bytes = field(repr=False)
    rows: int


@dataclass(frozen=True, slots=True)
class ReceivedBatch:
    """Files that Invoice Cloud exported together, names and bytes; `key` tells the way which batch it is."""

    key: str | int
    files: Sequence[tuple[str, bytes]] = field(repr=False)


class FileBooks(Protocol):
    """
    Where the files to Invoice Cloud come from.

    A file is made in one transaction with the rows that it takes, *render* gives its bytes, and it is kept until
    `file_arrived`: while one waits, that one is given again and no other of its kind is made. None: nothing is to be
    sent.
    """

    def invoice_file_to_send(self, render: Callable[[Sequence[InvoiceRow]], bytes]) -> FileToSend | None:
        """The invoice file that waits, or one of what was billed since."""

    def balance_file_to_send(self, render: Callable[[Sequence[BalanceRow]], bytes]) -> FileToSend | None:
        """
        The balance file that waits, or one of the balances that an entry of the utility's own changed.

        An account with a bill that has not arrived waits for that: Invoice Cloud would ask for the bill in the balance,
        and again in the bill. So does one without any bill, which Invoice Cloud does not know.
        """

    def file_arrived(self, file: FileToSend, words: str) -> None:
        """
        Note that a file arrived, with what was said to it.

        Of a balance file that had to wait, an account that owes something else by now goes into the next one.
        """


class ReceivedFileBooks(Protocol):
    """
    Where Invoice Cloud's files go, each in one transaction; what was done, in words.

    A payment is known by its PaymentGUID and a reject by its reference, whatever file brings it; a file of a known name
    and content was taken already. Raise `client.exports.FileRefused` for one that a person must look at, as of a known
    name with other content.
    """

    def take_payment_file(self, name: str, content: bytes, rows: Sequence[exports.ExportedPayment]) -> str:
        """Enter payments, declined ones too."""

    def take_reject_file(self, name: str, content: bytes, rows: Sequence[exports.ExportedReject]) -> str:
        """Enter returned payments; one whose payment has not come waits for it."""

    def take_change_file(self, name: str, content: bytes, rows: Sequence[exports.ExportedChange]) -> str:
        """Enter what payers changed."""


class FileTarget(Protocol):
    """A way to Invoice Cloud."""

    def send(self, name: str, content: bytes) -> str:
        """Hand a file over; what was said. Raises where it is not certain that it arrived."""


class FileSource(Protocol):
    """A way from Invoice Cloud."""

    def waiting(self, kind: str) -> Iterable[ReceivedBatch]:
        """The batches of `payments`, `rejects` or `changes` that wait, in their order."""

    def taken(self, batch: ReceivedBatch) -> None:
        """A batch is safe in the books: it need not be kept there."""
