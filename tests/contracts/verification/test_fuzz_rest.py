"""Random requests from the OpenAPI documents: drawn by a seed, mutants are found, and the simulators stand."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from partnerlab.contracts.doors import operations
from partnerlab.contracts.verification.fuzz.rest import requests
from partnerlab.contracts.verification.grading import Outcome
from partnerlab.contracts.verification.grading.model import CheckResult, Run
from partnerlab.contracts.verification.provider.exchange import Answered, Asked, Send
from partnerlab.contracts.verification.provider.run import Options
from tests.contracts.verification.worlds import (
    INVOICE_CLOUD,
    TCCS,
    invoice_cloud_world,
    tccs_world,
    verify_invoice_cloud,
    verify_tccs,
)

REQUESTS = int(os.environ.get("PARTNERLAB_FUZZ", "12"))
"""More of them where somebody wants to know: `PARTNERLAB_FUZZ=500`. To draw them is what takes the time."""
SECONDS = 100.0 * REQUESTS  # at the rate of these lines


def platform(send: Send, *only: str, seed: int = 1) -> Run:
    options = Options(allow_writes=True, only=only, given=("fuzz",))
    return verify_invoice_cloud(
        send, replace(INVOICE_CLOUD, fuzz=len(only) * SECONDS, fuzz_seed=seed), options, plain=True
    )


def insurer(send: Send, *only: str) -> Run:
    options = Options(allow_writes=True, only=only, given=("fuzz",))
    return verify_tccs(send, replace(TCCS, fuzz=SECONDS), options, plain=True)


def failed(run: Run) -> CheckResult:
    (check,) = run.checks
    assert check.outcome is Outcome.FAILED, check
    return check


@pytest.mark.parametrize(
    ("contract", "door"), [("ic_webservices/openapi.yaml", "REST"), ("tccs_rest/openapi.yaml", "tccs")]
)
def test_every_operation_can_be_drawn(contract: str, door: str) -> None:
    assert requests(contract).keys() == operations(door)


def test_the_simulators_stand() -> None:
    runs = [
        platform(invoice_cloud_world().send, *(f"invoice-cloud/fuzz{end}" for end in ("", "-soap", "-writes"))),
        platform(invoice_cloud_world().send, "invoice-cloud/fuzz-soap-writes", "invoice-cloud/fuzz-sequences"),
        insurer(tccs_world().send, "tccs/fuzz-writes"),
    ]
    for run in runs:
        assert [(one.check, one.problems, one.reason) for one in run.checks if one.outcome is not Outcome.PASSED] == []
    assert sum(runs[0].operations.values()) > 30
    assert sum(runs[2].operations.values()) > 10


def test_a_server_error_is_found_with_the_request_that_causes_it() -> None:
    world = invoice_cloud_world()

    def send(asked: Asked, timeout_s: float) -> Answered:
        if asked.label.startswith("Retrieve") and asked.body.startswith(b"{"):
            return Answered(500, {"content-type": "application/json"}, b"{}")
        return world.send(asked, timeout_s)

    run = platform(send, "invoice-cloud/fuzz")
    check = failed(run)
    exchange = run.exchanges[check.problems[0].exchange - 1]
    assert exchange.status == 500
    assert exchange.label in check.problems[0].where


def test_a_wrong_key_that_is_taken_is_found() -> None:
    done = Answered(200, {"content-type": "application/json"}, b'{"Success":true,"ErrorMessage":null}')

    def taking(world: Send, labels: tuple[str, ...]) -> Send:
        return lambda asked, timeout_s: done if asked.label in labels else world(asked, timeout_s)

    platform_run = platform(taking(invoice_cloud_world().send, ("UpdatePassword",)), "invoice-cloud/fuzz-writes")
    assert "the API key is wrong" in failed(platform_run).problems[0].expected
    insurer_run = insurer(taking(tccs_world().send, ("Paperless_Bill",)), "tccs/fuzz-writes")
    assert "the entryKey is wrong" in failed(insurer_run).problems[0].expected


def sent(seed: int) -> list[tuple[str, bytes]]:
    world, kept = invoice_cloud_world(), []

    def keeping(asked: Asked, timeout_s: float) -> Answered:
        kept.append((asked.url, asked.body))
        return world.send(asked, timeout_s)

    platform(keeping, "invoice-cloud/fuzz", seed=seed)
    return kept


def test_a_seed_draws_the_same_requests_again() -> None:
    assert sent(3) == sent(3)
