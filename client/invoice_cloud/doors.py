"""
Invoice Cloud's services as its operations see them: how a request of each is made, and how its answer is taken apart.

CloudInvoicing wraps its arguments in `Req`, the other SOAP services do not; all begin with the biller's GUID and its
web service key. The REST services speak JSON, with HTTP Basic and the biller's API key (assumed [A-18] [A-20]).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar
from urllib.parse import quote

from partnerlab.client.http.request import HttpRequest, HttpResponse
from partnerlab.client.invoice_cloud.account import Account, RestAccount
from partnerlab.client.wire.fields import Fields
from partnerlab.client.wire.json import Json, read_json, read_outcome, render_json
from partnerlab.client.wire.operation import Door, Operation, Sent
from partnerlab.client.wire.soap import Elements, build
from partnerlab.client.wire.soap_answer import read
from partnerlab.contracts.records import dataclass

__all__ = ["RestDoor", "SoapDoor", "rest_request"]

P = ParamSpec("P")
T = TypeVar("T")

Lookup = bool | Callable[[Mapping[str, Any]], bool]


class _Declaring:
    """What declares the operations of a door."""

    __slots__ = ()

    def operation(
        self: Door[Any],
        name: str,
        reads: Callable[[Fields], T],
        *,
        lookup: Lookup = False,
        constants: Mapping[str, Sent] | None = None,
    ) -> Callable[[Callable[P, None]], Operation[P, T]]:
        """Declare an operation of this door; *constants* stand before its parameters."""
        return lambda declared: Operation(declared, name, self, reads, lookup=lookup, constants=constants)


@dataclass(frozen=True, slots=True)
class SoapDoor(_Declaring):
    """One of the SOAP services: the `Account`'s, by its attribute."""

    service: str
    wrapper: str = ""

    def request(self, endpoint: Account, name: str, values: dict[str, Sent], secrets: tuple[str, ...]) -> HttpRequest:
        access = {"BillerGUID": endpoint.biller_guid, "WebServiceKey": endpoint.web_service_key}
        return build(
            getattr(endpoint, self.service),
            name,
            {**access, **values},
            wrapper=self.wrapper,
            secrets=(*endpoint.secrets, *secrets),
        )

    def fields(self, endpoint: Account, name: str, response: HttpResponse, secrets: tuple[str, ...]) -> Fields:
        return read(getattr(endpoint, self.service), name, response, secrets=secrets)


@dataclass(frozen=True, slots=True)
class RestDoor(_Declaring):
    """
    One folder of the REST services, or with a *path* one address, which is fetched by GET.

    With *show_body* false no error quotes the answer, which is itself a secret; with *outcome* the answer is read
    whatever its `Success` says.
    """

    folder: str = ""
    path: str = ""
    show_body: bool = True
    outcome: bool = False

    def request(
        self, endpoint: RestAccount, name: str, values: Mapping[str, Sent], secrets: tuple[str, ...]
    ) -> HttpRequest:
        if self.path:
            path = self.path.format(**{member: quote(str(value), safe="") for member, value in values.items()})
            return rest_request(endpoint, name, path, None)
        members = {member: _json(value) for member, value in values.items()}
        return rest_request(endpoint, name, self.folder + name, members, secrets)

    def fields(self, endpoint: RestAccount, name: str, response: HttpResponse, secrets: tuple[str, ...]) -> Fields:
        read_answer = read_outcome if self.outcome else read_json
        return read_answer(name, response, secrets=secrets, show_body=self.show_body)


def rest_request(
    account: RestAccount, operation: str, path: str, members: Mapping[str, Json] | None, secrets: tuple[str, ...] = ()
) -> HttpRequest:
    """A request of the REST services: POST with *members* as JSON, GET where they are `None`."""
    headers = {"Authorization": account.authorization, "Accept": "application/json"}
    if members is not None:
        headers["Content-Type"] = "application/json; charset=utf-8"
    return HttpRequest(
        operation,
        account.url(path),
        headers,
        b"" if members is None else render_json(members),
        method="GET" if members is None else "POST",
        secrets=(*account.secrets, *secrets),
    )


def _json(value: Sent) -> Json:
    if isinstance(value, Elements):
        return list(value.texts)
    if isinstance(value, Mapping):
        return {name: _json(member) for name, member in value.items()}
    return value
