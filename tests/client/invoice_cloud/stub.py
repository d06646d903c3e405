"""
An Invoice Cloud that says what a test tells it to, and holds both sides to the contract.

Every request is checked against `openapi.yaml` or the WSDL, and so is every answer that a test makes up: a stub that
drifted from the contract would prove nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any
from xml.sax.saxutils import escape

from jsonschema import Draft202012Validator, ValidationError, validators
from lxml import etree

from partnerlab.contracts.data import read_bytes, read_yaml

BILLER = "22222222-2222-4222-8222-222222222222"
WEB_SERVICE_KEY = "33333333-3333-4333-8333-333333333333"
API_KEY = "sandbox-api-key"
TOKEN = "tok-0123456789abcdef-SECRET"
GUID = "99999999-9999-4999-8999-999999999999"


@dataclass(frozen=True)
class Answer:
    """What the stub answers: the members of a good answer, or words of a refusal, or a status with a body."""

    members: Mapping[str, Any]
    refusal: str | None = None
    status: int = 200
    raw: bytes | None = None
    lost: bool = False


def good(**members: Any) -> Answer:
    return Answer(members)


def refuse(words: str, **members: Any) -> Answer:
    return Answer(members, refusal=words)


def raw(status: int, body: bytes = b"") -> Answer:
    return Answer({}, status=status, raw=body)


LOST = Answer({}, lost=True)
"""The request is read and the connection closed."""


@dataclass(frozen=True)
class Seen:
    """One request: its operation, and what it carried."""

    operation: str
    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    members: dict[str, Any]


class Stub:
    """Answers by operation; the last answer of an operation repeats. `check` tells what broke the contract."""

    def __init__(self, serve: Callable[..., Any], answers: Mapping[str, Answer | list[Answer]]) -> None:
        self.answers = {name: list(a) if isinstance(a, list) else [a] for name, a in answers.items()}
        self.seen: list[Seen] = []
        self.problems: list[str] = []
        self.server = serve(self.handle)
        self.url = f"http://127.0.0.1:{self.server.port}"

    @property
    def operations(self) -> list[str]:
        return [seen.operation for seen in self.seen]

    def handle(self, connection: Any) -> None:
        while received := connection.request():
            try:
                answer, body = self.answer(received)
            except Exception as error:  # noqa: BLE001  a thread's error would be lost
                self.problems.append(f"{type(error).__name__}: {error}")
                return
            if answer.lost:
                return
            connection.answer(body, answer.status, "Content-Type: application/json; charset=utf-8")

    def answer(self, received: bytes) -> tuple[Answer, bytes]:
        head, _, body = received.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, path, _ = first.split(" ")
        headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)}
        seen = (soap_seen if path.endswith(".asmx") else rest_seen)(method, path, headers, body)
        self.seen.append(seen)
        self.problems += problems_of_request(seen)
        found = self.answers[seen.operation]
        answer = found.pop(0) if len(found) > 1 else found[0]
        if answer.raw is not None or answer.lost:
            return answer, answer.raw or b""
        made = (soap_answer if path.endswith(".asmx") else rest_answer)(seen, answer)
        self.problems += problems_of_answer(seen, made)
        return answer, made


# --- REST -----------------------------------------------------------------------------------------------------------


@cache
def openapi() -> dict[str, Any]:
    document: dict[str, Any] = read_yaml("ic_webservices/openapi.yaml")
    return document


@cache
def operations() -> dict[str, tuple[str, str, dict[str, Any]]]:
    """Each operation of the contract by its id: method, path, and what it says."""
    return {
        said["operationId"]: (method.upper(), path, said)
        for path, methods in openapi()["paths"].items()
        for method, said in methods.items()
        if method in ("get", "post")
    }


def rest_seen(method: str, path: str, headers: dict[str, str], body: bytes) -> Seen:
    for name, (verb, template, _) in operations().items():
        head, _, tail = template.partition("{")
        fits = path == template if head == template else path.startswith(head) and path.endswith(tail.partition("}")[2])
        if verb == method and fits:
            return Seen(name, method, path, headers, body, json.loads(body) if body else {})
    raise AssertionError(f"{method} {path} is not in the contract")


def rest_answer(seen: Seen, answer: Answer) -> bytes:
    success = answer.refusal is None
    members = {"Success": success, "ErrorMessage": answer.refusal, **answer.members}
    if not success:
        members = empty_members(seen.operation) | members
    return json.dumps(members).encode()


def empty_members(operation: str) -> dict[str, Any]:
    """What a refusal has in place of an answer: null, false or empty."""
    schema = schema_of_answer(operation)
    empty: dict[str, Any] = {}
    for name, said in schema.get("properties", {}).items():
        kinds = said.get("type", "null")
        empty[name] = {"array": [], "boolean": False, "string": ""}.get(kinds if isinstance(kinds, str) else "")
    return empty


def schema_of_answer(operation: str) -> dict[str, Any]:
    answer = operations()[operation][2]["responses"]["200"]
    if "$ref" in answer:
        answer = at(answer["$ref"])
    schema = answer["content"]["application/json"]["schema"]
    return at(schema["$ref"]) if "$ref" in schema else schema


def at(reference: str) -> dict[str, Any]:
    found = openapi()
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found


def in_cents(validator: Any, unit: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
    """`multipleOf` in decimals: for floats, 75.1 is no multiple of 0.01."""
    if isinstance(value, int | float) and Decimal(str(value)) % Decimal(str(unit)):
        yield ValidationError(f"{value} is not a multiple of {unit}")


Validator = validators.extend(Draft202012Validator, {"multipleOf": in_cents})


def problems_of(schema: dict[str, Any], value: Any, what: str) -> Iterator[str]:
    validator = Validator({**schema, "components": openapi()["components"]})
    for error in validator.iter_errors(value):
        yield f"{what}: {error.json_path}: {error.message}"


# --- SOAP -----------------------------------------------------------------------------------------------------------

XS = "{http://www.w3.org/2001/XMLSchema}"
WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
SERVICES = ("CloudInvoicing", "CloudManagement", "RemoteAuthenticationWS")


@cache
def xml_schema(service: str) -> etree.XMLSchema:
    found = etree.fromstring(read_bytes(f"ic_webservices/{service}.wsdl")).find(f"{WSDL}types/{XS}schema")
    assert found is not None
    # A tree of its own: lxml takes the namespaces along that stand on the WSDL's root.
    return etree.XMLSchema(etree.fromstring(etree.tostring(found)))


def soap_seen(method: str, path: str, headers: dict[str, str], body: bytes) -> Seen:
    (operation,) = etree.fromstring(body)[0]
    fields = operation[0] if len(operation) == 1 and local(operation[0]) == "Req" else operation
    members: dict[str, Any] = {
        local(field): [item.text for item in field] if len(field) else field.text or "" for field in fields
    }
    return Seen(local(operation), method, path, headers, body, members)


def soap_answer(seen: Seen, answer: Answer) -> bytes:
    service = seen.path.rpartition("/")[2].removesuffix(".asmx")
    namespace = f"https://www.invoicecloud.com/portal/webservices/{service}/"
    words = "" if answer.refusal is None else f"<ErrorMessage>{escape(answer.refusal)}</ErrorMessage>"
    inner = f"<Success>{str(answer.refusal is None).lower()}</Success>{words}" + elements(answer.members)
    if seen.operation == "KeepRemoteSessionAlive" and answer.refusal is not None:
        inner += "<ExpirationDate>0001-01-01T00:00:00</ExpirationDate>"
    name = seen.operation
    return (
        '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
        f'<{name}Response xmlns="{namespace}"><{name}Result>{inner}</{name}Result></{name}Response>'
        "</soap:Body></soap:Envelope>"
    ).encode()


def elements(members: Mapping[str, Any]) -> str:
    """Members as elements; a list of rows is `{"Rows": ("Row", [{…}, …])}`."""
    text = ""
    for name, value in members.items():
        if isinstance(value, tuple):
            item, rows = value
            text += f"<{name}>" + "".join(f"<{item}>{elements(row)}</{item}>" for row in rows) + f"</{name}>"
        else:
            text += f"<{name}>{escape(str(value).lower() if isinstance(value, bool) else str(value))}</{name}>"
    return text


def local(element: Any) -> str:
    return str(etree.QName(element).localname)


# --- both -----------------------------------------------------------------------------------------------------------


def problems_of_request(seen: Seen) -> list[str]:
    if seen.path.endswith(".asmx"):
        schema = xml_schema(seen.path.rpartition("/")[2].removesuffix(".asmx"))
        (operation,) = etree.fromstring(seen.body)[0]
        return [] if schema.validate(operation) else [f"{seen.operation}: {schema.error_log.last_error}"]  # type: ignore[attr-defined]
    said = operations()[seen.operation][2].get("requestBody")
    if said is None:
        return []
    schema = said["content"]["application/json"]["schema"]
    return list(problems_of(schema, seen.members, f"request {seen.operation}"))


def problems_of_answer(seen: Seen, body: bytes) -> list[str]:
    if seen.path.endswith(".asmx"):
        schema = xml_schema(seen.path.rpartition("/")[2].removesuffix(".asmx"))
        (answer,) = etree.fromstring(body)[0]
        return [] if schema.validate(answer) else [f"answer {seen.operation}: {schema.error_log.last_error}"]  # type: ignore[attr-defined]
    return list(problems_of(schema_of_answer(seen.operation), json.loads(body), f"answer {seen.operation}"))
