"""Deliveries of the data pump: what is on its way, what stands still and why, and a person's decision on it."""

from __future__ import annotations

from partnerlab.console.api import ApiRefused
from partnerlab.console.view import Page
from partnerlab.contracts.paths import at
from partnerlab.simulators.kit.http.messages import Response

__all__ = ["decide", "index", "one"]

MOST = 200
MOST_COUNTED = 100
STATES = ("unknown", "not_understood", "dead", "waiting", "sending", "accepted", "delivered", "skipped", "dismissed")
"""Those that wait for a person first."""
DONE = {
    "replay": "It is tried again.",
    "dismiss": "It is given up.",
    "abandon": "Nobody works on it; its outcome is unknown.",
    "resolve": "It is settled.",
}


def index(page: Page) -> Response:
    """The deliveries of the lane, newest first, or those of one account."""
    state, account = page.query.get("state", ""), page.query.get("account", "").strip()
    given = {"lane": page.lane, "limit": MOST, "state": state, "account_number": account}
    given["before"] = page.query.get("before", "")
    found = page.api.get("/_pump/deliveries", **given)
    values = {
        "deliveries": found["deliveries"],
        "next": found["next"],
        "state_": state,
        "account": account,
        "counts": {name: _count(page, name, account) for name in STATES},
        "most": MOST_COUNTED,
    }
    return page.render("deliveries.html", "deliveries", "Deliveries", **values)


def _count(page: Page, state: str, account: str) -> int:
    given = {"lane": page.lane, "limit": MOST_COUNTED, "state": state, "account_number": account}
    return len(page.api.get("/_pump/deliveries", **given)["deliveries"])


def one(page: Page) -> Response:
    """A delivery with its attempts, and what a person may decide."""
    found = page.api.get(at("/_pump/deliveries/{}", page.places["id"]))
    if found["lane"] != page.lane:
        raise ApiRefused(404, f"it is a delivery of lane {found['lane']}")
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
    page.api.post(at("/_pump/deliveries/{}/{}", id, decision), body)
    return page.see(f"deliveries/{id}", done=DONE.get(decision, "Done."))
