"""Sequences of calls against a model of the books, and SOAP envelopes: what is wrong only in some order is found."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from partnerlab.contracts.files import load_layout
from partnerlab.contracts.verification.fuzz.files import each_damage
from partnerlab.contracts.verification.grading import Outcome, Run
from partnerlab.contracts.verification.provider import inhance, invoice_cloud, tccs
from partnerlab.contracts.verification.provider.exchange import Answered, Asked, Send
from partnerlab.contracts.verification.provider.run import Options
from partnerlab.simulators import ic_webservices
from tests.contracts.verification.mutants import Mutant, answers, has, instead, label, soap12
from tests.contracts.verification.worlds import (
    INHANCE,
    INVOICE_CLOUD,
    TCCS,
    World,
    inhance_world,
    invoice_cloud_world,
    tccs_world,
    verify_inhance,
    verify_invoice_cloud,
    verify_tccs,
)

SECONDS = 100.0 * 1_200  # at the rate of these lines; no run takes so long, so time never ends one
FILES = {"layout": "inhance_v2", "format_guid": ic_webservices.Settings().invoice_format_guid}
VERIFY: dict[str, tuple[Callable[..., Run], Callable[[], World], Any]] = {
    "inhance": (verify_inhance, inhance_world, INHANCE),
    "tccs": (verify_tccs, tccs_world, TCCS),
    "invoice-cloud": (verify_invoice_cloud, invoice_cloud_world, replace(INVOICE_CLOUD, **FILES)),  # type: ignore[arg-type]
}
FAULT = (
    '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><soap:Fault><faultcode>soap:Server'
    "</faultcode><faultstring>Overflow</faultstring></soap:Fault></soap:Body></soap:Envelope>"
)


READS = re.compile("BalanceCheck|ARState_Output|View")


def after(first: str, then: str, change: Callable[[World, Asked], Answered]) -> Mutant:
    """A call of *then* is answered by *change* where one of *first* was made since the books were last read."""

    def mutant(world: World) -> Send:
        armed: list[bool] = []

        def send(asked: Asked, timeout_s: float) -> Answered:
            text = f"{asked.label} {asked.body.decode('utf-8', 'replace')}"
            if READS.match(text):
                armed.clear()
            if armed and re.search(then, text):
                return change(world, asked)
            if re.search(first, text):
                armed.append(True)
            return world.send(asked)

        return send

    return mutant


def twice(world: World, asked: Asked) -> Answered:
    other = re.sub(rb"(<PaymentReference>)", rb"\1again-", asked.body)
    world.send(replace(asked, body=other))
    return world.send(asked)


def without_guid(world: World, asked: Asked) -> Answered:
    return world.send(replace(asked, body=re.sub(rb"(%40VERIFY-[0-9A-F]+)", rb"\1-NEW", asked.body)))


def forgotten(world: World, asked: Asked) -> Answered:
    world.send(asked)
    return world.send(replace(asked, body=asked.body.replace(b"999.99", b"999.00")))


UPLOAD = label("UploadInvoiceFile")
MUTANTS: list[tuple[str, str, Mutant, str]] = [
    ("invoice-cloud", "files", answers("<InvoicesAccepted>0", "<InvoicesAccepted>1", UPLOAD), "InvoicesAccepted"),
    ("invoice-cloud", "files", answers("<FileSpecID>[0-9]+", "<FileSpecID>0", UPLOAD), "FileSpecID"),
    ("inhance", "writes", answers("<Success>false<", "<Success>true<", label("SetEmail"), soap12), "the key is wrong"),
    ("tccs", "", instead(500, "{}", "application/json", label("ARState_Output"), has("%7C")), "500"),
    ("inhance", "sequences", after("SetPaperless.*>Off<", "MakePaymentExtended.*0.07<", twice), "pay"),
    ("tccs", "sequences", after("Insufficient.*IFR", "Pay_Input", without_guid), "again"),
    (
        "invoice-cloud",
        "sequences",
        after("UpdateCustomerRecord.*5550100198", "SetInvoiceBalance.*999", forgotten),
        "999",
    ),
    (
        "invoice-cloud",
        "soap",
        instead(500, FAULT, "text/xml; charset=utf-8", has("<Since>2026-13-45<")),
        "of the client",
    ),
    (
        "invoice-cloud",
        "soap",
        instead(200, "<p>?</p>", "text/html", label("ViewInvoiceByInvoiceNumber"), has("^(?!.*<Req>)")),
        "media-type",
    ),
    (
        "invoice-cloud",
        "soap-writes",
        answers("<Success>false<", "<Success>true<", label("SetInvoiceBalance")),
        "the key is wrong",
    ),
]


@pytest.mark.parametrize(
    ("subject", "check", "mutant", "said"), MUTANTS, ids=[f"{a}-{b}-{d}" for a, b, _, d in MUTANTS]
)
def test_a_mutant_is_found(subject: str, check: str, mutant: Mutant, said: str) -> None:
    verify, world, target = VERIFY[subject]
    options = Options(allow_writes=True, only=(f"{subject}/fuzz-{check}".removesuffix("-"),), given=("fuzz", *FILES))
    run = verify(mutant(world()), replace(target, fuzz=SECONDS), options, plain=True)
    (result,) = run.checks
    assert result.outcome is Outcome.FAILED, result
    assert said in f"{result.problems[0]}"
    assert result.problems[0].where.count(", then ") <= 3, "the shortest that Hypothesis came to"


def test_every_random_check_has_a_mutant() -> None:
    """Here, in test_fuzz.py (`inhance/fuzz`) or in test_fuzz_rest.py (the three of REST and forms)."""
    here = {f"{subject}/fuzz-{check}".removesuffix("-") for subject, check, _, _ in MUTANTS}
    there = {"inhance/fuzz", "invoice-cloud/fuzz", "invoice-cloud/fuzz-writes", "tccs/fuzz-writes"}
    suites = (inhance.CHECKS, tccs.CHECKS, invoice_cloud.CHECKS)
    assert {check.id for suite in suites for check in suite.checks.values() if check.kind == "fuzz"} == here | there


@pytest.mark.parametrize("name", ["inhance_v2", "tccs"])
def test_every_field_of_a_table_is_damaged_and_what_is_broken_is_told(name: str) -> None:
    layout = load_layout(name)
    every = list(each_damage(layout, "VERIFY-01/31/2026"))
    fields = {(at, column) for at, record in enumerate(layout.records) for column in range(len(record.fields))}
    assert {(one.row, one.column) for one in every if one.column >= 0} == fields
    broken = [one for one in every if one.problems(layout)]
    required = {(at, column) for at, column in fields if layout.records[at].fields[column].required}
    assert required <= {(one.row, one.column) for one in broken}


def test_the_simulator_takes_no_damaged_file() -> None:
    _, world, target = VERIFY["invoice-cloud"]
    options = Options(allow_writes=True, only=("invoice-cloud/fuzz-files",), given=("fuzz", *FILES))
    run = verify_invoice_cloud(world().send, replace(target, fuzz=100.0 * 600), options, plain=True)
    (result,) = run.checks
    assert (result.outcome, result.problems) == (Outcome.PASSED, ())
    assert run.operations["UploadInvoiceFile"] > 300
