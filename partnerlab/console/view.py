"""What a page is given, and how it is answered: template, form, redirect, and the word on what was done."""

from __future__ import annotations

import json
import re
import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup, escape

from partnerlab.console.api import Api
from partnerlab.console.places import PREFIX
from partnerlab.console.remembered import Remembered
from partnerlab.contracts.paths import at
from partnerlab.simulators.kit.http.messages import Request, Response

__all__ = ["NAVIGATION", "Notes", "Page", "environment", "form_of"]

NAVIGATION = (
    ("", "Start"),
    ("traffic", "Traffic"),
    ("payments", "Payments"),
    ("books", "Books"),
    ("audit", "Audit"),
    ("deliveries", "Deliveries"),
    ("files", "Files"),
    ("clock", "Clock & faults"),
    ("mailbox", "Mailbox"),
    ("verify", "Verify"),
    ("catalogue", "Catalogue"),
    ("lanes", "Lanes"),
)
_CITED = re.compile(r" \(journal ([0-9a-f-]+)\)")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:;"
    " form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
MOST_IN_MENU = 30
MOST_NOTES = 100
MOST_NOTED_BYTES = 4 * 1024 * 1024
TOO_MUCH = "What was typed is over four megabytes, so it is not shown again."


class Notes:
    """
    What a form did, or what was typed into one that failed: told once, on the next page.

    The newest hundred are kept, in four megabytes; of one that is larger the words alone, `done` and `wrong`.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._bytes = 0

    def keep(self, **note: Any) -> str:
        """A key under which the note can be taken."""
        key = secrets.token_urlsafe(8)
        kept = json.dumps(note).encode()
        if len(kept) > MOST_NOTED_BYTES:
            words = {name: str(note[name])[:2_000] for name in ("done", "wrong") if name in note}
            if "wrong" in words:
                words["wrong"] += f" {TOO_MUCH}"
            kept = json.dumps(words).encode()
        with self._lock:
            self._kept[key] = kept
            self._bytes += len(kept)
            while len(self._kept) > MOST_NOTES or self._bytes > MOST_NOTED_BYTES:
                self._bytes -= len(self._kept.popitem(last=False)[1])
        return key

    def take(self, key: str) -> Mapping[str, Any]:
        """The note; empty where it was taken or there is none."""
        with self._lock:
            kept = self._kept.pop(key, b"")
            self._bytes -= len(kept)
        found: Mapping[str, Any] = json.loads(kept or b"{}")
        return found


def form_of(request: Request) -> dict[str, str]:
    """A form that was sent, the last value of each name; of one with a file nothing (`given_file`)."""
    if request.headers.get("content-type", "").lower().startswith("multipart/"):
        return {}
    return dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))


@dataclass(slots=True)
class Page:
    """
    One request for a page. `base` is the lane's prefix, `query` and `form` the last value of each name; a form may have
    `most_bytes`.
    """

    request: Request
    api: Api
    templates: Environment
    notes: Notes
    remembered: Remembered
    most_bytes: int
    places: Mapping[str, str] = field(default_factory=dict)

    @property
    def lane(self) -> str:
        return self.request.lane.name

    @property
    def base(self) -> str:
        return "" if self.lane == "default" else f"/lane/{quote(self.lane)}"

    @property
    def by_script(self) -> bool:
        """Whether the page draws its list again, in place of a person who comes to it."""
        return "hx-request" in self.request.headers

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.request.query))

    @property
    def form(self) -> dict[str, str]:
        return form_of(self.request)

    @property
    def origin_only(self) -> str:
        """The origin that the reader uses."""
        return "/".join(self.request.base_url.split("/", 3)[:3])

    @property
    def origin(self) -> str:
        """The origin and lane prefix under which this lane is reached."""
        return self.origin_only + self.base

    def to(self, path: str = "", **query: Any) -> str:
        """The address of a page of the console in this lane."""
        given = urlencode({name: value for name, value in query.items() if value not in (None, "")})
        return f"{self.base}{PREFIX}/{quote(path)}" + (f"?{given}" if given else "")

    def render(self, template: str, current: str | None, title: str, *, status: int = 200, **values: Any) -> Response:
        """A page; for a script that asks for part of one, the same. *current* is its place in the navigation."""
        text = self.templates.get_template(template).render(
            page=self,
            current=current,
            title=title,
            navigation=NAVIGATION,
            menu=self.api.get("/_sandbox/lanes", limit=MOST_IN_MENU)["lanes"],
            clock=self.api.maybe(at("/_sandbox/lanes/{}", self.lane)),
            wall=datetime.now(UTC),
            note={
                "done": "",
                "wrong": "",
                "timeline": None,
                "typed": {},
                **self.notes.take(self.query.get("note", "")),
            },
            **values,
        )
        return html(text, status)

    def part(self, template: str, **values: Any) -> Response:
        """Part of a page, for a script that puts it in its place."""
        return html(self.templates.get_template(template).render(page=self, **values))

    def again(self) -> Response:
        """Has the script that asks draw its whole page again."""
        return Response(204, b"", headers=(("HX-Refresh", "true"), ("Cache-Control", "no-store")))

    def see(self, path: str, **note: Any) -> Response:
        """A redirect to a page that tells *note*: `done` or `wrong`, and what else it shows."""
        target = path if path.startswith("/") else self.to(path)
        if note:
            target += ("&" if "?" in target else "?") + f"note={self.notes.keep(**note)}"
        return Response(303, b"", headers=(("Location", target), ("Cache-Control", "no-store")))


def html(text: str, status: int = 200) -> Response:
    headers = (
        ("Content-Security-Policy", POLICY),
        ("Cache-Control", "no-store"),
        ("Referrer-Policy", "same-origin"),
        ("X-Frame-Options", "DENY"),
    )
    return Response(status, text.encode("utf-8", "replace"), "text/html; charset=utf-8", headers)


def environment() -> Environment:
    """The templates. Whatever is put into one is escaped; a name that is not given is an error."""
    folder = files("partnerlab.console") / "templates"

    def load(name: str) -> str:
        return (folder / name).read_text("utf-8")

    made = Environment(
        loader=FunctionLoader(load),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        cache_size=100,
        auto_reload=False,
    )
    made.filters.update(
        money=money,
        clock_time=clock_time,
        moment=moment,
        bare=bare,
        words=words,
        ticks=ticks,
        plain=plain,
        cited=cited,
        after=str.removeprefix,
    )
    return made


def money(value: Any) -> str:
    """An amount in dollars: `1,234.50`."""
    try:
        return f"{Decimal(str(value)):,.2f}"
    except InvalidOperation:
        return "" if value is None else str(value)


def clock_time(value: str | None) -> str:
    """The time of a moment: `14:24:25`."""
    return (value or "")[11:19]


def moment(value: str | None) -> str:
    """A moment, which the API tells in UTC, as people read it: `2026-11-27 14:24:25 UTC`."""
    return f"{bare(value)} UTC" if value else ""


def bare(value: str | None) -> str:
    """A moment where a heading says that it is UTC: `2026-11-27 14:24:25`."""
    return (value or "")[:19].replace("T", " ")


def ticks(value: str) -> Markup:
    """Text in which names stand between backticks, with those as code."""
    parts = value.split("`")
    if len(parts) % 2 == 0:
        return escape(value)
    return Markup("").join(Markup("<code>{}</code>").format(part) if at % 2 else part for at, part in enumerate(parts))


def cited(where: str) -> tuple[str, str]:
    """A place that a check names, and the id of the journal entry that it cites; empty where it cites none."""
    found = _CITED.search(where)
    return (_CITED.sub("", where), found[1]) if found else (where, "")


def plain(value: Any) -> str:
    """A value of the API as people read it: nothing for none, yes and no, moments without their fractions."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{words(name)} {plain(each)}" for name, each in value.items())
    text = str(value)
    return moment(text) if _MOMENT.match(text) else text


def words(value: Any) -> str:
    """A name of the wire as words: `not_understood` is `not understood`."""
    return str(value).replace("_", " ")
