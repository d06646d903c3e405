"""Audit: what became of each payment of the lane, and whether all books agree."""

from __future__ import annotations

from typing import Any

from partnerlab.auditing import FINDINGS, VERDICTS
from partnerlab.auditing.differences import KINDS
from partnerlab.console.view import Page
from partnerlab.simulators.kit.http.messages import Response

__all__ = ["index"]


def index(page: Page) -> Response:
    """Both, as the control API gives them; what is to be mended first."""

    def find() -> tuple[dict[str, Any], dict[str, Any]]:
        return page.api.get("/_sandbox/auditing/payments"), page.api.get("/_sandbox/auditing/differences")

    found = page.remembered.get(("audit", page.lane), find, anew=not page.by_script)
    audited, reconciled = found.value
    every = bool(page.query.get("every"))
    values: dict[str, Any] = {
        "found": found,
        "audited": audited,
        "reconciled": reconciled,
        "payments": [row for row in audited["payments"] if every or row["finding"]],
        "differences": [row for row in reconciled["differences"] if every or row["finding"]],
        "counts": {name: count for name, count in audited["counts"].items() if count},
        "findings": FINDINGS,
        "meanings": {**VERDICTS, **KINDS},
    }
    return page.render("audit.html", "audit", "Audit", every=every, **values)
