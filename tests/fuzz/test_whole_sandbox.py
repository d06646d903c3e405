"""
What a sandbox serves beside its doors, the control API of all simulators and the data pump's service, against the whole
sandbox: Schemathesis draws what the documents allow and what they forbid.

No answer may be a 5xx or other than the document says, and a refusal says why.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from partnerlab.contracts.verification.fuzz.rest import RestRequest, requests_of
from partnerlab.contracts.verification.provider.sandbox.box import pumps_document
from partnerlab.contracts.verification.rest import verdict
from partnerlab.sandbox import Sandbox
from partnerlab.settings import SandboxSettings

EXAMPLES = int(os.environ.get("PARTNERLAB_FUZZ", "2"))
"""For each operation; more where somebody wants to know: `PARTNERLAB_FUZZ=50`."""
ENDLESS = "listen"  # tests/simulators/kit/control/test_routes.py listens to it


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with (
        Sandbox(SandboxSettings(port=0), in_process=True) as sandbox,
        httpx.Client(base_url=sandbox.url, headers={"X-Sandbox-Lane": "fuzz"}, timeout=60) as client,
    ):
        yield client


def wrong(client: httpx.Client, document: Mapping[str, Any], below: str) -> list[str]:
    """Every answer that may not be, of some requests of each operation."""
    check = verdict(json.dumps(document).encode())
    found: list[str] = []

    def attempt(drawn: RestRequest) -> None:
        headers = {"content-type": drawn.content_type} if drawn.content_type else {}
        answer = client.request(drawn.method, f"{below}{drawn.path}", content=drawn.body, headers=headers)
        content_type = answer.headers.get("content-type", "")
        said = [f"{drawn.described}: {drawn.path[:80]} {drawn.body[:80]!r}"]
        if answer.status_code >= 500:
            said.append(f"status {answer.status_code}")
        findings = check(drawn.operation, drawn.body, headers, answer.status_code, answer.content, content_type)
        said += [f"{one.where}: {one.expected}, {one.found}" for one in findings if one.side == "response"]
        if answer.status_code >= 400 and not (answer.json().get("error") or {}).get("message"):
            said.append("a refusal without a message")
        if len(said) > 1:
            found.append("; ".join(said))

    for name, strategy in requests_of(document).items():
        if name != ENDLESS:
            settings(
                max_examples=EXAMPLES,
                deadline=None,
                derandomize=True,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )(given(strategy)(attempt))()
    return found


def test_the_control_api_of_all_simulators_keeps_its_contract(client: httpx.Client) -> None:
    assert wrong(client, client.get("/_sandbox/openapi.json").json(), "") == []


def test_the_pumps_service_keeps_its_contract(client: httpx.Client) -> None:
    assert wrong(client, pumps_document(), "/_pump") == []
