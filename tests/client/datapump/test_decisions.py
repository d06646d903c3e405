"""What a person does with a delivery that is dead or unknown, and how it is found."""

from __future__ import annotations

from decimal import Decimal

import pytest

from partnerlab.client.datapump import DataPump, DeliveryNotFound, RetryPolicy, TransitionRefused, decisions
from partnerlab.client.datapump.states import State
from partnerlab.client.errors import RequestInvalid
from tests.client.datapump.conftest import MakePump, make_event, state_of, submit, wait_for, waiting
from tests.client.datapump.partner import LOSE, OK, REFUSE, THROTTLE, Partner


def dead(make_pump: MakePump, partner: Partner, kind: str = "payment") -> tuple[DataPump, str]:
    """A pump with one delivery the partner refused; the next call it would take."""
    wills = iter([REFUSE])
    partner.will = lambda operation, fields: next(wills, OK)
    pump = make_pump()
    [id] = submit(pump, make_event(kind))
    wait_for(lambda: state_of(pump, id) is State.DEAD)
    return pump, id


def unknown(make_pump: MakePump, partner: Partner) -> tuple[DataPump, str]:
    wills = iter([LOSE])
    partner.will = lambda operation, fields: next(wills, OK)
    pump = make_pump()
    [id] = submit(pump, make_event())
    wait_for(lambda: state_of(pump, id) is State.UNKNOWN)
    return pump, id


def test_a_dead_delivery_can_be_replayed(make_pump: MakePump, partner: Partner) -> None:
    pump, id = dead(make_pump, partner)
    record = pump.replay(id, "account reopened", by="kim")
    [note] = record.notes
    assert (note.by, note.verb, note.reason, note.source, note.target) == (
        "kim",
        "replay",
        "account reopened",
        "dead",
        "accepted",
    )
    wait_for(lambda: state_of(pump, id) is State.DELIVERED)
    assert [attempt.outcome for attempt in pump.delivery(id).attempts] == ["refused", "delivered"]


def test_a_replay_counts_its_attempts_anew(make_pump: MakePump, partner: Partner) -> None:
    partner.will = lambda operation, fields: THROTTLE
    pump = make_pump(RetryPolicy(attempts=2, first_s=0.02))
    [id] = submit(pump, make_event())
    wait_for(lambda: state_of(pump, id) is State.DEAD)
    pump.replay(id, "again")
    wait_for(lambda: len(partner.seen) == 4)
    wait_for(lambda: state_of(pump, id) is State.DEAD)
    assert pump.delivery(id).delivery.attempts == 4


def test_a_delivery_can_be_dismissed_and_taken_up_again(make_pump: MakePump, partner: Partner) -> None:
    pump, id = dead(make_pump, partner)
    assert pump.dismiss(id, "posted by hand").delivery.state is State.DISMISSED
    assert pump.drain()
    assert len(partner.seen) == 1
    pump.replay(id, "it was not")
    wait_for(lambda: state_of(pump, id) is State.DELIVERED)
    assert [note.verb for note in pump.delivery(id).notes] == ["dismiss", "replay"]


def test_an_unknown_payment_found_at_the_partner_is_delivered(make_pump: MakePump, partner: Partner) -> None:
    pump, id = unknown(make_pump, partner)
    record = pump.resolve(id, True, "seen in their ledger")
    assert record.delivery.state is State.DELIVERED
    assert pump.drain()
    assert sum(partner.posted().values()) == 1


def test_an_unknown_payment_not_found_is_sent_again(make_pump: MakePump, partner: Partner) -> None:
    pump, id = unknown(make_pump, partner)
    pump.resolve(id, False, "not in their ledger")
    wait_for(lambda: state_of(pump, id) is State.DELIVERED)
    assert len(partner.seen) == 2


def test_an_unknown_payment_is_not_simply_replayed(make_pump: MakePump, partner: Partner) -> None:
    pump, id = unknown(make_pump, partner)
    with pytest.raises(TransitionRefused, match="resolve as posted"):
        pump.replay(id, "again")
    assert len(partner.seen) == 1
    assert pump.delivery(id).notes == ()


def test_the_balance_helps_to_decide(make_pump: MakePump, partner: Partner) -> None:
    pump, id = unknown(make_pump, partner)
    assert pump.check_balance(id).balance == Decimal("12.50")
    assert partner.seen[-1].operation == "BalanceCheck"
    assert partner.seen[-1].fields["LastInvoiceNumber"] == "500001"
    [email] = submit(pump, make_event("email"))
    with pytest.raises(RequestInvalid, match="there is no balance to check"):
        pump.check_balance(email)


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_decision_needs_a_reason(make_pump: MakePump, partner: Partner, reason: str) -> None:
    pump, id = dead(make_pump, partner)
    with pytest.raises(RequestInvalid, match="must say why"):
        pump.replay(id, reason)


def test_a_delivered_one_is_left_alone(pump: DataPump) -> None:
    [id] = submit(pump, make_event())
    assert pump.drain()
    for act in (pump.replay, pump.dismiss):
        with pytest.raises(TransitionRefused):
            act(id, "why not")
    with pytest.raises(DeliveryNotFound, match="no delivery default:none"):
        pump.replay("default:none", "why not")


@pytest.mark.parametrize("kind", ["paperless", "autopay", "email"])
def test_an_older_flag_does_not_overwrite_a_newer_one(make_pump: MakePump, partner: Partner, kind: str) -> None:
    pump, old = dead(make_pump, partner, kind)
    [new] = submit(pump, make_event(kind))
    wait_for(lambda: state_of(pump, new) is State.DELIVERED)
    pump.replay(old, "catching up")
    wait_for(lambda: state_of(pump, old) is State.SKIPPED)
    assert pump.delivery(old).delivery.message.startswith("superseded")
    assert len(partner.seen) == 2


def test_a_replayed_flag_is_sent_where_nothing_newer_was(make_pump: MakePump, partner: Partner) -> None:
    pump, id = dead(make_pump, partner, "autopay")
    submit(pump, make_event("paperless"), make_event("autopay", account_number="other"), make_event())
    assert pump.drain()
    pump.replay(id, "again")
    wait_for(lambda: state_of(pump, id) is State.DELIVERED)


def test_a_replayed_payment_is_never_superseded(make_pump: MakePump, partner: Partner) -> None:
    pump, id = dead(make_pump, partner)
    submit(pump, make_event())
    assert pump.drain()
    pump.replay(id, "again")
    wait_for(lambda: state_of(pump, id) is State.DELIVERED)


def test_deliveries_can_be_found(make_pump: MakePump, partner: Partner) -> None:
    pump, refused = dead(make_pump, partner)
    ids = submit(pump, make_event("email"), make_event(account_number="2"), make_event("email", lane="lane-2"))
    assert pump.drain()
    assert [d.id for d in pump.deliveries()] == [*reversed(ids), refused]
    assert [d.id for d in pump.deliveries(state="dead")] == [refused]
    assert [d.id for d in pump.deliveries(kind="email", lane="default")] == [ids[0]]
    assert [d.id for d in pump.deliveries(account_number="2")] == [ids[1]]
    [newest, next] = pump.deliveries(limit=2)
    assert [d.id for d in pump.deliveries(before=next.number)] == [ids[0], refused]
    assert newest.id == ids[2]
    with pytest.raises(RequestInvalid, match="is not one of accepted"):
        pump.deliveries(state="lost")


@pytest.mark.parametrize("verb", ["dismiss", "replay"])
def test_a_decision_that_loses_the_race_writes_nothing(
    make_pump: MakePump, partner: Partner, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    """Between a person's look and a person's word the delivery was delivered: no state, no note, no second run."""
    pump, id = waiting(make_pump, partner)
    seen_waiting = pump.delivery(id).delivery
    pump.wake()
    wait_for(lambda: state_of(pump, id) is State.DELIVERED)
    looks = iter([seen_waiting])
    look = decisions.find
    monkeypatch.setattr(decisions, "find", lambda store, known: next(looks, None) or look(store, known))
    with pytest.raises(TransitionRefused, match="is delivered"):
        getattr(pump, verb)(id, "too late")
    found = pump.delivery(id)
    assert (found.delivery.state, found.delivery.run, found.notes) == (State.DELIVERED, 1, ())
    assert sum(partner.posted().values()) == 1


def test_a_decision_on_one_of_two_deliveries_leaves_the_other(make_pump: MakePump, partner: Partner) -> None:
    partner.will = lambda operation, fields: REFUSE
    pump = make_pump()
    first, second = submit(pump, make_event(), make_event())
    wait_for(lambda: {state_of(pump, id) for id in (first, second)} == {State.DEAD})
    pump.dismiss(first, "paid at the counter")
    assert [state_of(pump, id) for id in (first, second)] == [State.DISMISSED, State.DEAD]
    assert [len(pump.delivery(id).notes) for id in (first, second)] == [1, 0]


def test_a_waiting_delivery_that_is_sent_at_once_goes_on_with_its_run(make_pump: MakePump, partner: Partner) -> None:
    partner.will = lambda operation, fields: THROTTLE
    pump = make_pump(RetryPolicy(attempts=2, first_s=600))
    [id] = submit(pump, make_event())
    wait_for(lambda: state_of(pump, id) is State.WAITING)
    pump.replay(id, "the partner is back")
    wait_for(lambda: state_of(pump, id) is State.DEAD)
    assert pump.delivery(id).delivery.attempts == 2
