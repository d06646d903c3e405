"""Which payment a posting in a partner's books is, where the partner was told a key, where not, and for twins."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from partnerlab.auditing.matching import match
from partnerlab.auditing.records import LaneBooks
from tests.partnerlab.auditing.by_hand import PAID_AT, books, delivery, event, payment, posting


def numbers(held: LaneBooks) -> tuple[dict[str, list[str]], list[str]]:
    """The postings' numbers by payment, and of those that are nobody's."""
    matched = match(held)
    found = {guid: [one.number for one in postings] for guid, postings in matched.of.items()}
    return found, [one.number for one in matched.orphans]


def test_a_key_names_the_payment_of_its_partner() -> None:
    held = books(
        payment("inhance_v2", 1),
        payment("tccs", 2),
        postings=(
            posting("inhance_v2", 1, place="A9", amount=Decimal(1)),
            posting("tccs", 2),
            posting("tccs", 3),
            posting("inhance_v2", 4, key="00000002"),
            posting("tccs", 5, key="guid-2", state="declined"),
        ),
    )
    assert numbers(held) == ({"guid-1": ["P1"], "guid-2": ["P2"]}, ["P4", "P3"])


def unnamed(number: int, place: str, cents: int) -> Any:
    return posting("tccs", number, key="", place=place, amount=Decimal(cents) / 100)


@pytest.mark.parametrize(
    ("postings", "found", "orphans"),
    [
        ([unnamed(1, "I2", 2000), unnamed(2, "I1", 1000)], {"guid-2": ["P1"], "guid-1": ["P2"]}, []),
        ([unnamed(1, "I1", 1000)] * 2, {"guid-1": ["P1", "P1"]}, []),
        ([unnamed(1, "I1", 999), unnamed(2, "I1", 1000)], {"guid-1": ["P2"]}, ["P1"]),
        ([unnamed(1, "I1", 999)], {"guid-1": ["P1"]}, []),
        ([unnamed(1, "I9", 2000)], {"guid-2": ["P1"]}, []),
        ([unnamed(1, "I2", 1000)], {"guid-2": ["P1"]}, []),
        ([unnamed(1, "I2", 1000), unnamed(2, "I2", 2000)], {"guid-2": ["P2"], "guid-1": ["P1"]}, []),
        ([unnamed(1, "I1", 1000), unnamed(2, "I9", 1000)], {"guid-1": ["P1"]}, ["P2"]),
        ([unnamed(1, "I4", 500), unnamed(2, "I4", 500)], {"guid-4": ["P1"], "guid-5": ["P2"]}, []),
        ([unnamed(1, "I9", 999)], {}, ["P1"]),
        ([unnamed(1, "I3", 3000)], {}, ["P1"]),
    ],
)  # fmt: skip
def test_without_a_key_place_and_amount_tell(
    postings: list[Any], found: dict[str, list[str]], orphans: list[str]
) -> None:
    """The best fit first; a second of the same place and amount is the same payment a second time."""
    held = books(
        payment("tccs", 1, invoice="I1"),
        payment("tccs", 2, invoice="I2", amount=Decimal("20.00")),
        payment("tccs", 3, invoice="I3", amount=Decimal("30.00"), approved=False, state="declined"),
        payment("tccs", 4, invoice="I4", amount=Decimal("5.00")),
        payment("tccs", 5, invoice="I4", amount=Decimal("5.00")),
        postings=tuple(postings),
    )
    assert numbers(held) == (found, orphans)


# --- twins: payments of one invoice, amount and day, which a report of a return cannot tell apart ---


def twins(back: dict[int, str], taken_back: set[int], **changed: Any) -> dict[str, list[str]]:
    """
    What is matched to three payments of one day, of which those of *taken_back* are so in the partner's books.

    *back* are those that came back, with the state of the delivery of it; empty for one that was pruned.
    """
    held = books(
        *(payment("tccs", number, state="returned" if number in back else "settled") for number in (1, 2, 3)),
        events=tuple(event(kind="ach_reject", number=number) for number in back),
        deliveries=tuple(delivery(state, kind="ach_reject", number=number) for number, state in back.items() if state),
        postings=tuple(posting("tccs", number, returned=number in taken_back, **changed) for number in (1, 2, 3)),
    )
    return numbers(held)[0]


@pytest.mark.parametrize(
    ("back", "taken_back", "swapped"),
    [
        ({1: "delivered"}, {1}, {}),
        ({1: "delivered"}, {2}, {1: 2}),
        ({1: "delivered"}, {3}, {1: 3}),
        ({1: "delivered", 2: "delivered"}, {2, 3}, {1: 3}),
        ({1: "delivered", 2: "delivered"}, {2}, {}),
        ({1: "delivered"}, {2, 3}, {1: 2}),
        ({1: "unknown", 2: "delivered"}, {3}, {2: 3}),
        ({1: "delivered", 2: "unknown"}, {2, 3}, {1: 3}),
        ({1: "delivered", 2: "unknown"}, {2}, {1: 2}),
        ({1: "delivered", 2: "not_understood"}, {2}, {1: 2}),
        ({1: "delivered", 2: ""}, {2}, {1: 2}),
        ({1: "unknown", 2: "delivered"}, {2}, {}),
        ({1: "unknown"}, {2}, {1: 2}),
        ({1: "waiting"}, {2}, {}),
        ({1: "dead"}, {2}, {}),
        ({}, {2}, {}),
        ({1: "delivered"}, set(), {}),
    ],
)
def test_the_twin_has_the_return_that_was_reported(
    back: dict[int, str], taken_back: set[int], swapped: dict[int, int]
) -> None:
    swap = {**swapped, **{other: one for one, other in swapped.items()}}
    assert twins(back, taken_back) == {f"guid-{one}": [f"P{swap.get(one, one)}"] for one in (1, 2, 3)}


def test_a_twin_that_was_taken_back_twice_gives_one_of_them_away() -> None:
    held = books(
        *(payment("tccs", number, state="returned") for number in (1, 2)),
        events=tuple(event(kind="ach_reject", number=number) for number in (1, 2)),
        deliveries=tuple(delivery("delivered", kind="ach_reject", number=number) for number in (1, 2)),
        postings=(
            posting("tccs", 1),
            posting("tccs", 2, returned=True),
            posting("tccs", 3, key="guid-2", returned=True),
        ),
    )
    assert numbers(held)[0] == {"guid-1": ["P3"], "guid-2": ["P2", "P1"]}


@pytest.mark.parametrize("changed", [{"type": "CC"}, {"amount": Decimal(9)}, {"place": "I9"}])
def test_what_a_report_does_not_fit_stays_where_it_is(changed: dict[str, Any]) -> None:
    assert twins({1: "delivered"}, {2}, **changed)["guid-1"] == ["P1"]


@pytest.mark.parametrize(
    ("changed", "are_twins"),
    [
        ({"paid_at": PAID_AT + timedelta(hours=19)}, True),  # 23:00 in Los Angeles
        ({"paid_at": PAID_AT + timedelta(hours=20)}, False),
        ({"amount": Decimal(11)}, False),
        ({"invoice": "I2"}, False),
    ],
)
def test_twins_have_invoice_amount_and_the_billers_day_in_common(changed: dict[str, Any], are_twins: bool) -> None:
    other = payment("tccs", 2, **changed)
    held = books(
        payment("tccs", 1, state="returned"),
        other,
        events=(event(kind="ach_reject"),),
        deliveries=(delivery("delivered", kind="ach_reject"),),
        postings=(posting("tccs"), posting("tccs", 2, place=other.invoice, amount=other.amount, returned=True)),
    )
    assert numbers(held)[0]["guid-1"] == (["P2"] if are_twins else ["P1"])
