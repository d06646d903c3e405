"""The six jobs of inHance v1: client and both simulators together. Source: Harris inHance v1 Integration Details."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from partnerlab.simulators.ic_webservices.store import INVOICES
from partnerlab.simulators.inhance_soap.domain.billing import Bill
from partnerlab.simulators.inhance_soap.domain.downloads import Download
from partnerlab.simulators.inhance_soap.domain.errors import AccountUnknown, PaymentSettled, ValueInvalid
from tests.partnerlab.jobs.utility import LANE, UtilityWorld

DINER, LOFTS, LAUNDRY, BOATS = "30000301", "30000302", "30000303", "30000304"


def bill(world: UtilityWorld, account: str, number: str, cents: int) -> None:
    today = world.lane.now().date()
    made = Bill(number, today, today + timedelta(days=30), cents, cents)
    world.inhance.world.ledger.bill(world.lane, world.inhance.world.cause("test", world.lane), account, made)


def invoice(world: UtilityWorld, number: str) -> tuple[str, int, int]:
    found = world.ic.world.services.ledger.invoice(world.lane, world.guid, number)
    return found.status, found.balance_due_cents, found.total_amount_due_cents


def pending(world: UtilityWorld) -> list[Download]:
    return world.inhance.world.downloads.pending(world.lane, limit=None)


def next_run(world: UtilityWorld, name: str) -> datetime:
    return next(row.next_at for job, row in world.timed.listed(world.lane) if job.name == name)


def test_a_day_without_anything_to_do_is_quiet(world: UtilityWorld) -> None:
    assert world.advance(days=1) == ["Tue 07:00 autopay: nothing new", "Tue 07:30 customers: nothing new"]
    assert world.run("payments") == "nothing new"
    assert world.run("invoices") == "nothing new"
    assert world.run("balances") == "nothing changed"


def test_a_new_bill_goes_out_within_15_minutes_with_what_was_left_open(world: UtilityWorld) -> None:
    """INH1-INV-1, INH1-INV-2"""
    bill(world, LOFTS, "540001", 30_00)
    assert world.advance(minutes=15) == [
        "Mon 12:15 invoices: 1 bill uploaded as U00000001",
        "Mon 12:15 balances: 1 balance sent",
    ]
    assert invoice(world, "540001") == ("open", 150_00, 150_00)
    assert invoice(world, "530003")[0] == "closed"
    assert world.owed(LOFTS) == (150_00, 150_00)
    customer = world.ic.world.services.ledger.customer(world.lane, world.guid, LOFTS)
    assert (customer.address2, customer.email_address) == ("Unit 4", "lofts@example.com")
    assert world.run("invoices") == "nothing new"
    bill(world, LOFTS, "540001", 20_00)
    assert world.run("invoices") == "1 bill uploaded as U00000002"
    assert invoice(world, "540001") == ("open", 140_00, 140_00)


def test_a_bill_that_invoice_cloud_refuses_is_told_and_not_sent_again_until_it_changes(world: UtilityWorld) -> None:
    ledger = world.inhance.world.ledger
    cause = world.inhance.world.cause("test", world.lane)
    ledger.put_account(world.lane, cause, DINER, lambda account: replace(account, customer_name=""))
    bill(world, DINER, "540002", 10_00)
    bill(world, LOFTS, "540003", 10_00)
    said = world.run("invoices")
    assert said.startswith("1 bill uploaded as U00000001; bill 540002 was refused: line 3, CR.CustomerName")
    assert world.run("invoices") == "nothing new"
    assert ledger.view(world.lane, DINER).events[-1].kind == "bill_refused"
    assert world.run("balances") == "1 balance sent"  # of the other: its newest bill is not at Invoice Cloud
    ledger.put_account(world.lane, cause, DINER, lambda account: replace(account, customer_name="Ferry Street Diner"))
    bill(world, DINER, "540002", 10_00)
    assert world.run("invoices") == "1 bill uploaded as U00000002"


def test_payments_wait_until_a_person_posts_or_deletes_them(world: UtilityWorld) -> None:
    """INH1-PAY-1, INH1-PAY-2"""
    first = world.pay(DINER, 40_00, service_fee_cents=1_50)
    second = world.pay(DINER, 10_00)
    assert world.advance(minutes=15) == [
        "Mon 12:15 payments: 2 payments downloaded",
        "Mon 12:15 balances: 1 balance sent",
    ]
    assert [(one.payment_guid, one.amount_cents, one.fee_cents) for one in pending(world)] == [
        (first, 40_00, 1_50),
        (second, 10_00, 0),
    ]
    # Nothing is posted, and what waits counts as paid all the same.
    assert world.owed(DINER) == (84_40, 34_40)
    downloads, cause = world.inhance.world.downloads, world.inhance.world.cause("test", world.lane)
    posted = downloads.post(world.lane, cause, first, "Dana")
    assert (posted.state, posted.clerk) == ("posted", "Dana")
    deleted = downloads.delete(world.lane, cause, second, "Dana", "entered at the counter")
    assert (deleted.state, deleted.note) == ("deleted", "entered at the counter")
    assert pending(world) == []
    for act in (downloads.post, lambda *a: downloads.delete(*a, "again")):  # type: ignore[call-arg]
        with pytest.raises(PaymentSettled):
            act(world.lane, cause, second, "Dana")
    assert world.run("balances") == "1 balance sent"
    assert world.owed(DINER) == (44_40, 44_40)
    assert downloads.open_transactions(world.lane, "IC Clerk")[1] == []
    assert [one.payment_guid for one in downloads.open_transactions(world.lane, "Dana")[1]] == [first]


def test_live_payments_are_posted_by_ic_clerk_and_reported_by_day(world: UtilityWorld) -> None:
    """INH1-PAY-3, INH1-PAY-4"""
    downloads = world.inhance.world.downloads
    with pytest.raises(ValueInvalid):
        downloads.choose(world.lane, "batch")
    downloads.choose(world.lane, "live")
    first = world.pay(DINER, 40_00)
    world.advance(minutes=15)
    assert (pending(world), world.owed(DINER)) == ([], (44_40, 44_40))
    world.advance(days=1)
    second = world.pay(LOFTS, 20_00, tender="ach", number="000123456789")
    world.advance(minutes=15)
    for day, guid in ((date(2026, 6, 1), first), (None, second)):
        _, reported = downloads.open_transactions(world.lane, "IC Clerk", day)
        assert [(one.payment_guid, one.clerk) for one in reported] == [(guid, "IC Clerk")]
    assert world.run("payments") == "nothing new"
    assert len(world.inhance.world.ledger.payments(world.lane)) == 2


def test_a_live_payment_of_an_unknown_account_waits_for_a_person(world: UtilityWorld) -> None:
    downloads, cause = world.inhance.world.downloads, world.inhance.world.cause("test", world.lane)
    downloads.choose(world.lane, "live")
    services = world.ic.world.services
    services.ledger.create_customer(world.lane, world.guid, "39999999", {"customer_name": "Nobody"})
    guid = world.pay("39999999", 5_00, donation="standalone")
    assert world.run("payments") == "1 payment downloaded"
    (waits,) = pending(world)
    assert (waits.payment_guid, waits.note) == (guid, "there is no account '39999999'")
    with pytest.raises(AccountUnknown):
        downloads.post(world.lane, cause, guid, "Dana")
    assert downloads.delete(world.lane, cause, guid, "Dana", "not ours").state == "deleted"


def test_a_balance_is_held_back_while_a_payment_is_not_downloaded(world: UtilityWorld) -> None:
    """INH1-BAL-3"""
    cause = world.inhance.world.cause("test", world.lane)
    world.inhance.world.downloads.choose(world.lane, "live")
    world.pay(DINER, 40_00)
    assert world.run("payments") == "1 payment downloaded"
    world.inhance.world.ledger.return_payment(world.lane, cause, DINER, 1, clerk="Dana")
    world.pay(DINER, 10_00)
    assert world.run("balances") == "0 balances sent, 1 held back until a payment is downloaded"
    assert world.owed(DINER) == (84_40, 34_40)
    world.run("payments")
    assert world.run("balances") == "1 balance sent"
    assert world.owed(DINER) == (74_40, 74_40)


def test_all_balances_go_on_sunday(world: UtilityWorld) -> None:
    """INH1-BAL-2"""
    services = world.ic.world.services
    services.ledger.set_invoice_balance(
        world.lane, world.guid, services.ledger.biller(world.lane, world.guid).web_service_key, "530003", Decimal(1)
    )
    assert world.owed(LOFTS) == (120_00, 1_00)
    ran = world.advance(days=7)
    assert [line for line in ran if "all-balances" in line] == ["Sun 06:00 all-balances: 4 balances sent"]
    assert world.owed(LOFTS) == (120_00, 120_00)
    assert world.inhance.world.ledger.view(world.lane, BOATS).balances.balance_cents == -15_00
    assert invoice(world, "530005") == ("paid", -15_00, -15_00)


def test_a_balance_that_is_refused_is_told_once_and_goes_again_until_it_is_taken(world: UtilityWorld) -> None:
    world.ic.world.services.ledger.convey(world.lane, world.guid, DINER)
    services = world.ic.world.services
    world.inhance.world.downloads.choose(world.lane, "live")
    bill(world, BOATS, "540009", 20_00)
    assert world.run("invoices") == "1 bill uploaded as U00000001"
    with world.store.write() as tx:
        INVOICES.delete(tx, LANE, world.guid, "540009")
    said = world.run("balances")
    assert said.startswith("0 balances sent; invoice 540009 was refused:")
    assert world.run("balances") == said
    refusals = [
        one for one in world.inhance.world.ledger.view(world.lane, BOATS).events if one.kind == "balance_refused"
    ]
    assert len(refusals) == 1
    assert "540009 was refused" in world.run("all-balances")
    bill(world, BOATS, "540010", 20_00)
    assert world.run("invoices") == "1 bill uploaded as U00000002"
    assert world.run("balances") == "1 balance sent"
    assert world.run("balances") == "nothing changed"
    assert services.ledger.biller(world.lane, world.guid).partner == "inhance_v1"


def test_autopay_makes_a_draft_customer_with_the_dummy_bank(world: UtilityWorld) -> None:
    """INH1-AUT-1, INH1-AUT-2"""
    ledger = world.ic.world.services.ledger
    ledger.enrol(world.lane, world.guid, LOFTS, "autopay", enrolled=True, cause="test")
    assert world.advance(days=1)[0] == "Tue 07:00 autopay: 1 change downloaded"
    account = world.inhance.world.ledger.view(world.lane, LOFTS).account
    bank = (account.bank_name, account.bank_account, account.bank_routing)
    assert (account.autopay, bank) == (True, ("Invoice Cloud Bank", "000000000", "000000000"))
    # Off and on again between two runs: what holds is asked for, not guessed from two times of one second.
    for enrolled in (False, True, False):
        ledger.enrol(world.lane, world.guid, LOFTS, "autopay", enrolled=enrolled, cause="test")
    assert world.run("autopay") == "1 change downloaded"
    account = world.inhance.world.ledger.view(world.lane, LOFTS).account
    assert (account.autopay, account.bank_name, account.bank_account, account.bank_routing) == (False, None, None, None)
    assert world.transport.sent.count("ViewCustomerRecord") == 1
    assert world.run("autopay") == "nothing new"


def test_paperless_email_and_phone_are_downloaded_once_each(world: UtilityWorld) -> None:
    """INH1-CUS-1, INH1-CUS-2, INH1-CUS-3"""
    ledger = world.ic.world.services.ledger
    ledger.enrol(world.lane, world.guid, LAUNDRY, "paperless", enrolled=False, cause="test")
    ledger.change_email(world.lane, world.guid, LAUNDRY, "new@example.com", cause="test")
    ledger.change_phone(world.lane, world.guid, LAUNDRY, "413-555-0999")
    ledger.enrol(world.lane, world.guid, LAUNDRY, "autopay", enrolled=True, cause="test")
    assert world.run("customers") == "3 changes downloaded"
    account = world.inhance.world.ledger.view(world.lane, LAUNDRY).account
    assert (account.paperless, account.email, account.phone, account.autopay) == (
        False,
        "new@example.com",
        "413-555-0999",
        False,
    )
    # What a clerk changes after that stays: the same change is not entered a second time.
    books, cause = world.inhance.world.ledger, world.inhance.world.cause("test", world.lane)
    books.put_account(world.lane, cause, LAUNDRY, lambda account: replace(account, email="clerk@example.com"))
    assert world.run("customers") == "nothing new"
    assert books.view(world.lane, LAUNDRY).account.email == "clerk@example.com"
    ledger.change_email(world.lane, world.guid, LAUNDRY, "newer@example.com", cause="test")
    assert world.run("customers") == "1 change downloaded"
    assert books.view(world.lane, LAUNDRY).account.email == "newer@example.com"


def test_a_return_is_entered_by_hand_and_both_sides_agree(world: UtilityWorld) -> None:
    """INH1-REJ-1"""
    world.inhance.world.downloads.choose(world.lane, "live")
    world.pay(LOFTS, 120_00, tender="ach", number="000111111113")
    world.advance(minutes=15)
    assert world.owed(LOFTS) == (0, 0)
    world.advance(days=4)
    assert world.owed(LOFTS) == (0, 120_00)
    cause = world.inhance.world.cause("test", world.lane)
    view = world.inhance.world.ledger.return_payment(world.lane, cause, LOFTS, 1, clerk="Dana")
    assert [one.open_cents for one in view.bills] == [61_15, 58_85]
    with pytest.raises(PaymentSettled, match="is returned already"):
        world.inhance.world.ledger.return_payment(world.lane, cause, LOFTS, 1, clerk="Dana")
    assert world.run("balances") == "1 balance sent"
    assert world.owed(LOFTS) == (120_00, 120_00)


def test_of_two_bills_of_one_day_the_balance_is_for_the_higher_number(world: UtilityWorld) -> None:
    for number in ("9999", "10000"):
        bill(world, LAUNDRY, number, 10_00)
    world.run("invoices")
    owed = world.owed(LAUNDRY)[0]
    assert world.run("balances") == "1 balance sent"
    assert invoice(world, "10000") == ("open", owed, owed)
    assert invoice(world, "9999")[0] == "closed"
    assert world.owed(LAUNDRY) == (owed, owed)


def test_a_balance_is_the_whole_accounts_also_where_a_return_left_an_older_bill_open(world: UtilityWorld) -> None:
    """It goes for the newest bill: the older one would be asked for twice."""
    world.inhance.world.downloads.choose(world.lane, "live")
    world.pay(LAUNDRY, world.owed(LAUNDRY)[0], tender="ach", number="000111111113")
    world.advance(minutes=15)
    bill(world, LAUNDRY, "540009", 10_00)
    assert world.run("invoices") == "1 bill uploaded as U00000001"
    world.advance(days=4)
    assert world.owed(LAUNDRY) == (10_00, 57_30), "both bills are open, the older one again"
    world.inhance.world.ledger.return_payment(
        world.lane, world.inhance.world.cause("test", world.lane), LAUNDRY, 1, clerk="Dana"
    )
    assert world.run("balances") == "1 balance sent"
    assert world.owed(LAUNDRY) == (57_30, 57_30)
    assert invoice(world, "540009") == ("open", 57_30, 57_30)


def test_two_bills_of_a_day_are_asked_for_once(world: UtilityWorld) -> None:
    before = world.owed(BOATS)[0]
    for number, cents in (("540009", 30_00), ("540010", 20_00)):
        bill(world, BOATS, number, cents)
    assert world.run("invoices") == "2 bills uploaded as U00000001"
    assert world.owed(BOATS) == (before + 50_00, before + 50_00)
    bill(world, BOATS, "540008", 5_00)
    assert world.run("invoices") == "1 bill uploaded as U00000002"
    world.run("balances")
    assert world.owed(BOATS) == (before + 55_00, before + 55_00)


def test_a_return_that_nobody_entered_yet_is_not_wiped_out_by_a_balance(world: UtilityWorld) -> None:
    """The books still have the payment; the data pump shows its return as dead until a person dismisses it."""
    world.inhance.world.downloads.choose(world.lane, "live")
    guid = world.pay(LOFTS, 120_00, tender="ach", number="000111111113")
    world.advance(minutes=15)
    world.advance(days=4)
    world.unsettled[LOFTS] = {guid}
    said = world.run("all-balances")
    assert said.startswith("3 balances sent; invoice 530003 was refused: The balance of invoice 530003 is not changed:")
    assert "return IC0000000001 of 120.00 has no certain outcome yet" in said
    assert world.owed(LOFTS) == (0, 120_00), "the payer owes it still"
    cause = world.inhance.world.cause("test", world.lane)
    world.inhance.world.ledger.return_payment(world.lane, cause, LOFTS, 1, clerk="Dana")
    assert "530003 was refused" in world.run("balances"), "entered, and its delivery is not dismissed yet"
    world.unsettled.clear()
    assert world.run("balances") == "1 balance sent"
    assert world.owed(LOFTS) == (120_00, 120_00)


def test_a_paused_payment_job_catches_up_with_one_run(world: UtilityWorld) -> None:
    """INH1-JOB-2"""
    world.timed.pause(world.lane, "payments")
    for _ in range(3):
        world.pay(DINER, 10_00)
        world.advance(hours=1)
    assert pending(world) == []
    world.timed.resume(world.lane, "payments")
    assert world.advance(minutes=1)[:1] == ["Mon 15:07 payments: 3 payments downloaded"]


def test_a_pause_a_stopped_server_and_a_clock_that_is_moved_on(world: UtilityWorld) -> None:
    """Case 24, from 10:05 on Monday: one run for a pause, one for what a stopped server missed, each of 14 days."""
    world.advance(minutes=118)
    world.timed.pause(world.lane, "payments")
    for _ in range(5):
        world.pay(DINER, 1_00)
    world.advance(hours=6, minutes=15)
    world.timed.resume(world.lane, "payments")
    assert world.advance(minutes=0) == ["Mon 20:20 payments: 5 payments downloaded"]
    assert next_run(world, "payments") == datetime(2026, 6, 1, 20, 30, tzinfo=UTC)
    world.advance(days=5, hours=3, minutes=40)  # to Saturday, 20:00
    world.lanes.set_clock(LANE, offset=timedelta(0), frozen_at=datetime(2026, 6, 8, 11, tzinfo=UTC))
    made_good = [line for line in world.advance(minutes=0) if "all-balances" in line]
    assert made_good == ["Mon 11:00 all-balances: 4 balances sent"]
    assert next_run(world, "all-balances") == datetime(2026, 6, 14, 6, tzinfo=UTC)
    world.advance(minutes=0)
    ran = Counter(line[4:].partition(": ")[0] for line in world.advance(days=14))
    own = ("all-balances", "autopay", "customers")
    assert {when: many for when, many in ran.items() if when.endswith(own)} == {
        "06:00 all-balances": 2,
        "07:00 autopay": 14,
        "07:30 customers": 14,
    }
