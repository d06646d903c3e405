"""Whatever is wrong with a payment is found, at every partner, and nothing is found where nothing is wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from partnerlab.auditing import audit, reconcile
from partnerlab.auditing.judging import FINDINGS, POSTED_ONCE
from partnerlab.auditing.records import LaneBooks
from partnerlab.sandbox import Sandbox
from partnerlab.settings import SandboxSettings
from tests.partnerlab.auditing.plants import PLANTS, RETURNS, Plant
from tests.partnerlab.auditing.town import Account, Row, Town, taken_apart

EACH = 4
OFF = ("cents_off", "off_by_finding")
OF_FILES = ("file_short", "batch_short")
"""Found of a whole file or batch, however many of its rows are wrong."""
OPERATIONS = {"inhance_v2": "MakePaymentExtended", "tccs": "Pay_Input", "tccs_1": "Pay_Input"}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxSettings(port=0), in_process=True) as running:
        yield running


def planted(town: Town) -> list[tuple[Plant, Account, Row]]:
    """Every plant of the partner, several times; before the rows are changed, only what faults did is found."""
    if town.partner == "inhance_v1":
        town.control.patch("/_sandbox/inhance/v1", {"payments": "live"})
    operation, plants = OPERATIONS.get(town.plants, ""), PLANTS[town.plants]
    done = [
        (plant, account, town.pay(account, fault=plant.fault, operation=operation, **dict(plant.order)))
        for plant, accounts in zip(plants, taken_apart(town, plants), strict=True)
        for account in accounts
    ]
    town.advance(days=8)  # files go, jobs run, payments settle and come back
    books = town.books()
    wrong = {payment["reference"] for plant, _, payment in done if plant.fault and plant.verdict}
    assert {one.payment.reference for one in audit(books).findings} == wrong
    assert {one.subject for one in reconcile(books).findings if one.kind not in OFF} == wrong
    for plant, account, payment in done:
        if plant.after is not None:
            assert plant.after(town, account, payment), plant.name
    return done


@pytest.mark.parametrize("partner", PLANTS)
def test_what_is_planted_is_found_and_nothing_else(sandbox: Sandbox, partner: str) -> None:
    town = Town(sandbox, partner, f"planted-{partner}", accounts=EACH * len(PLANTS[partner]))
    try:
        done = planted(town)
        books = town.books()
    finally:
        town.close()
    audited(books, done)
    reconciled(books, done)


def audited(books: LaneBooks, done: list[tuple[Plant, Account, Row]]) -> None:
    """The audit's verdicts are those of the plants."""
    found = {(one.kind, one.payment.reference): one.verdict for one in audit(books).judged}
    for plant, _, payment in done:
        verdict = found.pop(("payment", payment["reference"]))
        if plant.verdict:
            assert verdict == plant.verdict, plant.name
        elif payment["approved"] and plant.name != "dismissed":
            assert verdict == POSTED_ONCE, plant.name
        else:
            assert verdict not in FINDINGS, plant.name
        if plant.returned:
            assert found.pop(("return", payment["reference"])) == plant.returned, plant.name
    assert not found


def reconciled(books: LaneBooks, done: list[tuple[Plant, Account, Row]]) -> None:
    """The reconciliation has the audit's findings and its own, and is cents off only where something was planted."""
    differences = reconcile(books).findings
    of_payments = [one.subject for one in differences if one.kind == "payment"]
    returns = [f"return of {payment['reference']}" for plant, _, payment in done if plant.returned in FINDINGS]
    assert sorted(of_payments) == sorted([*(row["reference"] for plant, _, row in done if plant.verdict), *returns])
    own = Counter(one.kind for one in differences if one.kind not in ("payment", *OFF, *OF_FILES))
    assert own == Counter(kind for plant, _, _ in done for kind in plant.kind.split() if kind != "cents_off")
    assert {one.kind for one in differences} >= (set(OF_FILES) if books.rows else set())
    off = {one.subject for one in differences if one.kind in OFF}
    concerned = [(plant, {account.number, account.invoice}) for plant, account, _ in done if is_wrong(plant)]
    assert off <= set().union(*(places for _, places in concerned))
    assert all(off & places for plant, places in concerned if plant.kind == "cents_off")


def is_wrong(plant: Plant) -> bool:
    """Whether something must be found of it."""
    return bool(plant.verdict or plant.kind or plant.returned in FINDINGS)


def test_two_hundred_are_planted() -> None:
    wrong = [plant for plants in PLANTS.values() for plant in plants if is_wrong(plant)]
    assert len(wrong) * EACH >= 200


# --- holes in files on their way, as the catalogue's faults make them ---

HOLES = {
    ("ICPayments", "line-missing"): {"payment": 1, "batch_short": 1},
    ("ICPayments", "batch-missing"): {"payment": 4, "batch_missing": 1},
    ("ICPayments", "line-twice"): {},
    ("ICPayments", "batch-twice"): {},
    ("ICRejects", "line-missing"): {"payment": 1, "batch_short": 1},
    ("ICRejects", "batch-missing"): {"payment": 2, "batch_missing": 1},
    ("ICRejects", "line-twice"): {},
    ("ICRejects", "batch-twice"): {},
}
"""What is found of four payments, of which two come back. What arrives twice WaterSmart knows by its PaymentGUID."""


@pytest.mark.parametrize(("operation", "fault"), HOLES)
def test_a_hole_in_a_file_is_found(sandbox: Sandbox, operation: str, fault: str) -> None:
    town = Town(sandbox, "watersmart", f"hole-{operation}-{fault}", accounts=4)
    try:
        for number, account in enumerate(town.accounts):
            town.pay(account, **(dict(RETURNS) if number < 2 else {}))
        sandbox.faults.add(town.lane, fault, operation=operation, count=1)
        town.advance(days=8)
        books = town.books()
    finally:
        town.close()
    found = Counter(one.kind for one in reconcile(books).findings if one.kind not in OFF)
    assert found == Counter(HOLES[operation, fault])


@pytest.mark.parametrize(
    ("partner", "fault", "lost"),
    [
        ("watersmart", "line-missing", 1),
        *((partner, "batch-missing", 3) for partner in ("watersmart", "inhance_v1", "inhance_v2", "tccs")),
        *((partner, "batch-twice", 0) for partner in ("watersmart", "inhance_v1", "inhance_v2", "tccs")),
    ],
)
def test_a_bill_that_was_lost_on_its_way_is_seen_in_what_is_owed(
    sandbox: Sandbox, partner: str, fault: str, lost: int
) -> None:
    with_hole = Town(sandbox, partner, f"hole-upload-{partner}-{fault}", accounts=3, fault=fault)
    try:
        places = {place for one in with_hole.accounts for place in (one.number, one.invoice)}
        found = [one for one in reconcile(with_hole.books()).differences if one.subject in places]
    finally:
        with_hole.close()
    assert [one.kind for one in found] == ["off_by_finding"] * lost
    assert all("is not at Invoice Cloud, and went out in " in one.detail for one in found)


@pytest.mark.parametrize(
    ("fault", "lost"), [("line-missing", 1), ("line-twice", 0), ("batch-missing", 0), ("batch-twice", 0)]
)
def test_a_hole_in_what_v1_downloads_is_found(sandbox: Sandbox, fault: str, lost: int) -> None:
    """A payment a line; a list that is missing is asked for again."""
    town = Town(sandbox, "inhance_v1", f"hole-download-{fault}", accounts=4)
    try:
        town.control.patch("/_sandbox/inhance/v1", {"payments": "live"})
        for account in town.accounts:
            town.pay(account)
        sandbox.faults.add(town.lane, fault, operation="ExportPayments", count=1)
        town.advance(days=1)
        found = [one.verdict for one in audit(town.books()).findings]
    finally:
        town.close()
    assert found == ["lost"] * lost


def test_a_bill_that_is_not_sent_yet_counts_whole_whatever_credit_it_met(sandbox: Sandbox) -> None:
    """Invoice Cloud knows one of two donations; the credit of both lowers the partner's next bill."""
    town = Town(sandbox, "inhance_v2", "donations", accounts=1)
    try:
        (account,) = town.accounts
        town.pay(account)
        for looks in (True, False):
            gift = {"account_number": account.number, "amount": "5.00", "donation": "standalone"}
            card = {"tender": "credit_card", "card_number": "4111111111111111"}
            town.control.post("/_sandbox/ic/payments", {**gift, **card, "biller_guid": town.biller["guid"]})
            sandbox.settle(town.lane)
            if looks:
                town.control.post(f"/_sandbox/ic/invoices/{account.invoice}/open", {"biller_guid": town.biller["guid"]})
        bill = {"invoice_number": "6700001", "amount": "247.13"}
        town.control.post(f"/_sandbox/inhance/accounts/{account.number}/bills", bill)
        found = [one for one in reconcile(town.books()).differences if one.subject == account.number]
        town.advance(days=1)
        sent = [one for one in reconcile(town.books()).differences if one.subject == account.number]
    finally:
        town.close()
    (missing,) = found
    assert missing.kind == "explained"
    assert "bill 6700001 is not at Invoice Cloud" in missing.detail
    assert sent == [], "the file has the credit of both in it"
