"""The catalogue: everything that has a name, and what each integration supports."""

from __future__ import annotations

from typing import Any

from partnerlab.console.view import Page
from partnerlab.contracts.searching import is_in
from partnerlab.simulators.kit.http.messages import Response

__all__ = ["index"]

KINDS = {
    "magic_values": ("Test values", ("kind", "value", "effect", "text")),
    "faults": ("Faults", ("name", "layer", "effect", "committed")),
    "damages": ("Damages", ("name", "format", "scope", "text", "error")),
    "settings": ("Settings", ("id", "name", "meaning", "partners", "default", "source")),
    "requirements": ("Requirements", ("id", "text", "level", "source", "row", "assumption")),
    "capabilities": ("Capabilities", ("name", "supported", "text", "row")),
}


def index(page: Page) -> Response:
    """One registry, searched."""
    kind = page.query.get("kind", "magic_values")
    kind = kind if kind in KINDS else "magic_values"
    columns = KINDS[kind][1]
    find = page.query.get("find", "").strip()
    tables = _tables(page, kind, find)
    elsewhere = {}
    if find and not any(rows for _, rows in tables):
        counts = {name: sum(len(rows) for _, rows in _tables(page, name, find)) for name in KINDS}
        elsewhere = {name: count for name, count in counts.items() if count}
    elif find:
        tables = [(name, rows) for name, rows in tables if rows]
    values: dict[str, Any] = {
        "kinds": KINDS,
        "kind": kind,
        "columns": columns,
        "tables": tables,
        "find": find,
        "elsewhere": elsewhere,
    }
    return page.render("catalogue.html", "catalogue", "Catalogue", **values)


def _tables(page: Page, kind: str, find: str) -> list[tuple[str, list[dict[str, Any]]]]:
    """The tables of a registry by title, with the rows in which *find* stands."""
    if kind == "capabilities":
        tables = [(one["title"], one["features"]) for one in page.api.get("/_sandbox/capabilities")["integrations"]]
    else:
        tables = [(KINDS[kind][0], page.api.get("/_sandbox/catalogue")[kind])]
    return [(name, [row for row in rows if is_in(find, row.values())]) for name, rows in tables]
