"""The catalogue: everything that has a name, and what each integration supports."""

from __future__ import annotations

from typing import Any

from partnerlab.console.view import Page
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
    title, columns = KINDS[kind]
    find = page.query.get("find", "").strip().lower()
    if kind == "capabilities":
        tables = [(one["title"], one["features"]) for one in page.api.get("/_sandbox/capabilities")["integrations"]]
    else:
        tables = [(title, page.api.get("/_sandbox/catalogue")[kind])]
    if find:
        tables = [(name, [row for row in rows if find in str(list(row.values())).lower()]) for name, rows in tables]
    values: dict[str, Any] = {"kinds": KINDS, "kind": kind, "columns": columns, "tables": tables, "find": find}
    return page.render("catalogue.html", "catalogue", "Catalogue", **values)
