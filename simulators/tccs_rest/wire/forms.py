"""
The form of a call: `application/x-www-form-urlencoded`, with three fields.

Their names match without regard to case, and others are ignored, as ASP.NET binds a form [A-44]; the journal's verdict
names them. A field that is missing or stands twice is refused by its name, because which of two is meant moves money.

Source: "TCCS Technical Design", Details: "body: consumerGUID=…&entryKey=…&contentInfo=…".
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from partnerlab.simulators.kit.http.messages import Request

__all__ = ["Form", "FormRefused", "read_form"]

MEDIA_TYPE = "application/x-www-form-urlencoded"
FIELDS = ("consumerGUID", "entryKey", "contentInfo")
LARGEST_FORM = 64 * 1024
LONGEST_NAME = 100  # with every character encoded

_AS_WRITTEN = {name.encode(): place for place, name in enumerate(FIELDS)}
_PLACES = {name.lower(): place for place, name in enumerate(FIELDS)}


class FormRefused(Exception):
    """A body that is not the form of a call: status 400 or 415, and what is wrong in a sentence."""

    def __init__(self, status: int, message: str) -> None:
        self.status, self.message = status, message
        super().__init__(message)


class Form(NamedTuple):
    """The three fields, decoded."""

    consumer_guid: str
    entry_key: str
    content_info: str


def read_form(request: Request) -> Form:
    """The form of a request. Raises `FormRefused`."""
    content_type = request.headers.get("content-type", "")
    problem = _media_problem(content_type)
    if problem and (content_type or request.body):
        raise FormRefused(415, problem)
    if len(request.body) > LARGEST_FORM:
        raise FormRefused(400, f"the form is over {LARGEST_FORM:,} bytes")
    values: list[str | None] = [None, None, None]
    for pair in request.body.split(b"&"):
        if not pair:
            continue
        raw_name, _, raw_value = pair.partition(b"=")
        place = _AS_WRITTEN.get(raw_name)
        if place is None:
            place = _place(raw_name)
        if place is None:
            continue
        if values[place] is not None:
            raise FormRefused(400, f"{FIELDS[place]}: stands more than once")
        values[place] = _decode(FIELDS[place], raw_value)
    consumer_guid, entry_key, content_info = values
    if consumer_guid is None or entry_key is None or content_info is None:
        raise FormRefused(400, f"{FIELDS[values.index(None)]}: is missing")
    return Form(consumer_guid, entry_key, content_info)


def _place(raw_name: bytes) -> int | None:
    """Which of the fields a name is, in another spelling than the contract's; None for one of no call."""
    if len(raw_name) > LONGEST_NAME:
        return None
    name = unquote_to_bytes(raw_name.replace(b"+", b" ")).decode("utf-8", "replace")
    return _PLACES.get(name.lower())


def _decode(what: str, raw: bytes) -> str:
    if b"+" in raw:
        raw = raw.replace(b"+", b" ")
    if b"%" in raw:
        raw = unquote_to_bytes(raw)
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise FormRefused(400, f"{what}: is not UTF-8") from None


@lru_cache(256)
def _media_problem(content_type: str) -> str:
    """What ASP.NET Web API says of a media type that it cannot read; empty for a form."""
    if not content_type.strip():
        return (
            "The request contains an entity body but no Content-Type header. The inferred media type"
            " 'application/octet-stream' is not supported for this resource."
        )
    media_type, _, parameters = content_type.partition(";")
    charset = next((value for name, value in _parameters(parameters) if name == "charset"), "utf-8")
    if media_type.strip().lower() == MEDIA_TYPE and charset in ("utf-8", "utf8", "us-ascii"):
        return ""
    said = media_type.strip() if media_type.strip().lower() != MEDIA_TYPE else content_type
    return f"The request entity's media type '{said[:100]}' is not supported for this resource."


def _parameters(text: str) -> list[tuple[str, str]]:
    pairs = (part.partition("=") for part in text.split(";"))
    return [(name.strip().lower(), value.strip().strip('"').lower()) for name, _, value in pairs]
