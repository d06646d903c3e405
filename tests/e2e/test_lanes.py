"""Many clients on many lanes, over real connections."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from decimal import Decimal

from partnerlab.both_sides import InHanceSides
from partnerlab.client.inhance import InHanceClient
from partnerlab.sandbox import Sandbox

KEY = "11111111-1111-4111-8111-111111111111"


def pay(url: str, account: str, reference: str, amount: Decimal) -> None:
    with InHanceClient(url, KEY) as client:
        client.make_payment(
            account_number=account,
            payment_date=datetime(2026, 1, 31, 12),
            payment_reference=reference,
            document_number="500001",
            payment_type_desc="ACH",
            amount=amount,
        )


def test_a_hundred_clients_on_a_hundred_lanes_do_not_see_each_other(sandbox: Sandbox, lane: str) -> None:
    def one(number: int) -> Decimal:
        url = f"{sandbox.url}/lane/{lane[:50]}-{number}/iCloud/iCloud.asmx"
        pay(url, "10000101", f"R-{number}", Decimal(number).scaleb(-2))
        with InHanceClient(url, KEY) as client:
            return client.balance_check("10000101", 500001).balance

    with ThreadPoolExecutor(100) as pool:
        balances = list(pool.map(one, range(1, 101)))
    assert balances == [Decimal("125.50") - Decimal(number).scaleb(-2) for number in range(1, 101)]


def test_thirty_two_threads_on_one_account_lose_no_update(sides: InHanceSides) -> None:
    with ThreadPoolExecutor(32) as pool:
        list(
            pool.map(
                lambda number: pay(f"{sides.url}/iCloud/iCloud.asmx", "10000101", f"R-{number}", Decimal("0.10")),
                range(320),
            )
        )
    assert sides.balance("10000101") == Decimal("125.50") - 32
    assert len(sides.account("10000101")["payments"]) == 320


def test_today_is_the_billers_day_and_not_the_one_that_utc_already_has(sides: InHanceSides) -> None:
    # 22:30 in New York. A bill of the next day is in no Balance yet, so a demo of UTC's day found that nothing is due.
    sides.control.put("/_sandbox/clock", {"now": "2026-12-01T03:30:00+00:00"})
    assert (sides.now().date(), sides.today()) == (date(2026, 12, 1), date(2026, 11, 30))
