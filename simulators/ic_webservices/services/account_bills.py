"""The bills of an account, and of its former owners, that a file of its partner is about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from partnerlab.simulators.ic_webservices.domain.billers import Biller
from partnerlab.simulators.ic_webservices.domain.customers import number_before
from partnerlab.simulators.ic_webservices.domain.invoices import CLOSED, Invoice
from partnerlab.simulators.ic_webservices.store import AGE, CUSTOMERS, INVOICES, age_sql
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Statement, Tx

__all__ = ["former_owners", "invoices_of", "owed_by", "owners_numbers"]

_CREDITS = Statement(
    f"SELECT {', '.join(INVOICES.columns)} FROM ic_invoices WHERE lane = :lane AND biller_guid = :biller_guid"
    " AND account_number = :account_number AND status = 'paid' AND balance_due_cents < 0"
    f" ORDER BY {age_sql('ic_invoices')}"
)


def former_owners(tx: Tx, lane: Lane, biller: Biller) -> Mapping[str, Sequence[str]]:
    """The accounts that were conveyed, by the number that each had before, the last first."""
    former: defaultdict[str, list[str]] = defaultdict(list)
    search: dict[str, str | int] = {"biller_guid": biller.guid, "conveyed": 1}
    for one in CUSTOMERS.find(tx, lane.name, search, order="account_number", last_first=True):
        former[number_before(one.account_number)].append(one.account_number)
    return former


def owners_numbers(former: Mapping[str, Sequence[str]], account_number: str) -> Sequence[str]:
    """The numbers of an account's owners by `former_owners`, whichever of them is given."""
    number = number_before(account_number)
    return [number, *former.get(number, ())]


def invoices_of(tx: Tx, lane: Lane, biller: Biller, account_number: str, *, with_credits: bool) -> Sequence[Invoice]:
    """
    The account's open invoices, the latest first, or its latest where none is open, one that was closed only where all
    were; then those with a credit.
    """
    search = {"biller_guid": biller.guid, "account_number": account_number}
    found = INVOICES.find(tx, lane.name, {**search, "status": "open"}, order=AGE, last_first=True)
    for where in ("status <> 'closed'", ""):
        found = found or INVOICES.find(tx, lane.name, search, order=AGE, where=where, last_first=True, limit=1)
    if not with_credits:
        return found
    known = {one.invoice_number for one in found}
    rows = tx.all(_CREDITS, lane=lane.name, **search)
    return [*found, *(one for one in map(INVOICES.load, rows) if one.invoice_number not in known)]


def owed_by(tx: Tx, lane: Lane, biller: Biller, account_number: str, *, with_credits: bool = True) -> Sequence[Invoice]:
    """A former owner's invoices as `invoices_of` has them, but for closed ones."""
    found = invoices_of(tx, lane, biller, account_number, with_credits=with_credits)
    return [one for one in found if one.status != CLOSED]
