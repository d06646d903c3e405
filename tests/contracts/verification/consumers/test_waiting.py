"""Waiting for a consumer: whose turn it is, when it ends, the faults meanwhile. Time passes only in sleep."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal

import pytest

from partnerlab.client.errors import TransportError
from partnerlab.client.http import Timeouts, Transport
from partnerlab.client.inhance import InHanceClient
from partnerlab.client.tccs import TccsClient
from partnerlab.contracts.verification.consumer.control import Control
from partnerlab.contracts.verification.consumer.faults import NAMES
from partnerlab.contracts.verification.consumer.roles import role
from partnerlab.contracts.verification.consumer.run import Options, verify
from partnerlab.contracts.verification.consumer.waiting import left
from partnerlab.contracts.verification.grading import Outcome, Run
from partnerlab.contracts.verification.provider.direct import Direct
from partnerlab.testing.books import partner_books
from partnerlab.testing.sandboxes import LaneOfTest, SandboxForTests

POLICY = "454100010-06/16/2020"


@dataclass
class Watch:
    """Somebody who acts while the run sleeps, one act a sleep; the run's clock moves by what it sleeps."""

    lane: LaneOfTest
    sandbox: SandboxForTests
    direct: Direct
    acts: list[Callable[[], object]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    now: float = 1_000.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        if self.acts:
            self.acts.pop(0)()

    def verify(self, name: str, options: Options) -> Run:
        return verify(
            role(name),
            Control(self.direct.send, self.sandbox.url, self.lane.name),
            options,
            send=self.direct.send,
            say=self.said.append,
            sleep=self.sleep,
            monotonic=lambda: self.now,
        )


@pytest.fixture
def watch(sandbox: SandboxForTests, direct: Direct, request: pytest.FixtureRequest) -> Iterator[Watch]:
    with sandbox.lane(f"waiting-{abs(hash(request.node.name))}") as lane:
        yield Watch(lane, sandbox, direct)


@pytest.fixture
def client(watch: Watch) -> Iterator[InHanceClient]:
    books = partner_books(watch.lane, "inhance_v2")
    with InHanceClient(books.url, books.key, allow_http=True) as made:
        yield made


def test_it_says_whose_turn_it_is_and_what_was_seen_last_and_ends_when_all_was_seen(
    watch: Watch, client: InHanceClient
) -> None:
    watch.acts = [lambda: client.balance_check("10000101", 500001), lambda: client.set_autopay("10000101", True)]
    run = watch.verify("inhance-v2", Options(wait_s=270, only=("INH2-RTDR-1", "INH2-AUT-1", "INH2-AUT-2")))
    assert watch.said[0] == (
        "Your turn: ask for the balance of 10000101, invoice 500001 (BalanceCheck); 4:30 left. Nothing was seen yet."
    )
    assert "BalanceCheck: done" in watch.said[1]
    assert watch.said[2].startswith("Your turn: switch AutoPay of 10000101 on, then off (SetAutopay); 4:30 left.")
    assert re.search(r"Seen last: BalanceCheck at \d\d:\d\d:\d\dZ, ", watch.said[2])
    assert watch.said[-1] == "Everything that is waited for was seen."
    assert watch.now < 1_270
    assert run.exit_code() == 0


def test_it_ends_with_its_time_reminds_meanwhile_and_names_what_a_person_chose(watch: Watch) -> None:
    run = watch.verify("inhance-v2", Options(wait_s=60, only=("INH2-EML-1",), names={"account": "10000104"}))
    turns = [line for line in watch.said if line.startswith("Your turn: send a new e-mail address of 10000104")]
    assert len(turns) == 2
    assert watch.said[-1] == "The time is over; not seen: send a new e-mail address of 10000104 (SetEmail)"
    assert run.exit_code() == 4
    assert run.notes == ("The lane's journal has no call of this role.",)


def test_a_story_that_has_begun_goes_first_and_says_what_comes_next(watch: Watch) -> None:
    from tests.contracts.verification.consumers.good import PASSWORD, WILLOWS, Side
    from tests.contracts.verification.consumers.wire import Line

    line = Line(watch.lane, watch.lane)
    rest = Side(line, "inhance_v2").rest
    watch.acts = [
        lambda: rest.retrieve_users(username=WILLOWS),
        lambda: rest.remote_authentication(WILLOWS, PASSWORD),
    ]
    run = watch.verify("inhance-portal", Options(wait_s=40, only=("ICP-REG-2", "ICP-ACCESS-2")))
    line.close()
    assert any("It has begun; next: RetrieveCustomerGuid" in said for said in watch.said)
    failed = [one for one in run.checks if one.outcome is Outcome.FAILED]
    assert [one.check for one in failed] == ["inhance-portal/sign-in"]
    assert "nothing of it" in failed[0].problems[0].received


def test_the_answers_to_two_payments_are_lost_one_after_the_other_and_the_faults_are_taken_off(watch: Watch) -> None:
    books = partner_books(watch.lane, "tccs")
    impatient = Transport(timeouts=Timeouts(read_s=0.2), allow_http=True)
    client = TccsClient(books.url, books.consumer_guid, books.entry_key, transport=impatient)
    struck: list[str] = []

    def pay(guid: str) -> Callable[[], None]:
        def act() -> None:
            struck.extend(row["name"] for row in watch.lane.control.get("/_sandbox/faults")["faults"])
            with suppress(TransportError):
                client.pay(POLICY, Decimal("3.10"), "CC", payment_guid=guid)

        return act

    own = watch.lane.control.post("/_sandbox/faults", {"name": "http-500", "operation": "ARState_Output"})
    watch.acts = [pay("guid-1"), pay("guid-1"), pay("guid-1")]
    run = watch.verify("tccs", Options(wait_s=60, lose_answers=True, only=("TCCS-GUID-5", "TCCS-GUID-4")))
    impatient.close()
    assert [name for name in struck if name != "http-500"] == list(NAMES)
    assert [row["number"] for row in watch.lane.control.get("/_sandbox/faults")["faults"]] == [own["number"]]
    assert watch.said[-1] == "Everything that is waited for was seen."
    assert run.exit_code() == 0, [one.problems for one in run.checks]
    assert run.wrote


def test_the_faults_are_taken_off_and_what_was_seen_is_graded_where_somebody_stops_it(
    watch: Watch, client: InHanceClient
) -> None:

    def stop() -> None:
        raise KeyboardInterrupt

    watch.acts = [lambda: client.balance_check("10000101", 500001), stop]
    run = watch.verify("inhance-v2", Options(wait_s=60, lose_answers=True))
    assert watch.said[-1] == "Stopped: what was seen is graded."
    assert watch.lane.control.get("/_sandbox/faults")["faults"] == []
    assert run.exit_code() == 0


@pytest.mark.parametrize(("seconds", "written"), [(270, "4:30"), (59.6, "1:00"), (5, "0:05"), (-1, "0:00")])
def test_the_time_that_is_left(seconds: float, written: str) -> None:
    assert left(seconds) == written
