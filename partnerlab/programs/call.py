"""A recorded call taken apart: what is sent again, with a variable in the place of each secret."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote_plus

from partnerlab.contracts.masking import MASK
from partnerlab.simulators.kit.journal.as_program import NotWritable
from partnerlab.simulators.kit.journal.entries import Entry
from partnerlab.simulators.kit.journal.recording import EXCERPT_BYTES, no_text
from partnerlab.simulators.kit.world.lanes import DEFAULT

__all__ = ["FORM", "Call", "Piece", "Variable", "read_call"]

FORM = "application/x-www-form-urlencoded"
NOT_SENT = frozenset(
    ("authorization", "content-length", "expect", "host", "origin", "referer", "transfer-encoding", "user-agent")
)
"""The credential, which has a place of its own, what an HTTP library writes by itself, and what only browsers send."""

_MASKED = re.compile(re.escape(MASK) + r"(?:(?!" + MASK[0] + r")[^\s<>&\"'%\\:;,/?#]){0,4}")
_BEFORE = (
    re.compile(r"<(?:[\w.-]+:)?([\w.-]+)[^<>]*>\s*\Z"),  # an XML element
    re.compile(r"""["']([\w.-]+)["']\s*:\s*["']?\Z"""),  # a JSON member
    re.compile(r"(?:^|[?&])([\w.-]+)=\Z"),  # a field of a form or query
)
_ENCODINGS = {"xml": "xml", "json": "json", "form": FORM}
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+|[0-9]+")
_KNOWN = {
    ("inhance", "webservicekey"): "INHANCE_KEY",
    ("tccs", "entrykey"): "TCCS_ENTRY_KEY",
    ("CloudInvoicing", "webservicekey"): "IC_WEB_SERVICE_KEY",
    ("CloudManagement", "webservicekey"): "IC_WEB_SERVICE_KEY",
    ("RemoteAuthenticationWS", "webservicekey"): "IC_WEB_SERVICE_KEY",
    ("REST", "authorization"): "IC_API_KEY",
    ("CloudPayments", "authorization"): "IC_API_KEY",
}
"""The variables that `partnerlab verify` takes the same secrets from."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A secret, by the environment variable that holds it; `what` is what the call names it."""

    name: str
    what: str


Piece = str | Variable


@dataclass(frozen=True, slots=True)
class Call:
    """
    A request: `url` and `body` in pieces, `headers` without those that an HTTP library writes itself.

    `basic` is the user of HTTP Basic, which has no password. `form` are a form's fields, None where the body is no
    form that could be encoded the same again. `encoding` is how a secret is written into the body: `xml`, `json`,
    `form` or empty.
    """

    method: str
    base: str
    path: tuple[Piece, ...]
    headers: tuple[tuple[str, str], ...]
    basic: Variable | None
    body: tuple[Piece, ...]
    form: tuple[tuple[str, Piece], ...] | None
    encoding: str

    @property
    def url(self) -> tuple[Piece, ...]:
        """The address."""
        first, *rest = self.path
        return (self.base + first, *rest) if isinstance(first, str) else (self.base, *self.path)

    @property
    def variables(self) -> tuple[str, ...]:
        """The environment variables that must be set."""
        basic = (self.basic,) if self.basic else ()
        return tuple(dict.fromkeys(one.name for one in (*self.path, *basic, *self.body) if isinstance(one, Variable)))


def read_call(entry: Entry, lane: str) -> Call:
    """The call of an entry of that lane. Raises `NotWritable`."""
    if entry.request_bytes > EXCERPT_BYTES:
        raise NotWritable(f"of a body of {entry.request_bytes:,} bytes the journal keeps the beginning only")
    if entry.request == no_text(entry.request_bytes):
        raise NotWritable("the body was no text, and the journal keeps only texts")
    media_type = entry.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = _pieces(entry.request, entry.door)
    query = f"?{entry.query}" if entry.query else ""
    authorization = entry.headers.get("authorization", "")
    basic = Variable(_name(entry.door, "authorization"), "the user of HTTP Basic") if authorization else None
    if authorization and not authorization.lower().startswith("basic"):
        raise NotWritable("it was sent with a credential that is not HTTP Basic")
    headers = [
        (name, value)
        for name, value in entry.headers.items()
        if name not in NOT_SENT and (name, value) != ("accept", "*/*")
    ]
    if entry.direction == "in" and lane != DEFAULT and "/lane/" not in entry.base_url:
        headers.append(("x-sandbox-lane", lane))
    return Call(
        method=entry.method,
        base=entry.base_url,
        path=_pieces(quote(entry.path, safe="/:@!$'()*+,;=-._~" + MASK) + query, entry.door),
        headers=tuple(headers),
        basic=basic,
        body=body,
        form=_fields(entry.request, entry.door) if media_type == FORM else None,
        encoding=next((name for name, mark in _ENCODINGS.items() if mark in media_type), ""),
    )


def _pieces(text: str, door: str) -> tuple[Piece, ...]:
    """A masked text, cut at its masks."""
    pieces: list[Piece] = []
    at = 0
    for masked in _MASKED.finditer(text):
        before = text[max(0, masked.start() - 300) : masked.start()]
        name = next((found[1] for pattern in _BEFORE if (found := pattern.search(before))), "secret")
        pieces += [text[at : masked.start()], Variable(_name(door, name), name)]
        at = masked.end()
    return tuple(piece for piece in (*pieces, text[at:]) if piece)


def _fields(body: str, door: str) -> tuple[tuple[str, Piece], ...] | None:
    """A form's fields, None where its parts are no name=value pairs in UTF-8."""
    parts = [part.partition("=") for part in body.split("&")]
    if not all(equals for _, equals, _ in parts):
        return None
    try:
        pairs = [
            (unquote_plus(name, errors="strict"), unquote_plus(value, errors="strict")) for name, _, value in parts
        ]
    except UnicodeDecodeError:
        return None
    return tuple(
        (name, Variable(_name(door, name), name) if _MASKED.fullmatch(value) else value) for name, value in pairs
    )


def _name(door: str, name: str) -> str:
    known = _KNOWN.get((door, name.lower()))
    words = _WORDS.findall(name)
    return known or "_".join([door.upper() or "PARTNER", *(word.upper() for word in words)] if words else ["SECRET"])
