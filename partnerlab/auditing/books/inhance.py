"""The books of inHance: one ledger, of whose accounts some are on v1 and some on v2."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal

from partnerlab.auditing.books.refusals import refused
from partnerlab.auditing.pages import Control, Row, by_next, by_offset
from partnerlab.auditing.records import Downloaded, MissingBill, Payment, Place, Posting
from partnerlab.contracts.paths import at

__all__ = ["ACCOUNT", "downloaded_until", "downloads", "missing", "naming", "owed", "posted"]

FEW = 20
"""So many accounts are asked one by one."""
ACCOUNT = ("/_sandbox/inhance/accounts/{}", "bills")


def posted(control: Control) -> Iterator[Posting]:
    """Every payment, on v1 and on v2."""
    v1 = {row["account_number"] for row in _accounts(control, "v1")}
    for row in by_offset(control, "/_sandbox/inhance/payments", "payments"):
        yield _posting(row, "v1" if row["account_number"] in v1 else "v2")


def naming(control: Control, payment: Payment) -> Iterator[Posting]:
    """The postings with the payment's reference."""
    for row in by_offset(control, "/_sandbox/inhance/payments", "payments", reference=payment.reference):
        account = control.get("/_sandbox/inhance/accounts", account_number=row["account_number"])["accounts"]
        yield _posting(row, account[0]["integration"] if account else "v2")


def owed(version: str, control: Control) -> Iterator[tuple[str, Decimal, bool]]:
    """What accounts on that *version* owe; a balance says nothing of what is still to be told."""
    for row in _accounts(control, version):
        yield row["account_number"], Decimal(row["balance"]), False


def missing(control: Control, places: Sequence[Place]) -> Iterator[tuple[Place, MissingBill]]:
    """Bills of accounts, each with why Invoice Cloud refused its last upload; of many accounts from one list."""
    if len(places) <= FEW:
        for place in places:
            yield from ((place, bill) for bill in _missing_at(control, place))
        return
    by_number = {place.number: place for place in places}
    rows: defaultdict[str, list[Row]] = defaultdict(list)
    for row in by_next(control, "/_sandbox/inhance/bills", "bills"):
        found = by_number.get(row["account_number"])
        if found is not None and row["invoice_number"] not in found.held:
            rows[found.number].append(row)
    for number, bills in rows.items():
        place = by_number[number]
        if any(row["refused"] for row in bills):  # the account's events say whether that was the last word
            yield from ((place, bill) for bill in _missing_at(control, place))
        else:
            for row in bills:
                sent_in = "an upload" if row["sent"] else ""
                yield place, MissingBill(row["invoice_number"], Decimal(row["amount"]), sent_in, "")


def _missing_at(control: Control, place: Place) -> Iterator[MissingBill]:
    account = control.get(at("/_sandbox/inhance/accounts/{}", place.number))
    for row in account["bills"]:
        if (number := row["invoice_number"]) not in place.held:
            about = [one for one in account["events"] if one["detail"].get("invoice_number") == number]
            why = refused(about[-1:], number)
            yield MissingBill(number, Decimal(row["amount"]), "an upload" if row["sent"] or why else "", why)


def downloads(control: Control, **only: str) -> Iterator[Downloaded]:
    """Every payment that v1 downloaded."""
    for row in by_next(control, "/_sandbox/inhance/v1/downloads", "payments", **only):
        yield Downloaded(row["payment_guid"], row["account_number"], Decimal(row["amount"]), row["state"], row["note"])


def downloaded_until(control: Control) -> str:
    """Up to when v1 has asked."""
    return str(control.get("/_sandbox/inhance/v1")["payments_since"] or "")


def _accounts(control: Control, version: str) -> Iterator[Row]:
    return by_next(control, "/_sandbox/inhance/accounts", "accounts", integration=version)


def _posting(row: Row, version: str) -> Posting:
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
