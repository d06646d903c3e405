"""Audit: what became of each payment of the lane, and whether all books agree."""

from __future__ import annotations

from typing import Any

from partnerlab.auditing import FINDINGS, VERDICTS
from partnerlab.auditing.differences import KINDS
from partnerlab.console.view import Page
from partnerlab.contracts.searching import is_in
from partnerlab.simulators.kit.http.messages import Response

__all__ = ["index"]

MOST = 200
"""Rows of each table; those that are to be mended come first."""
PAYMENT = ("reference", "account_number", "verdict", "detail")
OTHER = ("kind", "partner", "subject", "detail")


def index(page: Page) -> Response:
    """Both, as the control API gives them, and those rows of them that were searched for."""

    def find() -> tuple[dict[str, Any], dict[str, Any]]:
        books = page.api.get("/_sandbox/auditing/books")
        return books["audit"], books["reconciliation"]

    found = page.remembered.get(("audit", page.lane), find, anew=not page.by_script)
    audited, reconciled = found.value
    every, search = bool(page.query.get("every")), page.query.get("find", "").strip()
    payments = [row for row in audited["payments"] if (every or row["finding"]) and _has(row, PAYMENT, search)]
    differences = [row for row in reconciled["differences"] if (every or row["finding"]) and _has(row, OTHER, search)]
    values: dict[str, Any] = {
        "found": found,
        "audited": audited,
        "reconciled": reconciled,
        "payments": sorted(payments, key=lambda row: not row["finding"])[:MOST],
        "differences": sorted(differences, key=lambda row: not row["finding"])[:MOST],
        "more": (max(0, len(payments) - MOST), max(0, len(differences) - MOST)),
        "to_mend": tuple(
            sum(bool(row["finding"]) for row in rows) for rows in (audited["payments"], reconciled["differences"])
        ),
        "find": search,
        "counts": {name: count for name, count in audited["counts"].items() if count},
        "findings": FINDINGS,
        "meanings": {**VERDICTS, **KINDS},
    }
    return page.render("audit.html", "audit", "Audit", every=every, **values)


def _has(row: dict[str, Any], names: tuple[str, ...], text: str) -> bool:
    return not text or is_in(text, (row[name] for name in names))
