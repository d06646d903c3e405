"""Deliveries of the data pump: what is on its way, what stands still and why, and a person's decision on it."""

from __future__ import annotations

from partnerlab.console.view import Page
from partnerlab.simulators.kit.http.messages import Response

__all__ = ["decide", "index", "one"]

DONE = {
    "replay": "It is tried again.",
    "dismiss": "It is given up.",
    "abandon": "Nobody works on it; its outcome is unknown.",
    "resolve": "It is settled.",
}


def index(page: Page) -> Response:
    """The deliveries of the lane, newest first."""
    given = {"lane": page.lane, "limit": 500, "before": page.query.get("before")}
    found = page.api.get("/_pump/deliveries", **given)
    rows, state = found["deliveries"], page.query.get("state", "")
    counts = {name: sum(row["state"] == name for row in rows) for name in dict.fromkeys(row["state"] for row in rows)}
    shown = [row for row in rows if state in ("", row["state"])]
    values = {"deliveries": shown, "counts": counts, "state_": state, "next": found["next"]}
    return page.render("deliveries.html", "deliveries", "Deliveries", **values)


def one(page: Page) -> Response:
    """A delivery with its attempts, and what a person may decide."""
    found = page.api.get(f"/_pump/deliveries/{page.places['id']}")
    return page.render("delivery.html", "deliveries", f"Delivery {found['number']}", delivery=found)


def decide(page: Page) -> Response:
    """A person's decision, with a reason."""
    id, decision = page.places["id"], page.places["decision"]
    form = page.form
    reason = form.get("reason", "")
    body: dict[str, object] = {"reason": reason, "by": "console"}
    if decision in ("posted", "not-posted"):
        body["posted"] = decision == "posted"
        decision = "resolve"
    if not reason.strip():
        return page.see(f"deliveries/{id}", wrong="Say why: the reason is kept with the delivery.")
    page.api.post(f"/_pump/deliveries/{id}/{decision}", body)
    return page.see(f"deliveries/{id}", done=DONE.get(decision, "Done."))
