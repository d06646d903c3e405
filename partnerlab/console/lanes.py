"""Lanes: isolated worlds, made, switched, forked, reset, exported and dropped."""

from __future__ import annotations

from urllib.parse import quote

from partnerlab.console.places import PREFIX
from partnerlab.console.view import Page
from partnerlab.simulators.kit.http.messages import Response

__all__ = ["act", "create", "index"]


def index(page: Page) -> Response:
    """Every lane."""
    return page.render("lanes.html", "lanes", "Lanes")


def create(page: Page) -> Response:
    """Make a lane and go there."""
    form = page.form
    body: dict[str, object] = {"name": form.get("name", "").strip()}
    if (seed := form.get("seed", "").strip()).isdecimal():
        body["seed"] = int(seed)
    made = page.api.post("/_sandbox/lanes", body)
    return page.see(_lanes_of(made["name"]), done=f"This is the new lane {made['name']}.")


def act(page: Page) -> Response:
    """Fork, reset or drop a lane."""
    name, action = page.places["name"], page.places["action"]
    if action == "fork":
        made = page.api.post(f"/_sandbox/lanes/{name}/fork", {"to": page.form.get("to", "").strip()})
        return page.see(_lanes_of(made["name"]), done=f"This is {made['name']}, with everything that {name} holds.")
    if action == "drop":
        page.api.delete(f"/_sandbox/lanes/{name}")
        here = "default" if name == page.lane else page.lane
        return page.see(_lanes_of(here), done=f"Lane {name} and everything in it is gone.")
    page.api.post(f"/_sandbox/lanes/{name}/reset")
    return page.see("lanes", done=f"Lane {name} is as it was when it was new.")


def _lanes_of(name: str) -> str:
    base = "" if name == "default" else f"/lane/{quote(name)}"
    return f"{base}{PREFIX}/lanes"
