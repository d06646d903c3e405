"""The sandbox's doors by the names that the journal gives them, their contracts, and the operations in those."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import cache

from partnerlab.contracts.data import read_bytes, read_toml
from partnerlab.contracts.first_use import pattern

__all__ = ["PASSING", "doors", "meant", "not_asked", "not_passing", "operations", "unknown"]

MOST_NAMED = 50
# Names alone are needed here: no parser is loaded for them.
_OPERATION = {
    ".wsdl": pattern(rb"<(?:[A-Za-z]+:)?operation name=\"([A-Za-z]+)\""),
    ".yaml": pattern(rb"^ +operationId: ([A-Za-z0-9_]+) *$", re.MULTILINE),
}


_ASMX_PAGES = ("disco", "help", "wsdl")
"""What is asked of an ASMX door without an operation."""
PASSING = ("ExportPayments", "ICChangeLog", "ICPayments", "ICRejects", "UploadInvoiceFile")
"""Files and lists on their way, by the operation that takes or gives them, or by the head of a file's name."""


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


def not_asked(name: str, door: str = "") -> str:
    """Why no request, to that door or to any, is of that operation; empty where one may be."""
    known = operations(door) if door else _all_operations()
    if not known or name in known or name in _ASMX_PAGES or "/" in name:  # what has no contract is known by its path
        return ""
    return unknown("operation", name, known)


def not_passing(name: str) -> str:
    """Why no file that a fault could strike is of that kind; empty where one may be."""
    return "" if name in PASSING else unknown("kind of file", name, PASSING)


def unknown(kind: str, name: str, known: Collection[str]) -> str:
    """The words to refuse a name by that is not known: `there is no door 'inhanse'; did you mean inhance?`."""
    more = f" and {len(known) - MOST_NAMED} more" if len(known) > MOST_NAMED else ""
    named = ", ".join(sorted(known, key=str.lower)[:MOST_NAMED]) + more
    return f"there is no {kind} {name[:80]!r}{meant(name, known) or f'; there are {named}'}"


def meant(name: str, known: Collection[str]) -> str:
    """The name that was probably meant, to be said after what is wrong: `; did you mean inhance?`, or nothing."""
    from difflib import get_close_matches  # nobody who spells well waits for it

    spelled = {each.lower(): each for each in sorted(known)}
    near = get_close_matches(name[:80].lower(), spelled, 1)
    return f"; did you mean {spelled[near[0]]}?" if near else ""


@cache
def _all_operations() -> frozenset[str]:
    return frozenset(name for door in doors() for name in operations(door))


def _table() -> Mapping[str, str]:
    table: Mapping[str, str] = read_toml("doors.toml")["doors"]
    return table
