"""
An OpenAPI 3.1 document as a contract: which operations there are, and the schema of each of their messages.

Nothing is read before it is first asked for: who starts a sandbox waits for no validator.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, cached_property, partial
from typing import TYPE_CHECKING, Any

from partnerlab.contracts.first_use import importing
from partnerlab.contracts.patterns import ecma

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

__all__ = ["Document", "FormatCheck", "Operation"]

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
ROOT = "urn:contract"

FormatCheck = Callable[[str], object]
"""Raises `ValueError` for a text that is not of its format; the error may carry `column`, `expected` and `found`."""


@dataclass(frozen=True, slots=True)
class Operation:
    """
    One operation and where it stands.

    `request` and `responses` map media types to pointers to their schemas; `responses` by status as the document has
    it (`200`, `4XX`, `default`). `basic` says that it needs HTTP Basic credentials.
    """

    name: str
    method: str
    path: str
    request: Mapping[str, str]
    request_required: bool
    responses: Mapping[str, Mapping[str, str]]
    basic: bool

    def answers(self, status: int) -> Mapping[str, str] | None:
        """The bodies that are documented for a status, None where it is not documented."""
        for key in (str(status), f"{status // 100}XX", "default"):
            if key in self.responses:
                return self.responses[key]
        return None


class Document:
    """
    The document, read when it is first needed.

    *formats* are checks by the name of a `format`, beside those of the `contentInfo` of TCCS. Reading raises
    `ValueError` where it is no OpenAPI 3.1 document or a `$ref` leads nowhere in it.
    """

    def __init__(self, document: bytes, formats: Mapping[str, FormatCheck] | None = None) -> None:
        self._bytes = document
        self._formats = formats or {}
        self._validators: dict[str, Draft202012Validator] = {}

    @cached_property
    def _root(self) -> dict[str, Any]:
        import yaml

        root = yaml.load(self._bytes, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - safe ones
        if not isinstance(root, dict) or not str(root.get("openapi", "")).startswith("3.1"):
            raise ValueError("this is no OpenAPI 3.1 document")
        exact: dict[str, Any] = _exact(root)
        return exact

    @property
    def reads_leniently(self) -> bool:
        """Whether requests may spell names in another case, and put booleans and numbers into quotes."""
        return self._root.get("x-lenient-requests") is True

    @cached_property
    def operations(self) -> Mapping[str, Operation]:
        """Operations by operationId."""
        return {operation.name: operation for operation in self._read_operations()}

    @cached_property
    def _by_lower_case(self) -> Mapping[str, Operation]:
        return {name.lower(): operation for name, operation in self.operations.items()}

    @cached_property
    def _callbacks(self) -> Mapping[str, Operation]:
        """What the service itself sends, by operationId in lower case."""
        found = {}
        for at, row in self._rows():
            for name, paths in row.get("callbacks", {}).items():
                for path, item in paths.items():
                    for method in METHODS:
                        if method in item:
                            here = f"{at}/callbacks/{_escaped(name)}/{_escaped(path)}/{method}"
                            operation = self._operation(here, path, method, item[method])
                            found[operation.name.lower()] = operation
        return found

    @cached_property
    def _by_path(self) -> list[tuple[str, re.Pattern[str], Operation]]:
        return [
            (operation.method, re.compile(_path_pattern(operation.path), re.IGNORECASE), operation)
            for operation in self.operations.values()
        ]

    def operation(self, name: str) -> Operation | None:
        """
        The operation of an operationId, in any case, a callback's too, or of `POST /a/path`, which ends in its path.
        """
        method, _, path = name.partition(" ")
        if not path:
            return self._by_lower_case.get(name.lower()) or self._callbacks.get(name.lower())
        for known, pattern, operation in self._by_path:
            if known == method.lower() and pattern.search(path):
                return operation
        return None

    def methods(self, path: str) -> list[str]:
        """The methods of the operations at a path that ends in the document's (`POST`); empty where there is none."""
        return [method.upper() for method, pattern, _ in self._by_path if path and pattern.search(path)]

    def validator(self, pointer: str) -> Draft202012Validator:
        """The validator of the schema at a JSON pointer."""
        if pointer not in self._validators:
            self._validators[pointer] = _validator()(
                {"$ref": f"{ROOT}#{pointer}"}, registry=self._registry, format_checker=self._format_checker
            )
        return self._validators[pointer]

    def schema(self, pointer: str) -> dict[str, Any]:
        """The schema at a JSON pointer, its `$ref` followed: what stands beside a `$ref` goes before what it names."""
        return self.resolved(self._at(pointer))

    def resolved(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        """A schema that stands in another one, its `$ref` followed as `schema` does."""
        found = dict(schema)
        for _ in range(20):
            if "$ref" not in found:
                return found
            found = {**self._at(found.pop("$ref").removeprefix("#")), **found}
        raise ValueError(f"{schema['$ref']}: a $ref that leads to itself")

    @cached_property
    def _registry(self) -> Any:
        from referencing import Registry
        from referencing.jsonschema import DRAFT202012

        registry: Registry[Any] = Registry()
        return registry.with_resource(ROOT, DRAFT202012.create_resource(self._root))

    @cached_property
    def _format_checker(self) -> Any:
        with importing:
            from jsonschema import FormatChecker

            from partnerlab.contracts.tccs_rest import CONTENT_INFO, parse_content_info

        names = {name for names in CONTENT_INFO.values() for name in names}
        checks = {f"tccs-{name}": partial(parse_content_info, name) for name in names} | dict(self._formats)
        checker = FormatChecker()
        for name, check in checks.items():
            checker.checks(name, raises=ValueError)(_when_text(check))
        return checker

    def _read_operations(self) -> Iterator[Operation]:
        for here, row in self._rows():
            path, _, method = here.removeprefix("/paths/").rpartition("/")
            yield self._operation(here, path.replace("~1", "/").replace("~0", "~"), method, row)

    def _rows(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Each operation's row with the JSON pointer to it."""
        for path, item in self._root.get("paths", {}).items():
            for method in METHODS:
                if method in item:
                    yield f"/paths/{_escaped(path)}/{method}", item[method]

    def _operation(self, here: str, path: str, method: str, row: Mapping[str, Any]) -> Operation:
        body = row.get("requestBody", {})
        body_at = body["$ref"].removeprefix("#") if "$ref" in body else f"{here}/requestBody"
        return Operation(
            name=row["operationId"],
            method=method,
            path=path,
            request=self._content(body_at) if body else {},
            request_required=bool(body) and bool(self._at(body_at).get("required")),
            responses={
                str(status): self._content(
                    answer["$ref"].removeprefix("#") if "$ref" in answer else f"{here}/responses/{status}"
                )
                for status, answer in row.get("responses", {}).items()
            },
            basic=self._basic(row.get("security", self._root.get("security", []))),
        )

    def _content(self, pointer: str) -> dict[str, str]:
        content = self._at(pointer).get("content", {})
        return {
            media_type.lower(): f"{pointer}/content/{_escaped(media_type)}/schema"
            for media_type, row in content.items()
            if "schema" in row
        }

    def _basic(self, needs: list[Mapping[str, Any]]) -> bool:
        schemes = self._root.get("components", {}).get("securitySchemes", {})
        basic = {name for name, row in schemes.items() if row.get("scheme", "").lower() == "basic"}
        return bool(needs) and all(basic & need.keys() for need in needs)

    def _at(self, pointer: str) -> dict[str, Any]:
        found: Any = self._root
        for part in pointer.split("/")[1:]:
            key = part.replace("~1", "/").replace("~0", "~")
            try:
                found = found[key]
            except (KeyError, TypeError):
                raise ValueError(f"#{pointer}: there is no {key!r}") from None
        return dict(found)


@cache
def _validator() -> type[Draft202012Validator]:
    """The validator of JSON Schema, with patterns as ECMA-262 has them: jsonschema's own are Python's."""
    from jsonschema import Draft202012Validator, ValidationError, validators

    def pattern(_: object, wanted: str, value: object, __: object) -> Iterator[ValidationError]:
        if isinstance(value, str) and not ecma(wanted).search(value):
            yield ValidationError(f"{value!r} does not match {wanted!r}")

    found: type[Draft202012Validator] = validators.extend(Draft202012Validator, {"pattern": pattern})
    return found


def _when_text(check: FormatCheck) -> Callable[[object], bool]:
    def checked(value: object) -> bool:
        if isinstance(value, str):
            check(value)
        return True

    return checked


def _exact(value: Any) -> Any:
    """Keys as text and fractions as `Decimal`, so that amounts are compared exactly."""
    if isinstance(value, dict):
        return {str(key): _exact(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_exact(item) for item in value]
    return Decimal(repr(value)) if isinstance(value, float) else value


def _escaped(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")


def _path_pattern(path: str) -> str:
    parts = re.split(r"\{[^}]*\}", path)
    return "[^/?]+".join(re.escape(part) for part in parts) + r"/?(?:\?.*)?\Z"
