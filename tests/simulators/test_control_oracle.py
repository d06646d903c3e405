"""
The readers of the control API take what JSON Schema's own validator takes, and nothing else.

Every member of every body and every parameter of the five contracts meets values that its schema allows and values
that come near. Formats are ours on both sides: the validator is given the same rules, so the keywords are compared.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from partnerlab.simulators.ic_webservices.control import create_controls
from partnerlab.simulators.ic_webservices.domain import errors as ic_errors
from partnerlab.simulators.inhance_soap.control import FORMATS as INHANCE
from partnerlab.simulators.inhance_soap.domain import errors as inhance_errors
from partnerlab.simulators.kit.control.contract import KIT_CONTRACT, read_contract
from partnerlab.simulators.kit.control.faults import FORMATS as FAULTS
from partnerlab.simulators.kit.control.formats import FORMATS, Format
from partnerlab.simulators.kit.control.operations import operations
from partnerlab.simulators.kit.control.refusals import Invalid
from partnerlab.simulators.kit.control.schema import Schemas
from partnerlab.simulators.tccs_rest.control import FORMATS as TCCS
from partnerlab.simulators.tccs_rest.domain import errors as tccs_errors
from partnerlab.simulators.watersmart.control import FORMATS as WATERSMART
from partnerlab.simulators.watersmart.domain import errors as watersmart_errors

nothing: Any = None
CONTRACTS: Mapping[str, Mapping[str, Format]] = {
    KIT_CONTRACT: FAULTS,
    "inhance_soap/control.yaml": INHANCE,
    "tccs_rest/control.yaml": TCCS,
    "watersmart/control.yaml": WATERSMART,
    "ic_webservices/control.yaml": create_controls(nothing).formats,
}


def schemas_of(contract: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each schema that a request is read by, under the name of its operation and member."""
    document = read_contract(contract)
    schemas = Schemas(document, CONTRACTS[contract])
    for _, _, said, parameters in operations(document):
        for node in map(schemas.resolved, parameters):
            if node["in"] != "header":
                yield f"{said['operationId']}.{node['name']}", node["schema"]
        content = schemas.resolved(said.get("requestBody", {})).get("content", {})
        if "application/json" in content:
            yield said["operationId"], content["application/json"]["schema"]


REFUSALS = (
    Invalid,
    inhance_errors.ValueInvalid,
    tccs_errors.ValueInvalid,
    watersmart_errors.ValueInvalid,
    ic_errors.ValueRefused,
)
# A schema that many operations share is compared once.
FOUND = {
    (contract, json.dumps(Schemas(read_contract(contract)).resolved(schema), sort_keys=True)): (name, schema)
    for contract in CONTRACTS
    for name, schema in schemas_of(contract)
}


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 2**64) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)
FORMATTED = {
    "date": st.dates().map(str),
    "date-time": st.datetimes(timezones=st.timezones()).map(lambda time: time.isoformat()),
    "money": st.decimals(-1000, 1000, places=2).map(str),
}


def checker(formats: Mapping[str, Format]) -> jsonschema.FormatChecker:
    """The formats as JSON Schema's validator is given them; one that is not ours is not checked."""
    found = jsonschema.FormatChecker(formats=())
    for name, read in {**FORMATS, **formats}.items():
        found.checks(name)(lambda text, read=read: not isinstance(text, str) or taken(read, text))
    return found


def taken(read: Callable[[str, Any], Any], value: Any) -> bool:
    """Whether a reader takes a value."""
    try:
        read("f", value)
    except REFUSALS:
        return False
    return True


def near(schemas: Schemas, schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Values that a schema allows, and some that are just beyond."""
    schema = schemas.resolved(schema)
    if "enum" in schema:
        return st.sampled_from([*schema["enum"], "", None])
    if "oneOf" in schema:
        return st.one_of([near(schemas, one) for one in schema["oneOf"]])
    return st.one_of([of_kind(schemas, kind, schema) for kind in schemas.kinds(schema)])


def of_kind(schemas: Schemas, kind: str, schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    if kind == "string":
        least, most = schema.get("minLength", 0), min(schema.get("maxLength", 40), 1_000)
        text = st.sampled_from(["7" * length for length in {0, least, max(least - 1, 0), most, most + 1}])
        return st.one_of(
            text,
            FORMATTED.get(schema.get("format", ""), st.text(max_size=20)),
            st.from_regex(schema["pattern"]) if "pattern" in schema else text,
        )
    if kind in ("integer", "number"):
        least, most = schema.get("minimum", 0), schema.get("maximum", 9)
        return st.integers(int(least) - 1, int(most) + 1) | st.floats(-3, 9) | st.sampled_from((least, most))
    if kind == "array":
        return st.lists(near(schemas, schema["items"]), max_size=3)
    if kind == "object":
        others = schema.get("additionalProperties", True)
        more = st.dictionaries(
            st.text(max_size=5), near(schemas, others) if isinstance(others, Mapping) else JUNK, max_size=2
        )
        members = {name: near(schemas, member) for name, member in schema.get("properties", {}).items()}
        required = {name: members.pop(name) for name in schema.get("required", ())}
        known = st.fixed_dictionaries(required, optional=members)
        return known | st.tuples(known, more).map(lambda pair: {**pair[1], **pair[0]})
    return st.none() if kind == "null" else st.booleans()


@pytest.mark.parametrize(
    ("contract", "schema"),
    [pytest.param(contract, schema, id=name) for (contract, _), (name, schema) in FOUND.items()],
)
def test_a_reader_takes_what_its_schema_allows_and_nothing_else(contract: str, schema: Mapping[str, Any]) -> None:
    document, formats = read_contract(contract), CONTRACTS[contract]
    schemas = Schemas(document, formats)
    # Of several objects one is told by its members: a body may be that, a value inside one may not.
    read = schemas.object(schema).read if "oneOf" in schemas.resolved(schema) else schemas.reader(schema)
    whole = {**schema, "components": document["components"]}
    validator = jsonschema.Draft202012Validator(whole, format_checker=checker(formats))

    @settings(max_examples=20, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(value=near(schemas, schema) | JUNK)
    def run(value: Any) -> None:
        assume("\\n" not in repr(value))  # Python's `$` stands before a last line break too
        assert taken(read, value) == validator.is_valid(value), value

    run()
