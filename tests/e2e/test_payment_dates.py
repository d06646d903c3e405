"""When a payment was paid means the same to who writes it and who reads it, on every wire that tells it."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from partnerlab.client.invoice_cloud.postback import _date_time as read_postback_date
from partnerlab.client.wire.values import parse_date_time, render_date_time
from partnerlab.simulators.ic_webservices.domain.postbacks import payment_date
from partnerlab.simulators.ic_webservices.services.exports import local_moment
from partnerlab.simulators.inhance_soap.domain.payments import read_payment

ZONES = ("America/New_York", "America/Los_Angeles", "America/Phoenix", "UTC")
MOMENTS = (
    "2026-01-15T17:30:00",
    "2026-07-15T17:30:00",
    "2026-01-01T04:59:59",  # the last second of the year in New York
    "2026-03-08T06:59:59",  # the second before its clocks go forward
    "2026-03-08T07:00:00",
    "2026-11-01T05:30:00",  # half past one there, for the first time
    "2026-06-16T00:00:00",
    "2026-06-16T12:00:00",
)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("moment", MOMENTS)
def test_the_utility_reads_the_payment_date_that_the_client_sends_as_the_same_moment(moment: str, zone: str) -> None:
    paid_at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    sent = render_date_time("PaymentDate", paid_at.astimezone(ZoneInfo(zone)))
    payment = read_payment(
        reference="IC1",
        document_number="1",
        type="ACH",
        amount=Decimal(1),
        fee=Decimal(0),
        paid_at=datetime.fromisoformat(sent),
        zone=ZoneInfo(zone),
    )
    assert payment.paid_at == paid_at


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("moment", MOMENTS)
def test_postbacks_and_downloads_tell_the_billers_wall_clock(moment: str, zone: str) -> None:
    kept = f"{moment}+00:00"
    wall_clock = datetime.fromisoformat(kept).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    assert read_postback_date(payment_date(kept, ZoneInfo(zone))) == wall_clock
    assert parse_date_time(local_moment(kept, ZoneInfo(zone)).isoformat()) == wall_clock


def test_an_hour_that_comes_twice_is_read_as_the_first() -> None:
    """The wall clock does not say which of the two it was; the day is right in both."""
    second = datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
    sent = render_date_time("PaymentDate", second.astimezone(ZoneInfo("America/New_York")))
    read = datetime.fromisoformat(sent).replace(tzinfo=ZoneInfo("America/New_York")).astimezone(UTC)
    assert (second - read).total_seconds() == 3600
