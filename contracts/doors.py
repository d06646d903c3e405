"""The sandbox's doors by the names that the journal gives them, their contracts, and the operations in those."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from partnerlab.contracts.data import read_bytes, read_toml

__all__ = ["doors", "operations"]

# Names alone are needed here: no parser is loaded for them.
_OPERATION = {
    ".wsdl": re.compile(rb"<(?:[A-Za-z]+:)?operation name=\"([A-Za-z]+)\""),
    ".yaml": re.compile(rb"^ +operationId: ([A-Za-z0-9_]+) *$", re.MULTILINE),
}


@cache
def doors() -> Mapping[str, str]:
    """Each door's contract, as a path for `contracts.data`; empty for a door without one."""
    return dict(read_toml("doors.toml")["doors"])


@cache
def operations(door: str) -> frozenset[str]:
    """The operations of a door's contract; none where it has no contract. Raises `KeyError` for an unknown door."""
    path = doors()[door]
    if not path:
        return frozenset()
    found = _OPERATION[path[path.rindex(".") :]].findall(read_bytes(path))
    return frozenset(name.decode() for name in found)
