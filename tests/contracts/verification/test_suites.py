"""Every requirement of a subject is graded or says why not, every id resolves, and the simulators pass."""

from __future__ import annotations

from typing import Any

import pytest

from partnerlab.contracts.catalogue import requirements
from partnerlab.contracts.data import read_toml
from partnerlab.contracts.verification.grading import Outcome, Suite, untestable
from partnerlab.contracts.verification.provider import inhance, invoice_cloud, tccs
from partnerlab.contracts.verification.provider.run import Options
from tests.contracts.verification.worlds import (
    inhance_world,
    invoice_cloud_world,
    tccs_world,
    verify_inhance,
    verify_invoice_cloud,
    verify_tccs,
)

SUITES: dict[str, Suite[Any]] = {"inhance": inhance.SUITE, "tccs": tccs.SUITE, "invoice-cloud": invoice_cloud.SUITE}
VERIFY = {
    "inhance": (verify_inhance, inhance_world),
    "tccs": (verify_tccs, tccs_world),
    "invoice-cloud": (verify_invoice_cloud, invoice_cloud_world),
}
READS: dict[str, set[str]] = {
    "inhance": {"BalanceCheck"},
    "tccs": {"ARState_Output", "Retrieve_Bill_Image"},
    "invoice-cloud": {
        "BillerStatus",
        "ExportCustomerChanges",
        "ExportPayments",
        "KeepRemoteSessionAlive",
        "RemoteAuthentication",
        "RetrieveCustomerAccount",
        "RetrieveCustomerGuid",
        "RetrieveUserAccounts",
        "RetrieveUsers",
        "ViewCustomerRecord",
        "ViewInvoiceByInvoiceNumber",
    },
}
UNREACHED = {"inhance/pact-a-payment-that-was-posted-before"}
"""The simulator takes a PaymentReference twice, unless it is set up otherwise."""
suites = pytest.mark.parametrize("suite", SUITES.values(), ids=SUITES)
subjects = pytest.mark.parametrize("subject", SUITES)


@suites
def test_what_a_check_claims_is_a_requirement(suite: Suite[object]) -> None:
    assert [id for id in suite.claims() if id not in requirements()] == []
    assert [check.id for check in suite.checks.values() if not check.requirements] == []


@suites
def test_every_requirement_has_a_check_or_the_reason_why_not_and_never_both(suite: Suite[object]) -> None:
    own = {id for id in requirements() if id.startswith(suite.prefixes)}
    claimed, reasons = set(suite.claims()), untestable("provider", suite.subject)
    assert own - claimed - reasons.keys() == set()
    rows = read_toml("verification/provider/untestable.toml")[suite.subject]
    assert claimed & rows.keys() == set(), "a row of its own would never be read"
    for row in rows:
        start = row.removesuffix("*")
        meant = {id for id in own if id == row or (row.endswith("*") and id.startswith(start))}
        assert meant - claimed, f"{row} is of no requirement that nothing grades"


@suites
def test_a_check_says_in_a_sentence_what_holds(suite: Suite[object]) -> None:
    for check in suite.checks.values():
        assert check.sentence.endswith("."), check.id
        assert check.id.startswith(f"{suite.subject}/")
        assert check.kind in ("fuzz", "pact") or check.writes == (check.kind == "scenario")


@subjects
def test_the_simulator_passes_every_check(subject: str) -> None:
    verify, world = VERIFY[subject]
    run = verify(world().send)
    not_run = {one.check for one in run.checks if one.kind == "fuzz"} | UNREACHED  # test_fuzz.py runs them
    assert {one.check for one in run.checks if one.outcome is not Outcome.PASSED} == not_run & SUITES[
        subject
    ].checks.keys()
    assert run.exit_code(strict=True) == 0
    if subject != "invoice-cloud":  # there operations that would leave users behind are not called
        assert [name for name, calls in run.operations.items() if not calls] == []


@subjects
def test_without_leave_to_write_nothing_that_writes_is_called(subject: str) -> None:
    verify, world = VERIFY[subject]
    run = verify(world().send, options=Options(given=("username", "password")))
    assert run.exit_code() == 0
    assert {name for name, calls in run.operations.items() if calls} == READS[subject]
    writing = {check.id for check in SUITES[subject].checks.values() if check.writes}
    left = {one.outcome for one in run.checks if one.check in writing}
    assert left == {Outcome.NOT_EXERCISED}
    assert not run.wrote
