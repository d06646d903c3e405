"""Clock and faults: what the time is in the lane, what falls due next, and what goes wrong on purpose."""

from __future__ import annotations

from typing import Any

from partnerlab.console.view import Page
from partnerlab.contracts.paths import at
from partnerlab.simulators.kit.http.messages import Response

__all__ = ["act", "add_fault", "clear_faults", "index", "job"]


MOST = 200


def index(page: Page) -> Response:
    """The clock, the jobs by when they run next, the lane's faults, and those there are."""
    jobs = page.api.get("/_sandbox/jobs")["jobs"]
    catalogue = page.api.get("/_sandbox/catalogue")["faults"]
    layers: dict[str, list[dict[str, Any]]] = {}
    for row in catalogue:
        layers.setdefault(row["layer"], []).append(row)
    values = {
        "jobs": sorted(jobs, key=lambda row: (row["state"] == "paused", row["next_at"])),
        "faults": page.api.get("/_sandbox/faults")["faults"],
        "layers": layers,
        "most": MOST,
        "operation": page.query.get("operation", ""),
        "fault": page.query.get("fault", "commit-then-drop"),
    }
    return page.render("clock.html", "clock", "Clock & faults", **values)


def act(page: Page) -> Response:
    """Advance, set, freeze or unfreeze the clock."""
    action, form = page.places["action"], page.form
    if action == "advance":
        duration = form.get("duration", "").strip()
        done = page.api.post("/_sandbox/clock/advance", {"duration": duration})
        return page.see("clock", done=f"The clock went on by {duration}.", timeline=done["timeline"])
    if action == "set":
        page.api.post("/_sandbox/clock", {"now": form.get("now", "").strip()}, method="PUT")
        return page.see("clock", done="The clock was set. What lies between did not run.")
    page.api.post(at("/_sandbox/clock/{}", action))
    return page.see("clock", done="The clock stands." if action == "freeze" else "The clock runs.")


def job(page: Page) -> Response:
    """Run, pause or resume a partner's timed job."""
    partner, name, action = page.places["partner"], page.places["job"], page.places["action"]
    done = page.api.post(at("/_sandbox/jobs/{}/{}/{}", partner, name, action))
    said = done.get("outcome") or {"pause": "Paused.", "resume": "It goes on."}.get(action, "Done.")
    return page.see("clock", done=f"{done['title']}: {said}")


def add_fault(page: Page) -> Response:
    """Give the lane a fault."""
    form = page.form
    body: dict[str, Any] = {"name": form.get("name", "")}
    if operation := form.get("operation", "").strip():
        body["operation"] = operation
    if count := form.get("count", "").strip():
        body["count"] = int(count) if count.isdecimal() else count
    if probability := form.get("probability", "").strip():
        body["probability"] = _number(probability)
    page.api.post("/_sandbox/faults", body)
    return page.see("clock", done=f"{body['name']} is on.")


def clear_faults(page: Page) -> Response:
    """Take one fault from the lane, or all."""
    number = page.form.get("number", "")
    page.api.delete(at("/_sandbox/faults/{}", number) if number else "/_sandbox/faults")
    return page.see("clock", done="It is off." if number else "No fault is on.")


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text
