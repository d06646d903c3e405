"""Which number the partner was told a payment with decides what it has apart, and no time does [A-97, A-125]."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from partnerlab.simulators.ic_webservices import Settings
from tests.simulators.ic_webservices import water_files
from tests.simulators.ic_webservices.harness import (
    ACCOUNT,
    DECLINED,
    INVOICE,
    UTILITY,
    WATERSMART,
    Harness,
    advance,
    begin,
    bill_file,
    freeze,
    group,
)
from tests.simulators.ic_webservices.services.test_conveyed_balances import (
    NUMBER,
    V1,
    V1_ACCOUNT,
    V1_BILL,
    V1_KEY,
    conveyed,
    dues,
    stated,
)
from tests.simulators.ic_webservices.services.test_exports import EVER, export

BY_CARD = {"tender": "credit_card", "card_number": "4111111111111111"}


def pay(harness: Harness, account: str, amount: str, biller: str = UTILITY) -> None:
    paid = harness.pay(account_number=account, amount=amount, biller_guid=biller, **BY_CARD)
    assert paid.status == 201, paid


def downloaded(harness: Harness, since: str = EVER) -> list[str]:
    """The account numbers of payments that inHance v1 downloads."""
    return [one["AccountNumber"] for one in export(harness, since, biller=V1, key=V1_KEY)]


def answered(harness: Harness, balance: str) -> dict[str, str]:
    """What is asked after a new owner was billed of one cent and inHance v2 told the account's balance."""
    harness.balance = lambda *_: {"balance_due": balance, "total_amount_due": None}
    harness.upload(bill_file([group("539002", ACCOUNT, "0.01", on=date(2020, 1, 1))]))
    assert harness.control("POST", "invoices/539002/open").status == 200
    return dues(harness, UTILITY, ACCOUNT)


def test_a_payment_that_was_downloaded_in_the_second_of_a_conveyance_is_in_the_balance(harness: Harness) -> None:
    freeze(harness)
    pay(harness, V1_ACCOUNT, "84.40", V1)
    assert downloaded(harness) == [V1_ACCOUNT]
    conveyed(harness, V1, V1_ACCOUNT)
    assert stated(harness, V1_BILL, "7.00") == {V1_BILL: "7.00"}
    assert downloaded(harness) == [V1_ACCOUNT], "what was told keeps its number, as the answer may have been lost"


def test_a_payment_that_is_downloaded_after_the_conveyance_goes_out_apart(harness: Harness) -> None:
    begin(harness)
    pay(harness, V1_ACCOUNT, "84.40", V1)
    advance(harness, timedelta(days=1))
    former = conveyed(harness, V1, V1_ACCOUNT)
    assert stated(harness, V1_BILL, "84.40") == {V1_BILL: "0.00"}
    assert downloaded(harness) == [former]
    assert stated(harness, V1_BILL, "84.40") == {V1_BILL: "0.00"}


def test_a_download_tells_no_payment_that_is_not_in_it(harness: Harness) -> None:
    begin(harness)
    pay(harness, V1_ACCOUNT, "84.40", V1)
    advance(harness, timedelta(hours=1))
    assert downloaded(harness, "2026-06-16T10:30:00") == []
    former = conveyed(harness, V1, V1_ACCOUNT)
    assert downloaded(harness) == [former]


def test_a_payment_that_the_pump_took_in_the_second_of_a_conveyance_is_in_the_balance(harness: Harness) -> None:
    freeze(harness)
    pay(harness, ACCOUNT, "125.50")
    conveyed(harness, UTILITY, ACCOUNT)
    assert answered(harness, "10.00") == {INVOICE: "0.00", "539002": "10.00"}


def test_a_payment_that_the_pump_gets_after_the_conveyance_is_apart(harness: Harness) -> None:
    begin(harness)
    harness.refuse_events = True
    pay(harness, ACCOUNT, "125.50")
    advance(harness, timedelta(hours=1))
    former = conveyed(harness, UTILITY, ACCOUNT)
    harness.refuse_events = False
    assert harness.control("POST", "events/offer").status == 200
    assert [one["account_number"] for one in harness.raised] == [former]
    assert answered(harness, "135.50") == {INVOICE: "0.00", "539002": "10.00"}


def test_a_payment_that_the_pump_takes_while_its_account_is_conveyed_is_as_it_was_taken(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    freeze(harness)
    outbox = harness.sim.world.services.outbox

    def take(event: dict[str, Any]) -> None:
        harness.raised.append(event)
        conveyed(harness, UTILITY, ACCOUNT)

    monkeypatch.setattr(outbox, "_offer", take)
    pay(harness, ACCOUNT, "125.50")
    (found,) = harness.get("events", account_number=ACCOUNT)["events"]
    assert found["event"]["account_number"] == harness.raised[0]["account_number"] == ACCOUNT
    assert answered(harness, "10.00") == {INVOICE: "0.00", "539002": "10.00"}


def test_a_former_owner_whom_a_file_names_is_an_account_of_its_own_whatever_the_bills_date(harness: Harness) -> None:
    former = conveyed(harness, UTILITY, ACCOUNT)
    harness.upload(bill_file([group("539009", former, "30.00", on=date(2020, 1, 1))]))
    assert answered(harness, "10.00") == {INVOICE: "125.50", "539002": "10.00"}


def test_a_bill_of_the_next_day_makes_a_former_owner_of_no_other_account_known(harness: Harness) -> None:
    conveyed(harness, UTILITY, ACCOUNT)
    harness.upload(bill_file([group("539008", "10000199", "30.00", on=date(2030, 1, 1))]))
    assert answered(harness, "135.50") == {INVOICE: "125.50", "539002": "10.00"}


@pytest.mark.parametrize("biller", [UTILITY, WATERSMART, Settings().insurance_guid])
def test_an_account_that_is_conveyed_twice_in_a_second_has_two_former_owners(harness: Harness, biller: str) -> None:
    freeze(harness)
    services = harness.sim.world.services
    numbers = []
    for name in ("Ann", "Ben"):
        services.ledger.create_customer(harness.lane, biller, "7000", {"customer_name": name})
        numbers.append(conveyed(harness, biller, "7000"))
    assert numbers == ["7000CV-20260616140000", "7000CV-20260616140001"]
    found = [services.ledger.customer(harness.lane, biller, one).customer_name for one in numbers]
    assert found == ["Ann", "Ben"]


def test_a_lane_that_an_older_release_exported_goes_by_its_times(harness: Harness) -> None:
    """As revision 0006 has it of databases; so the seeded former owner, who was billed, has an account of its own."""
    begin(harness)
    pay(harness, ACCOUNT, "25.50")
    advance(harness, timedelta(hours=1))
    former = conveyed(harness, UTILITY, ACCOUNT)
    advance(harness, timedelta(hours=1))
    pay(harness, former, "40.00")
    rows = harness.lanes.export(harness.lane_name)
    for table, column in (("ic_payments", "told_as"), ("ic_customers", "billed_apart")):
        for row in rows[table]:
            del row[column]
    harness.lanes.load("older", rows)
    harness.lane_name = "older"
    assert answered(harness, "110.00") == {INVOICE: "60.00", "539002": "10.00"}
    harness.balance = lambda *_: {"balance_due": "31.06", "total_amount_due": None}
    assert harness.control("POST", "invoices/500009/open").status == 200
    assert dues(harness, UTILITY, "10000107") == {"500009": "31.06", "500010": "63.20"}


def test_a_lane_that_this_release_exported_goes_by_what_was_told(harness: Harness) -> None:
    begin(harness)
    harness.refuse_events = True
    pay(harness, ACCOUNT, "25.50")
    advance(harness, timedelta(hours=1))
    former = conveyed(harness, UTILITY, ACCOUNT)
    harness.lanes.load("newer", harness.lanes.export(harness.lane_name))
    harness.lane_name, harness.refuse_events = "newer", False
    assert harness.control("POST", "events/offer").status == 200
    assert {one["account_number"] for one in harness.raised if one["lane"] == "newer"} == {former}
    assert answered(harness, "135.50") == {INVOICE: "100.00", "539002": "10.00"}


def offered(harness: Harness, *, taken: bool) -> None:
    """Have the data pump take what waits from now on, or not."""
    harness.refuse_events = not taken
    if taken:
        assert harness.control("POST", "events/offer").status == 200


def test_of_two_payments_only_that_is_apart_which_the_pump_gets_after_the_conveyance(harness: Harness) -> None:
    freeze(harness)
    pay(harness, ACCOUNT, "20.00")
    offered(harness, taken=False)
    pay(harness, ACCOUNT, "5.50")
    conveyed(harness, UTILITY, ACCOUNT)
    offered(harness, taken=True)
    assert answered(harness, "115.50") == {INVOICE: "100.00", "539002": "10.00"}


def test_accounts_of_one_number_in_two_lanes_have_each_their_own_apart(harness: Harness) -> None:
    """The same payment, whose account is conveyed in the same second; one lane's waits then, the other's was taken."""
    freeze(harness)
    offered(harness, taken=False)
    pay(harness, ACCOUNT, "25.50")
    for lane in ("taken", "billed"):
        harness.lanes.fork("default", lane)
    former = conveyed(harness, UTILITY, ACCOUNT)
    harness.lane_name = "taken"
    offered(harness, taken=True)
    assert conveyed(harness, UTILITY, ACCOUNT) == former
    harness.lane_name = "billed"
    assert conveyed(harness, UTILITY, ACCOUNT) == former
    harness.upload(bill_file([group("539009", former, "30.00", on=date(2020, 1, 1))]))
    assert answered(harness, "10.00")["539002"] == "10.00"
    harness.lane_name = "taken"
    assert answered(harness, "110.00") == {INVOICE: "100.00", "539002": "10.00"}
    harness.lane_name = "default"
    assert answered(harness, "135.50") == {INVOICE: "100.00", "539002": "10.00"}


def test_accounts_of_one_number_at_two_billers_have_each_their_own_apart(harness: Harness) -> None:
    freeze(harness)
    content = bill_file([group("538001", ACCOUNT, "50.00", on=date(2026, 5, 20))], biller=V1)
    assert harness.upload(content, biller=V1, key=V1_KEY)["Success"] == "true"
    pay(harness, ACCOUNT, "20.00", V1)
    former = conveyed(harness, V1, ACCOUNT)
    pay(harness, ACCOUNT, "25.50")
    assert conveyed(harness, UTILITY, ACCOUNT) == former
    pay(harness, former, "40.00")
    harness.upload(bill_file([group("539009", former, "30.00", on=date(2020, 1, 1))]))
    assert answered(harness, "10.00")["539002"] == "10.00"
    stated(harness, "538001", "50.00")
    assert dues(harness, V1, ACCOUNT) == {"538001": "30.00"}
    assert dues(harness, UTILITY, ACCOUNT)["539002"] == "10.00"


def test_a_download_in_one_lane_tells_nothing_in_another(harness: Harness) -> None:
    freeze(harness)
    pay(harness, V1_ACCOUNT, "84.40", V1)
    harness.lanes.fork("default", "other")
    assert downloaded(harness) == [V1_ACCOUNT]
    harness.lane_name = "other"
    former = conveyed(harness, V1, V1_ACCOUNT)
    assert downloaded(harness) == [former]


def test_what_a_former_owner_has_apart_stays_so_when_another_account_is_conveyed(harness: Harness) -> None:
    freeze(harness)
    pay(harness, conveyed(harness, UTILITY, ACCOUNT), "40.00")
    harness.upload(bill_file([group("539008", "10000199", "30.00", on=date(2020, 1, 1))]))
    conveyed(harness, UTILITY, "10000199")
    assert answered(harness, "135.50") == {INVOICE: "85.50", "539002": "10.00"}


def test_what_was_declined_or_given_is_nothing_that_a_former_owner_paid(harness: Harness) -> None:
    former = conveyed(harness, V1, V1_ACCOUNT)
    pay(harness, former, "20.00", V1)
    declined = {**BY_CARD, "card_number": DECLINED}
    order = {"account_number": former, "amount": "5.00", "biller_guid": V1}
    assert not harness.pay(**order, **declined).json["approved"]
    assert harness.pay(**order, **BY_CARD, donation="standalone", invoice_number="").status == 201
    assert stated(harness, V1_BILL, "84.40") == {V1_BILL: "64.40"}


def test_an_account_whose_own_number_looks_conveyed_is_no_former_owner(harness: Harness) -> None:
    look_alike = f"{V1_ACCOUNT}CV-20200101000000"
    harness.upload(bill_file([group("539031", look_alike, "9.00")], biller=V1), biller=V1, key=V1_KEY)
    pay(harness, look_alike, "9.00", V1)
    assert stated(harness, V1_BILL, "84.40")[V1_BILL] == "84.40"


def told(harness: Harness, lane: str) -> dict[str, str]:
    """By the amount of each payment the number that the partner was told it with."""
    rows = harness.lanes.export(lane)["ic_payments"]
    return {f"{Decimal(one['amount_cents']) / 100:.2f}": one["told_as"] for one in rows}


def test_a_partner_by_files_hears_of_a_payment_by_the_number_of_then(harness: Harness) -> None:
    water_files.send(harness, water_files.row(NUMBER, "64.20", number="A1"))
    water_files.pay(harness, NUMBER, "64.20")
    conveyed(harness)
    assert told(harness, harness.lane_name) == {"64.20": ""}


def test_an_older_export_says_of_each_lane_and_account_its_own(harness: Harness) -> None:
    freeze(harness)
    content = bill_file([group("538001", ACCOUNT, "50.00", on=date(2026, 5, 20))], biller=V1)
    assert harness.upload(content, biller=V1, key=V1_KEY)["Success"] == "true"
    offered(harness, taken=False)
    pay(harness, ACCOUNT, "1.00")
    pay(harness, ACCOUNT, "2.00", V1)
    pay(harness, "10000102", "3.00")
    advance(harness, timedelta(hours=1))
    conveyed(harness, UTILITY, ACCOUNT)
    rows = harness.lanes.export("default")
    for row in rows["ic_payments"]:
        del row["told_as"]
    harness.lanes.load("older", rows)
    assert told(harness, "older") == {"1.00": ACCOUNT, "2.00": "", "3.00": ""}
    assert told(harness, "default") == {"1.00": "", "2.00": "", "3.00": ""}


def test_of_the_payments_of_an_account_only_that_which_the_pump_took_meanwhile_is_as_it_was_taken(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    freeze(harness)
    harness.refuse_events = True
    pay(harness, ACCOUNT, "20.00")
    pay(harness, ACCOUNT, "5.50")
    harness.lanes.fork("default", "other")

    def take(event: dict[str, Any]) -> None:
        if event["lane"] == "default" and not event["account_number"].startswith(f"{ACCOUNT}CV-"):
            conveyed(harness, UTILITY, ACCOUNT)
            return
        raise ConnectionError

    monkeypatch.setattr(harness.sim.world.services.outbox, "_offer", take)
    assert harness.control("POST", "events/offer").status == 200
    assert told(harness, "default") == {"20.00": ACCOUNT, "5.50": ""}
    assert told(harness, "other") == {"20.00": "", "5.50": ""}
