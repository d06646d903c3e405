"""inHance v2 and TCCS upload what is new or changed, by themselves, and nothing where nothing is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from partnerlab.simulators.ic_webservices.domain.invoices import Invoice
from partnerlab.simulators.inhance_soap.domain.billing import Bill
from partnerlab.simulators.tccs_rest.domain.policies import Charge, Insured
from tests.partnerlab.jobs.utility import UtilityWorld

TERM = "454100020-12/31/2026"


def invoice(world: UtilityWorld, guid: str, number: str) -> Invoice:
    return world.ic.world.services.ledger.invoice(world.lane, guid, number)


def biller(world: UtilityWorld, partner: str) -> str:
    return next(one.guid for one in world.ic.world.services.records.billers(world.lane) if one.partner == partner)


def uploads(world: UtilityWorld, **by: float) -> list[str]:
    return [line for line in world.advance(**by) if "uploaded" in line]


def test_inhance_v2_uploads_a_new_bill_within_15_minutes(world: UtilityWorld) -> None:
    guid = biller(world, "inhance_v2")
    assert uploads(world, hours=3) == []
    today = world.lane.now().date()
    bill = Bill("540050", today, today + timedelta(days=30), 10_00, 10_00)
    world.inhance.world.ledger.bill(world.lane, world.inhance.world.cause("test", world.lane), "10000101", bill)
    assert uploads(world, hours=3) == ["Mon 15:15 invoices: 1 bill uploaded as U00000001"]
    assert invoice(world, guid, "540050").balance_due_cents == 135_50
    assert invoice(world, guid, "500001").status == "closed"
    # The day of a bill that was made ahead comes, and it goes out with it.
    world.advance(days=21)
    assert invoice(world, guid, "500002").balance_due_cents == 192_75


def test_of_two_new_bills_the_newer_asks_for_the_balance_and_the_older_for_what_was_open_then(
    world: UtilityWorld,
) -> None:
    today, ledger = world.lane.now().date(), world.inhance.world.ledger
    for number, cents in (("540050", 10_00), ("540051", 20_00), ("540052", 40_00)):
        bill = Bill(number, today, today + timedelta(days=30), cents, cents)
        ledger.bill(world.lane, world.inhance.world.cause("test", world.lane), "10000101", bill)
    made = {one.bill.invoice_number: one for one in world.inhance.world.outgoing.bills(world.lane, "v2")}
    asked = {
        number: (made[number].owed_cents, made[number].past_due_cents) for number in ("540050", "540051", "540052")
    }
    assert asked == {"540050": (135_50, 125_50), "540051": (155_50, 135_50), "540052": (195_50, 155_50)}


def test_tccs_uploads_new_and_changed_terms_every_four_hours(world: UtilityWorld) -> None:
    guid = biller(world, "tccs")
    policies, cause = world.tccs.world.policies, world.tccs.world.cause("test", world.lane)
    assert uploads(world, hours=8) == []
    named = Insured("New Mills Ltd", "1 Mill Road", city="Salem", state="MA", zip="01970")
    policies.put_policy(world.lane, cause, TERM, lambda policy: replace(policy, insured=named, late_fee_cents=10_00))
    assert uploads(world, hours=8) == []  # nothing is charged on it yet
    today = world.lane.now().date()
    charges = [
        Charge(0, "instalment", today, today + timedelta(days=20), 120_00),
        Charge(0, "instalment", today + timedelta(days=30), today + timedelta(days=50), 110_00),
    ]
    policies.add_instalments(world.lane, world.tccs.world.cause("test", world.lane), TERM, charges)
    assert uploads(world, hours=8) == ["Tue 08:00 invoices: 1 bill uploaded as U00000001"]
    found = invoice(world, guid, TERM)
    assert (found.total_amount_due_cents, found.minimum_amount_due_cents) == (230_00, 120_00)
    assert found.lines[0].description == "Total amount outstanding: 230.00"
    customer = world.ic.world.services.ledger.customer(world.lane, guid, "454100020")
    assert (customer.customer_name, customer.city) == ("New Mills Ltd", "Salem")
    # A late fee, and the next instalment: each changes what is billed, and goes out once.
    world.advance(days=31)
    found = invoice(world, guid, TERM)
    view = policies.policy(world.lane, TERM)
    assert found.minimum_amount_due_cents == view.balances.billed_due_cents == 240_00
    assert found.total_amount_due_cents == view.balances.outstanding_cents == 240_00
