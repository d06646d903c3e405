"""The demo proves something: it passes, and with any of these rules broken it fails and names the requirement."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from contracts.catalogue import requirements
from partnerlab.demo import inhance_v2
from partnerlab.demo.story import Story
from partnerlab.sandbox import Sandbox
from simulators.inhance_soap import ledger, store

# Shown elsewhere than in the journey.
NOT_IN_THE_DEMO = {
    "INH2-BIF-9": "data, contracts/capabilities/inhance_v2.toml",
    "INH2-PRS-2": "the payer's pages are not built yet",
}
# The rows of the field table: the file's own tests go through them.
FIELD = re.compile(r"INH2-(FH|IH|CR|ID)-\d+")


def journey(sandbox: Sandbox) -> Story:
    story = Story(echo=lambda line: None)
    inhance_v2.tell(story, sandbox, invoices=30, seed=7)
    return story


def test_every_step_is_as_the_contract_says_and_every_requirement_is_shown(sandbox: Sandbox) -> None:
    story = journey(sandbox)
    assert story.broken == []
    rules = {id for id in requirements() if not FIELD.fullmatch(id)}
    assert rules - set(story.met) == set(NOT_IN_THE_DEMO)


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


BREAKS: dict[str, tuple[Any, str, Callable[[Any], Any], str]] = {
    "the fee is credited": (ledger.Ledger, "post_payment", credit_the_fee, "INH2-PAY-8"),
    "credit is forgotten": (ledger, "balances", without_credit, "INH2-PAY-8"),
    "balances change places": (ledger, "balances", swapped, "INH2-RTDR-3"),
    "paperless is not switched": (ledger.Ledger, "set_paperless", nothing, "INH2-PPL-2"),
    "AutoPay is not switched": (ledger.Ledger, "set_autopay", nothing, "INH2-AUT-2"),
    "the e-mail address is not changed": (ledger.Ledger, "set_email", nothing, "INH2-EML-2"),
    "a repeated reference is not seen": (store.Rows, "first_of_reference", nothing, "INH2-PAY-11"),
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_rule_of_the_simulator_is_found_and_named(
    name: str, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, attribute, broken, requirement = BREAKS[name]
    monkeypatch.setattr(place, attribute, broken(getattr(place, attribute)))
    assert requirement in {found.requirement for found in journey(sandbox).broken}
