"""What is refused of a payment and of a bill before the books are asked: each field is named, with the rule."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from partnerlab.simulators.inhance_soap.domain.billing import Bill, check_bill
from partnerlab.simulators.inhance_soap.domain.errors import ValueInvalid
from partnerlab.simulators.inhance_soap.domain.payments import LONGEST, Payment, read_payment

HIDDEN = "A\u200b1"
"""With a blank of no width, which nobody sees [A-126]."""
DAY = date(2026, 3, 2)


def read(**changed: Any) -> Payment:
    given: dict[str, Any] = {
        "reference": "IC1",
        "document_number": "500001",
        "type": "ACH",
        "amount": Decimal("1.00"),
        "fee": Decimal("0.00"),
        "paid_at": datetime(2026, 3, 2, 9, 30),
        "zone": ZoneInfo("America/New_York"),
    }
    return read_payment(**{**given, **changed})


def test_a_payment_without_a_document_number_or_a_type_is_one() -> None:
    payment = read(document_number=None, type=None)
    assert (payment.document_number, payment.type) == ("", "")
    assert payment.paid_at == datetime(2026, 3, 2, 14, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("member", "field"),
    [("reference", "PaymentReference"), ("document_number", "DocumentNumber"), ("type", "PaymentTypeDesc")],
)
@pytest.mark.parametrize(
    ("value", "rule"), [(HIDDEN, "holds a character that nobody sees"), ("1" * (LONGEST + 1), "is longer than")]
)
def test_a_text_that_is_not_what_it_looks_like_or_too_long_is_refused(
    member: str, field: str, value: str, rule: str
) -> None:
    with pytest.raises(ValueInvalid, match=rule) as caught:
        read(**{member: value})
    assert caught.value.field == field
    read(**{member: "1" * LONGEST})


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"reference": " "}, "PaymentReference"),
        ({"amount": Decimal(0)}, "PaymentAmount"),
        ({"amount": Decimal("-0.01")}, "PaymentAmount"),
        ({"fee": Decimal("-0.01")}, "ConvenienceFee"),
        ({"paid_at": datetime(1, 1, 1)}, "PaymentDate"),
    ],
)
def test_what_no_payment_has_is_refused(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(ValueInvalid) as caught:
        read(**changed)
    assert caught.value.field == field


@pytest.mark.parametrize("number", ["", " ", HIDDEN, "1" * 51])
def test_a_bill_without_a_number_that_can_be_read_is_refused(number: str) -> None:
    with pytest.raises(ValueInvalid) as caught:
        check_bill(Bill(number, DAY, DAY, 100, 100))
    assert caught.value.field == "invoice_number"
    check_bill(Bill("1" * 50, DAY, DAY, 100, 100))
