"""Lists of the control API, read to their end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

__all__ = ["Asking", "Control", "Row", "by_next", "by_offset", "paged"]

PAGE = 1_000

Row = dict[str, Any]


class Control(Protocol):
    """The control API of one lane. `partnerlab.remote.Remote` is one."""

    def get(self, path: str, **query: Any) -> Any:
        """The JSON at *path*; what is None is not asked for."""


class Asking(Control, Protocol):
    """A control API that can be asked for what may not be there. `partnerlab.console.api.Api` is one."""

    def maybe(self, path: str, **query: Any) -> Any:
        """As `get`; None where there is no such thing."""


def paged(control: Control, path: str, name: str, key: str, *, after: str | int = "", **query: Any) -> Iterator[Row]:
    """Every row of a list that goes on beyond its last *key*."""
    while True:
        found: list[Row] = control.get(path, after=after or None, limit=PAGE, **query)[name]
        yield from found
        if len(found) < PAGE:
            return
        after = found[-1][key]


def by_next(control: Control, path: str, name: str, **query: Any) -> Iterator[Row]:
    """Every row of a list whose answer says where to go on."""
    after: str | None = ""
    while after is not None:
        answer = control.get(path, after=after or None, limit=PAGE, **query)
        yield from answer[name]
        after = answer["next"]


def by_offset(control: Control, path: str, name: str, **query: Any) -> Iterator[Row]:
    """Every row of a list that leaves out so many."""
    offset = 0
    while True:
        found: list[Row] = control.get(path, limit=PAGE, offset=offset or None, **query)[name]
        yield from found
        if len(found) < PAGE:
            return
        offset += PAGE
