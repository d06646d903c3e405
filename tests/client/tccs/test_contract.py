"""The client's calls against the contract's OpenAPI: two readers of one agreement must read the same."""

from __future__ import annotations

import json
import re
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

import pytest

from partnerlab.client.errors import PartnerFault
from partnerlab.client.http import HttpRequest, HttpResponse
from partnerlab.client.tccs import Endpoint
from partnerlab.client.tccs import operations as p
from partnerlab.contracts.data import read_yaml

DOCUMENT: dict[str, Any] = read_yaml("tccs_rest/openapi.yaml")
ENDPOINT = Endpoint("https://tccs.example.com", "IC-SANDBOX", "sandbox-entry-key")
NUMBER = "454100010-03/01/2019"
REQUESTS = [
    p.balance(ENDPOINT, NUMBER).request,
    p.pay(ENDPOINT, NUMBER, Decimal("24.00"), "ACH", payment_guid="a-1").request,
    p.deposit(ENDPOINT, "Q" + NUMBER, "Test Name", Decimal("24.00"), payment_guid="a-1").request,
    p.report_insufficient_funds(ENDPOINT, NUMBER, date(2020, 6, 22), Decimal("25.00")).request,
    p.set_paperless(ENDPOINT, NUMBER, True).request,
    p.set_recurring(ENDPOINT, NUMBER, False).request,
    p.bill_image(ENDPOINT, NUMBER).request,
]


def form_of(request: HttpRequest) -> dict[str, Any]:
    """The contract's form for the request's address."""
    path = request.url.removeprefix(ENDPOINT.url)
    content = DOCUMENT["paths"][path]["post"]["requestBody"]["content"]
    found: dict[str, Any] = content[request.headers["Content-Type"]]["schema"]
    return found


def patterns(schema: dict[str, Any]) -> list[str]:
    """Those of a schema, through its references and choices."""
    if "$ref" in schema:
        return patterns(DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    return (
        [pattern for choice in schema["oneOf"] for pattern in patterns(choice)]
        if "oneOf" in schema
        else [schema["pattern"]]
    )


def test_the_client_offers_every_call_of_the_contract() -> None:
    assert {request.url.removeprefix(ENDPOINT.url) for request in REQUESTS} == set(DOCUMENT["paths"])
    assert {path.rpartition("/")[2] for path in DOCUMENT["paths"]} == {operation.name for operation in p.OPERATIONS}


@pytest.mark.parametrize("request_", REQUESTS, ids=[request.operation for request in REQUESTS])
def test_a_form_is_the_contract_s(request_: HttpRequest) -> None:
    schema = form_of(request_)
    sent = parse_qs(request_.content.decode(), strict_parsing=True)
    assert list(sent) == list(schema["required"]) == list(schema["properties"])
    (content_info,) = sent["contentInfo"]
    found = [pattern for pattern in patterns(schema["properties"]["contentInfo"]) if re.search(pattern, content_info)]
    assert len(found) == 1


@pytest.mark.parametrize("name", ["Balance", "Result", "Malformed", "Unauthorized", "NotFound"])
def test_the_contract_s_examples_are_read(name: str) -> None:
    for type_, media in DOCUMENT["components"]["responses"][name]["content"].items():
        example = media["example"]
        body = example if isinstance(example, str) else json.dumps(example)
        answer = HttpResponse(200, {"content-type": type_}, body.encode())
        if name == "Balance":
            assert p.balance.read(ENDPOINT, answer).total_balance == Decimal("340.00")
        elif name == "Result":
            assert p.pay.read(ENDPOINT, answer).message == "Payment posted."
        else:
            refused = HttpResponse(404, answer.headers, answer.content)
            with pytest.raises(PartnerFault) as caught:
                p.balance.read(ENDPOINT, refused)
            assert caught.value.message in body
