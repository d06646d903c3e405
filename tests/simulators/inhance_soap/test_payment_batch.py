"""The rows of a payment that waits are those that the plain way writes."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from partnerlab.simulators.inhance_soap.domain.billing import Bill
from partnerlab.simulators.inhance_soap.domain.events import Cause, Event
from partnerlab.simulators.inhance_soap.domain.opened import Standing
from partnerlab.simulators.inhance_soap.domain.payments import Payment, PostedPayment
from partnerlab.simulators.inhance_soap.services.books import post
from partnerlab.simulators.inhance_soap.services.payment_batch import posting, record_of
from partnerlab.simulators.inhance_soap.store import EVENT_ROWS, PAYMENT_ROWS

NOON = datetime(2026, 3, 2, 12, 0, 0, 5, tzinfo=UTC)
DAY = date(2026, 3, 1)
ODD = 'a"b\\c\x01é—𝄞 '


class Written:
    """What `post` writes, as rows."""

    lane = "a"

    def __init__(self) -> None:
        self.rows: list[Any] = []

    def add_payment(self, posted: PostedPayment) -> None:
        self.rows.append(PAYMENT_ROWS.added(self.lane, posted))

    def save_open(self, bills: Any) -> None:
        self.rows.append(tuple(bills))

    def add_event(self, event: Event) -> None:
        self.rows.append(EVENT_ROWS.added(self.lane, event))

    def save_standing(self, standing: Standing) -> None:
        self.rows.append(standing.credit_cents)


def account(first: int | None, *bills: Bill) -> Standing:
    return Standing("1", "v2", 250, 3, 7, 0, first, list(bills))


@pytest.mark.parametrize("first", [None, 2])
@pytest.mark.parametrize(
    "bills",
    [
        (),
        (Bill("b1", DAY, DAY, 12_345, 12_345),),
        (Bill(ODD, DAY, DAY, 100, 90), Bill("b0", DAY, date(2026, 2, 1), 70, 70), Bill("b2", DAY, DAY, 9, 0)),
        (Bill("b3", date(2026, 4, 1), DAY, 100, 100),),
    ],
)
@pytest.mark.parametrize("text", ["p-1", ODD])
def test_they_are_what_the_plain_way_writes(text: str, bills: tuple[Bill, ...], first: int | None) -> None:
    payment = Payment(text, text, text, 1_005, 7, datetime(2026, 1, 31, 12, tzinfo=UTC))
    cause, plain = Cause("r-1", NOON, NOON.date()), Written()
    post(plain, account(first, *bills), payment, cause)  # type: ignore[arg-type]
    made = posting("a", account(first, *bills), payment, cause)
    assert [made.payment, made.bills, made.event, made.credit_cents] == plain.rows
    assert json.loads(record_of(made.payment)) == list(made.payment)
    assert record_of(made.payment) == json.dumps(made.payment).encode()
