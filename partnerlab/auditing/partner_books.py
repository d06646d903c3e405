"""What the partners have: payments in their books, what inHance v1 downloaded, rejects, and what accounts owe."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Set
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from partnerlab.auditing.pages import Control, Row, by_next, by_offset, paged
from partnerlab.auditing.records import (
    Balance,
    Biller,
    Downloaded,
    FormerOwner,
    MissingBill,
    Posting,
    before_conveyance,
)
from partnerlab.contracts.paths import at
from partnerlab.partners import PARTNERS

__all__ = [
    "balances",
    "downloads",
    "marks",
    "policy_posting",
    "posted",
    "rejects",
    "utility_posting",
    "water_posting",
]

MOST_UNSENT = 1_000
FROM_REQUEST = "CloudPaymentsV2"
"""The Source of a bill that came with a Cloud Payments request."""
ACCOUNT_BILLS: Mapping[str, tuple[str, str]] = {
    "inhance_v1": ("/_sandbox/inhance/accounts/{}", "bills"),
    "inhance_v2": ("/_sandbox/inhance/accounts/{}", "bills"),
    "watersmart": ("/_sandbox/watersmart/customers/{}", "invoices"),
}
"""Where an account stands whose number Invoice Cloud may mark, and under which name it has its bills."""


def posted(control: Control) -> Iterator[Posting]:
    """Every payment in the partners' books, by partner."""
    v1 = {row["account_number"] for row in _utility_accounts(control) if row["integration"] == "v1"}
    for row in by_offset(control, "/_sandbox/inhance/payments", "payments"):
        yield utility_posting(row, "v1" if row["account_number"] in v1 else "v2")
    yield from map(policy_posting, by_offset(control, "/_sandbox/tccs/payments", "payments"))
    yield from map(water_posting, by_next(control, "/_sandbox/watersmart/payments", "payments"))


def utility_posting(row: Row, version: str) -> Posting:
    """A payment of inHance, in an account of that *version* of the integration."""
    account = row["account_number"]
    return Posting(
        partner=f"inhance_{version}",
        place=account,
        invoice=row["document_number"],
        key=row["reference"],
        amount=Decimal(row["amount"]),
        at=row["posted_at"],
        number=f"payment {row['number']} of account {account}",
        returned=row["returned_at"] is not None,
        returned_at=row["returned_at"] or "",
        type=row["type"],
        request_id=row["request_id"],
    )


def policy_posting(row: Row) -> Posting:
    """A payment or deposit of TCCS."""
    invoice = row["invoice_number"]
    return Posting(
        partner="tccs",
        place=invoice,
        invoice=invoice,
        key=row["payment_guid"] or "",
        amount=Decimal(row["amount"]),
        at=row["posted_at"],
        number=f"payment {row['number']} of invoice {invoice}",
        returned=row["returned_at"] is not None,
        returned_at=row["returned_at"] or "",
        type=row["type"],
        request_id=row["request_id"],
    )


def water_posting(row: Row) -> Posting:
    """A payment of WaterSmart, which a file brought."""
    return Posting(
        partner="watersmart",
        place=row["account_number"],
        invoice=row["invoice_number"],
        key=row["payment_guid"],
        amount=Decimal(row["amount"]),
        at=row["paid_at"],
        number=f"payment {row['reference']} of account {row['account_number']}",
        state="posted" if row["state"] == "returned" else row["state"],
        returned=row["state"] == "returned",
        type=row["type"],
    )


def downloads(control: Control, **only: str) -> Iterator[Downloaded]:
    """Every payment that inHance v1 downloaded, whatever became of it; *only* those of a `payment_guid`."""
    for row in by_next(control, "/_sandbox/inhance/v1/downloads", "payments", **only):
        yield Downloaded(row["payment_guid"], row["account_number"], Decimal(row["amount"]), row["state"], row["note"])


def rejects(control: Control, **only: str) -> dict[str, bool]:
    """Rejects in WaterSmart's books by reference, and whether each took a payment back; *only* of a `reference`."""
    found = by_next(control, "/_sandbox/watersmart/rejects", "rejects", **only)
    return {row["reference"]: row["applied"] for row in found}


def _utility_accounts(control: Control) -> Iterator[Row]:
    return by_next(control, "/_sandbox/inhance/accounts", "accounts")


def marks(control: Control, billers: Mapping[str, Biller]) -> dict[str, datetime]:
    """Up to when inHance v1 has asked for payments: the biller's local time, made aware."""
    since = control.get("/_sandbox/inhance/v1")["payments_since"]
    zones = [ZoneInfo(one.time_zone) for one in billers.values() if one.partner == "inhance_v1"]
    return {"inhance_v1": datetime.fromisoformat(since).replace(tzinfo=zones[0])} if since and zones else {}


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
            held[place].add(row["invoice_number"])
            held[before_conveyance(place)].add(row["invoice_number"])
            if biller.partner == "watersmart" and row["status"] != "closed":
                held_back[before_conveyance(place)] += Decimal(row["held_back"])
            due = Decimal(row["balance_due"]) if row["status"] != "closed" else Decimal(0)
            if before_conveyance(place) != place:
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
        told = list(_partner_balances(control, biller.partner))
        former = _former_owners(control, biller.partner, conveyed, fees, {place for place, *_ in told})
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
                tuple(_missing(control, biller.guid, biller.partner, place, held[place], waits=waits))
                if differs or place in was_conveyed
                else (),
                fees[place],
                former[place],
                next((one for one in former[before_conveyance(place)] if one.account == place), None),
                _beside_bills(control, biller.partner, place) if former[place] else Decimal(0),
                ahead[place],
                held_back[place],
                tuple(requested[place]),
                place in was_conveyed,
            )


def _conveyed(control: Control, biller_guid: str) -> Set[str]:
    """The numbers from before of the accounts that Invoice Cloud passed to a new owner."""
    rows = paged(control, "/_sandbox/ic/customers", "customers", "account_number", biller_guid=biller_guid)
    return {before_conveyance(row["account_number"]) for row in rows if row["conveyed"]}


def _former_owners(
    control: Control,
    partner: str,
    conveyed: Mapping[str, Mapping[str, Decimal]],
    fees: Mapping[str, Decimal],
    known: Set[str],
) -> Mapping[str, tuple[FormerOwner, ...]]:
    """By the number from before; *conveyed* is what each `CV-` number is asked for by bill, *known* the partner's."""
    former: defaultdict[str, tuple[FormerOwner, ...]] = defaultdict(tuple)
    for account, asked in conveyed.items():
        place = before_conveyance(account)
        own = _billed(control, partner, account) if account in known else {}
        billed = _billed(control, partner, place) if place in known else {}
        there = {number: due for number, due in asked.items() if number not in own}
        if there:
            amounts = (billed.get(number, Decimal(0)) for number in there)
            one = FormerOwner(
                account, sum(there.values(), Decimal(0)), sum(amounts, Decimal(0)), fees[account], frozenset(there)
            )
            former[place] = (*former[place], one)
    return former


def _billed(control: Control, partner: str, account: str) -> dict[str, Decimal]:
    """What a partner that has accounts billed by each bill of one."""
    path, listed = ACCOUNT_BILLS[partner]
    return {row["invoice_number"]: Decimal(row["amount"]) for row in control.get(at(path, account))[listed]}


def _beside_bills(control: Control, partner: str, account: str) -> Decimal:
    """What a partner says that an account owes beyond the sum of its bills, those of a later day included."""
    path, listed = ACCOUNT_BILLS[partner]
    row = control.get(at(path, account))
    owed = Decimal(row.get("future_balance", row["balance"]))
    return owed - sum(Decimal(bill["amount"]) for bill in row[listed])


def _ahead(due: Decimal, owed: Decimal) -> Decimal:
    """What was paid of everything owed beyond what is due now: of a policy, before it is billed."""
    return max(min(owed, Decimal(0)) - due, Decimal(0))


def _partner_balances(control: Control, partner: str) -> Iterator[tuple[str, Decimal, bool]]:
    match partner:
        case "tccs":
            unsent = set(control.get("/_sandbox/tccs/unsent", limit=MOST_UNSENT)["invoice_numbers"])
            for row in by_next(control, "/_sandbox/tccs/policies", "policies"):
                yield row["invoice_number"], Decimal(row["record_bal"]), row["invoice_number"] in unsent
        case "watersmart":
            for row in by_next(control, "/_sandbox/watersmart/customers", "customers"):
                yield row["account_number"], Decimal(row["balance"]), row["balance_waits"]
        case "inhance_v1" | "inhance_v2":
            for row in _utility_accounts(control):
                if row["integration"] == partner.removeprefix("inhance_"):
                    yield row["account_number"], Decimal(row["balance"]), False
        case _:
            raise NotImplementedError(f"the audit does not know what accounts of {partner} owe")


def _missing(
    control: Control, biller_guid: str, partner: str, place: str, held: set[str], *, waits: bool
) -> Iterator[MissingBill]:
    """Bills of the partner that Invoice Cloud does not have."""
    if partner == "tccs":
        if place not in held:
            term = control.get(at("/_sandbox/tccs/policies/{}", place))
            sent = ("", "") if waits else ("an upload", _refused(term["events"], place))
            yield MissingBill(place, Decimal(term["record_bal"]), *sent)
    elif partner == "watersmart":
        for row in control.get(at("/_sandbox/watersmart/customers/{}", place))["invoices"]:
            if row["invoice_number"] not in held:
                number, file = row["invoice_number"], row["file_number"]
                refused = _refused_in_file(control, biller_guid, file, number) if file else ""
                yield MissingBill(number, Decimal(row["amount"]), f"file {file}" if file else "", refused)
    elif partner in ("inhance_v1", "inhance_v2"):
        account = control.get(at("/_sandbox/inhance/accounts/{}", place))
        for row in account["bills"]:
            if (number := row["invoice_number"]) not in held:
                refused = _refused([one for one in account["events"] if _is_about(one, number)][-1:], number)
                yield MissingBill(
                    number, Decimal(row["amount"]), "an upload" if row["sent"] or refused else "", refused
                )


def _refused_in_file(control: Control, biller_guid: str, file: int, bill: str) -> str:
    """Why Invoice Cloud refused a bill of one of WaterSmart's files, or the whole file; empty where it did not."""
    names = {one["name"] for one in control.get("/_sandbox/watersmart/files", after=file - 1, limit=1)["files"]}
    for upload in paged(control, "/_sandbox/ic/uploads", "uploads", "upload_id", biller_guid=biller_guid):
        if upload["file_name"] in names:
            path = at("/_sandbox/ic/uploads/{}/problems", upload["upload_id"])
            for problem in paged(control, path, "problems", "position"):
                if problem["invoice_number"] == bill or not problem["line"]:
                    return str(problem["reason"])
    return ""


def _is_about(event: Row, bill: str) -> bool:
    return bool(event["detail"].get("invoice_number") == bill)


def _refused(events: Iterable[Row], number: str) -> str:
    """Why Invoice Cloud last refused a bill, by events of its account or term; empty where it never did."""
    told = [one["detail"] for one in events if one["kind"] == "bill_refused"]
    return next((one["message"] for one in reversed(told) if one.get("invoice_number", number) == number), "")
