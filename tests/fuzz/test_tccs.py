"""
The insurer against its contract, by schemathesis, phase by phase; and against a model, by calls in any order.

No answer may be a 5xx or other than the contract says; what the contract forbids must be refused and what it allows
must be taken. The grammar inside `contentInfo` is a set of formats, whose strategies stand below. The contract has no
links, so what schemathesis calls its stateful phase is done by a state machine of our own, which knows what is owed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, find, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from schemathesis import GenerationMode
from schemathesis.engine import Status, events, from_schema

from partnerlab.contracts.data import read_yaml
from partnerlab.contracts.tccs_rest import CONTENT_INFO, content_info_pattern
from partnerlab.simulators.kit.control.app import create_control_app
from partnerlab.simulators.kit.faults.faults import Faults
from partnerlab.simulators.kit.http.server import Server
from partnerlab.simulators.kit.http.site import Site
from partnerlab.simulators.kit.journal.journal import Journal
from partnerlab.simulators.kit.world.clock import Clock
from partnerlab.simulators.kit.world.store import Store
from partnerlab.simulators.tccs_rest.seeds import QUOTES, SEEDS
from tests.simulators.tccs_rest.insurer import BASE, CREDENTIALS, Insurer

EXAMPLES = int(os.environ.get("PARTNERLAB_FUZZ", "8"))

DAYS = st.dates(date(1900, 1, 1), date(2199, 12, 31)).map(lambda day: f"{day:%m/%d/%Y}")
NAMES = st.from_regex(r"[A-Za-z0-9](?:[A-Za-z0-9 ._-]{0,20}[A-Za-z0-9])?", fullmatch=True)
POLICIES = st.sampled_from([seed.invoice_number for seed in SEEDS]) | st.builds(
    "{}-{}".format, NAMES.filter(lambda name: not name.startswith("Q")), DAYS
)
WAITING = st.sampled_from([quote.invoice_number for quote in QUOTES]) | st.builds("Q{}-{}".format, NAMES, DAYS)
AMOUNTS = st.integers(1, 10**7).map(lambda cents: f"{cents // 100}.{cents % 100:02}")
INSURED = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp", "Cs"], exclude_characters="|:@"),
    min_size=1,
    max_size=100,
).filter(lambda name: name == name.strip(" ") != "")
GUIDS = st.just("") | st.from_regex(r"[A-Za-z0-9]{1,8}(?:-[A-Za-z0-9]{1,12}){0,4}", fullmatch=True).map("@{}".format)
GAPS = st.sampled_from(["", "", " ", "  "])

FORMATS = {
    "invoice-number": st.builds("{1}{0}{1}".format, POLICIES | WAITING, GAPS),
    "payment": st.builds("{0}{4}|{4}{1}:{2}{3}".format, POLICIES, AMOUNTS, st.sampled_from(["CC", "ACH"]), GUIDS, GAPS),
    "quote-deposit": st.builds("{0}|{4}{1}{4}|{2}{3}".format, WAITING, INSURED, AMOUNTS, GUIDS, GAPS),
    "insufficient-funds": st.builds("{0}{3}:{1}|{2}{3}|IFR".format, POLICIES | WAITING, DAYS, AMOUNTS, GAPS),
    "paperless": st.builds("{0}:{2}{1}|PB".format, POLICIES | WAITING, st.sampled_from("YN"), GAPS),
    "recurring": st.builds("{0}:{1}{2}|{2}R".format, POLICIES | WAITING, st.sampled_from("YN"), GAPS),
}
for name, strategy in FORMATS.items():
    schemathesis.openapi.format(f"tccs-{name}", strategy)
# Of the control routes.
schemathesis.openapi.format("tccs-policy-term", POLICIES)
schemathesis.openapi.format("tccs-quote", WAITING)


def contract() -> dict[str, Any]:
    """
    The contract, with the credentials that open this insurer in place of any.

    A form with others is then one that it forbids, and 401 the refusal. A field of no call is not to be sent, but the
    insurer takes no notice of it (the journal does), so forms with one are not among the forbidden.
    """
    document: dict[str, Any] = read_yaml("tccs_rest/openapi.yaml")
    schemas = document["components"]["schemas"]
    schemas["ConsumerGuid"] = {"enum": [CREDENTIALS["consumerGUID"]]}
    schemas["EntryKey"] = {"enum": [CREDENTIALS["entryKey"]]}
    forms = [schema for schema in schemas.values() if schema.pop("additionalProperties", True) is False]
    for item in document["paths"].values():
        for said in item.values():
            content = said.get("requestBody", {}).get("content", {}) if isinstance(said, dict) else {}
            forms += [one["schema"] for one in content.values() if not one["schema"].pop("additionalProperties", True)]
    assert forms
    return document


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    store = Store("sqlite://")
    insurer = Insurer(store)
    journal = Journal(insurer.lanes)
    faults = Faults(insurer.lanes)
    site = Site(insurer.lanes, journal, faults)
    for path, app in insurer.simulator.doors.items():
        site.mount(path, app)
    clock, simulators = Clock(insurer.lanes), [insurer.simulator]
    control = create_control_app(insurer.lanes, journal, faults, clock, simulators)
    site.mount("/_sandbox", control, door=False)
    insurer.lanes.get("default")
    with Server(site) as server:
        yield server.url
    journal.close()
    store.close()


@dataclass
class Run:
    """What a run of schemathesis did."""

    statuses: dict[int, int] = field(default_factory=dict)
    operations: set[str] = field(default_factory=set)
    failures: list[str] = field(default_factory=list)


def run(
    document: dict[str, Any], url: str, phase: str, mode: GenerationMode, unforeseeable: Collection[str] = ()
) -> Run:
    """One phase; what an *unforeseeable* operation refuses, by a rule that no schema can state, is no failure."""
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=url, workers=1, request_timeout=60)
    schema.config.phases.update(phases=[phase])
    schema.config.generation.update(
        modes=[mode], max_examples=EXAMPLES, deterministic=True, database="none", no_shrink=True
    )
    done = Run()
    for event in from_schema(schema).execute():
        if isinstance(event, events.NonFatalError | events.FatalError):
            done.failures.append(repr(getattr(event, "value", None) or getattr(event, "exception", None)))
        if not isinstance(event, events.ScenarioFinished):
            continue
        done.operations.add(event.recorder.label)
        for interaction in event.recorder.interactions.values():
            status = interaction.response.status_code if interaction.response is not None else 0
            done.statuses[status] = done.statuses.get(status, 0) + 1
        for checks in event.recorder.checks.values():
            for check in checks:
                foreseen = check.name != "positive_data_acceptance" or event.recorder.label not in unforeseeable
                if check.status != Status.SUCCESS and foreseen:
                    info = check.failure_info
                    done.failures.append(f"{check.name}: {info and info.failure} {info and info.code_sample}")
    return done


PHASES = pytest.mark.parametrize(
    ("phase", "mode"),
    [
        ("examples", GenerationMode.POSITIVE),
        ("coverage", GenerationMode.POSITIVE),
        ("coverage", GenerationMode.NEGATIVE),
        ("fuzzing", GenerationMode.POSITIVE),
        ("fuzzing", GenerationMode.NEGATIVE),
    ],
)


@PHASES
def test_the_contract_holds_in_every_phase(url: str, phase: str, mode: GenerationMode) -> None:
    done = run(contract(), url + BASE, phase, mode)
    assert done.failures == []
    assert len(done.operations) == 6
    # What was meant to be taken was taken, and what was meant to be refused was.
    assert (200 in done.statuses) is (mode is GenerationMode.POSITIVE), done.statuses


@PHASES
def test_the_contract_of_the_control_routes_holds_in_every_phase(url: str, phase: str, mode: GenerationMode) -> None:
    document = read_yaml("tccs_rest/control.yaml")
    # Which day is before which, which sum is more than which, and what a file is, is said in words only.
    unforeseeable = ("POST /_sandbox/tccs/instalments", "POST /_sandbox/tccs/quotes", "POST /_sandbox/tccs/load")
    done = run(document, url, phase, mode, unforeseeable)
    assert done.failures == []
    assert len(done.operations) == 11


def test_every_format_of_the_contract_is_generated() -> None:
    assert set(FORMATS) == {name for names in CONTENT_INFO.values() for name in names}


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_generated_has_the_contracts_pattern(name: str) -> None:
    pattern = re.compile(content_info_pattern(name))
    with pytest.raises(NoSuchExample):
        find(
            FORMATS[name], lambda text: pattern.search(text) is None, settings=settings(max_examples=100, database=None)
        )


# Calls in any order, against a model

FIRST, SECOND, QUOTED, BOUND = "900001-05/01/2028", "900002-05/01/2028", "Q900003-05/01/2028", "900003-05/01/2028"
CENTS = st.sampled_from([1, 2500, 4000, 7525, 10000, 30000])
PLACES = st.sampled_from([FIRST, SECOND, QUOTED])


@dataclass
class Posted:
    """A payment of the model."""

    number: str
    cents: int
    type: str
    on: date
    returned: bool = False


class Books(RuleBasedStateMachine):
    """
    What an insurer must owe and be owed, worked out apart from it: charges by day, money in, money out.

    Answers are lost, calls are repeated and time passes; a PaymentGUID posts once through all of it.
    """

    store: Store
    count = 0

    def __init__(self) -> None:
        super().__init__()
        Books.count += 1
        self.insurer = Insurer(Books.store, lane=f"books-{Books.count}")
        today = self.insurer.today()
        self.charges: dict[str, list[tuple[date, int]]] = {FIRST: [], SECOND: []}
        for number, ahead, amount in ((FIRST, 0, "100.00"), (FIRST, 30, "50.00"), (SECOND, -10, "75.25")):
            self.insurer.api("PUT", f"/policies/{number}", body={"late_fee": "0"})
            day = today + timedelta(days=ahead)
            body = {"invoice_number": number, "amount": amount, "billed_on": day.isoformat()}
            assert self.insurer.api("POST", "/instalments", body=body)[0] == 201
            self.charges[number].append((day, cents(amount)))
        quote = {"invoice_number": QUOTED, "deposit": "40.00", "premium": "100.00", "instalments": 2}
        assert self.insurer.api("POST", "/quotes", body=quote)[0] == 201
        self.posted: list[Posted] = []
        self.guids: dict[str, tuple[str, int, str]] = {}

    @rule(
        number=PLACES,
        amount=CENTS,
        type=st.sampled_from(["CC", "ACH"]),
        guid=st.sampled_from(["", "", "a", "b-1", "c"]),
    )
    def pay(self, number: str, amount: int, type: str, guid: str) -> None:
        if number == QUOTED:
            type = ""
            success, _ = self.insurer.deposit(text(amount), number, guid=guid)
        else:
            success, _ = self.insurer.pay(text(amount), number, type=type, guid=guid)
        same = self.guids.get(guid)
        assert success is (same in (None, (number, amount, type)))
        if same is None:
            self.posted.append(Posted(number, amount, type, self.insurer.today()))
            if guid:
                self.guids[guid] = number, amount, type
        bound = BOUND in self.charges
        if not bound and self.paid(QUOTED) >= 4000:
            today = self.insurer.today()
            later = [(today + timedelta(days=30 * month), 3000) for month in (1, 2)]
            self.charges[BOUND] = [(today, 4000), *later]

    @precondition(lambda self: self.posted)
    @rule(data=st.data())
    def give_back(self, data: st.DataObject) -> None:
        payment = data.draw(st.sampled_from(self.posted))
        fitting = [
            one
            for one in self.posted
            if (one.number, one.cents) == (payment.number, payment.cents)
            and one.type != "CC"
            and not one.returned
            and timedelta(days=-1) <= one.on - payment.on <= timedelta(days=3)
        ]
        success, _ = self.insurer.give_back(text(payment.cents), payment.number, on=payment.on)
        assert success is bool(fitting)
        if fitting:
            min(fitting, key=lambda one: abs(one.on - payment.on)).returned = True

    @rule(days=st.integers(1, 20))
    def let_time_pass(self, days: int) -> None:
        self.insurer.advance(timedelta(days=days))

    @rule(number=PLACES, content=st.sampled_from(["", "|", "|1.00", "|1.00:XX", "|1:CC", "|-1.00:CC", "|1.00:CC@a b"]))
    def send_what_is_malformed(self, number: str, content: str) -> None:
        assert self.insurer.call("Pay_Input", number + content).status == 400

    @invariant()
    def the_balances_are_the_models(self) -> None:
        today = self.insurer.today()
        for number, charges in self.charges.items():
            paid = self.paid(QUOTED if number == BOUND else number)
            total = sum(amount for _, amount in charges) - paid
            billed = sum(amount for day, amount in charges if day <= today) - paid
            expected = (total, total) if total < 0 else (max(billed, 0), total)
            assert self.insurer.balances(number) == (text(expected[0]), text(expected[1]))
        left = 0 if BOUND in self.charges else 4000 - self.paid(QUOTED)
        assert self.insurer.balances(QUOTED) == (text(left), text(left))

    @invariant()
    def the_payments_are_the_models(self) -> None:
        shown = [
            (one["invoice_number"], one["amount"], one["returned_at"] is not None) for one in self.insurer.payments()
        ]
        assert sorted(shown) == sorted((one.number, text(one.cents), one.returned) for one in self.posted)

    def paid(self, number: str) -> int:
        return sum(one.cents for one in self.posted if one.number == number and not one.returned)


def cents(amount: str) -> int:
    return int(amount.replace(".", ""))


def text(cents: int) -> str:
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02}"


def test_calls_in_any_order_leave_the_books_right() -> None:
    Books.store = Store("sqlite://")
    run_state_machine_as_test(
        Books,
        settings=settings(
            max_examples=20,
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    Books.store.close()
