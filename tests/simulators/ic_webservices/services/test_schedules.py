"""Scheduled payments and AutoPay: when they run, what they pay, and that they never pay twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from partnerlab.simulators.ic_webservices.domain.errors import Conflict, NotFound, PaymentRefused
from partnerlab.simulators.ic_webservices.domain.schedules import STATES, Schedule, runs_at
from partnerlab.simulators.ic_webservices.services.wallet import NewMethod
from partnerlab.simulators.ic_webservices.store import INVOICES, LINKS, SCHEDULES
from partnerlab.simulators.kit.world.clock import Clock
from tests.simulators.ic_webservices.checkouts import wait_until
from tests.simulators.ic_webservices.harness import (
    ACCOUNT,
    DECLINED,
    INVOICE,
    RETURNS,
    SETTLES,
    UTILITY,
    VISA,
    Harness,
    advance,
    freeze,
)

USER = "willows@example.com"
DUE = date(2026, 7, 6)  # the seeded bill's, with the clock at 2026-06-16


def method(harness: Harness, number: str = VISA, **own: Any) -> str:
    kind = "card" if len(number) > 14 else "bank_account"
    given: dict[str, Any] = {"kind": kind, "number": number, "holder": "Ada Willow", "expires_on": date(2049, 9, 30)}
    given |= own
    return harness.sim.world.services.wallet.add(harness.lane, UTILITY, USER, NewMethod(**given)).method_id


def schedule(harness: Harness, amount_cents: int = 5000, day: date = date(2026, 6, 24), **own: Any) -> Schedule:
    given: dict[str, Any] = {"invoice_number": INVOICE, "method_id": "", "amount_cents": amount_cents, "day": day}
    given |= own
    given["method_id"] = given["method_id"] or method(harness)
    return harness.sim.world.services.schedules.schedule(harness.lane, UTILITY, USER, **given)


def enrol(harness: Harness, number: str = VISA, **own: Any) -> str:
    id = method(harness, number, **own)
    harness.sim.world.services.schedules.enrol(harness.lane, UTILITY, USER, ACCOUNT, id, cause="test")
    return id


def found(harness: Harness, **search: str) -> list[Schedule]:
    lane = harness.lane.name
    with harness.store.read() as tx:
        return SCHEDULES.find(tx, lane, {"biller_guid": UTILITY, **search}, order="runs_at")


def change_invoice(harness: Harness, **own: Any) -> None:
    lane = harness.lane.name
    with harness.store.write() as tx:
        invoice = INVOICES.get(tx, lane, UTILITY, INVOICE)
        assert invoice is not None
        INVOICES.put(tx, lane, replace(invoice, **own))


def payments(harness: Harness) -> list[tuple[str, str]]:
    raised = [event for event in harness.raised if event["kind"] == "payment"]
    return [(event["payment"]["amount"], event["payment"]["paid_at"]) for event in raised]


@pytest.fixture
def frozen(harness: Harness) -> Harness:
    """At 10 o'clock in the biller's zone, on Tuesday 2026-06-16, with the bill due in twenty days."""
    freeze(harness)
    harness.lanes.reset("default")
    freeze(harness)
    change_invoice(harness, invoice_due_date=DUE)
    return harness


# --- scheduled payments ---


def test_it_runs_at_seven_in_the_billers_zone_and_not_before(frozen: Harness) -> None:
    made = schedule(frozen)
    assert made.runs_at == "2026-06-24T11:00:00.000000+00:00"
    assert advance(frozen, timedelta(days=7, hours=20, minutes=59)) == []
    (done,) = advance(frozen, timedelta(minutes=1))
    assert done == "scheduled payment of 50.00 for invoice 500001 of account 10000101: paid (IC0000000001)"
    assert payments(frozen) == [("50.00", "2026-06-24T07:00:00-04:00")]
    (kept,) = found(frozen)
    assert (kept.state, kept.outcome, bool(kept.payment_guid)) == ("paid", "Approved", True)
    assert frozen.invoice()["balance_due"] == "75.50"


def test_the_hour_is_local_on_both_sides_of_a_clock_change() -> None:
    zone = ZoneInfo("America/New_York")
    assert runs_at(date(2026, 3, 7), zone) == datetime(2026, 3, 7, 12, tzinfo=UTC)
    assert runs_at(date(2026, 3, 8), zone) == datetime(2026, 3, 8, 11, tzinfo=UTC)


def test_a_day_that_passed_in_real_time_runs_at_the_next_look(frozen: Harness) -> None:
    schedule(frozen)
    Clock(frozen.lanes, (frozen.sim,)).set("default", datetime(2026, 7, 1, 16, tzinfo=UTC))
    advance(frozen, timedelta(0))
    assert payments(frozen) == [("50.00", "2026-07-01T12:00:00-04:00")]


def test_never_more_than_the_balance_is_paid(frozen: Harness) -> None:
    schedule(frozen, 10_000)
    frozen.pay(amount="100.00", payment_guid="by-hand")
    advance(frozen, timedelta(days=10))
    assert payments(frozen)[1][0] == "25.50"
    assert frozen.invoice()["balance_due"] == "0.00"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"balance_due_cents": 0, "status": "paid"}, "Invoice 500001: nothing is due."),
        ({"balance_due_cents": -100, "status": "paid"}, "Invoice 500001: nothing is due."),
        ({"status": "closed"}, "Invoice 500001 is closed: a later bill carries its balance forward."),
        ({"allow_partial_payments": False}, "Invoice 500001: only the whole 125.50 can be paid."),
        ({"minimum_amount_due_cents": 6000}, "Invoice 500001: at least 60.00 must be paid."),
    ],
)
def test_what_the_invoice_forbids_on_the_day_is_skipped_with_the_reason(
    frozen: Harness, change: dict[str, Any], reason: str
) -> None:
    schedule(frozen)
    change_invoice(frozen, **change)
    (done,) = advance(frozen, timedelta(days=10))
    assert done == f"scheduled payment of invoice 500001 of account 10000101 skipped: {reason}"
    (kept,) = found(frozen)
    assert (kept.state, kept.outcome, kept.payment_guid) == ("skipped", reason, "")
    assert payments(frozen) == []
    assert advance(frozen, timedelta(days=10)) == []


def test_a_declined_card_is_noted_and_not_tried_again(frozen: Harness) -> None:
    schedule(frozen, method_id=method(frozen, DECLINED))
    assert advance(frozen, timedelta(days=30)) == [
        "scheduled payment of 50.00 for invoice 500001 of account 10000101: declined (IC0000000001)"
    ]
    assert found(frozen)[0].outcome == "Declined by the issuer"
    assert frozen.invoice()["balance_due"] == "125.50"
    assert frozen.get("payments", state="declined")["payments"]


def test_a_card_that_expires_before_the_day_is_refused_and_one_that_expired_since_is_skipped(frozen: Harness) -> None:
    short = method(frozen, expires_on=date(2026, 6, 20))
    with pytest.raises(PaymentRefused, match="has expired"):
        schedule(frozen, method_id=short)
    good = method(frozen)
    schedule(frozen, method_id=good)
    frozen.sim.world.services.wallet.change(
        frozen.lane, UTILITY, USER, good, holder="Ada Willow", expires_on=date(2026, 6, 20)
    )
    (done,) = advance(frozen, timedelta(days=10))
    assert done.endswith("skipped: The Visa ending in 1111 has expired.")


def test_an_account_that_was_unlinked_is_not_paid_any_more(frozen: Harness) -> None:
    schedule(frozen)
    enrol(frozen)
    with frozen.store.write() as tx:
        LINKS.delete(tx, "default", UTILITY, USER, ACCOUNT)
    done = advance(frozen, timedelta(days=40))
    assert len(done) == 2
    assert all(one.endswith("skipped: The account is no longer linked to the payer.") for one in done)
    assert payments(frozen) == []


def test_the_new_owner_of_a_conveyed_account_is_not_paid_for(frozen: Harness) -> None:
    schedule(frozen)
    enrol(frozen)
    frozen.sim.world.services.ledger.convey(frozen.lane, UTILITY, ACCOUNT)
    lane = frozen.lane.name
    with frozen.store.write() as tx:
        old = INVOICES.get(tx, lane, UTILITY, INVOICE)
        assert old is not None
        assert old.account_number.startswith("10000101CV-")
        INVOICES.put(tx, lane, replace(old, invoice_number="500002", account_number=ACCOUNT))
    advance(frozen, timedelta(days=40))
    assert frozen.invoice("500002")["balance_due"] == "125.50"
    assert {event["account_number"] for event in frozen.raised if event["kind"] == "payment"} <= {old.account_number}


def test_only_the_user_can_change_or_cancel_it(frozen: Harness) -> None:
    made, schedules = schedule(frozen), frozen.sim.world.services.schedules
    with pytest.raises(NotFound):
        schedules.cancel(frozen.lane, UTILITY, "mallory", made.schedule_id)
    with pytest.raises(NotFound):
        schedule(frozen, invoice_number="no-such-invoice")
    with pytest.raises(Conflict):
        schedules.schedule(
            frozen.lane,
            UTILITY,
            "mallory",
            invoice_number=INVOICE,
            amount_cents=1,
            method_id="m",
            day=DUE,
            schedule_id=made.schedule_id,
        )
    assert found(frozen) == [made]


def test_what_has_run_or_was_cancelled_is_neither_changed_nor_cancelled(frozen: Harness) -> None:
    made, schedules = schedule(frozen), frozen.sim.world.services.schedules
    other = schedule(frozen, day=date(2026, 6, 25))
    schedules.cancel(frozen.lane, UTILITY, USER, other.schedule_id)
    advance(frozen, timedelta(days=10))
    with pytest.raises(PaymentRefused):
        schedules.cancel(frozen.lane, UTILITY, USER, made.schedule_id)
    for one in (made, other):
        with pytest.raises(PaymentRefused, match="not waiting any more"):
            schedules.change(
                frozen.lane, UTILITY, USER, one.schedule_id, amount_cents=1, method_id=made.method_id, day=DUE
            )


def test_an_error_in_the_middle_of_a_run_leaves_it_as_it_was_and_the_next_run_pays_once(
    frozen: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    schedule(frozen)
    enrol(frozen)
    put = SCHEDULES.put

    def dies(*_: Any) -> None:
        raise SystemError("killed after the payment was written")

    monkeypatch.setattr(SCHEDULES, "put", dies)
    due = list(frozen.sim.due(frozen.lane, datetime(2026, 8, 1, tzinfo=UTC)))
    assert [one.label for one in due] == ["a scheduled payment is made", "AutoPay collects a bill"]
    for one in due:
        with pytest.raises(SystemError):
            one.run()
    assert payments(frozen) == []
    assert frozen.get("payments")["payments"] == []
    monkeypatch.setattr(SCHEDULES, "put", put)
    advance(frozen, timedelta(days=40))
    assert [amount for amount, _ in payments(frozen)] == ["50.00", "75.50"]


def test_while_the_lanes_clock_runs_both_are_made_by_themselves(frozen: Harness) -> None:
    schedule(frozen)
    enrol(frozen)
    frozen.sim.start()
    for day, paid in (("2026-06-24", "50.00"), ("2026-07-06", "75.50")):
        just_before = datetime.fromisoformat(f"{day}T10:59:59.800+00:00")
        frozen.lanes.set_clock("default", offset=just_before - datetime.now(UTC), frozen_at=None)
        wait_until(lambda paid=paid: paid in dict(payments(frozen)))  # type: ignore[misc]
    assert [amount for amount, _ in payments(frozen)] == ["50.00", "75.50"]
    assert [at[:16] for _, at in payments(frozen)] == ["2026-06-24T07:00", "2026-07-06T07:00"]
    assert [one.state for one in found(frozen)] == ["paid", "paid"]


def test_what_two_replicas_run_at_once_is_paid_once(shared: Harness) -> None:
    freeze(shared)
    change_invoice(shared, invoice_due_date=date(2026, 6, 24))
    schedule(shared)
    enrol(shared)
    until = datetime(2026, 7, 1, tzinfo=UTC)
    jobs = [one for _ in range(4) for one in shared.sim.due(shared.lane, until) if one.label != "payments settle"]
    assert len(jobs) == 8
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda one: one.run(), jobs))
    assert sum(outcome.endswith(" already") for outcome in outcomes) == 6, outcomes
    assert shared.invoice()["balance_due"] == "0.00"
    assert sum(Decimal(amount) for amount, _ in payments(shared)) == Decimal("125.50")


def test_the_states_and_the_outcomes_agree() -> None:
    assert STATES["scheduled"] == STATES.keys() - {"scheduled"}
    assert all(not STATES[state] for state in STATES if state != "scheduled")


# --- AutoPay ---


def test_autopay_pays_the_balance_on_the_due_date(frozen: Harness) -> None:
    enrol(frozen)
    frozen.pay(amount="25.50", payment_guid="by-hand")
    done = advance(frozen, timedelta(days=60))
    assert "AutoPay of 100.00 for invoice 500001 of account 10000101: paid (IC0000000002)" in done
    assert payments(frozen)[1] == ("100.00", "2026-07-06T07:00:00-04:00")
    (kept,) = found(frozen, kind="autopay")
    assert (kept.state, kept.runs_on, kept.username) == ("paid", DUE, USER)


def test_the_collection_date_of_the_bill_comes_before_its_due_date(frozen: Harness) -> None:
    change_invoice(frozen, autopay_collection_date=date(2026, 6, 30))
    enrol(frozen)
    advance(frozen, timedelta(days=60))
    assert payments(frozen) == [("125.50", "2026-06-30T07:00:00-04:00")]


def test_autopay_pays_what_a_scheduled_payment_of_the_same_day_left(frozen: Harness) -> None:
    enrol(frozen)
    schedule(frozen, 2550, DUE)
    advance(frozen, timedelta(days=60))
    assert [amount for amount, _ in payments(frozen)] == ["25.50", "100.00"]


def test_a_bill_that_was_due_before_the_enrolment_is_left_to_the_payer(frozen: Harness) -> None:
    change_invoice(frozen, invoice_due_date=date(2026, 6, 16))
    enrol(frozen)
    assert advance(frozen, timedelta(days=60)) == []
    assert payments(frozen) == []


def test_a_declined_collection_is_noted_and_not_tried_again(frozen: Harness) -> None:
    enrol(frozen, DECLINED)
    assert len(advance(frozen, timedelta(days=60))) == 1
    (kept,) = found(frozen)
    assert (kept.state, kept.outcome) == ("declined", "Declined by the issuer")
    assert frozen.invoice()["balance_due"] == "125.50"


def test_a_bank_payment_of_autopay_can_come_back(frozen: Harness) -> None:
    enrol(frozen, RETURNS)
    advance(frozen, timedelta(days=60))
    assert [event["kind"] for event in frozen.raised] == ["autopay", "payment", "ach_reject"]
    assert frozen.invoice()["balance_due"] == "125.50"  # and AutoPay does not collect it again
    assert len(found(frozen)) == 1


def test_a_bill_is_collected_once_whatever_date_a_file_gives_it_later(frozen: Harness) -> None:
    enrol(frozen)
    advance(frozen, timedelta(days=60))
    change_invoice(frozen, balance_due_cents=3000, status="open", invoice_due_date=date(2026, 9, 1))
    advance(frozen, timedelta(days=60))
    assert [amount for amount, _ in payments(frozen)] == ["125.50"]


def test_switching_autopay_off_stops_it_however_it_is_done(frozen: Harness) -> None:
    enrol(frozen)
    frozen.sim.world.services.schedules.leave(frozen.lane, UTILITY, ACCOUNT, cause="test")
    assert advance(frozen, timedelta(days=10)) == []
    enrol(frozen)
    frozen.control("POST", f"customers/{ACCOUNT}/autopay", {"enrolled": False})
    assert advance(frozen, timedelta(days=60)) == []
    assert payments(frozen) == []


def test_autopay_that_was_off_meanwhile_begins_without_the_former_method(frozen: Harness) -> None:
    enrol(frozen)
    for enrolled in (False, True):
        frozen.control("POST", f"customers/{ACCOUNT}/autopay", {"enrolled": enrolled})
    assert advance(frozen, timedelta(days=60)) == []
    assert payments(frozen) == []


def test_autopay_takes_only_an_account_and_a_method_of_the_user(frozen: Harness) -> None:
    schedules, id = frozen.sim.world.services.schedules, method(frozen)
    for user, account in ((USER, "10000102"), ("mallory", ACCOUNT)):
        with pytest.raises(NotFound):
            schedules.enrol(frozen.lane, UTILITY, user, account, id, cause="test")
    with frozen.store.write() as tx:
        LINKS.delete(tx, "default", UTILITY, USER, ACCOUNT)
    with pytest.raises(NotFound):
        schedules.enrol(frozen.lane, UTILITY, USER, ACCOUNT, id, cause="test")
    assert frozen.raised == []


def test_autopay_without_a_method_collects_nothing(frozen: Harness) -> None:
    frozen.control("POST", f"customers/{ACCOUNT}/autopay", {"enrolled": True})
    assert advance(frozen, timedelta(days=60)) == []


def test_enrolling_again_changes_the_method_and_raises_no_second_event(frozen: Harness) -> None:
    enrol(frozen)
    enrol(frozen, SETTLES)
    advance(frozen, timedelta(days=60))
    assert [event["kind"] for event in frozen.raised] == ["autopay", "payment"]
    assert frozen.raised[1]["payment"]["tender"] == "ach"


def test_the_service_fee_of_the_method_is_taken(frozen: Harness) -> None:
    fees = {"Portal": {"ServiceFee": {"Card": "2.95"}}}
    frozen.control("PATCH", f"billers/{UTILITY}", {"configuration": fees})
    enrol(frozen)
    advance(frozen, timedelta(days=60))
    assert frozen.raised[1]["payment"]["service_fee"] == "2.95"


def test_another_lane_is_not_touched(frozen: Harness) -> None:
    enrol(frozen)
    schedule(frozen)
    frozen.lane_name = "other"
    freeze(frozen)
    assert advance(frozen, timedelta(days=60)) == []
    assert frozen.invoice()["balance_due"] == "125.50"
