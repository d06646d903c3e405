"""Which of JSON and XML a caller wants, by its Accept header."""

from __future__ import annotations

from functools import lru_cache

__all__ = ["JSON", "XML", "preferred"]

JSON = "application/json"
_JSON_NAMES = (JSON, "text/json")
XML = ("application/xml", "text/xml")


@lru_cache(256)
def preferred(accept: str) -> str:
    """
    `application/json`, `application/xml` or `text/xml`: the one of the highest quality, JSON where they are equal.

    JSON also where none is acceptable: ASP.NET Web API answers with its first formatter rather than 406 [A-12].
    """
    if not accept:
        return JSON
    qualities = _qualities(accept)
    json = max(_quality(qualities, name) for name in _JSON_NAMES)
    xml = {name: _quality(qualities, name) for name in XML}
    best = max(xml, key=lambda name: xml[name])
    return best if xml[best] > json else JSON


def _qualities(accept: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for item in accept.split(","):
        media_range, *parameters = (piece.strip().lower() for piece in item.split(";"))
        quality = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip() == "q":
                quality = _number(value)
        found[media_range] = max(quality, found.get(media_range, 0.0))
    return found


def _quality(qualities: dict[str, float], name: str) -> float:
    """The quality of a type: that of the most exact range for it, which is the type itself, its kind, or anything."""
    for media_range in (name, name.partition("/")[0] + "/*", "*/*"):
        if media_range in qualities:
            return qualities[media_range]
    return 0.0


def _number(text: str) -> float:
    """A quality value. A text that is no number counts as 0, which refuses the media range."""
    try:
        value = float(text)
    except ValueError:
        return 0.0
    return value if 0.0 <= value <= 1.0 else 0.0
