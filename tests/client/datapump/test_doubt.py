"""Is money on its way? Which payments of an account the partner may, or may not, have [A-84]."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from partnerlab.client.datapump import DataPump, RetryPolicy
from partnerlab.client.datapump.states import IN_DOUBT, State
from partnerlab.client.settings import Biller
from tests.client.datapump.conftest import BILLER, PATIENT, QUICK, make_event, state_of, wait_for
from tests.client.datapump.partner import HTML, LOSE, OK, REFUSE, THROTTLE, Partner

Billers = Callable[[str, str], Biller]


def in_doubt(pump: DataPump, account: str = "1", lane: str = "default", since: datetime | None = None) -> list[str]:
    return pump.payments_in_doubt(lane, BILLER, account, settled_since=since)


def test_every_payment_without_a_certain_and_settled_outcome_is_in_doubt(
    url: str, billers: Billers, partner: Partner
) -> None:
    wills = {"waits": THROTTLE, "unknown": LOSE, "unread": HTML, "dead": REFUSE, "posted": OK}
    partner.will = lambda operation, fields: wills[fields["AccountNumber"]]
    with DataPump(url, billers, PATIENT, poll_s=0.02) as pump:
        ids = {name: pump.submit(make_event(account_number=name)).id for name in wills}
        states = [State.WAITING, State.UNKNOWN, State.NOT_UNDERSTOOD, State.DEAD, State.DELIVERED]
        wait_for(lambda: [state_of(pump, id) for id in ids.values()] == states)
        assert [in_doubt(pump, name) for name in wills] == [
            *([id.partition(":")[2]] for name, id in ids.items() if name != "posted"),
            [],
        ]
        pump.dismiss(ids["dead"], "paid at the counter")
        pump.resolve(ids["unknown"], True, "seen")
        pump.resolve(ids["unread"], True, "seen")
        assert [in_doubt(pump, name) for name in ("dead", "unknown", "unread")] == [[], [], []]


def test_only_payments_of_that_account_of_that_biller_in_that_lane_count(
    url: str, billers: Billers, partner: Partner
) -> None:
    with DataPump(url, billers).start(worker=False) as pump:
        mine = [make_event(account_number="1"), make_event(account_number="1")]
        others = [
            make_event(account_number="2"),
            make_event(account_number="1", biller_guid="another"),
            make_event(account_number="1", lane="b"),
            make_event("email", account_number="1"),
        ]
        for event in (*mine, *others):
            pump.submit(event)
        assert in_doubt(pump) == sorted(event["id"] for event in mine)
        assert pump.payments_in_doubt("default", "another", "1") == [others[1]["id"]]
        assert in_doubt(pump, lane="b") == [others[2]["id"]]
        assert in_doubt(pump, "nobody") == []


def test_an_answer_is_older_than_what_was_posted_since_it_was_asked_for(
    url: str, billers: Billers, partner: Partner
) -> None:
    with DataPump(url, billers, RetryPolicy(), poll_s=0.02) as pump:
        asked_before = datetime.now(UTC)
        event = make_event(account_number="1")
        pump.submit(event)
        assert pump.drain()
        assert in_doubt(pump) == []
        assert in_doubt(pump, since=asked_before) == [event["id"]]
        assert in_doubt(pump, since=datetime.now(UTC) + timedelta(milliseconds=2)) == []


def test_a_return_that_the_partner_may_not_know_of_is_in_doubt_until_a_person_says_so(url: str) -> None:
    """As of a utility on inHance v1, which is told of no return: two came back, one is entered."""

    def v1(lane: str, guid: str) -> Biller:
        return Biller(guid, "inhance_v1", {})

    with DataPump(url, v1, QUICK, poll_s=0.02) as pump:
        payments = [make_event(account_number="1") for _ in range(3)]
        returns = [make_event("ach_reject", account_number="1", payment_guid=one["id"]) for one in payments[:2]]
        submitted = [pump.submit(event).id for event in (*payments, *returns)]
        assert pump.drain()
        assert [state_of(pump, id) for id in submitted] == [State.SKIPPED] * 3 + [State.DEAD] * 2
        assert in_doubt(pump) == sorted(one["id"] for one in payments[:2])
        pump.dismiss(submitted[3], "entered by a clerk")
        assert in_doubt(pump) == [payments[1]["id"]]


def test_it_is_known_before_the_pump_is_started(url: str, billers: Billers, partner: Partner) -> None:
    event = make_event(account_number="1")
    with DataPump(url, billers).start(worker=False) as pump:
        pump.submit(event)
    later = DataPump(url, billers)
    assert in_doubt(later) == [event["id"]]
    later.stop()


def test_the_states_in_doubt_are_all_but_those_that_are_settled() -> None:
    assert set(State) - IN_DOUBT == {State.DELIVERED, State.SKIPPED, State.DISMISSED}
