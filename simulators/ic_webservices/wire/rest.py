"""
A REST door: the credential, the body, and how answers and refusals are told.

Every answer is an object with `Success` and `ErrorMessage`. A refusal of the domain is an answer too, status 200; what
cannot be understood is 400 with the place and the rule, a wrong key 401. A biller whose configuration holds
`{"REST": {"Strict": true}}` gets exact names and types only; the default is as lenient as .NET (assumed [A-54]).
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from decimal import Decimal
from typing import Any

from partnerlab.contracts.masking import mask_text
from partnerlab.contracts.records import dataclass
from partnerlab.simulators.ic_webservices.domain.billers import Biller
from partnerlab.simulators.ic_webservices.domain.errors import DomainError
from partnerlab.simulators.ic_webservices.services.api_keys import ApiKeys
from partnerlab.simulators.ic_webservices.wire.basic_auth import CHALLENGE, CredentialRefused, calling_biller
from partnerlab.simulators.ic_webservices.wire.faults import refusal
from partnerlab.simulators.ic_webservices.wire.json_body import JsonRefused, Schema, read_object
from partnerlab.simulators.kit.http.messages import Request, Response
from partnerlab.simulators.kit.http.routes import Handler, Route, Routes
from partnerlab.simulators.kit.world.lanes import Lane

__all__ = ["RestContext", "RestOperation", "answer", "create_door", "is_strict", "refused"]

MAX_BODY = 1 << 20
JSON = "application/json; charset=utf-8"

_log = logging.getLogger(__name__)
_INTERNAL = "Internal error; the server's log has it under the request's id."


@dataclass(frozen=True, slots=True)
class RestContext:
    """One call as an operation sees it: who calls, what was read of the body, what the path holds."""

    request: Request
    biller: Biller
    values: Any
    places: Mapping[str, str]

    @property
    def lane(self) -> Lane:
        """The lane of the call."""
        return self.request.lane

    def text(self, name: str) -> str:
        """A text of the body; empty where it was absent."""
        text: str | None = self.values[name]
        return text or ""


@dataclass(frozen=True, slots=True)
class RestOperation:
    """
    One operation.

    `run` gives the answer, or its members beside Success and ErrorMessage (and these too where only a part could be
    done), or raises a `DomainError`; `empty` is what stands in their place then. Without a `schema` no body is read;
    with `read` its values are what that gives, read strictly or not.
    """

    name: str
    method: str
    path: str
    run: Callable[[RestContext], Mapping[str, Any] | Response]
    schema: Schema | None = None
    empty: Mapping[str, Any] = field(default_factory=dict)
    read: Callable[[bytes, bool], Any] | None = None


def create_door(name: str, keys: ApiKeys, operations: Iterable[RestOperation]) -> Routes:
    """The operations as an app of the site."""
    routes = [Route(one.method, one.path, one.name, _handler(one, keys)) for one in operations]
    return Routes(name, routes, refuse=_no_route)


def answer(members: Mapping[str, Any], *, error: str | None = None) -> Response:
    """An answer of status 200; *error* is its ErrorMessage, and without one it is a success."""
    return Response(200, _render({"Success": error is None, "ErrorMessage": error, **members}), JSON)


def refused(status: int, message: str, *headers: tuple[str, str]) -> Response:
    """A call that was not understood or not let in."""
    return Response(status, _render({"Success": False, "ErrorMessage": message}), JSON, headers)


def is_strict(biller: Biller) -> bool:
    """Whether the biller's calls are read strictly [A-54]."""
    rest = biller.configuration.get("REST")
    return rest is not None and isinstance(rest, Mapping) and rest.get("Strict") is True


def _handler(operation: RestOperation, keys: ApiKeys) -> Handler:
    read = operation.read

    def handle(request: Request, places: Mapping[str, str]) -> Response:
        try:
            biller = calling_biller(keys, request.lane, request.headers)
            values: Any = {}
            if operation.schema is not None:
                if len(request.body) > MAX_BODY:
                    return refused(413, f"body: must have at most {MAX_BODY} bytes")
                strict = is_strict(biller)
                if strict and not _is_json(request):
                    return refused(415, "Content-Type: must be application/json")
                body = request.body
                values = read(body, strict) if read else read_object(body, operation.schema, strict=strict)
            done = operation.run(RestContext(request, biller, values, places))
            return done if isinstance(done, Response) else answer(done)
        except CredentialRefused as error:
            return refused(401, str(error), CHALLENGE)
        except JsonRefused as error:
            return refused(400, mask_text(str(error)))
        except DomainError as error:
            return answer(operation.empty, error=refusal(error))
        except Exception:  # noqa: BLE001 - a bug of ours is an answer, never a traceback
            _log.exception("%s failed (request %s)", operation.name, request.id)
            return refused(500, _INTERNAL)

    return handle


def _no_route(request: Request, status: int, methods: tuple[str, ...]) -> Response:
    if status == 405:
        allowed = ", ".join(methods)
        return refused(405, f"{request.method}: the path takes {allowed} only", ("Allow", allowed))
    return refused(404, f"There is no {request.method} {request.path[:200]}.")


def _is_json(request: Request) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"


def _render(members: Mapping[str, Any]) -> bytes:
    return _json(dict(members)).encode("utf-8", "replace")


def _json(value: Any) -> str:
    """A value as JSON, where an amount keeps its two decimals, which no float would."""
    if isinstance(value, dict):
        return f"{{{','.join([f'{_dumps(name)}:{_json(one)}' for name, one in value.items()])}}}"
    if isinstance(value, str):
        return _dumps(value)
    if value is None or isinstance(value, bool):  # here the encoder takes ten times as long as for a text
        return _WORDS[value]
    return format(value, "f") if isinstance(value, Decimal) else _dumps(value)


_WORDS: Mapping[bool | None, str] = {None: "null", True: "true", False: "false"}
_dumps = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
