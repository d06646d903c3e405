"""The demo proves something: it passes, and with any of these rules broken it fails and names the requirement."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from partnerlab.contracts.catalogue import requirements
from partnerlab.demo import inhance_v1, inhance_v2, tccs, watersmart
from partnerlab.journey import JOURNEYS
from partnerlab.sandbox import Sandbox
from partnerlab.simulators.ic_webservices.services import authentication as access
from partnerlab.simulators.ic_webservices.services.collections import Collections
from partnerlab.simulators.ic_webservices.store import SCHEDULE_QUEUE
from partnerlab.simulators.inhance_soap import store
from partnerlab.simulators.inhance_soap.services import books, ledger
from partnerlab.simulators.tccs_rest.services import ledger as tccs_ledger
from partnerlab.story import Story

# Rules of the two partners that are shown elsewhere than in the demo, by the start of the id.
NOT_IN_THE_DEMO = {
    "INH1-INV-4": "tests/simulators/ic_webservices/services/test_own_columns.py",
    "INH2-BIF-9": "data, contracts/capabilities/inhance_v2.toml",
    "INH2-PRS-3": "the virtual site is not built [A-82]",
    "INH2-BLR-1": "the biller portal is no part of this",
    "TCCS-BIF-7": "the generator's own tests, which know what is billed",
    "TCCS-BIF-11": "data, contracts/capabilities/tccs.toml",
    "TCCS-BLR-1": "the biller portal is no part of this",
    **dict.fromkeys(
        ("WS-KEEP-", "WS-PAGE-", "WS-BAL-", "WS-AUTH-", "WS-REG-", "WS-UNREG-", "WS-LINK-", "WS-EMAIL-"),
        "the portal's moments, tests/e2e/flows/test_watersmart_partner.py",
    ),
    **dict.fromkeys(("WS-FILE-", "WS-OUT-"), "tests/contracts/catalogue/test_watersmart_files.py names their tests"),
    "WS-WAY-": "folders and SFTP, in their own tests",
    "TCCS-SET-": "data, contracts/settings.toml; the settings that change something are in the journey",
}
# The rows of the field tables: the file's own tests go through them.
FIELD = re.compile(r"(INH2|TCCS|WS)-(FH|IH|CR|ID|AH|AD|IN|ADJ|PAY|LOG|REJ)-\d+")
PARTNERS = {"INH2": inhance_v2, "INH1": inhance_v1, "TCCS": tccs, "WS": watersmart}
PAGES_ALONE = {
    "ICP-SSO-2": "the iFrame",
    "ICP-SSO-3": "a number that is no page",
    "ICP-SSO-4": "the style sheet",
    "ICP-SET-129": "zero balances",
    "ICP-REG-5": "the token of a session",
}
"""Rules of the portal that tests/simulators/ic_webservices/pages and tests/browser show, and no journey."""


def journey(sandbox: Sandbox, partner: str = "INH2") -> Story:
    story = Story(echo=lambda line: None)
    PARTNERS[partner].tell(story, sandbox.url, invoices=30, seed=7)
    return story


def walk(sandbox: Sandbox, name: str) -> Story:
    story = Story(echo=lambda line: None)
    JOURNEYS[name].tell(story, sandbox.url)
    return story


@pytest.fixture(scope="module")
def walked(sandbox: Sandbox) -> Mapping[str, Story]:
    """Each payer's story, walked by itself."""
    return {name: walk(sandbox, name) for name in JOURNEYS}


@pytest.mark.parametrize("partner", PARTNERS)
def test_every_step_is_as_the_contract_says_and_every_requirement_is_shown(
    partner: str, sandbox: Sandbox, walked: Mapping[str, Story]
) -> None:
    story = journey(sandbox, partner)
    assert story.broken == []
    shown = set(story.met).union(*(one.met for one in walked.values()))
    rules = {id for id in requirements() if id.startswith(partner) and not FIELD.fullmatch(id)}
    elsewhere = {id for id in rules if id.startswith(tuple(NOT_IN_THE_DEMO))}
    assert rules - shown - elsewhere == set()


def test_what_is_shown_elsewhere_than_in_the_demo_is_in_the_catalogue() -> None:
    assert [start for start in NOT_IN_THE_DEMO if not any(id.startswith(start) for id in requirements())] == []


@pytest.mark.parametrize("name", JOURNEYS)
def test_a_payers_story_is_walked_by_itself(name: str, walked: Mapping[str, Story]) -> None:
    assert walked[name].broken == []
    assert JOURNEYS[name].requirement in walked[name].met


def test_every_story_is_walked(walked: Mapping[str, Story]) -> None:
    rules = {id for id in requirements() if id.startswith("ICP-")}
    assert rules.difference(*(story.met for story in walked.values())) == set(PAGES_ALONE)


def credit_the_fee(original: Any) -> Any:
    def post(self: Any, lane: Any, cause: Any, number: str, payment: Any) -> Any:
        return original(
            self, lane, cause, number, replace(payment, amount_cents=payment.amount_cents + payment.fee_cents)
        )

    return post


def nothing(original: Any) -> Any:
    return lambda *arguments, **named: None


def swapped(original: Any) -> Any:
    return lambda *arguments: original(*arguments)[::-1]


def without_credit(original: Any) -> Any:
    return lambda items, credit_cents, today: original(items, 0, today)


def without_reference(original: Any) -> Any:
    return lambda *arguments: replace(original(*arguments), first=None)


def none_due(original: Any) -> Any:
    return lambda *_: []


def turned(original: Any) -> Any:
    def balances(*arguments: Any) -> Any:
        found = original(*arguments)
        return replace(found, billed_due_cents=found.outstanding_cents, outstanding_cents=found.billed_due_cents)

    return balances


BREAKS: dict[str, tuple[Any, str, Callable[[Any], Any], str]] = {
    "the fee is credited": (ledger.UtilityLedger, "post_payment", credit_the_fee, "INH2-PAY-8"),
    "credit is forgotten": (books, "balances", without_credit, "INH2-PAY-8"),
    "balances change places": (books, "balances", swapped, "INH2-RTDR-2"),
    "paperless is not switched": (ledger.UtilityLedger, "set_paperless", nothing, "INH2-PPL-2"),
    "AutoPay is not switched": (ledger.UtilityLedger, "set_autopay", nothing, "INH2-AUT-2"),
    "the e-mail address is not changed": (ledger.UtilityLedger, "set_email", nothing, "INH2-EML-2"),
    "a repeated reference is not seen": (store.Books, "stand", without_reference, "INH2-PAY-11"),
    "TCCS forgets paperless": (tccs_ledger.PolicyLedger, "set_paperless", nothing, "TCCS-PPL-2"),
    "TCCS forgets the recurring flag": (tccs_ledger.PolicyLedger, "set_recurring", nothing, "TCCS-AUT-2"),
    "balances of a policy change place": (tccs_ledger, "balances", turned, "TCCS-RTDR-2"),
    "nothing runs on its day": (SCHEDULE_QUEUE, "due", none_due, "ICP-SCHED-3"),
    "AutoPay collects nothing": (Collections, "due", none_due, "ICP-AUTO-3"),
    "sign-out ends nothing": (access.Authentication, "end", nothing, "ICP-SSO-7"),
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_rule_of_the_simulator_is_found_and_named(
    name: str, sandbox: Sandbox, walked: Mapping[str, Story], monkeypatch: pytest.MonkeyPatch
) -> None:
    place, attribute, broken, requirement = BREAKS[name]
    monkeypatch.setattr(place, attribute, broken(getattr(place, attribute)))
    partner = requirement.partition("-")[0]
    if partner in PARTNERS:
        stories = [journey(sandbox, partner)]
    else:
        stories = [walk(sandbox, name) for name, story in walked.items() if requirement in story.met]
    assert requirement in {found.requirement for story in stories for found in story.broken}
