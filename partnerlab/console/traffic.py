"""Traffic: every exchange as it happens, one of them whole, and sent again."""

from __future__ import annotations

import json
from typing import Any

from partnerlab.console.api import ApiRefused
from partnerlab.console.bodies import shown
from partnerlab.console.view import Page
from partnerlab.contracts.doors import doors
from partnerlab.contracts.paths import at
from partnerlab.contracts.verification.meaning import read_meaning
from partnerlab.simulators.kit.http.messages import Response

__all__ = ["clear", "entry", "index", "replay", "rows"]

FIRST, MOST = 100, 1_000
MOST_WORDS = 1_000
LANGUAGES = (("curl", "curl"), ("python", "Python"), ("pytest", "pytest"))
FILTERS = ("door", "operation", "status", "invalid", "search", "direction")


def index(page: Page) -> Response:
    """The list, newest first."""
    query = page.query
    most = MOST if query.get("all") else FIRST
    entries = _found(page, limit=most)
    filters = {name: query.get(name, "") for name in FILTERS}
    more = len(entries) == most and most < MOST
    values: dict[str, Any] = {
        "entries": entries,
        "filters": filters,
        "doors": list(doors()),
        "more": more,
        "most": MOST,
    }
    return page.render("traffic.html", "traffic", "Traffic", **values)


def rows(page: Page) -> Response:
    """
    The rows that came after the number `since`, for the list that is open; where its row `newest` is no longer in the
    journal, which was cleared or begun anew, the list is drawn again.
    """
    since, newest = page.query.get("since", "0"), page.query.get("newest")
    if newest and since.isdecimal():
        since = str(max(int(since) - 1, 0))
    entries = _found(page, limit=MOST, since=since)
    if newest and (not entries or entries.pop()["id"] != newest):
        return page.again()
    return page.part("traffic_rows.html", entries=entries)


def entry(page: Page) -> Response:
    """One exchange whole."""
    id = page.places["id"]
    found = page.api.get(at("/_sandbox/journal/{}", id))
    fault = {"name": "commit-then-drop", "operation": found["operation"], "count": 1}
    event = found["event"]
    values = {
        "entry": found,
        "words": read_meaning(found["status"], found["answer"], most=MOST_WORDS).words,
        "payment": page.api.maybe(at("/_sandbox/ic/payments/{}", event)) if event else None,
        "asked": shown(found, "request"),
        "answered": shown(found, "response"),
        "copies": [(title, text) for name, title in LANGUAGES if (text := _as_code(page, id, name))],
        "fault": f"curl -X POST {page.origin}/_sandbox/faults -H 'Content-Type: application/json' \\\n"
        f"     -d '{json.dumps(fault)}'",
    }
    return page.render("entry.html", "traffic", f"{found['operation']}, {found['outcome']}", **values)


def replay(page: Page) -> Response:
    """Send it again, with the body of the form where there is one; the result opens."""
    body = page.form.get("body")
    sent = page.api.post(at("/_sandbox/journal/{}/replay", page.places["id"]), {} if body is None else {"body": body})
    done = "Sent again: this is the new exchange."
    if sent["masked"]:
        done += " A credential that the journal does not hold was sent masked; edit the body to give it."
    return page.see(f"traffic/{sent['id']}", done=done)


def clear(page: Page) -> Response:
    """Forget the lane's journal."""
    page.api.delete("/_sandbox/journal")
    return page.see("traffic", done="The journal of this lane is empty.")


def _found(page: Page, **more: Any) -> list[dict[str, Any]]:
    given = {name: page.query.get(name) for name in FILTERS}
    given["invalid"] = "true" if given["invalid"] else None
    entries: list[dict[str, Any]] = page.api.get("/_sandbox/journal", **given, **more)["entries"]
    return entries[::-1]


def _as_code(page: Page, id: str, language: str) -> str:
    """The request as a program; empty where it cannot be one."""
    try:
        return str(page.api.get(at("/_sandbox/journal/{}/as/{}", id, language))["text"])
    except ApiRefused:
        return ""
