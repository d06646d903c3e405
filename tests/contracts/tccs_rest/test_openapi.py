"""The OpenAPI document of TCCS: valid, one with the grammar of `contentInfo`, and as the source has the calls."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from openapi_spec_validator import validate

from partnerlab.contracts.data import read_bytes, read_yaml
from partnerlab.contracts.tccs_rest import CONTENT_INFO, content_info_pattern, format_of, parse_content_info
from partnerlab.contracts.verification.rest import verdict
from partnerlab.contracts.verification.strategies import content_info_formats

BYTES = read_bytes("tccs_rest/openapi.yaml")
DOCUMENT: dict[str, Any] = read_yaml("tccs_rest/openapi.yaml")
SCHEMAS = DOCUMENT["components"]["schemas"]
OPERATIONS = {path: item["post"] for path, item in DOCUMENT["paths"].items()}
FORM = "application/x-www-form-urlencoded"

# The endpoints of the source, by the place where each is served.
SOURCE = {
    "/api/ARState_Output": "rtdr",
    "/api/Pay_Input": "datapump",
    "/api/Insufficient_Pay_Report": "datapump",
    "/api/Paperless_Bill": "datapump",
    "/api/Recurring_Pay": "datapump",
    "/Retrieve_Bill_Image": "pdf",
}


def content_info_schemas(operation: dict[str, Any]) -> list[dict[str, Any]]:
    field = operation["requestBody"]["content"][FORM]["schema"]["properties"]["contentInfo"]
    return [SCHEMAS[one["$ref"].rpartition("/")[2]] for one in field.get("oneOf", [field])]


def test_it_is_a_valid_openapi_document() -> None:
    assert DOCUMENT["openapi"] == "3.1.0"
    validate(DOCUMENT)


def test_it_has_the_endpoints_of_the_source_by_post_alone() -> None:
    assert {path: item["post"]["tags"][0] for path, item in DOCUMENT["paths"].items()} == SOURCE
    assert all(set(item) == {"post"} for item in DOCUMENT["paths"].values())
    assert [operation["operationId"] for operation in OPERATIONS.values()] == [p.rpartition("/")[2] for p in OPERATIONS]


def test_the_base_path_is_a_variable_that_names_those_of_the_source() -> None:
    (server,) = DOCUMENT["servers"]
    assert server["url"].endswith("/{base}")
    base = server["variables"]["base"]
    assert base["default"] == "invoicecloudapi"
    for known in ("invoicecloudapi", "InvCloudService_PROD", "InvCloudAPI_PROD"):
        assert known in base["description"]
    assert re.findall(r"https?://[^/ ]+", BYTES.decode()) == ["http://127.0.0.1:8700"], "no real host"


@pytest.mark.parametrize("path", OPERATIONS)
def test_a_call_is_a_form_of_three_fields_and_no_other(path: str) -> None:
    body = OPERATIONS[path]["requestBody"]
    assert body["required"] is True
    assert list(body["content"]) == [FORM]
    schema = body["content"][FORM]["schema"]
    assert schema["required"] == list(schema["properties"]) == ["consumerGUID", "entryKey", "contentInfo"]
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize("path", OPERATIONS)
def test_the_formats_of_content_info_are_those_of_the_grammar(path: str) -> None:
    schemas = content_info_schemas(OPERATIONS[path])
    names = CONTENT_INFO[path.rpartition("/")[2]]
    assert [schema["format"] for schema in schemas] == [f"tccs-{name}" for name in names]
    assert [schema["pattern"] for schema in schemas] == [content_info_pattern(name) for name in names]


def test_there_is_a_strategy_for_every_format_of_the_document() -> None:
    formats = {schema["format"] for operation in OPERATIONS.values() for schema in content_info_schemas(operation)}
    assert formats == set(content_info_formats())


@pytest.mark.parametrize("path", OPERATIONS)
def test_refusals_are_documented_in_json_and_xml(path: str) -> None:
    responses = OPERATIONS[path]["responses"]
    assert set(responses) == {"200", "400", "401", "404", "415"}
    for status in ("400", "401", "404"):
        answer = DOCUMENT["components"]["responses"][responses[status]["$ref"].rpartition("/")[2]]
        assert list(answer["content"]) == ["application/json", "application/xml", "text/xml"]
        assert {body["schema"]["$ref"] for body in answer["content"].values()} == {"#/components/schemas/Error"}


def test_every_example_is_what_the_contract_says() -> None:
    check = verdict(BYTES)
    for path, operation in OPERATIONS.items():
        for schema in content_info_schemas(operation):
            for text in schema["examples"]:
                assert parse_content_info(format_of(path, text), text).format == schema["format"].removeprefix("tccs-")
        name = operation["operationId"]
        form = operation["requestBody"]["content"][FORM]["examples"].values()
        for status, answer in operation["responses"].items():
            content = DOCUMENT["components"]["responses"][answer["$ref"].rpartition("/")[2]]["content"]
            for media_type, body in content.items():
                example = body.get("example", "%PDF-1.7")
                sent = example if isinstance(example, str) else json.dumps(example)
                for row in form:
                    request = "&".join(f"{key}={value.replace('@', '%40')}" for key, value in row["value"].items())
                    found = check(
                        name, request.encode(), {"content-type": FORM}, int(status), sent.encode(), media_type
                    )
                    assert found == []


def test_element_names_are_those_of_the_data_contract_serializer() -> None:
    for schema in SCHEMAS.values():
        for name, row in schema.get("properties", {}).items():
            assert row.get("xml", {}).get("name", name) == name.replace(" ", "_x0020_")
    assert SCHEMAS["Balance"]["required"] == ["Record bal", "Total Balance"]
    assert Decimal(str(SCHEMAS["Money"]["multipleOf"])) == Decimal("0.01")


def test_ecma_and_python_read_the_patterns_alike() -> None:
    """What the two have in common: no `\\d`, no named groups, no look-behind, no needless escape (the `u` flag)."""
    for operation in OPERATIONS.values():
        for schema in content_info_schemas(operation):
            assert set(re.findall(r"\\.", schema["pattern"])) <= {r"\|", r"\.", r"\u"}
            assert set(re.findall(r"\(\?.", schema["pattern"])) <= {"(?:", "(?!"}


@pytest.mark.parametrize("path", OPERATIONS)
def test_what_a_strategy_makes_is_valid_by_the_document(path: str) -> None:
    check = verdict(BYTES)
    operation = OPERATIONS[path]["operationId"]
    for name in CONTENT_INFO[operation]:

        @settings(deadline=None)
        @given(content_info_formats()[f"tccs-{name}"])
        def valid(text: str) -> None:
            form = urlencode({"consumerGUID": "IC", "entryKey": "key", "contentInfo": text})
            assert check(operation, form.encode(), {"content-type": FORM}, 0, b"", "") == []

        valid()
