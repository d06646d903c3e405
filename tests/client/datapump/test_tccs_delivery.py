"""The pump and TCCS: what is posted once, what waits for a person, and what is not tried again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from partnerlab.client.datapump import DataPump, RetryPolicy, TransitionRefused
from partnerlab.client.datapump.states import FREE, State
from partnerlab.client.settings import Biller
from tests.client.datapump.conftest import make_event, state_of, wait_for, worker_of
from tests.client.datapump.tccs_partner import (
    BUSY,
    DROP,
    ERROR,
    HTML,
    KEY,
    LOSE,
    OK,
    REFUSE,
    THROTTLE,
    TccsPartner,
    tccs_settings,
)

MakePump = Callable[..., DataPump]
INVOICE, QUOTE = "454100010-03/01/2019", "Q454100010-03/01/2019"
V1, V2, OFF = {"35": "1"}, {"35": "2"}, {"datapump_retry": "0"}
UNCERTAIN = [LOSE, DROP, ERROR, BUSY]


@pytest.fixture
def tccs() -> Iterator[TccsPartner]:
    with TccsPartner() as partner:
        yield partner


def event_of(kind: str = "payment", **own: Any) -> dict[str, Any]:
    return make_event(kind, account_number="454100010", **{"invoice_number": INVOICE, **own})


def started(make_pump: MakePump, partner: TccsPartner, settings: dict[str, str], **options: Any) -> DataPump:
    """A pump whose billers have those settings, as they are at the moment of each attempt."""

    def billers(lane: str, guid: str) -> Biller:
        return Biller(guid, "tccs", tccs_settings(partner.url, **settings))

    return make_pump(billers=billers, **options)


def wills(partner: TccsPartner, *first: str) -> None:
    """What the partner does with the first requests; it takes all others."""
    ahead = iter(first)
    partner.will = lambda told: next(ahead, OK)


# -- an answer that is lost ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [INVOICE, QUOTE])
@pytest.mark.parametrize("will", UNCERTAIN)
def test_in_version_2_a_payment_whose_outcome_is_unknown_is_tried_again_and_posted_once(
    make_pump: MakePump, tccs: TccsPartner, number: str, will: str
) -> None:
    wills(tccs, will, will)
    pump = started(make_pump, tccs, V2)
    id = pump.submit(event_of(invoice_number=number)).id
    wait_for(lambda: state_of(pump, id) is State.DELIVERED)
    assert tccs.posted() == {number: 1}
    assert len(tccs.told) == 3
    assert len({told.content_info for told in tccs.told}) == 1, "the same PaymentGUID each time"
    assert [attempt.outcome for attempt in pump.delivery(id).attempts] == ["failed", "failed", "delivered"]


@pytest.mark.parametrize("number", [INVOICE, QUOTE])
@pytest.mark.parametrize("will", UNCERTAIN)
def test_in_version_1_a_payment_whose_outcome_is_unknown_waits_for_a_person(
    make_pump: MakePump, tccs: TccsPartner, number: str, will: str
) -> None:
    wills(tccs, will)
    pump = started(make_pump, tccs, V1)
    id = pump.submit(event_of(invoice_number=number)).id
    wait_for(lambda: state_of(pump, id) is State.UNKNOWN)
    time.sleep(0.3)
    assert len(tccs.told) == 1
    assert tccs.posted() == ({number: 1} if will == LOSE else {})
    with pytest.raises(TransitionRefused):
        pump.replay(id, "again")
    assert pump.resolve(id, True, "seen at TCCS").delivery.state is State.DELIVERED
    assert pump.drain()
    assert len(tccs.told) == 1


def test_in_version_1_what_was_not_carried_out_is_tried_again(make_pump: MakePump, tccs: TccsPartner) -> None:
    wills(tccs, THROTTLE, THROTTLE)
    pump = started(make_pump, tccs, V1)
    id = pump.submit(event_of()).id
    wait_for(lambda: state_of(pump, id) is State.DELIVERED)
    assert tccs.posted() == {INVOICE: 1}


@pytest.mark.parametrize("version", [V1, V2])
def test_a_returned_payment_is_reported_once_whatever_the_version(
    make_pump: MakePump, tccs: TccsPartner, version: dict[str, str]
) -> None:
    wills(tccs, LOSE)
    pump = started(make_pump, tccs, version)
    id = pump.submit(event_of("ach_reject")).id
    wait_for(lambda: state_of(pump, id) is State.UNKNOWN)
    time.sleep(0.3)
    assert len(tccs.told) == 1


@pytest.mark.parametrize("kind", ["paperless", "autopay"])
@pytest.mark.parametrize("version", [V1, V2])
def test_an_enrolment_is_simply_set_again(
    make_pump: MakePump, tccs: TccsPartner, kind: str, version: dict[str, str]
) -> None:
    wills(tccs, LOSE, ERROR)
    pump = started(make_pump, tccs, version)
    id = pump.submit(event_of(kind)).id
    wait_for(lambda: state_of(pump, id) is State.DELIVERED)
    assert len(tccs.told) == 3


@pytest.mark.parametrize("version", [V1, V2])
def test_an_answer_that_nobody_understands_is_not_asked_for_again_whatever_the_version(
    make_pump: MakePump, tccs: TccsPartner, version: dict[str, str]
) -> None:
    wills(tccs, HTML)
    pump = started(make_pump, tccs, version)
    id = pump.submit(event_of()).id
    wait_for(lambda: state_of(pump, id) is State.NOT_UNDERSTOOD)
    time.sleep(0.3)
    assert len(tccs.told) == 1
    pump.resolve(id, True, "seen in their ledger")
    assert state_of(pump, id) is State.DELIVERED


def test_the_return_of_a_payment_that_was_not_posted_is_not_reported(make_pump: MakePump, tccs: TccsPartner) -> None:
    """The payer paid the same amount again by then: that payment would be taken back in place of the first."""
    wills(tccs, REFUSE)
    pump = started(make_pump, tccs, V2)
    payment = pump.submit(event_of()).id
    again = pump.submit(event_of()).id
    back = pump.submit(event_of("ach_reject", payment_guid=payment.partition(":")[2])).id
    wait_for(lambda: state_of(pump, back) is State.DEAD)
    assert (state_of(pump, payment), state_of(pump, again)) == (State.DEAD, State.DELIVERED)
    assert len(tccs.told) == 2
    assert "the payment that came back is dead itself" in pump.delivery(back).delivery.message
    pump.replay(payment, "the policy is there now")
    wait_for(lambda: state_of(pump, payment) is State.DELIVERED)
    pump.replay(back, "and so is the payment")
    wait_for(lambda: state_of(pump, back) is State.DELIVERED)
    assert len(tccs.told) == 4


def test_a_return_is_not_superseded_by_a_later_one(make_pump: MakePump, tccs: TccsPartner) -> None:
    """Each is of another payment; only what sets a value is overtaken by the newest."""
    wills(tccs, REFUSE)
    pump = started(make_pump, tccs, V2)
    first, second = (pump.submit(event_of("ach_reject", payment_guid=f"payment-{n}")).id for n in (1, 2))
    wait_for(lambda: state_of(pump, second) is State.DELIVERED)
    assert state_of(pump, first) is State.DEAD
    pump.replay(first, "the payment is there now")
    wait_for(lambda: state_of(pump, first) in FREE and state_of(pump, first) is not State.DEAD)
    assert (state_of(pump, first), len(tccs.told)) == (State.DELIVERED, 3)


def test_a_refusal_is_dead_with_the_partner_s_words(make_pump: MakePump, tccs: TccsPartner) -> None:
    wills(tccs, REFUSE)
    pump = started(make_pump, tccs, V2)
    id = pump.submit(event_of()).id
    wait_for(lambda: state_of(pump, id) is State.DEAD)
    assert pump.delivery(id).delivery.message == "Success=false: Policy is cancelled."


def test_the_balance_helps_to_decide(make_pump: MakePump, tccs: TccsPartner) -> None:
    wills(tccs, LOSE)
    pump = started(make_pump, tccs, V1)
    id = pump.submit(event_of()).id
    wait_for(lambda: state_of(pump, id) is State.UNKNOWN)
    found = pump.check_balance(id)
    assert (found.balance, found.future_balance) == (Decimal("96.00"), Decimal("316.00"))
    assert tccs.told[-1].content_info == INVOICE


def test_no_record_of_a_delivery_holds_the_key(make_pump: MakePump, tccs: TccsPartner) -> None:
    from partnerlab.client.datapump.views import render_record

    wills(tccs, LOSE, ERROR, REFUSE)
    pump = started(make_pump, tccs, V2)
    id = pump.submit(event_of()).id
    wait_for(lambda: state_of(pump, id) is State.DEAD)
    record = pump.delivery(id)
    assert len(record.attempts) == 3
    assert KEY not in f"{record!r} {render_record(record)}"


# -- a biller that goes back to version 1 ------------------------------------------------------------------------------


def waiting_in_version_2(make_pump: MakePump, partner: TccsPartner, will: str) -> tuple[DataPump, str, dict[str, str]]:
    """A payment that came to nothing certain in version 2, on the day its biller goes back to version 1."""
    settings = dict(V2)
    wills(partner, will)
    pump = started(make_pump, partner, settings, policy=RetryPolicy(attempts=5, first_s=600.0))
    id = pump.submit(event_of()).id
    wait_for(lambda: state_of(pump, id) is State.WAITING)
    settings["35"] = "1"
    pump.wake()
    return pump, id, settings


def test_what_may_be_posted_already_is_not_sent_without_its_guid(make_pump: MakePump, tccs: TccsPartner) -> None:
    pump, id, _ = waiting_in_version_2(make_pump, tccs, LOSE)
    wait_for(lambda: state_of(pump, id) is State.UNKNOWN)
    record = pump.delivery(id)
    assert record.delivery.message.startswith("not sent: an earlier attempt may have been carried out")
    assert [attempt.outcome for attempt in record.attempts] == ["failed", "unknown"]
    assert tccs.posted() == {INVOICE: 1}
    assert len(tccs.told) == 1


def test_a_person_who_says_that_it_was_not_posted_has_it_sent(make_pump: MakePump, tccs: TccsPartner) -> None:
    pump, id, _ = waiting_in_version_2(make_pump, tccs, DROP)
    wait_for(lambda: state_of(pump, id) is State.UNKNOWN)
    pump.resolve(id, False, "not at TCCS")
    wait_for(lambda: state_of(pump, id) is State.DELIVERED)
    assert tccs.posted() == {INVOICE: 1}
    assert "@" not in tccs.told[-1].content_info


def test_back_in_version_2_it_is_sent_with_its_guid(make_pump: MakePump, tccs: TccsPartner) -> None:
    pump, id, settings = waiting_in_version_2(make_pump, tccs, LOSE)
    wait_for(lambda: state_of(pump, id) is State.UNKNOWN)
    settings["35"] = "2"
    pump.resolve(id, False, "a mistake, and harmless")
    wait_for(lambda: state_of(pump, id) is State.DELIVERED)
    assert tccs.posted() == {INVOICE: 1}


def test_a_dead_payment_that_may_be_posted_is_not_replayed_without_its_guid(
    make_pump: MakePump, tccs: TccsPartner
) -> None:
    settings = V2 | OFF
    wills(tccs, LOSE)
    pump = started(make_pump, tccs, settings)
    id = pump.submit(event_of()).id
    wait_for(lambda: state_of(pump, id) is State.DEAD)
    settings["35"] = "1"
    pump.replay(id, "again")
    wait_for(lambda: state_of(pump, id) is State.UNKNOWN)
    assert tccs.posted() == {INVOICE: 1}


# -- retry switched off ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "kind", "will", "state"),
    [
        (V2, "payment", LOSE, State.DEAD),
        (V2, "payment", THROTTLE, State.DEAD),
        (V1, "payment", THROTTLE, State.DEAD),
        (V1, "payment", LOSE, State.UNKNOWN),
        (V2, "paperless", ERROR, State.DEAD),
        (V2, "ach_reject", LOSE, State.UNKNOWN),
    ],
)
def test_with_retry_off_what_failed_is_tried_once_and_waits_for_a_person(
    make_pump: MakePump, tccs: TccsPartner, settings: dict[str, str], kind: str, will: str, state: State
) -> None:
    wills(tccs, will)
    pump = started(make_pump, tccs, settings | OFF)
    id = pump.submit(event_of(kind)).id
    wait_for(lambda: state_of(pump, id) is state)
    time.sleep(0.3)
    assert len(tccs.told) == 1
    record = pump.delivery(id)
    if state is State.DEAD:
        assert record.delivery.message.startswith("not tried again, because setting datapump_retry is off: ")
        assert record.attempts[0].outcome == "failed"
        pump.replay(id, "TCCS is back")
    else:
        pump.resolve(id, False, "not at TCCS")
    wait_for(lambda: state_of(pump, id) is State.DELIVERED)


def test_with_retry_off_a_payment_replayed_in_version_2_is_posted_once(make_pump: MakePump, tccs: TccsPartner) -> None:
    wills(tccs, LOSE)
    pump = started(make_pump, tccs, V2 | OFF)
    id = pump.submit(event_of()).id
    wait_for(lambda: state_of(pump, id) is State.DEAD)
    pump.replay(id, "again")
    wait_for(lambda: state_of(pump, id) is State.DELIVERED)
    assert tccs.posted() == {INVOICE: 1}


def test_with_retry_off_a_failed_delivery_does_not_hold_its_account(make_pump: MakePump, tccs: TccsPartner) -> None:
    wills(tccs, THROTTLE)
    pump = started(make_pump, tccs, V2 | OFF)
    first = pump.submit(event_of()).id
    second = pump.submit(event_of()).id
    wait_for(lambda: state_of(pump, second) is State.DELIVERED)
    assert state_of(pump, first) is State.DEAD


def test_the_switch_counts_as_it_stands_at_the_attempt(make_pump: MakePump, tccs: TccsPartner) -> None:
    settings = dict(V2)
    wills(tccs, THROTTLE, THROTTLE)
    pump = started(make_pump, tccs, settings, policy=RetryPolicy(attempts=5, first_s=600.0))
    id = pump.submit(event_of()).id
    wait_for(lambda: state_of(pump, id) is State.WAITING)
    settings |= OFF
    pump.wake()
    wait_for(lambda: state_of(pump, id) is State.DEAD)
    assert len(tccs.told) == 2


@pytest.mark.parametrize(
    ("settings", "state"), [(V2, State.WAITING), (V2 | OFF, State.DEAD), (V1, State.UNKNOWN), (V1 | OFF, State.UNKNOWN)]
)
def test_a_kill_in_the_middle_of_a_call_counts_as_unknown(
    make_pump: MakePump, tccs: TccsPartner, settings: dict[str, str], state: State
) -> None:
    entered, go_on = threading.Event(), threading.Event()

    def hold(told: object) -> str:
        entered.set()
        go_on.wait(60)
        return LOSE

    tccs.will = hold
    pump = started(make_pump, tccs, settings, policy=RetryPolicy(attempts=5, first_s=600.0))
    id = pump.submit(event_of()).id
    assert entered.wait(60)
    # What the next process finds, and what it makes of it, while the slow one still waits for its answer.
    found = pump.delivery(id).delivery
    assert found.state is State.SENDING
    assert worker_of(pump).interrupted(found).state is state
    # Looked at before the slow one goes on: its late answer may replace the words of an unknown outcome.
    assert pump.delivery(id).attempts[0].message == "the pump stopped while the call was under way"
    go_on.set()
    assert state_of(pump, id) is state
