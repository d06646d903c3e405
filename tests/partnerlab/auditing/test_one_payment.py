"""The verdict on one payment, for which only what concerns it is read, is the one that an audit of the lane has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partnerlab.auditing import LaneBooks, audit, reconcile
from partnerlab.auditing.books.tccs import policy_posting
from partnerlab.auditing.invoice_cloud_books import biller_of, delivery_of, event_of, payment_of
from partnerlab.auditing.matching import match
from partnerlab.auditing.one_payment import read_payment
from partnerlab.auditing.records import Delivery, Event, Payment, Posting
from partnerlab.auditing.report import audit_json
from partnerlab.remote import RemoteRefused
from partnerlab.sandbox import Sandbox
from partnerlab.settings import SandboxSettings
from tests.partnerlab.auditing.plants import PLANTS, RETURNS
from tests.partnerlab.auditing.test_planted import planted
from tests.partnerlab.auditing.town import BANK, Row, Town

EACH = 3
WHY = re.compile("(?<= attempt|attempts): .*", re.DOTALL)
OPERATION = re.compile(r"^\w+: ")


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
        for one, row in zip(told["judged"], rows, strict=True):
            assert all(any(text.endswith(why) for text in of_pump(one)) for why in reasons(row))
        assert told["clean"] == (not any(row["finding"] for row in rows))
        assert len(told["postings"]) == len(audit(books).of(guid)[0].posted)
        assert all(town.control.get(f"/_pump/deliveries/{id}")["lane"] == town.lane for id in told["deliveries"])
    return len(whole)


def without_attempts(row: Row) -> Row:
    """The audit of a lane tells attempts only of what is to be mended."""
    lines = [
        {**one, "text": WHY.sub("", one["text"])} if one["where"] == "data pump" else one
        for one in row["story"]
        if not (one["where"] == "data pump" and one["at"])
    ]
    return {**row, "story": lines}


def of_pump(row: Row) -> list[str]:
    return [one["text"] for one in row["story"] if one["where"] == "data pump"]


def reasons(row: Row) -> list[str]:
    """Why the deliveries of a payment are as they are, without the operation's name: each is said once."""
    found = [WHY.search(text) for text in of_pump(row)]
    return [OPERATION.sub("", why[0].removeprefix(": ")) for why in found if why]


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


@pytest.mark.parametrize("partner", ["tccs", "tccs_1"])
def test_a_return_is_matched_whichever_of_two_equal_payments_was_taken_back(sandbox: Sandbox, partner: str) -> None:
    """The report names invoice, day and amount; the payment that stands was posted before the one that came back."""
    town = Town(sandbox, partner, f"one-twins-{partner}", accounts=1)
    try:
        (account,) = town.accounts
        town.control.post("/_sandbox/tccs/instalments", {"invoice_number": account.invoice, "amount": "20.00"})
        town.control.post(f"/_sandbox/ic/invoices/{account.invoice}/open", {"biller_guid": town.biller["guid"]})
        stays = town.pay(account, tender="ach", bank_account=BANK, amount="20.00")
        comes_back = town.pay(account, **dict(RETURNS), amount="20.00")
        town.advance(days=8)
        found = [one["returned_at"] is not None for one in town.control.get("/_sandbox/tccs/payments")["payments"]]
        assert found == [True, False]
        books = town.books()
        assert [(one.payment.guid, one.kind, one.verdict) for one in audit(books).judged] == [
            (stays["payment_guid"], "payment", "posted_once"),
            (comes_back["payment_guid"], "payment", "posted_once"),
            (comes_back["payment_guid"], "return", "posted_once"),
        ]
        assert reconcile(books).findings == ()
        assert compared(town, books) == 2

        town.sql("UPDATE tccs_payments SET returned_at = '2026-06-17T12:00:00+00:00' WHERE lane = :lane")
        books = town.books()
        assert audit(books).findings == ()
        assert [one.kind for one in reconcile(books).findings if one.kind != "cents_off"] == ["orphan_return"]
        compared(town, books)

        town.sql("UPDATE tccs_payments SET returned_at = NULL WHERE lane = :lane")
        books = town.books()
        assert [(one.kind, one.verdict) for one in audit(books).findings] == [("return", "lost")]
        compared(town, books)
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
STATES = ("declined", "accepted", "returned")
REPORTS = ("delivered", "unknown", "waiting", "pruned")
payments = st.lists(
    st.tuples(st.sampled_from(PLACES), st.sampled_from(AMOUNTS), st.sampled_from(STATES), st.sampled_from(REPORTS)),
    max_size=6,
)
postings = st.lists(
    st.tuples(st.sampled_from(PLACES), st.sampled_from(AMOUNTS), st.integers(-6, 5), st.booleans()), max_size=7
)  # of payment number …, below zero of none, and whether it was taken back


@dataclass
class Books:
    """A control API of nothing but TCCS's payments on both sides, and the reports of returns."""

    payments: list[Row]
    postings: list[Row]
    events: list[Row]
    deliveries: dict[str, Row]

    def get(self, path: str, **query: Any) -> Any:
        found = {"/_sandbox/ic/payments": self.payments, "/_sandbox/tccs/payments": self.postings}.get(path, [])
        only = {name: query[name] for name in ("invoice_number", "payment_guid", "amount") if query.get(name)}
        rows = [row for row in found if all(row[name] == value for name, value in only.items())]
        events = [row for row in self.events if row["event"]["ach_reject"]["payment_guid"] == query.get("payment_guid")]
        empty = {"events": events, "postbacks": [], "schedules": [], "now": "2026-06-16T12:00:00+00:00"}
        return {**empty, "billers": [BILLER], "payments": rows}

    def maybe(self, path: str, **_: Any) -> Any:
        guid = path.rpartition("/")[2]
        if "/_pump/" in path:
            return self.deliveries.get(guid)
        return next((row for row in self.payments if row["payment_guid"] == guid), None) if "/ic/" in path else None


@given(payments, postings)
def test_which_posting_is_a_payments_is_the_same_without_the_rest(
    paid: list[tuple[str, str, str, str]], posted: list[tuple[str, str, int, bool]]
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
            "approved": state != "declined",
            "state": state,
            "paid_at": at,
            "recorded_at": at,
        }
        for number, (place, amount, state, _) in enumerate(paid)
    ]
    events = [
        {
            "seq": number,
            "state": "accepted",
            "problem": None,
            "event": {
                "id": f"r{number}",
                "kind": "ach_reject",
                "biller_guid": "tccs",
                "account_number": "1",
                "ach_reject": {"payment_guid": f"p{number}"},
            },
        }
        for number, (_, _, state, _) in enumerate(paid)
        if state == "returned"
    ]
    deliveries = {
        f"any:r{number}": {
            "event_id": f"r{number}",
            "kind": "ach_reject",
            "biller_guid": "tccs",
            "account_number": "1",
            "state": report,
            "message": "",
            "attempts": 1,
            "accepted_at": at,
            "event": {"occurred_at": at},
            "history": [],
            "notes": [],
        }
        for number, (_, _, state, report) in enumerate(paid)
        if state == "returned" and report != "pruned"
    }
    rows = [
        {
            "invoice_number": place,
            "number": number,
            "amount": amount,
            "payment_guid": f"p{of}" if of >= 0 else None,
            "posted_at": at,
            "returned_at": at if returned else None,
            "type": "",
            "request_id": "",
        }
        for number, (place, amount, of, returned) in enumerate(posted)
    ]
    rows.sort(key=lambda row: (row["invoice_number"], row["number"]))
    control = Books(taken, rows, events, deliveries)
    whole: LaneBooks | None = None
    for row in taken:
        near = read_payment(control, "any", row["payment_guid"])
        whole = whole or everything(control, near)
        found, all_found = (match(books).of.get(row["payment_guid"], ()) for books in (near, whole))
        assert list(found) == list(all_found)
        assert verdicts(near, row["payment_guid"]) == verdicts(whole, row["payment_guid"])


@given(st.lists(st.tuples(st.sampled_from(STATES[1:]), st.sampled_from(REPORTS), st.booleans()), max_size=5))
def test_as_many_of_equal_payments_came_back_as_were_reported(twins: list[tuple[str, str, bool]]) -> None:
    """Whichever were taken back: only what too few were is lost, and only what too many were is nobody's."""
    at = datetime(2026, 6, 16, 10, tzinfo=UTC)
    ten = Decimal("10.00")
    numbered = list(enumerate(twins))
    back = [number for number, (state, _, _) in numbered if state == "returned"]
    payments = tuple(
        Payment(f"p{number}", "tccs", "1", "A-1", ten, "ach", "none", True, False, state, f"IC{number}", at, at)
        for number, (state, _, _) in numbered
    )
    postings = tuple(
        Posting("tccs", "A-1", "A-1", f"p{number}", ten, "", str(number), returned=returned)
        for number, (_, _, returned) in numbered
    )
    events = tuple(Event(n, f"r{n}", "ach_reject", "tccs", "1", "accepted", "", f"p{n}") for n in back)
    deliveries = tuple(
        Delivery(f"r{n}", "ach_reject", "tccs", "1", twins[n][1], "", 1) for n in back if twins[n][1] != "pruned"
    )
    billers = {"tccs": biller_of(BILLER)}
    books = LaneBooks("any", at, billers, payments, events, deliveries, postings, (), (), {}, (), (), (), (), {}, {})
    taken_back = sum(returned for _, _, returned in twins)
    reported = [number for number in back if twins[number][1] == "delivered"]
    done = [one for one in audit(books).judged if one.kind == "return"]
    sure = [one for one in done if int(one.payment.guid[1:]) in reported]
    assert sum(one.verdict == "posted_once" for one in sure) == min(len(reported), taken_back)
    assert sum(one.verdict == "lost" for one in sure) == max(len(reported) - taken_back, 0)
    assert all(one.verdict == "posted_once" for one in audit(books).judged if one.kind == "payment")
    told = [number for number in back if twins[number][1] != "waiting"]
    orphans = [one for one in reconcile(books).findings if one.kind == "orphan_return"]
    assert len(orphans) <= max(taken_back - len(told), 0)


def verdicts(books: LaneBooks, guid: str) -> list[tuple[str, str, str]]:
    return [(one.kind, one.verdict, one.detail) for one in audit(books).of(guid)]


def everything(control: Books, books: LaneBooks) -> LaneBooks:
    """The same lane with all payments, postings and reports."""
    return replace(
        books,
        payments=tuple(map(payment_of, control.payments)),
        events=tuple(map(event_of, control.events)),
        deliveries=tuple(map(delivery_of, control.deliveries.values())),
        postings=tuple(map(policy_posting, control.postings)),
    )
