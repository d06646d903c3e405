"""
The operations of a contract, each bound to the function of its name: `listLanes` to `list_lanes`.

Functions are those of classes, so what a contract and its classes come to is found once for all their objects.

A function takes what its operation takes, under the names of the contract and as typed values: places in the path,
query parameters, members of a JSON body. A text body, and a JSON one that is `x-whole`, come as `body`, in bytes. The
kit's `request` comes where the function asks for it. What is absent comes as the contract's default, or not at all.

A function returns the JSON of the answer, with the contract's status; where that has several, it says which:
`(answer, 201)`.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from partnerlab.simulators.kit.control.body import check_text, read_object
from partnerlab.simulators.kit.control.formats import Format
from partnerlab.simulators.kit.control.refusals import Invalid, Refused
from partnerlab.simulators.kit.control.schema import Object, Read, Schemas

__all__ = ["BindingWrong", "Operation", "bind", "operations"]

_METHODS = ("get", "put", "post", "patch", "delete")
_INTEGER = re.compile(r"-?[0-9]{1,19}", re.ASCII)


class BindingWrong(ValueError):
    """A contract and its functions do not fit; the text names the operation and what is wrong."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value of the path or the query."""

    name: str
    in_path: bool
    required: bool
    kind: str
    read: Read
    slashes: bool


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a contract, ready to read requests; `function` is what does it, of an object of `group`."""

    id: str
    method: str
    path: str
    statuses: tuple[int, ...]
    parameters: Mapping[str, Parameter]
    defaults: Mapping[str, Any]
    media_type: str
    body_required: bool
    body: Object
    body_whole: bool
    group: type
    function: Callable[..., Any]
    wants_request: bool

    @property
    def places(self) -> Iterator[Parameter]:
        """The parameters of the path."""
        return (one for one in self.parameters.values() if one.in_path)

    def read(
        self, places: Mapping[str, str], query: Iterable[tuple[str, str]], media_type: str, body: bytes
    ) -> dict[str, Any]:
        """The values of a request, by name. Raises `Refused`."""
        values = dict(self.defaults)
        for name, text in places.items():
            values[name] = _from_text(self.parameters[name], text)
        return values | self._from_query(query) | self._from_body(media_type, body)

    def _from_query(self, query: Iterable[tuple[str, str]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, text in query:
            parameter = self.parameters.get(name)
            if parameter is None or parameter.in_path:
                known = ", ".join(one.name for one in self.parameters.values() if not one.in_path) or "none"
                raise Invalid(check_text("query", name)[:80], f"is not a parameter of this request; known: {known}")
            if name in found:
                raise Invalid(name, "is given twice")
            found[name] = _from_text(parameter, text)
        for name, parameter in self.parameters.items():
            if parameter.required and not parameter.in_path and name not in found:
                raise Invalid(name, "is required")
        return found

    def _from_body(self, media_type: str, body: bytes) -> dict[str, Any]:
        if self.media_type == "text/plain":
            if body and media_type != self.media_type:
                raise Refused(400, "not_text", "the body must be text, with Content-Type: text/plain", "body")
            return {"body": body}
        if self.body_whole and media_type == self.media_type:
            return {"body": body}
        if not body and not self.body_required:
            return self.body.read("", {})
        if not body:
            raise Refused(400, "not_json", "the request needs a JSON body", "body")
        if media_type != "application/json":
            raise Refused(400, "not_json", "the body must be JSON, with Content-Type: application/json", "body")
        return self.body.read("", read_object(body))


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any], list[Any]]]:
    """Each operation of a document: method, path, what stands there, and the parameters of path and operation."""
    for path, item in document["paths"].items():
        if unknown := set(item) - {*_METHODS, "parameters", "summary", "description"}:
            raise BindingWrong(f"{path}: {sorted(unknown)} is not executed")
        for method in _METHODS:
            if method in item:
                said = item[method]
                yield method.upper(), path, said, [*item.get("parameters", ()), *said.get("parameters", ())]


def bind(
    document: Mapping[str, Any], groups: Iterable[type], formats: Mapping[str, Format] | None = None
) -> list[Operation]:
    """
    Every operation of a contract with its function: the public methods of *groups*.

    Raises `BindingWrong` where one has no other, or they do not take the same.
    """
    functions: dict[str, tuple[type, Callable[..., Any]]] = {}
    for group in groups:
        for name, function in inspect.getmembers(group, inspect.isfunction):
            if not name.startswith("_"):
                if name in functions:
                    raise BindingWrong(f"{name} stands in two groups of functions")
                functions[name] = group, function
    schemas = Schemas(document, formats)
    bound = []
    for method, path, said, parameters in operations(document):
        id = said["operationId"]
        if _snake(id) not in functions:
            raise BindingWrong(f"{id} ({method} {path}) has no function {_snake(id)}")
        try:
            operation = _operation(schemas, method, path, said, parameters, *functions.pop(_snake(id)))
            _check_signature(operation)
        except (ValueError, KeyError) as error:
            raise BindingWrong(f"{id} ({method} {path}): {error}") from error
        bound.append(operation)
    if functions:
        raise BindingWrong(f"the contract has no operation for {', '.join(sorted(functions))}")
    return bound


def _operation(
    schemas: Schemas,
    method: str,
    path: str,
    said: Mapping[str, Any],
    parameters: Iterable[Mapping[str, Any]],
    group: type,
    function: Callable[..., Any],
) -> Operation:
    found, defaults = {}, {}
    for node in map(schemas.resolved, parameters):
        if node["in"] == "header":
            continue  # the lane, which is the site's
        schema = schemas.resolved(node["schema"])
        kinds = schemas.kinds(schema)
        if len(kinds) != 1:
            raise ValueError(f"parameter {node['name']} must be of one type")
        found[node["name"]] = Parameter(
            node["name"],
            node["in"] == "path",
            bool(node.get("required")),
            kinds[0],
            schemas.reader(schema),
            bool(node.get("x-slashes")),
        )
        if "default" in schema:
            defaults[node["name"]] = found[node["name"]].read(node["name"], schema["default"])
    if set(re.findall(r"\{(\w+)\}", path)) != {one.name for one in found.values() if one.in_path}:
        raise ValueError("the places of the path are not its parameters")
    request_body = schemas.resolved(said.get("requestBody", {}))
    ((media_type, media),) = request_body.get("content", {"application/json": {}}).items()
    if media_type not in ("application/json", "text/plain"):
        raise ValueError(f"a body of type {media_type} is not executed")
    nothing = {"additionalProperties": False}
    body_whole = bool(request_body.get("x-whole")) or media_type == "text/plain"
    body = schemas.object(nothing if body_whole else media.get("schema", nothing))
    if not body.closed:
        raise ValueError("the body must say additionalProperties: false")
    if twice := sorted(set(found) & set(body.members)):
        raise ValueError(f"{twice} stand in path or query and in the body")
    return Operation(
        id=said["operationId"],
        method=method,
        path=path,
        statuses=tuple(int(status) for status in said["responses"] if str(status).startswith("2")),
        parameters=found,
        defaults=defaults,
        media_type=media_type,
        body_required=bool(request_body.get("required")),
        body=body,
        body_whole=body_whole,
        group=group,
        function=function,
        wants_request="request" in inspect.signature(function).parameters,
    )


def _check_signature(operation: Operation) -> None:
    """Raises `ValueError` where a function does not take just what its operation does."""
    _, *named = inspect.signature(operation.function).parameters.items()  # the first is the object
    taken = dict(named)
    taken.pop("request", None)
    rest = [one for one in taken.values() if one.kind is inspect.Parameter.VAR_KEYWORD]
    for one in rest:
        del taken[one.name]
    whole = {"body"} if operation.body_whole else set()
    given = {*operation.parameters, *operation.body.members, *whole}
    if not rest and (missing := sorted(given - set(taken))):
        raise ValueError(f"the function does not take {', '.join(missing)}")
    if more := sorted(set(taken) - given):
        raise ValueError(f"the contract does not give {', '.join(more)}")
    certain = {one.name for one in operation.parameters.values() if one.required}
    certain |= operation.body.required | set(operation.defaults) | set(operation.body.defaults) | whole
    for name, one in taken.items():
        if name not in certain and one.default is inspect.Parameter.empty:
            raise ValueError(f"{name} may be absent, and the function has no default for it")


def _from_text(parameter: Parameter, text: str) -> Any:
    """Text of a path or query as the JSON value it stands for, read; what stands for none is refused by its type."""
    check_text(parameter.name, text)
    value: Any = text
    if parameter.kind == "integer" and _INTEGER.fullmatch(text):
        value = int(text)
    elif parameter.kind == "boolean" and text in ("true", "false"):
        value = text == "true"
    return parameter.read(parameter.name, value)


def _snake(id: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", lambda found: f"_{found[1].lower()}", id)
