"""
What partners download: payments, and what payers changed of their records, since a moment.

Both are answered in the order they were recorded, the moment itself included. A partner that asks again with the last
date misses nothing, also after the clock was set back, and knows by the PaymentGUID what it has already. There are no
pages: a partner that knows of none would miss payments, and 20,000 of them take under a second.
Source: WaterSmart, Payment/Lockbox File and Change Log File; what is in them is assumed [A-56].
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime
from zoneinfo import ZoneInfo

from partnerlab.contracts.records import dataclass
from partnerlab.simulators.ic_webservices.domain.billers import time_zone
from partnerlab.simulators.ic_webservices.domain.customers import Change
from partnerlab.simulators.ic_webservices.domain.payments import Payment
from partnerlab.simulators.ic_webservices.services.ledger import BillerLedger
from partnerlab.simulators.ic_webservices.services.moments import recorded_at
from partnerlab.simulators.ic_webservices.store import CHANGES, CUSTOMERS, PAYMENTS
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Statement
from partnerlab.simulators.kit.world.table import utc_text

__all__ = ["AccountChanges", "ExportedPayment", "Exports", "local_moment"]

FIRST_YEAR, LAST_YEAR = 1901, 9998
"""Moments outside them, .NET's DateTime.MinValue above all, have no UTC of their own."""

# Approved ones, returned later or not: a declined one is no money, and an inline donation is not the partner's.
_PAYMENTS = Statement(
    f"SELECT {', '.join(PAYMENTS.columns)}, (SELECT customer_name FROM ic_customers WHERE lane = :lane"
    " AND biller_guid = :biller_guid AND ic_customers.account_number = ic_payments.account_number),"
    " (SELECT report_id FROM ic_exported WHERE lane = :lane AND kind = 'payments' AND item = payment_guid)"
    " FROM ic_payments WHERE lane = :lane AND biller_guid = :biller_guid AND recorded_at >= :since"
    " AND approved = 1 AND donation <> 'inline' ORDER BY reference"
)
_TELL = Statement(
    "UPDATE ic_payments SET told_as = account_number WHERE lane = :lane AND biller_guid = :biller_guid"
    " AND recorded_at >= :since AND approved = 1 AND donation <> 'inline' AND told_as = ''"
)
_CHANGES = Statement(
    f"SELECT {', '.join(CHANGES.columns)} FROM ic_changes"
    " WHERE lane = :lane AND biller_guid = :biller_guid AND recorded_at >= :since ORDER BY account_number, seq"
)


_NEWEST = Statement(
    "SELECT reference FROM ic_payments WHERE lane = :lane AND biller_guid = :biller_guid"
    " AND approved = 1 AND donation <> 'inline' ORDER BY recorded_at DESC, reference DESC LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class ExportedPayment:
    """
    A payment with its customer's name, and when it was paid in the biller's local time, to the second.

    `report_id` is the WSReportID of the files that it stands in, 0 where none were made yet.
    """

    payment: Payment
    customer_name: str
    paid_at: datetime
    report_id: int = 0


@dataclass(slots=True)
class AccountChanges:
    """
    What a payer changed of one account: the current addresses, and when each thing was changed last.

    `changed_at` maps (kind, value) to the biller's local time; for `email` and `phone` the value is empty.
    """

    account_number: str
    email_address: str = ""
    phone: str = ""
    changed_at: dict[tuple[str, str], datetime] = field(default_factory=dict)


class Exports:
    """Downloads of every lane."""

    def __init__(self, ledger: BillerLedger) -> None:
        self.ledger, self.store = ledger, ledger.store

    def payments(
        self, lane: Lane, biller_guid: str | None, key: str | None, since: datetime
    ) -> Sequence[ExportedPayment]:
        """
        The biller's approved payments from *since* on (without an offset: the biller's local time), oldest first.

        What was told once keeps its account number, also after the account was conveyed [A-97]. Raises `KeyWrong`.
        """
        with self.store.write() as tx:
            biller = self.ledger.partner(tx, lane, biller_guid, key, lock=True)
            recorded_at(tx, lane)  # what comes later is later than this answer
            zone = time_zone(biller.time_zone)
            place = {"lane": lane.name, "biller_guid": biller.guid, "since": _utc(since, zone)}
            tx.run(_TELL, **place)
            rows = tx.all(_PAYMENTS, **place)
        found = ((PAYMENTS.load(row[:-2]), row[-2] or "", row[-1] or 0) for row in rows)
        return [ExportedPayment(one, name, local_moment(one.paid_at, zone), number) for one, name, number in found]

    def newest(self, lane: Lane, biller_guid: str) -> str:
        """The reference of the newest payment that `payments` gives; empty where there is none."""
        with self.store.read() as tx:
            row = tx.one(_NEWEST, lane=lane.name, biller_guid=biller_guid)
        return "" if row is None else str(row[0])

    def changes(
        self, lane: Lane, biller_guid: str | None, key: str | None, since: datetime
    ) -> Sequence[AccountChanges]:
        """What payers changed from *since* on, one row an account, by account number. Raises `KeyWrong`."""
        with self.store.write() as tx:
            biller = self.ledger.partner(tx, lane, biller_guid, key)
            recorded_at(tx, lane)
            zone = time_zone(biller.time_zone)
            rows = tx.all(_CHANGES, lane=lane.name, biller_guid=biller.guid, since=_utc(since, zone))
            found = _by_account([CHANGES.load(row) for row in rows], zone)
            for number, changes in found.items():
                customer = CUSTOMERS.get(tx, lane.name, biller.guid, number)
                if customer is not None:
                    changes.email_address, changes.phone = customer.email_address, customer.phone
        return list(found.values())


def local_moment(text: str, zone: ZoneInfo) -> datetime:
    """A kept moment in local time to the second, without an offset: .NET would shift one to its own zone."""
    return datetime.fromisoformat(text).astimezone(zone).replace(tzinfo=None, microsecond=0)


def _by_account(changes: Sequence[Change], zone: ZoneInfo) -> Mapping[str, AccountChanges]:
    found: dict[str, AccountChanges] = {}
    for change in changes:
        account = found.setdefault(change.account_number, AccountChanges(change.account_number))
        what = (change.kind, change.value if change.kind in ("autopay", "paperless") else "")
        account.changed_at[what] = local_moment(change.changed_at, zone)
    return found


def _utc(since: datetime, zone: ZoneInfo) -> str:
    if since.year < FIRST_YEAR:
        return ""
    if since.year > LAST_YEAR:
        return "9999"
    return utc_text(since if since.tzinfo else since.replace(tzinfo=zone))
