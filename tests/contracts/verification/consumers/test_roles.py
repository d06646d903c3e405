"""The roles as data: every requirement has a check or a reason, every id resolves, the command knows them all."""

from __future__ import annotations

import pytest

from partnerlab.contracts.catalogue import requirements
from partnerlab.contracts.data import read_toml
from partnerlab.contracts.verification.consumer.record import Record
from partnerlab.contracts.verification.consumer.roles import ROLES, role
from partnerlab.contracts.verification.consumer.run import Options, grade
from partnerlab.contracts.verification.grading import Outcome, untestable
from partnerlab.verifying import consumer_commands
from tests.contracts.verification.consumers.defects import DEFECTS

ONLY_SEEN = {
    *(f"inhance-portal/page-{number}" for number in (1, 2, 3, 5, 9, 11)),
    *("tccs/card", "tccs/no-card", "watersmart/balance-file", "watersmart/password-change"),
    *(f"cloud-payments/{name}" for name in ("quick-payment", "one-time-payment", "quote-deposit")),
}
"""Checks that are passed by what was seen: whatever is wrong with it is the word of another check."""
roles = pytest.mark.parametrize("name", ROLES)


@roles
def test_what_a_check_claims_is_a_requirement(name: str) -> None:
    suite = role(name).suite
    assert [id for id in suite.claims() if id not in requirements()] == []
    assert [check.id for check in suite.checks.values() if not check.requirements] == []


@roles
def test_every_requirement_has_a_check_or_the_reason_why_not_and_never_both(name: str) -> None:
    suite = role(name).suite
    own = {id for id in requirements() if id.startswith(suite.prefixes)}
    claimed, reasons = set(suite.claims()), untestable("consumer", name)
    assert own - claimed - reasons.keys() == set()
    rows = read_toml("verification/consumer/untestable.toml")[name]
    assert claimed & rows.keys() == set(), "a row of its own would never be read"
    for row in rows:
        start = row.removesuffix("*")
        meant = {id for id in own if id == row or (row.endswith("*") and id.startswith(start))}
        assert meant - claimed, f"{row} is of no requirement that nothing grades"


@roles
def test_a_check_says_in_a_sentence_what_holds_and_has_nothing_to_say_of_nothing(name: str) -> None:
    for check in role(name).suite.checks.values():
        assert check.sentence.endswith("."), check.id
        assert check.id.startswith(f"{name}/")
        assert grade(check, Record("tccs"), final=True).outcome is Outcome.NOT_EXERCISED, check.id


def test_the_command_has_every_role_and_its_help() -> None:
    assert {name: role(name).help for name in ROLES} == consumer_commands.ROLES


def test_a_turn_names_only_what_its_role_has() -> None:
    for name in ROLES:
        found = role(name)
        for check in found.suite.checks.values():
            assert check.turn.format(**found.names) or not check.turn
    assert Options().names == {}


def test_every_check_can_fail_but_for_fields_of_files_and_what_only_says_that_it_was_seen() -> None:
    never = set()
    for name in ROLES:
        broken = {id for defect in DEFECTS.values() if defect.role == name for id in defect.fails}
        checks = role(name).suite.checks.values()
        never |= {one.id for one in checks if not broken & set(one.requirements) and "/file-" not in one.id}
    assert never == ONLY_SEEN


def test_a_defect_must_fail_something_and_each_role_has_some() -> None:
    assert all(defect.fails for defect in DEFECTS.values())
    assert {defect.role for defect in DEFECTS.values()} == set(ROLES)
    assert len(DEFECTS) >= 40
