"""Each kind of difference between the books of a lane, on plain records: what is found, and what is none."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from partnerlab.auditing.comparing import Reconciliation, Total, reconcile
from partnerlab.auditing.differences import Difference
from partnerlab.auditing.records import Checkout, LaneBooks, Postback, Schedule
from tests.partnerlab.auditing.by_hand import (
    AMOUNT,
    balance,
    books,
    delivery,
    event,
    payment,
    posting,
    row,
)

WATER = "watersmart"


def found(held: LaneBooks, *kinds: str) -> list[tuple[str, str, str, str, str]]:
    """The differences of these kinds: kind, partner, subject, amount, detail."""
    return [
        (one.kind, one.partner, one.subject, str(one.amount), one.detail)
        for one in reconcile(held).differences
        if one.kind in kinds
    ]


def told(number: int = 1, **changed: Any) -> Postback:
    values: dict[str, Any] = {
        "id": f"B{number}",
        "payment_guid": f"guid-{number}",
        "state": "delivered",
        "amount": "10.00",
        "approved": "True",
        "attempts": 1,
        "reason": "",
    }
    return Postback(**{**values, **changed})


def page(*guids: str, posts_back: bool = True) -> Checkout:
    return Checkout("page-0123456789abc", "inhance_v2", "paid", guids, posts_back)


def planned(number: int = 1, **changed: Any) -> Schedule:
    values: dict[str, Any] = {
        "id": f"S{number}",
        "kind": "payment",
        "biller_guid": "inhance_v2",
        "account": "A1",
        "invoice": "I1",
        "amount": AMOUNT,
        "state": "paid",
        "payment_guid": f"guid-{number}",
    }
    return Schedule(**{**values, **changed})


def in_files(*numbers: int) -> dict[str, Any]:
    """Payments that stand in a file, which was fetched, and in WaterSmart's books."""
    return {
        "rows": tuple(row(number=number) for number in numbers),
        "postings": tuple(posting(WATER, number) for number in numbers),
        "counted": {(WATER, "payments.csv"): len(numbers)},
    }


def test_books_that_agree_have_no_difference_and_say_what_was_compared() -> None:
    held = books(
        payment(WATER),
        payment(WATER, 2),
        **in_files(1, 2),
        postbacks=(told(), told(2)),
        schedules=(planned(), planned(2), planned(3, state="waiting", payment_guid="")),
        balances=(balance(WATER, "5.00", "5.00"),),
        deliveries=(delivery("delivered"), delivery("skipped"), delivery("skipped"), delivery("skipped")),
    )
    result = reconcile(held)
    assert [one for one in result.differences if one.kind != "payment"] == []
    assert dict(result.compared) == {
        "payments": 2,
        "deliveries": 4,
        "postings": 2,
        "file_rows": 2,
        "postbacks": 2,
        "schedules": 3,
        "accounts": 1,
    }
    assert (result.lane, result.at) == (held.lane, held.at)


def test_only_what_is_to_be_mended_is_a_finding() -> None:
    kinds = ("explained", "cents_off", "row_wrong")
    differences = tuple(Difference(kind, WATER, "", Decimal(0), "") for kind in kinds)
    result = Reconciliation("default", books().at, (), differences, {})
    assert [one.kind for one in result.findings] == ["cents_off", "row_wrong"]


def test_totals_are_of_what_belongs_to_a_partner_and_stands() -> None:
    held = books(
        payment(),
        payment(number=2, state="returned"),
        payment(number=3, approved=False, state="declined"),
        payment(number=4, donation="inline"),
        payment("tccs", 5),
        postings=(
            posting(),
            posting(number=2, returned=True),
            posting("inhance_v2", 3, state="unmatched"),
            posting("inhance_v1", 9, amount=Decimal("7.00")),
        ),
    )
    assert set(reconcile(held).totals) == {
        Total("inhance_v2", Decimal("10.00"), Decimal("10.00")),
        Total("inhance_v1", Decimal(0), Decimal("7.00")),
        Total("tccs", Decimal("10.00"), Decimal(0)),
    }


def test_of_a_payment_what_was_posted_beside_what_was_taken_is_told() -> None:
    lost = books(payment(), events=(event(),), deliveries=(delivery("delivered"),))
    assert [(one[1], one[2], one[3]) for one in found(lost, "payment")] == [("inhance_v2", "00000001", "-10.00")]
    twice = books(
        payment(),
        events=(event(),),
        deliveries=(delivery("delivered"),),
        postings=(posting(), posting(), posting(returned=True)),
    )
    assert [one[3] for one in found(twice, "payment")] == ["10.00"]
    declined = books(payment(approved=False, state="declined"), postings=(posting(),))
    assert [one[3] for one in found(declined, "payment")] == ["10.00"]
    returned = books(
        payment(state="returned"),
        events=(event(),),
        deliveries=(delivery("delivered"),),
        postings=(posting(), posting()),
    )
    assert {one[3] for one in found(returned, "payment")} == {"20.00"}


def test_a_posting_that_is_no_payments_is_an_orphan_by_its_key_or_without_one() -> None:
    held = books(
        payment("tccs"),
        postings=(
            posting("tccs"),
            posting("tccs", 8, at="noon"),
            posting("tccs", 9, key="", at="one", place="I9", amount=Decimal("3.00")),
        ),
    )
    assert found(held, "orphan_posting") == [
        ("orphan_posting", "tccs", "P8", "10.00", "10.00 of noon names guid-8, which Invoice Cloud did not take"),
        (
            "orphan_posting",
            "tccs",
            "P9",
            "3.00",
            "3.00 of one names no payment, and none of its amount and place Invoice Cloud did not take",
        ),
    ]


def test_what_a_partner_took_back_and_stands_here_is_an_orphan() -> None:
    for state, orphans in (("settled", 1), ("returned", 0)):
        held = books(payment(WATER, state=state), postings=(posting(WATER, returned=True),))
        detail = f"taken back, and payment 00000001 is {state} at Invoice Cloud"
        assert found(held, "orphan_return") == [("orphan_return", WATER, "P1", "10.00", detail)] * orphans
    standing = books(payment(WATER), postings=(posting(WATER),))
    assert found(standing, "orphan_return") == []


# --- files ---


def test_a_file_has_the_rows_that_were_written() -> None:
    held = books(payment(WATER), **{**in_files(1), "counted": {(WATER, "payments.csv"): 2, (WATER, "gone.csv"): 1}})
    assert found(held, "file_short") == [
        ("file_short", WATER, "payments.csv", "0", "2 rows were written, 1 can be read"),
        ("file_short", WATER, "gone.csv", "0", "1 rows were written, 0 can be read"),
    ]


@pytest.mark.parametrize("kind", ["payments", "rejects"])
def test_a_row_is_of_a_payment_with_its_amount_and_account(kind: str) -> None:
    held = books(
        payment(WATER),
        payment(WATER, 2, account="A1CV-20260616"),
        payment(WATER, 3, account=" A3"),
        rows=(
            row(kind),
            row(kind, 8),
            replace(row(kind), amount=Decimal("10.01"), line=8),
            replace(row(kind), account="A2", line=9),
            replace(row(kind), account="", line=10),  # left out
            replace(row(kind), account=" A1", line=11),  # as a formula is made harmless
            row(kind, 2),  # written before the account was conveyed
            replace(row(kind, 3), account="A3", line=12),
        ),
    )
    key = "guid-8" if kind == "payments" else "00000008"
    assert found(held, "orphan_row", "row_wrong") == [
        ("orphan_row", WATER, f"{kind}.csv, line 7", "10.00", f"Invoice Cloud has no payment {key}"),
        ("row_wrong", WATER, f"{kind}.csv, line 8", "0.01", "10.01 in place of 10.00 of 00000001"),
        ("row_wrong", WATER, f"{kind}.csv, line 9", "0", "account A2 in place of A1 of 00000001"),
    ]


def test_a_payment_stands_once_in_the_files_of_its_kind() -> None:
    twice = (row(), replace(row(), file="second.csv", line=3), row("rejects"))
    held = books(payment(WATER, state="returned"), rows=twice, postings=(posting(WATER, returned=True),))
    assert found(held, "row_twice") == [
        ("row_twice", WATER, "guid-1", "0", "payments: payments.csv, line 7; second.csv, line 3")
    ]


def test_a_payment_is_missing_where_a_later_one_is_in_a_file() -> None:
    four = [payment(WATER, number) for number in (1, 2, 3, 4)]
    others = [
        payment(WATER, 5, donation="inline"),
        payment(number=6, reference="00000002"),
        payment(WATER, 7, approved=False),
    ]
    missing = ("row_missing", WATER, "00000001", "10.00", "later payments are in a payment file, and it is in none")
    held = books(*four, *others, **in_files(2, 3))
    assert found(held, "row_missing") == [missing], "the fourth may be in the next"
    assert found(replace(held, first_export=2), "row_missing") == [], "its file may have been pruned"
    hole = books(*four, **in_files(1, 3))
    for first in (1, 2):
        assert [one[2] for one in found(replace(hole, first_export=first), "row_missing")] == ["00000002"]
    assert found(books(*four), "row_missing") == []
    assert found(books(*four, rows=(row("rejects", 3),)), "row_missing") == [], "a reject is no payment's row"


def test_a_batch_that_was_fetched_is_in_the_partners_books() -> None:
    three = [payment(WATER, number) for number in (1, 2, 3)]
    rows = tuple(row(number=number) for number in (1, 2, 3))
    nothing, some = books(*three, rows=rows), books(*three, rows=rows, postings=(posting(WATER, 2),))
    assert found(nothing, "batch_missing", "batch_short") == [
        ("batch_missing", WATER, "batch 1 of payments", "30.00", "none of its 3 rows is in the books of WaterSmart")
    ]
    assert found(some, "batch_missing", "batch_short") == [
        ("batch_short", WATER, "batch 1 of payments", "20.00", "2 of its 3 rows are not in the books of WaterSmart")
    ]
    whole = books(*three, **in_files(1, 2, 3))
    unfetched = books(*three, rows=tuple(replace(one, fetched=False) for one in rows))
    rejected = books(*three, rows=(row("rejects", 1),), rejects={"00000001": False})
    other = books(*three, rows=rows[:1], postings=(replace(posting(WATER), partner="tccs"),))
    for held, kinds in ((whole, []), (unfetched, []), (rejected, []), (other, ["batch_missing"])):
        assert [one[0] for one in found(held, "batch_missing", "batch_short")] == kinds
    apart = books(*three, rows=(rows[0], replace(rows[1], report_id=2)), postings=(posting(WATER, 1),))
    assert [one[2] for one in found(apart, "batch_missing", "batch_short")] == ["batch 2 of payments"]


# --- postbacks ---

POSTBACKS = ("orphan_postback", "postback_missing", "postback_twice", "postback_wrong")


@pytest.mark.parametrize(
    ("postback", "difference"),
    [
        (told(), None),
        (told(state="waiting", attempts=3, reason="503"), None),
        (told(8), ("orphan_postback", "", "postback B8", "10.00", "Invoice Cloud has no payment guid-8")),
        (told(8, amount=""), ("orphan_postback", "", "postback B8", "0", "Invoice Cloud has no payment guid-8")),
        (
            told(state="gave_up", attempts=10, reason="404"),
            ("postback_missing", "inhance_v2", "00000001", "10.00", "given up after 10 attempts: 404"),
        ),
        (
            told(amount="10.01"),
            (
                "postback_wrong",
                "inhance_v2",
                "00000001",
                "10.00",
                "says 10.01, Approved=True; the payment is 10.00 and accepted",
            ),
        ),
        (
            told(approved="False"),
            (
                "postback_wrong",
                "inhance_v2",
                "00000001",
                "10.00",
                "says 10.00, Approved=False; the payment is 10.00 and accepted",
            ),
        ),
    ],
)
def test_a_postback_says_what_the_payment_is(postback: Postback, difference: tuple[str, ...] | None) -> None:
    assert found(books(payment(), postbacks=(postback,)), *POSTBACKS) == ([difference] if difference else [])


def test_a_declined_payment_is_told_as_declined() -> None:
    declined = payment(approved=False, state="declined")
    assert found(books(declined, postbacks=(told(approved="False"),)), *POSTBACKS) == []
    assert [one[0] for one in found(books(declined, postbacks=(told(),)), *POSTBACKS)] == ["postback_wrong"]


def test_two_postbacks_of_one_payment_are_told_once() -> None:
    held = books(payment(), postbacks=(told(), told(id="B2"), told(8), told(8, id="B9")))
    assert found(held, "postback_twice") == [("postback_twice", "inhance_v2", "00000001", "10.00", "2 postbacks")]


def test_a_page_with_a_postback_address_has_told_of_each_payment() -> None:
    declined = payment(number=2, approved=False, state="declined")
    held = books(payment(), declined, payment(number=3), postbacks=(told(3),))
    with_page = replace(held, checkouts=(page("guid-1", "guid-2", "guid-3", "guid-9"),))
    detail = "page page-0123456 has a PostBackURL, and no postback was written"
    assert found(with_page, "postback_missing") == [
        ("postback_missing", "inhance_v2", "00000001", "10.00", detail),
        ("postback_missing", "inhance_v2", "00000002", "10.00", detail),
    ]
    quiet = {**held.billers, "inhance_v2": replace(held.billers["inhance_v2"], declined_postbacks=False)}
    assert [one[2] for one in found(replace(with_page, billers=quiet), "postback_missing")] == ["00000001"]
    assert found(replace(held, checkouts=(page("guid-1", posts_back=False),)), "postback_missing") == []


# --- schedules ---


@pytest.mark.parametrize(
    ("schedule", "problem"),
    [
        (planned(), ""),
        (planned(amount=None), ""),
        (planned(state="skipped", payment_guid=""), ""),
        (planned(amount=Decimal("10.01")), ""),
        (planned(9), "it is paid, and there is no payment of it"),
        (planned(9, state="waiting"), ""),
        (planned(2), "it is paid, and its payment was declined"),
        (planned(2, state="failed"), ""),
        (planned(amount=Decimal("9.99")), "9.99 was scheduled and 10.00 taken"),
    ],
)
def test_a_schedule_and_its_payment_fit_together(schedule: Schedule, problem: str) -> None:
    held = books(payment(), payment(number=2, approved=False, state="declined"), schedules=(schedule,))
    subject = f"scheduled payment {schedule.id} of account A1"
    amount = str(schedule.amount or 0)
    expected = [("schedule_wrong", "inhance_v2", subject, amount, problem)] if problem else []
    assert found(held, "schedule_wrong") == expected


def test_one_payment_is_of_one_schedule() -> None:
    held = books(payment(), schedules=(planned(), planned(2, payment_guid="guid-1", kind="autopay", amount=None)))
    assert [(one[2], one[3], one[4]) for one in found(held, "schedule_wrong")] == [
        ("scheduled payment S1 of account A1", "10.00", "payment guid-1 is of 2 schedules"),
        ("AutoPay S2 of account A1", "0", "payment guid-1 is of 2 schedules"),
    ]
