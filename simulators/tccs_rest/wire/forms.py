"""
The form of a call: `application/x-www-form-urlencoded`, with three fields.

Their names match without regard to case, and others are ignored, as ASP.NET binds a form [A-44]; the journal's verdict
names them. A field that is missing or stands twice is refused by its name, because which of two is meant moves money.
Values are read in the charset of the Content-Type (Apache's form entity says ISO-8859-1), and in UTF-8 where it names
none, or none that .NET knows.

Source: "TCCS Technical Design", Details: "body: consumerGUID=…&entryKey=…&contentInfo=…".
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from partnerlab.simulators.kit.http.charsets import known, text_of
from partnerlab.simulators.kit.http.messages import Request

__all__ = ["Form", "FormRefused", "charset_of", "decode", "read_form"]

MEDIA_TYPE = "application/x-www-form-urlencoded"
FIELDS = ("consumerGUID", "entryKey", "contentInfo")
LARGEST_FORM = 64 * 1024
LONGEST_NAME = 100  # with every character encoded
UTF8 = "utf-8"
WIDE = ("utf-16", "utf-32", "unicode")
"""A form is ASCII, so it cannot be in one of these."""

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
    problem, charset = _media(content_type)
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
        values[place] = decode(FIELDS[place], raw_value, charset)
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


def charset_of(content_type: str) -> str:
    """The charset of a form with that media type."""
    return _media(content_type)[1]


def decode(what: str, raw: bytes, charset: str) -> str:
    """The text of a field as it was sent. Raises `FormRefused`."""
    if b"+" in raw:
        raw = raw.replace(b"+", b" ")
    if b"%" in raw:
        raw = unquote_to_bytes(raw)
    try:
        return raw.decode() if charset == UTF8 else text_of(raw, charset)
    except UnicodeDecodeError:
        raise FormRefused(400, f"{what}: is not {charset.upper()}") from None


@lru_cache(256)
def _media(content_type: str) -> tuple[str, str]:
    """What ASP.NET Web API says of a media type that it cannot read, empty for a form; and the form's charset."""
    if not content_type.strip():
        problem = (
            "The request contains an entity body but no Content-Type header. The inferred media type"
            " 'application/octet-stream' is not supported for this resource."
        )
        return problem, UTF8
    media_type, _, parameters = content_type.partition(";")
    charset = next((value for name, value in _parameters(parameters) if name == "charset"), UTF8)
    is_form = media_type.strip().lower() == MEDIA_TYPE
    if is_form and not charset.startswith(WIDE):
        return "", charset if known(charset) else UTF8
    said = content_type if is_form else media_type.strip()
    return f"The request entity's media type '{said[:100]}' is not supported for this resource.", UTF8


def _parameters(text: str) -> list[tuple[str, str]]:
    pairs = (part.partition("=") for part in text.split(";"))
    return [(name.strip().lower(), value.strip().strip('"').lower()) for name, _, value in pairs]
