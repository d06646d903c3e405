"""Two of everything: what is done to one account, bill, payment or biller is not done to the one beside it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from partnerlab.simulators.ic_webservices.domain.errors import LoginRefused, NotFound, TokenInvalid
from partnerlab.simulators.ic_webservices.services.account_links import find_users
from partnerlab.simulators.ic_webservices.services.ledger import biller_of
from partnerlab.simulators.ic_webservices.services.unsettled import Unsettled
from partnerlab.simulators.ic_webservices.services.wallet import NewMethod
from partnerlab.simulators.ic_webservices.store import CUSTOMERS, INVOICES, LINKS, SCHEDULES
from tests.simulators.ic_webservices.harness import (
    ACCOUNT,
    INVOICE,
    KEY,
    PASSWORD,
    RETURNS,
    USER,
    UTILITY,
    VISA,
    Harness,
    advance,
    bill_file,
    freeze,
    group,
)
from tests.simulators.ic_webservices.pages.visit import add_bill

WATERSMART = "66666666-6666-4666-8666-666666666666"
BANK: dict[str, Any] = {"tender": "ach", "bank_account": RETURNS}


def start(harness: Harness) -> None:
    """Tuesday 2026-06-16, the clock standing still."""
    freeze(harness)
    add_bill(harness, INVOICE, "125.50", invoice_date=date(2026, 6, 6), invoice_due_date=date(2026, 7, 6))


def states(harness: Harness) -> list[str]:
    return [one["state"] for one in harness.get("payments")["payments"]]


# --- balance answers ---


def test_tccs_answers_for_one_of_two_invoices_of_an_account(harness: Harness) -> None:
    insurance, number, other = harness.settings.insurance_guid, "454100010-06/16/2020", "454100010-06/16/2021"
    lane = harness.lane.name
    with harness.store.write() as tx:
        first = INVOICES.get(tx, lane, insurance, number)
        assert first is not None
        INVOICES.put(tx, lane, replace(first, invoice_number=other, invoice_date=date(2030, 6, 16)))
    harness.balance = lambda *_: {"balance_due": "7.00"}
    assert harness.control("POST", f"invoices/{number}/open", {"biller_guid": insurance}).status == 200
    due = {
        one["invoice_number"]: one["balance_due"] for one in harness.get("invoices", biller_guid=insurance)["invoices"]
    }
    assert (due[number], due["454100010-06/16/2021"]) == ("7.00", "120.00")
    assert [asked[3] for asked in harness.asked] == [number]


def test_of_an_account_without_an_open_bill_the_latest_that_is_not_closed_is_asked_about(harness: Harness) -> None:
    add_bill(harness, INVOICE, "0.00", invoice_date=date(2026, 6, 6))
    add_bill(harness, "500002", "0.00", invoice_date=date(2026, 6, 5))
    add_bill(harness, "500003", "9.00", invoice_date=date(2026, 6, 30), status="closed")
    harness.balance = lambda *_: {"balance_due": "7.00"}
    assert harness.control("POST", "invoices/500002/open", {}).status == 200
    assert [asked[3] for asked in harness.asked] == [INVOICE]
    due = {number: harness.invoice(number)["balance_due"] for number in (INVOICE, "500002", "500003")}
    assert due == {INVOICE: "7.00", "500002": "0.00", "500003": "9.00"}


def test_the_data_pump_is_asked_before_the_transaction_that_depends_on_it(harness: Harness) -> None:
    """Its first answer may take seconds, in which nobody else could write."""
    asked: list[tuple[str, str, str]] = []

    def port(lane: str, biller: str, account: str, since: datetime | None) -> set[str]:
        asked.append((lane, biller, account))
        return set()

    Unsettled(port).ready(harness.lane, UTILITY, ACCOUNT)
    assert asked == [(harness.lane.name, UTILITY, ACCOUNT)]


# --- returns ---


def test_returns_of_different_days_come_back_on_their_own_day(harness: Harness) -> None:
    start(harness)
    harness.pay(amount="10.00", **BANK)
    advance(harness, timedelta(days=1))
    harness.pay(amount="20.00", **BANK)
    advance(harness, timedelta(days=5))
    assert states(harness) == ["returned", "accepted"]
    assert harness.invoice()["balance_due"] == "105.50"
    advance(harness, timedelta(days=1))
    assert states(harness) == ["returned", "returned"]
    assert [event["ach_reject"]["amount"] for event in harness.raised if event["kind"] == "ach_reject"] == [
        "10.00",
        "20.00",
    ]


def test_a_payment_of_a_closed_bill_that_comes_back_is_owed_on_the_bill_that_carries_it_forward(
    shared: Harness,
) -> None:
    start(shared)
    shared.pay(amount="125.50", **BANK)
    shared.upload(bill_file([group("700001", ACCOUNT, "40.00", on=date(2026, 6, 17), BalanceForward=True)]))
    add_bill(shared, "500009", "9.00", invoice_date=date(2026, 6, 30), invoice_type_id="7")
    assert shared.invoice()["status"] == "paid", "a paid bill is carried nowhere"
    with shared.store.write() as tx:
        standing = INVOICES.get(tx, "default", UTILITY, INVOICE)
        assert standing is not None
        INVOICES.put(tx, "default", type(standing)(**{**_values(standing), "status": "closed"}))
    advance(shared, timedelta(days=10))
    assert states(shared) == ["returned"]
    assert (shared.invoice()["status"], shared.invoice()["balance_due"]) == ("closed", "0.00")
    assert shared.invoice("700001")["balance_due"] == "165.50"
    assert shared.invoice("500009")["balance_due"] == "9.00", "another type carries nothing of it"


def _values(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


def test_a_payment_of_a_closed_bill_that_nothing_carries_forward_is_owed_on_it_alone(both: Harness) -> None:
    start(both)
    both.pay(amount="120.00", **BANK)
    add_bill(both, INVOICE, "5.50", status="closed")
    advance(both, timedelta(days=10))
    owed = both.invoice()
    assert (owed["status"], owed["balance_due"], owed["total_amount_due"]) == ("open", "120.00", "120.00")


# --- payments ---


def test_a_payment_guid_again_for_another_invoice_is_refused(harness: Harness) -> None:
    add_bill(harness, "500002", "10.00")
    first = harness.pay(payment_guid="g-1", invoice_number=INVOICE)
    again = harness.pay(payment_guid="g-1", invoice_number=INVOICE)
    other = harness.pay(payment_guid="g-1", invoice_number="500002")
    assert (first.status, again.status, other.status) == (201, 200, 409)
    assert again.json == first.json
    assert harness.invoice("500002")["balance_due"] == "10.00"


def test_a_fee_of_nothing_is_a_fee(harness: Harness) -> None:
    assert harness.pay(service_fee="0.00").json["service_fee"] == "0.00"
    assert harness.pay(service_fee="-0.01").status == 400
    assert harness.raised[0]["payment"]["service_fee"] == "0.00"


def test_of_a_conveyed_account_what_waits_goes_out_with_its_number_and_what_the_pump_has_keeps_the_old_one(
    shared: Harness,
) -> None:
    """An event never changes under its id, so what was accepted is what it was [A-97]."""
    start(shared)
    shared.upload(bill_file([group("700001", "20000001")]))
    shared.pay(amount="10.00")
    shared.refuse_events = True
    shared.pay(amount="25.50")
    shared.pay(account_number="20000001", amount="50.00")
    conveyed = shared.sim.world.services.ledger.convey(shared.lane, UTILITY, ACCOUNT).account_number
    shared.upload(bill_file([group("700002", ACCOUNT)]))
    shared.refuse_events = False
    shared.pay(amount="50.00")
    assert shared.control("POST", "events/offer").status == 200
    sent = {event["payment"]["reference"]: event["account_number"] for event in shared.raised}
    accounts = [ACCOUNT, conveyed, "20000001", ACCOUNT]
    assert sent == {f"IC000000000{number}": account for number, account in enumerate(accounts, 1)}
    listed = [one["event"]["account_number"] for one in shared.get("events")["events"]]
    assert sorted(listed) == sorted(accounts)
    taken = shared.get("payments", account_number=conveyed)["payments"]
    assert [one["amount"] for one in taken] == ["10.00", "25.50"], "both are the former owner's here"


# --- AutoPay ---


def method(harness: Harness, biller: str = UTILITY, number: str = VISA) -> str:
    new = NewMethod("card", number, "Ada", date(2030, 1, 31))
    return harness.sim.world.services.wallet.add(harness.lane, biller, USER, new).method_id


def test_autopay_of_one_billers_customer_pays_no_bill_of_anothers_with_that_account_number(harness: Harness) -> None:
    start(harness)
    lane = harness.lane.name
    with harness.store.write() as tx:
        customer, invoice = CUSTOMERS.get(tx, lane, UTILITY, ACCOUNT), INVOICES.get(tx, lane, UTILITY, INVOICE)
        assert customer is not None
        assert invoice is not None
        CUSTOMERS.put(tx, lane, type(customer)(**{**_values(customer), "biller_guid": WATERSMART}))
        INVOICES.put(tx, lane, type(invoice)(**{**_values(invoice), "biller_guid": WATERSMART}))
        for link in LINKS.find(tx, lane, {"biller_guid": UTILITY}, order="position"):
            LINKS.put(tx, lane, type(link)(**{**_values(link), "biller_guid": WATERSMART, "position": 99}))
    schedules, ledger = harness.sim.world.services.schedules, harness.sim.world.services.ledger
    schedules.enrol(harness.lane, UTILITY, USER, ACCOUNT, method(harness), cause="test")
    schedules.enrol(harness.lane, WATERSMART, USER, ACCOUNT, method(harness, WATERSMART), cause="test")
    with harness.store.write() as tx:  # off at the first biller alone, its method still known
        customer = CUSTOMERS.get(tx, lane, UTILITY, ACCOUNT)
        assert customer is not None
        CUSTOMERS.put(tx, lane, type(customer)(**{**_values(customer), "autopay": False}))
    advance(harness, timedelta(days=30))
    assert [one["biller_guid"] for one in harness.get("payments")["payments"]] == [WATERSMART]
    assert ledger.invoice(harness.lane, UTILITY, INVOICE).balance_due_cents == 12550


def test_autopay_collects_the_bill_that_carries_the_balance_of_a_closed_one_and_not_both(harness: Harness) -> None:
    start(harness)
    services = harness.sim.world.services
    services.schedules.enrol(harness.lane, UTILITY, USER, ACCOUNT, method(harness), cause="test")
    add_bill(harness, INVOICE, "125.50", status="closed", invoice_due_date=date(2026, 7, 6))
    add_bill(harness, "500002", "150.00", status="open", invoice_due_date=date(2026, 7, 6))
    advance(harness, timedelta(days=60))
    assert [(one["invoice_number"], one["amount"]) for one in harness.get("payments")["payments"]] == [
        ("500002", "150.00")
    ]
    lane = harness.lane.name
    with harness.store.read() as tx:
        tried = SCHEDULES.find(tx, lane, {"biller_guid": UTILITY}, order="runs_at")
    assert [one.invoice_number for one in tried] == ["500002"], "the closed one is not even tried"


def test_autopay_that_the_partner_switched_off_has_no_method(harness: Harness) -> None:
    services = harness.sim.world.services
    method = services.wallet.add(harness.lane, UTILITY, USER, NewMethod("card", VISA, "Ada", date(2030, 1, 31)))
    services.schedules.enrol(harness.lane, UTILITY, USER, ACCOUNT, method.method_id, cause="test")
    assert services.schedules.autopay(harness.lane, UTILITY, ACCOUNT) is not None
    services.ledger.update_customer(harness.lane, UTILITY, KEY, ACCOUNT, {"autopay": False})
    assert services.schedules.autopay(harness.lane, UTILITY, ACCOUNT) is None


def test_nobody_schedules_a_payment_of_an_account_that_is_not_theirs(harness: Harness) -> None:
    start(harness)
    add_bill(harness, "500002", "20.00", account="10000102")
    order: dict[str, Any] = {"method_id": method(harness), "amount_cents": 2000, "day": date(2026, 6, 24)}
    with pytest.raises(NotFound, match="There is no invoice '500002'"):
        harness.sim.world.services.schedules.schedule(harness.lane, UTILITY, USER, invoice_number="500002", **order)
    assert advance(harness, timedelta(days=9)) == []


@pytest.mark.parametrize("address", [USER, f" {USER.upper()} ", f"{USER}\0"])
def test_a_user_is_found_by_the_address_however_it_is_written(harness: Harness, address: str) -> None:
    lane = harness.lane
    with harness.store.read() as tx:
        biller = biller_of(tx, lane, UTILITY)
        for username in ("", f" {USER.upper()} "):
            named = address.replace("\0", "") if username else address
            assert [one.username for one in find_users(tx, lane, biller, named, username)] == [USER]
        assert find_users(tx, lane, biller, "another@example.com", USER) == []
        assert find_users(tx, lane, biller, " ", "") == []


def test_the_same_scheduled_payment_again_is_the_one_that_stands(harness: Harness) -> None:
    start(harness)
    services = harness.sim.world.services
    order: dict[str, Any] = {"invoice_number": INVOICE, "method_id": method(harness), "day": date(2026, 6, 24)}
    made = [
        services.schedules.schedule(harness.lane, UTILITY, USER, amount_cents=cents, schedule_id=id, **order)
        for id, cents in (("s-1", 5000), ("s-2", 3000), ("s-1", 5000))
    ]
    assert made[2] == made[0]
    assert [one.schedule_id for one in made] == ["s-1", "s-2", "s-1"]
    advance(harness, timedelta(days=9))
    assert sorted(one["amount"] for one in harness.get("payments")["payments"]) == ["30.00", "50.00"]


def test_changing_autopays_method_keeps_its_enrolment(harness: Harness) -> None:
    """A bill that fell due between the enrolment and the change is still collected."""
    start(harness)
    schedules = harness.sim.world.services.schedules
    schedules.enrol(harness.lane, UTILITY, USER, ACCOUNT, method(harness), cause="test")
    before = schedules.autopay(harness.lane, UTILITY, ACCOUNT)
    freeze(harness, "2026-07-08T14:00:00+00:00")
    schedules.enrol(harness.lane, UTILITY, USER, ACCOUNT, method(harness, number="378282246310005"), cause="test")
    after = schedules.autopay(harness.lane, UTILITY, ACCOUNT)
    assert before is not None
    assert after is not None
    assert after.enrolled_at == before.enrolled_at
    assert after.method_id != before.method_id
    advance(harness, timedelta(hours=1))
    assert [one["brand"] for one in harness.get("payments")["payments"]] == ["Amex"]


# --- downloads ---


def test_payments_after_a_clock_that_was_set_back_are_downloaded_too(both: Harness) -> None:
    freeze(both, "2026-06-16T14:00:00+00:00")
    exports = both.sim.world.services.exports
    both.pay(amount="1.00")
    freeze(both, "2026-06-16T15:00:00+00:00")
    fetched_at = datetime.fromisoformat("2026-06-16T15:00:00+00:00")
    exports.payments(both.lane, UTILITY, KEY, fetched_at - timedelta(hours=2))
    exports.changes(both.lane, UTILITY, KEY, fetched_at)
    freeze(both, "2026-06-16T12:00:00+00:00")
    both.pay(amount="2.00")
    both.control("POST", f"customers/{ACCOUNT}/paperless", {"enrolled": True})
    found = exports.payments(both.lane, UTILITY, KEY, fetched_at)
    assert [one.payment.amount_cents for one in found] == [200]
    assert found[0].paid_at == datetime(2026, 6, 16, 8, 0), "the date itself is what the clock said"
    assert [one.account_number for one in exports.changes(both.lane, UTILITY, KEY, fetched_at)] == [ACCOUNT]


# --- users ---


def test_a_changed_password_ends_the_sessions_of_that_user_alone(harness: Harness) -> None:
    services = harness.sim.world.services
    services.user_accounts.register(harness.lane, UTILITY, "ann@example.com", "Sandbox!1111", [ACCOUNT])
    mine, _ = services.authentication.authenticate(harness.lane, UTILITY, USER, PASSWORD)
    other, _ = services.authentication.authenticate(harness.lane, UTILITY, "ann@example.com", "Sandbox!1111")
    services.user_accounts.register(harness.lane, UTILITY, USER, PASSWORD, [ACCOUNT], change_password=True)
    services.authentication.open(harness.lane, mine)  # the same password again changes nothing
    services.user_accounts.register(harness.lane, UTILITY, USER, "Sandbox!2222", [ACCOUNT], change_password=True)
    with pytest.raises(TokenInvalid, match="ended"):
        services.authentication.open(harness.lane, mine)
    services.authentication.open(harness.lane, other)


def test_register_accounts_with_another_password_sets_it_unless_the_biller_requires_the_right_one(
    harness: Harness,
) -> None:
    harness.upload(bill_file([group("700001", "20000001")]))
    body = {
        "LoginTypeID": 1,
        "Username": USER,
        "Password": "Sandbox!9999",
        "Accounts": [{"AccountNumber": "20000001"}],
    }
    strict = {"configuration": {"Registration": {"RequirePassword": True}}}
    harness.control("PATCH", f"billers/{UTILITY}", strict)
    assert harness.rest("remoteauthentication/RegisterAccounts", body).json["Success"] is False
    harness.control("PATCH", f"billers/{UTILITY}", {"configuration": {"Registration": None}})
    assert harness.rest("remoteauthentication/RegisterAccounts", body).json["Success"] is True
    assert "20000001" in harness.get(f"users/{USER}")["account_numbers"]
    authentication = harness.sim.world.services.authentication
    authentication.authenticate(harness.lane, UTILITY, USER, "Sandbox!9999")
    with pytest.raises(LoginRefused):
        authentication.authenticate(harness.lane, UTILITY, USER, PASSWORD)


def test_with_setting_29_a_registration_makes_an_unknown_account_for_a_new_user(harness: Harness) -> None:
    accounts = harness.sim.world.services.user_accounts
    new = {"email_address": "new@example.com", "change_password": True, "create": True}
    (left_out,) = accounts.register(harness.lane, UTILITY, "new@example.com", "Sandbox!9999", ["99"], **new)
    assert left_out.customer is None, "the utility has no setting 29"
    (made,) = accounts.register(harness.lane, WATERSMART, "new@example.com", "Sandbox!9999", ["99"], **new)
    assert made.customer is not None
    assert (made.customer.registered, made.customer.email_address) == (True, "new@example.com")
    assert [one.account_number for one in accounts.accounts(harness.lane, WATERSMART, "new@example.com")] == ["99"]
