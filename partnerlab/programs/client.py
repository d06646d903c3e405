"""
A recorded call as a call of the production client, where the client has the operation and would send the same.

What the client would send is compared with what was sent: a call that no value of the client's could make (a misspelt
field, another order, a value that it refuses) is none of its calls.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from lxml import etree

from partnerlab.client.errors import RequestInvalid
from partnerlab.client.http.connected import Method
from partnerlab.client.wire.kinds import Kind
from partnerlab.client.wire.operation import Operation
from partnerlab.contracts.masking import MASK
from partnerlab.programs.call import Call
from partnerlab.programs.literals import text_literal, value_literal
from partnerlab.simulators.kit.journal.entries import Entry

__all__ = ["ClientCall", "client_call"]

MOST_COLUMNS = 100
STAND_IN = "x"
"""What the client is given for a key: too short to be masked with its last characters."""


class ClientCall(NamedTuple):
    """The lines of a program, and its imports."""

    imports: tuple[str, ...]
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Client:
    """
    A production client: where it is imported from, its class, how one is made for a call (and written), and the values
    in a request by their names on the wire.
    """

    package: str
    name: str
    make: Callable[[str, Mapping[str, str]], tuple[Any, tuple[str, ...]]]
    read: Callable[[Operation[..., Any], str], Mapping[str, str] | None]


def client_call(entry: Entry, call: Call) -> ClientCall | None:
    """The call by the client; None where the client could not have sent it."""
    found = _clients().get(entry.door)
    if found is None or set(call.variables) - {"INHANCE_KEY", "TCCS_ENTRY_KEY", "IC_API_KEY"}:
        return None
    for attribute, operation in _methods(found, entry.operation):
        values = found.read(operation, entry.request)
        if values is None:
            continue
        with suppress(RequestInvalid, ValueError, TypeError, KeyError):
            endpoint, arguments = found.make(f"{entry.base_url}{entry.path}", _form(entry.request))
            given = {name: _value(kind, values.get(kind.name)) for name, kind in operation.parameters.items()}
            given = {name: value for name, value in given.items() if value is not _ABSENT}
            if _same(operation(endpoint, **given).request.content.decode(), entry.request):
                return _written(found, attribute, arguments, given)
    return None


def _written(client: _Client, attribute: str, arguments: Iterable[str], given: Mapping[str, Any]) -> ClientCall:
    literals = {name: value_literal(value) for name, value in given.items()}
    values = [f"{name}={text}" for name, (text, _) in literals.items()]
    plain = "http://" in next(iter(arguments))
    made = ", ".join([*arguments, *(["allow_http=True"] if plain else [])])
    imports = {
        "import os",
        f"from {client.package} import {client.name}",
        *(one for _, one in literals.values() if one),
    }
    call = f"    found = client.{attribute}({', '.join(values)})"
    if len(call) > MOST_COLUMNS:
        call = "\n".join([f"    found = client.{attribute}(", *(f"        {value}," for value in values), "    )"])
    lines = (f"with {client.name}({made}) as client:", call, "print(found)")
    return ClientCall(tuple(sorted(imports)), lines)


def _methods(client: _Client, operation: str) -> Iterator[tuple[str, Operation[..., Any]]]:
    from importlib import import_module

    owner = getattr(import_module(client.package), client.name)
    for base in owner.__mro__:
        for attribute, member in vars(base).items():
            found = member.operation if isinstance(member, Method) else None
            if isinstance(found, Operation) and found.name.lower() == operation.lower():
                yield attribute, found


_ABSENT = object()


def _value(kind: Kind, text: str | None) -> Any:
    """The value that *kind* writes as *text*; `_ABSENT` where there is none. Raises `ValueError`."""
    if text is None:
        return _ABSENT
    for candidate in (True, False, text, *_readings(text)):
        with suppress(Exception):
            if str(kind.render(candidate)) == text:
                return candidate
    raise ValueError(kind.name)


def _readings(text: str) -> Iterator[Any]:
    with suppress(ValueError):
        yield int(text)
    with suppress(InvalidOperation):
        yield Decimal(text)
    with suppress(ValueError):
        yield datetime.fromisoformat(text)
    with suppress(ValueError):
        month, day, year = text.split("/")
        yield date(int(year), int(month), int(day))


def _same(rendered: str, recorded: str) -> bool:
    return bool(_plain(rendered) == _plain(recorded))


def _plain(body: str) -> Any:
    """What a body says, without how it is written: the same for a masked secret as for its stand-in."""
    if body.startswith("<"):
        return [(element.tag, _unmasked(element.text or "")) for element in _parsed(body).iter()]
    if body.startswith("{"):
        return {name: _unmasked(str(value)) for name, value in json.loads(body).items()}
    return [(name, _unmasked(value)) for name, value in parse_qsl(body, keep_blank_values=True)]


def _parsed(body: str) -> etree._Element:
    return etree.fromstring(body.encode(), etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))


def _unmasked(text: str) -> str:
    return STAND_IN if text.startswith(MASK) else text.strip()


def _form(body: str) -> dict[str, str]:
    return {} if body.startswith(("<", "{")) else dict(parse_qsl(body, keep_blank_values=True))


# --- how each partner's request is read ---


def _soap_values(_operation: Operation[..., Any], body: str) -> Mapping[str, str] | None:
    try:
        root = _parsed(body)
    except etree.XMLSyntaxError:
        return None
    return {etree.QName(leaf).localname: leaf.text or "" for leaf in root.iter(etree.Element) if not len(leaf)}


def _json_values(_operation: Operation[..., Any], body: str) -> Mapping[str, str] | None:
    try:
        found = json.loads(body or "{}")
    except ValueError:
        return None
    return {name: str(value) for name, value in found.items()} if isinstance(found, dict) else None


def _content_info(operation: Operation[..., Any], body: str) -> Mapping[str, str] | None:
    """The parts of `contentInfo`, by the layout that the operation writes it in."""
    layout = getattr(operation.door, "layout", "")
    pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^|:@]+)", re.escape(layout)) + r"(?:@(?P<PaymentGUID>.+))?"
    found = re.fullmatch(pattern, _form(body).get("contentInfo", ""))
    return None if found is None else {name: value for name, value in found.groupdict().items() if value is not None}


@cache
def _clients() -> Mapping[str, _Client]:
    from partnerlab.client.inhance import operations as inhance
    from partnerlab.client.invoice_cloud.account import RestAccount
    from partnerlab.client.tccs import operations as tccs

    def inhance_at(url: str, _form: Mapping[str, str]) -> tuple[Any, tuple[str, ...]]:
        return inhance.Endpoint(url, STAND_IN), (text_literal(url), 'os.environ["INHANCE_KEY"]')

    def tccs_at(url: str, form: Mapping[str, str]) -> tuple[Any, tuple[str, ...]]:
        user = form["consumerGUID"]
        written = (text_literal(url), text_literal(user), 'os.environ["TCCS_ENTRY_KEY"]')
        return tccs.Endpoint(url, user, STAND_IN), written

    def rest_at(url: str, _form: Mapping[str, str]) -> tuple[Any, tuple[str, ...]]:
        base = re.sub(r"/(?:api/v1|cloudpaymentsapi)/?.*", "", url, flags=re.IGNORECASE)
        return RestAccount(base, STAND_IN), (text_literal(base), 'os.environ["IC_API_KEY"]')

    return {
        "inhance": _Client("partnerlab.client.inhance", "InHanceClient", inhance_at, _soap_values),
        "tccs": _Client("partnerlab.client.tccs", "TccsClient", tccs_at, _content_info),
        "REST": _Client("partnerlab.client.invoice_cloud", "RestClient", rest_at, _json_values),
    }
