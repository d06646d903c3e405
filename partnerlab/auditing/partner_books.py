"""What the partners have together: payments in their books, downloads, rejects, and what is owed by both sides."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Set
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from partnerlab.auditing.books import BOOKS, Books
from partnerlab.auditing.pages import Control, Row, paged
from partnerlab.auditing.records import Balance, Biller, Downloaded, FormerOwner, Place, Posting, before_conveyance
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


def balances(control: Control, billers: Mapping[str, Biller]) -> Iterator[Balance]:
    """What is owed where by both sides; where they differ, with what the partner has not told."""
    for biller in billers.values():
        owed: defaultdict[str, Decimal] = defaultdict(Decimal)
        fees: defaultdict[str, Decimal] = defaultdict(Decimal)
        held: defaultdict[str, set[str]] = defaultdict(set)
        asked: defaultdict[str, list[str]] = defaultdict(list)
        conveyed: defaultdict[str, dict[str, Decimal]] = defaultdict(dict)
        ahead: defaultdict[str, Decimal] = defaultdict(Decimal)
        held_back: defaultdict[str, Decimal] = defaultdict(Decimal)
        requested: defaultdict[str, list[tuple[str, Decimal]]] = defaultdict(list)
        by_invoice = PARTNERS[biller.partner].place == "invoice"
        was_conveyed = set() if by_invoice else _conveyed(control, biller.guid)
        for row in paged(control, "/_sandbox/ic/invoices", "invoices", "invoice_number", biller_guid=biller.guid):
            place = row["invoice_number"] if by_invoice else row["account_number"]
            first = place if by_invoice else before_conveyance(place)
            held[place].add(row["invoice_number"])
            held[first].add(row["invoice_number"])
            if PARTNERS[biller.partner].how == BY_FILE and row["status"] != "closed":
                held_back[first] += Decimal(row["held_back"])
            due = Decimal(row["balance_due"]) if row["status"] != "closed" else Decimal(0)
            if first != place:
                conveyed[place][row["invoice_number"]] = due
            if row["fields"].get("Source") == FROM_REQUEST:
                requested[place].append((row["invoice_number"], due))
            if row["status"] != "closed":
                owed[place] += due
                ahead[place] += _ahead(due, Decimal(row["total_amount_due"]))
                fees[place] += Decimal(row["late_fee"]) if row["late_fee_charged_for"] else 0
        found = paged(control, "/_sandbox/ic/balance-questions", "questions", "invoice_number", biller_guid=biller.guid)
        for row in found:
            asked[row["invoice_number"] if by_invoice else row["account_number"]].append(row["invoice_number"])
        books = BOOKS[biller.partner]
        told = list(books.owed(control))
        former = _former_owners(control, books, conveyed, fees, {place for place, *_ in told})
        for place, at_partner, waits in told:
            if place not in held and not at_partner:
                continue
            differs = owed[place] != at_partner
            yield Balance(
                biller.partner,
                biller.guid,
                place,
                at_partner,
                owed[place],
                waits,
                tuple(asked[place]),
                tuple(books.missing(control, Place(biller.guid, place, held[place], waits)))
                if differs or place in was_conveyed
                else (),
                fees[place],
                former[place],
                next((one for one in former[before_conveyance(place)] if one.account == place), None),
                _beside_bills(control, books, place) if former[place] else Decimal(0),
                ahead[place],
                held_back[place],
                tuple(requested[place]),
                place in was_conveyed,
            )


def _conveyed(control: Control, biller_guid: str) -> Set[str]:
    """The numbers from before of the accounts that Invoice Cloud passed to a new owner."""
    query = {"biller_guid": biller_guid, "conveyed": "true"}
    rows = paged(control, "/_sandbox/ic/customers", "customers", "account_number", **query)
    return {before_conveyance(row["account_number"]) for row in rows}


def _former_owners(
    control: Control,
    books: Books,
    conveyed: Mapping[str, Mapping[str, Decimal]],
    fees: Mapping[str, Decimal],
    known: Set[str],
) -> Mapping[str, tuple[FormerOwner, ...]]:
    """By the number from before; *conveyed* is what each `CV-` number is asked for by bill, *known* the partner's."""
    former: defaultdict[str, tuple[FormerOwner, ...]] = defaultdict(tuple)
    for account, asked in conveyed.items():
        place = before_conveyance(account)
        own = _billed(control, books, account) if account in known else {}
        billed = _billed(control, books, place) if place in known else {}
        there = {number: due for number, due in asked.items() if number not in own}
        if there:
            amounts = (billed.get(number, Decimal(0)) for number in there)
            one = FormerOwner(
                account, sum(there.values(), Decimal(0)), sum(amounts, Decimal(0)), fees[account], frozenset(there)
            )
            former[place] = (*former[place], one)
    return former


def _billed(control: Control, books: Books, account: str) -> dict[str, Decimal]:
    """What a partner that has accounts billed by each bill of one."""
    _, bills = _account(control, books, account)
    return {row["invoice_number"]: Decimal(row["amount"]) for row in bills}


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
