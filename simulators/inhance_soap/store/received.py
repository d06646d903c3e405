"""
What the utility on v1 has of Invoice Cloud: downloaded payments, changes of customers, and how far its jobs have come.

Kept beside the ledger, in the same transactions.
"""

from __future__ import annotations

from partnerlab.contracts.records import dataclass
from partnerlab.simulators.inhance_soap.domain.downloads import PENDING, Download
from partnerlab.simulators.inhance_soap.tables import CHANGES, DOWNLOADS, VALUES
from partnerlab.simulators.kit.world.store import Statement
from partnerlab.simulators.kit.world.table import LaneTx, Table

__all__ = ["AppliedChange", "ReceivedBooks"]


@dataclass(frozen=True, slots=True)
class AppliedChange:
    """What the payer changed last of an account, by kind; `changed_at` is Invoice Cloud's local time."""

    account_number: str
    kind: str
    value: str
    changed_at: str


@dataclass(frozen=True, slots=True)
class NamedValue:
    """A mark of a job, or what the biller chose."""

    name: str
    value: str


_DOWNLOADS = Table(DOWNLOADS, Download)
_CHANGES = Table(CHANGES, AppliedChange)
_VALUES = Table(VALUES, NamedValue)

_PENDING_CENTS = Statement(
    "SELECT coalesce(sum(amount_cents), 0) FROM inhance_downloads WHERE lane = :lane"
    f" AND account_number = :account_number AND state = '{PENDING}'"
)
_NEWEST_DOWNLOAD = Statement("SELECT coalesce(max(reference), '') FROM inhance_downloads WHERE lane = :lane")


class ReceivedBooks(LaneTx):
    """What one lane has received, in one transaction."""

    __slots__ = ()

    def value(self, name: str, *, lock: bool = False) -> str:
        """A mark of a job or a choice; empty where there is none. *lock* it, and who else wants it waits."""
        if lock:
            _VALUES.add(self.tx, self.lane, NamedValue(name, ""))
        found = (_VALUES.lock if lock else _VALUES.get)(self.tx, self.lane, name)
        return "" if found is None else found.value

    def put_value(self, name: str, value: str) -> None:
        """Keep a mark or a choice."""
        _VALUES.put(self.tx, self.lane, NamedValue(name, value))

    def add_download(self, download: Download) -> bool:
        """Keep a downloaded payment; False where its PaymentGUID is there."""
        return _DOWNLOADS.add(self.tx, self.lane, download)

    def save_download(self, download: Download) -> None:
        """Write back a downloaded payment."""
        _DOWNLOADS.save(self.tx, self.lane, download)

    def download(self, payment_guid: str, *, lock: bool = False) -> Download | None:
        """A downloaded payment."""
        return (_DOWNLOADS.lock if lock else _DOWNLOADS.get)(self.tx, self.lane, payment_guid)

    def downloads(self, state: str, *, limit: int | None = None, **more: str) -> list[Download]:
        """Downloaded payments in a state, in the order they came; *more* columns must be equal."""
        order = ("downloaded_at", "reference", "payment_guid")
        return _DOWNLOADS.find(self.tx, self.lane, {"state": state, **more}, order=order, limit=limit)

    def downloaded(self, *, payment_guid: str | None = None, after: str, limit: int) -> list[Download]:
        """Downloaded payments in whatever state, by PaymentGUID, beyond *after*; or the only one of a PaymentGUID."""
        search = {} if payment_guid is None else {"payment_guid": payment_guid}
        return _DOWNLOADS.find(self.tx, self.lane, search, order="payment_guid", after=after, limit=limit)

    def pending_cents(self, account_number: str) -> int:
        """What waits to be posted to an account."""
        return int(self.all(_PENDING_CENTS, account_number=account_number)[0][0])

    def newest_download(self) -> str:
        """The newest reference that was downloaded; empty where none was."""
        return str(self.all(_NEWEST_DOWNLOAD)[0][0])

    def applied(self, account_number: str, kind: str) -> AppliedChange | None:
        """The last change of that kind that was entered."""
        return _CHANGES.get(self.tx, self.lane, account_number, kind)

    def put_applied(self, change: AppliedChange) -> None:
        """Keep a change as entered."""
        _CHANGES.put(self.tx, self.lane, change)
