"""The verdict on one payment, for which only what concerns it is read, is the one that an audit of the lane has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partnerlab.auditing import LaneBooks, audit
from partnerlab.auditing.invoice_cloud_books import payment_of
from partnerlab.auditing.matching import match
from partnerlab.auditing.one_payment import read_payment
from partnerlab.auditing.partner_books import policy_posting
from partnerlab.auditing.report import audit_json
from partnerlab.remote import RemoteRefused
from partnerlab.sandbox import Sandbox
from partnerlab.settings import SandboxSettings
from tests.partnerlab.auditing.plants import PLANTS, RETURNS
from tests.partnerlab.auditing.test_planted import planted
from tests.partnerlab.auditing.town import Row, Town

EACH = 3


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxSettings(port=0), in_process=True) as running:
        yield running


def compared(town: Town, books: LaneBooks) -> int:
    """Compare each payment of the lane; how many there were."""
    whole: dict[str, list[Row]] = {}
    for row in audit_json(audit(books))["payments"]:
        whole.setdefault(row["payment_guid"], []).append(row)
    for guid, rows in whole.items():
        told = town.control.get(f"/_sandbox/auditing/payments/{guid}")
        assert [without_attempts(row) for row in told["judged"]] == [without_attempts(row) for row in rows]
        assert told["clean"] == (not any(row["finding"] for row in rows))
        assert len(told["postings"]) == len(audit(books).of(guid)[0].posted)
        assert all(town.control.get(f"/_pump/deliveries/{id}")["lane"] == town.lane for id in told["deliveries"])
    return len(whole)


def without_attempts(row: Row) -> Row:
    """The audit of a lane tells attempts only of what is to be mended."""
    lines = [one for one in row["story"] if not (one["where"] == "data pump" and one["at"])]
    return {**row, "story": lines}


@pytest.mark.parametrize("partner", PLANTS)
def test_it_is_the_audits_verdict_whatever_went_wrong(sandbox: Sandbox, partner: str) -> None:
    town = Town(sandbox, partner, f"one-{partner}", accounts=EACH * len(PLANTS[partner]) + 1)
    *accounts, last = town.accounts
    town.accounts = accounts
    try:
        planted(town)
        assert compared(town, town.books()) == len(accounts)
        for account in accounts[::2]:
            town.control.post(f"/_sandbox/ic/customers/{account.number}/convey", {"biller_guid": town.biller["guid"]})
        town.pay(last)
        books = town.books()
        assert compared(town, books) == len(accounts) + 1
        assert len({one.verdict for one in audit(books).judged}) >= 4
    finally:
        town.close()


def test_a_payment_without_a_name_at_another_invoice_is_found(sandbox: Sandbox) -> None:
    """Version 1 of TCCS keeps no PaymentGUID; what credits the wrong invoice is known by its amount alone."""
    town = Town(sandbox, "tccs_1", "one-unnamed", accounts=4)
    try:
        payments = [town.pay(account) for account in town.accounts[1:]]
        moved = town.sql(
            f"UPDATE tccs_payments SET invoice_number = '{town.accounts[0].invoice}'"
            f" WHERE lane = :lane AND invoice_number = '{town.accounts[2].invoice}'"
        )
        assert moved == 1
        told = [town.control.get(f"/_sandbox/auditing/payments/{row['payment_guid']}") for row in payments]
        assert [one["judged"][0]["verdict"] for one in told] == ["posted_once", "wrong_account", "posted_once"]
        assert compared(town, town.books()) == 3
    finally:
        town.close()


@pytest.mark.parametrize(
    ("partner", "path", "name", "field"),
    [
        ("inhance_v2", "/_sandbox/inhance/payments", "payments", "reference"),
        ("inhance_v1", "/_sandbox/inhance/v1/downloads", "payments", "payment_guid"),
        ("tccs", "/_sandbox/tccs/payments", "payments", "payment_guid"),
        ("tccs", "/_sandbox/tccs/payments", "payments", "amount"),
        ("watersmart", "/_sandbox/watersmart/payments", "payments", "payment_guid"),
        ("watersmart", "/_sandbox/watersmart/rejects", "rejects", "reference"),
        ("inhance_v2", "/_sandbox/ic/payments", "payments", "amount"),
    ],
)
def test_a_list_gives_one_payment(sandbox: Sandbox, partner: str, path: str, name: str, field: str) -> None:
    town = Town(sandbox, partner, f"list-{path.rpartition('/')[2]}-{partner}-{field}", accounts=3)
    try:
        if partner == "inhance_v1":
            town.control.patch("/_sandbox/inhance/v1", {"payments": "live"})
        paid = [town.pay(account, **dict(RETURNS)) for account in town.accounts]
        town.advance(days=8)
        assert len(town.control.get(path)[name]) >= 3
        for one in paid:
            (row,) = town.control.get(path, **{field: one[field]})[name]
            assert row[field] == one[field]
    finally:
        town.close()


def test_events_and_batches_are_given_by_payment(sandbox: Sandbox) -> None:
    town = Town(sandbox, "watersmart", "list-sent", accounts=3)
    try:
        paid = [town.pay(account, **dict(RETURNS)) for account in town.accounts]
        town.advance(days=8)
        for one in paid:
            events = town.control.get("/_sandbox/ic/events", payment_guid=one["payment_guid"])["events"]
            assert [row["event"]["kind"] for row in events] == ["payment", "ach_reject"]
            assert events[0]["event"]["id"] == one["payment_guid"]
            given = {"biller_guid": town.biller["guid"], "text": one["reference"]}
            batches = town.control.get("/_sandbox/ic/exports", **given)["exports"]
            assert [row["kind"] for row in batches] == ["payments", "rejects"]
            (newest,) = town.control.get("/_sandbox/ic/exports", **given, newest="true", limit=1)["exports"]
            assert newest == batches[-1]
        assert town.control.get("/_sandbox/ic/exports", biller_guid=town.biller["guid"], text="%")["exports"] == []
    finally:
        town.close()


def test_a_payment_that_is_not_there_is_refused_in_words(sandbox: Sandbox) -> None:
    town = Town(sandbox, "tccs", "one-none", accounts=0)
    try:
        with pytest.raises(RemoteRefused, match="There is no payment 'none' in this lane"):
            town.control.get("/_sandbox/auditing/payments/none")
    finally:
        town.close()


# --- TCCS's version 1 in worlds of any shape: few invoices, few amounts, so that all of them are mixed up ---

PLACES = ("A-1", "B-2", "C-3")
AMOUNTS = ("10.00", "20.00")
BILLER = {"guid": "tccs", "partner": "tccs", "name": "Insurance", "time_zone": "UTC", "configuration": {}}
payments = st.lists(st.tuples(st.sampled_from(PLACES), st.sampled_from(AMOUNTS), st.booleans()), max_size=6)
postings = st.lists(
    st.tuples(st.sampled_from(PLACES), st.sampled_from(AMOUNTS), st.integers(-6, 5)), max_size=7
)  # of payment number …, below zero of none


@dataclass
class Books:
    """A control API of nothing but TCCS's payments on both sides."""

    payments: list[Row]
    postings: list[Row]

    def get(self, path: str, **query: Any) -> Any:
        found = {"/_sandbox/ic/payments": self.payments, "/_sandbox/tccs/payments": self.postings}.get(path, [])
        only = {name: query[name] for name in ("invoice_number", "payment_guid", "amount") if query.get(name)}
        rows = [row for row in found if all(row[name] == value for name, value in only.items())]
        empty = {"events": [], "postbacks": [], "schedules": [], "now": "2026-06-16T12:00:00+00:00"}
        return {**empty, "billers": [BILLER], "payments": rows}

    def maybe(self, path: str, **_: Any) -> Any:
        guid = path.rpartition("/")[2]
        return next((row for row in self.payments if row["payment_guid"] == guid), None) if "/ic/" in path else None


@given(payments, postings)
def test_which_posting_is_a_payments_is_the_same_without_the_rest(
    paid: list[tuple[str, str, bool]], posted: list[tuple[str, str, int]]
) -> None:
    at = "2026-06-16T10:00:00+00:00"
    fixed = {"biller_guid": "tccs", "account_number": "1", "tender": "ach", "donation": "none", "offline": False}
    taken = [
        {
            **fixed,
            "payment_guid": f"p{number}",
            "reference": f"IC{number}",
            "invoice_number": place,
            "amount": amount,
            "approved": approved,
            "state": "accepted" if approved else "declined",
            "paid_at": at,
        }
        for number, (place, amount, approved) in enumerate(paid)
    ]
    rows = [
        {
            "invoice_number": place,
            "number": number,
            "amount": amount,
            "payment_guid": f"p{of}" if of >= 0 else None,
            "posted_at": at,
            "returned_at": None,
            "type": "",
            "request_id": "",
        }
        for number, (place, amount, of) in enumerate(posted)
    ]
    rows.sort(key=lambda row: (row["invoice_number"], row["number"]))
    control = Books(taken, rows)
    whole: LaneBooks | None = None
    for row in taken:
        near = read_payment(control, "any", row["payment_guid"])
        whole = whole or everything(control, near)
        found, all_found = (match(books).of.get(row["payment_guid"], ()) for books in (near, whole))
        assert list(found) == list(all_found)


def everything(control: Books, books: LaneBooks) -> LaneBooks:
    """The same lane with all payments and postings."""
    return replace(
        books,
        payments=tuple(map(payment_of, control.payments)),
        postings=tuple(map(policy_posting, control.postings)),
    )
