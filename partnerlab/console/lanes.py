"""Lanes: isolated worlds, made, switched, forked, reset, exported, imported and dropped."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from partnerlab.console.api import ApiRefused
from partnerlab.console.given_file import file_form
from partnerlab.console.places import PREFIX
from partnerlab.console.view import Page
from partnerlab.contracts.paths import at
from partnerlab.contracts.verification.near import nearest
from partnerlab.simulators.kit.http.messages import Response

__all__ = ["act", "create", "index", "take_in"]


MOST = 100


def index(page: Page) -> Response:
    """The lanes by name, those with `find` in it, and whether one that was asked for is `missing`."""
    query = page.query
    missing = query.get("missing", "")
    meant = ""
    if missing:
        known = [lane["name"] for lane in page.api.get("/_sandbox/lanes")["lanes"]]
        missing = "" if missing in known else missing
        meant = nearest(missing, known) if missing else ""
    find = query.get("find", "").strip()
    found = page.api.get("/_sandbox/lanes", text=find[:64], after=query.get("after", "")[:64], limit=MOST + 1)["lanes"]
    values: dict[str, Any] = {
        "missing": missing,
        "meant": meant,
        "find": find,
        "found": found[:MOST],
        "next": found[MOST - 1]["name"] if len(found) > MOST else "",
    }
    return page.render("lanes.html", "lanes", "Lanes", status=404 if missing else 200, **values)


def create(page: Page) -> Response:
    """Make a lane and go there."""
    form = page.form
    body: dict[str, object] = {"name": form.get("name", "").strip()}
    if seed := form.get("seed", "").strip():
        body["seed"] = int(seed) if seed.isdecimal() else seed
    made = page.api.post("/_sandbox/lanes", body)
    return page.see(_lanes_of(made["name"]), done=f"This is the new lane {made['name']}.")


def take_in(page: Page) -> Response:
    """Make a lane of an export, or replace one where the reader said so."""
    typed, file = file_form(page.request, "file")
    name = typed.get("name", "").strip()
    wrong = ""
    if not name:
        wrong = "Give the lane a name."
    elif "/" in name:  # in the API's address it would be another place
        wrong = f"{name[:80]}: a lane's name has no slash."
    elif not file.name:
        wrong = "Choose the file of an export."
    elif not typed.get("replace") and _is_there(page, name):
        wrong = f"There is a lane {name}: say that it is to be replaced, or give another name."
    else:
        try:
            made = page.api.send(at("/_sandbox/lanes/{}/import", name), file.content or b"{}")
            return page.see(_lanes_of(made["name"]), done=f"This is {made['name']}, as {file.name} holds it.")
        except ApiRefused as error:
            wrong = f"{file.name}: {error}"
    return page.see("lanes", wrong=wrong, typed={"import": name})


def act(page: Page) -> Response:
    """Fork, reset or drop a lane."""
    name, action = page.places["name"], page.places["action"]
    if action == "fork":
        made = page.api.post(at("/_sandbox/lanes/{}/fork", name), {"to": page.form.get("to", "").strip()})
        return page.see(_lanes_of(made["name"]), done=f"This is {made['name']}, with everything that {name} holds.")
    if action == "drop":
        page.api.delete(at("/_sandbox/lanes/{}", name))
        here = "default" if name == page.lane else page.lane
        return page.see(_lanes_of(here), done=f"Lane {name} and everything in it is gone.")
    page.api.post(at("/_sandbox/lanes/{}/reset", name))
    return page.see("lanes", done=f"Lane {name} is as it was when it was new.")


def _is_there(page: Page, name: str) -> bool:
    try:
        return page.api.maybe(at("/_sandbox/lanes/{}", name)) is not None
    except ApiRefused:  # no lane has such a name
        return False


def _lanes_of(name: str) -> str:
    base = "" if name == "default" else f"/lane/{quote(name)}"
    return f"{base}{PREFIX}/lanes"
