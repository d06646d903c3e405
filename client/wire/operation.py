"""
How an operation and a model are declared: once, as a typed function and as a dataclass, both by `Annotated` kinds.

    @call("SetEmail", reads=acknowledgement)
    def set_email(
        endpoint: Endpoint,
        account_number: Annotated[str, Text("Accountnumber")],
        new_email: Annotated[str, Text("NewEmail")],
    ) -> None:
        '''Tell a changed e-mail address.'''

Called, it gives the `Call`: the request, checked and ready to be sent, and how its answer is read. The function's own
body checks what concerns several parameters at once; most have none. Both clients have it as a method by `Method`
(`http.connected`), with the signature that is written here.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import typing
from collections.abc import Callable, Mapping
from typing import Any, Generic, NamedTuple, ParamSpec, Protocol, TypeVar

from partnerlab.client.http.call import Call
from partnerlab.client.http.request import HttpRequest, HttpResponse
from partnerlab.client.wire.fields import Fields
from partnerlab.client.wire.kinds import Kind, Members, Sent, Text

__all__ = ["Door", "Operation", "Rows", "Sent", "model_reader", "model_renderer", "nothing", "rows_reader"]

P = ParamSpec("P")
E = TypeVar("E")
M = TypeVar("M")
T = TypeVar("T")
E_contra = TypeVar("E_contra", contravariant=True)


class Door(Protocol[E_contra]):
    """What the operations of one service have in common: how a request is made, and how an answer is taken apart."""

    def request(self, endpoint: E_contra, name: str, values: dict[str, Sent], secrets: tuple[str, ...]) -> HttpRequest:
        """The request of the operation *name*; *values* are the door's to keep. Raises `RequestInvalid`."""

    def fields(self, endpoint: E_contra, name: str, response: HttpResponse, secrets: tuple[str, ...]) -> Fields:
        """The fields of its answer. Raises `PartnerFault`, `TransportError`, `ProtocolError`."""


class Operation(Generic[P, T]):
    """
    An operation as it is declared: its `name` on the wire, its `parameters` by Python name, and how its answer reads.

    `lookup` says that the call changes nothing; it may depend on the values. `constants` are sent with every call,
    before the parameters.
    """

    def __init__(
        self,
        declared: Callable[P, None],
        name: str,
        door: Door[Any],
        reads: Callable[[Fields], T],
        lookup: bool | Callable[[Mapping[str, Any]], bool] = False,
        constants: Mapping[str, Sent] | None = None,
    ) -> None:
        functools.update_wrapper(self, declared)
        self.name, self.door, self.reads, self.lookup = name, door, reads, lookup
        self.constants = constants or {}
        self._declared = declared

    @functools.cached_property
    def parameters(self) -> Mapping[str, Kind]:
        """The kind of each parameter, in the contract's order; without the endpoint, which is first."""
        return _kinds(self._declared)

    @property
    def names(self) -> tuple[str, ...]:
        """What is sent, by its names on the wire, in the contract's order; without the door's own keys."""
        return (*self.constants, *(kind.name for kind in self.parameters.values()))

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Call[T]:
        """The call. Raises `RequestInvalid`."""
        self._declared(*args, **kwargs)
        defaults, renderers, may_omit, secret_names, members = self._plan
        given = {**defaults, **kwargs}
        if len(args) > 1:
            given.update(zip(self.parameters, args[1:], strict=False))
        values: dict[str, Sent] = {name: render(given[parameter]) for parameter, name, render in renderers}
        if may_omit and None in values.values():
            values = {name: value for name, value in values.items() if value is not None}
        secrets = tuple(str(values[name]) for name in secret_names if name in values) if secret_names else ()
        for name in members:
            values.update(typing.cast("Mapping[str, Sent]", values.pop(name)))
        if self.constants:
            values = {**self.constants, **values}
        endpoint = args[0]
        request = self.door.request(endpoint, self.name, values, secrets)
        lookup = self.lookup(given) if callable(self.lookup) else self.lookup
        return Call(request, functools.partial(self._read, endpoint, request.secrets), lookup)

    def read(self, endpoint: Any, response: HttpResponse) -> T:
        """What an answer says, for a sender of one's own. Raises `PartnerFault`, `TransportError`, `ProtocolError`."""
        return self._read(endpoint, endpoint.secrets, response)

    def _read(self, endpoint: Any, secrets: tuple[str, ...], response: HttpResponse) -> T:
        return self.reads(self.door.fields(endpoint, self.name, response, secrets))

    @functools.cached_property
    def _plan(self) -> _Plan:
        signature = inspect.signature(self._declared).parameters.values()
        defaults = {p.name: p.default for p in signature if p.default is not p.empty}
        kinds = self.parameters.values()
        return _Plan(
            defaults,
            [
                (name, kind.name, _unless_none(kind.render) if defaults.get(name, "") is None else kind.renderer())
                for name, kind in self.parameters.items()
            ],
            None in defaults.values() or any(isinstance(kind, Text) and kind.omitted for kind in kinds),
            [kind.name for kind in kinds if kind.secret],
            [kind.name for kind in kinds if isinstance(kind, Members)],
        )


class _Plan(NamedTuple):
    """
    A declaration as a call uses it.

    `renderers` are each parameter, its name on the wire, and what renders it (`None` leaves it out, which only happens
    where one `may_omit`); `secrets` and `members` are names on the wire.
    """

    defaults: Mapping[str, Any]
    renderers: list[tuple[str, str, Callable[[Any], Sent]]]
    may_omit: bool
    secrets: list[str]
    members: list[str]


def model_reader(model: type[M]) -> Callable[[Fields], M]:
    """What reads a *model* from the fields of an answer: a dataclass whose fields have kinds."""

    @functools.cache
    def readers() -> list[tuple[str, Callable[[Fields], Any]]]:
        return [(name, kind.read) for name, kind in _kinds(model).items()]

    def read(fields: Fields) -> M:
        return model(**{name: read_field(fields) for name, read_field in readers()})

    return read


def model_renderer(model: type[M]) -> Callable[[M], Mapping[str, Sent]]:
    """What gives the members of a *model* as they are sent, without those that are left out."""

    @functools.cache
    def kinds() -> Mapping[str, Kind]:
        return _kinds(model)

    def render(value: M) -> Mapping[str, Sent]:
        members = {kind.name: kind.render(getattr(value, name)) for name, kind in kinds().items()}
        return {name: member for name, member in members.items() if member is not None}

    return render


def rows_reader(name: str, model: type[M], item: str = "") -> Callable[[Fields], tuple[M, ...]]:
    """What reads the array *name* of models; *item* is what XML calls each of them."""
    read = model_reader(model)
    return lambda fields: tuple(read(row) for row in fields.rows(name, item))


@dataclasses.dataclass(frozen=True, slots=True)
class Rows(Kind):
    """An array of models."""

    item: str = ""
    model: type[Any] = object

    def read(self, fields: Fields) -> tuple[Any, ...]:
        return rows_reader(self.name, self.model, self.item)(fields)


def nothing(fields: Fields) -> None:
    """Reads an answer that only says that the call succeeded."""


def _unless_none(render: Callable[[Any], Sent]) -> Callable[[Any], Sent]:
    """*render*, with `None` for a value that is left out."""
    return lambda value: None if value is None else render(value)


def _kinds(declared: Any) -> Mapping[str, Kind]:
    """The kinds of a function's parameters or a dataclass's fields; those without one are no part of the wire."""
    hints = typing.get_type_hints(declared, include_extras=True)
    names = (
        [field.name for field in dataclasses.fields(declared)]
        if dataclasses.is_dataclass(declared)
        else list(inspect.signature(declared).parameters)
    )
    kinds = {}
    for name in names:
        found = [extra for extra in getattr(hints[name], "__metadata__", ()) if isinstance(extra, Kind)]
        if found:
            kinds[name] = found[0]
    return kinds
