"""What the partners have together: payments in their books, downloads, rejects, and what is owed by both sides."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from partnerlab.auditing.books import BOOKS, Books
from partnerlab.auditing.pages import Control, Row, paged
from partnerlab.auditing.records import (
    Balance,
    Biller,
    Downloaded,
    FormerOwner,
    MissingBill,
    Place,
    Posting,
    before_conveyance,
)
from partnerlab.contracts.paths import at
from partnerlab.partners import BY_FILE, PARTNERS

__all__ = ["balances", "downloads", "marks", "posted", "rejects"]

FROM_REQUEST = "CloudPaymentsV2"
"""The Source of a bill that came with a Cloud Payments request."""


def posted(control: Control) -> Iterator[Posting]:
    """Every payment in the partners' books, by partner."""
    for read in dict.fromkeys(books.posted for books in BOOKS.values()):
        yield from read(control)


def downloads(control: Control) -> Iterator[Downloaded]:
    """Every payment that a partner downloaded, whatever became of it."""
    for books in BOOKS.values():
        if books.downloads is not None:
            yield from books.downloads(control)


def rejects(control: Control) -> dict[str, bool]:
    """Rejects in the partners' books by reference, and whether each took a payment back."""
    found: dict[str, bool] = {}
    for books in BOOKS.values():
        if books.rejects is not None:
            found |= books.rejects(control)
    return found


def marks(control: Control, billers: Mapping[str, Biller]) -> dict[str, datetime]:
    """By partner up to when it has asked for payments: the biller's local time, made aware."""
    found = {}
    for partner, books in BOOKS.items():
        zones = [ZoneInfo(one.time_zone) for one in billers.values() if one.partner == partner]
        if books.downloaded_until is not None and zones and (until := books.downloaded_until(control)):
            found[partner] = datetime.fromisoformat(until).replace(tzinfo=zones[0])
    return found


@dataclass
class _Place:
    """What Invoice Cloud says of an account, or of an invoice where that is what the partner credits."""

    due: Decimal = Decimal(0)
    bills: set[str] = field(default_factory=set)
    """Those of its former owners too."""
    late_fees: Decimal = Decimal(0)
    ahead: Decimal = Decimal(0)
    held_back: Decimal = Decimal(0)
    """That of its former owners too."""
    asked: list[str] = field(default_factory=list)
    requested: list[tuple[str, Decimal]] = field(default_factory=list)
    conveyed: dict[str, Decimal] = field(default_factory=dict)
    """Of a former owner what is due on each bill."""
    stands: bool = False
    """Whether it has a bill that is not closed."""


def balances(control: Control, billers: Mapping[str, Biller]) -> Iterator[Balance]:
    """What is owed where by both sides; where they differ, with what the partner has not told."""
    for biller in billers.values():
        books = BOOKS[biller.partner]
        by_invoice = PARTNERS[biller.partner].place == "invoice"
        was_conveyed = set() if by_invoice else _conveyed(control, biller.guid)
        here = _at_invoice_cloud(control, biller, by_invoice=by_invoice)
        told = list(books.owed(control))
        former = _former_owners(control, books, here, {place for place, *_ in told})
        told = [(place, at_partner, waits) for place, at_partner, waits in told if here[place].bills or at_partner]
        in_doubt = [
            Place(biller.guid, place, frozenset(here[place].bills), waits)
            for place, at_partner, waits in told
            if here[place].due != at_partner or place in was_conveyed
        ]
        missing: defaultdict[str, list[MissingBill]] = defaultdict(list)
        for where, bill in books.missing(control, in_doubt):
            missing[where.number].append(bill)
        for place, at_partner, waits in told:
            own = here[place]
            yield Balance(
                biller.partner,
                biller.guid,
                place,
                at_partner=at_partner,
                at_invoice_cloud=own.due,
                waits=waits,
                asked=tuple(own.asked),
                unsent=tuple(missing[place]),
                late_fees=own.late_fees,
                former=former[place],
                itself=next((one for one in former[before_conveyance(place)] if one.account == place), None),
                beside_bills=_beside_bills(control, books, place) if former[place] else Decimal(0),
                ahead=own.ahead,
                held_back=own.held_back,
                requested=tuple(own.requested),
                was_conveyed=place in was_conveyed,
            )


def _at_invoice_cloud(control: Control, biller: Biller, *, by_invoice: bool) -> defaultdict[str, _Place]:
    """What Invoice Cloud says of each place of a biller."""
    here: defaultdict[str, _Place] = defaultdict(_Place)
    for row in paged(control, "/_sandbox/ic/invoices", "invoices", "invoice_number", biller_guid=biller.guid):
        number, stands = row["invoice_number"], row["status"] != "closed"
        place = number if by_invoice else row["account_number"]
        first = place if by_invoice else before_conveyance(place)
        own, due = here[place], Decimal(row["balance_due"]) if stands else Decimal(0)
        for each in (own, here[first]):
            each.bills.add(number)
        if first != place:
            own.conveyed[number] = due
        if row["fields"].get("Source") == FROM_REQUEST:
            own.requested.append((number, due))
        if stands:
            own.stands = True
            own.due += due
            own.ahead += _ahead(due, Decimal(row["total_amount_due"]))
            own.late_fees += Decimal(row["late_fee"]) if row["late_fee_charged_for"] else 0
            if PARTNERS[biller.partner].how == BY_FILE:
                here[first].held_back += Decimal(row["held_back"])
    for row in paged(control, "/_sandbox/ic/balance-questions", "questions", "invoice_number", biller_guid=biller.guid):
        number = row["invoice_number"]
        here[number if by_invoice else row["account_number"]].asked.append(number)
    return here


def _conveyed(control: Control, biller_guid: str) -> Set[str]:
    """The numbers from before of the accounts that Invoice Cloud passed to a new owner."""
    query = {"biller_guid": biller_guid, "conveyed": "true"}
    rows = paged(control, "/_sandbox/ic/customers", "customers", "account_number", **query)
    return {before_conveyance(row["account_number"]) for row in rows}


def _former_owners(
    control: Control,
    books: Books,
    here: Mapping[str, _Place],
    known: Set[str],
) -> Mapping[str, tuple[FormerOwner, ...]]:
    """The former owners by the number from before; the partner has accounts of the *known* numbers."""
    former: defaultdict[str, tuple[FormerOwner, ...]] = defaultdict(tuple)
    for account, asked in here.items():
        if not asked.conveyed:
            continue
        place = before_conveyance(account)
        own = _billed(control, books, account) if account in known else {}
        billed = _billed(control, books, place) if place in known else {}
        there = {number: due for number, due in asked.conveyed.items() if number not in own}
        if there:
            amounts = (billed.get(number, Decimal(0)) for number in there)
            one = FormerOwner(
                account,
                sum(there.values(), Decimal(0)),
                sum(amounts, Decimal(0)),
                asked.late_fees,
                frozenset(there),
                _billed_anew(control, books, account, there) if place in known else (),
                not asked.stands,
            )
            former[place] = (*former[place], one)
    return former


def _billed(control: Control, books: Books, account: str) -> dict[str, Decimal]:
    """What a partner that has accounts billed by each bill of one."""
    _, bills = _account(control, books, account)
    return {row["invoice_number"]: Decimal(row["amount"]) for row in bills}


def _billed_anew(
    control: Control, books: Books, account: str, still: Mapping[str, object]
) -> tuple[tuple[str, tuple[Decimal, ...]], ...]:
    """
    Bills that a partner billed anew and that were there when an account was conveyed, but for those that are *still* of
    its `CV-` number, each with all its amounts.
    """
    place = before_conveyance(account)
    amounts: defaultdict[str, list[Decimal]] = defaultdict(list)
    anew, later = set(), set()
    for event in _account(control, books, place)[0].get("events", ()):
        if event["kind"] in ("bill_added", "billed", "bill_replaced"):
            number = event["detail"]["invoice_number"]
            amounts[number].append(Decimal(event["detail"]["amount"]))
            if event["kind"] == "bill_replaced":
                anew.add(number)
            elif event["kind"] == "bill_added" and re.sub(r"\D", "", event["at"])[:14] > account.rpartition("CV-")[2]:
                later.add(number)
    return tuple((number, tuple(dict.fromkeys(amounts[number]))) for number in sorted(anew - later - still.keys()))


def _beside_bills(control: Control, books: Books, account: str) -> Decimal:
    """What a partner says that an account owes beyond the sum of its bills, those of a later day included."""
    row, bills = _account(control, books, account)
    owed = Decimal(row.get("future_balance") or row["balance"])
    return owed - sum(Decimal(bill["amount"]) for bill in bills)


def _account(control: Control, books: Books, number: str) -> tuple[Row, list[Row]]:
    """An account of a partner that has accounts, and its bills."""
    assert books.account is not None, "a partner that credits invoices has no former owners"
    path, listed = books.account
    row: Row = control.get(at(path, number))
    return row, row[listed]


def _ahead(due: Decimal, owed: Decimal) -> Decimal:
    """What was paid of everything owed beyond what is due now: of a policy, before it is billed."""
    return max(min(owed, Decimal(0)) - due, Decimal(0))
