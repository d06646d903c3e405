"""Which entries of a lane are asked for, as a statement."""

from __future__ import annotations

from typing import Any, TypedDict

from partnerlab.simulators.kit.journal.entries import SELECT
from partnerlab.simulators.kit.world.searching import has_text, text_pattern
from partnerlab.simulators.kit.world.store import Statement

__all__ = ["Wanted", "select_wanted"]

EXACT = ("door", "operation", "status", "direction", "event")
SEARCHED = ("path", "query", "headers", "request", "answer")
LIMIT = 100


class Wanted(TypedDict, total=False):
    """
    What entries must have; what is left out, empty or None does not matter.

    `search` is a text in path, query, headers or one of the bodies, in any case. `only_invalid` keeps those that break
    the contract. Without a `direction` each call is listed once: one that Invoice Cloud made to the sandbox itself as
    the door there noted it. Of what is found the newest `limit` (100) count, or the first after the number `since`.
    """

    door: str
    operation: str
    status: int | None
    direction: str
    event: str
    search: str
    since: int | None
    only_invalid: bool
    limit: int


def select_wanted(wanted: Wanted) -> tuple[Statement, dict[str, Any]]:
    """The statement, and its values without the lane. The newest come first unless there is a `since`."""
    sql = SELECT
    values: dict[str, Any] = {"limit": wanted.get("limit", LIMIT)}
    for name in EXACT:
        value = wanted.get(name)
        if value not in ("", None):
            sql += f" AND {name} = :{name}"
            values[name] = value
    if not wanted.get("direction"):
        sql += " AND peer = ''"
    if text := wanted.get("search"):
        sql += f" AND ({has_text(SEARCHED)})"
        values["text"] = text_pattern(text)
    since = wanted.get("since")
    if since is not None:
        sql += " AND number > :since"
        values["since"] = since
    if wanted.get("only_invalid"):
        sql += " AND findings <> '[]' AND findings <> 'null'"
    return Statement(f"{sql} ORDER BY number{'' if since is not None else ' DESC'} LIMIT :limit"), values
