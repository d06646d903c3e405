"""The sandbox's doors by the names that the journal gives them, their contracts, and the operations in those."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from partnerlab.contracts.data import read_bytes, read_toml
from partnerlab.contracts.first_use import pattern

__all__ = ["doors", "operations"]

# Names alone are needed here: no parser is loaded for them.
_OPERATION = {
    ".wsdl": pattern(rb"<(?:[A-Za-z]+:)?operation name=\"([A-Za-z]+)\""),
    ".yaml": pattern(rb"^ +operationId: ([A-Za-z0-9_]+) *$", re.MULTILINE),
}


@cache
def doors() -> Mapping[str, str]:
    """Each door's contract, as a path for `contracts.data`; empty for a door without one."""
    return {name: path.partition("#")[0] for name, path in _table().items()}


@cache
def operations(door: str) -> frozenset[str]:
    """The operations of a door's contract; none where it has no contract. Raises `KeyError` for an unknown door."""
    path, _, one = _table()[door].partition("#")
    if not path or one:
        return frozenset({one} if one else ())
    found = frozenset(name.decode() for name in _OPERATION[path[path.rindex(".") :]].findall(read_bytes(path)))
    return found - {name.partition("#")[2] for name in _table().values()}


def _table() -> Mapping[str, str]:
    table: Mapping[str, str] = read_toml("doors.toml")["doors"]
    return table
