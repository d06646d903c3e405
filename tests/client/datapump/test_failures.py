"""An attempt that fails: tried again, unknown, dead or skipped."""

from __future__ import annotations

import time
from typing import Any

import psycopg
import pytest

from partnerlab.client.datapump import DataPump, RetryPolicy
from partnerlab.client.datapump.states import State, TransitionRefused
from partnerlab.client.settings import Biller
from tests.client.datapump.conftest import MakePump, make_event, settings_for, state_of, submit, wait_for
from tests.client.datapump.partner import BUSY, DROP, FAULT, HTML, LOSE, OK, REFUSE, THROTTLE, Partner


def test_an_outage_is_waited_out(make_pump: MakePump, partner: Partner) -> None:
    partner.close()
    pump = make_pump(RetryPolicy(attempts=50, first_s=0.05, longest_s=0.1))
    ids = submit(pump, *(make_event(account_number=f"a{n % 4}") for n in range(8)))
    wait_for(lambda: pump.counts().get(State.WAITING) == 4)
    partner.open()
    wait_for(lambda: pump.counts() == {State.DELIVERED: 8})
    assert set(partner.posted().values()) == {1}
    record = pump.delivery(ids[0])
    assert [attempt.outcome for attempt in record.attempts[:-1]] == ["failed"] * (len(record.attempts) - 1)
    assert "no connection" in record.attempts[0].message


@pytest.mark.parametrize(("will", "posted"), [(LOSE, 1), (DROP, 0), (FAULT, 0), (BUSY, 0)])
def test_a_payment_that_may_have_been_posted_waits_for_a_person(
    make_pump: MakePump, partner: Partner, will: str, posted: int
) -> None:
    partner.will = lambda operation, fields: will
    pump = make_pump()
    [id] = submit(pump, make_event())
    wait_for(lambda: state_of(pump, id) is State.UNKNOWN)
    time.sleep(0.3)
    assert len(partner.seen) == 1
    assert sum(partner.posted().values()) == posted
    assert pump.delivery(id).attempts[0].outcome == "unknown"


@pytest.mark.parametrize("kind", ["paperless", "autopay", "email"])
@pytest.mark.parametrize("will", [LOSE, DROP, FAULT, BUSY])
def test_a_flag_is_simply_set_again(make_pump: MakePump, partner: Partner, kind: str, will: str) -> None:
    wills = iter([will, will])
    partner.will = lambda operation, fields: next(wills, OK)
    pump = make_pump()
    [id] = submit(pump, make_event(kind))
    wait_for(lambda: state_of(pump, id) is State.DELIVERED)
    assert len(partner.seen) == 3


@pytest.mark.parametrize("kind", ["payment", "email"])
def test_an_answer_that_nobody_understands_waits_for_a_person_and_is_never_sent_again(
    make_pump: MakePump, partner: Partner, kind: str
) -> None:
    """Whether the call may be repeated or not [A-78]: the same question would bring the same answer."""
    wills = iter([HTML])
    partner.will = lambda operation, fields: next(wills, OK)
    pump = make_pump()
    id, behind = submit(pump, make_event(kind), make_event())
    wait_for(lambda: state_of(pump, behind) is State.DELIVERED)
    record = pump.delivery(id)
    assert (record.delivery.state, record.attempts[0].outcome) == (State.NOT_UNDERSTOOD, "not_understood")
    assert "Maintenance" in record.delivery.message
    with pytest.raises(TransitionRefused, match="dismiss or resolve as posted or resolve as not posted"):
        pump.replay(id, "once more")
    assert len(partner.seen) == 2
    pump.resolve(id, False, "their log shows nothing")
    wait_for(lambda: state_of(pump, id) is State.DELIVERED)
    assert len(partner.seen) == 3


def test_an_unknown_payment_does_not_hold_the_account(make_pump: MakePump, partner: Partner) -> None:
    wills = iter([LOSE])
    partner.will = lambda operation, fields: next(wills, OK)
    pump = make_pump()
    first, second = submit(pump, make_event(), make_event())
    wait_for(lambda: state_of(pump, second) is State.DELIVERED)
    assert state_of(pump, first) is State.UNKNOWN


def test_a_refusal_is_dead_at_once_with_the_partners_words(make_pump: MakePump, partner: Partner) -> None:
    partner.will = lambda operation, fields: REFUSE
    pump = make_pump()
    [id] = submit(pump, make_event())
    wait_for(lambda: state_of(pump, id) is State.DEAD)
    record = pump.delivery(id)
    assert record.delivery.message == "Success=false: Account is closed"
    assert record.attempts[0].outcome == "refused"
    assert len(partner.seen) == 1


def test_attempts_run_out(make_pump: MakePump, partner: Partner) -> None:
    partner.will = lambda operation, fields: THROTTLE
    pump = make_pump(RetryPolicy(attempts=3, first_s=0.02))
    [id] = submit(pump, make_event())
    wait_for(lambda: state_of(pump, id) is State.DEAD)
    assert pump.delivery(id).delivery.message.startswith("given up after 3 attempts: ")
    assert len(partner.seen) == 3


def test_values_the_partner_could_not_take_are_dead_without_being_sent(pump: DataPump, partner: Partner) -> None:
    [id] = submit(pump, make_event(reference="x" * 300))
    wait_for(lambda: state_of(pump, id) is State.DEAD)
    assert partner.seen == []
    assert "PaymentReference" in pump.delivery(id).delivery.message


def test_an_unknown_biller_is_dead_until_it_is_set_up(make_pump: MakePump, partner: Partner) -> None:
    settings: dict[str, str] = {}

    def billers(lane: str, guid: str) -> Biller:
        return Biller(guid, "inhance_v2", settings)

    pump = make_pump(billers=billers)
    [missing] = submit(pump, make_event())
    wait_for(lambda: state_of(pump, missing) is State.DEAD)
    assert "setting 11" in pump.delivery(missing).delivery.message
    settings |= settings_for(partner.url)
    pump.replay(missing, "set up now")
    wait_for(lambda: state_of(pump, missing) is State.DELIVERED)


def test_a_biller_nobody_knows_is_dead_with_clear_words(pump: DataPump) -> None:
    [id] = submit(pump, make_event(biller_guid="nobody"))
    wait_for(lambda: state_of(pump, id) is State.DEAD)
    assert pump.delivery(id).delivery.message == "there is no biller nobody in default"


def test_a_directory_that_is_down_is_waited_for_and_costs_no_attempt(
    make_pump: MakePump, partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([ConnectionError("no answer"), ConnectionError("no answer")])
    said: list[str] = []

    def billers(lane: str, guid: str) -> Biller:
        said.extend(delivery.message for delivery in pump.deliveries())
        if error := next(answers, None):
            raise error
        return Biller(guid, "inhance_v2", settings_for(partner.url))

    monkeypatch.setattr("partnerlab.client.datapump.worker.OWN_RETRY_S", 0.05)
    pump = make_pump(RetryPolicy(attempts=1), billers=billers)
    [id] = submit(pump, make_event())
    wait_for(lambda: state_of(pump, id) is State.DELIVERED)
    assert [attempt.outcome for attempt in pump.delivery(id).attempts] == ["delivered"]
    assert "ConnectionError: no answer" in said[-1]


def test_of_a_directory_whose_database_is_not_reached_nobody_is_told_where_it_is(make_pump: MakePump) -> None:
    def billers(lane: str, guid: str) -> Biller:
        psycopg.connect("postgresql://app:secret@127.0.0.1:1/books")
        raise AssertionError(guid)

    pump = make_pump(billers=billers)
    [id] = submit(pump, make_event())
    wait_for(lambda: state_of(pump, id) is State.WAITING)
    message = pump.delivery(id).delivery.message
    assert message == "the biller could not be looked up: there is no connection to the database"


def test_what_is_not_sent_says_why(pump: DataPump, partner: Partner) -> None:
    inline, reject = submit(pump, make_event(donation="inline"), make_event("ach_reject"))
    assert pump.drain()
    assert pump.delivery(inline).delivery.message == "not posted: inline donation"
    assert "enter the returned payment at the utility" in pump.delivery(reject).delivery.message
    assert (state_of(pump, inline), state_of(pump, reject)) == (State.SKIPPED, State.DEAD)
    assert partner.seen == []


def test_an_event_of_an_older_release_that_breaks_a_rule_of_today_is_dead_and_blocks_nobody(
    make_pump: MakePump, partner: Partner
) -> None:
    quiet = make_pump(worker=False)
    id, behind = submit(quiet, make_event(), make_event())
    with quiet._database.begin() as tx:
        number = quiet.delivery(id).delivery.number
        tx.exec_driver_sql(f"UPDATE pump_deliveries SET event = '{{}}' WHERE number = {number}")
    quiet.stop()
    pump = make_pump()
    wait_for(lambda: state_of(pump, behind) is State.DELIVERED)
    assert (state_of(pump, id), pump.deliveries(state="dead")[0].message) == (State.DEAD, "kind: '': is missing")
    assert len(partner.seen) == 1


@pytest.mark.parametrize(
    ("error", "state", "said"),
    [
        (MemoryError("no room"), State.WAITING, "the call could not be prepared: MemoryError: no room"),
        (OSError(24, "Too many open files"), State.WAITING, "the call could not be prepared: OSError"),
        (TypeError("ours"), State.DEAD, "TypeError: ours"),
    ],
)
def test_a_call_that_cannot_be_prepared_waits_for_a_shortage_and_is_dead_by_an_error_of_ours(
    make_pump: MakePump, partner: Partner, error: Exception, state: State, said: str
) -> None:
    from partnerlab.client.datapump import Router

    def route(*_: object) -> Any:
        raise error

    pump = make_pump(router=Router({"inhance_v2": {"email": route}}))
    [id] = submit(pump, make_event("email"))
    wait_for(lambda: state_of(pump, id) is state)
    assert said in pump.delivery(id).delivery.message
    assert pump.delivery(id).attempts == ()
